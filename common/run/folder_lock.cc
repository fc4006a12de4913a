#include "common/run/folder_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>
#include <optional>
#include <thread>

#include "common/error.h"
#include "common/file/scratch_folder.h"
#include "common/folder_entries.h"
#include "common/log_line.h"
#include "common/process/process_mark.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kLock = "run.lock";
// Each time somebody else was faster.
constexpr int kAttempts = 10000;
// For a killed process to be gone.
constexpr auto kLongestEnd = std::chrono::seconds(10);
constexpr auto kEndPollPeriod = std::chrono::milliseconds(10);

std::string TimeForPeople() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return text;
}

[[noreturn]] void Refused(const fs::path& file, const char* what) {
  Fail(ExitCode::kUsage, "{}: {}: {}: check output.dir and its rights", file.string(), what,
       std::strerror(errno));
}

// What a holder's file says now. Its time of change is only compared with itself.
struct Sign {
  std::string text;
  std::int64_t changed_ns = 0;
  friend bool operator==(const Sign&, const Sign&) = default;
};

// Opened anew each time: then NFS asks its server. Nothing: it is gone.
std::optional<Sign> ReadSign(const fs::path& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  char bytes[512];
  const ssize_t got = pread(fd, bytes, sizeof(bytes), 0);
  struct stat status {};
  const bool known = fstat(fd, &status) == 0;
  close(fd);
  if (got < 0 || !known) return std::nullopt;
  return Sign{{bytes, static_cast<std::size_t>(got)},
              status.st_mtim.tv_sec * std::int64_t{1000000000} + status.st_mtim.tv_nsec};
}

// False where the file is not there (any more).
bool WriteSign(const fs::path& file, int flags, const std::string& text) {
  const int fd = open(file.c_str(), O_WRONLY | O_CLOEXEC | flags, 0644);
  if (fd < 0) return errno != ENOENT;
  // Where the disk is full the new time of change is sign enough.
  [[maybe_unused]] const ssize_t written = pwrite(fd, text.data(), text.size(), 0);
  futimens(fd, nullptr);
  close(fd);
  return true;
}

struct Holder {
  std::string name;  // of its file
  ProcessMark mark;
};

// Nothing: the lock is free, or being released. Throws where it is no lock of ours.
std::optional<Holder> FindHolder(const fs::path& lock) {
  for (const fs::path& entry : EntriesOf(lock)) {
    const std::string name = entry.filename().string();
    if (auto mark = ProcessMark::FromName(name)) return Holder{name, *std::move(mark)};
    Fail(ExitCode::kUsage,
         "{}: holds \"{}\", which no run has put there: if no run writes into this folder, remove "
         "{}",
         lock.string(), name, lock.string());
  }
  return std::nullopt;
}

[[noreturn]] void RefuseBecauseOf(const Holder& holder, const fs::path& lock) {
  // Its second line: what it is, and since when.
  std::string what;
  if (const auto sign = ReadSign(lock / holder.name)) {
    const std::size_t begin = sign->text.find('\n');
    if (begin != std::string::npos)
      what = sign->text.substr(begin + 1, sign->text.find('\n', begin + 1) - begin - 1);
  }
  Fail(ExitCode::kUsage,
       "{}: another run writes into this folder: process {} on {}{}{}; wait for its end, or give "
       "this run an output.dir of its own (the lock is {})",
       lock.parent_path().string(), holder.mark.pid, holder.mark.host, what.empty() ? "" : ", ",
       what, lock.string());
}

}  // namespace

// A lock that is held, and the thread that says so.
class FolderLock::Holding {
 public:
  Holding(fs::path lock, const std::string& name, std::string what, std::chrono::milliseconds beat)
      : lock_(std::move(lock)), file_(lock_ / name), what_(std::move(what)) {
    lost_ = !Beat();
    beating_ = std::thread([this, beat] {
      std::unique_lock guard(mutex_);
      while (!ending_.wait_for(guard, beat, [this] { return ended_; })) {
        if (!Beat()) lost_ = true;
      }
    });
  }

  ~Holding() {
    {
      const std::lock_guard guard(mutex_);
      ended_ = true;
    }
    ending_.notify_one();
    beating_.join();
    unlink(file_.c_str());
    rmdir(lock_.c_str());  // not where another is in it by now
  }

  void Check() const {
    struct stat status {};
    if (!lost_ && (stat(file_.c_str(), &status) == 0 || errno != ENOENT)) return;
    Fail(ExitCode::kUsage,
         "{}: this run was silent for so long that another has taken the folder over; nothing more "
         "is written here",
         lock_.parent_path().string());
  }

 private:
  bool Beat() { return WriteSign(file_, 0, fmt::format("{:012}\n{}\n", ++beats_, what_)); }

  fs::path lock_;
  fs::path file_;
  std::string what_;
  std::uint64_t beats_ = 0;
  std::atomic<bool> lost_{false};
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::thread beating_;
};

