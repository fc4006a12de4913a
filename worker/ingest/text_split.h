// The parts of a config's data as text files: the lines that a training would pack, byte for byte
// and in order, so that another program runs on the same lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "worker/data/packed_format.h"
#include "worker/ingest/ingest.h"

namespace fathom {

struct SplitPart {
  DataPart part = DataPart::kTrain;
  std::filesystem::path file;
  std::uint64_t lines = 0;
  std::uint64_t positives = 0;
};

struct TextSplit {
  std::vector<SplitPart> parts;
  std::uint64_t filtered_lines = 0;
  std::uint64_t bad_lines = 0;
  std::vector<BadLine> first_bad_lines;
};

// Writes `folder`/train.csv, validation.csv, test.csv, with the first training file's extension
// (without .gz or .zst), each with the files' header, and split.json, which says what they are. An
// asked-for part without lines is a file without lines. Files of an earlier split are replaced.
// Throws Error(kUsage) before anything is written: a file there is of no split, an input, or of an
// earlier split that this one does not replace; a part that the data do not have; a folder that may
// not be written; the format has no lines of text. Throws
// Error(kData) as Ingest does, and where the files' headers differ.
TextSplit SplitText(const Config& config, const ModelSpec& spec, const std::vector<DataPart>& parts,
                    const std::filesystem::path& folder, int threads,
                    const std::function<void(const IngestProgress&)>& progress);

}  // namespace fathom
