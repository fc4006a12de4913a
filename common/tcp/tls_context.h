// Encrypted connections between the ranks of a run: TLS 1.3 whose key is derived from the run's
// secret (an external pre-shared key with a Diffie-Hellman exchange, RFC 8446, section 2.2), so
// that there are no certificates to make, to trust or to expire.
//
// Thread rule: made once; used by one thread of input and output.
#pragma once

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>

#include "common/tcp/handshake.h"

namespace fathom {

class TlsContext {
 public:
  // Throws Error(kPeer) where OpenSSL refuses.
  explicit TlsContext(const Secret& secret);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  boost::asio::ssl::context& ssl() { return ssl_; }

  // For the callbacks.
  const std::array<std::byte, 32>& key() const { return key_; }

 private:
  std::array<std::byte, 32> key_;
  boost::asio::ssl::context ssl_{boost::asio::ssl::context::tls};
};

}  // namespace fathom
