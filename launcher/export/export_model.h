// Writes a trained model in a form that others read (docs/export.md).
//
// The model's checksums are verified first. What is written takes its name when it is whole. Rows
// are read as they lie in the model's files, so memory does not grow with the model.
//
// Thread rule: any thread. Failure: Error(kUsage) where a request makes no sense or its output
// would replace something else; Error(kModel) where the model is damaged or the output cannot be
// written.
#pragma once

#include <string>

#include "launcher/export/export_request.h"

namespace fathom {

// Returns what was written: lines for people.
std::string ExportModel(const ExportRequest& request);

}  // namespace fathom
