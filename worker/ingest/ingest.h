// Turns the config's text inputs into packed examples, once: reading, joining, splitting,
// transforming, keying.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "worker/data/packed_examples.h"
#include "worker/data/packed_format.h"
#include "worker/feature/model_inputs.h"
#include "worker/ingest/data_watch.h"

namespace fathom {

struct BadLine {
  std::string file;
  std::uint64_t line = 0;
  std::string reason;
};

struct IngestResult {
  std::filesystem::path train;  // packed files; empty path: that part has no examples
  std::filesystem::path validation;
  std::filesystem::path test;
  std::filesystem::path transforms;  // transforms.json: vocabularies, means, quantiles
  std::vector<std::filesystem::path> side_tables;  // by join, as a model keeps them
  std::filesystem::path names;  // names.tsv (common/model/feature_name.h); empty: not kept
  bool reused = false;          // nothing had changed
  std::uint64_t train_examples = 0, train_positives = 0;
  WeightSums train_weights;  // if examples have weights
  std::uint64_t validation_examples = 0, validation_positives = 0;
  std::uint64_t test_examples = 0, test_positives = 0;
  std::uint64_t bytes_read = 0;  // of text, after decompression
  double seconds = 0;
  std::uint64_t unmatched_joins = 0;  // keys that no row of the joined table has
  std::uint64_t filtered_lines = 0;   // that data.filter left out
  DataFindings findings;
  std::uint64_t bad_lines = 0;
  std::vector<BadLine> first_bad_lines;  // at most ten
};

struct IngestProgress {
  const char* stage = "";  // "statistics", "packing"
  std::uint64_t bytes_read = 0;
  std::uint64_t examples = 0;
};

// Packs train, validation and test under `packed_dir`/<fingerprint of schema and inputs>, or finds
// them there. Blocks do not depend on `threads`. A run that dies leaves nothing that a later one
// takes for whole. `earlier_transforms`: of the model that training begins with, as JSON, or empty:
// what is learnt goes on from them (ContinueFrom). `progress` is called after each block, by one
// thread at a time, which may be any of the `threads`, while the caller waits here. Throws
// Error(kData) (file, line, column, reason, remedy) or Error(kUsage).
IngestResult Ingest(const Config& config, const ModelSpec& spec,
                    const std::filesystem::path& packed_dir, int threads,
                    const std::function<void(const IngestProgress&)>& progress,
                    const std::string& earlier_transforms = "");

// Where Ingest has packed this part with these very transforms and joined tables; empty: nowhere,
// or a joined table is not in data.dir any more.
std::filesystem::path FindPacked(const Config& config, const std::filesystem::path& packed_dir,
                                 const ModelInputs& inputs, DataPart part);

// A number that another content of the config's files, or another way to read them, changes; empty
// where they are generated or can be read only once. Throws Error(kData) as Ingest does.
std::string DataMark(const Config& config);

// Whether data.train or data.test names something that can be read only once, as a pipe. Nothing
// is read. Throws Error(kData) as ExpandGlobs does.
bool ReadsOnce(const Config& config);

// Packs files with the transforms that a model was trained with: for evaluate and predict. What can
// be read only once is kept beside `packed_file` meanwhile. `labelled` false: the label column may
// be absent and labels are 0.
enum class BadLines { kAreLimited, kAreGaps };  // by data.max_bad_lines; or noted, any number
struct PackedInput {
  std::filesystem::path path;
  std::uint64_t examples = 0;
  std::uint64_t positives = 0;
  std::vector<std::filesystem::path> files;
  std::vector<std::uint64_t> file_examples;  // by file
  std::uint64_t filtered_lines = 0;
  std::uint64_t bad_lines = 0;
  std::vector<BadLine> first_bad_lines;
  // kAreGaps: which lines of the files became no example, being blank or bad, ascending. Headers do
  // not count, and a record that is quoted over several lines is one.
  std::vector<std::uint64_t> gaps;
};
PackedInput PackInput(const Config& config, const ModelSpec& spec, const ModelInputs& inputs,
                      const std::vector<std::filesystem::path>& files, bool labelled,
                      BadLines bad_lines, const std::filesystem::path& packed_file, int threads);

// The same of one part of the config's own files. It may have no example: then there is no file.
PackedInput PackPart(const Config& config, const ModelSpec& spec, const ModelInputs& inputs,
                     DataPart part, const std::filesystem::path& packed_file, int threads);

}  // namespace fathom
