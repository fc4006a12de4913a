// The proof, both ways, that the two ends of a new connection hold the run's secret.
//
//   step   from         content, 32 bytes
//   1      connector    a nonce: random bytes
//   2      acceptor     a nonce
//   3      connector    HMAC-SHA256(secret, "fathom 1 connector", both ranks, both nonces)
//   4      acceptor     HMAC-SHA256(secret, "fathom 1 acceptor", both ranks, both nonces)
//
// Each message is a frame of one fixed size: type kHandshake, source and destination the two
// ranks, step the number above. The connector proves itself first, so a stranger who connects
// learns nothing. The handshake neither signs nor encrypts what follows on the connection: TLS does
// (tls_context.h).
//
// Thread rule: one thread a Handshake. It does no input or output.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "common/net/frame.h"

namespace fathom {

struct Secret {
  std::array<std::byte, 32> bytes;
};

// From the system's cryptographic generator. Throws Error(kTraining) if that fails.
Secret RandomSecret();

inline constexpr std::size_t kHandshakeMessageBytes = kFrameHeaderBytes + 32;
static_assert(2 * kHandshakeMessageBytes <= kMaxHandshakeBytes, "what one side reads of the other");

using HandshakeMessage = std::array<std::byte, kHandshakeMessageBytes>;

class Handshake {
 public:
  // The side that connects knows whom it calls; the side that accepts is told by the hello, and
  // talks only to ranks above its own and below `ranks`.
  static Handshake Connecting(const Secret& secret, int own_rank, int peer_rank);
  static Handshake Accepting(const Secret& secret, int own_rank, int ranks);

  // The connector's first message.
  HandshakeMessage Hello();

  // Takes the peer's next message and returns the answer, if one is due. Throws Error(kRefused)
  // where the proof is wrong, Error(kPeer) where the message makes no sense here; the connection
  // must then be dropped.
  std::optional<HandshakeMessage> Take(const HandshakeMessage& message);

  // True once the peer has proved itself. The acceptor's last answer is still to be sent then.
  bool proven() const { return proven_; }

  // The connector has proved itself and waits for the acceptor to do the same.
  bool awaits_acceptance() const {
    return connects_ && expected_ == Step::kAcceptorProof && !proven_;
  }

  // The rank that the peer claims, or -1 before it has said so.
  int peer_rank() const { return peer_rank_; }

 private:
  using Nonce = std::array<std::byte, 32>;
  using Proof = std::array<std::byte, 32>;
  enum class Step : std::uint64_t {
    kHello = 1,
    kChallenge = 2,
    kConnectorProof = 3,
    kAcceptorProof = 4
  };

  Handshake(const Secret& secret, bool connects, int own_rank, int peer_rank, int ranks);
  HandshakeMessage Message(Step step, const std::array<std::byte, 32>& content) const;
  std::array<std::byte, 32> Content(const HandshakeMessage& message);
  void CheckSource(int source) const;
  Proof ProofOf(bool connector) const;
  void CheckProof(const Proof& claimed);

  Secret secret_;
  bool connects_;
  int own_rank_;
  int peer_rank_;
  int ranks_;
  Step expected_;  // the peer's next message
  Nonce own_nonce_;
  Nonce peer_nonce_{};
  bool proven_ = false;
};

}  // namespace fathom
