#!/usr/bin/env python3
"""Makes the inputs of a graph that `fathom export --format onnx` has written, from rows of text.

All that is needed stands in the graph's own metadata. Needs python3-xxhash and nothing else.

    from fathom_onnx import GraphInputs
    inputs = GraphInputs("books-onnx/model.onnx")
    feeds = inputs.make([{"reader_id": "58", "book_id": "383"}])   # {name: Tensor}

With NumPy and onnxruntime:

    session = onnxruntime.InferenceSession("books-onnx/model.onnx")
    arrays = {n: np.array(t.values, t.type).reshape(t.shape) for n, t in feeds.items()}
    score, = session.run(["score"], arrays)

As a program it reads lines as the model's training data have them (csv, tsv, criteo, libsvm) and
writes OUT.json, which says where each input lies in OUT.bin:

    fathom_onnx.py MODEL.onnx ROWS OUT
"""

import array
import bisect
import csv
import datetime
import io
import json
import math
import re
import sys
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import xxhash

_MASK = (1 << 64) - 1
_MISSING, _RARE, _BUCKET, _FOLDED, _CROSS = 1, 2, 3, 4, 5
_NUMBER = re.compile(r"\+?-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_LEAST_SHARE = 1e-6
_MAX_COMBINATIONS = 4096


class Tensor(NamedTuple):
    type: str  # "int64" or "float32"
    shape: Tuple[int, ...]
    values: array.array  # flat, of the type


class BadRow(ValueError):
    """A row that the model does not take: says the column and what is wrong."""


def mix(x: int, y: Optional[int] = None) -> int:
    """SplitMix64's finalizer, of one number or of two."""
    if y is not None:
        return mix(mix(x) ^ y)
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def _tagged(seed: int, tag: int, number: int) -> int:
    return mix(mix(seed, tag), number)


def _signed(key: int) -> int:
    return key - (1 << 64) if key >> 63 else key


def _varint(data: bytes, at: int) -> Tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def _fields(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            _, at = _varint(data, at)
        elif wire == 1:
            at += 8
        elif wire == 5:
            at += 4
        elif wire == 2:
            size, at = _varint(data, at)
            yield tag >> 3, data[at : at + size]
            at += size
        else:
            raise ValueError("no ONNX model")


def metadata(model: str) -> Dict[str, str]:
    """The metadata_props of a model file (field 14 of ModelProto)."""
    with open(model, "rb") as file:
        data = file.read()
    props = {}
    for number, entry in _fields(data):
        if number == 14:
            pair = dict(_fields(entry))
            props[pair.get(1, b"").decode()] = pair.get(2, b"").decode()
    return props


def _number(text: str) -> Optional[float]:
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _time(text: str) -> Optional[datetime.datetime]:
    number = _number(text)
    epoch = datetime.datetime(1970, 1, 1)
    if number is not None:
        return epoch + datetime.timedelta(seconds=math.floor(number))
    match = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?"
        r"(?:[Zz]|([+-])(\d\d):?(\d\d))?)?",
        text,
    )
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(g or 0) for g in match.groups()[:6])
    time = datetime.datetime(year, month, day, hour, minute, min(second, 59))
    if match[7]:
        offset = datetime.timedelta(hours=int(match[8]), minutes=int(match[9]))
        time -= offset if match[7] == "+" else -offset
    return time


