#include "common/run/model_identity.h"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "common/error.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr int kReadings = 10;
constexpr auto kBetween = std::chrono::milliseconds(20);

}  // namespace

ModelIdentity IdentityOf(const Manifest& manifest) {
  return {.step = manifest.step, .digest = manifest.digest};
}

ModelIdentity IdentityOf(const fs::path& dir) { return IdentityOf(ReadManifest(dir)); }

Manifest CheckIdentity(const fs::path& dir, const ModelIdentity& expected) {
  Manifest manifest = ReadManifest(dir);
  const ModelIdentity found = IdentityOf(manifest);
  if (found == expected) return manifest;
  Fail(ExitCode::kModel,
       "{}: the model here is of step {} (manifest {:016x}), rank 0 has found that of step {} "
       "({:016x}) at this path: either it was replaced just now, then start again; or the hosts "
       "do not share this folder, then give all the same model",
       dir.string(), found.step, found.digest, expected.step, expected.digest);
}

ModelWatch::ModelWatch(std::vector<fs::path> dirs) : dirs_(std::move(dirs)), seen_(Look()) {}

std::vector<ModelWatch::Sight> ModelWatch::Look() const {
  std::vector<Sight> sights;
  for (const fs::path& dir : dirs_) {
    Sight& sight = sights.emplace_back(Sight{.place = FindModel(dir), .digest = std::nullopt});
    try {
      sight.digest = ReadManifest(sight.place).digest;
    } catch (const Error&) {  // no model, or none just now
    }
  }
  return sights;
}

bool ModelWatch::ReadAgain() {
  if (Look() == seen_ || ++times_ == kReadings) return false;
  std::this_thread::sleep_for(kBetween);
  seen_ = Look();
  return true;
}

void ReadOneModel(const std::vector<fs::path>& dirs, const std::function<void()>& read) {
  for (ModelWatch watch(dirs);;) {
    try {
      return read();
    } catch (const Error& error) {
      if (error.code() != ExitCode::kModel || !watch.ReadAgain()) throw;
    }
  }
}

}  // namespace fathom
