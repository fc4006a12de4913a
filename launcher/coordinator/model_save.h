// One save of the model, put together by the coordinator: the servers write their files into a
// folder, or send them, then come the texts and, last, the manifest.
//
// Thread rule: the coordinator's thread. Failures: Error(kModel).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/message/saved_message.h"
#include "common/model/manifest.h"
#include "common/run/run_context.h"
#include "launcher/coordinator/received_files.h"

namespace fathom {

// What goes into the model's folder beside the servers' files.
struct ModelTexts {
  std::string config_toml;
  std::string transforms_json;
  std::vector<std::string> side_tables;  // by join
  std::filesystem::path names;           // the file names.tsv; empty: none is kept
  ModelOrigin origin;
};

class ModelSave {
 public:
  // Into `dir`, which is there and empty, of the model as it is at `step`. `base`: the folder of
  // the checkpoint that this one builds upon; empty: none.
  ModelSave(const RunContext& context, std::filesystem::path dir, std::uint64_t step,
            const std::filesystem::path& base = {});

  // Prepares the folder, before any server is asked to write.
  void Begin();

  // What servers send that do not see the folder.
  ReceivedFiles& received() { return received_; }

  // Whether this server has not answered yet. Add takes what it wrote.
  bool Awaits(int server) const;
  void Add(int server, SavedMessage saved);
  bool complete() const { return servers_left_ == 0; }

  // Writes texts and manifest: from now on the folder is a model. A checkpoint gets no names: a run
  // that goes on from it finds them with its packed data.
  struct History {
    std::optional<TrainingProgress> progress;  // of a checkpoint
    std::optional<BestSoFar> best;             // of a run that keeps its best model
  };
  void Finish(const ModelTexts& texts, const History& history);

  std::uint64_t step() const { return manifest_.step; }

  // Over all servers.
  const TableStatistics& tables() const { return tables_; }
  const StalenessHistogram& staleness() const { return staleness_; }
  double held_seconds() const { return held_seconds_; }  // of the one that took longest
  std::uint64_t bytes_written() const { return bytes_written_; }
  const std::string& failure() const { return failure_; }  // the first; empty: none

 private:
  std::filesystem::path dir_;
  ReceivedFiles received_;
  Manifest manifest_;
  std::vector<bool> answered_;  // by server
  int servers_left_;
  TableStatistics tables_;
  StalenessHistogram staleness_;
  double held_seconds_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::string failure_;
};

}  // namespace fathom
