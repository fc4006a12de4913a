#!/usr/bin/env python3
"""Turns the runs of end_to_end.sh into tables: Markdown on standard output, JSON lines to --out.

Fails where two layouts of one model reached different figures: they must be the same bits.
"""
import argparse
import json
import re
import statistics
import sys

# Forward and backward of the layers, 26 embeddings of 16 and 13 counts x 256 x 128 x 64 x 1.
WIDTHS = [26 * 16 + 13, 256, 128, 64, 1]
FLOP_AN_EXAMPLE = 6 * sum(a * b for a, b in zip(WIDTHS, WIDTHS[1:]))

QUIET_CORES = 0.1  # what a quiet machine does besides

RUN_FIELDS = ["round", "kind", "name", "title", "cores", "product_cores", "wall", "user", "system", "others",
              "result"]


def read_runs(path):
    runs = []
    with open(path) as lines:
        for line in lines:
            run = dict(zip(RUN_FIELDS, line.rstrip("\n").split("\t")))
            for field in ("round", "cores", "product_cores"):
                run[field] = int(run[field])
            with open(run["result"]) as result:
                run["result"] = json.load(result)
            run["whole_cores"] = (float(run["user"]) + float(run["system"])) / float(run["wall"])
            runs.append(run)
    return runs


def matrix_flops(result):
    """The rate of the layers' products, flop/s: all their work over all their time."""
    flop = seconds = 0
    for shape in result["benchmarks"]:
        m, k, n = map(int, re.search(r"/(\d+)/(\d+)/(\d+)$", shape["name"]).groups())
        work = 6 * m * k * n
        flop += work
        seconds += work / shape["flop/s"]
    return flop / seconds


def median_of(runs, member):
    values = [run["result"].get(member) for run in runs]
    values = [value for value in values if isinstance(value, (int, float))]
    return statistics.median(values) if values else None


def stage_shares(runs):
    """{stage: share of the measured time}, from each run's `stages`; medians over the runs."""
    shares = {}
    for run in runs:
        stages = flatten(run["result"].get("stages") or {})
        total = sum(stages.values())
        for stage, value in stages.items():
            if total > 0:
                shares.setdefault(stage, []).append(value / total)
    return {stage: statistics.median(values) for stage, values in shares.items()}


def flatten(stages, prefix=""):
    """{stage: seconds or share}, whether a stage is a number, has one by that name or has stages of its own."""
    flat = {}
    for name, value in stages.items():
        if isinstance(value, dict):
            measure = value.get("seconds", value.get("share"))
            flat.update(flatten(value, f"{prefix}{name} ") if measure is None else {prefix + name: measure})
        elif isinstance(value, (int, float)):
            flat[prefix + name] = value
    return flat


def summarise(all_runs, flops_of_round):
    """One layout's runs as one record: those on a quiet machine, or all where none was."""
    runs = [run for run in all_runs if float(run["others"]) <= QUIET_CORES] or all_runs
    first = runs[0]
    speed = "examples_per_s" if first["kind"] == "torch" else "examples_per_second"
    speeds = [run["result"][speed] for run in runs]
    trained = "cores_used" if first["kind"] == "torch" else "cpu_cores_used"
    roofline = [
        speed / (run["product_cores"] * flops_of_round[run["round"]] / FLOP_AN_EXAMPLE)
        for speed, run in zip(speeds, runs)
        if run["product_cores"] > 0 and run["round"] in flops_of_round
    ]
    record = {
        "name": first["name"],
        "title": first["title"],
        "kind": first["kind"],
        "cores": first["cores"],
        "runs": len(all_runs),
        "runs_counted": len(runs),
        "examples_per_second": statistics.median(speeds),
        "examples_per_second_low": min(speeds),
        "examples_per_second_high": max(speeds),
        "roofline_share": statistics.median(roofline) if roofline else None,
        "cores_used": median_of(runs, trained),
        "cores_used_whole_command": statistics.median(run["whole_cores"] for run in runs),
        "cores_used_by_others": statistics.median(float(run["others"]) for run in runs),
        "stages": stage_shares(runs),
    }
    for member in ("auc", "logloss", "bytes_per_example_sent", "bytes_per_example_received",
                   "pull_p50_ms", "pull_p99_ms", "push_p50_ms", "push_p99_ms"):
        record[member] = median_of(runs, member)
    return record


def add_ratios(records, fair):
    """The same model on the same cores, by the peer."""
    peers = {r["cores"]: r["examples_per_second"] for r in records if r["kind"] == "torch"}
    for record in records:
        comparable = fair and record["kind"] == "wide_deep" and record["cores"] in peers
        record["ratio_to_peer"] = record["examples_per_second"] / peers[record["cores"]] if comparable else None


