#include "server/service/streamed_output.h"

#include <algorithm>
#include <span>
#include <utility>

namespace fathom {
namespace {

std::vector<std::uint8_t> Copied(std::span<const std::byte> bytes) {
  const auto* const from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {from, from + bytes.size()};
}

// Calls `send(offset, part)` for parts that fit into one order.
template <typename SendPart>
void InParts(std::span<const std::byte> bytes, const SendPart& send) {
  for (std::size_t at = 0; at < bytes.size(); at += kMaxOrderBytes)
    send(at, bytes.subspan(at, std::min(kMaxOrderBytes, bytes.size() - at)));
}

class StreamedFile : public FileSink {
 public:
  StreamedFile(FileOrders& orders, std::string name) : orders_(orders), name_(std::move(name)) {
    orders_.Send({.act = FileAct::kCreate, .name = name_, .bytes = {}});
  }

  void Append(std::span<const std::byte> block) override {
    InParts(block, [&](std::size_t, std::span<const std::byte> part) {
      orders_.Send({.act = FileAct::kAppend, .name = name_, .bytes = Copied(part)});
    });
  }
  void Finish() override { orders_.Ask({.act = FileAct::kFinish, .name = name_, .bytes = {}}); }

 private:
  FileOrders& orders_;
  std::string name_;
};

}  // namespace

std::unique_ptr<FileSink> StreamedOutput::Create(const std::string& name) const {
  return std::make_unique<StreamedFile>(orders_, name);
}

void StreamedOutput::Overwrite(const std::string& name, std::span<const FilePiece> pieces) const {
  for (const FilePiece& piece : pieces) {
    InParts(piece.bytes, [&](std::size_t at, std::span<const std::byte> part) {
      orders_.Ask({.act = FileAct::kOverwrite,
                   .name = name,
                   .offset = piece.offset + at,
                   .bytes = Copied(part)});
    });
  }
}

bool StreamedOutput::TakeOver(const std::string& name) const {
  return orders_.Ask({.act = FileAct::kTakeOver, .name = name, .bytes = {}});
}

void StreamedOutput::Remove(const std::string& name) const {
  orders_.Ask({.act = FileAct::kRemove, .name = name, .bytes = {}});
}

}  // namespace fathom
