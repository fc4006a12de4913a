#include "worker/data/packed_data.h"

#include <atomic>
#include <cmath>
#include <cstring>
#include <iterator>
#include <string>

#include "common/check.h"
#include "common/error.h"
#include "common/file/mapped_file.h"
#include "common/xxh3.h"
#include "worker/data/packed_format.h"

namespace fathom {
namespace {

constexpr std::size_t kCacheLine = 64;
constexpr const char* kRemedy = "remove its folder and let it be packed again from the text";

}  // namespace

class PackedData::Impl {
 public:
  Impl(const std::filesystem::path& path, const ModelSpec& spec, DataPart part)
      : name_(path.string()), shape_(spec), file_(path, ExitCode::kData, kRemedy) {
    ReadHeader();
    CheckPart(part);
    ReadIndex();
    checked_ = std::make_unique<std::atomic<bool>[]>(index_.size());
  }

  const PackedHeader& header() const { return header_; }
  void Release() const { file_.Release(); }

  ExampleView Example(std::uint64_t index) const {
    FATHOM_CHECK(index < header_.examples);
    const std::size_t block = index / kBlockExamples;
    const BlockEntry& entry = index_[block];
    if (!checked_[block].load(std::memory_order_acquire)) CheckBlock(block);
    const std::byte* begin = file_.bytes().data() + entry.offset;
    const std::byte* record = begin + index % kBlockExamples * shape_.record_bytes;
    const std::byte* lists = begin + entry.examples * shape_.record_bytes;
    ExampleView view;
    view.label = static_cast<std::uint8_t>(record[shape_.label_offset]);
    if (shape_.example_weights)
      std::memcpy(&view.weight, record + shape_.weight_offset, sizeof(float));
    if (shape_.grouped) std::memcpy(&view.group, record + shape_.group_offset, sizeof(Key));
    view.numerics = reinterpret_cast<const float*>(record + shape_.numerics_offset);
    view.keys = reinterpret_cast<const Key*>(record);
    view.list_begins = reinterpret_cast<const std::uint32_t*>(record + shape_.lists_offset);
    view.list_keys = reinterpret_cast<const Key*>(lists);
    if (shape_.weighted)
      view.list_weights = reinterpret_cast<const float*>(lists + entry.lists * sizeof(Key));
    return view;
  }

  void Prefetch(std::uint64_t index) const {
    const BlockEntry& entry = index_[index / kBlockExamples];
    const std::byte* record =
        file_.bytes().data() + entry.offset + index % kBlockExamples * shape_.record_bytes;
    for (std::size_t at = 0; at < shape_.record_bytes; at += kCacheLine)
      __builtin_prefetch(record + at);
  }

 private:
  void ReadHeader() {
    const auto bytes = file_.bytes();
    if (bytes.size() < sizeof(header_))
      Fail(ExitCode::kData, "{}: {} bytes are no packed file: {}", name_, bytes.size(), kRemedy);
    std::memcpy(&header_, bytes.data(), sizeof(header_));
    if (header_.magic != kPackedMagic)
      Fail(ExitCode::kData, "{}: no packed file of Fathom: {}", name_, kRemedy);
    if (header_.version != kPackedVersion) {
      Fail(ExitCode::kData, "{}: packed by version {} of the format, this program reads {}: {}",
           name_, header_.version, kPackedVersion, kRemedy);
    }
    const std::uint64_t checksum =
        Xxh3(bytes.first(sizeof(header_) - sizeof(header_.header_checksum)));
    if (checksum != header_.header_checksum)
      Fail(ExitCode::kData, "{}: the header was altered or never finished (checksum): {}", name_,
           kRemedy);
    if (header_.file_bytes != bytes.size()) {
      Fail(ExitCode::kData, "{}: the file has {} bytes, its header says {}: {}", name_,
           bytes.size(), header_.file_bytes, kRemedy);
    }
    if (header_.schema != shape_.schema || header_.record_bytes != shape_.record_bytes) {
      Fail(ExitCode::kData, "{}: packed for other columns than the config has: {}", name_, kRemedy);
    }
  }

  // Such a file in the place of another one would train on what is kept for evaluation.
  void CheckPart(DataPart part) const {
    if (header_.part == part) return;
    const auto found = static_cast<std::size_t>(header_.part);
    Fail(ExitCode::kData, "{}: it holds the {} part of the data, not the {} part: {}", name_,
         found < std::size(kDataPartNames) ? kDataPartNames[found] : "unknown",
         kDataPartNames[static_cast<std::size_t>(part)], kRemedy);
  }

