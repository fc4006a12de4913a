#include "launcher/predict/opened_input.h"

#include <cerrno>
#include <cstring>

#include "common/error.h"
#include "common/file/scratch_folder.h"
#include "worker/input/input_open.h"
#include "worker/input/input_paths.h"

namespace fathom {

OpenedInput::OpenedInput(const std::filesystem::path& file, DataFormat format)
    : file_(NamedInput(file)) {
  CheckReadable(file);
  if (!CanBeReadOnce(file)) return;
  if (format == DataFormat::kParquet) {
    file_ = spool_.emplace(TemporaryFolder(), [](std::uint64_t) {}).Take({file}).front();
    return;
  }
  pipe_.emplace(OpenOnce(file));
  if (pipe_->get() < 0)
    Fail(ExitCode::kData, "{}: cannot be opened: {}", file_.name, std::strerror(errno));
  file_.path = fmt::format("/dev/fd/{}", pipe_->get());
}

DataRecords OpenedInput::Read(const InputSchema& schema, std::unique_ptr<BlockSource>* text) const {
  if (pipe_) return DataRecords::OfPipe(schema, file_, text);
  DataRecords records(schema, {file_}, 0);
  *text = records.Open();
  return records;
}

}  // namespace fathom
