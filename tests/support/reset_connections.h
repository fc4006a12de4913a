// Breaks this process's TCP connections while it runs, as a firewall or a router does that forgets
// them.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

namespace fathom::testing {

// The descriptors of this process's established TCP connections.
inline std::vector<int> EstablishedConnections() {
  constexpr int kDescriptors = 1024;
  std::vector<int> found;
  for (int descriptor = 0; descriptor < kDescriptors; ++descriptor) {
    tcp_info info{};
    socklen_t bytes = sizeof(info);
    if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0 &&
        info.tcpi_state == TCP_ESTABLISHED)
      found.push_back(descriptor);
  }
  return found;
}

// Breaks one of them, chosen at random: by a reset, or by an end that nobody expects. False: there
// was none. (It may have been closed, or its number used again for another, since it was found:
// that one is broken then, or nothing is.)
inline bool BreakOneConnection(std::mt19937& random) {
  const auto found = EstablishedConnections();
  if (found.empty()) return false;
  const int descriptor = found[random() % found.size()];
  if (random() % 2 == 0) return ::shutdown(descriptor, SHUT_RDWR) == 0;
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;  // a connected socket that is connected to nobody sends a reset
  // Not by ::connect: the thread sanitizer takes that for a new descriptor.
  return ::syscall(SYS_connect, descriptor, &nobody, sizeof(nobody)) == 0;
}

// Breaks connections at random moments, from a thread of its own, for as long as it lives.
class ConnectionBreaker {
 public:
  ConnectionBreaker(unsigned seed, std::chrono::microseconds longest_pause)
      : thread_([this, seed, longest_pause] {
          std::mt19937 random(seed);
          while (!stop_) {
            std::this_thread::sleep_for(
                std::chrono::microseconds(random() % static_cast<unsigned>(longest_pause.count())));
            if (BreakOneConnection(random)) ++broken_;
          }
        }) {}
  ~ConnectionBreaker() { Stop(); }

  // How many it has broken; none from now on.
  int Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return broken_;
  }
  int broken() const { return broken_; }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> broken_{0};
  std::thread thread_;
};

}  // namespace fathom::testing