namespace {

// One attempt after another until the lock is taken or refused.
class Taking {
 public:
  Taking(const fs::path& output_dir, std::string what, const std::function<void()>& waiting,
         FolderLock::Timing timing)
      : lock_(output_dir / kLock),
        name_(ProcessMark::OfThisProcess().Name()),
        what_(std::move(what)),
        prepared_(output_dir / fmt::format("{}.{}", kLock, name_)),
        waiting_(waiting),
        timing_(timing) {
    // Of runs that were killed before they had it.
    RemoveLeftOvers(output_dir, std::string(kLock) + ".");
    if (mkdir(prepared_.c_str(), 0755) != 0) Refused(prepared_, "cannot be made");
    WriteSign(prepared_ / name_, O_CREAT | O_EXCL, fmt::format("{:012}\n{}\n", 0, what_));
    if (access((prepared_ / name_).c_str(), F_OK) == 0) return;
    rmdir(prepared_.c_str());
    Refused(prepared_, "nothing can be written into it");
  }

  ~Taking() {  // where it was not renamed
    unlink((prepared_ / name_).c_str());
    rmdir(prepared_.c_str());
  }
  Taking(const Taking&) = delete;
  Taking& operator=(const Taking&) = delete;

  // Returns once it is held, under name().
  void Run() {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (Free()) return;
      const auto holder = FindHolder(lock_);
      if (!holder) continue;
      if (IsDead(*holder) && TakeOver(*holder)) return;
    }
    Fail(ExitCode::kUsage, "{}: cannot be taken: others take and leave it all the time",
         lock_.string());
  }

  const fs::path& lock() const { return lock_; }
  const std::string& name() const { return name_; }

 private:
  // Throws where it lives; false where that must be asked again.
  bool IsDead(const Holder& holder) {
    switch (StateOf(holder.mark)) {
      case ProcessState::kAlive:
        RefuseBecauseOf(holder, lock_);
      case ProcessState::kEnding:
        if (Clock::now() - began_ > kLongestEnd) RefuseBecauseOf(holder, lock_);
        std::this_thread::sleep_for(kEndPollPeriod);
        return false;
      case ProcessState::kDead:
        return true;
      case ProcessState::kElsewhere:
        return IsStill(holder);
    }
    return false;
  }

  // Whether it is ours. A file server that answers late may say no and have done it.
  bool Ours() const { return access((lock_ / name_).c_str(), F_OK) == 0; }

  bool Free() const {
    if (rename(prepared_.c_str(), lock_.c_str()) == 0) return true;
    const int error = errno;
    if (Ours()) return true;
    if (error == ENOTEMPTY || error == EEXIST) return false;
    errno = error;
    Refused(lock_, error == ENOTDIR ? "is in the way and no lock of Fathom's: remove it"
                                    : "cannot be made");
  }

  bool TakeOver(const Holder& holder) const {
    if (rename((lock_ / holder.name).c_str(), (lock_ / name_).c_str()) != 0 && !Ours())
      return false;
    LogInfo("the run that held {} before (process {} on {}) has died", lock_.string(),
            holder.mark.pid, holder.mark.host);
    return true;
  }

  // Watches the file of one whose process cannot be seen from here. Throws where it lives; false
  // where it is gone.
  bool IsStill(const Holder& holder) const {
    const fs::path file = lock_ / holder.name;
    const auto before = ReadSign(file);
    LogInfo(
        "{} is held by process {} on {}, which cannot be seen from here: watched for {} s at most "
        "for a sign of life",
        lock_.string(), holder.mark.pid, holder.mark.host,
        std::chrono::duration<double>(timing_.dead_after).count());
    for (const auto end = Clock::now() + timing_.dead_after; Clock::now() < end;) {
      std::this_thread::sleep_for(timing_.poll);
      waiting_();
      const auto now = ReadSign(file);
      if (!now) return false;
      if (now != before) RefuseBecauseOf(holder, lock_);
    }
    return true;
  }

  fs::path lock_;
  std::string name_;
  std::string what_;
  fs::path prepared_;
  const std::function<void()>& waiting_;
  FolderLock::Timing timing_;
  Clock::time_point began_ = Clock::now();
};

}  // namespace

FolderLock::FolderLock(const fs::path& output_dir, const std::string& command,
                       const std::function<void()>& waiting, Timing timing) {
  const std::string what = fmt::format("fathom {} since {}", command, TimeForPeople());
  Taking taking(output_dir, what, waiting, timing);
  taking.Run();
  holding_ = std::make_unique<Holding>(taking.lock(), taking.name(), what, timing.beat);
}

FolderLock::FolderLock(const fs::path& output_dir, const std::string& command,
                       const std::function<void()>& waiting)
    : FolderLock(output_dir, command, waiting, Timing()) {}

FolderLock::~FolderLock() = default;

void FolderLock::Check() const { holding_->Check(); }

}  // namespace fathom
