// The bulk messages of a step, 4,096 keys of a wide and deep table of dimension 16: laying a
// payload out and filling it, checking and reading it, and the checksum that TCP adds.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "common/message/pull_message.h"
#include "common/message/push_message.h"
#include "common/message/rows_message.h"
#include "common/net/frame.h"
#include "common/net/payload.h"
#include "common/random.h"

namespace fathom {
namespace {

constexpr std::size_t kKeys = 4096;
constexpr std::size_t kDim = 16;
const std::vector<TableSpec> kTables = {{.name = "wide_deep16", .wide = true, .dim = kDim}};

std::vector<Key> AscendingKeys() {
  std::vector<Key> keys(kKeys);
  for (std::size_t i = 0; i < kKeys; ++i) keys[i] = Mix64(i);
  std::sort(keys.begin(), keys.end());
  return keys;
}

// What a table's rows or gradients are copied from.
struct Values {
  std::vector<float> wide = std::vector<float>(kKeys, 0.5F);
  std::vector<float> deep = std::vector<float>(kKeys * kDim, 0.5F);
};

// As Shard::EncodeRows lays it out, from rows that are found already.
Buffer EncodeRows(const Values& values) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(0);
  writer.PutArray(std::span<const float>());
  writer.Put<std::uint64_t>(kKeys);
  writer.PutArray(std::span<const float>(values.wide));
  writer.PutArray(std::span<const float>(values.deep));
  return writer.Take();
}

// As RowGradients lays it out: one node. The push of a worker that is not alone leaves keys out,
// and names the rows.
Buffer EncodePush(const Values& values, const std::vector<std::uint32_t>& positions) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>(1);  // slices
  writer.Put<std::uint32_t>(1);  // nodes
  writer.Put<std::uint32_t>(0);
  writer.Put<std::uint32_t>(0);
  writer.Put<std::uint64_t>(0);
  writer.PutArray(std::span<const float>());
  writer.Put<std::uint64_t>(positions.size());
  writer.Put<std::uint64_t>(0);
  writer.PutArray(std::span(positions));
  writer.PutArray(std::span(values.wide).first(positions.size()));
  writer.PutArray(std::span(values.deep).first(positions.size() * kDim));
  return writer.Take();
}

// Every second row of the pull.
std::vector<std::uint32_t> Positions() {
  std::vector<std::uint32_t> positions(kKeys);
  for (std::uint32_t i = 0; i < kKeys; ++i) positions[i] = 2 * i;
  return positions;
}

void Count(benchmark::State& state, std::size_t payload_bytes) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kKeys));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(payload_bytes));
}

template <typename Encode>
void RunEncode(benchmark::State& state, const Encode& encode) {
  std::size_t bytes = 0;
  for (auto _ : state) {
    const Buffer payload = encode();
    benchmark::DoNotOptimize(payload.data());
    bytes = payload.size();
  }
  Count(state, bytes);
}

template <typename Decode>
void RunDecode(benchmark::State& state, const Buffer& payload, const Decode& decode) {
  for (auto _ : state) {
    auto message = decode(payload.bytes());
    benchmark::DoNotOptimize(message);
  }
  Count(state, payload.size());
}

PullMessage Pull(const std::vector<Key>& keys) { return {.will_push = true, .keys = {keys}}; }

void PullEncode(benchmark::State& state) {
  const std::vector<Key> keys = AscendingKeys();
  RunEncode(state, [&] { return EncodePull(Pull(keys)); });
}
BENCHMARK(PullEncode)->Unit(benchmark::kMicrosecond);

void PullDecode(benchmark::State& state) {
  const std::vector<Key> keys = AscendingKeys();
  RunDecode(state, EncodePull(Pull(keys)),
            [](auto payload) { return DecodePull(payload, kTables.size(), Partitions(), 0, 1); });
}
BENCHMARK(PullDecode)->Unit(benchmark::kMicrosecond);

void RowsEncode(benchmark::State& state) {
  const Values values;
  RunEncode(state, [&] { return EncodeRows(values); });
}
BENCHMARK(RowsEncode)->Unit(benchmark::kMicrosecond);

void RowsDecode(benchmark::State& state) {
  RunDecode(state, EncodeRows(Values()), [](auto payload) { return DecodeRows(payload, kTables); });
}
BENCHMARK(RowsDecode)->Unit(benchmark::kMicrosecond);

void PushEncode(benchmark::State& state) {
  const Values values;
  const std::vector<std::uint32_t> positions = Positions();
  RunEncode(state, [&] { return EncodePush(values, positions); });
}
BENCHMARK(PushEncode)->Unit(benchmark::kMicrosecond);

void PushDecode(benchmark::State& state) {
  const std::array<std::size_t, 1> pulled = {2 * kKeys};
  RunDecode(state, EncodePush(Values(), Positions()),
            [&](auto payload) { return DecodePush(payload, kTables, pulled, 0); });
}
BENCHMARK(PushDecode)->Unit(benchmark::kMicrosecond);

Frame RowsFrame() {
  return {.type = FrameType::kRows, .source = 1, .destination = 2, .payload = EncodeRows(Values())};
}

// The sender's share of a frame over TCP; the header holds the checksum.
void HeaderEncode(benchmark::State& state) {
  const Frame frame = RowsFrame();
  std::array<std::byte, kFrameHeaderBytes> header;
  for (auto _ : state) {
    EncodeHeader(frame, header);
    benchmark::ClobberMemory();
  }
  Count(state, frame.payload.size());
}
BENCHMARK(HeaderEncode)->Unit(benchmark::kMicrosecond);

// The receiver's.
void HeaderDecodeAndCheck(benchmark::State& state) {
  const Frame frame = RowsFrame();
  std::array<std::byte, kFrameHeaderBytes> header;
  EncodeHeader(frame, header);
  for (auto _ : state) {
    benchmark::DoNotOptimize(DecodeHeader(header));
    CheckFrame(header, frame.payload.bytes());
  }
  Count(state, frame.payload.size());
}
BENCHMARK(HeaderDecodeAndCheck)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom
