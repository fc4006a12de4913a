// Text files to packed files, in two passes: learn the transforms, then pack.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/model/model_spec.h"
#include "worker/data/packed_examples.h"
#include "worker/data/packed_format.h"
#include "worker/feature/data_part.h"
#include "worker/feature/feature_encoder.h"
#include "worker/feature/input_schema.h"
#include "worker/ingest/data_watch.h"
#include "worker/ingest/ingest.h"
#include "worker/input/block_source.h"
#include "worker/input/input_file.h"
#include "worker/text/record_stream.h"

namespace fathom {

struct PackedPart {
  std::uint64_t examples = 0;
  std::uint64_t positives = 0;
  WeightSums weights;       // if examples have weights
  std::string fingerprint;  // PackedData::fingerprint
};

struct PackSummary {
  std::string inputs;      // Fingerprint of columns and inputs
  std::string transforms;  // checksum of the learnt transforms as JSON, 16 hexadecimal digits
  std::array<PackedPart, kDataParts> parts;
  std::uint64_t bytes_read = 0;
  std::uint64_t unmatched_joins = 0;
  std::uint64_t filtered_lines = 0;
  std::vector<std::uint64_t> file_examples;  // by file; not in ingest.json
  DataFindings findings;                     // where there is a training part
  std::uint64_t bad_lines = 0;
  std::vector<BadLine> first_bad_lines;
  std::vector<std::uint64_t> gaps;  // as PackedInput::gaps; empty without NoteGaps
};

class Packer {
 public:
  // Examples of `files` from `first_test_file` on are all of the test part. Reads each file's
  // header.
  Packer(const InputSchema& schema, const ModelSpec& spec, std::vector<InputFile> files,
         std::size_t first_test_file, int threads,
         std::function<void(const IngestProgress&)> progress);

  // From now on no bad line stops Pack: the places of lines that become no example are noted.
  void NoteGaps() { notes_gaps_ = true; }

  // Finds where a time order cuts: one pass over the training files, and 8 B for each of their
  // lines while it lasts. Nothing where lines are not split by time. Comes before Learn and Pack.
  void FindTimeCuts();

  // One pass over the training part; none where no column learns.
  LearntTransforms Learn();

  // Writes each part that has a path. Throws Error(kData) at the bad line after max_bad_lines.
  PackSummary Pack(const LearntTransforms& transforms,
                   const std::array<std::filesystem::path, kDataParts>& paths) {
    return Pack(transforms, paths, {});
  }

  // In place of packed files: the text of each line that would be packed, byte for byte and in
  // order, to the part's stream, if it has one.
  using TextStreams = std::array<std::ostream*, kDataParts>;
  PackSummary WriteText(const LearntTransforms& transforms, const TextStreams& streams) {
    return Pack(transforms, {}, streams);
  }

  // The header of all files, with its line end; empty where the format has none. Throws
  // Error(kData) where files differ in it.
  std::string Header() const;

 private:
  struct Result;
  struct Thread;
  RecordStream Records(const TextBlock& block) const;
  std::unique_ptr<BlockSource> Open(std::vector<InputFile> files) const;
  FileColumns ResolveFile(const InputFile& file) const;
  bool FirstRecord(RecordReader& reader, const TextBlock& block, Record* first) const;
  template <typename Take, typename Blank>
  void ForEachRecord(RecordReader& reader, const TextBlock& block, Take take, Blank blank) const;
  bool IsWanted(const Thread& thread, std::string* error) const;
  static std::uint64_t PlaceOf(const TextBlock& block, std::uint64_t line);
  std::optional<DataPart> PartOf(Thread& thread, const TextBlock& block, std::uint64_t line,
                                 std::string* error) const;
  std::string CountForDropped(EncodedExample* example) const;
  std::vector<InputFile> TrainFiles() const;
  PackSummary Pack(const LearntTransforms& transforms,
                   const std::array<std::filesystem::path, kDataParts>& paths,
                   const TextStreams& streams);
  void PackBlock(const TextBlock& block, Thread* thread, DataWatch* watch, Result* result) const;
  std::string Encode(const TextBlock& block, std::uint64_t line, DataPart part,
                     Thread* thread) const;
  bool HasOtherParts() const;
  void CountBadLines(const Result& result, PackSummary* summary) const;

  const InputSchema& schema_;
  const ModelSpec& spec_;
  std::vector<InputFile> files_;
  std::size_t first_test_file_;
  int threads_;
  std::function<void(const IngestProgress&)> progress_;
  char separator_ = 0;              // between fields; 0 where that is no single byte
  Separator quoted_separator_ = 0;  // what is where records may be quoted over several lines
  TimeCuts cuts_;
  std::vector<FileColumns> columns_;  // by file
  bool notes_gaps_ = false;
};

}  // namespace fathom
