// The packed data of a run on this host: made by the first rank of each host, found by the others.
#pragma once

#include "common/config.h"
#include "common/model_spec.h"
#include "launcher/mpi_session.h"
#include "worker/ingest.h"

namespace fathom {

// Every rank calls this; it returns once the packed data of its host are there. The first rank of
// a host ingests with `threads` threads (0: as many as the host has processors), the rest wait
// asleep. Rank 0 logs progress, counts and bad lines.
IngestResult PrepareData(const Config& config, const ModelSpec& spec, MpiSession& mpi);

// Where this config's packed data live.
std::filesystem::path PackedDir(const Config& config);

// Logs how many lines were bad, and the first of them.
void LogBadLines(std::uint64_t bad_lines, const std::vector<BadLine>& first_bad_lines);

}  // namespace fathom
