#include "worker/predict/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/model/checked_file.h"

namespace fathom {

bool KeepsNames(const Manifest& manifest) {
  return std::any_of(manifest.files.begin(), manifest.files.end(),
                     [](const ModelFileEntry& file) { return file.name == kNamesFile; });
}

FeatureNames FeatureNames::Of(const TrainedModel& model) {
  if (!KeepsNames(model.manifest)) return {};
  return {ReadModelText(model, kNamesFile), (model.dir / kNamesFile).string()};
}

FeatureNames::FeatureNames(std::string text, const std::string& file) : text_(std::move(text)) {
  if (!std::string_view(text_).starts_with(kNamesHeader))
    FailDamaged(file, "it does not begin with the names of its columns");
  for (std::size_t at = kNamesHeader.size(); at < text_.size();) {
    const std::size_t end = std::min(text_.find('\n', at), text_.size());
    const auto line = ParseNameLine(std::string_view(text_).substr(at, end - at));
    if (!line) FailDamaged(file, fmt::format("line {} names no key", size_ + 2));
    const std::string field = UnescapedName(line->field);
    if (fields_.empty() || fields_.back().name != field) fields_.push_back({field, {}});
    std::vector<Place>& places = fields_.back().places;
    if (!places.empty() && places.back().key >= line->key)
      FailDamaged(file, fmt::format("line {}: its keys do not ascend", size_ + 2));
    places.push_back({line->key, at});
    ++size_;
    at = end + 1;
  }
}

NameLine FeatureNames::LineAt(std::uint64_t begin) const {
  const std::size_t end = std::min(text_.find('\n', begin), text_.size());
  return ParseNameLine(std::string_view(text_).substr(begin, end - begin)).value();
}

std::optional<FeatureName> FeatureNames::NameOf(std::string_view field, Key key) const {
  for (const Field& named : fields_) {
    if (named.name != field) continue;
    const auto place = std::lower_bound(named.places.begin(), named.places.end(), key,
                                        [](const Place& at, Key of) { return at.key < of; });
    if (place == named.places.end() || place->key != key) return std::nullopt;
    const NameLine line = LineAt(place->line);
    return FeatureName{UnescapedName(line.text), line.others};
  }
  return std::nullopt;
}

std::string FeatureNames::Shown(std::string_view field, Key key) const {
  const auto name = NameOf(field, key);
  if (!name) return fmt::format("#{:016x}", key);
  return name->others ? name->text + " and others" : name->text;
}

}  // namespace fathom
