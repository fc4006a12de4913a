#include "common/tcp/handshake.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstring>
#include <string_view>

#include "common/check.h"
#include "common/error.h"
#include "common/net/payload.h"

namespace fathom {
namespace {

constexpr std::string_view kConnectorLabel = "fathom 1 connector";
constexpr std::string_view kAcceptorLabel = "fathom 1 acceptor";

std::array<std::byte, 32> RandomBytes() {
  std::array<std::byte, 32> bytes;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) !=
      1) {
    Fail(ExitCode::kTraining, "the system's random generator gave nothing: check /dev/urandom");
  }
  return bytes;
}

}  // namespace

Secret RandomSecret() { return {RandomBytes()}; }

Handshake Handshake::Connecting(const Secret& secret, int own_rank, int peer_rank) {
  return Handshake(secret, true, own_rank, peer_rank, own_rank);
}

Handshake Handshake::Accepting(const Secret& secret, int own_rank, int ranks) {
  return Handshake(secret, false, own_rank, -1, ranks);
}

Handshake::Handshake(const Secret& secret, bool connects, int own_rank, int peer_rank, int ranks)
    : secret_(secret),
      connects_(connects),
      own_rank_(own_rank),
      peer_rank_(peer_rank),
      ranks_(ranks),
      expected_(connects ? Step::kChallenge : Step::kHello),
      own_nonce_(RandomBytes()) {}

HandshakeMessage Handshake::Hello() {
  FATHOM_CHECK(connects_);
  return Message(Step::kHello, own_nonce_);
}

std::optional<HandshakeMessage> Handshake::Take(const HandshakeMessage& message) {
  FATHOM_CHECK(!proven_);
  const auto content = Content(message);
  switch (expected_) {
    case Step::kHello:
      peer_nonce_ = content;
      expected_ = Step::kConnectorProof;
      return Message(Step::kChallenge, own_nonce_);
    case Step::kChallenge:
      peer_nonce_ = content;
      expected_ = Step::kAcceptorProof;
      return Message(Step::kConnectorProof, ProofOf(true));
    case Step::kConnectorProof:
      CheckProof(content);
      return Message(Step::kAcceptorProof, ProofOf(false));
    case Step::kAcceptorProof:
      CheckProof(content);
      return std::nullopt;
  }
  FATHOM_CHECK(false);
}

HandshakeMessage Handshake::Message(Step step, const std::array<std::byte, 32>& content) const {
  Frame frame{.type = FrameType::kHandshake,
              .source = static_cast<RoleId>(own_rank_),
              .destination = static_cast<RoleId>(peer_rank_),
              .step = static_cast<std::uint64_t>(step),
              .payload = Buffer(content.size())};
  std::memcpy(frame.payload.data(), content.data(), content.size());
  HandshakeMessage message;
  EncodeHeader(frame, std::span(message).first<kFrameHeaderBytes>());
  std::memcpy(message.data() + kFrameHeaderBytes, content.data(), content.size());
  return message;
}

// Checks that the message is the one expected now, and takes over the rank that a hello claims.
std::array<std::byte, 32> Handshake::Content(const HandshakeMessage& message) {
  const auto header_bytes = std::span(message).first<kFrameHeaderBytes>();
  const FrameHeader header = DecodeHeader(header_bytes);
  std::array<std::byte, 32> content;
  if (header.type != FrameType::kHandshake ||
      header.step != static_cast<std::uint64_t>(expected_) ||
      header.payload_bytes != content.size()) {
    Fail(ExitCode::kPeer, "expected message {} of the handshake, got {}, of step {} and {} bytes",
         static_cast<std::uint64_t>(expected_), Described(header.type), header.step,
         header.payload_bytes);
  }
  std::memcpy(content.data(), message.data() + kFrameHeaderBytes, content.size());
  CheckFrame(header_bytes, content);
  const int source = static_cast<int>(header.source);  // beyond the ranks there are, if negative
  CheckSource(source);
  if (header.destination != static_cast<RoleId>(own_rank_)) {
    Fail(ExitCode::kPeer, "a handshake meant for rank {} came to rank {}", header.destination,
         own_rank_);
  }
  peer_rank_ = source;
  return content;
}

void Handshake::CheckSource(int source) const {
  if (peer_rank_ >= 0 && source != peer_rank_) {
    Fail(ExitCode::kPeer, "rank {} answers where rank {} is expected", source, peer_rank_);
  }
  if (!connects_ && (source <= own_rank_ || source >= ranks_)) {
    Fail(ExitCode::kPeer, "rank {} connects to rank {} of {}, which only higher ranks do", source,
         own_rank_, ranks_);
  }
}

Handshake::Proof Handshake::ProofOf(bool connector) const {
  const std::string_view label = connector ? kConnectorLabel : kAcceptorLabel;
  PayloadWriter said;
  said.PutArray(std::span(label));
  said.Put(static_cast<std::uint32_t>(connects_ ? own_rank_ : peer_rank_));
  said.Put(static_cast<std::uint32_t>(connects_ ? peer_rank_ : own_rank_));
  said.Put(connects_ ? own_nonce_ : peer_nonce_);
  said.Put(connects_ ? peer_nonce_ : own_nonce_);
  const Buffer bytes = said.Take();
  Proof proof;
  unsigned int size = 0;
  const auto* done =
      HMAC(EVP_sha256(), secret_.bytes.data(), static_cast<int>(secret_.bytes.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(proof.data()), &size);
  FATHOM_CHECK(done != nullptr && size == proof.size());
  return proof;
}

void Handshake::CheckProof(const Proof& claimed) {
  const Proof right = ProofOf(!connects_);
  if (CRYPTO_memcmp(claimed.data(), right.data(), right.size()) != 0) {
    Fail(ExitCode::kRefused,
         "the peer that calls itself rank {} does not hold the secret of this run", peer_rank_);
  }
  proven_ = true;
}

}  // namespace fathom
