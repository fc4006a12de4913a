#include "launcher/run/run_data.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <span>
#include <thread>

#include "common/buffer.h"
#include "common/config/best_model.h"
#include "common/elementary.h"
#include "common/error.h"
#include "common/file/given_folder.h"
#include "common/file/text_file.h"
#include "common/log_line.h"
#include "worker/data/generated_data.h"
#include "worker/data/packed_data.h"

namespace fathom {
namespace {

constexpr double kMegabyte = 1e6;

int IngestThreads() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

class ProgressLines {
 public:
  explicit ProgressLines(std::int64_t seconds) : every_(seconds) {}

  void operator()(const IngestProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < every_) return;
    last_ = now;
    LogInfo("ingest: {}   {:.0f} MB read   {} examples", progress.stage,
            static_cast<double>(progress.bytes_read) / kMegabyte, progress.examples);
  }

 private:
  std::chrono::seconds every_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

double Rate(std::uint64_t positives, std::uint64_t examples) {
  return examples == 0 ? 0 : 100.0 * static_cast<double>(positives) / static_cast<double>(examples);
}

void LogPart(const char* name, std::uint64_t examples, std::uint64_t positives) {
  if (examples > 0)
    LogInfo("{:<10} {:>10} examples, {:.1f} % positive", name, examples, Rate(positives, examples));
}

void LogIngest(const Config& config, const IngestResult& result) {
  if (result.reused) {
    LogInfo("ingest: nothing changed, packed data reused");
  } else {
    LogInfo("ingest: {:.1f} MB of text in {:.2f} s",
            static_cast<double>(result.bytes_read) / kMegabyte, result.seconds);
  }
  LogPart("train", result.train_examples, result.train_positives);
  LogPart("validation", result.validation_examples, result.validation_positives);
  LogPart("test", result.test_examples, result.test_positives);
  if (result.unmatched_joins > 0) {
    LogWarning("{} lookups in joined tables found no row: their columns are missing values",
               result.unmatched_joins);
  }
  LogFilteredLines(result.filtered_lines);
  LogRemarks(RemarksOn(config, result));
  LogBadLines(result.bad_lines, result.first_bad_lines);
}

// The first rank of a host ingests with as many threads as the host has processors, the rest wait
// asleep. Rank 0 logs progress, counts and bad lines.
IngestResult PrepareData(const Config& config, const ModelSpec& spec,
                         const std::string& earlier_transforms, MpiSession& mpi) {
  RefuseInputReadOnce(config, mpi.ranks());
  ProgressLines lines(config.output.progress_seconds);
  const auto progress = [&](const IngestProgress& now) {
    mpi.Beat();
    if (mpi.rank() == 0) lines(now);
  };
  MakePackedDir(config);
  IngestResult result;
  const auto ingest = [&](int threads) {
    result = Ingest(config, spec, PackedDir(config), threads, progress, earlier_transforms);
  };
  if (mpi.leads_host()) ingest(IngestThreads());
  mpi.Barrier();
  if (!mpi.leads_host()) ingest(1);
  if (mpi.rank() == 0) LogIngest(config, result);
  return result;
}

// The logit of a share of positives.
float LogitOf(double positives, double all) {
  if (!(positives > 0) || !(positives < all)) {
    Fail(ExitCode::kData,
         "model.initial_bias = \"base_rate\": of the training part's weight of {} {} is positive, "
         "which has no logit; check data.label and data.weight",
         all, positives);
  }
  return static_cast<float>(Log(positives / (all - positives)));
}

// Of examples that no file counts: rank 0 looks at them all.
float LogitOfRate(const ExampleSource& data, MpiSession& mpi) {
  double positives = 0;
  ExampleScratch scratch;
  for (std::uint64_t i = 0; mpi.rank() == 0 && i < data.examples(); ++i)
    positives += data.Example(i, &scratch).label;
  mpi.Broadcast(std::as_writable_bytes(std::span(&positives, 1)));
  return LogitOf(positives, static_cast<double>(data.examples()));
}

float LogitOfRate(const IngestResult& packed, bool weighted) {
  if (weighted) return LogitOf(packed.train_weights.positives, packed.train_weights.all);
  return LogitOf(static_cast<double>(packed.train_positives),
                 static_cast<double>(packed.train_examples));
}

OpenedData Generate(const Config& config, MpiSession& mpi) {
  OpenedData opened{.data = {},
                    .transforms_json = "{}",
                    .side_tables = {},
                    .names = {},
                    .summary_json = {},
                    .initial_bias = 0};
  opened.data.train = std::make_unique<GeneratedData>(config, GeneratedData::Part::kTrain);
  if (config.model.initial_bias == InitialBias::kBaseRate)
    opened.initial_bias = LogitOfRate(*opened.data.train, mpi);
  if (config.generated.test_examples > 0)
    opened.data.evaluation = std::make_unique<GeneratedData>(config, GeneratedData::Part::kTest);
  if (mpi.rank() == 0) {
    LogInfo("data are generated: {} examples to train on, {} to test on", config.generated.examples,
            config.generated.test_examples);
  }
  return opened;
}

// What sums up a part of the data; zeros where there is none.
struct PartSummary {
  std::uint64_t examples = 0;
  std::uint64_t positives = 0;
  std::array<char, 16> fingerprint = {};
  friend bool operator==(const PartSummary&, const PartSummary&) = default;
};

PartSummary SummaryOf(const ExampleSource* part, std::uint64_t positives) {
  if (part == nullptr) return {};
  PartSummary summary{.examples = part->examples(), .positives = positives};
  const std::string text = part->fingerprint();
  std::copy_n(text.begin(), std::min(text.size(), summary.fingerprint.size()),
              summary.fingerprint.begin());
  return summary;
}

std::string Describe(const PartSummary& part) {
  return fmt::format("{} examples, {} of them positive (packed data {})", part.examples,
                     part.positives, std::string_view(part.fingerprint.data(), 16));
}

}  // namespace

void RefuseInputReadOnce(const Config& config, int ranks) {
  if (ranks == 1 || !ReadsOnce(config)) return;
  Fail(ExitCode::kUsage,
       "data.train or data.test names standard input or a pipe, which only one process can read, "
       "and only once: write it to a file first, or run one process");
}

void RefuseMixedData(const char* name, const ExampleSource* part, std::uint64_t positives,
                     MpiSession& mpi) {
  const PartSummary mine = SummaryOf(part, positives);
  mpi.GatherOnFirst(BytesOf(mine), [&](int rank, std::span<const std::byte> bytes) {
    PartSummary other;
    std::memcpy(&other, bytes.data(), sizeof(other));
    if (other == mine) return;
    Fail(ExitCode::kData,
         "rank {} on {} has other examples than rank 0 on {}: its {} part has {}, rank 0's has {}; "
         "give all hosts the same files of data.train, data.test and joins",
         rank, mpi.hosts()[static_cast<std::size_t>(rank)], mpi.hosts().front(), name,
         Describe(other), Describe(mine));
  });
}

std::filesystem::path PackedDir(const Config& config) {
  if (!config.data.packed_dir.empty()) return config.data.packed_dir;
  return std::filesystem::path(config.output.dir) / "packed";
}

void MakePackedDir(const Config& config) {
  const std::filesystem::path dir = PackedDir(config);
  if (config.data.packed_dir.empty()) return;
  MakeGivenFolder(dir, fmt::format("data.packed_dir = \"{}\"", dir.string()),
                  "set it to a folder, or leave it out");
}

void LogRemarks(const std::vector<Remark>& remarks) {
  for (const Remark& remark : remarks) {
    if (remark.is_warning) {
      LogWarning("{}", remark.text);
    } else {
      LogInfo("{}", remark.text);
    }
  }
}

void LogFilteredLines(std::uint64_t filtered_lines) {
  if (filtered_lines > 0)
    LogInfo("{} line{} left out by data.filter", filtered_lines, filtered_lines == 1 ? "" : "s");
}

void LogBadLines(std::uint64_t bad_lines, const std::vector<BadLine>& first_bad_lines) {
  if (bad_lines == 0) return;
  LogWarning("{} bad line{} skipped (data.max_bad_lines allows that many):", bad_lines,
             bad_lines == 1 ? "" : "s");
  for (const BadLine& line : first_bad_lines)
    LogWarning("  {}:{}: {}", line.file, line.line, line.reason);
}

std::unique_ptr<ExampleSource> OpenPacked(const std::filesystem::path& file, const ModelSpec& spec,
                                          DataPart part) {
  if (file.empty()) return nullptr;
  auto packed = std::make_unique<PackedData>(file, spec, part);
  if (packed->examples() == 0) {
    Fail(
        ExitCode::kData,
        "{}: there is no example in it: remove its folder and let it be packed again from the text",
        file.string());
  }
  return packed;
}

OpenedData OpenData(const Config& config, const ModelSpec& spec,
                    const std::string& earlier_transforms, MpiSession& mpi) {
  if (config.data.format == DataFormat::kGenerated) return Generate(config, mpi);
  const IngestResult packed = PrepareData(config, spec, earlier_transforms, mpi);
  OpenedData opened;
  opened.data.train = OpenPacked(packed.train, spec, DataPart::kTrain);
  opened.transforms_json = ReadText(packed.transforms);
  for (const auto& file : packed.side_tables) opened.side_tables.push_back(ReadText(file));
  opened.names = packed.names;
  opened.summary_json = SummaryForMetrics(packed);
  if (config.model.initial_bias == InitialBias::kBaseRate)
    opened.initial_bias = LogitOfRate(packed, spec.example_weights);
  RefuseMixedData("training", opened.data.train.get(), packed.train_positives, mpi);
  std::shared_ptr<ExampleSource> validation, test;
  if (KeepsBest(config) || config.evaluate.on == EvaluationPart::kValidation) {
    validation = OpenPacked(packed.validation, spec, DataPart::kValidation);
    RefuseMixedData("validation", validation.get(), packed.validation_positives, mpi);
  }
  if (config.evaluate.on == EvaluationPart::kTest) {
    test = OpenPacked(packed.test, spec, DataPart::kTest);
    RefuseMixedData("test", test.get(), packed.test_positives, mpi);
  }
  if (KeepsBest(config) && !validation) {
    Fail(ExitCode::kData,
         "data.validation_fraction = {} has put no example into the validation part, so no best "
         "model can be kept: raise it, or set evaluate.best = \"none\"",
         config.data.validation_fraction);
  }
  opened.data.evaluation = validation ? std::move(validation) : std::move(test);
  opened.data.test = std::move(test);
  return opened;
}

}  // namespace fathom