class _Column:
    """What a column's text becomes: keys with weights, or a number."""

    def __init__(self, column: dict, text: dict):
        self.name: str = column["name"]
        self.source: str = column["source"]
        self.kind: str = column["kind"]
        self.transform: str = column["transform"]
        self.seed = int(column["seed"], 16)
        self.missing_key = int(column["missing_key"], 16)
        self.rare_key = int(column["rare_key"], 16)
        self.hash_buckets: int = column.get("hash_buckets", 0)
        self.weighted: bool = column.get("weighted", False)
        self.pairs = text["format"] in ("libsvm", "libffm", "vw")
        self.separator: str = " " if self.pairs else column.get("separator", "|")
        self.trim: bool = text["trim"]
        self.missing = set(text["missing"]) | {""}
        self.zero_if_missing = column.get("missing_as") == "zero"
        self.extract = re.compile(column["extract"]) if "extract" in column else None
        learnt = column.get("learnt", {})
        self.learnt = learnt
        self.boundaries: List[float] = learnt.get("boundaries", column.get("boundaries", []))
        words = [int(key, 16) for key in learnt.get("vocabulary", [])]
        if self.transform == "vocabulary":
            self.vocabulary = set(words)
        elif self.transform in ("count", "target_mean"):
            self.places = {key: place for place, key in enumerate(words)}
            self.prior: float = column.get("prior", 0)

    def _value(self, text: str) -> str:
        if self.extract is None or text in self.missing:
            return text
        match = self.extract.search(text)
        if match is None:
            return ""
        return (match[1] or "") if self.extract.groups else match[0]

    def _key(self, value: str) -> int:
        if self.transform in ("buckets", "quantiles"):
            number = _number(value)
            if number is None:
                raise BadRow(f"column {self.name} = {value!r} is not a number")
            return _tagged(self.seed, _BUCKET, bisect.bisect_right(self.boundaries, number))
        if self.transform in ("hour", "weekday", "day"):
            time = _time(value)
            if time is None:
                raise BadRow(f"column {self.name} = {value!r} is no time")
            at = {"hour": time.hour, "weekday": time.weekday(), "day": time.day}
            return _tagged(self.seed, _BUCKET, at[self.transform])
        key = xxhash.xxh3_64_intdigest(value.encode("utf-8", "surrogateescape"), self.seed)
        if self.transform == "vocabulary":
            return key if key in self.vocabulary else self.rare_key
        if self.hash_buckets:
            return _tagged(self.seed, _FOLDED, key % self.hash_buckets)
        return key

    def keys(self, text: str) -> Tuple[List[int], List[float]]:
        text = self._value(text)
        if self.kind != "multivalent":
            if text in self.missing:
                return [self.missing_key], [1.0]
            if self.pairs and ":" in text:
                text, _, one = text.rpartition(":")
                if _number(one) != 1:
                    raise BadRow(f"column {self.name} = {text!r} is not one id with value 1")
            return [self._key(text)], [1.0]
        keys: List[int] = []
        weights: List[float] = []
        if text in self.missing:
            return keys, weights
        for value in text.split(self.separator):
            if self.trim:
                value = value.strip(" \t")
            if not value:
                continue
            weight = 1.0
            if self.weighted or self.pairs:
                value, _, number = value.rpartition(":")
                parsed = _number(number.strip(" \t") if self.trim else number)
                if parsed is None:
                    raise BadRow(f"column {self.name}: {value!r} is not written value:weight")
                weight = parsed
            keys.append(self._key(value))
            weights.append(weight)
        return keys, weights

    def _of_text(self, text: str, is_missing: bool) -> float:
        place = None
        if not is_missing:
            key = xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogateescape"), self.seed)
            place = self.places.get(key)
        if self.transform == "count":
            if is_missing and not self.zero_if_missing:
                return 0.0
            least = self.learnt.get("least", [0.0])[0]
            count = least if place is None else self.learnt["examples"][place]
            return (math.log1p(count) - self.learnt["mean"]) / self.learnt["stddev"]
        if place is None:
            return 0.0
        examples, positives = self.learnt["examples"], self.learnt["positives"]
        mean = sum(positives) / sum(examples)
        share = (positives[place] + self.prior * mean) / (examples[place] + self.prior)
        return _logit(share) - _logit(mean)

    def number(self, text: str, raw: bool) -> float:
        """The raw number, NaN where it is missing, or the transformed one."""
        text = self._value(text)
        is_missing = text in self.missing
        if self.transform in ("count", "target_mean"):
            return self._of_text(text, is_missing)
        if is_missing:
            if raw:
                return math.nan
            if not self.zero_if_missing:
                return 0.5 if self.transform == "quantiles" else 0.0
            text = "0"
        if self.pairs and " " not in text:
            text = text[text.rfind(":") + 1 :]
        number = _number(text)
        if number is None:
            raise BadRow(f"column {self.name} = {text!r} is not a number")
        if self.transform != "quantiles":
            return number
        if not self.boundaries:
            return 0.5
        return bisect.bisect_right(self.boundaries, number) / len(self.boundaries)


