// The place of one model on the server: what is served under its name now, and how another takes
// its place.
//
// A request copies a pointer to the model, under a lock that is held for as long as that takes, and
// keeps the model alive until it is answered. A model that was replaced is kept here until nobody
// else has it, so that no request waits for its memory to be given back.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/metrics/serve_metrics.h"
#include "launcher/serve/served_model.h"

namespace fathom {

struct ModelPlace {
  std::string name;
  std::filesystem::path path;       // of a model's folder, or the output folder above it
  std::filesystem::path catalogue;  // read again with each model; empty: none
};

// "NAME=PATH", or a path whose folder, or where that is called "model" its parent, gives the name.
// Throws Error(kUsage).
ModelPlace ParseModelPlace(const std::string& text);

// Tells a model that stands under a path from another one.
struct ModelMark {
  std::uint64_t device = 0, inode = 0;  // of manifest.json
  std::int64_t changed_ns = 0, bytes = 0;
  std::int64_t folder_ns = 0;  // when the folder was last renamed or written in
  friend bool operator==(const ModelMark&, const ModelMark&) = default;

  // Nothing: there is no model now.
  static std::optional<ModelMark> Of(const std::filesystem::path& path);
};

// Thread rule: any thread; reloads wait for each other.
class ModelSlot {
 public:
  // `counts` outlives this.
  ModelSlot(ModelPlace place, bool verify, ModelCounts* counts)
      : place_(std::move(place)), verify_(verify), counts_(counts) {}

  const std::string& name() const { return place_.name; }
  const ModelPlace& place() const { return place_; }
  ModelCounts& counts() const { return *counts_; }

  // Null: none was opened yet.
  std::shared_ptr<const ServedModel> Current() const;

  // Opens what stands there if it is not what is served, and serves it. One that failed to open is
  // tried again only if `again`. Throws Error: then what was served still is.
  void Reload(bool again);

  // Gives back what was replaced and is not used any more.
  void DropRetired();

  // Models that were replaced and still answer, or whose memory is being given back.
  std::size_t retired() const;

 private:
  std::shared_ptr<const ServedModel> Open(ModelMark* mark) const;

  const ModelPlace place_;
  const bool verify_;
  ModelCounts* const counts_;

  std::mutex reload_mutex_;
  std::optional<ModelMark> served_mark_;  // of what is served, or failed to open
  bool failed_ = false;
  int absences_ = 0;  // so many times in a row no model stood there

  mutable std::mutex mutex_;
  std::shared_ptr<const ServedModel> current_;
  std::vector<std::shared_ptr<const ServedModel>> retired_;
  std::size_t ending_ = 0;  // taken out of retired_, and not given back yet
};

}  // namespace fathom
