// A model's folder that this host does not see: rank 0's, over the network.
//
// Thread rule and failure: as FileOrders, which must outlive it and its files.
#pragma once

#include <memory>
#include <string>

#include "common/model/model_output.h"
#include "server/service/file_orders.h"

namespace fathom {

class StreamedOutput : public ModelOutput {
 public:
  explicit StreamedOutput(FileOrders* orders) : orders_(*orders) {}

  std::unique_ptr<FileSink> Create(const std::string& name) const override;
  void Overwrite(const std::string& name, std::span<const FilePiece> pieces) const override;
  bool TakeOver(const std::string& name) const override;
  void Remove(const std::string& name) const override;

 private:
  FileOrders& orders_;
};

}  // namespace fathom
