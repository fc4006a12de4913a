#include "worker/text/text_blocks.h"

#include <utility>

#include "common/error.h"
#include "worker/text/csv.h"

namespace fathom {
namespace {

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
std::size_t LastRecordEnd(std::string_view text, const Separator& separator, bool at_end) {
  if (at_end) return text.size();
  if (separator.none() || text.find('"') == std::string_view::npos) {
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

class TextBlockReader::Impl {
 public:
  Impl(std::vector<InputFile> files, Separator quoted_separator, Arrival arrival)
      : files_(std::move(files)), separator_(std::move(quoted_separator)), arrival_(arrival) {}

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
    file_ = std::make_unique<TextSource>(files_[next_file_], arrival_);
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
      const std::size_t room =
          arrival_ == Arrival::kWhole ? kTextBlockBytes : TextSource::kArrivedBytes;
      text.resize(have + room);
      if (have == rest_.size()) rest_.copy(text.data(), have);
      char* const to = text.data() + have;
      const std::size_t got =
          arrival_ == Arrival::kWhole ? file_->Read(to, room) : file_->ReadArrived(to, room);
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
               files_[next_file_ - 1].name, line_, kMaxBlockBytes);
        }
        continue;
      }
      block->file = next_file_ - 1;
      block->first_line = line_;
      block->starts_file = starts_file_;
      block->fields = 0;
      rest_.assign(read.substr(end));
      text.resize(end);
      line_ += CountLines(text);
      starts_file_ = false;
      return true;
    }
  }

  std::vector<InputFile> files_;
  Separator separator_;
  Arrival arrival_;
  std::size_t next_file_ = 0;
  std::unique_ptr<TextSource> file_;
  std::string rest_;  // read but not handed out
  std::uint64_t line_ = 1;
  bool starts_file_ = true;
  std::uint64_t bytes_read_ = 0;
};

TextBlockReader::TextBlockReader(std::vector<InputFile> files, Separator quoted_separator,
                                 Arrival arrival)
    : impl_(std::make_unique<Impl>(std::move(files), std::move(quoted_separator), arrival)) {}
TextBlockReader::~TextBlockReader() = default;
bool TextBlockReader::Next(TextBlock* block) { return impl_->Next(block); }
std::uint64_t TextBlockReader::bytes_read() const { return impl_->bytes_read(); }

}  // namespace fathom
