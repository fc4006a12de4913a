// Frames over one proven TCP connection to another rank.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/frame.h"

namespace fathom {

// Thread rule: Send from any thread; the callbacks come on the io thread. After `lost` nothing
// more is delivered and what is sent is dropped.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  struct Callbacks {
    // Throws Error where a frame from this peer may not say so; the connection is then dropped.
    std::function<void(const FrameHeader&)> check;
    std::function<void(Frame)> deliver;
    std::function<void(const std::string& why)> lost;  // once
    std::function<void()> drained;                     // the send queue has become empty
  };

  TcpConnection(Socket socket, std::chrono::milliseconds timeout, Callbacks callbacks);

  void Start();
  void Send(Frame frame);
  bool idle() const;  // nothing waits to be sent
  void Close();       // on the io thread; `lost` is not called

 private:
  struct Outgoing {
    std::array<std::byte, kFrameHeaderBytes> header;
    Frame frame;
  };

  void ReadHeader();
  void ReadPayload();
  void Deliver();
  void WriteNext();
  void Lose(const std::string& why);

  Socket socket_;
  Callbacks callbacks_;

  std::array<std::byte, kFrameHeaderBytes> header_in_{};
  Frame frame_in_;
  std::size_t payload_bytes_ = 0;  // of frame_in_, in all

  mutable std::mutex mutex_;
  std::deque<Outgoing> queue_;     // the first `writing_` are on their way
  std::size_t writing_ = 0;
  bool lost_ = false;
};

}  // namespace fathom
