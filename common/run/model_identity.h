// Which model a folder holds: so that ranks that read it by themselves read the same one, and a
// reader notices that it was replaced. Thread rule: any thread. Failure: Error(kModel).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "common/model/manifest.h"

namespace fathom {

// The manifest names every file with its checksum, so its own digest stands for the model.
struct ModelIdentity {
  std::uint64_t step = 0;
  std::uint64_t digest = 0;  // XXH3-64 of manifest.json
  friend bool operator==(const ModelIdentity&, const ModelIdentity&) = default;
};

ModelIdentity IdentityOf(const Manifest& manifest);
ModelIdentity IdentityOf(const std::filesystem::path& dir);

// The manifest in the folder. Throws Error(kModel) where it is of another model than rank 0 has
// found at this path.
Manifest CheckIdentity(const std::filesystem::path& dir, const ModelIdentity& expected);

// Whether a model was replaced while it was read: then files of two models did not fit, and what
// looked like damage was none.
class ModelWatch {
 public:
  // Looks at what FindModel finds in these folders; a model may be there or not.
  explicit ModelWatch(std::vector<std::filesystem::path> dirs);

  // After a failure: true, after a moment, where one of them has another model than at the look
  // before, or has it in another place; ten times at most.
  bool ReadAgain();

 private:
  struct Sight {
    std::filesystem::path place;
    std::optional<std::uint64_t> digest;  // of the manifest; nothing: no model
    friend bool operator==(const Sight&, const Sight&) = default;
  };
  std::vector<Sight> Look() const;

  std::vector<std::filesystem::path> dirs_;
  std::vector<Sight> seen_;
  int times_ = 0;
};

// Calls `read`, and calls it again where it throws Error(kModel) and one of the models was
// replaced.
void ReadOneModel(const std::vector<std::filesystem::path>& dirs,
                  const std::function<void()>& read);

}  // namespace fathom
