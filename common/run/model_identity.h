// Which model a folder holds: so that ranks that read it by themselves read the same one, and a
// reader notices that it was replaced. Thread rule: any thread. Failure: Error(kModel).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace fathom {

// The manifest names every file with its checksum, so its own digest stands for the model.
struct ModelIdentity {
  std::uint64_t step = 0;
  std::uint64_t digest = 0;  // XXH3-64 of manifest.json
  friend bool operator==(const ModelIdentity&, const ModelIdentity&) = default;
};

ModelIdentity IdentityOf(const std::filesystem::path& dir);

// Throws Error(kModel) where the folder holds another model than rank 0 has found at this path.
void CheckIdentity(const std::filesystem::path& dir, const ModelIdentity& expected);

// Whether models were replaced while they were read: then files of two models did not fit, and what
// looked like damage was none.
class ModelWatch {
 public:
  // Looks at these folders; a model may be there or not.
  explicit ModelWatch(std::vector<std::filesystem::path> dirs);

  // After a failure: true, after a moment, where one of them has changed since the look before;
  // ten times at most.
  bool ReadAgain();

 private:
  std::vector<std::optional<std::uint64_t>> Look() const;

  std::vector<std::filesystem::path> dirs_;
  std::vector<std::optional<std::uint64_t>> seen_;  // digests of manifests; nothing: no model
  int times_ = 0;
};

// Calls `read`, and calls it again where it throws Error(kModel) and a model was replaced.
void ReadOneModel(const std::vector<std::filesystem::path>& dirs,
                  const std::function<void()>& read);

}  // namespace fathom
