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
  std::shared_ptr<ExampleSource> evaluation;
  std::shared_ptr<ExampleSource> test;  // for the model that a run has kept as its best
};

// The data, and what ingest learnt from them, which the model keeps.
struct OpenedData {
  RunData data;
  std::string transforms_json;
  std::vector<std::string> side_tables;  // texts, by join
  std::filesystem::path names;           // names.tsv; empty: not kept
  std::string summary_json;              // SummaryForMetrics; empty: generated data
  float initial_bias = 0;                // model.initial_bias, by the training part
};

// Every rank calls this; it returns once the data of this host are there. `earlier_transforms`: as
// Ingest takes them. `evaluation`: of a run that keeps its best model (common/config/best_model.h)
// the validation part, and then `test` is the test part where evaluate.on names it; else the part
// that evaluate.on names. Null where the data have none. Throws Error(kData) where there is no
// validation part to keep the best by.
OpenedData OpenData(const Config& config, const ModelSpec& spec,
                    const std::string& earlier_transforms, MpiSession& mpi);

// Throws Error(kUsage) where several processes would read what can be read only once.
void RefuseInputReadOnce(const Config& config, int ranks);

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

// Where data.packed_dir is set: makes it. Throws Error(kUsage) where it can be no folder.
void MakePackedDir(const Config& config);

// Logs each, as a warning or not.
void LogRemarks(const std::vector<Remark>& remarks);

// Logs how many lines data.filter left out, if any.
void LogFilteredLines(std::uint64_t filtered_lines);

// Logs how many lines were bad, and the first of them.
void LogBadLines(std::uint64_t bad_lines, const std::vector<BadLine>& first_bad_lines);

}  // namespace fathom
