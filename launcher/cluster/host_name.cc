#include "launcher/cluster/host_name.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "common/process/process_mark.h"

namespace fathom {

HostName ThisHostName() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  std::error_code none;
  const auto network = std::filesystem::read_symlink("/proc/self/ns/net", none);
  return {name.data(), ProcessMark::OfThisProcess().boot + " " + network.string()};
}

std::vector<std::string> DistinctHostNames(const std::vector<HostName>& by_rank) {
  std::vector<std::string> names;
  std::vector<HostName> known;
  for (const HostName& host : by_rank) {
    if (std::find(known.begin(), known.end(), host) == known.end()) known.push_back(host);
    int number = 0;  // among the places of this name
    for (const HostName& other : known) {
      if (other.name != host.name) continue;
      ++number;
      if (other == host) break;
    }
    names.push_back(number == 1 ? host.name : host.name + " (" + std::to_string(number) + ")");
  }
  return names;
}

}  // namespace fathom
