#include "common/tcp/tls_context.h"

#include <openssl/hmac.h>
#include <openssl/ssl.h>

#include <cstring>
#include <string_view>

#include "common/error.h"

namespace fathom {
namespace {

constexpr std::string_view kIdentity = "fathom run";
constexpr std::string_view kPurpose = "fathom tls key";
constexpr unsigned char kCipher[] = {0x13, 0x01};  // TLS_AES_128_GCM_SHA256
constexpr const char* kCipherName = "TLS_AES_128_GCM_SHA256";

// Where OpenSSL keeps the TlsContext of a context. (Its "app data" are Asio's.)
int OwnIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// A session that both ends make from the key. The caller owns it; null: no memory.
SSL_SESSION* SessionOf(SSL* ssl) {
  const auto* context =
      static_cast<const TlsContext*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), OwnIndex()));
  SSL_SESSION* const session = SSL_SESSION_new();
  if (session == nullptr) return nullptr;
  const auto* key = reinterpret_cast<const unsigned char*>(context->key().data());
  if (SSL_SESSION_set1_master_key(session, key, context->key().size()) == 1 &&
      SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, kCipher)) == 1 &&
      SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1)
    return session;
  SSL_SESSION_free(session);
  return nullptr;
}

int UseSession(SSL* ssl, const EVP_MD*, const unsigned char** identity, std::size_t* length,
               SSL_SESSION** session) {
  *identity = reinterpret_cast<const unsigned char*>(kIdentity.data());
  *length = kIdentity.size();
  *session = SessionOf(ssl);
  return *session != nullptr ? 1 : 0;
}

int FindSession(SSL* ssl, const unsigned char* identity, std::size_t length,
                SSL_SESSION** session) {
  const std::string_view claimed(reinterpret_cast<const char*>(identity), length);
  *session = claimed == kIdentity ? SessionOf(ssl) : nullptr;
  return 1;
}

}  // namespace

TlsContext::TlsContext(const Secret& secret) {
  unsigned length = 0;
  const bool derived =
      HMAC(EVP_sha256(), secret.bytes.data(), static_cast<int>(secret.bytes.size()),
           reinterpret_cast<const unsigned char*>(kPurpose.data()), kPurpose.size(),
           reinterpret_cast<unsigned char*>(key_.data()), &length) != nullptr;
  SSL_CTX* const native = ssl_.native_handle();
  if (!derived || length != key_.size() ||
      SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(native, kCipherName) != 1) {
    Fail(ExitCode::kPeer, "OpenSSL offers no TLS 1.3 with {}: set cluster.tls = false",
         kCipherName);
  }
  SSL_CTX_set_num_tickets(native, 0);  // each connection agrees on keys of its own
  SSL_CTX_set_ex_data(native, OwnIndex(), this);
  SSL_CTX_set_psk_use_session_callback(native, UseSession);
  SSL_CTX_set_psk_find_session_callback(native, FindSession);
}

}  // namespace fathom
