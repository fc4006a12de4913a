#include "common/message/control_archive.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

struct Named {
  std::string name;
  std::uint32_t number = 0;
};
template <typename Archive>
void serialize(Archive& archive, Named& named) {
  archive(named.name, named.number);
}

template <typename List>
List Read(const Buffer& message) {
  List list;
  ControlInput archive(message.bytes());
  archive(list);
  archive.Finish();
  return list;
}

TEST(ControlArchive, ListsOfNumbersAndOfStructs) {
  EXPECT_EQ(Read<std::vector<std::uint64_t>>(EncodeControl(std::vector<std::uint64_t>{1, 2, 3})),
            (std::vector<std::uint64_t>{1, 2, 3}));
  const auto read =
      Read<std::vector<Named>>(EncodeControl(std::vector<Named>{{"one", 1}, {"", 2}}));
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].name, "one");
  EXPECT_EQ(read[1].number, 2U);
  EXPECT_TRUE(Read<std::vector<Named>>(EncodeControl(std::vector<Named>())).empty());
}

// As many elements as there are bytes, and each takes several.
TEST(ControlArchive, ClaimsWiderElementsThanBytesAreLeft) {
  const Buffer message = EncodeControl(std::vector<std::uint8_t>(16));
  ExpectError(ExitCode::kPeer, {"claims 16 elements of 8 bytes in 16 bytes"},
              [&] { Read<std::vector<std::uint64_t>>(message); });
  ExpectError(ExitCode::kPeer, {"claims 16 elements of 12 bytes in 16 bytes"},
              [&] { Read<std::vector<Named>>(message); });
}

TEST(ControlArchive, ClaimsALongerStringThanBytesAreLeft) {
  Buffer message = EncodeControl(std::string("abc"));
  message.data()[0] = std::byte{4};
  ExpectError(ExitCode::kPeer, {"claims 4 elements of 1 bytes in 3 bytes"},
              [&] { DecodeControl<std::string>(message.bytes()); });
}

}  // namespace
}  // namespace fathom
