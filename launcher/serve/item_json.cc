#include "launcher/serve/item_json.h"

#include <fmt/format.h>

#include "launcher/http/json_document.h"

namespace fathom {
namespace {

constexpr std::size_t kReasons = 3;  // of each kind

const std::vector<std::string>& Columns(const ServedModel& model, const ItemRequest& request) {
  return request.show.empty() ? model.catalogue()->text().columns() : request.show;
}

}  // namespace

ItemJson::ItemJson(const ServedModel& model, const ItemRequest& request)
    : model_(model), request_(request), shown_(*model.catalogue(), Columns(model, request)) {
  if (request.why) terms_.emplace(*model.catalogue());
}

std::string ItemJson::Members(std::size_t item) {
  std::string json = R"(,"item":)" + Shown(item);
  if (!request_.why) return json;
  const ItemNeighbours& neighbours = model_.neighbours();
  json += R"(,"wide":)" + Wide(item);
  json += R"(,"near":)" + Near(neighbours.Nearest(item, kReasons));
  if (request_.seen)
    json += R"(,"near_seen":)" + Near(neighbours.Nearest(item, kReasons, *request_.seen));
  return json;
}

// Null where it has none.
std::string ItemJson::Shown(std::size_t item) {
  std::string json = "{";
  const std::vector<std::string_view> texts = shown_.Of(item);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    json += fmt::format("{}{}:{}", i == 0 ? "" : ",", JsonText(shown_.names()[i]),
                        texts[i].data() != nullptr ? JsonText(texts[i]) : "null");
  }
  return json + "}";
}

std::string ItemJson::Wide(std::size_t item) {
  std::string json = "[";
  for (const WideTerm& term : terms_->Of(request_.reader, item, kReasons)) {
    json += fmt::format(R"({}{{"term":{},"value":{}}})", json.size() == 1 ? "" : ",",
                        JsonText(term.name), term.value);
  }
  return json + "]";
}

std::string ItemJson::Near(const std::vector<Neighbour>& items) {
  std::string json = "[";
  for (const Neighbour& near : items) {
    json += fmt::format(R"({}{{"cosine":{},"place":{},"item":{}}})", json.size() == 1 ? "" : ",",
                        near.cosine, near.item, Shown(near.item));
  }
  return json + "]";
}

}  // namespace fathom
