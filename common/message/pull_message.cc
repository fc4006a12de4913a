#include "common/message/pull_message.h"

#include "common/error.h"
#include "common/net/payload.h"

namespace fathom {
namespace {

constexpr std::uint32_t kWillPush = 1;
constexpr std::uint32_t kWantsDense = 2;

void CheckKeys(std::span<const Key> keys, Partitions cut, int server, int servers) {
  if (keys.empty()) return;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i - 1] >= keys[i]) {
      Fail(ExitCode::kPeer, "a pull's keys must ascend: key {:016x} at {} comes after {:016x}",
           keys[i], i, keys[i - 1]);
    }
  }
  const PartitionRange own = cut.OfServer(server, servers);
  if (!own.Holds(cut.Of(keys.front())) || !own.Holds(cut.Of(keys.back()))) {
    Fail(ExitCode::kPeer,
         "a pull for server {} has keys of the partitions {} to {}, the server owns {} to {}",
         server, cut.Of(keys.front()), cut.Of(keys.back()), own.first, own.end - 1);
  }
}

}  // namespace

Buffer EncodePull(const PullMessage& message) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>((message.will_push ? kWillPush : 0) |
                            (message.wants_dense ? kWantsDense : 0));
  writer.Put<std::uint32_t>(static_cast<std::uint32_t>(message.keys.size()));
  for (const auto& keys : message.keys) {
    writer.Put<std::uint64_t>(keys.size());
    writer.PutArray(keys);
  }
  return writer.Take();
}

PullMessage DecodePull(std::span<const std::byte> payload, std::size_t tables, Partitions cut,
                       int server, int servers) {
  PayloadReader reader(payload);
  PullMessage message;
  const auto flags = reader.Get<std::uint32_t>();
  if ((flags & ~(kWillPush | kWantsDense)) != 0)
    Fail(ExitCode::kPeer, "a pull has unknown flags {:08x}", flags);
  message.will_push = (flags & kWillPush) != 0;
  message.wants_dense = (flags & kWantsDense) != 0;
  const auto count = reader.Get<std::uint32_t>();
  if (count != tables)
    Fail(ExitCode::kPeer, "a pull names {} tables, the model has {}", count, tables);
  for (std::size_t t = 0; t < tables; ++t) {
    const auto keys = reader.Get<std::uint64_t>();
    message.keys.push_back(reader.Array<Key>(keys));
    CheckKeys(message.keys.back(), cut, server, servers);
  }
  reader.Finish();
  return message;
}

}  // namespace fathom
