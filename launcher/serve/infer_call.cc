#include "launcher/serve/infer_call.h"

#include <array>
#include <cstring>
#include <iterator>
#include <optional>

#include "common/whole_number.h"
#include "launcher/http/json_document.h"
#include "launcher/http/request_error.h"
#include "launcher/serve/tensor.h"

namespace fathom {
namespace {

using Kind = JsonDocument::Kind;
using Value = JsonDocument::Value;

constexpr std::array<const char*, 2> kOutputs = {"score", "logit"};

struct InferBody {
  std::string_view json;
  std::string_view binary;
};

InferBody BodyOf(const HttpRequest& request) {
  const std::string_view length = request.inference_header_length;
  if (length.empty()) return {.json = request.body, .binary = {}};
  const auto bytes = WholeNumber<std::size_t>(length);
  if (!bytes || *bytes > request.body.size())
    FailRequest("Inference-Header-Content-Length is {}, and the body has {} bytes", length,
                request.body.size());
  return {.json = request.body.substr(0, *bytes), .binary = request.body.substr(*bytes)};
}

std::string_view NameIn(const Value& tensor, const char* what) {
  const auto name = tensor.Find("name");
  if (!name || !name->Is(Kind::kText)) FailRequest("an {} has no name", what);
  return name->text();
}

std::optional<Value> ParameterOf(const Value& of, std::string_view name) {
  const auto parameters = of.Find("parameters");
  return parameters ? parameters->Find(name) : std::nullopt;
}

std::optional<bool> FlagOf(const Value& of, std::string_view name) {
  const auto flag = ParameterOf(of, name);
  if (!flag) return std::nullopt;
  if (!flag->Is(Kind::kTrue) && !flag->Is(Kind::kFalse))
    FailRequest("the parameter {} is not true or false", name);
  return flag->Is(Kind::kTrue);
}

// Takes the input's own bytes off the front of *binary.
std::string_view TakeBinary(const Value& size, std::string_view name, std::string_view* binary) {
  const auto bytes = WholeNumberOf(size);
  if (!bytes) FailRequest("input \"{}\": binary_data_size is no number of bytes", name);
  if (*bytes > binary->size())
    FailRequest("input \"{}\": binary_data_size is {}, and {} bytes are left behind the JSON", name,
                *bytes, binary->size());
  const std::string_view own = binary->substr(0, *bytes);
  binary->remove_prefix(*bytes);
  return own;
}

void ReadInput(const Value& input, std::string_view* binary, InputRows* rows) {
  const std::string_view name = NameIn(input, "input");
  const std::size_t slot = rows->columns().SlotOf(name);
  const TensorShape shape = ShapeOf(input, name, rows->limits());
  const auto datatype = input.Find("datatype");
  const std::string_view type =
      datatype && datatype->Is(Kind::kText) ? datatype->text() : std::string_view();
  CheckDatatype(type, name);
  const auto data = input.Find("data");
  const auto size = ParameterOf(input, "binary_data_size");
  if (data.has_value() == size.has_value())
    FailRequest("input \"{}\": it needs either data or the parameter binary_data_size", name);
  std::vector<std::string_view> elements;
  if (data) {
    ReadJsonTensor(*data, type, name, shape, rows, &elements);
  } else {
    ReadBinaryTensor(TakeBinary(*size, name, binary), type, name, shape, rows, &elements);
  }
  AddTensor(slot, shape, std::move(elements), rows);
}

struct Output {
  bool logit = false;
  bool binary = false;
};

// What is asked for; all that there are if nothing is.
std::vector<Output> OutputsOf(const Value& root) {
  const bool binary = FlagOf(root, "binary_data_output").value_or(false);
  const auto asked = root.Find("outputs");
  std::vector<Output> outputs;
  if (asked && !asked->Is(Kind::kArray)) FailRequest("\"outputs\" is not an array");
  if (!asked || asked->size() == 0) return {{false, binary}, {true, binary}};
  asked->ForEach([&](const Value& output) {
    const std::string_view name = NameIn(output, "output");
    if (name != kOutputs[0] && name != kOutputs[1])
      FailRequest("the model has no output \"{}\": its outputs are score and logit", name);
    if (outputs.size() == kOutputs.size()) FailRequest("more outputs are asked for than there are");
    if (FlagOf(output, "classification") || ParameterOf(output, "classification"))
      FailRequest("output \"{}\": there are no classes to choose from", name);
    outputs.push_back({name == kOutputs[1], FlagOf(output, "binary_data").value_or(binary)});
  });
  return outputs;
}

HttpReply Answer(const ServedModel& model, const std::string& id, const std::vector<float>& logits,
                 const std::vector<Output>& outputs) {
  fmt::memory_buffer json;
  const auto out = std::back_inserter(json);
  std::string binary;
  fmt::format_to(out, R"({{"model_name":{},"model_version":"{}",{}"outputs":[)",
                 JsonText(model.name()), model.version(), id);
  const char* comma = "";
  for (const Output& output : outputs) {
    fmt::format_to(out, R"({}{{"name":"{}","datatype":"FP32","shape":[{}],)", comma,
                   kOutputs[output.logit ? 1 : 0], logits.size());
    comma = ",";
    if (output.binary) {
      fmt::format_to(out, R"("parameters":{{"binary_data_size":{}}}}})",
                     logits.size() * sizeof(float));
    } else {
      fmt::format_to(out, R"("data":[)");
    }
    for (std::size_t row = 0; row < logits.size(); ++row) {
      const float value = output.logit ? logits[row] : ScoreOf(logits[row]);
      if (output.binary) {
        binary.append(reinterpret_cast<const char*>(&value), sizeof(value));
      } else {
        fmt::format_to(out, "{}{}", row == 0 ? "" : ",", value);
      }
    }
    if (!output.binary) fmt::format_to(out, "]}}");
  }
  fmt::format_to(out, "]}}");
  HttpReply reply;
  reply.body.assign(json.data(), json.size());
  if (!binary.empty()) {
    reply.headers.emplace_back("Inference-Header-Content-Length", std::to_string(json.size()));
    reply.content_type = "application/octet-stream";
    reply.body += binary;
  }
  return reply;
}

}  // namespace

HttpReply Infer(const HttpRequest& request, const ServeLimits& limits, const ServedModel& model) {
  InferBody body = BodyOf(request);
  const JsonDocument document(body.json, limits.values);
  const Value root = document.root();
  if (!root.Is(Kind::kObject)) FailRequest("the body is {}, not an object", NameOf(root.kind()));
  std::string id;
  if (const auto given = root.Find("id")) {
    if (!given->Is(Kind::kText)) FailRequest("\"id\" is not a text");
    id = fmt::format("\"id\":{},", JsonText(given->text()));
  }
  const auto inputs = root.Find("inputs");
  if (!inputs || !inputs->Is(Kind::kArray)) FailRequest("\"inputs\" is not there, or no array");
  const std::vector<Output> outputs = OutputsOf(root);
  InputRows rows(model.columns(), limits);
  inputs->ForEach([&](const Value& input) { ReadInput(input, &body.binary, &rows); });
  if (!body.binary.empty())
    FailRequest("{} bytes are left behind those of the inputs", body.binary.size());
  rows.Finish();
  return Answer(model, id, model.Score(rows), outputs);
}

}  // namespace fathom