def _logit(share: float) -> float:
    share = min(max(share, _LEAST_SHARE), 1 - _LEAST_SHARE)
    return math.log(share / (1 - share))


class GraphInputs:
    def __init__(self, model: str):
        props = metadata(model)
        if "fathom" not in props:
            raise ValueError(f"{model}: not written by fathom export --format onnx")
        self.described = json.loads(props["fathom"])
        self.text: dict = self.described["text"]
        self.columns = {c["name"]: _Column(c, self.text) for c in self.described["columns"]}
        self.joins = [self._join(join) for join in self.described["joins"]]

    @staticmethod
    def _join(join: dict):
        table = join["table"]
        text = table["text"].encode(table["encoding"]).decode("utf-8", "surrogateescape")
        rows = csv.reader(io.StringIO(text, newline=""))
        header = next(rows, [])
        on = header.index(join["on"])
        found: Dict[str, List[str]] = {}
        for row in rows:
            if row:
                found.setdefault(row[on], row)
        return join["key"], header, on, found

    def _looked_up(self, row: Mapping[str, str]) -> Dict[str, str]:
        values = dict(row)
        for key, header, on, found in self.joins:
            joined = found.get(values.get(key, ""))
            for place, name in enumerate(header):
                if place != on:
                    values.setdefault(name, joined[place] if joined else "")
        return values

    def make(self, rows: Iterable[Mapping[str, str]]) -> Dict[str, Tensor]:
        """The graph's inputs for these rows, which are texts by column of the training data.

        Columns of joined tables are looked up where a row does not have them.
        """
        inputs = self.described["inputs"]
        keys: List[list] = [[] for _ in inputs]
        weights: List[list] = [[] for _ in inputs]
        count = 0
        for row in rows:
            self._add(self._looked_up(row), keys, weights)
            count += 1
        feeds: Dict[str, Tensor] = {}
        for at, entry in enumerate(inputs):
            if entry["takes"] == "keys":
                feeds.update(_padded(entry, keys[at], weights[at]))
            elif entry["takes"] == "key":
                feeds[entry["input"]] = Tensor("int64", (count,), array.array("q", keys[at]))
            else:
                feeds[entry["input"]] = Tensor("float32", (count,), array.array("f", keys[at]))
        return feeds

    def _add(self, values: Mapping[str, str], keys: List[list], weights: List[list]) -> None:
        encoded: Dict[str, Tuple[List[int], List[float]]] = {}

        def of(name: str) -> Tuple[List[int], List[float]]:
            if name not in encoded:
                column = self.columns[name]
                encoded[name] = column.keys(values.get(column.source, ""))
            return encoded[name]

        for at, entry in enumerate(self.described["inputs"]):
            if "cross" in entry:
                found = self._crossed(entry, [of(name)[0] for name in entry["cross"]])
                factors = [1.0] * len(found)
            elif entry["takes"] in ("key", "keys"):
                found, factors = of(entry["column"])
            else:
                column = self.columns[entry["column"]]
                raw = entry["takes"] == "raw number"
                keys[at].append(column.number(values.get(column.source, ""), raw))
                continue
            if entry["takes"] == "key":
                keys[at].append(_signed(found[0]))
            else:
                keys[at].append([_signed(key) for key in found])
                weights[at].append(factors)

    @staticmethod
    def _crossed(entry: dict, columns: List[List[int]]) -> List[int]:
        seed, buckets = int(entry["seed"], 16), entry["hash_buckets"]
        states = [mix(seed, _CROSS)]
        for keys in columns:
            states = [mix(state, key) for state in states for key in keys]
        if len(states) > _MAX_COMBINATIONS:
            raise BadRow(f"a cross has more than {_MAX_COMBINATIONS} combinations in this row")
        if buckets:
            return [_tagged(seed, _FOLDED, state % buckets) for state in states]
        return [mix(state) for state in states]


