// What is written beside and renamed: a file that takes its name when it is whole. Until then it is
// NAME.partial-MARK, with a mark of this process (process_mark.h): what else lies there is not
// touched, and of several that write a file at once the last one's stands, whole. Where one writer
// has a folder to itself, as a training run, it is NAME.partial. This room is the one place for it,
// and there are two degrees of what it promises:
//
//   process   a reader, and a kill of this process at any instant, finds what was there before or
//             the new one, whole:
//             ReplacedFile, ReplaceText   scores, traces, reports, generated logs, the calibration
//             PublishedFolder             of packed data, whose files are not synced and carry
//                                         checksums
//   machine   so does a crash of the machine; and once it returns, the new one stays:
//             ReplaceDurably              a manifest
//             PublishedFolder             of models and checkpoints, whose files are synced
//
// Where NAME is a symbolic link the link stays, and the file that it leads to is replaced. The mode
// of the file that was there is kept. Where NAME is no plain file, as a FIFO or a terminal, the
// bytes are written through to it. Where it is a descriptor of this process, as /dev/stdout, they
// go to where the descriptor stands.
//
// Thread rule: any thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "common/error.h"

namespace fathom {

// What a file or folder is called until it is whole.
std::filesystem::path PartialOf(const std::filesystem::path& file);

// The same with a name that no other process and no user has. What dead processes of this host left
// in the folder under such names is removed.
std::filesystem::path OwnPartialOf(const std::filesystem::path& file);

// Where symbolic links of the last name lead to, be there something or not.
std::filesystem::path FollowLinks(std::filesystem::path path);

class ReplacedFile {
 public:
  // `code` is that of the Error thrown where the file cannot be written.
  ReplacedFile(const std::filesystem::path& file, ExitCode code);

  // Removes what was written, unless it was finished.
  ~ReplacedFile();
  ReplacedFile(const ReplacedFile&) = delete;
  ReplacedFile& operator=(const ReplacedFile&) = delete;

  std::ofstream& out() { return out_; }

  // What was written so far goes to the file, so that whoever reads a pipe has it. Throws Error
  // where it could not be written.
  void Flush();

  // The file takes its name. Throws Error where anything could not be written.
  void Finish();

 private:
  [[noreturn]] void Refused() const;

  std::filesystem::path file_;
  std::filesystem::path partial_;  // that is written to; file_: written through
  ExitCode code_;
  std::ofstream out_;
  bool finished_ = false;
};

void ReplaceText(const std::filesystem::path& file, const std::string& text, ExitCode code);

// Throws Error(kModel).
void ReplaceDurably(const std::filesystem::path& file, std::string_view text);

}  // namespace fathom
