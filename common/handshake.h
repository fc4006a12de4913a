// How two ranks prove to each other that they hold the run's secret, before anything else is read.
//
//   connector -> acceptor   Hello: magic, version, rank, nonce
//   acceptor -> connector   Hello
//   connector -> acceptor   Proof: HMAC-SHA256(secret, label | ranks | nonces)
//   acceptor -> connector   Proof
//
// Fresh nonces make a recorded proof useless; the label and the ranks' order make one side's proof
// useless as the other's. The frames that follow are checksummed, not authenticated: the handshake
// keeps strangers out, it does not hide or seal what goes over the wire.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace fathom {

struct Secret {
  std::array<std::byte, 32> bytes{};
};

// From the system's random source. Throws Error(kPeer) where there is none.
Secret RandomSecret();

inline constexpr std::size_t kHelloBytes = 48;
inline constexpr std::size_t kProofBytes = 32;
using HelloBytes = std::array<std::byte, kHelloBytes>;
using ProofBytes = std::array<std::byte, kProofBytes>;

struct Hello {
  std::uint32_t rank = 0;
  std::array<std::byte, 32> nonce{};
};

// A hello with a fresh nonce.
Hello MakeHello(int rank);
HelloBytes EncodeHello(const Hello& hello);

// Returns whether the bytes are a hello of this version; *why says what else they are.
bool DecodeHello(std::span<const std::byte, kHelloBytes> bytes, Hello* hello, std::string* why);

enum class HandshakeSide : std::uint8_t { kConnector = 1, kAcceptor = 2 };

// The proof of the side `prover`, over both hellos.
ProofBytes MakeProof(const Secret& secret, HandshakeSide prover, const Hello& connector, const Hello& acceptor);

// In a time that does not depend on where they differ.
bool SameProof(const ProofBytes& a, const ProofBytes& b);

}  // namespace fathom
