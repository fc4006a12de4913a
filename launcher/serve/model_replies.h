// What the dialects say of a model, and of the server.
#pragma once

#include <string>

#include "launcher/serve/model_shelf.h"
#include "launcher/serve/served_model.h"

namespace fathom {

std::string ServerMetadata();                             // V2
std::string ModelMetadata(const ServedModel& model);      // V2
std::string RepositoryIndex(const ModelShelf& shelf);     // V2
std::string ModelNames(const ModelShelf& shelf);          // KServe's V1
std::string ModelStatus(const ServedModel& model);        // TensorFlow Serving's
std::string SignatureMetadata(const ServedModel& model);  // TensorFlow Serving's

}  // namespace fathom
