// The link between this rank and one other, for the whole run: it carries the frames of all roles
// of both, both ways, over a connection that is made anew where it breaks.
//
// Each side numbers the frames that it sends, keeps them until the other says that it has them, and
// says first on every new connection how many it has received (kReceived). The other continues with
// the next one: no frame is lost, none comes twice. Beats and kReceived itself have no number.
//
// Thread rule: Send from any thread, the waits from any but the io thread, all else on the io
// thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/net/frame.h"
#include "common/net/transport.h"
#include "common/schedule/layout.h"
#include "common/tcp/send_queue.h"
#include "common/tcp/tcp_connection.h"
#include "common/tcp/tls_context.h"

namespace fathom {

// A receipt (kReceived) is sent after so many bytes of frames, and with each beat.
inline constexpr std::uint64_t kAcknowledgeBytes = 1ull << 20;

class TcpLink : public std::enable_shared_from_this<TcpLink>, private TcpConnection::Owner {
 public:
  // Called on the io thread.
  struct Events {
    std::function<Frame(FrameType)> note;          // from this rank to the other, of step 0
    std::function<void(Frame)> received;           // checked: from a role there to a role here
    std::function<void(bool)> seek;                // a new connection is needed, is needed no more
    std::function<void(const std::string&)> lost;  // at most once, with the reason; the last event
  };

  // `tls` (or null) and `layout` must outlive the link. While frames of more than kMaxWaitingBytes
  // wait here for their roles, nothing is read. The other rank is lost when it takes, acknowledges
  // or says nothing for `timeout`, whether there is a connection or a new one is sought; each side
  // sends five beats in that time.
  TcpLink(const boost::asio::any_io_executor& executor, const Layout& layout, int own_rank,
          int peer_rank, TlsContext* tls, std::chrono::milliseconds timeout, Events events);
  ~TcpLink() override;

  int peer_rank() const { return peer_rank_; }

  // Continues over a new connection, on which the other rank has proved itself, and drops the one
  // before. False: the link has ended.
  bool Use(boost::asio::ip::tcp::socket socket);

  // While a new connection is sought. OnTrouble: an attempt failed. OnGone: the process there has
  // ended.
  void OnTrouble(const std::string& trouble) { trouble_ = trouble; }
  void OnGone(const std::string& why);

  // Tells the other rank that this one is alive.
  void Beat();

  // Queues the frame. A frame to a peer that is gone is dropped.
  void Send(Frame frame);

  // Waits until everything is written to a connection, the peer is gone, or the deadline has
  // passed.
  void Flush(Deadline deadline);

  // Queues the last frame of this side, kGoodbye or kLeft. After kLeft no connection is sought.
  void Leave(Frame last_word);

  // Ends the link from this side: no more events but `seek`. What still arrives is dropped until
  // the peer ends its side too.
  void BeginClose();
  void AwaitClosed(Deadline deadline);

 private:
  void OnOpened() override;
  void OnHeard() override { heard_ = Clock::now(); }
  void OnHeader(const FrameHeader& header) override;
  void OnFrame(const FrameHeader& header, Buffer payload) override;
  void OnWritten(const boost::system::error_code& error) override;
  void OnBroken(const std::string& reason) override;
  void OnFault(const std::string& reason) override { End(reason); }

  void TickAgain();
  void Tick();
  std::string SilenceWords() const;
  void CheckRoute(const FrameHeader& header) const;
  void OnNumbered(const FrameHeader& header, Buffer payload);
  void OnReceived(std::uint64_t number);
  void OnResumed(std::uint64_t frames_again);
  void Acknowledge();
  void SendNote(FrameType type, std::uint64_t step);
  void WriteNext();
  void ReadNext();
  void Disconnect();
  std::shared_ptr<void> Hold(std::uint64_t bytes);
  void Release(std::uint64_t bytes);
  bool ended();
  bool AllAcknowledged();
  void End(const std::optional<std::string>& loss);

  const boost::asio::any_io_executor executor_;
  const Layout& layout_;
  const int own_rank_;
  const int peer_rank_;
  TlsContext* const tls_;
  const std::chrono::milliseconds timeout_;
  const Events events_;
  boost::asio::steady_timer timer_;

  std::shared_ptr<TcpConnection> connection_;  // null while it is sought
  bool opened_ = false;                        // the connection takes frames
  bool resuming_ = true;                       // the peer has not yet said what it has received
  bool in_flight_ = false;                     // a write is
  bool finished_ = false;                      // nothing more is written to this connection
  std::vector<KeptFrame> notes_;               // to be written before the queue's frames
  std::string break_reason_;                   // of the last break; empty before the first
  Clock::time_point broke_{};
  std::string trouble_;  // of the last attempt to mend it
  Clock::time_point heard_{};

  std::uint64_t received_ = 0;       // numbered frames of the peer
  std::uint64_t told_ = 0;           // of which it knows
  std::uint64_t untold_bytes_ = 0;   // of the others
  std::uint64_t waiting_bytes_ = 0;  // of frames that no role has taken yet
  bool full_ = false;                // nothing is read until some of them are
  bool goodbye_ = false;             // the peer has said it
  bool left_ = false;                // this side has
  bool closing_ = false;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  SendQueue queue_;
  bool busy_ = true;  // a write is under way or asked for, or must wait for a connection
  bool ended_ = false;
};

}  // namespace fathom
