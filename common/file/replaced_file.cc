#include "common/file/replaced_file.h"

#include <span>
#include <system_error>
#include <utility>

#include "common/file/durable_file.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

fs::path PartialOf(const fs::path& file) { return file.string() + ".partial"; }

}  // namespace

ReplacedFile::ReplacedFile(fs::path file, ExitCode code)
    : file_(std::move(file)),
      partial_(PartialOf(file_)),
      code_(code),
      out_(partial_, std::ios::binary | std::ios::trunc) {
  if (!out_) Refused();
}

ReplacedFile::~ReplacedFile() {
  if (finished_) return;
  out_.close();
  std::error_code ignored;
  fs::remove(partial_, ignored);
}

void ReplacedFile::Refused() const {
  Fail(code_, "{}: cannot be written: check the folder and the disk", file_.string());
}

void ReplacedFile::Finish() {
  out_.close();
  if (!out_) Refused();
  std::error_code refused;
  fs::rename(partial_, file_, refused);
  if (refused) Refused();
  finished_ = true;
}

void ReplaceText(const fs::path& file, const std::string& text, ExitCode code) {
  ReplacedFile replaced(file, code);
  replaced.out() << text;
  replaced.Finish();
}

void ReplaceDurably(const fs::path& file, const std::string& text) {
  const fs::path partial = PartialOf(file);
  DurableFile out(partial);
  out.Write(std::as_bytes(std::span(text)));
  out.Finish();
  const fs::path folder = fs::absolute(file).parent_path();
  SyncDir(folder);
  Rename(partial, file);
  SyncDir(folder);
}

}  // namespace fathom
