// One TCP connection to a proven rank: whole frames in and out, inside TLS where the run says so.
// What must outlast a broken connection is in TcpLink (tcp_link.h).
//
// Thread rule: the io thread only.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/net/frame.h"
#include "common/tcp/send_queue.h"
#include "common/tcp/tls_context.h"

namespace fathom {

class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  // Outlives the connection, or closes it. Its functions are called from handlers on the io thread,
  // and not after Close.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnOpened() = 0;  // frames may now be read and written
    virtual void OnHeard() = 0;   // some bytes of a frame came
    // Either may throw Error: what came makes no sense here.
    virtual void OnHeader(const FrameHeader& header) = 0;
    virtual void OnFrame(const FrameHeader& header, Buffer payload) = 0;
    virtual void OnWritten(const boost::system::error_code& error) = 0;
    virtual void OnBroken(const std::string& reason) = 0;  // it ended, or the network broke it
    // What came makes no sense, or nothing was sent or received for the whole `timeout`.
    virtual void OnFault(const std::string& reason) = 0;
  };

  // With `tls` (or null) the two ends first agree on keys; the one that `dialled` begins.
  TcpConnection(boost::asio::ip::tcp::socket socket, bool dialled, TlsContext* tls,
                std::chrono::milliseconds timeout, Owner* owner);

  void Start();

  // Reads one frame. Memory for a payload is taken as its bytes arrive.
  void ReadNext();

  // One Write at a time: the next after OnWritten, when these frames have been handed to the
  // kernel.
  void Write(std::vector<KeptFrame> frames);

  // Closes this side for writing: the peer reads what was written, then the end.
  void FinishSending();

  void Close();

 private:
  void SetOptions(std::chrono::milliseconds timeout);
  void AgreeOnKeys();
  template <typename Buffers, typename Handler>
  void AsyncRead(const Buffers& buffers, Handler handler);
  template <typename Buffers, typename Handler>
  void AsyncWrite(const Buffers& buffers, Handler handler);
  template <typename Act>
  void Guarded(Act act);
  void ReadPayload();
  void OnReadError(const boost::system::error_code& error);
  void OnError(const boost::system::error_code& error, const std::string& words);

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;  // or null
  const bool dialled_;
  Owner* owner_;  // null once closed

  // The frame that is arriving.
  std::array<std::byte, kFrameHeaderBytes> header_bytes_;
  FrameHeader header_{};
  Buffer payload_;
  bool in_frame_ = false;

  std::vector<KeptFrame> being_written_;
};

}  // namespace fathom
