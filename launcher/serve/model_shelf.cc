#include "launcher/serve/model_shelf.h"

#include <algorithm>

#include "common/error.h"
#include "common/log_line.h"

namespace fathom {

ModelShelf::ModelShelf(const std::vector<ModelPlace>& places, bool verify, ServeMetrics* metrics) {
  for (const ModelPlace& place : places) {
    if (Find(place.name) != nullptr)
      Fail(ExitCode::kUsage, "two models are called {}: give one of them another name, as NAME={}",
           place.name, place.path.string());
    slots_.push_back(std::make_unique<ModelSlot>(place, verify, metrics->AddModel(place.name)));
  }
}

ModelShelf::~ModelShelf() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

ModelSlot* ModelShelf::Find(std::string_view name) const {
  const auto found = std::find_if(slots_.begin(), slots_.end(),
                                  [&](const auto& slot) { return slot->name() == name; });
  return found == slots_.end() ? nullptr : found->get();
}

void ModelShelf::OpenAll() {
  for (const auto& slot : slots_) slot->Reload(true);
}

bool ModelShelf::Ready() const {
  return std::all_of(slots_.begin(), slots_.end(),
                     [](const auto& slot) { return slot->Current() != nullptr; });
}

void ModelShelf::Watch(std::chrono::milliseconds period) {
  thread_ = std::thread([this, period] { Run(period); });
}

void ModelShelf::Wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  asked_ = true;
  changed_.notify_all();
}

void ModelShelf::Run(std::chrono::milliseconds period) {
  for (;;) {
    bool again = false;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait_for(lock, period, [this] { return asked_ || ended_; });
      if (ended_) return;
      again = asked_;
      asked_ = false;
    }
    for (const auto& slot : slots_) {
      try {
        slot->Reload(again);
        slot->DropRetired();
      } catch (const Error&) {  // the slot has said it
      } catch (const std::exception& error) {
        LogWarning("model {}: {}", slot->name(), error.what());
      }
    }
  }
}

}  // namespace fathom
