// A folder that is found whole under its name, on any file system: the newest, or the one before,
// and never nothing once there was one.
//
// A folder is whole once it holds its seal, the file that is written last (a model's
// manifest.json). It is written as NAME.partial and takes its name in one of three ways:
//
//   1. The name is free: one rename.
//   2. The name is taken: one renameat2 that exchanges the two folders; the old one is removed.
//   3. Where that is refused (NFS, Lustre, Gluster, 9p and FUSE know no flags of rename; a folder of
//      an overlay's lower layer cannot be renamed): the old folder's seal is renamed to
//      SEAL.partial, and from then on the whole folder is NAME.partial. The old one is removed, and
//      the new one renamed. Where no folder can be renamed, NAME is made anew and gets a link or a
//      copy of every file, the seal last.
//
// So a reader asks Find: NAME if it has its seal, else NAME.partial if that has. What a crash left
// between two steps is completed by the next Mend or Start.
//
// Where NAME is a symbolic link the link stays, and all this happens where it leads to.
//
// Degree (replaced_file.h): survives a crash of the machine, if the files in it were synced.
// Thread rule: any thread; one process at a time writes, any number reads. Failures: Error(kModel)
// that says what is whole and where it stays.
#pragma once

#include <filesystem>
#include <string>

namespace fathom {

class PublishedFolder {
 public:
  struct Seal {
    const char* file;
    const char* word;  // that stands in it: tells it from a file of the same name that is not ours
  };

  PublishedFolder(const std::filesystem::path& name, Seal seal);

  // The same with a partial folder of this name, beside, for several that write at once.
  PublishedFolder(const std::filesystem::path& name, Seal seal, const std::string& partial_name);

  const std::filesystem::path& path() const { return path_; }  // where links lead to
  const std::filesystem::path& partial() const { return partial_; }

  // Whether the folder of this name, or the partial one, is whole.
  bool IsWhole() const;
  bool PartialIsWhole() const;

  // Whether the folder of this name was whole, and its removal, or its copy, is not complete.
  bool IsHalfRemoved() const;

  // The folder to read now: the whole one; where there is none, path().
  std::filesystem::path Find() const;

  // Throws Error(kUsage), as it would have to be replaced, where something has the name that is
  // not ours: a file, or a folder that holds something but no seal.
  void CheckOurs() const;

  // Completes what a crash left between two steps: a whole partial folder gets its name where
  // there is no other whole one; anything else that is not whole is removed.
  void Mend() const;

  // Makes partial() anew and empty.
  void Start() const;

  // partial(), which is whole, takes the name. If that fails it stays, and the error names it.
  // `other`: what happens to another whole folder of this name; where that stays, partial() goes.
  enum class Other { kIsReplaced, kStays };
  void Publish(Other other = Other::kIsReplaced) const;

  // The whole folder, as Find says, gets a name elsewhere that is free. Throws Error(kModel).
  void MoveTo(const std::filesystem::path& name) const;

  // Removes the folder of this name; one that is half removed does not look whole. Nothing happens
  // where it is not there.
  void Remove() const;

  // Removes the partial one.
  void Discard() const;

 private:
  bool HoldsSeal(const std::filesystem::path& folder) const;
  bool Exchange() const;
  void MoveOrCopy(const std::filesystem::path& from, const std::filesystem::path& to) const;
  void Copy(const std::filesystem::path& from, const std::filesystem::path& to) const;
  void Remove(const std::filesystem::path& folder) const;
  [[noreturn]] void FailToTakeName(const char* why) const;

  std::filesystem::path path_;
  std::filesystem::path partial_;
  Seal seal_;
};

}  // namespace fathom
