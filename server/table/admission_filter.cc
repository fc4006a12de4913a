#include "server/table/admission_filter.h"

#include <algorithm>
#include <cstring>

#include "common/byte_size.h"
#include "common/random.h"

namespace fathom {
namespace {

constexpr std::uint64_t kCountersPerByte = 2;
constexpr int kCounterBits = 4;
static_assert(AdmissionFilter::kMaxCount == (1u << kCounterBits) - 1);

int ShiftOf(std::uint64_t place) {
  return kCounterBits * static_cast<int>(place % kCountersPerByte);
}

}  // namespace

std::size_t AdmissionFilter::BytesOfAll(const Config& config) {
  if (config.server.admission_count == 1) return 0;
  const double bytes = config.server.admission_filter.bytes();
  const auto partitions = static_cast<std::size_t>(config.server.partitions);
  return static_cast<std::size_t>(bytes) / partitions * partitions;
}

AdmissionFilter::AdmissionFilter(const Config& config, int first_partition, int end_partition)
    : needed_(static_cast<unsigned>(config.server.admission_count)),
      cut_(config.server.partitions),
      first_partition_(first_partition),
      counters_(BytesOfAll(config) / static_cast<std::size_t>(cut_.count()) * kCountersPerByte) {
  const auto partitions = static_cast<std::size_t>(end_partition - first_partition);
  if (on()) memory_ = MappedMemory(partitions * counters_ / kCountersPerByte, PagesOf(config));
}

// Double hashing (Kirsch and Mitzenmacher 2006). The high half of a product takes a hash into the
// range of the counters.
std::array<std::uint64_t, AdmissionFilter::kHashes> AdmissionFilter::PlacesOf(std::size_t table,
                                                                              Key key) const {
  const auto partition = static_cast<std::uint64_t>(cut_.Of(key) - first_partition_);
  std::uint64_t hash = Mix64(table, key);
  const std::uint64_t step = Mix64(hash) | 1;
  std::array<std::uint64_t, kHashes> places;
  for (std::uint64_t& place : places) {
    const auto product = static_cast<unsigned __int128>(hash) * counters_;
    place = partition * counters_ + static_cast<std::uint64_t>(product >> 64);
    hash += step;
  }
  return places;
}

unsigned AdmissionFilter::CounterAt(std::uint64_t place) const {
  const auto pair = static_cast<unsigned>(memory_.data()[place / kCountersPerByte]);
  return pair >> ShiftOf(place) & kMaxCount;
}

void AdmissionFilter::Count(std::size_t table, std::span<const Key> keys) {
  for (const Key key : keys) {
    for (const std::uint64_t place : PlacesOf(table, key)) {
      if (CounterAt(place) == kMaxCount) continue;
      auto& pair = memory_.data()[place / kCountersPerByte];
      pair = static_cast<std::byte>(static_cast<unsigned>(pair) + (1u << ShiftOf(place)));
    }
  }
}

bool AdmissionFilter::Admits(std::size_t table, Key key) const {
  if (!on()) return true;
  const auto places = PlacesOf(table, key);
  return std::all_of(places.begin(), places.end(),
                     [&](std::uint64_t place) { return CounterAt(place) >= needed_; });
}

std::span<const std::byte> AdmissionFilter::Counters(int partition) const {
  const std::size_t bytes = counters_ / kCountersPerByte;
  return {memory_.data() + static_cast<std::size_t>(partition - first_partition_) * bytes, bytes};
}

bool AdmissionFilter::Restore(int partition, std::span<const std::byte> counters) {
  const auto own = Counters(partition);
  if (counters.size() != own.size()) return false;
  std::memcpy(memory_.data() + (own.data() - memory_.data()), counters.data(), counters.size());
  return true;
}

}  // namespace fathom
