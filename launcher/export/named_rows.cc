#include "launcher/export/named_rows.h"

#include "common/error.h"

namespace fathom {
namespace {

std::string WithOthers(const FeatureName& name) {
  return name.others ? name.text + " and others" : name.text;
}

}  // namespace

NamedRows::NamedRows(const Scorer& model)
    : model_(model), names_(FeatureNames::Of(model.model())), fields_(model.spec().tables.size()) {
  for (const Field& field : model.spec().fields)
    fields_[static_cast<std::size_t>(field.table)].push_back(&field);
}

const Field& NamedRows::FieldNamed(const std::string& name) const {
  std::string known;
  for (const Field& field : model_.spec().fields) {
    if (field.name != name) {
      known += (known.empty() ? "" : ", ") + field.name;
      continue;
    }
    if (has_names() || fields_[static_cast<std::size_t>(field.table)].size() == 1) return field;
    Fail(ExitCode::kUsage,
         "--field {}: the model keeps no names, so that rows of this field cannot be told from "
         "those of the others in table {}: train with output.names = true, or leave --field out",
         name, model_.spec().tables[static_cast<std::size_t>(field.table)].name);
  }
  Fail(ExitCode::kUsage, "--field {}: the model has no such field: it has {}", name, known);
}

void NamedRows::ForEach(std::size_t table, const Field* only,
                        const std::function<void(const NamedRow&)>& use) const {
  const std::vector<const Field*>& fields = fields_[table];
  NamedRow row;
  model_.rows().ForEach(table, [&](Key key, float weight, std::span<const float> embedding) {
    const Field* field = fields.size() == 1 ? fields.front() : nullptr;
    std::optional<FeatureName> name;
    for (std::size_t f = 0; f < fields.size() && has_names() && !name; ++f) {
      name = names_.NameOf(fields[f]->name, key);
      if (name) field = fields[f];
    }
    if (only != nullptr && field != only) return;
    row.field = field != nullptr ? std::string_view(field->name) : std::string_view();
    row.feature = name ? WithOthers(*name) : fmt::format("#{:016x}", key);
    row.key = key;
    row.weight = weight;
    row.embedding = embedding;
    use(row);
  });
}

}  // namespace fathom
