#include "worker/text/input_files.h"

#include <glob.h>

#include <algorithm>
#include <boost/iostreams/device/file_descriptor.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cerrno>
#include <cstring>

#include "common/error.h"
#include "worker/text/csv.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
namespace io = boost::iostreams;

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr std::size_t kMaxBlockBytes = std::size_t{1} << 28;

// One file's text, decompressed.
class TextFile {
 public:
  explicit TextFile(fs::path file) : file_(std::move(file)) {
    io::file_descriptor_source source;
    try {
      source.open(file_.string(), std::ios::in | std::ios::binary);
    } catch (const std::exception&) {
      Fail(ExitCode::kData, "{}: cannot be opened: {}", file_.string(), std::strerror(errno));
    }
    const std::string extension = file_.extension();
    if (extension != ".gz" && extension != ".zst") {
      plain_ = source;
      return;
    }
    if (extension == ".gz") stream_.push(io::gzip_decompressor());
    if (extension == ".zst") stream_.push(io::zstd_decompressor());
    stream_.push(source, 1 << 18);
  }

  // Reads `bytes` to `to`, or what is left of the file; returns how many came.
  std::size_t Read(char* to, std::size_t bytes) {
    std::size_t done = 0;
    try {
      while (done < bytes) {
        const auto wanted = static_cast<std::streamsize>(bytes - done);
        // A plain file goes past the stream, which would copy it once more.
        const std::streamsize got = plain_.is_open() ? plain_.read(to + done, wanted)
                                                     : io::read(stream_, to + done, wanted);
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
      }
    } catch (const std::exception& error) {
      Fail(ExitCode::kData, "{}: cannot be read on: {}: is the file whole?", file_.string(),
           error.what());
    }
    return done;
  }

 private:
  fs::path file_;
  io::file_descriptor_source plain_;  // if it is not compressed
  io::filtering_istream stream_;
};

// Counts in bytes, as many at a time as a byte can count, for the compiler to make vectors of.
std::uint64_t CountLines(std::string_view text) {
  constexpr std::size_t kCounted = 192;
  std::uint64_t lines = 0;
  for (std::size_t at = 0; at < text.size(); at += kCounted) {
    std::uint8_t some = 0;
    for (const char c : text.substr(at, kCounted)) some += c == '\n' ? 1 : 0;
    lines += some;
  }
  return lines;
}

// The end of the last whole record in `text`, 0 if there is none. `at_end`: nothing follows.
std::size_t LastRecordEnd(std::string_view text, char separator, bool at_end) {
  if (at_end) return text.size();
  if (separator == 0 || text.find('"') == std::string_view::npos) {
    const std::size_t newline = text.rfind('\n');
    return newline == std::string_view::npos ? 0 : newline + 1;
  }
  std::size_t end = 0;
  for (;;) {
    const std::size_t next = CsvRecordEnd(text, end, separator, at_end);
    if (next == std::string_view::npos) return end;
    end = next;
  }
}

}  // namespace

std::string GlobOf(const fs::path& path) {
  std::string glob;
  for (const char c : path.string()) {
    if (std::strchr("*?[]\\", c) != nullptr) glob += '\\';
    glob += c;
  }
  return glob;
}

std::vector<fs::path> ExpandGlobs(const fs::path& dir, const std::vector<std::string>& patterns) {
  std::vector<fs::path> files;
  for (const std::string& pattern : patterns) {
    // The folder is meant as it is called, whatever stands in its name.
    const std::string full =
        fs::path(pattern).is_absolute() ? pattern : (fs::path(GlobOf(dir)) / pattern).string();
    glob_t found{};
    const int result = glob(full.c_str(), 0, nullptr, &found);
    for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i)
      files.emplace_back(found.gl_pathv[i]);
    globfree(&found);
    if (result != 0)
      Fail(ExitCode::kData, "{}: no such file: check data.dir and the file names", full);
  }
  for (const fs::path& file : files) {
    if (fs::is_regular_file(file)) continue;
    if (!fs::is_directory(file)) {
      Fail(ExitCode::kData,
           "{}: a pipe or a device: Fathom reads a file more than once; write it to a file first",
           file.string());
    }
    Fail(ExitCode::kData,
         "{}: a folder, not a file: data.train, data.test and [[join]] name files, as \"{}/*.csv\"",
         file.string(), file.string());
  }
  return files;
}

class TextBlockReader::Impl {
 public:
  Impl(std::vector<fs::path> files, char separator)
      : files_(std::move(files)), separator_(separator) {}

  bool Next(TextBlock* block) {
    while (next_file_ < files_.size() || file_ != nullptr) {
      if (file_ == nullptr) Open();
      if (Cut(block)) return true;
    }
    return false;
  }

  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  void Open() {
    file_ = std::make_unique<TextFile>(files_[next_file_]);
    ++next_file_;
    line_ = 1;
    starts_file_ = true;
    rest_.clear();
  }

  // Takes the next block off the open file; closes it and returns false where nothing is left.
  bool Cut(TextBlock* block) {
    std::string& text = block->text;
    std::size_t have = rest_.size();
    for (;;) {
      // The text is as long as the last block's, so that little of it is cleared here.
      text.resize(have + kBlockBytes);
      if (have == rest_.size()) rest_.copy(text.data(), have);
      const std::size_t got = file_->Read(text.data() + have, kBlockBytes);
      have += got;
      bytes_read_ += got;
      const bool at_end = got == 0;
      if (have == 0) {
        file_.reset();
        return false;
      }
      const std::string_view read(text.data(), have);
      const std::size_t end = LastRecordEnd(read, separator_, at_end);
      if (end == 0) {
        if (have > kMaxBlockBytes) {
          Fail(ExitCode::kData, "{}:{}: a line of more than {} bytes: is this a text file?",
               files_[next_file_ - 1].string(), line_, kMaxBlockBytes);
        }
        continue;
      }
      block->file = next_file_ - 1;
      block->first_line = line_;
      block->starts_file = starts_file_;
      rest_.assign(read.substr(end));
      text.resize(end);
      line_ += CountLines(text);
      starts_file_ = false;
      return true;
    }
  }

  std::vector<fs::path> files_;
  char separator_;
  std::size_t next_file_ = 0;
  std::unique_ptr<TextFile> file_;
  std::string rest_;  // read but not handed out
  std::uint64_t line_ = 1;
  bool starts_file_ = true;
  std::uint64_t bytes_read_ = 0;
};

TextBlockReader::TextBlockReader(std::vector<fs::path> files, char separator)
    : impl_(std::make_unique<Impl>(std::move(files), separator)) {}
TextBlockReader::~TextBlockReader() = default;
bool TextBlockReader::Next(TextBlock* block) { return impl_->Next(block); }
std::uint64_t TextBlockReader::bytes_read() const { return impl_->bytes_read(); }

}  // namespace fathom
