// A checkpoint's admission-NN.bin: the counters of partition NN's admission filter
// (server/table/admission_filter.h), as bytes that only the server knows how to read.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "common/buffer.h"
#include "common/file/alive.h"
#include "common/model/manifest.h"
#include "common/model/model_output.h"

namespace fathom {

// Its name.
std::string AdmissionFile(int partition);

// Whether there is one of this partition.
bool HasAdmissionFile(const Manifest& manifest, int partition);

// Writes it durably and returns its entry. Throws Error(kModel).
ModelFileEntry WriteAdmissionFile(const ModelOutput& out, int partition,
                                  std::span<const std::byte> counters);

// The counters. Throws Error(kModel): there is none, or it is damaged.
Buffer ReadAdmissionFile(const std::filesystem::path& dir, const Manifest& manifest, int partition,
                         const Alive& alive = SayNothing);

}  // namespace fathom
