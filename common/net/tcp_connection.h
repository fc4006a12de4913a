// The proven connection to one other rank: frames both ways, the roles of both ranks on it.
//
// Thread rule: Send from any thread, the waits from any but the io thread, all else on the io
// thread.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/net/frame.h"
#include "common/net/mailbox.h"
#include "common/net/tls_context.h"
#include "common/schedule/layout.h"

namespace fathom {

class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  // Called on the io thread.
  struct Events {
    std::function<Frame()> beat;          // makes what tells the peer that this side is alive
    std::function<void(Frame)> received;  // checked: from a role there to a role here
    std::function<void(const std::string&)> lost;  // at most once, with the reason; the last event
  };

  // With `tls` (or null) the two ends first agree on keys; the higher rank begins. `tls` and
  // `layout` must outlive the connection. While frames of more than kMaxWaitingBytes wait here for
  // their roles, nothing is read. The peer is lost when it takes, acknowledges or says nothing for
  // `timeout`; each side sends a beat five times in that time.
  TcpConnection(boost::asio::ip::tcp::socket socket, const Layout& layout, int own_rank,
                int peer_rank, TlsContext* tls, std::chrono::milliseconds timeout, Events events);

  // Begins to read. The peer's first bad frame, or its end without kGoodbye, loses it.
  void Start();

  // Queues the frame; one to a peer that is gone is dropped.
  void Send(Frame frame);

  // Waits until the queue is empty, the peer gone, or the deadline over.
  void Flush(Deadline deadline);

  // Ends it from this side: no more events; what arrives is thrown away until the peer ends it too.
  void BeginClose();
  void AwaitClosed(Deadline deadline);

 private:
  struct Outgoing {
    std::array<std::byte, kFrameHeaderBytes> header;
    Buffer payload;
  };

  void SetOptions();
  void AgreeOnKeys();
  template <typename Buffers, typename Handler>
  void Read(const Buffers& buffers, Handler handler);
  template <typename Buffers, typename Handler>
  void Write(const Buffers& buffers, Handler handler);
  void BeatAgain();
  void ReadNext();
  void ReadHeader();
  std::shared_ptr<void> Hold(std::uint64_t bytes);
  void Release(std::uint64_t bytes);
  void OnHeader();
  void ReadPayload();
  void OnFrame();
  void OnReadError(const boost::system::error_code& error);
  void CheckRoute() const;
  void WriteQueued();
  void End(const std::optional<std::string>& loss);

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;  // or null
  const Layout& layout_;
  const int own_rank_;
  const int peer_rank_;
  const std::chrono::milliseconds timeout_;
  const Events events_;
  boost::asio::steady_timer beat_timer_;
  Clock::time_point heard_{};

  // The frame that is arriving.
  std::array<std::byte, kFrameHeaderBytes> header_bytes_;
  FrameHeader header_{};
  Buffer payload_;
  bool in_frame_ = false;
  std::uint64_t waiting_bytes_ = 0;  // of frames that no role has taken yet
  bool full_ = false;                // nothing is read until some of them are
  bool goodbye_ = false;
  bool closing_ = false;
  std::vector<Outgoing> being_written_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Outgoing> queue_;
  bool writing_ = false;
  bool ended_ = false;
};

}  // namespace fathom
