#include "common/process/process_mark.h"

#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "common/error.h"
#include "common/process/process_stat.h"
#include "common/whole_number.h"

namespace fathom {
namespace {

constexpr std::size_t kTokenDigits = 16;
constexpr std::size_t kMaxHostBytes = 100;
constexpr std::size_t kParts = 6;  // of a name; the host comes last, it may hold dots

bool IsPlain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
}

std::string HostName() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  std::string host = name.data();
  std::replace_if(
      host.begin(), host.end(), [](char c) { return !IsPlain(c); }, '_');
  if (host.size() > kMaxHostBytes) host.resize(kMaxHostBytes);
  return host.empty() ? "unknown" : host;
}

std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  file >> boot;
  std::erase_if(boot, [](unsigned char c) { return std::isxdigit(c) == 0; });
  return boot;
}

std::uint64_t PidSpace() {
  struct stat status {};
  return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

// A process gives up its memory before anything else when it ends; with gigabytes that takes time.
bool HasMemory(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t pages = 0;
  return !(file >> pages) || pages > 0;
}

}  // namespace

std::string RandomToken() {
  std::uint64_t bits = 0;
  if (getrandom(&bits, sizeof(bits), 0) != static_cast<ssize_t>(sizeof(bits)))
    Fail(ExitCode::kTraining, "the kernel gives no random bytes: {}", std::strerror(errno));
  return fmt::format("{:016x}", bits);
}

std::optional<std::uint64_t> StartOf(pid_t pid) {
  const auto stat = ProcessStat::Of(pid);
  return stat && !stat->ended ? std::optional(stat->start) : std::nullopt;
}

std::string ProcessMark::Name() const {
  return fmt::format("{}.{}.{}.{}.{}.{}", token, pid, start, pid_space, boot, host);
}

std::optional<ProcessMark> ProcessMark::FromName(std::string_view name) {
  std::array<std::string_view, kParts> parts;
  for (std::size_t i = 0; i + 1 < kParts; ++i) {
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    parts[i] = name.substr(0, dot);
    name.remove_prefix(dot + 1);
  }
  parts.back() = name;
  ProcessMark mark;
  mark.token = parts[0];
  const auto hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (mark.token.size() != kTokenDigits || !std::all_of(mark.token.begin(), mark.token.end(), hex))
    return std::nullopt;
  const auto pid = WholeNumber<pid_t>(parts[1]);
  const auto start = WholeNumber<std::uint64_t>(parts[2]);
  const auto pid_space = WholeNumber<std::uint64_t>(parts[3]);
  if (!pid || !start || !pid_space || *pid <= 0) return std::nullopt;
  mark.pid = *pid;
  mark.start = *start;
  mark.pid_space = *pid_space;
  mark.boot = parts[4];
  mark.host = parts[5];
  if (!std::all_of(mark.boot.begin(), mark.boot.end(), hex) || mark.host.empty() ||
      !std::all_of(mark.host.begin(), mark.host.end(), IsPlain))
    return std::nullopt;
  return mark;
}

ProcessMark ProcessMark::OfThisProcess() {
  return {.token = RandomToken(),
          .pid = getpid(),
          .start = StartOf(getpid()).value_or(0),
          .pid_space = PidSpace(),
          .boot = BootId(),
          .host = HostName()};
}

ProcessState StateOf(const ProcessMark& mark) {
  if (mark.boot.empty() || mark.boot != BootId() || mark.pid_space == 0 ||
      mark.pid_space != PidSpace())
    return ProcessState::kElsewhere;
  if (kill(mark.pid, 0) != 0 && errno == ESRCH) return ProcessState::kDead;
  struct stat status {};
  // Of others' processes /proc may show nothing (hidepid); this one is there, or its number is.
  if (stat(fmt::format("/proc/{}", mark.pid).c_str(), &status) != 0) return ProcessState::kAlive;
  if (StartOf(mark.pid) != mark.start) return ProcessState::kDead;
  return HasMemory(mark.pid) ? ProcessState::kAlive : ProcessState::kEnding;
}

}  // namespace fathom
