// All models of a server, and the thread that looks for new ones.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "launcher/serve/model_slot.h"

namespace fathom {

// Thread rule: any thread but for OpenAll, Watch and the end, which are the owner's.
class ModelShelf {
 public:
  // Throws Error(kUsage) where two have one name.
  ModelShelf(const std::vector<ModelPlace>& places, bool verify, ServeMetrics* metrics);
  ~ModelShelf();
  ModelShelf(const ModelShelf&) = delete;
  ModelShelf& operator=(const ModelShelf&) = delete;

  const std::vector<std::unique_ptr<ModelSlot>>& slots() const { return slots_; }

  // Null if there is none of that name.
  ModelSlot* Find(std::string_view name) const;

  // Opens all. Throws Error of the first that cannot be opened.
  void OpenAll();

  // Whether all are open.
  bool Ready() const;

  // From now on looks every `period` whether another model stands under a path, and serves it.
  void Watch(std::chrono::milliseconds period);

  // Looks now, also at what failed to open.
  void Wake();

 private:
  void Run(std::chrono::milliseconds period);

  std::vector<std::unique_ptr<ModelSlot>> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace fathom
