// Scores examples with a trained model in this process: no servers, no network, no threads of its
// own. A score is, bit for bit, that of `fathom evaluate` of the same example.
//
// Scorer: what all callers share. Immutable once made; any number of threads may use it.
// ScoringSession: one caller's at a time; it keeps the memory that scoring needs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "common/metrics/row_coverage.h"
#include "common/model/model_spec.h"
#include "worker/batch/batch.h"
#include "worker/batch/missing_rows.h"
#include "worker/batch/pulled_rows.h"
#include "worker/feature/feature_encoder.h"
#include "worker/feature/input_schema.h"
#include "worker/model/slice_model.h"
#include "worker/predict/example_list.h"
#include "worker/predict/given_texts.h"
#include "worker/predict/model_rows.h"
#include "worker/predict/trained_model.h"

namespace fathom {

// The model's own config, or one that is bound to it, as one that scores lines without labels: it
// asks for nothing that only training or evaluation needs.
Config ConfigOfLines(Config config);

// What a caller must give, or may: a column of the model's input.
struct ScoringInput {
  std::string name;
  // False: it comes from a joined table, and is looked up where the caller does not give it.
  bool required = true;
  std::vector<std::string> columns;  // of the model, that read it; empty: a joined table's key
};

// Of lines that are read by this schema: by slot.
std::vector<ScoringInput> InputsOf(const InputSchema& schema);

class Scorer {
 public:
  // `config`: as ConfigOfLines makes it. Throws Error(kModel) or Error(kData).
  Scorer(TrainedModel model, Config config, std::unique_ptr<const ModelRows> rows,
         JoinsFrom joins = JoinsFrom::kModel);

  // The model in this folder or bundle, as it is for itself.
  static std::unique_ptr<const Scorer> Open(const std::filesystem::path& path, bool verify);

  const TrainedModel& model() const { return model_; }
  const Config& config() const { return config_; }
  const ModelSpec& spec() const { return spec_; }
  const InputSchema& schema() const { return schema_; }
  const ColumnTransforms& transforms() const { return transforms_; }
  const ModelRows& rows() const { return *rows_; }

  // By slot of the schema.
  const std::vector<ScoringInput>& inputs() const { return inputs_; }

  // A text that means "missing" to the model.
  const std::string& missing_text() const { return missing_text_; }

 private:
  TrainedModel model_;
  Config config_;
  ModelSpec spec_;
  InputSchema schema_;
  ColumnTransforms transforms_;
  std::unique_ptr<const ModelRows> rows_;
  std::vector<ScoringInput> inputs_;
  std::string missing_text_;
};

class ScoringSession {
 public:
  explicit ScoringSession(const Scorer& scorer);
  ScoringSession(const ScoringSession&) = delete;  // the builder reads the list where it is
  ScoringSession& operator=(const ScoringSession&) = delete;

  // Adds an example. `values`: texts by slot, all of them there, as RecordReader::values(). Returns
  // an empty string, or what is wrong with it: then nothing is added.
  std::string Add(const std::vector<std::string_view>& values);

  // The same of an example that a caller gives by slot: a null text that is required is missing,
  // another is looked up.
  std::string AddGiven(std::span<const std::string_view> values);

  // Adds an example whose keys and numbers are known.
  void AddEncoded(const EncodedExample& example) { list_.Add(example); }

  // The example that the last Add has encoded.
  const EncodedExample& encoded() const { return example_; }

  std::size_t examples() const { return list_.examples(); }

  // Scores what was added since the last call, and forgets it: logits [examples()].
  void Score(float* logits);

  // Forgets what was added, unscored.
  void Forget() { list_.Clear(); }

  // Of all that was scored.
  std::vector<FieldCoverage> Coverage() const;

  // The same of several sessions of one scorer.
  static void AddCoverage(const ScoringSession& session, std::vector<FieldCoverage>* fields);
  // The same by field of the model, as it stands.
  const MissingRows& counted() const { return missing_; }

 private:
  const Scorer& scorer_;
  FeatureEncoder encoder_;
  GivenTexts given_;
  EncodedExample example_;
  ExampleList list_;
  BatchBuilder builder_;
  Batch batch_;
  PulledRows rows_;
  SliceModel model_;
  MissingRows missing_;
};

}  // namespace fathom
