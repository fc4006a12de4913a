#include "launcher/run/model_copy.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "common/buffer.h"
#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/log_line.h"
#include "common/model/checked_file.h"
#include "common/model/partition_file.h"
#include "common/partitions.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// What rank 0 says before the bytes of each block.
struct BlockHeader {
  enum Kind : std::uint64_t { kBlock, kEnd, kFailed } kind = kEnd;
  char file[248] = {};
};

bool Finds(const fs::path& dir, const ModelIdentity& model) {
  try {
    CheckIdentity(dir, model);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool LooksItself(const Config& config, const fs::path& dir, const ModelIdentity& model, int rank) {
  if (rank == 0) return true;
  return config.output.shared != SharedFolder::kNo && Finds(dir, model);
}

// The files that a rank reads beside the manifest: all but the rows of other ranks' servers.
// `cut`: of the run.
std::vector<const ModelFileEntry*> FilesFor(const Layout& layout, Partitions cut, int rank,
                                            const Manifest& manifest) {
  std::vector<PartitionRange> own;
  for (const Role& role : RolesOf(layout, rank)) {
    if (role.kind == RoleKind::kServer)
      own.push_back(manifest.partitions.Covering(cut.OfServer(role.index, layout.servers), cut));
  }
  std::vector<const ModelFileEntry*> files;
  for (const ModelFileEntry& file : manifest.files) {
    const auto partition = PartitionOfFile(file.name);
    const auto holds = [&](const PartitionRange& range) { return range.Holds(*partition); };
    if (!partition || std::any_of(own.begin(), own.end(), holds)) files.push_back(&file);
  }
  return files;
}

// Rank 0: one file to one rank. Throws Error(kModel) where it cannot be read, or is not as the
// manifest says: the rank that gets it knows only its copy by name. `entry`: null for the manifest.
void SendFile(const fs::path& file, const ModelFileEntry* entry, int rank, MpiSession& mpi) {
  std::ifstream in(file, std::ios::binary);
  BlockHeader header{.kind = BlockHeader::kBlock};
  const std::string name = file.filename().string();
  if (!in || name.size() >= sizeof(header.file)) FailDamaged(file, "it cannot be opened");
  std::memcpy(header.file, name.data(), name.size());
  std::vector<char> block(kBlockBytes);
  Xxh3Stream checksum;
  do {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    if (in.bad()) FailDamaged(file, "it cannot be read");
    const auto read = std::as_bytes(std::span(block)).first(static_cast<std::size_t>(in.gcount()));
    mpi.SendTo(rank, BytesOf(header));
    checksum.Add(read);
    mpi.SendTo(rank, read);
    mpi.Beat();
  } while (in);
  if (entry != nullptr && checksum.Digest() != entry->checksum)
    FailDamaged(file, fmt::format("it was altered: checksum {:016x}, the manifest says {:016x}",
                                  checksum.Digest(), entry->checksum));
}

// Rank 0, to each of these ranks. They are all told of a failure, so that none waits in vain.
void SendModel(const fs::path& dir, const ModelIdentity& model, const Layout& layout,
               Partitions cut, const std::vector<int>& ranks, MpiSession& mpi) {
  std::optional<Error> failure;
  for (const int rank : ranks) {
    try {
      const Manifest manifest = CheckIdentity(dir, model);  // it may be replaced at any time
      SendFile(dir / kModelSeal.file, nullptr, rank, mpi);
      for (const ModelFileEntry* entry : FilesFor(layout, cut, rank, manifest))
        SendFile(dir / entry->name, entry, rank, mpi);
      mpi.SendTo(rank, BytesOf(BlockHeader{.kind = BlockHeader::kEnd}));
    } catch (const Error& error) {
      if (error.code() != ExitCode::kModel) throw;
      failure = error;
      mpi.SendTo(rank, BytesOf(BlockHeader{.kind = BlockHeader::kFailed}));
    }
  }
  if (failure) throw *failure;
}

BlockHeader ReceiveHeader(MpiSession& mpi) {
  const auto bytes = mpi.ReceiveFromFirst();
  BlockHeader header;
  if (bytes.size() != sizeof(header))
    Fail(ExitCode::kPeer, "rank 0 sent {} bytes, {} are due", bytes.size(), sizeof(header));
  std::memcpy(&header, bytes.data(), sizeof(header));
  header.file[sizeof(header.file) - 1] = 0;
  return header;
}

// What rank 0 sends goes into `dir`. What cannot be written is received all the same, so that rank
// 0 can go on.
void ReceiveModel(const fs::path& dir, MpiSession& mpi) {
  std::ofstream out;
  std::string name, failure;
  for (;;) {
    const BlockHeader header = ReceiveHeader(mpi);
    if (header.kind == BlockHeader::kFailed) failure = "rank 0 could not read it";
    if (header.kind != BlockHeader::kBlock) break;
    const auto block = mpi.ReceiveFromFirst();
    mpi.Beat();
    if (name != header.file) {
      name = header.file;
      out = std::ofstream(dir / name, std::ios::binary);
    }
    out.write(reinterpret_cast<const char*>(block.data()),
              static_cast<std::streamsize>(block.size()));
    out.flush();
    if (!out && failure.empty())
      failure = fmt::format("{} cannot be written: {}", name, std::strerror(errno));
  }
  if (!failure.empty())
    Fail(ExitCode::kModel, "{}: no copy of rank 0's model: {}", dir.string(), failure);
}

}  // namespace

ModelCopy::ModelCopy(const Config& config, const Layout& layout, const fs::path& dir,
                     const ModelIdentity& model, MpiSession& mpi)
    : dir_(dir) {
  const bool finds = LooksItself(config, dir, model, mpi.rank());
  const std::vector<int> without = mpi.RanksWhere(!finds);
  if (config.output.shared == SharedFolder::kYes && !without.empty()) {
    Fail(ExitCode::kModel,
         "{}: output.shared = \"yes\", but rank {} on {} finds another model there than rank 0, or "
         "none",
         dir.string(), without.front(), mpi.hosts()[static_cast<std::size_t>(without.front())]);
  }
  if (!without.empty())
    LogInfo("ranks that do not find {} get a copy of it: {}", dir.string(),
            fmt::join(without, ", "));
  if (mpi.rank() == 0)
    SendModel(dir, model, layout, Partitions(config.server.partitions), without, mpi);
  if (finds) return;
  scratch_.emplace(config.output.dir, "model");
  dir_ = scratch_->path();
  ReceiveModel(dir_, mpi);
}

}  // namespace fathom
