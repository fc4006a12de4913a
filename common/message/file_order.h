// server -> coordinator (kFileOrder): a part of a file of the save at hand, from a server whose
// host does not see rank 0's folder. Each order gets a FileAnswer (file_answer.h). Goes through
// cereal over a bounded archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/buffer.h"
#include "common/file/durable_file.h"

namespace fathom {

// What common/model/model_output.h asks of a folder.
enum class FileAct : std::uint8_t { kCreate, kAppend, kFinish, kOverwrite, kTakeOver, kRemove };
inline constexpr std::uint8_t kFileActs = 6;

// A server has one file at a time between kCreate and kFinish.
struct FileOrder {
  FileAct act = FileAct::kCreate;
  std::string name;                 // within the folder
  std::uint64_t offset = 0;         // kOverwrite
  std::vector<std::uint8_t> bytes;  // kAppend, kOverwrite
};

// The bytes of one order at most: one block of a file.
inline constexpr std::size_t kMaxOrderBytes = kBlockBytes;

// So many orders of one server may be unanswered: what the coordinator holds in memory for it.
inline constexpr int kMaxUnanswered = 4;

Buffer EncodeFileOrder(const FileOrder& order);
// Throws Error(kPeer): too short, too long, no such act.
FileOrder DecodeFileOrder(std::span<const std::byte> payload);

}  // namespace fathom
