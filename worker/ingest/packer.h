// Text files to packed files, in two passes: learn the transforms, then pack.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "common/model/model_spec.h"
#include "worker/data/packed_examples.h"
#include "worker/data/packed_format.h"
#include "worker/feature/data_part.h"
#include "worker/feature/feature_encoder.h"
#include "worker/feature/input_schema.h"
#include "worker/ingest/data_records.h"
#include "worker/ingest/data_watch.h"
#include "worker/ingest/ingest.h"

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
  std::vector<std::string> side_tables;  // the same of the joined tables, as a model keeps them
  std::string names;                     // the same of names.tsv; empty: names are not kept
  std::array<PackedPart, kDataParts> parts;
  std::uint64_t bytes_read = 0;
  std::uint64_t unmatched_joins = 0;
  std::uint64_t filtered_lines = 0;
  std::vector<std::uint64_t> file_examples;  // by file; not in ingest.json
  DataFindings findings;                     // where there is a training part
  std::uint64_t bad_lines = 0;
  std::vector<BadLine> first_bad_lines;
  std::uint64_t lines = 0;          // with those that hold no record; not in ingest.json
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

  // From now on Pack adds the names of the training part's keys.
  void KeepNames(NameList* names) { names_ = names; }

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

  const DataRecords& records() const { return records_; }

 private:
  struct Result;
  struct Thread;
  class Watches;
  bool IsWanted(const Thread& thread, std::string* error) const;
  std::optional<DataPart> PartOf(Thread& thread, const TextBlock& block, std::uint64_t line,
                                 std::string* error) const;
  std::string CountForDropped(EncodedExample* example) const;
  PackSummary Pack(const LearntTransforms& transforms,
                   const std::array<std::filesystem::path, kDataParts>& paths,
                   const TextStreams& streams);
  void PackBlock(const TextBlock& block, Thread* thread, DataWatch* watch, Result* result) const;
  std::string Encode(const TextBlock& block, std::uint64_t line, DataPart part,
                     Thread* thread) const;
  bool HasOtherParts() const;
  void CountBadLines(const Result& result, PackSummary* summary) const;
  void CountLines(const Result& result, PackSummary* summary) const;

  const InputSchema& schema_;
  const ModelSpec& spec_;
  DataRecords records_;
  int threads_;
  std::function<void(const IngestProgress&)> progress_;
  TimeCuts cuts_;
  bool notes_gaps_ = false;
  NameList* names_ = nullptr;
};

}  // namespace fathom
