"""Checks a sweep's report.html against its sweep.csv: sweep_check.py FOLDER

Every point of the table is a dot in the plot of each measure, with the point's value in its title and at
the place where the axes put that value; no plot holds anything else.
"""

import collections
import csv
import html
import math
import pathlib
import re
import sys

# As the titles of the plots say it.
MEASURES = {
    "examples/s": "examples_per_second",
    "AUC": "auc",
    "log loss": "logloss",
    "seconds to the named AUC": "seconds_to_auc",
    "bytes a row": "bytes_per_row",
    "peak memory, all processes, bytes": "peak_rss_bytes",
    "bytes sent an example": "bytes_per_example_sent",
    "unique keys a batch": "unique_keys_per_batch",
    "strong scaling efficiency": "strong_scaling_efficiency",
    "weak scaling efficiency": "weak_scaling_efficiency",
}

Dot = collections.namedtuple("Dot", "x y line x_text y_text")


def number(text):
    """A number as the page shortens it: 812k."""
    scale = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
    return float(text[:-1]) * scale[text[-1]] if text[-1] in scale else float(text)


def dots_of(svg):
    found = []
    for x, y, title in re.findall(r"<circle cx='([\d.]+)' cy='([\d.]+)'[^>]*><title>(.*?)</title>", svg):
        place, value = html.unescape(title).rsplit(": ", 1)
        line, _, x_text = place.rpartition(", ")
        found.append(Dot(float(x), float(y), line, x_text, value))
    assert len(found) == svg.count("<circle"), svg
    return found


def ticks_of(svg, across):
    """(place, value) of the numbers along an axis."""
    anchor = "middle" if across else "end"
    ticks = []
    for x, y, text in re.findall(rf"<text x='([\d.]+)' y='([\d.]+)' class='tick' text-anchor='{anchor}'>([^<]*)</text>", svg):
        try:
            ticks.append((float(x) if across else float(y) - 4, number(text)))
        except ValueError:
            pass  # the axis's name
    return ticks


def places_fit(places):
    """Whether (place, value) lie on one straight line, of the values or of their logarithms."""
    places = sorted(set(places), key=lambda p: p[1])
    if len({value for _, value in places}) < 2:
        return len(places) > 0
    for scale in (lambda v: v, lambda v: math.log10(v) if v > 0 else math.nan):
        (a, low), (b, high) = places[0], places[-1]
        # A place is written to a tenth, and a tick's number to three digits.
        if all(abs(a + (b - a) * (scale(v) - scale(low)) / (scale(high) - scale(low)) - p) <= 1.5 for p, v in places):
            return True
    return False


def check_plot(axis, axes, measure, svg, points):
    assert f"text-anchor='middle'>{axis}</text>" in svg, (axis, measure, "the axis has no name")
    shown = sorted((dot.line, number(dot.x_text), dot.y_text) for dot in dots_of(svg))
    expected = sorted(
        (", ".join(f"{other} = {point[other]}" for other in axes if other != axis), float(point[axis]),
         f"{float(point[measure]):.6g}") for point in points if point[measure])
    assert shown == expected, (axis, measure, shown, expected)
    dots = dots_of(svg)
    assert places_fit([(dot.x, number(dot.x_text)) for dot in dots] + ticks_of(svg, True)), (axis, measure, "x")
    assert places_fit([(dot.y, float(dot.y_text)) for dot in dots] + ticks_of(svg, False)), (axis, measure, "y")
    lines = re.findall(r"<polyline points='([^']*)'", svg)
    assert sum(len(line.split()) for line in lines) == len(dots), (axis, measure, lines)


def main():
    folder = pathlib.Path(sys.argv[1])
    with open(folder / "sweep.csv", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        points = list(reader)
    axes = reader.fieldnames[:reader.fieldnames.index("runs")]
    sections = re.split(r"<h2>", (folder / "report.html").read_text(encoding="utf-8"))[1:]
    plotted = [axis for axis in axes if len({point[axis] for point in points}) > 1]
    titles = [html.unescape(section.partition("</h2>")[0]) for section in sections]
    assert titles == [f"Over {axis}" for axis in plotted] + ["All points"], titles
    plots = 0
    for axis, section in zip(plotted, sections):
        seen = {}
        for svg in re.findall(r"<svg.*?</svg>", section, re.DOTALL):
            title = html.unescape(re.search(r"class='title'>(.*?)</text>", svg).group(1))
            assert MEASURES[title] not in seen, title
            seen[MEASURES[title]] = svg
        with_values = {m for m in MEASURES.values() if any(point.get(m) for point in points)}
        assert set(seen) == with_values, (axis, set(seen) ^ with_values)
        for measure, svg in seen.items():
            check_plot(axis, axes, measure, svg, points)
            plots += 1
    assert sections[-1].count("<tr>") == len(points) + 1, "the table has not all points"
    print(f"{plots} plots hold what sweep.csv holds of {len(points)} points")


main()
