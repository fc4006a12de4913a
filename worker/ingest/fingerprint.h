// What packed data depend on, as one number: the columns, how the text is read, and the inputs.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "worker/input/input_file.h"

namespace fathom {

// 16 hexadecimal digits. A file counts by its path, size, times of change (of its contents, and of
// what the system knows of it), and a sample of its bytes: begin, middle, end and places drawn from
// its size, or all bytes of a file of up to a mebibyte. What was read from a pipe counts by all its
// bytes. Settings that do not change a packed byte (dimensions, pooling, learning rates) do not
// count, so that experiments with them share one set of packed data. `earlier_transforms`: of the
// model that training begins with, as JSON; empty: none. Throws Error(kData) where a file cannot be
// read.
std::string Fingerprint(const Config& config, const std::vector<InputFile>& files,
                        const std::string& earlier_transforms);

}  // namespace fathom
