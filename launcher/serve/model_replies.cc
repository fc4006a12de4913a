#include "launcher/serve/model_replies.h"

#include <nlohmann/json.hpp>

namespace fathom {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json Tensor(const std::string& name, const char* datatype, const Json& shape) {
  Json tensor = Json::object();
  tensor["name"] = name;
  tensor["datatype"] = datatype;
  tensor["shape"] = shape;
  return tensor;
}

Json InputTensor(const InputColumns::Column& column) {
  const bool list = column.separator != 0;
  Json tensor = Tensor(column.input->name, column.numeric ? "FP64" : "BYTES",
                       list ? Json::array({-1, -1}) : Json::array({-1}));
  Json parameters = Json::object();
  parameters["required"] = column.input->required;
  if (list) parameters["separator"] = std::string(1, column.separator);
  tensor["parameters"] = parameters;
  return tensor;
}

Json SignatureTensor(const std::string& name, const char* type, bool list) {
  Json dim = Json::array();
  for (int i = 0; i < (list ? 2 : 1); ++i) {
    Json size = Json::object();
    size["size"] = "-1";
    size["name"] = "";
    dim.push_back(size);
  }
  Json tensor = Json::object();
  tensor["dtype"] = type;
  tensor["tensor_shape"]["dim"] = dim;
  tensor["tensor_shape"]["unknown_rank"] = false;
  tensor["name"] = name;
  return tensor;
}

}  // namespace

std::string ServerMetadata() {
  Json server = Json::object();
  server["name"] = "fathom";
  server["version"] = FATHOM_VERSION;
  server["extensions"] = Json::array({"binary_tensor_data", "model_repository"});
  return Dump(server);
}

std::string ModelMetadata(const ServedModel& model) {
  Json json = Json::object();
  json["name"] = model.name();
  json["versions"] = Json::array({model.version()});
  json["platform"] = "fathom";
  json["inputs"] = Json::array();
  for (const auto& column : model.columns().columns())
    json["inputs"].push_back(InputTensor(column));
  json["outputs"] = Json::array(
      {Tensor("score", "FP32", Json::array({-1})), Tensor("logit", "FP32", Json::array({-1}))});
  return Dump(json);
}

std::string RepositoryIndex(const ModelShelf& shelf) {
  Json index = Json::array();
  for (const auto& slot : shelf.slots()) {
    const auto model = slot->Current();
    Json entry = Json::object();
    entry["name"] = slot->name();
    if (model != nullptr) entry["version"] = model->version();
    entry["state"] = model != nullptr ? "READY" : "UNAVAILABLE";
    entry["reason"] = model != nullptr ? "" : "it is being opened";
    index.push_back(entry);
  }
  return Dump(index);
}

std::string ModelNames(const ModelShelf& shelf) {
  Json names = Json::array();
  for (const auto& slot : shelf.slots()) names.push_back(slot->name());
  Json json = Json::object();
  json["models"] = names;
  return Dump(json);
}

std::string ModelStatus(const ServedModel& model) {
  Json status = Json::object();
  status["version"] = model.version();
  status["state"] = "AVAILABLE";
  status["status"]["error_code"] = "OK";
  status["status"]["error_message"] = "";
  Json json = Json::object();
  json["model_version_status"] = Json::array({status});
  return Dump(json);
}

std::string SignatureMetadata(const ServedModel& model) {
  Json signature = Json::object();
  signature["inputs"] = Json::object();
  for (const auto& column : model.columns().columns())
    signature["inputs"][column.input->name] = SignatureTensor(
        column.input->name, column.numeric ? "DT_DOUBLE" : "DT_STRING", column.separator != 0);
  signature["outputs"]["score"] = SignatureTensor("score", "DT_FLOAT", false);
  signature["method_name"] = "tensorflow/serving/predict";
  Json json = Json::object();
  json["model_spec"]["name"] = model.name();
  json["model_spec"]["signature_name"] = "";
  json["model_spec"]["version"] = model.version();
  json["metadata"]["signature_def"]["signature_def"]["serving_default"] = signature;
  return Dump(json);
}

}  // namespace fathom
