// The files that patterns name, and which of them can be read only once.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "worker/input/input_file.h"

namespace fathom {

// What names standard input among file names.
inline constexpr const char* kStandardInput = "-";
inline constexpr const char* kStandardInputName = "standard input";  // in messages

// All files that match, a pattern at a time, each pattern's in order of name. A relative pattern
// starts from `dir`, which is meant as it is called. A pattern that is the path of a file means
// that file, whatever characters it holds; "-" stays as it is. Throws Error(kData) where a pattern
// matches nothing, or what it matches is a folder or a device.
std::vector<std::filesystem::path> ExpandGlobs(const std::filesystem::path& dir,
                                               const std::vector<std::string>& patterns);

// Those that are named more than once, by whatever names: each once, by its real path.
std::vector<std::filesystem::path> RepeatedFiles(const std::vector<std::filesystem::path>& files);

// Throws Error(kData) where it cannot be read as text: it is not there, a folder or a device.
void CheckReadable(const std::filesystem::path& file);

// Whether it is standard input, a pipe, a socket or a terminal.
bool CanBeReadOnce(const std::filesystem::path& file);

// The file, or "standard input", as messages call it.
InputFile NamedInput(const std::filesystem::path& file);

// Before `output` is written. Throws Error(kUsage), which begins with `given` (what the user
// wrote), where it or the file that it is written to first (common/file/replaced_file.h) is one of
// the inputs: by its path, a symbolic link or a second name. "-" is standard input among the
// inputs.
void RefuseInputAsOutput(const std::string& given, const std::filesystem::path& output,
                         const std::vector<std::filesystem::path>& inputs);

}  // namespace fathom
