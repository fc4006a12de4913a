#include "launcher/http/server_tls.h"

#include <openssl/ssl.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "common/error.h"

namespace fathom {
namespace {

namespace ssl = boost::asio::ssl;

void RequireReadable(const char* option, const std::filesystem::path& file) {
  std::ifstream in(file);
  char first = 0;
  if (!in.get(first))
    Fail(ExitCode::kUsage, "{} {}: it cannot be read: {}", option, file.string(),
         errno != 0 ? std::strerror(errno) : "it is empty");
}

}  // namespace

ssl::context MakeServerTls(const std::filesystem::path& certificate,
                           const std::filesystem::path& key) {
  errno = 0;
  RequireReadable("--tls-cert", certificate);
  RequireReadable("--tls-key", key);
  ssl::context context(ssl::context::tls_server);
  boost::system::error_code error;
  if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) != 1)
    Fail(ExitCode::kUsage, "OpenSSL offers no TLS 1.2");
  // Without a password callback OpenSSL would ask the terminal for an encrypted key's.
  context.set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  context.use_certificate_chain_file(certificate.string(), error);
  if (error)
    Fail(ExitCode::kUsage, "--tls-cert {}: it holds no certificate in PEM: {}",
         certificate.string(), error.message());
  context.use_private_key_file(key.string(), ssl::context::pem, error);
  if (error)
    Fail(ExitCode::kUsage,
         "--tls-key {}: it holds no unencrypted key in PEM that belongs to {}: {}", key.string(),
         certificate.string(), error.message());
  if (SSL_CTX_check_private_key(context.native_handle()) != 1)
    Fail(ExitCode::kUsage, "--tls-key {}: it is not the key of {}", key.string(),
         certificate.string());
  return context;
}

}  // namespace fathom
