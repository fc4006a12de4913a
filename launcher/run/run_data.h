// The data of a run on this host. The first rank of each host packs them, and the host's other
// ranks read its files; generated data need no files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "launcher/cluster/mpi_session.h"
#include "worker/data/example_source.h"
#include "worker/data/packed_format.h"
#include "worker/ingest/ingest.h"
#include "worker/ingest/remarks.h"

namespace fathom {

// What the roles of this process read; null: none.
struct RunData {
  std::unique_ptr<ExampleSource> train;
  std::unique_ptr<ExampleSource> evaluation;
};

// The data, and what ingest learnt from them, which the model keeps.
struct OpenedData {
  RunData data;
  std::string transforms_json;
  std::string summary_json;  // SummaryForMetrics; empty: generated data
};

// Every rank calls this; it returns once the data of this host are there. `evaluation`: the part
// that evaluate.on names; null where the data have none.
OpenedData OpenData(const Config& config, const ModelSpec& spec, MpiSession& mpi);

// Every rank calls this with its own part of this name, or null, and how many of its labels are 1:
// each host packs the files that it finds itself. Throws Error(kData) on rank 0 where another rank
// has other examples, with both ranks' counts.
void RefuseMixedData(const char* name, const ExampleSource* part, std::uint64_t positives,
                     MpiSession& mpi);

// Null where the path is empty.
std::unique_ptr<ExampleSource> OpenPacked(const std::filesystem::path& file, const ModelSpec& spec,
                                          DataPart part);

// Where this config's packed data live.
std::filesystem::path PackedDir(const Config& config);

// Logs each, as a warning or not.
void LogRemarks(const std::vector<Remark>& remarks);

// Logs how many lines data.filter left out, if any.
void LogFilteredLines(std::uint64_t filtered_lines);

// Logs how many lines were bad, and the first of them.
void LogBadLines(std::uint64_t bad_lines, const std::vector<BadLine>& first_bad_lines);

}  // namespace fathom
