#include "common/run/step_digests.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/whole_number.h"

namespace fathom {
namespace {

constexpr std::string_view kHead = "fathom step digests 1";
constexpr std::size_t kDigestDigits = 16;

std::string LineOf(const StepDigestLine& line) {
  return fmt::format("{} {:016x}\n", line.step, line.digest);
}

std::optional<StepDigestLine> LineIn(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto step = WholeNumber<std::uint64_t>(text.substr(0, blank));
  const auto digest = WholeNumber<std::uint64_t>(text.substr(blank + 1), 16);
  if (!step || !digest || text.size() - blank - 1 != kDigestDigits) return std::nullopt;
  return StepDigestLine{*step, *digest};
}

// Whether nothing has this name yet, or a file of ours.
bool IsFree(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string head;
  return !std::getline(in, head) || head == kHead;
}

void RefuseForeign(const std::filesystem::path& file, ExitCode code) {
  if (IsFree(file)) return;
  Fail(code,
       "{}: it is no file of step digests, its first line is not \"{}\": move it, or choose "
       "another output.dir",
       file.string(), kHead);
}

}  // namespace

StepDigests::StepDigests(const std::filesystem::path& file, std::uint64_t start_step, int servers)
    : file_(file), step_(start_step), shares_(static_cast<std::size_t>(servers)) {
  RefuseForeign(file, ExitCode::kData);
  const std::vector<StepDigestLine> kept = ReadStepDigests(file);
  ReplacedFile begun(file, ExitCode::kTraining);
  begun.out() << kHead << '\n';
  for (const StepDigestLine& line : kept) {
    if (line.step <= start_step) begun.out() << LineOf(line);
  }
  begun.Finish();
  out_.open(file, std::ios::app);
  if (!out_) Fail(ExitCode::kTraining, "{}: cannot be written: check output.dir", file.string());
}

void StepDigests::CheckOurs(const std::filesystem::path& file) {
  RefuseForeign(file, ExitCode::kUsage);
}

void StepDigests::Remove(const std::filesystem::path& file) {
  std::error_code none;
  if (IsFree(file)) std::filesystem::remove(file, none);
}

void StepDigests::Add(int server, std::span<const std::uint64_t> shares) {
  auto& own = shares_.at(static_cast<std::size_t>(server));
  own.insert(own.end(), shares.begin(), shares.end());
  const auto waits = [](const std::deque<std::uint64_t>& of) { return of.empty(); };
  while (std::none_of(shares_.begin(), shares_.end(), waits)) {
    std::uint64_t digest = 0;
    for (std::deque<std::uint64_t>& of : shares_) {
      digest += of.front();
      of.pop_front();
    }
    out_ << LineOf({++step_, digest});
  }
  out_.flush();
  if (!out_) Fail(ExitCode::kTraining, "{}: writing failed: is the disk full?", file_.string());
}

std::vector<StepDigestLine> ReadStepDigests(const std::filesystem::path& file) {
  std::vector<StepDigestLine> lines;
  std::ifstream in(file);
  std::string text;
  if (!std::getline(in, text) || text != kHead) return lines;
  while (std::getline(in, text) && !in.eof()) {
    const auto line = LineIn(text);
    if (!line || (!lines.empty() && line->step <= lines.back().step)) break;
    lines.push_back(*line);
  }
  return lines;
}

Parting FindParting(std::span<const StepDigestLine> a, std::span<const StepDigestLine> b) {
  Parting parting;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].step != b[j].step) {
      ++(a[i].step < b[j].step ? i : j);
      continue;
    }
    if (a[i].digest != b[j].digest) {
      parting.step = a[i].step;
      return parting;
    }
    parting.same_through = a[i].step;
    ++i;
    ++j;
  }
  return parting;
}

}  // namespace fathom
