// A plot of lines as SVG: for reports, without a library in the page.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fathom {

struct PlotLine {
  std::string name;
  std::vector<std::pair<double, double>> points;  // ascending x; finite
};

struct LinePlot {
  std::string title;
  std::string x_name;
  std::vector<PlotLine> lines;  // the i-th has the i-th colour of PlotColour
};

// A colour of the page's palette as CSS writes it; they repeat after eight.
std::string PlotColour(std::size_t line);

// Axes are logarithmic where their values span a factor of eight (x) or twenty (y) and more. Empty
// where no line has a point.
std::string SvgOf(const LinePlot& plot);

// Text within HTML or SVG.
std::string Escaped(const std::string& text);

// Three significant digits and a unit of thousands: 1.23M, 812k, 0.79.
std::string ShortNumber(double value);

}  // namespace fathom
