// Text files to packed files, in two passes: learn the transforms, then pack.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "common/model/model_spec.h"
#include "worker/data/packed_examples.h"
#include "worker/data/packed_format.h"
#include "worker/feature/data_part.h"
#include "worker/feature/feature_encoder.h"
#include "worker/feature/input_schema.h"
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

  // One pass over the training part; none where no column learns.
  LearntTransforms Learn();

  // Writes each part that has a path. Throws Error(kData) at the bad line after max_bad_lines.
  PackSummary Pack(const LearntTransforms& transforms,
                   const std::array<std::filesystem::path, kDataParts>& paths);

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
  DataPart PartOf(Thread& thread, const TextBlock& block, std::uint64_t line) const;
  std::string CountForDropped(EncodedExample* example) const;
  void PackBlock(const TextBlock& block, Thread* thread, Result* result) const;
  void CountBadLines(const Result& result, PackSummary* summary) const;

  const InputSchema& schema_;
  const ModelSpec& spec_;
  std::vector<InputFile> files_;
  std::size_t first_test_file_;
  int threads_;
  std::function<void(const IngestProgress&)> progress_;
  char separator_ = 0;                // between fields; 0 where that is no single byte
  Separator quoted_separator_ = 0;    // what is where records may be quoted over several lines
  std::vector<FileColumns> columns_;  // by file
  bool notes_gaps_ = false;
};

}  // namespace fathom
