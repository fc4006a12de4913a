#include "launcher/sweep/line_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>

namespace fathom {
namespace {

constexpr double kWidth = 380, kHeight = 260;
constexpr double kLeft = 58, kRight = 14, kTop = 34, kBottom = 44;
constexpr double kLogX = 8, kLogY = 20;
constexpr int kTicks = 5;
constexpr double kApart = 32;  // so that numbers below the ticks do not touch

// Maps values to places on the page, and knows where its ticks stand.
class Axis {
 public:
  Axis(double low, double high, double from, double to, double log_factor)
      : log_(low > 0 && high / low >= log_factor), from_(from), to_(to) {
    const double a = Scale(low), b = Scale(high);
    const double margin = b > a ? 0.06 * (b - a) : std::max(std::abs(a) * 0.1, 0.5);
    low_ = a - margin;
    high_ = b + margin;
    if (low >= 0 && !log_) low_ = std::max(low_, 0.0);
  }

  double At(double value) const {
    return from_ + (Scale(value) - low_) / (high_ - low_) * (to_ - from_);
  }

  // At the values themselves where they are few and stand apart, else at round numbers.
  std::vector<double> Ticks(const std::set<double>& values = {}) const {
    double last = -kApart;
    bool apart = !values.empty();
    for (const double value : values) {
      apart &= At(value) - last >= kApart;
      last = At(value);
    }
    if (apart) return {values.begin(), values.end()};
    return log_ ? Decades() : Steps();
  }

 private:
  double Scale(double value) const { return log_ ? std::log10(value) : value; }

  // Round numbers: 1, 2 or 5 times a power of ten apart.
  std::vector<double> Steps() const {
    const double raw = (high_ - low_) / kTicks;
    const double power = std::pow(10, std::floor(std::log10(raw)));
    const double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : 5);
    std::vector<double> ticks;
    for (double tick = std::ceil(low_ / step) * step; tick <= high_; tick += step)
      ticks.push_back(std::abs(tick) < step / 1e6 ? 0 : tick);
    return ticks;
  }

  // 1, 2 and 5 of each decade, or its 1 alone where there are many.
  std::vector<double> Decades() const {
    std::vector<double> ticks;
    const bool few = high_ - low_ < 2.5;
    for (int decade = static_cast<int>(std::floor(low_)); decade <= high_; ++decade) {
      for (const int digit : {1, 2, 5}) {
        const double tick = digit * std::pow(10, decade);
        const bool inside = std::log10(tick) >= low_ && std::log10(tick) <= high_;
        if (inside && (digit == 1 || few)) ticks.push_back(tick);
      }
    }
    return ticks;
  }

  bool log_;
  double from_, to_;
  double low_ = 0, high_ = 0;
};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void Add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

std::string Frame(const LinePlot& plot, const std::set<double>& xs, const Axis& x, const Axis& y) {
  std::string svg =
      fmt::format("<text x='{}' y='20' class='title'>{}</text>\n", kLeft, Escaped(plot.title));
  for (const double tick : x.Ticks(xs)) {
    svg += fmt::format(
        "<line x1='{0:.1f}' y1='{1}' x2='{0:.1f}' y2='{2}' class='grid'/>"
        "<text x='{0:.1f}' y='{3}' class='tick' text-anchor='middle'>{4}</text>\n",
        x.At(tick), kTop, kHeight - kBottom, kHeight - kBottom + 15, ShortNumber(tick));
  }
  for (const double tick : y.Ticks()) {
    svg += fmt::format(
        "<line x1='{1}' y1='{0:.1f}' x2='{2}' y2='{0:.1f}' class='grid'/>"
        "<text x='{3}' y='{4:.1f}' class='tick' text-anchor='end'>{5}</text>\n",
        y.At(tick), kLeft, kWidth - kRight, kLeft - 6, y.At(tick) + 4, ShortNumber(tick));
  }
  return svg + fmt::format("<text x='{}' y='{}' class='tick' text-anchor='middle'>{}</text>\n",
                           (kLeft + kWidth - kRight) / 2, kHeight - 8, Escaped(plot.x_name));
}

std::string LineOf(const PlotLine& line, const std::string& colour, const Axis& x, const Axis& y) {
  std::string path, dots;
  for (const auto& [px, py] : line.points) {
    path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "" : " ", x.At(px), y.At(py));
    dots += fmt::format(
        "<circle cx='{:.1f}' cy='{:.1f}' r='3.5' fill='{}'><title>{}{}{}: {}</title></circle>",
        x.At(px), y.At(py), colour, Escaped(line.name), line.name.empty() ? "" : ", ",
        ShortNumber(px), fmt::format("{:.6g}", py));
  }
  return fmt::format("<polyline points='{}' fill='none' stroke='{}' stroke-width='2'/>{}\n", path,
                     colour, dots);
}

}  // namespace

std::string PlotColour(std::size_t line) {
  static constexpr const char* kColours[] = {"#1b6ca8", "#d1495b", "#3a7d44", "#edae49",
                                             "#6a4c93", "#00798c", "#8d5524", "#555555"};
  return kColours[line % std::size(kColours)];
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '<'    ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '&'  ? "&amp;"
           : c == '"'  ? "&quot;"
           : c == '\'' ? "&#39;"
                       : std::string(1, c);
  }
  return out;
}

std::string ShortNumber(double value) {
  static constexpr const char* kUnits[] = {"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  // 999.6 would round to 1000.
  while (std::abs(value) >= 999.5 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.3g}{}", value, kUnits[unit]);
}

std::string SvgOf(const LinePlot& plot) {
  Range xs, ys;
  std::set<double> values;
  for (const PlotLine& line : plot.lines) {
    for (const auto& [x, y] : line.points) {
      xs.Add(x);
      values.insert(x);
      ys.Add(y);
    }
  }
  if (xs.low > xs.high) return "";
  const Axis x(xs.low, xs.high, kLeft, kWidth - kRight, kLogX);
  const Axis y(ys.low, ys.high, kHeight - kBottom, kTop, kLogY);
  std::string svg = fmt::format("<svg viewBox='0 0 {0} {1}' width='{0}' height='{1}' role='img'>\n",
                                kWidth, kHeight);
  svg += Frame(plot, values, x, y);
  for (std::size_t i = 0; i < plot.lines.size(); ++i)
    svg += LineOf(plot.lines[i], PlotColour(i), x, y);
  return svg + "</svg>\n";
}

}  // namespace fathom
