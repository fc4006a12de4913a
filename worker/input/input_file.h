// A file of text that may be opened as often as its reader likes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace fathom {

struct InputFile {
  // A plain file under its own name.
  InputFile(std::filesystem::path file)
      : path(std::move(file)), name(path.string()), split_name(path.filename().string()) {}

  std::filesystem::path path;             // to be opened
  std::string name;                       // as messages call it
  std::string split_name;                 // by which its lines are dealt to the parts of the data
  std::optional<std::uint64_t> contents;  // XXH3-64 of all its bytes, where they were read already
};

}  // namespace fathom
