#include "common/model/checked_file.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/xxh3.h"

namespace fathom {

namespace fs = std::filesystem;

void FailDamaged(const fs::path& file, const std::string& what) {
  Fail(ExitCode::kModel, "{}: {}: {}", file.string(), what, kModelRemedy);
}

const ModelFileEntry& EntryOf(const Manifest& manifest, const fs::path& dir,
                              const std::string& name) {
  for (const ModelFileEntry& entry : manifest.files) {
    if (entry.name == name) return entry;
  }
  FailDamaged(dir / "manifest.json", "it names no file " + name);
}

Buffer ReadChecked(const fs::path& dir, const ModelFileEntry& entry, const Alive& alive) {
  const fs::path file = dir / entry.name;
  Buffer bytes = ReadFile(file, kModelRemedy, ExitCode::kModel, alive);
  if (bytes.size() != entry.bytes) {
    FailDamaged(file,
                fmt::format("it has {} bytes, the manifest says {}", bytes.size(), entry.bytes));
  }
  const auto all = std::as_const(bytes).bytes();
  for (std::size_t block = 0; block < entry.blocks.size(); ++block) {
    alive();
    const std::size_t begin = std::min(block * kBlockBytes, all.size());
    const auto part = all.subspan(begin, std::min(kBlockBytes, all.size() - begin));
    if (Xxh3(part) == entry.blocks[block]) continue;
    FailDamaged(file, fmt::format("it was altered: block {}, {} bytes from byte {}, has checksum "
                                  "{:016x}, the manifest says {:016x}",
                                  block, part.size(), begin, Xxh3(part), entry.blocks[block]));
  }
  Xxh3Stream whole;
  for (std::size_t at = 0; at < all.size(); at += kBlockBytes) {
    alive();
    whole.Add(all.subspan(at, std::min(kBlockBytes, all.size() - at)));
  }
  if (const std::uint64_t found = whole.Digest(); found != entry.checksum) {
    FailDamaged(file, fmt::format("it was altered: checksum {:016x}, the manifest says {:016x}",
                                  found, entry.checksum));
  }
  return bytes;
}

std::span<const std::byte> CheckedReader::Take(std::uint64_t bytes, const char* what) {
  if (bytes > left()) FailDamaged(file_, fmt::format("it ends within {}", what));
  const auto taken = bytes_.first(bytes);
  bytes_ = bytes_.subspan(bytes);
  return taken;
}

void CheckedReader::Finish() const {
  if (left() > 0) FailDamaged(file_, fmt::format("it has {} bytes too many at its end", left()));
}

}  // namespace fathom
