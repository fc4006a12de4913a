#include "launcher/sweep/sweep_results.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/error.h"

namespace fathom {

bool IsDone(const SweepLine& line) { return line.at("status") == NameOf(SweepStatus::kDone); }

SweepResults::SweepResults(const std::filesystem::path& file, std::string data)
    : file_(file), data_(std::move(data)) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (whole < text.size()) std::filesystem::resize_file(file, whole);
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < whole;) {
    const std::size_t end = text.find('\n', begin);
    ++number;
    SweepLine line =
        SweepLine::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                         text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!line.is_object() || !line.contains("id") || !line.contains("status")) {
      Fail(ExitCode::kData,
           "{}:{}: no line of a sweep: remove it, or sweep into another output.dir", file.string(),
           number);
    }
    lines_.push_back(std::move(line));
    begin = end + 1;
  }
}

SweepResults::~SweepResults() = default;

const SweepLine* SweepResults::Find(const std::string& id) const {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    if (line->at("id") == id && line->value("data", "") == data_) return &*line;
  }
  return nullptr;
}

void SweepResults::Add(SweepLine line) {
  line["data"] = data_;
  std::ofstream out(file_, std::ios::app | std::ios::binary);
  out << line.dump() << '\n' << std::flush;
  if (!out) Fail(ExitCode::kTraining, "{}: cannot be written", file_.string());
  lines_.push_back(std::move(line));
}

}  // namespace fathom
