#include "launcher/serve/model_slot.h"

#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/log_line.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr int kTries = 10;
constexpr int kToldAbsence = 3;

bool IsModelName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
  });
}

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

std::string NameOfPath(const fs::path& path) {
  fs::path whole = fs::absolute(path).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  if (whole.filename() == "model") whole = whole.parent_path();
  return whole.filename().string();
}

}  // namespace

ModelPlace ParseModelPlace(const std::string& text) {
  if (text.empty()) Fail(ExitCode::kUsage, "the model's path is empty: name a model's folder");
  const std::size_t equals = text.find('=');
  std::error_code ignored;
  // "runs/a=1" is a path.
  const bool named =
      equals != std::string::npos && text.find('/') >= equals && !fs::exists(text, ignored);
  ModelPlace place;
  place.path = named ? text.substr(equals + 1) : text;
  place.name = named ? text.substr(0, equals) : NameOfPath(place.path);
  if (place.path.empty() || !IsModelName(place.name))
    Fail(ExitCode::kUsage,
         "{}: no name for this model: give one of letters, digits, _, - and ., as NAME=PATH", text);
  return place;
}

std::optional<ModelMark> ModelMark::Of(const fs::path& path) {
  struct stat manifest {};
  struct stat holder {};
  if (fs::is_regular_file(path)) {  // a bundle
    const fs::path folder = fs::absolute(path).parent_path();
    if (stat(path.c_str(), &manifest) != 0 || stat(folder.c_str(), &holder) != 0)
      return std::nullopt;
    holder.st_ctim = {};  // whatever else lies beside it
  } else {
    const fs::path folder = FindModel(path);
    if (stat((folder / kModelSeal.file).c_str(), &manifest) != 0 ||
        stat(folder.c_str(), &holder) != 0)
      return std::nullopt;
  }
  return ModelMark{.device = manifest.st_dev,
                   .inode = manifest.st_ino,
                   .changed_ns = Nanoseconds(manifest.st_mtim),
                   .bytes = manifest.st_size,
                   .folder_ns = Nanoseconds(holder.st_ctim)};
}

std::shared_ptr<const ServedModel> ModelSlot::Current() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return current_;
}

// All files are of one model if what stands there is the same before and after: another one may
// take its name at any moment.
std::shared_ptr<const ServedModel> ModelSlot::Open(ModelMark* mark) const {
  for (int attempt = 1;; ++attempt) {
    const auto before = ModelMark::Of(place_.path);
    const auto same = [&] { return ModelMark::Of(place_.path) == before; };
    if (before) *mark = *before;
    try {
      std::unique_ptr<const Scorer> scorer = Scorer::Open(place_.path, verify_);
      if (scorer->config().data.format == DataFormat::kGenerated)
        Fail(ExitCode::kUsage,
             "{}: the model was trained on generated data, which have no text form to score",
             place_.path.string());
      auto opened = std::make_shared<const ServedModel>(place_.name, std::move(scorer),
                                                        place_.catalogue, counts_);
      if (same()) return opened;
    } catch (const Error&) {
      if (attempt == kTries || same()) throw;
    }
    if (attempt == kTries)
      Fail(ExitCode::kModel, "{}: it was replaced {} times while it was being opened",
           place_.path.string(), kTries);
  }
}

void ModelSlot::Reload(bool again) {
  const std::lock_guard<std::mutex> one(reload_mutex_);
  const auto stands = ModelMark::Of(place_.path);
  const std::shared_ptr<const ServedModel> old = Current();
  absences_ = stands ? 0 : absences_ + 1;
  if (!stands && old != nullptr && !again) {
    // Between two models there may be none for a moment.
    if (absences_ == kToldAbsence)
      LogWarning("model {}: version {} is served on, as there is no model any more under {}",
                 place_.name, old->version(), place_.path.string());
    return;
  }
  if (stands && stands == served_mark_ && !(failed_ && again)) return;
  ModelMark mark;
  try {
    std::shared_ptr<const ServedModel> opened = Open(&mark);
    LogInfo("model {}: version {} of {} is served", place_.name, opened->version(),
            opened->scorer().model().dir.string());
    counts_->SetVersion(opened->version());
    if (old != nullptr) counts_->AddReload(true);
    served_mark_ = mark;
    failed_ = false;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (current_ != nullptr) retired_.push_back(std::move(current_));
    current_ = std::move(opened);
  } catch (const Error& error) {
    served_mark_ = mark;
    failed_ = true;
    if (old != nullptr) {
      counts_->AddReload(false);
      LogWarning("model {}: version {} is served on, as the new model cannot be opened: {}",
                 place_.name, old->version(), error.what());
    }
    throw;
  }
}

void ModelSlot::DropRetired() {
  std::vector<std::shared_ptr<const ServedModel>> unused;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // Nobody gets it any more: where this is the only one to have it, it stays so.
    for (auto& model : retired_) {
      if (model.use_count() == 1) unused.push_back(std::move(model));
    }
    retired_.erase(std::remove(retired_.begin(), retired_.end(), nullptr), retired_.end());
    ending_ += unused.size();
  }
  if (unused.empty()) return;
  const std::size_t ended = unused.size();
  unused.clear();
  malloc_trim(0);  // its tables and sessions lay among what others still use
  const std::lock_guard<std::mutex> lock(mutex_);
  ending_ -= ended;
}

std::size_t ModelSlot::retired() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return retired_.size() + ending_;
}

}  // namespace fathom
