#include "common/handshake.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstring>

#include "common/error.h"
#include "common/frame.h"

namespace fathom {
namespace {

constexpr char kLabel[] = "fathom handshake 1";
constexpr std::uint64_t kHelloMagic = 0x4F4C4C4548485446;  // "FTHHELLO"

struct WireHello {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t rank;
  std::array<std::byte, 32> nonce;
};
static_assert(sizeof(WireHello) == kHelloBytes);
static_assert(kHelloBytes + kProofBytes <= kMaxHandshakeBytes);

void FillRandom(std::span<std::byte> bytes) {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1) {
    Fail(ExitCode::kPeer, "the system's random source refused {} bytes", bytes.size());
  }
}

}  // namespace

Secret RandomSecret() {
  Secret secret;
  FillRandom(secret.bytes);
  return secret;
}

Hello MakeHello(int rank) {
  Hello hello{.rank = static_cast<std::uint32_t>(rank)};
  FillRandom(hello.nonce);
  return hello;
}

HelloBytes EncodeHello(const Hello& hello) {
  const WireHello wire{kHelloMagic, kFrameVersion, hello.rank, hello.nonce};
  HelloBytes bytes;
  std::memcpy(bytes.data(), &wire, sizeof(wire));
  return bytes;
}

bool DecodeHello(std::span<const std::byte, kHelloBytes> bytes, Hello* hello, std::string* why) {
  WireHello wire;
  std::memcpy(&wire, bytes.data(), sizeof(wire));
  if (wire.magic != kHelloMagic) {
    *why = "what it sent is no greeting of Fathom";
    return false;
  }
  if (wire.version != kFrameVersion) {
    *why = fmt::format("it speaks version {} of the wire format, this program version {}", wire.version, kFrameVersion);
    return false;
  }
  hello->rank = wire.rank;
  hello->nonce = wire.nonce;
  return true;
}

ProofBytes MakeProof(const Secret& secret, HandshakeSide prover, const Hello& connector, const Hello& acceptor) {
  std::array<unsigned char, sizeof(kLabel) + 1 + 2 * sizeof(WireHello)> text;
  std::memcpy(text.data(), kLabel, sizeof(kLabel));
  text[sizeof(kLabel)] = static_cast<unsigned char>(prover);
  const HelloBytes first = EncodeHello(connector), second = EncodeHello(acceptor);
  std::memcpy(text.data() + sizeof(kLabel) + 1, first.data(), first.size());
  std::memcpy(text.data() + sizeof(kLabel) + 1 + first.size(), second.data(), second.size());
  ProofBytes proof;
  unsigned int size = 0;
  const unsigned char* done = HMAC(EVP_sha256(), secret.bytes.data(), static_cast<int>(secret.bytes.size()), text.data(), text.size(),
                                   reinterpret_cast<unsigned char*>(proof.data()), &size);
  if (done == nullptr || size != proof.size()) Fail(ExitCode::kPeer, "HMAC-SHA256 failed");
  return proof;
}

bool SameProof(const ProofBytes& a, const ProofBytes& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace fathom
