// What the files that make up the command line share.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "launcher/cluster/mpi_session.h"
#include "launcher/commands/commands.h"

namespace fathom {

// What the parser fills in, and what a command ends with.
struct CommandLine {
  ConfigArguments config;
  std::filesystem::path model, a, b;
  std::vector<std::string> keys;
  JoinsFrom joins = JoinsFrom::kModel;
  PredictArguments predict;
  RecommendArguments recommend;
  ExplainArguments explain;
  LogsArguments logs;
  GenerateArguments generate;
  ExportRequest exported;
  SplitArguments split;
  PlanArguments plan;
  ServeArguments serve;
  TuneArguments tune;
  LaunchRequest launch;
  bool markdown = false;
  int exit_code = 0;
};

void AddConfig(CLI::App* command, ConfigArguments* arguments);

// Of commands that start processes of their own, which must not take themselves for ranks of this
// job. Throws Error(kUsage) under mpirun.
void RefuseRanks(const char* command);

// The commands that use a trained model: evaluate, predict, serve, recommend, explain, compare,
// inspect, export. `line` must outlive the parser.
void AddModelCommands(CLI::App* app, CommandLine* line, MpiSession& mpi);

}  // namespace fathom
