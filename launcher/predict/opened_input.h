// What predict and explain read: a pipe as it comes, a file from its begin.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "common/config/config.h"
#include "common/file/descriptor.h"
#include "worker/feature/input_schema.h"
#include "worker/ingest/data_records.h"
#include "worker/input/block_source.h"
#include "worker/input/input_file.h"
#include "worker/input/input_spool.h"

namespace fathom {

// Thread rule: one thread's own.
class OpenedInput {
 public:
  // `file`: "-" is standard input. Opens a pipe, which waits for its writer. Parquet is read from
  // its end: a pipe is kept on the disk first. Throws Error(kData): it cannot be read.
  OpenedInput(const std::filesystem::path& file, DataFormat format);

  const std::string& name() const { return file_.name; }

  // *text: all of it. Throws Error(kData).
  DataRecords Read(const InputSchema& schema, std::unique_ptr<BlockSource>* text) const;

 private:
  InputFile file_;
  std::optional<Descriptor> pipe_;
  std::optional<InputSpool> spool_;
};

}  // namespace fathom
