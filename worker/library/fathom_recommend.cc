// The functions of fathom_predict.h that choose among candidates, and say why.
#include <span>
#include <string>
#include <vector>

#include "worker/library/model_handle.h"
#include "worker/predict/catalogue.h"
#include "worker/predict/recommender.h"
#include "worker/recommend/item_neighbours.h"
#include "worker/recommend/shown_columns.h"
#include "worker/recommend/wide_terms.h"

using namespace fathom::library;
using fathom::CatalogueText;
using fathom::ExitCode;
using fathom::Fail;
using fathom::Scorer;

struct fathom_catalogue {
  fathom_catalogue(const Scorer& scorer, CatalogueText text)
      : items(scorer, std::move(text)), recommenders(items), neighbours(items) {}

  fathom::Catalogue items;
  mutable fathom::RecommenderPool recommenders;
  mutable fathom::SharedNeighbours neighbours;
};

namespace {

// The columns that any item gives.
CatalogueText TextOfItems(const Scorer& scorer, const fathom_text* items, std::size_t count) {
  const std::size_t columns = scorer.inputs().size();
  std::vector<std::size_t> given;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t i = 0; i < count; ++i) {
      if (items[i * columns + c].data == nullptr) continue;
      given.push_back(c);
      names.push_back(scorer.inputs()[c].name);
      break;
    }
  }
  CatalogueText text("the catalogue", std::move(names));
  std::vector<std::string_view> item(given.size());
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t g = 0; g < given.size(); ++g) item[g] = ViewOf(items[i * columns + given[g]]);
    text.Add(item);
  }
  return text;
}

void CheckItem(const fathom_catalogue& catalogue, const char* what, std::size_t item) {
  if (item >= catalogue.items.items())
    Fail(ExitCode::kUsage, "{}: there is no item {}; the catalogue has {}", what, item,
         catalogue.items.items());
}

void CheckItems(const fathom_catalogue& catalogue, const char* what,
                std::span<const std::size_t> items) {
  for (const std::size_t item : items) CheckItem(catalogue, what, item);
}

std::vector<std::string_view> TextsOfReader(const fathom_catalogue& catalogue,
                                            const fathom_text* reader) {
  std::vector<std::string_view> texts(catalogue.items.gives().size());
  std::transform(reader, reader + texts.size(), texts.begin(), ViewOf);
  return texts;
}

}  // namespace

int fathom_catalogue_open(const fathom_model* model, const fathom_text* items, size_t count,
                          fathom_catalogue** catalogue, char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(count > 0, "a catalogue without items");
    Require(model != nullptr && items != nullptr && catalogue != nullptr,
            "model, items or catalogue is null");
    *catalogue = nullptr;
    *catalogue = new fathom_catalogue(*model->scorer, TextOfItems(*model->scorer, items, count));
  });
}

void fathom_catalogue_close(fathom_catalogue* catalogue) { delete catalogue; }

int fathom_recommend(const fathom_catalogue* catalogue, const fathom_text* reader,
                     const size_t* left_out, size_t left_out_count, size_t n, unsigned flags,
                     size_t* places, float* scores, size_t* found, char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(catalogue != nullptr && reader != nullptr && found != nullptr,
            "catalogue, reader or found is null");
    Require(left_out_count == 0 || left_out != nullptr, "left_out is null");
    Require(n == 0 || (places != nullptr && scores != nullptr), "places or scores is null");
    CheckFlags(flags, FATHOM_LOGITS);
    const std::span<const std::size_t> out(left_out, left_out_count);
    CheckItems(*catalogue, "left_out", out);
    std::unique_ptr<fathom::Recommender> recommender = catalogue->recommenders.Take();
    recommender->SetReader(TextsOfReader(*catalogue, reader));
    const std::vector<fathom::Recommended> top = recommender->Top(n, out);
    catalogue->recommenders.Give(std::move(recommender));
    *found = top.size();
    for (std::size_t i = 0; i < top.size(); ++i) {
      places[i] = top[i].item;
      scores[i] = top[i].logit;
    }
    Finish(flags, top.size(), scores);
  });
}

int fathom_item_text(const fathom_catalogue* catalogue, size_t item, const char* column,
                     fathom_text* text, char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(catalogue != nullptr && column != nullptr && text != nullptr,
            "catalogue, column or text is null");
    CheckItem(*catalogue, "item", item);
    const std::string_view of = fathom::ShownColumns(catalogue->items, {column}).Of(item).front();
    *text = {of.data(), of.size()};
  });
}

int fathom_wide_terms(const fathom_catalogue* catalogue, const fathom_text* reader, size_t item,
                      size_t n, size_t name_size, char* names, float* values, size_t* found,
                      char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(catalogue != nullptr && reader != nullptr && found != nullptr,
            "catalogue, reader or found is null");
    Require(n == 0 || (names != nullptr && name_size > 0 && values != nullptr),
            "names or values is null");
    CheckItem(*catalogue, "item", item);
    const std::vector<fathom::WideTerm> terms =
        fathom::WideTerms(catalogue->items).Of(TextsOfReader(*catalogue, reader), item, n);
    *found = terms.size();
    for (std::size_t i = 0; i < terms.size(); ++i) {
      Say(terms[i].name, names + i * name_size, name_size);
      values[i] = terms[i].value;
    }
  });
}

int fathom_near_items(const fathom_catalogue* catalogue, size_t item, const size_t* among,
                      size_t among_count, size_t n, size_t* places, float* cosines, size_t* found,
                      char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(catalogue != nullptr && found != nullptr, "catalogue or found is null");
    Require(n == 0 || (places != nullptr && cosines != nullptr), "places or cosines is null");
    CheckItem(*catalogue, "item", item);
    const fathom::ItemNeighbours& neighbours = catalogue->neighbours.Get();
    std::vector<fathom::Neighbour> near;
    if (among == nullptr) {
      Require(among_count == 0, "among is null, and among_count is not 0");
      near = neighbours.Nearest(item, n);
    } else {
      const std::span<const std::size_t> places_among(among, among_count);
      CheckItems(*catalogue, "among", places_among);
      near = neighbours.Nearest(item, n, places_among);
    }
    *found = near.size();
    for (std::size_t i = 0; i < near.size(); ++i) {
      places[i] = near[i].item;
      cosines[i] = near[i].cosine;
    }
  });
}
