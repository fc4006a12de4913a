"""Checks a trace.json of three ranks: trace_check.py FILE MICROSECONDS, the error that the ranks'
clocks may have against each other; on a busy machine it may be as long as the round trip in which
the trace says that a clock was read."""

import collections
import json
import sys

THREADS = {
    0: {"coordinator": {"idle", "metrics", "save"}},
    1: {"server 0": {"idle", "decode", "find", "encode", "update", "save"}},
    2: {
        "worker 0": {"batch_wait", "pull_wait", "compute", "slice", "push", "row_gradients",
                     "evaluation", "stop_wait", "pull"},
        "worker 0, batch prefetch": {"make_batch", "send_pull"},
        "worker 0, thread 1": {"slice"},
    },
}

Span = collections.namedtuple("Span", "name begin end step")


def nanoseconds(microseconds):
    return round(microseconds * 1000)


def read(trace):
    """The names of the ranks, and the spans by (rank, name of the thread)."""
    ranks, threads, spans, pulls = {}, {}, collections.defaultdict(list), {}
    for event in trace["traceEvents"]:
        place = event["pid"], event["tid"]
        if event["ph"] == "M":
            names = ranks if event["name"] == "process_name" else threads
            names[place] = event["args"]["name"]
            if event["name"] == "thread_name":
                spans[place] = []
            continue
        begin, step = nanoseconds(event["ts"]), event["args"].get("step")
        if event["ph"] == "X":
            end = begin + nanoseconds(event["dur"])
            spans[place].append(Span(event["name"], begin, end, step))
        elif event["ph"] == "b":
            assert (place, event["id"]) not in pulls, f"a pull begins twice: {event}"
            pulls[place, event["id"]] = begin
        else:
            assert event["ph"] == "e", event
            begun = pulls.pop((place, event["id"]))
            spans[place].append(Span(event["name"], begun, begin, step))
    assert not pulls, f"pulls without an end: {pulls}"
    named = {(rank, threads[rank, thread]): all for (rank, thread), all in spans.items()}
    return {rank: name for (rank, _), name in ranks.items()}, named


def check_nesting(place, spans):
    """Spans of one thread lie one after another or one in another."""
    around = []
    for span in sorted(spans, key=lambda s: (s.begin, -s.end)):
        assert span.end >= span.begin, (place, span)
        while around and around[-1].end <= span.begin:
            around.pop()
        assert not around or span.end <= around[-1].end, (place, around[-1], span)
        around.append(span)


def check_answers(spans, error):
    """A server looks the keys of a pull up and sends the rows between the pull and the rows'
    arrival, if all clocks are one."""
    server = collections.defaultdict(list)
    for span in spans[1, "server 0"]:
        server[span.name, span.step].append(span)
    pulls = [span for span in spans[2, "worker 0"] if span.name == "pull"]
    assert pulls
    for pull in pulls:
        for name in "find", "encode":
            assert any(pull.begin - error <= span.begin <= pull.end + error
                       for span in server[name, pull.step]), (name, pull, server[name, pull.step])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        trace = json.load(file)
    error = nanoseconds(float(sys.argv[2]))
    if error > 0:
        error = max(error, *(rank["clock_round_trip_ns"] for rank in trace["otherData"]["ranks"]))
    assert error < nanoseconds(100_000), f"the clocks were read within {error} ns: the machine is too busy to tell"
    ranks, spans = read(trace)
    assert trace["otherData"]["dropped_events"] == 0
    assert set(ranks) == set(THREADS), ranks
    assert set(spans) == {(rank, name) for rank in THREADS for name in THREADS[rank]}, set(spans)
    for (rank, name), all_of_thread in spans.items():
        seen = {span.name for span in all_of_thread}
        assert seen == THREADS[rank][name], (rank, name, seen)
        assert min(span.begin for span in all_of_thread) >= -error, (rank, name)
        check_nesting((rank, name), [span for span in all_of_thread if span.name != "pull"])
    check_answers(spans, error)


main()
