#include "worker/input/file_kind.h"

#include <algorithm>

#include "common/error.h"

namespace fathom {
namespace {

using namespace std::string_view_literals;

struct Kind {
  std::string_view begin;
  const char* name;
  const char* remedy;
  std::size_t offset = 0;
};

constexpr Kind kUnread[] = {
    {"PAR1"sv, "a Parquet file", "say data.format = \"parquet\""},
    {"PK\x03\x04"sv, "a zip archive (or a workbook)", "unpack it, or export it as CSV"},
    {"\xFD"
     "7zXZ\0"sv,
     "an xz file", "decompress it, as `unxz` does, or compress it with gzip or zstd"},
    {"1AY&SY"sv, "a bzip2 file",
     "decompress it, as `bunzip2` does, or compress it with gzip or zstd", 4},
    {"\x04\x22\x4D\x18"sv, "an lz4 file",
     "decompress it, as `unlz4` does, or compress it with gzip or zstd"},
    {"7z\xBC\xAF\x27\x1C"sv, "a 7z archive", "unpack it"},
    {"ustar"sv, "a tar archive", "unpack it", 257},
    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an old workbook", "export it as CSV"},
    {"Obj\x01"sv, "an Avro file", "export it as CSV"},
    {"ORC"sv, "an ORC file", "export it as CSV"},
    {"ARROW1\0\0"sv, "an Arrow file", "export it as CSV"},
    {"SQLite format 3\0"sv, "an SQLite database", "export its table as CSV"},
    {"\x89HDF\r\n\x1A\n"sv, "an HDF5 file", "export it as CSV"},
};

bool Is(const Kind& kind, std::string_view first) {
  if (first.size() < kind.offset || !first.substr(kind.offset).starts_with(kind.begin))
    return false;
  // "ORC" might begin a text.
  return kind.begin.size() > 3 || first.find('\0') != std::string_view::npos;
}

[[noreturn]] void RefuseUtf(const std::string& name, const char* encoding) {
  Fail(ExitCode::kData,
       "{}: this is {} text: write it as UTF-8, as `iconv -f {} -t UTF-8` does, and name that file",
       name, encoding, encoding);
}

// Text in UTF-16 without a mark: every second byte is 0.
bool EverySecondIsZero(std::string_view first, std::size_t from) {
  if (first.size() < 4) return false;
  for (std::size_t at = from; at < std::min<std::size_t>(first.size(), 64); at += 2) {
    if (first[at] != '\0' || first[at ^ 1] == '\0') return false;
  }
  return true;
}

void RefuseWideText(const std::string& name, std::string_view first) {
  if (first.starts_with("\xFF\xFE\0\0"sv) || first.starts_with("\0\0\xFE\xFF"sv))
    RefuseUtf(name, "UTF-32");
  if (first.starts_with("\xFF\xFE"sv) || first.starts_with("\xFE\xFF"sv)) RefuseUtf(name, "UTF-16");
  const std::string_view even = first.substr(0, first.size() / 2 * 2);
  if (EverySecondIsZero(even, 1)) RefuseUtf(name, "UTF-16LE");
  if (EverySecondIsZero(even, 0)) RefuseUtf(name, "UTF-16BE");
}

}  // namespace

Coding CodingOf(const std::string& name, std::string_view first) {
  for (const Kind& kind : kUnread) {
    if (Is(kind, first)) Fail(ExitCode::kData, "{}: this is {}: {}", name, kind.name, kind.remedy);
  }
  if (first.starts_with("\x1F\x8B"sv)) return Coding::kGzip;
  // A frame, or one of the frames that hold no data.
  const bool skippable = first.size() >= 4 &&
                         (static_cast<unsigned char>(first[0]) & 0xF0) == 0x50 &&
                         first.substr(1, 3) == "\x2A\x4D\x18"sv;
  if (first.starts_with("\x28\xB5\x2F\xFD"sv) || skippable) return Coding::kZstd;
  for (const std::string_view ending : {".gz"sv, ".zst"sv}) {
    if (!first.empty() && name.ends_with(ending)) {
      Fail(ExitCode::kData,
           "{}: its name says that it is compressed, but it is neither gzip nor zstd: give it a "
           "name without {} if it is plain text",
           name, ending);
    }
  }
  return Coding::kNone;
}

std::size_t BeginOfText(const std::string& name, std::string_view first) {
  RefuseWideText(name, first);
  if (CodingOf("", first.substr(0, std::min(first.size(), kKindBytes))) != Coding::kNone)
    Fail(ExitCode::kData, "{}: it is compressed twice: decompress it once", name);
  const std::size_t cr = first.find('\r');
  if (cr != std::string_view::npos && first.find('\n') == std::string_view::npos &&
      first.find_first_not_of('\r', cr) != std::string_view::npos) {
    Fail(ExitCode::kData,
         "{}: its lines end with a carriage return alone: write line feeds, as `tr '\\r' '\\n'` "
         "does",
         name);
  }
  return first.starts_with("\xEF\xBB\xBF"sv) ? 3 : 0;
}

}  // namespace fathom
