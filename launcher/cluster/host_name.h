// By which name a rank's host is known in a job.
#pragma once

#include <string>
#include <vector>

namespace fathom {

// Hosts cloned from one image, and containers, may have one name: what tells them apart is the boot
// of the kernel and the network that a process sees.
struct HostName {
  std::string name;
  std::string place;
  friend bool operator==(const HostName&, const HostName&) = default;
};

HostName ThisHostName();

// The ranks' hosts by name; of those that have one name the second place is "NAME (2)".
std::vector<std::string> DistinctHostNames(const std::vector<HostName>& by_rank);

}  // namespace fathom
