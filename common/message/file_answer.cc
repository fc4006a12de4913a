#include "common/message/file_answer.h"

#include "common/message/control_archive.h"

namespace fathom {

template <typename Archive>
void serialize(Archive& archive, FileAnswer& answer) {
  archive(answer.done, answer.failure);
}

Buffer EncodeFileAnswer(const FileAnswer& answer) { return EncodeControl(answer); }

FileAnswer DecodeFileAnswer(std::span<const std::byte> payload) {
  return DecodeControl<FileAnswer>(payload);
}

}  // namespace fathom
