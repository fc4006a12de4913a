#include "common/tcp/listening_port.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace fathom {
namespace {

using boost::asio::ip::tcp;

TEST(ListeningPort, IsToldWhileSomebodyListens) {
  boost::asio::io_context io;
  for (const tcp::endpoint& here : {tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0),
                                    tcp::endpoint(tcp::v4(), 0)}) {
    tcp::acceptor acceptor(io, here);
    const std::uint16_t port = acceptor.local_endpoint().port();
    EXPECT_EQ(SomebodyListens(port), true);
    tcp::socket connected(io);
    connected.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    acceptor.close();
    EXPECT_EQ(SomebodyListens(port), false);
  }
}

}  // namespace
}  // namespace fathom
