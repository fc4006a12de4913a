#include "worker/data/packed_writer.h"

#include <algorithm>
#include <cstring>

#include "common/error.h"

namespace fathom {

PackedWriter::PackedWriter(const std::filesystem::path& file, const PackedShape& shape,
                           DataPart part)
    : file_(file), out_(file, std::ios::binary | std::ios::trunc), shape_(shape) {
  header_.record_bytes = static_cast<std::uint32_t>(shape.record_bytes);
  header_.schema = shape.schema;
  header_.part = part;
  Write(&header_, sizeof(header_));
  Pad();
}

void PackedWriter::Append(const PackedExamples& more) {
  for (std::size_t first = 0; first < more.examples();) {
    const std::size_t count =
        std::min(more.examples() - first, kBlockExamples - std::size_t{block_.examples});
    AppendRecords(more, first, count);
    first += count;
    if (block_.examples == kBlockExamples) EndBlock();
  }
  header_.examples += more.examples();
  header_.positives += more.positives();
}

// Some records of one block.
void PackedWriter::AppendRecords(const PackedExamples& more, std::size_t first, std::size_t count) {
  if (block_.examples == 0) block_.offset = offset_;
  std::span<const std::byte> records(more.records_);
  records = records.subspan(first * shape_.record_bytes, count * shape_.record_bytes);
  WriteOfBlock(shape_.multivalents > 0 ? Rebased(more, records) : records);
  block_.examples += static_cast<std::uint32_t>(count);
}

// Takes over the records' lists. A record counts its lists from where they stood in `more`: the
// copies that are returned count from where they will stand in the block.
std::span<const std::byte> PackedWriter::Rebased(const PackedExamples& more,
                                                 std::span<const std::byte> records) {
  rebased_.assign(records.begin(), records.end());
  const std::size_t count = records.size() / shape_.record_bytes;
  std::vector<std::uint32_t> begins(shape_.multivalents + 1);
  const std::size_t bytes = begins.size() * sizeof(begins[0]);
  std::uint32_t first = 0, end = 0;
  const auto base = static_cast<std::uint32_t>(list_keys_.size());
  for (std::size_t i = 0; i < count; ++i) {
    std::byte* place = rebased_.data() + i * shape_.record_bytes + shape_.lists_offset;
    std::memcpy(begins.data(), place, bytes);
    if (i == 0) first = begins.front();
    end = begins.back();
    for (std::uint32_t& begin : begins) begin += base - first;
    std::memcpy(place, begins.data(), bytes);
  }
  const auto take = [&](const auto& from, auto* to) {
    to->insert(to->end(), from.begin() + first, from.begin() + end);
  };
  take(more.list_keys_, &list_keys_);
  if (shape_.weighted) take(more.list_weights_, &list_weights_);
  return rebased_;
}

void PackedWriter::EndBlock() {
  if (block_.examples == 0) return;
  WriteOfBlock(std::as_bytes(std::span(list_keys_)));
  WriteOfBlock(std::as_bytes(std::span(list_weights_)));
  block_.bytes = offset_ - block_.offset;
  block_.lists = static_cast<std::uint32_t>(list_keys_.size());
  block_.checksum = checksum_.Digest();
  index_.push_back(block_);
  Pad();
  block_ = {};
  checksum_.Reset();
  list_keys_.clear();
  list_weights_.clear();
}

void PackedWriter::WriteOfBlock(std::span<const std::byte> bytes) {
  checksum_.Add(bytes);
  Write(bytes.data(), bytes.size());
}

void PackedWriter::Finish() {
  EndBlock();
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
