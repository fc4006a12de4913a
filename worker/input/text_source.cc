#include "worker/input/text_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/iostreams/categories.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cerrno>
#include <cstring>
#include <string>

#include "common/error.h"
#include "common/file/descriptor.h"
#include "worker/input/file_kind.h"
#include "worker/input/input_open.h"
#include "worker/input/zstd_frames.h"

namespace fathom {
namespace {

namespace io = boost::iostreams;

constexpr std::size_t kCompressedBytes = 1 << 18;  // read at a time

// The file's own bytes, followed as zstd's frames if they are.
class RawBytes {
 public:
  RawBytes(const InputFile& file, Arrival arrival)
      : name_(file.name),
        file_(arrival == Arrival::kAsItComes ? OpenOnce(file.path)
                                             : Descriptor(file.path, O_RDONLY | O_NOCTTY)) {
    if (file_.get() < 0) Fail(ExitCode::kData, "{}: cannot be opened: {}", name_, WhyNot());
    if (arrival == Arrival::kAsItComes) ReadAhead();
  }

  std::string First() const {
    if (is_ahead_) return ahead_.substr(0, kKindBytes);
    std::string first(kKindBytes, '\0');
    const ssize_t got = pread(file_.get(), first.data(), first.size(), 0);
    if (got < 0) Fail(ExitCode::kData, "{}: cannot be read: {}", name_, WhyNot());
    first.resize(static_cast<std::size_t>(got));
    return first;
  }

  std::size_t Read(char* to, std::size_t bytes) {
    std::size_t got = std::min(bytes, ahead_.size() - ahead_at_);
    ahead_.copy(to, got, ahead_at_);
    ahead_at_ += got;
    if (got == 0) got = ReadOn(to, bytes);
    if (follows_frames_) frames_.Add({to, got});
    return got;
  }

  void FollowFrames() { follows_frames_ = true; }
  bool EndsWithFrame() const { return frames_.Whole(); }

 private:
  static const char* WhyNot() { return std::strerror(errno); }

  std::size_t ReadOn(char* to, std::size_t bytes) {
    ssize_t got = 0;
    do {
      got = read(file_.get(), to, bytes);
    } while (got < 0 && errno == EINTR);
    if (got < 0) Fail(ExitCode::kData, "{}: cannot be read on: {}", name_, WhyNot());
    return static_cast<std::size_t>(got);
  }

  // Of what cannot be read twice: enough to tell what it is. A short first line is.
  void ReadAhead() {
    constexpr std::size_t kEnough = 8;
    is_ahead_ = true;
    std::string piece(TextSource::kArrivedBytes, '\0');
    for (std::size_t got = 1; got > 0 && ahead_.size() < kEnough;) {
      const bool may_be_packed = ahead_.starts_with('\x1F') || ahead_.starts_with('\x28');
      if (ahead_.find('\n') != std::string::npos && !may_be_packed) return;
      got = ReadOn(piece.data(), piece.size());
      ahead_.append(piece, 0, got);
    }
  }

  std::string name_;
  Descriptor file_;
  bool is_ahead_ = false;
  std::string ahead_;  // kAsItComes: its first bytes
  std::size_t ahead_at_ = 0;
  bool follows_frames_ = false;
  ZstdFrames frames_;
};

// As Boost.Iostreams wants it, which copies it.
class RawSource {
 public:
  using char_type = char;
  using category = io::source_tag;
  explicit RawSource(RawBytes* bytes) : bytes_(bytes) {}
  std::streamsize read(char* to, std::streamsize bytes) {
    const std::size_t got = bytes_->Read(to, static_cast<std::size_t>(bytes));
    return got == 0 ? -1 : static_cast<std::streamsize>(got);
  }

 private:
  RawBytes* bytes_;
};

}  // namespace

class TextSource::Impl {
 public:
  Impl(const InputFile& file, Arrival arrival)
      : name_(file.name), raw_(file, arrival), coding_(CodingOf(file.name, raw_.First())) {
    if (coding_ == Coding::kNone) return;
    if (coding_ == Coding::kGzip) stream_.push(io::gzip_decompressor());
    if (coding_ == Coding::kZstd) stream_.push(io::zstd_decompressor());
    if (coding_ == Coding::kZstd) raw_.FollowFrames();
    stream_.push(RawSource(&raw_), kCompressedBytes);
  }

  std::size_t Read(char* to, std::size_t bytes) {
    const std::size_t read = ReadOn(to, bytes);
    if (!at_begin_) return read;
    const std::size_t have = WithoutMark(to, read);
    return have + ReadOn(to + have, read - have);
  }

  std::size_t ReadArrived(char* to, std::size_t bytes) {
    if (coding_ != Coding::kNone) return Read(to, std::min(bytes, kArrivedBytes));
    std::size_t have = ReadSome(to, bytes);
    if (!at_begin_) return have;
    for (std::size_t got = have; got > 0 && have < bytes; have += got) {
      if (std::string_view(to, have).find('\n') != std::string_view::npos) break;
      got = ReadSome(to + have, bytes - have);
    }
    return WithoutMark(to, have);
  }

 private:
  // At the begin: the text without its byte order mark. Returns how long it is.
  std::size_t WithoutMark(char* text, std::size_t bytes) {
    at_begin_ = false;
    const std::size_t begin = BeginOfText(name_, {text, bytes});
    std::memmove(text, text + begin, bytes - begin);
    return bytes - begin;
  }

  std::size_t ReadOn(char* to, std::size_t bytes) {
    std::size_t done = 0;
    while (done < bytes) {
      const std::size_t got = ReadSome(to + done, bytes - done);
      if (got == 0) break;
      done += got;
    }
    return done;
  }

  std::size_t ReadSome(char* to, std::size_t bytes) {
    // A plain file goes past the stream, which would copy it once more.
    if (coding_ == Coding::kNone) return raw_.Read(to, bytes);
    try {
      const auto got = io::read(stream_, to, static_cast<std::streamsize>(bytes));
      if (got > 0) return static_cast<std::size_t>(got);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      FailDamaged(error.what());
    }
    if (coding_ == Coding::kZstd && !raw_.EndsWithFrame()) FailDamaged("it ends within a frame");
    return 0;
  }

  [[noreturn]] void FailDamaged(const char* why) const {
    Fail(ExitCode::kData,
         "{}: its {} data are damaged or were cut short ({}): copy or make the file anew", name_,
         coding_ == Coding::kGzip ? "gzip" : "zstd", why);
  }

  std::string name_;
  RawBytes raw_;
  Coding coding_;
  bool at_begin_ = true;
  io::filtering_istream stream_;  // if it is compressed
};

TextSource::TextSource(const InputFile& file, Arrival arrival)
    : impl_(std::make_unique<Impl>(file, arrival)) {}
TextSource::~TextSource() = default;
std::size_t TextSource::Read(char* to, std::size_t bytes) { return impl_->Read(to, bytes); }
std::size_t TextSource::ReadArrived(char* to, std::size_t bytes) {
  return impl_->ReadArrived(to, bytes);
}

}  // namespace fathom
