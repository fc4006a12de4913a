#include "launcher/http/listen_address.h"

#include "common/error.h"
#include "common/whole_number.h"

namespace fathom {

ListenAddress ParseListenAddress(const std::string& text) {
  ListenAddress address;
  const std::size_t colon = text.rfind(':');
  std::string_view port = text;
  bool good = true;
  if (colon != std::string::npos) {
    address.host = text.substr(0, colon);
    port.remove_prefix(colon + 1);
    const bool bracketed =
        address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
    if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
    good = !address.host.empty() && (bracketed || address.host.find(':') == std::string::npos);
  }
  const auto number = WholeNumber<std::uint16_t>(port);
  if (!good || !number) {
    Fail(ExitCode::kUsage,
         "--listen {}: this is not [host:]port, as 8080, 0.0.0.0:8080 or [::1]:8080 (the port: 0 "
         "to 65535; 0: one that is free)",
         text);
  }
  address.port = *number;
  return address;
}

}  // namespace fathom
