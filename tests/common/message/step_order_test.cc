#include "common/message/step_order.h"

#include <gtest/gtest.h>

#include "tests/common/message/payload_checks.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ExpectNoPartIsTaken;
using testing::ExpectTrailingByteIsRefused;

TEST(Order, IsReadAsWrittenAndNoOther) {
  for (const OrderKind kind : {OrderKind::kTrain, OrderKind::kEvaluate, OrderKind::kFinish})
    EXPECT_EQ(DecodeOrder(EncodeOrder(kind).bytes()), kind);
  for (const std::uint64_t kind : {0, 4})
    ExpectError(ExitCode::kPeer, {"unknown kind"},
                [&] { DecodeOrder(EncodeOrder(static_cast<OrderKind>(kind)).bytes()); });
  ExpectNoPartIsTaken(EncodeOrder(OrderKind::kTrain), DecodeOrder);
  ExpectTrailingByteIsRefused(EncodeOrder(OrderKind::kTrain), DecodeOrder);
}

}  // namespace
}  // namespace fathom
