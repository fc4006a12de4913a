#include "common/process_mark.h"

#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "common/error.h"

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

template <typename T>
bool ReadNumber(std::string_view text, T* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::string RandomToken() {
  std::uint64_t bits = 0;
  if (getrandom(&bits, sizeof(bits), 0) != static_cast<ssize_t>(sizeof(bits)))
    Fail(ExitCode::kTraining, "the kernel gives no random bytes: {}", std::strerror(errno));
  return fmt::format("{:016x}", bits);
}

std::optional<std::uint64_t> StartOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream words(text.substr(name_end + 1));
  std::vector<std::string> fields(3);  // so that the index is the number of `man 5 proc`
  for (std::string word; words >> word;) fields.push_back(word);
  constexpr std::size_t kState = 3, kThreads = 20, kStart = 22;
  std::uint64_t start = 0, threads = 0;
  if (fields.size() <= kStart || !ReadNumber(fields[kStart], &start)) return std::nullopt;
  // Its main thread may be over while others still end.
  const bool ended = fields[kState] == "Z" || fields[kState] == "X";
  if (ended && (!ReadNumber(fields[kThreads], &threads) || threads <= 1)) return std::nullopt;
  return start;
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
  if (!ReadNumber(parts[1], &mark.pid) || !ReadNumber(parts[2], &mark.start) ||
      !ReadNumber(parts[3], &mark.pid_space) || mark.pid <= 0)
    return std::nullopt;
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
