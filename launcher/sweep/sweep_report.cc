#include "launcher/sweep/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <set>

#include "launcher/sweep/line_plot.h"

namespace fathom {
namespace {

struct Plotted {
  const char* measure;
  const char* title;
};
constexpr Plotted kPlots[] = {
    {"examples_per_second", "examples/s"},
    {"auc", "AUC"},
    {"logloss", "log loss"},
    {"best_auc", "validation AUC, best"},
    {"best_logloss", "validation log loss, best"},
    {"seconds_to_auc", "seconds to the named AUC"},
    {"bytes_per_row", "bytes a row"},
    {"peak_rss_bytes", "peak memory, all processes, bytes"},
    {"bytes_per_example_sent", "bytes sent an example"},
    {"unique_keys_per_batch", "unique keys a batch"},
    {"strong_scaling_efficiency", "strong scaling efficiency"},
    {"weak_scaling_efficiency", "weak scaling efficiency"},
};

// What a narrow table shows; sweep.csv has the rest.
constexpr Plotted kColumns[] = {
    {"examples_per_second", "examples/s"},
    {"auc", "AUC"},
    {"logloss", "log loss"},
    {"best_auc", "validation AUC, best"},
    {"best_logloss", "validation log loss, best"},
    {"best_epoch", "of epoch"},
    {"last_logloss", "validation log loss, last"},
    {"seconds_to_auc", "s to AUC"},
    {"rows", "rows"},
    {"bytes_per_row", "B a row"},
    {"peak_rss_bytes", "peak memory"},
    {"bytes_per_example_sent", "B sent"},
    {"bytes_per_example_received", "B received"},
    {"unique_keys_per_batch", "keys a batch"},
    {"pull_wait_share", "pull wait"},
    {"compute_share", "compute"},
    {"push_share", "push"},
    {"strong_scaling_efficiency", "strong"},
    {"weak_scaling_efficiency", "weak"},
};

constexpr const char* kStyle = R"(<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1240px; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; }
svg { border: 1px solid #ddd; border-radius: 6px; background: #fff; max-width: 100%; }
svg text { font: 12px system-ui, sans-serif; fill: #444; } svg .title { font-weight: 600; font-size: 13px; fill: #222; }
svg .grid { stroke: #e6e6e6; }
.legend span { display: inline-block; margin-right: 1.2rem; } .legend i { display: inline-block; width: 1.2em; height: 3px; vertical-align: middle; margin-right: .4em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #e2e2e2; text-align: right; white-space: nowrap; }
th { background: #f4f4f4; } tr.best td { font-weight: 600; background: #e8f4e8; } td.failed { color: #b00020; text-align: left; white-space: normal; }
</style>
)";

std::optional<double> AsNumber(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0 || !std::isfinite(value)) return std::nullopt;
  return value;
}

// The axis's values as numbers; nothing where one is none, or all are one.
bool IsPlotted(const std::vector<SweepPoint>& points, std::size_t axis) {
  std::set<double> values;
  for (const SweepPoint& point : points) {
    const auto value = AsNumber(point.values[axis].second);
    if (!value) return false;
    values.insert(*value);
  }
  return values.size() > 1;
}

std::string OtherValues(const SweepPoint& point, std::size_t axis) {
  std::string text;
  for (std::size_t a = 0; a < point.values.size(); ++a) {
    if (a == axis) continue;
    text += (text.empty() ? "" : ", ") + point.values[a].first + " = " + point.values[a].second;
  }
  return text;
}

LinePlot MakePlot(const std::vector<SweepPoint>& points, std::size_t axis,
                  const std::vector<std::string>& names, const Plotted& plotted) {
  LinePlot plot{.title = plotted.title, .x_name = points.front().values[axis].first, .lines = {}};
  for (const std::string& name : names) {
    PlotLine line{.name = name, .points = {}};
    for (const SweepPoint& point : points) {
      const double y = point.Of(plotted.measure);
      if (OtherValues(point, axis) == name && std::isfinite(y))
        line.points.emplace_back(*AsNumber(point.values[axis].second), y);
    }
    std::sort(line.points.begin(), line.points.end());
    plot.lines.push_back(std::move(line));
  }
  return plot;
}

std::string Section(const std::vector<SweepPoint>& points, std::size_t axis) {
  std::vector<std::string> names;
  for (const SweepPoint& point : points) {
    const std::string name = OtherValues(point, axis);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::string html = fmt::format("<h2>Over {}</h2>\n<p class='legend'>",
                                 Escaped(points.front().values[axis].first));
  for (std::size_t i = 0; i < names.size() && names.size() > 1; ++i) {
    html += fmt::format("<span><i style='background:{}'></i>{}</span>", PlotColour(i),
                        Escaped(names[i]));
  }
  html += "</p>\n<div class='plots'>\n";
  for (const Plotted& plotted : kPlots) html += SvgOf(MakePlot(points, axis, names, plotted));
  return html + "</div>\n";
}

std::string Shown(const std::string& measure, double value) {
  if (!std::isfinite(value)) return "";
  if (measure.find("share") != std::string::npos || measure.find("efficiency") != std::string::npos)
    return fmt::format("{:.0f} %", 100 * value);
  if (measure.ends_with("auc") || measure.ends_with("logloss")) return fmt::format("{:.5f}", value);
  if (measure == "bytes_per_row") return fmt::format("{:.1f}", value);
  return ShortNumber(value);
}

std::string Table(const std::vector<SweepPoint>& points, const SweepPoint* best) {
  std::vector<Plotted> columns;
  for (const Plotted& column : kColumns) {
    const bool any = std::any_of(points.begin(), points.end(), [&](const SweepPoint& point) {
      return std::isfinite(point.Of(column.measure));
    });
    if (any) columns.push_back(column);
  }
  std::string html = "<h2>All points</h2>\n<div class='wide'><table>\n<tr>";
  for (const auto& [axis, value] : points.front().values)
    html += fmt::format("<th>{}</th>", Escaped(axis));
  html += "<th>runs</th>";
  for (const Plotted& column : columns) html += fmt::format("<th>{}</th>", column.title);
  html += "</tr>\n";
  for (const SweepPoint& point : points) {
    html += &point == best ? "<tr class='best'>" : "<tr>";
    for (const auto& [axis, value] : point.values)
      html += fmt::format("<td>{}</td>", Escaped(value));
    html += fmt::format("<td>{}</td>", point.runs);
    if (point.runs == 0) {
      html += fmt::format("<td class='failed' colspan='{}'>failed: {}</td>", columns.size(),
                          Escaped(point.error));
    } else {
      for (const Plotted& column : columns)
        html += fmt::format("<td>{}</td>", Shown(column.measure, point.Of(column.measure)));
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

}  // namespace

std::string ReportOf(const std::string& title, const std::vector<SweepPoint>& points,
                     const SweepPoint* best) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
      "<meta name='viewport' content='width=device-width, initial-scale=1'><title>{0}</title>\n{1}"
      "</head><body>\n<h1>{0}</h1>\n",
      Escaped(title), kStyle);
  if (points.empty()) return html + "<p>No run has ended yet.</p></body></html>\n";
  for (std::size_t axis = 0; axis < points.front().values.size(); ++axis) {
    if (IsPlotted(points, axis)) html += Section(points, axis);
  }
  return html + Table(points, best) + "</body></html>\n";
}

}  // namespace fathom
