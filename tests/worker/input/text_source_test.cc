#include "worker/input/text_source.h"

#include <gtest/gtest.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <set>
#include <sstream>

#include "common/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
using namespace std::string_literals;
namespace io = boost::iostreams;

template <typename Filter>
std::string Compressed(const std::string& text, Filter filter) {
  io::filtering_istream in;
  in.push(filter);
  std::istringstream source(text);
  in.push(source);
  std::ostringstream out;
  io::copy(in, out);
  return out.str();
}

std::string Gzip(const std::string& text) { return Compressed(text, io::gzip_compressor()); }
std::string Zstd(const std::string& text) { return Compressed(text, io::zstd_compressor()); }

// Text that compresses a little, so that there are blocks of every kind.
std::string Lines(std::uint64_t from, std::uint64_t to) {
  std::string text;
  for (std::uint64_t i = from; i < to; ++i) text += std::to_string(Mix64(i) % 100000) + "\n";
  return text;
}

class TextSourceTest : public ::testing::Test {
 protected:
  std::string Read(const std::string& name, const std::string& bytes) {
    TextSource source(scratch_.Write(name, bytes));
    std::string text(1 << 16, '\0');
    text.resize(source.Read(text.data(), text.size()));
    return text;
  }
  void ExpectRefused(const std::string& bytes, const char* what, const char* remedy) {
    ExpectError(ExitCode::kData, {"train.csv", what, remedy}, [&] { Read("train.csv", bytes); });
  }
  testing::ScratchDir scratch_;
};

// Cut at every byte. A cut between two members cannot be told from a shorter file.
TEST_F(TextSourceTest, AFileThatWasCutShort) {
  const std::string first = Lines(0, 60), second = Lines(60, 90);
  for (const bool gzip : {true, false}) {
    const auto compress = gzip ? Gzip : Zstd;
    const char* const name = gzip ? "text.gz" : "text.zst";
    std::set<std::size_t> ends;
    std::string whole;
    for (const std::string& part : {first, std::string(), second}) {
      whole += compress(part);
      ends.insert(whole.size());
      // Boost's compressor adds a frame without data.
      if (!gzip && !part.empty()) ends.insert(whole.size() - compress("").size());
    }
    EXPECT_EQ(Read(name, whole), first + second);
    for (std::size_t size = 1; size < whole.size(); ++size) {
      SCOPED_TRACE(size);
      if (ends.count(size) > 0) continue;
      ExpectError(ExitCode::kData, {name}, [&] { Read(name, whole.substr(0, size)); });
    }
    for (const std::string& garbage : {"x"s, "garbage behind it"s, std::string(8, '\0')}) {
      SCOPED_TRACE(garbage.size());
      ExpectError(ExitCode::kData, {name, "damaged"}, [&] { Read(name, whole + garbage); });
    }
    EXPECT_EQ(Read(name, compress("")), "");
    EXPECT_EQ(Read(name, ""), "");
  }
}

// Not every zstd has a size in its header, a window of its own, or a checksum: frames as `zstd`
// writes them with --no-check, for a pipe, with a frame to be skipped before it.
TEST_F(TextSourceTest, FramesOfZstdInEveryForm) {
  const std::string skipped = "\x51\x2A\x4D\x18\x03\0\0\0abc"s;
  const std::string raw_block = "\x19\0\0abc"s;  // last, raw, three bytes
  const std::string repeated = "\x23\0\0z"s;     // last, one byte four times
  const std::string magic = "\x28\xB5\x2F\xFD"s;
  const std::string forms[] = {
      magic + "\x20\x03"s + raw_block,     // one segment, a byte of size
      magic + "\0\x58"s + raw_block,       // a window, no size
      magic + "\x60\x04\xFF"s + repeated,  // wrong size: refused
      magic + "\0\x58"s + repeated,
  };
  EXPECT_EQ(Read("a", skipped + forms[0]), "abc");
  EXPECT_EQ(Read("a", forms[1] + skipped + forms[3]), "abczzzz");
  ExpectError(ExitCode::kData, {"damaged"}, [&] { Read("a", forms[2]); });
  for (const std::string& form : {skipped, forms[0], forms[1], forms[3]}) {
    ExpectError(ExitCode::kData, {"cut short"},
                [&] { Read("a", forms[0] + form.substr(0, form.size() - 1)); });
  }
}

TEST_F(TextSourceTest, AByteOrderMarkIsNoText) {
  const std::string mark = "\xEF\xBB\xBF", text = "\"a\",b\n";
  EXPECT_EQ(Read("a", mark + text), text);
  EXPECT_EQ(Read("a", Gzip(mark + text)), text);
  EXPECT_EQ(Read("a.zst", Zstd(mark + text)), text);
  EXPECT_EQ(Read("a", mark + mark + text), mark + text) << "one mark";
  EXPECT_EQ(Read("a", mark), "");
}

TEST_F(TextSourceTest, WhatIsNoTextIsCalledByItsName) {
  const std::string wide = "l\0a\0b\0e\0l\0\n\0"s;
  ExpectRefused("\xFF\xFE"s + wide, "this is UTF-16 text", "iconv -f UTF-16 -t UTF-8");
  ExpectRefused("\xFE\xFF\0l\0a"s, "this is UTF-16 text", "iconv");
  ExpectRefused(wide, "this is UTF-16LE text", "iconv");
  ExpectRefused("\0l\0a\0b"s, "this is UTF-16BE text", "iconv");
  ExpectRefused("\xFF\xFE\0\0l\0\0\0"s, "this is UTF-32 text", "iconv");
  ExpectRefused(Gzip("\xFF\xFE"s + wide), "this is UTF-16 text", "iconv");
  ExpectRefused("PAR1\x15\x04"s, "a Parquet file", "data.format = \"parquet\"");
  ExpectRefused("PK\x03\x04\x14"s, "a zip archive", "unpack it");
  ExpectRefused(
      "\xFD"
      "7zXZ\0\0"s,
      "an xz file", "unxz");
  ExpectRefused("BZh91AY&SY\x01"s, "a bzip2 file", "bunzip2");
  ExpectRefused("Obj\x01\x04"s, "an Avro file", "CSV");
  ExpectRefused(std::string(257, '\0') + "ustar\0"s, "a tar archive", "unpack it");
  ExpectRefused(Gzip(Gzip("a,b\n")), "compressed twice", "decompress it once");
  ExpectRefused("a,b\r1,2\r3,4\r", "carriage return alone", "tr '\\r' '\\n'");
  EXPECT_EQ(Read("one line", "a,b\r"), "a,b\r");
  EXPECT_EQ(Read("a", "ORC,BZh,PAR\n"), "ORC,BZh,PAR\n");
  for (const char* name : {"plain.gz", "plain.zst"}) {
    ExpectError(ExitCode::kData, {name, "neither gzip nor zstd", "without"},
                [&] { Read(name, "a,b\n"); });
  }
}

}  // namespace
}  // namespace fathom
