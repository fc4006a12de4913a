#include "worker/data/epoch_order.h"

#include <algorithm>
#include <bit>

#include "common/check.h"
#include "common/random.h"

namespace fathom {
namespace {

constexpr int kRounds = 4;

}  // namespace

Permutation::Permutation(std::uint64_t size, std::uint64_t seed)
    : size_(size),
      seed_(seed),
      half_bits_((std::bit_width(std::max<std::uint64_t>(size, 2) - 1) + 1) / 2) {}

std::uint64_t Permutation::operator()(std::uint64_t i) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  do {
    std::uint64_t left = i >> half_bits_;
    std::uint64_t right = i & mask;
    for (int round = 0; round < kRounds; ++round) {
      const std::uint64_t next =
          left ^ (Mix64(seed_ + static_cast<std::uint64_t>(round), right) & mask);
      left = right;
      right = next;
    }
    i = left << half_bits_ | right;
  } while (i >= size_);
  return i;
}

EpochOrder::EpochOrder(const Config& config, std::uint64_t examples, std::uint64_t epoch)
    : shuffle_(config.train.shuffle),
      examples_(examples),
      window_(static_cast<std::uint64_t>(config.train.shuffle_window)),
      seed_(Mix64(Mix64(static_cast<std::uint64_t>(config.seed), 0x65706F6368ULL), epoch)),
      windows_((examples + window_ - 1) / window_),
      window_order_(std::max<std::uint64_t>(windows_, 1), seed_),
      short_turn_(windows_) {
  for (std::uint64_t turn = 0; turn < windows_; ++turn) {
    if (window_order_(turn) + 1 == windows_) short_turn_ = turn;
  }
}

std::uint64_t EpochOrder::operator()(std::uint64_t position) const {
  FATHOM_CHECK(position < examples_);
  if (!shuffle_) return position;
  const std::uint64_t last_size = examples_ - (windows_ - 1) * window_;
  std::uint64_t turn = position / window_;
  std::uint64_t inside = position % window_;
  if (turn >= short_turn_) {
    const std::uint64_t beyond = position - short_turn_ * window_;
    if (beyond < last_size) {
      turn = short_turn_;
      inside = beyond;
    } else {
      turn = short_turn_ + 1 + (beyond - last_size) / window_;
      inside = (beyond - last_size) % window_;
    }
  }
  const std::uint64_t window = window_order_(turn);
  const std::uint64_t size = window + 1 == windows_ ? last_size : window_;
  return window * window_ + Permutation(size, Mix64(seed_, window))(inside);
}

}  // namespace fathom
