#include <cstdio>

#include "common/run/model_identity.h"
#include "launcher/commands/commands.h"
#include "launcher/export/export_model.h"

namespace fathom {

void ExportCommand(const ExportRequest& request) {
  std::string written;
  ReadOneModel({request.model}, [&] { written = ExportModel(request); });
  std::fputs(written.c_str(), stdout);
}

}  // namespace fathom
