// What the tests of the TCP transport share: small layouts, connected transports, and a peer that
// is driven by hand, byte by byte.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/error.h"
#include "common/tcp/handshake.h"
#include "common/tcp/tcp_transport.h"

namespace fathom {

inline constexpr const char* kTestHost = "127.0.0.1";
inline constexpr auto kPatience = std::chrono::seconds(60);  // never reached where all is well

inline Deadline Patiently() { return Clock::now() + kPatience; }

// Role i is played by rank ranks[i]: one coordinator, one server, the rest workers.
inline Layout LayoutOf(const std::vector<int>& ranks) {
  Layout layout;
  layout.servers = 1;
  layout.workers = static_cast<int>(ranks.size()) - 2;
  int highest = 0;
  for (std::size_t id = 0; id < ranks.size(); ++id) {
    const RoleKind kind = id == 0   ? RoleKind::kCoordinator
                          : id == 1 ? RoleKind::kServer
                                    : RoleKind::kWorker;
    layout.roles.push_back(
        {static_cast<RoleId>(id), kind, id < 2 ? 0 : static_cast<int>(id) - 2, ranks[id]});
    highest = std::max(highest, ranks[id]);
  }
  layout.hosts.assign(static_cast<std::size_t>(highest) + 1, "here");
  return layout;
}

inline std::unique_ptr<TcpTransport> MakeTransport(const Layout& layout, int rank,
                                                   const Secret& secret, bool tls = false,
                                                   const Strangers& strangers = {}) {
  return std::make_unique<TcpTransport>(layout, rank, secret, kTestHost, std::chrono::seconds(30),
                                        tls, strangers);
}

// What a transport says of the connections that it drops. Outlives it.
class Refusals {
 public:
  Strangers Hear(std::chrono::milliseconds handshake_timeout = kHandshakeTimeout) {
    return {.handshake_timeout = handshake_timeout, .refused = [this](const std::string& reason) {
              const std::lock_guard lock(mutex_);
              ++count_;
              last_ = reason;
            }};
  }

  std::uint64_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::string last_;
};

using Transports = std::vector<std::unique_ptr<TcpTransport>>;

inline std::vector<TcpAddress> AddressesOf(const Transports& transports) {
  std::vector<TcpAddress> addresses;
  for (const auto& transport : transports) addresses.push_back({kTestHost, transport->port()});
  return addresses;
}

inline void ConnectAll(const Transports& transports) {
  std::vector<std::thread> threads;
  for (const auto& transport : transports) {
    threads.emplace_back([&] { transport->Connect(AddressesOf(transports), Patiently()); });
  }
  for (auto& thread : threads) thread.join();
}

// One transport for each rank, connected.
inline Transports ConnectedTransports(const Layout& layout, bool tls = false) {
  const Secret secret = RandomSecret();
  Transports transports;
  for (int rank = 0; rank < layout.ranks(); ++rank)
    transports.push_back(MakeTransport(layout, rank, secret, tls));
  ConnectAll(transports);
  return transports;
}

inline Frame MakeFrame(FrameType type, RoleId source, RoleId destination, std::uint64_t step,
                       const std::string& text = "") {
  Frame frame{.type = type,
              .source = source,
              .destination = destination,
              .step = step,
              .payload = Buffer(text.size())};
  if (!text.empty()) std::memcpy(frame.payload.data(), text.data(), text.size());
  return frame;
}

inline std::string TextOf(const Frame& frame) {
  return {reinterpret_cast<const char*>(frame.payload.data()), frame.payload.size()};
}

// The Error that `act` throws; its code and words are for the test to look at.
inline Error ErrorOf(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ExitCode::kOk, "");
}

// A socket driven by hand.
class HandPeer {
 public:
  explicit HandPeer(std::uint16_t port) {
    socket_.connect({boost::asio::ip::make_address(kTestHost), port});
  }

  void Write(std::span<const std::byte> bytes) {
    boost::system::error_code error;  // the other side may have hung up already
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), error);
  }
  void Write(const std::string& text) { Write(std::as_bytes(std::span(text.data(), text.size()))); }

  void WriteFrame(const Frame& frame) {
    std::array<std::byte, kFrameHeaderBytes> header;
    EncodeHeader(frame, header);
    Write(header);
    Write(frame.payload.bytes());
  }

  HandshakeMessage ReadHandshake() {
    HandshakeMessage message{};
    boost::asio::read(socket_, boost::asio::buffer(message));
    return message;
  }

  // The first frames of a connection: how many numbered ones this side has received, and the other.
  std::uint64_t Resume(RoleId own, RoleId other, std::uint64_t received) {
    WriteFrame(MakeFrame(FrameType::kReceived, own, other, received));
    const FrameHeader header = ReadHeader();
    EXPECT_EQ(header.type, FrameType::kReceived);
    return header.step;
  }

  // Of the next frame; its payload must be empty.
  FrameHeader ReadHeader() {
    std::array<std::byte, kFrameHeaderBytes> header{};
    boost::asio::read(socket_, boost::asio::buffer(header));
    return DecodeHeader(header);
  }

  // As the connector `rank`, up to its own proof; false if the acceptor hangs up on that.
  bool Prove(const Secret& secret, int rank, int acceptor) {
    Handshake handshake = Handshake::Connecting(secret, rank, acceptor);
    Write(handshake.Hello());
    try {
      while (!handshake.proven()) {
        if (const auto answer = handshake.Take(ReadHandshake())) Write(*answer);
      }
    } catch (const boost::system::system_error&) {
      return false;
    }
    return true;
  }

  // Reads until the other side ends the connection, in whatever way.
  std::string ReadAll() {
    std::string text;
    boost::system::error_code error;
    char block[4096];
    while (!error) text.append(block, socket_.read_some(boost::asio::buffer(block), error));
    return text;
  }

  void Shutdown() { socket_.shutdown(boost::asio::socket_base::shutdown_send); }
  void Close() { socket_.close(); }

  // Ends the connection as a kernel does whose process died with bytes unread.
  void Reset() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
};

}  // namespace fathom