def _padded(entry: dict, lists: List[List[int]], weights: List[List[float]]) -> Dict[str, Tensor]:
    longest = max((len(keys) for keys in lists), default=0) or 1
    flat, factors = array.array("q"), array.array("f")
    for keys, of_keys in zip(lists, weights):
        rest = longest - len(keys)
        flat.extend(keys)
        flat.extend([0] * rest)
        factors.extend(of_keys)
        factors.extend([0.0] * rest)
    shape = (len(lists), longest)
    feeds = {entry["input"]: Tensor("int64", shape, flat)}
    if "weights" in entry:
        feeds[entry["weights"]] = Tensor("float32", shape, factors)
    return feeds


def _pairs(line: str, wanted: List[str]) -> Dict[str, str]:
    """A line of libsvm: by index, by range of indices, and all other pairs as "features"."""
    values: Dict[str, List[str]] = {name: [] for name in wanted}
    ranges = []
    for name in values:
        match = re.fullmatch(r"(\d+)\.\.(\d+)", name)
        if match:
            ranges.append((int(match[1]), int(match[2]), name))
    for pair in line.split("#")[0].split()[1:]:
        first, _, value = pair.partition(":")
        if first == "qid":
            values.setdefault("qid", []).append(value)
            continue
        index = str(int(first))
        named = [of_range for low, high, of_range in ranges if low <= int(index) <= high]
        if index in values:
            values[index].append(value)
        for name in named or ([] if index in values else ["features"]):
            values.setdefault(name, []).append(f"{index}:{value}")
    return {name: " ".join(pairs) for name, pairs in values.items()}


def rows_of(file: str, described: dict) -> Iterator[Mapping[str, str]]:
    """The rows of a file that is written as the model's training data."""
    text = described["text"]
    encoding = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
    with open(file, **encoding) as lines:  # type: ignore[call-overload]
        if text["format"] == "libsvm":
            wanted = [column["source"] for column in described["columns"]]
            for line in lines:
                if line.strip():
                    yield _pairs(line, wanted)
            return
        if text["format"] not in ("csv", "tsv", "criteo", "parquet"):
            raise ValueError(f"this program reads no {text['format']}: make the rows yourself")
        separator = text["separator"] or ("," if text["format"] in ("csv", "parquet") else "\t")
        quoted = text["quote"] == "double" and text["format"] != "criteo"
        csv.field_size_limit(1 << 30)
        reader = csv.reader(
            lines, delimiter=separator, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        )
        names = text["names"]
        if text["format"] == "criteo":
            names = ["label"] + [f"I{i}" for i in range(1, 14)] + [f"C{i}" for i in range(1, 27)]
        elif text["header"]:
            names = next(reader)
        for row in reader:
            if row:
                values = [v.strip(" \t") for v in row] if text["trim"] else row
                yield dict(zip(names, values))


def main(arguments: List[str]) -> int:
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    model, rows, out = arguments
    inputs = GraphInputs(model)
    feeds = inputs.make(rows_of(rows, inputs.described))
    described = []
    with open(out + ".bin", "wb") as data:
        for name, tensor in feeds.items():
            described.append(
                {"name": name, "type": tensor.type, "dims": tensor.shape, "offset": data.tell()}
            )
            tensor.values.tofile(data)
            data.write(b"\0" * (-data.tell() % 8))
    with open(out + ".json", "w", encoding="utf-8") as file:
        json.dump(described, file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
