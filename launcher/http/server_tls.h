// The server's end of TLS: its certificate and key.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>

namespace fathom {

// `certificate`: PEM, the server's own first and then those that lead to a root. `key`: PEM, not
// encrypted. TLS 1.2 and newer. Throws Error(kUsage) that names the file.
boost::asio::ssl::context MakeServerTls(const std::filesystem::path& certificate,
                                        const std::filesystem::path& key);

}  // namespace fathom
