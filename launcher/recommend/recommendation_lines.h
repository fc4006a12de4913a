// Recommendations as they are printed: for a reader at a terminal, for spreadsheets and shells, for
// programs.
#pragma once

#include <string>
#include <vector>

#include "worker/predict/wide_terms.h"

namespace fathom {

enum class RecommendationForm { kTable, kTsv, kJson };

struct NearItem {
  double cosine = 0;
  std::vector<std::string> texts;  // as shown of the item
};

struct RecommendationLine {
  double score = 0;                 // as fathom predict writes it
  std::vector<std::string> texts;   // as shown of the item
  std::vector<WideTerm> wide;       // where reasons are asked for
  std::vector<NearItem> near;       // the nearest of the catalogue
  std::vector<NearItem> near_seen;  // the nearest of those that the reader has
};

struct RecommendationHead {
  std::string score;                // "score" or "logit"
  std::vector<std::string> reader;  // the columns that readers give
  std::vector<std::string> shown;   // the columns shown of an item
  bool reasons = false;
  bool seen = false;  // what the reader has is known
  bool many = false;  // more than one reader
};

// What stands above all answers; empty but for kTsv.
std::string RecommendationHeader(const RecommendationHead& head, RecommendationForm form);

// An answer: of kJson one line, of kTsv a line an item. `reader`: texts, as head.reader.
std::string RecommendationText(const RecommendationHead& head, RecommendationForm form,
                               const std::vector<std::string>& reader,
                               const std::vector<RecommendationLine>& lines);

}  // namespace fathom
