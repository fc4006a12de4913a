#include "worker/packed_writer.h"

#include <cstring>

#include "common/error.h"
#include "common/xxh3.h"

namespace fathom {

PackedWriter::PackedWriter(const std::filesystem::path& file, const PackedShape& shape)
    : file_(file), out_(file, std::ios::binary | std::ios::trunc), shape_(shape) {
  header_.record_bytes = static_cast<std::uint32_t>(shape.record_bytes);
  header_.schema = shape.schema;
  Write(&header_, sizeof(header_));
  Pad();
}

void PackedWriter::Append(const PackedExamples& more) {
  for (std::size_t i = 0; i < more.examples(); ++i) {
    const std::byte* from = more.records_.data() + i * shape_.record_bytes;
    const std::size_t at = records_.size();
    records_.insert(records_.end(), from, from + shape_.record_bytes);
    if (shape_.multivalents > 0) {
      // The record counts its lists from where they stood in `more`: move them to this block's.
      std::vector<std::uint32_t> begins(shape_.multivalents + 1);
      std::memcpy(begins.data(), from + shape_.lists_offset, begins.size() * sizeof(std::uint32_t));
      const auto first = static_cast<std::ptrdiff_t>(begins.front());
      const auto end = static_cast<std::ptrdiff_t>(begins.back());
      const auto base = static_cast<std::uint32_t>(list_keys_.size());
      list_keys_.insert(list_keys_.end(), more.list_keys_.begin() + first,
                        more.list_keys_.begin() + end);
      if (shape_.weighted)
        list_weights_.insert(list_weights_.end(), more.list_weights_.begin() + first,
                             more.list_weights_.begin() + end);
      for (std::uint32_t& begin : begins) begin = begin - static_cast<std::uint32_t>(first) + base;
      std::memcpy(records_.data() + at + shape_.lists_offset, begins.data(),
                  begins.size() * sizeof(std::uint32_t));
    }
    if (++block_examples_ == kBlockExamples) WriteBlock();
  }
  header_.examples += more.examples();
  header_.positives += more.positives();
}

void PackedWriter::WriteBlock() {
  if (block_examples_ == 0) return;
  BlockEntry entry{.offset = offset_,
                   .examples = block_examples_,
                   .lists = static_cast<std::uint32_t>(list_keys_.size())};
  Xxh3Stream checksum;
  const auto part = [&](const void* data, std::size_t bytes) {
    checksum.Add({static_cast<const std::byte*>(data), bytes});
    Write(data, bytes);
  };
  part(records_.data(), records_.size());
  part(list_keys_.data(), list_keys_.size() * sizeof(Key));
  part(list_weights_.data(), list_weights_.size() * sizeof(float));
  entry.bytes = offset_ - entry.offset;
  entry.checksum = checksum.Digest();
  index_.push_back(entry);
  Pad();
  records_.clear();
  list_keys_.clear();
  list_weights_.clear();
  block_examples_ = 0;
}

void PackedWriter::Finish() {
  WriteBlock();
  header_.blocks = index_.size();
  header_.index_offset = offset_;
  const auto index = std::as_bytes(std::span(index_));
  header_.index_checksum = Xxh3(index);
  Write(index.data(), index.size());
  header_.file_bytes = offset_;
  const auto header = std::as_bytes(std::span(&header_, 1));
  header_.header_checksum = Xxh3(header.first(header.size() - sizeof(header_.header_checksum)));
  out_.seekp(0);
  Write(&header_, sizeof(header_));
  out_.close();
  if (!out_) Fail(ExitCode::kData, "{}: cannot be written: is the disk full?", file_.string());
}

void PackedWriter::Write(const void* data, std::size_t bytes) {
  out_.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  if (!out_)
    Fail(ExitCode::kData, "{}: cannot be written: is the disk full, the folder writable?",
         file_.string());
  offset_ += bytes;
}

void PackedWriter::Pad() {
  static constexpr char kZeros[kPackedAlignment] = {};
  const std::size_t over = offset_ % kPackedAlignment;
  if (over > 0) Write(kZeros, kPackedAlignment - over);
}

}  // namespace fathom
