#include "common/file/published_folder.h"

#include <fcntl.h>
#include <stdio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/file/replaced_file.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// A name that has one: "out/model/" and "." have none.
fs::path Named(const fs::path& path) {
  const fs::path last = path.filename();
  if (!last.empty() && last != "." && last != "..") return path;
  const fs::path whole = fs::absolute(path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

// The system's answers where it cannot do such a thing here, as opposed to one that failed.
bool IsNotOffered(int error) {
  for (const int refusal : {EINVAL, ENOSYS, ENOTSUP, EXDEV, EPERM, EBUSY}) {
    if (error == refusal) return true;
  }
  return false;
}

bool IsEmptyFolder(const fs::path& path) {
  std::error_code none;
  return fs::is_directory(path, none) && fs::is_empty(path, none) && !none;
}

}  // namespace

PublishedFolder::PublishedFolder(const fs::path& name, Seal seal)
    : path_(FollowLinks(Named(name))), partial_(PartialOf(path_)), seal_(seal) {}

PublishedFolder::PublishedFolder(const fs::path& name, Seal seal, const std::string& partial_name)
    : path_(FollowLinks(Named(name))), partial_(path_.parent_path() / partial_name), seal_(seal) {}

bool PublishedFolder::HoldsSeal(const fs::path& folder) const {
  std::error_code none;
  return fs::is_regular_file(folder / seal_.file, none);
}

bool PublishedFolder::IsWhole() const { return HoldsSeal(path_); }
bool PublishedFolder::PartialIsWhole() const { return HoldsSeal(partial_); }

bool PublishedFolder::IsHalfRemoved() const {
  std::error_code none;
  return !IsWhole() && fs::exists(path_ / PartialOf(seal_.file), none);
}

// A writer may be at work: between two looks the partial one may have got the name.
fs::path PublishedFolder::Find() const {
  if (IsWhole()) return path_;
  if (PartialIsWhole() && !IsWhole()) return partial_;
  return path_;
}

void PublishedFolder::CheckOurs() const {
  std::error_code none;
  if (!fs::exists(path_, none) || IsEmptyFolder(path_)) return;
  if (IsHalfRemoved()) return;
  if (IsWhole()) {
    const Buffer bytes = ReadFile(path_ / seal_.file, "it may not be replaced");
    const auto* const text = reinterpret_cast<const char*>(bytes.data());
    if (std::string_view(text, bytes.size()).find(seal_.word) != std::string_view::npos) return;
  }
  Fail(ExitCode::kUsage,
       "{}: this is not of Fathom (it holds no {} of Fathom's) and would have to be replaced: move "
       "it away, or set output.dir to another folder",
       path_.string(), seal_.file);
}

void PublishedFolder::Mend() const {
  if (!IsWhole() && PartialIsWhole()) return Publish();
  if (IsHalfRemoved()) Remove();
  Discard();
}

void PublishedFolder::Start() const {
  CheckOurs();
  Mend();
  MakeFolder(partial_);
}

void PublishedFolder::Publish(Other other) const {
  if (!PartialIsWhole())
    Fail(ExitCode::kModel,
         "{}: it is not whole, there is no {} in it: it does not take the name {}",
         partial_.string(), seal_.file, path_.string());
  CheckOurs();
  const fs::path folder = fs::absolute(path_).parent_path();
  std::error_code none;
  if (rename(partial_.c_str(), path_.c_str()) == 0) return SyncDir(folder);
  if (other == Other::kStays && IsWhole()) return Discard();
  if (fs::exists(path_, none) && Exchange()) {
    SyncDir(folder);
    try {
      Discard();
    } catch (const Error&) {  // what is left of the old one goes with the next one
    }
    return;
  }
  try {
    SyncDir(folder);  // the new one's name must be on the disk before the old one goes
    Remove();
    MoveOrCopy(partial_, path_);
    SyncDir(folder);
  } catch (const Error& error) {
    FailToTakeName(error.what());
  }
}

bool PublishedFolder::Exchange() const {
  if (renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0)
    return true;
  if (IsNotOffered(errno)) return false;
  FailToTakeName(std::strerror(errno));
}

void PublishedFolder::MoveTo(const fs::path& name) const {
  const fs::path from = Find();
  MoveOrCopy(from, name);
  SyncDir(fs::absolute(name).parent_path());
  SyncDir(fs::absolute(from).parent_path());
}

// What another host holds open may still be in the old folder (NFS).
void PublishedFolder::MoveOrCopy(const fs::path& from, const fs::path& to) const {
  if (rename(from.c_str(), to.c_str()) == 0) return;
  if (IsNotOffered(errno) || errno == ENOTEMPTY || errno == EEXIST) return Copy(from, to);
  Fail(ExitCode::kModel, "{}: cannot be renamed to {}: {}", from.string(), to.string(),
       std::strerror(errno));
}

void PublishedFolder::FailToTakeName(const char* why) const {
  Fail(ExitCode::kModel,
       "{}: it is whole and stays, but cannot take the name {}: {}; mend that and rename it by "
       "hand: the next training in this folder begins it anew",
       partial_.string(), path_.string(), why);
}

// At every instant the new folder holds its seal, or what marks it as one of ours that is not
// whole.
void PublishedFolder::Copy(const fs::path& from, const fs::path& to) const {
  const fs::path mark = to / PartialOf(seal_.file);
  const fs::path seal_copy = mark.string() + "-copy";
  MakeFolder(to);
  DurableFile(mark).Finish();
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path name = entry.path().filename();
    if (name != seal_.file) LinkOrCopy(entry.path(), to / name);
  }
  LinkOrCopy(from / seal_.file, seal_copy);
  SyncDir(to);
  Rename(seal_copy, mark);
  Rename(mark, to / seal_.file);
  SyncDir(to);
  SyncDir(fs::absolute(to).parent_path());
  Remove(from);
}

void PublishedFolder::Remove() const { Remove(path_); }
void PublishedFolder::Discard() const { Remove(partial_); }

// The seal goes first, and for good, then the rest, then what marks the folder as ours.
void PublishedFolder::Remove(const fs::path& folder) const {
  const fs::path mark = folder / PartialOf(seal_.file);
  if (HoldsSeal(folder)) {
    Rename(folder / seal_.file, mark);
    SyncDir(folder);
  }
  RemoveFolder(folder, mark.filename());
}

}  // namespace fathom