  void ReadIndex() {
    const auto bytes = file_.bytes();
    const std::uint64_t room =
        header_.index_offset <= bytes.size() ? bytes.size() - header_.index_offset : 0;
    const std::uint64_t blocks = (header_.examples + kBlockExamples - 1) / kBlockExamples;
    if (header_.blocks != blocks || room / sizeof(BlockEntry) < blocks) {
      Fail(ExitCode::kData, "{}: {} blocks for {} examples: {}", name_, header_.blocks,
           header_.examples, kRemedy);
    }
    const auto place = bytes.subspan(header_.index_offset, blocks * sizeof(BlockEntry));
    if (Xxh3(place) != header_.index_checksum)
      Fail(ExitCode::kData, "{}: the index was altered (checksum): {}", name_, kRemedy);
    index_.resize(blocks);
    if (blocks > 0) std::memcpy(index_.data(), place.data(), place.size());
    for (std::size_t b = 0; b < blocks; ++b) CheckEntry(b);
  }

  void CheckEntry(std::size_t b) const {
    const BlockEntry& entry = index_[b];
    const std::uint64_t examples =
        b + 1 < index_.size() ? kBlockExamples : header_.examples - b * kBlockExamples;
    const std::uint64_t bytes = entry.examples * shape_.record_bytes +
                                entry.lists * (sizeof(Key) + (shape_.weighted ? sizeof(float) : 0));
    const bool inside = entry.offset % kPackedAlignment == 0 &&
                        entry.offset <= header_.index_offset &&
                        entry.bytes <= header_.index_offset - entry.offset;
    if (entry.examples != examples || entry.bytes != bytes || !inside)
      Fail(ExitCode::kData, "{}: block {} does not fit into the file: {}", name_, b, kRemedy);
  }

  // Also what the checksum cannot promise: that the lists of every record lie in the block.
  void CheckBlock(std::size_t b) const {
    const BlockEntry& entry = index_[b];
    const auto block = file_.bytes().subspan(entry.offset, entry.bytes);
    if (Xxh3(block) != entry.checksum) {
      Fail(ExitCode::kData, "{}: block {} at byte {} was altered (checksum): {}", name_, b,
           entry.offset, kRemedy);
    }
    for (std::size_t e = 0; e < entry.examples; ++e) {
      const std::byte* record = block.data() + e * shape_.record_bytes;
      std::uint32_t before = 0;
      for (std::size_t m = 0; m <= shape_.multivalents && shape_.multivalents > 0; ++m) {
        std::uint32_t begin;
        std::memcpy(&begin, record + shape_.lists_offset + m * sizeof(begin), sizeof(begin));
        if (begin < before || begin > entry.lists)
          Fail(ExitCode::kData, "{}: block {}: example {} has a list outside the block: {}", name_,
               b, e, kRemedy);
        before = begin;
      }
      float weight = 1;
      if (shape_.example_weights)
        std::memcpy(&weight, record + shape_.weight_offset, sizeof(weight));
      if (!(weight >= 0) || !std::isfinite(weight))
        Fail(ExitCode::kData, "{}: block {}: example {} has a weight of {}: {}", name_, b, e,
             weight, kRemedy);
      if (static_cast<std::uint8_t>(record[shape_.label_offset]) > 1)
        Fail(ExitCode::kData, "{}: block {}: example {} has no label of 0 or 1: {}", name_, b, e,
             kRemedy);
    }
    checked_[b].store(true, std::memory_order_release);
  }

  std::string name_;
  PackedShape shape_;
  MappedFile file_;
  PackedHeader header_;
  std::vector<BlockEntry> index_;
  std::unique_ptr<std::atomic<bool>[]> checked_;
};

PackedData::PackedData(const std::filesystem::path& path, const ModelSpec& spec, DataPart part)
    : impl_(std::make_unique<Impl>(path, spec, part)) {}
PackedData::~PackedData() = default;
std::uint64_t PackedData::examples() const { return impl_->header().examples; }
std::uint64_t PackedData::positives() const { return impl_->header().positives; }
std::uint64_t PackedData::mapped_bytes() const { return impl_->header().file_bytes; }
void PackedData::Release() const { impl_->Release(); }
std::string PackedData::fingerprint() const { return FingerprintOf(impl_->header()); }
ExampleView PackedData::Example(std::uint64_t index) const { return impl_->Example(index); }
void PackedData::Prefetch(std::uint64_t index) const { impl_->Prefetch(index); }

}  // namespace fathom