def check_same_bits(runs):
    for kind in ("wide_deep", "wide"):
        reached = {}
        for run in runs:
            if run["kind"] == kind:
                reached.setdefault((run["result"]["auc"], run["result"]["logloss"]), run["name"])
        if len(reached) > 1:
            sys.exit(f"FAILED: layouts of one model differ in (AUC, log loss): {reached}")


def text(value, form, scale=1):
    return "" if value is None else format(value * scale, form)


def pair(first, second, form):
    return "" if first is None else f"{text(first, form)} / {text(second, form)}"


def cells(record):
    used = record["cores_used"]
    whole = record["cores_used_whole_command"]
    return [
        record["title"],
        text(record["examples_per_second"], ",.0f"),
        f"{record['examples_per_second_low']:,.0f} to {record['examples_per_second_high']:,.0f}",
        text(record["ratio_to_peer"], ".2f"),
        text(record["roofline_share"], ".0f", 100) + (" %" if record["roofline_share"] is not None else ""),
        f"{whole:.2f} *" if used is None else f"{used:.2f}",
        f"{record['runs_counted']} of {record['runs']}",
        f"{record['cores_used_by_others']:.2f}",
        text(record["auc"], ".5f"),
        text(record["logloss"], ".5f"),
        pair(record["bytes_per_example_sent"], record["bytes_per_example_received"], ",.0f"),
        pair(record["pull_p50_ms"], record["pull_p99_ms"], ".2f"),
        pair(record["push_p50_ms"], record["push_p99_ms"], ".2f"),
    ]


HEADINGS = ["layout", "examples/s", "spread", "to the peer", "of the roofline", "cores used", "runs", "by others",
            "test AUC", "log loss", "B an example, sent / received", "pull p50 / p99, ms", "push p50 / p99, ms"]


def print_table(headings, rows):
    """Columns that no row fills are left out."""
    kept = [i for i in range(len(headings)) if any(row[i] for row in rows)]
    print("| " + " | ".join(headings[i] for i in kept) + " |")
    print("|---" * len(kept) + "|")
    for row in rows:
        print("| " + " | ".join(row[i] for i in kept) + " |")


def print_stages(records):
    stages = list(dict.fromkeys(stage for record in records for stage in record["stages"]))
    if not stages:
        return
    print("\nShare of each stage in the time that the stages measured, %:\n")
    measured = [record for record in records if record["stages"]]
    print_table(["layout", *stages],
                [[r["title"], *(text(r["stages"].get(stage), ".1f", 100) for stage in stages)] for r in measured])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machine", required=True)
    parser.add_argument("--runs", required=True)
    parser.add_argument("--out")
    options = parser.parse_args()

    with open(options.machine) as lines:
        machine = dict(line.rstrip("\n").split("\t", 1) for line in lines)
    runs = read_runs(options.runs)
    check_same_bits(runs)
    flops_of_round = {run["round"]: matrix_flops(run["result"]) for run in runs if run["kind"] == "matrix"}
    layouts = {}
    for run in runs:
        if run["kind"] != "matrix":
            layouts.setdefault(run["name"], []).append(run)
    records = [summarise(of_layout, flops_of_round) for of_layout in layouts.values()]
    add_ratios(records, fair=not machine.get("peer's BLAS", "").startswith("reference"))

    if flops_of_round:
        flops = statistics.median(flops_of_round.values())
        machine["matrix rate"] = (f"{flops / 1e9:.0f} GFLOP/s a core, so at most {flops / FLOP_AN_EXAMPLE:,.0f} "
                                  f"examples/s a core at {FLOP_AN_EXAMPLE / 1e3:.0f} kflop an example")
    print("\n" + "; ".join(f"{name}: {value}" for name, value in machine.items()) + ".\n")
    print_table(HEADINGS, [cells(record) for record in records])
    if any(record["cores_used"] is None for record in records):
        print("\n\\* of the whole command, with reading, evaluating and saving; else while training.")
    disturbed = [record["title"] for record in records if record["cores_used_by_others"] > QUIET_CORES]
    if disturbed:
        print(f"\nOthers used more than {QUIET_CORES} cores in every run of: {'; '.join(disturbed)}.")
    print_stages(records)
    if options.out:
        with open(options.out, "w") as out:
            for record in [{"record": "machine", **machine}] + [{"record": "layout", **r} for r in records]:
                out.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
