// A file that takes its name when it is whole: it is written beside it, as NAME.partial, and
// renamed. Two degrees of what that promises:
//
//   ReplacedFile, ReplaceText   a reader, and a kill of this process at any instant, finds the file
//                               of before or the new one
//   ReplaceDurably              so does a crash of the machine; and once it returns the new one
//                               stays
//
// Thread rule: any thread; one writes a file at a time.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "common/error.h"

namespace fathom {

class ReplacedFile {
 public:
  // `code` is that of the Error thrown where the file cannot be written.
  ReplacedFile(std::filesystem::path file, ExitCode code);

  // Removes what was written, unless it was finished.
  ~ReplacedFile();
  ReplacedFile(const ReplacedFile&) = delete;
  ReplacedFile& operator=(const ReplacedFile&) = delete;

  std::ofstream& out() { return out_; }

  // The file takes its name. Throws Error where anything could not be written.
  void Finish();

 private:
  [[noreturn]] void Refused() const;

  std::filesystem::path file_;
  std::filesystem::path partial_;
  ExitCode code_;
  std::ofstream out_;
  bool finished_ = false;
};

void ReplaceText(const std::filesystem::path& file, const std::string& text, ExitCode code);

// Throws Error(kModel).
void ReplaceDurably(const std::filesystem::path& file, const std::string& text);

}  // namespace fathom
