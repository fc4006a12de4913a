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

As a program it reads lines as the model's training data have them (csv, tsv, criteo, libsvm; also
compressed with gzip) and writes OUT.json, which says where each input lies in OUT.bin:

    fathom_onnx.py MODEL.onnx ROWS OUT

It reads as `fathom predict` does. A line that has no inputs (a blank one, a bad value) is an error
that names it: rows of the inputs stay in step with lines. Exit codes are Fathom's: 2 usage, 3 data,
4 model or what is written.
"""

import array
import bisect
import collections
import ctypes
import datetime
import gzip
import io
import json
import math
import re
import sys
import zlib
from typing import (BinaryIO, Deque, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional,
                    Sequence, Set, Tuple)

import xxhash

_MASK = (1 << 64) - 1
_MISSING, _RARE, _BUCKET, _FOLDED, _CROSS = 1, 2, 3, 4, 5
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?"
    r"(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2}))?)?"
)
_EARLIEST, _LATEST = -62135596800, 253402300800  # the years 1 to 9999, in seconds since 1970
_CYCLE_SECONDS = 146097 * 86400  # 400 years, after which the days of the week come again
_LEAST_SHARE = 1e-6
_MAX_COMBINATIONS = 4096
_MAX_QUOTED_BYTES = 1 << 20
_FIRST_BYTES = 1 << 20  # in which a line must end


class Tensor(NamedTuple):
    type: str  # "int64" or "float32"
    shape: Tuple[int, ...]
    values: array.array  # flat, of the type


class BadRow(ValueError):
    """A row or a file that the model does not take: says the place and what is wrong."""


class BadModel(ValueError):
    """No graph of `fathom export`, or one that this program cannot serve."""


class FileRow(Dict[str, str]):
    """A row of a file: texts by column, and its place, as rows.csv:7."""

    def __init__(self, values: Mapping[str, str], place: str):
        super().__init__(values)
        self.place = place


def _float32(number: float) -> float:
    return ctypes.c_float(number).value


_MAX_NUMBER = _float32(1e15)  # of a line, after its transform, and of a list's weight


def _shown(text: str) -> str:
    """In quotes; what cannot be shown is escaped."""
    return '"' + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text) + '"'


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
            raise BadModel("no ONNX model")


def metadata(model: str) -> Dict[str, str]:
    """The metadata_props of a model file (field 14 of ModelProto)."""
    with open(model, "rb") as file:
        data = file.read()
    props = {}
    try:
        for number, entry in _fields(data):
            if number == 14:
                pair = dict(_fields(entry))
                props[pair.get(1, b"").decode()] = pair.get(2, b"").decode()
    except (IndexError, ValueError):
        raise BadModel(f"{model}: no ONNX model, or one that was cut short") from None
    return props


def _number(text: str) -> Optional[float]:
    """As worker/text/number.h reads it: decimal digits of ASCII, neither nan nor inf."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


class _Time(NamedTuple):
    at: datetime.datetime  # in UTC; the year is one with the same calendar
    has_hour: bool


def _time(text: str) -> Optional[_Time]:
    """As worker/transform/time_text.h reads it."""
    number = _number(text)
    if number is not None:
        if not _EARLIEST <= number < _LATEST:
            return None
        seconds = math.floor(number) % _CYCLE_SECONDS
        return _Time(datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds), True)
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(g or 0) for g in match.groups()[:6])
    if second > 60:  # 60: a leap second
        return None
    try:
        at = datetime.datetime(2000 + year % 400, month, day, hour, minute, min(second, 59))
    except ValueError:  # no such day, hour or minute
        return None
    if match[7]:
        hours, minutes = int(match[8]), int(match[9])
        if hours > 23 or minutes > 59:
            return None
        offset = datetime.timedelta(hours=hours, minutes=minutes)
        at -= offset if match[7] == "+" else -offset
    return _Time(at, match[4] is not None)


def _expression(column: dict) -> "Optional[re.Pattern[str]]":
    if "extract" not in column:
        return None
    expression = column["extract"]
    if "[:" in expression:
        raise BadModel(f"column {column['name']}: extract = {_shown(expression)}: Python knows no "
                       "[[:class:]]: make its values yourself")
    try:
        return re.compile(expression, re.ASCII)
    except re.error as reason:
        raise BadModel(f"column {column['name']}: extract = {_shown(expression)}: Python cannot "
                       f"read this RE2 expression ({reason}): make its values yourself") from None


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
        self.separator: str = " " if self.pairs else column.get("separator", "|")[0]
        self.trim: bool = text["trim"]
        self.missing = set(text["missing"]) | {""}
        self.zero_if_missing = column.get("missing_as") == "zero"
        self.extract = _expression(column)
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

    def _bad(self, text: str, what: str) -> BadRow:
        return BadRow(f"column {self.name} = {_shown(text)} {what}")

    def _not_a_number(self, text: str) -> BadRow:
        return self._bad(text, "is no number (data.missing lists what means unknown)")

    def _class_of_time(self, value: str) -> int:
        time = _time(value)
        if time is None:
            raise self._bad(value, "is no time: write 2026-11-27T17:18:00Z, or seconds since 1970")
        if self.transform == "hour" and not time.has_hour:
            raise self._bad(value, "is a date without an hour")
        at = {"hour": time.at.hour, "weekday": time.at.weekday(), "day": time.at.day}
        return at[self.transform]

    def _key(self, value: str) -> int:
        if self.transform in ("buckets", "quantiles"):
            number = _number(value)
            if number is None:
                raise self._not_a_number(value)
            return _tagged(self.seed, _BUCKET, bisect.bisect_right(self.boundaries, number))
        if self.transform in ("hour", "weekday", "day"):
            return _tagged(self.seed, _BUCKET, self._class_of_time(value))
        key = xxhash.xxh3_64_intdigest(value.encode("utf-8", "surrogateescape"), self.seed)
        if self.transform == "vocabulary":
            return key if key in self.vocabulary else self.rare_key
        if self.hash_buckets:
            return _tagged(self.seed, _FOLDED, key % self.hash_buckets)
        return key

    def _single_id(self, text: str) -> str:
        """The id of a field that must hold one value: a pair's comes as id:1."""
        if not self.pairs or (" " not in text and ":" not in text):
            return text
        name, _, value = text.rpartition(":")
        if " " in text or _number(value) != 1:
            raise self._bad(text, "is not one id with value 1")
        return name

    def _list_id(self, text: str) -> Tuple[str, float]:
        """A list's value without its weight, and the weight."""
        if not self.weighted and not self.pairs:
            return text, 1.0
        value, colon, written = text.rpartition(":")
        if self.trim:
            value, written = value.strip(" \t"), written.strip(" \t")
        number = _number(written) if colon else None
        if number is None:
            raise BadRow(f"column {self.name}: {_shown(text)} is not written value:weight")
        weight = _float32(number)
        if abs(weight) > _MAX_NUMBER:
            raise BadRow(f"column {self.name}: the weight of {_shown(text)} is too large: the "
                         "model takes up to 1e+15")
        if not self.weighted and weight != 1:
            raise BadRow(f"column {self.name}: {_shown(text)} has a weight other than 1")
        return value, weight

    def keys(self, text: str) -> Tuple[List[int], List[float]]:
        text = self._value(text)
        if self.kind != "multivalent":
            if text in self.missing:
                return [self.missing_key], [1.0]
            return [self._key(self._single_id(text))], [1.0]
        keys: List[int] = []
        weights: List[float] = []
        if text in self.missing:
            return keys, weights
        for value in text.split(self.separator):
            if self.trim:
                value = value.strip(" \t")
            if not value:
                continue
            value, weight = self._list_id(value)
            keys.append(self._key(value))
            weights.append(weight)
        return keys, weights

    def _of_text(self, text: str, is_missing: bool) -> float:
        place = None
        if not is_missing:
            text = self._single_id(text)
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
        elif self.pairs:
            raise BadRow(f"column {self.name}: the line has more than one value for it: {text}")
        number = _number(text)
        if number is None:
            raise self._not_a_number(text)
        if self.transform != "quantiles":
            self._check_size(text, number)
            return number
        if not self.boundaries:
            return 0.5
        return bisect.bisect_right(self.boundaries, number) / len(self.boundaries)


    def _check_size(self, text: str, number: float) -> None:
        """The transformed number is one that the model takes, and a float32 holds the raw one."""
        x = number
        if self.transform in ("log", "log_standardise"):
            x = math.copysign(math.log1p(abs(x)), x)
        if self.transform in ("standardise", "log_standardise"):
            x = (x - self.learnt.get("mean", 0.0)) / self.learnt.get("stddev", 1.0)
        if abs(_float32(x)) > _MAX_NUMBER:
            raise self._bad(text, "is too large: the model takes up to 1e+15 after the transform")
        if math.isinf(_float32(number)):
            raise self._bad(text, "is too large: the graph's inputs are float32")


def _logit(share: float) -> float:
    share = min(max(share, _LEAST_SHARE), 1 - _LEAST_SHARE)
    return math.log(share / (1 - share))


class _Join:
    """A table that the model keeps: rows are looked up by a column of the data."""

    def __init__(self, join: dict):
        table = join["table"]
        text = table["text"].encode(table["encoding"])
        records = _records(io.BytesIO(text), "the model's table", re.compile(","), True)
        splits = (_split(record, re.compile(","), True, False) for _, record in records)
        header = next(splits)
        on = header.index(join["on"])
        self.key: str = join["key"]
        # The column that is looked up by is the row's own, where the table has its name too.
        self.places = [(at, name) for at, name in enumerate(header) if name != self.key]
        self.rows = {row[on]: row for row in splits}

    def add(self, values: Dict[str, str]) -> None:
        """Adds the table's columns that the values do not have."""
        if self.key not in values:
            return
        found = self.rows.get(values[self.key])
        for at, name in self.places:
            values.setdefault(name, found[at] if found else "")


class GraphInputs:
    def __init__(self, model: str):
        props = metadata(model)
        if "fathom" not in props:
            raise BadModel(f"{model}: not written by fathom export --format onnx")
        try:
            self.described = json.loads(props["fathom"])
        except ValueError:
            raise BadModel(f"{model}: its metadata are damaged: export it again") from None
        self.text: dict = self.described["text"]
        self.columns = {c["name"]: _Column(c, self.text) for c in self.described["columns"]}
        self.joins = [_Join(join) for join in self.described["joins"]]

    def make(self, rows: Iterable[Mapping[str, str]]) -> Dict[str, Tensor]:
        """The graph's inputs for these rows, which are texts by column of the training data.

        Columns of joined tables are looked up where a row does not have them. All others must be
        there; "" says that a value is unknown. Raises BadRow, which names row and column.
        """
        inputs = self.described["inputs"]
        keys: List[list] = [[] for _ in inputs]
        weights: List[list] = [[] for _ in inputs]
        count = 0
        for row in rows:
            try:
                self._add(self._whole(row), keys, weights)
            except BadRow as reason:
                raise BadRow(f"{getattr(row, 'place', f'row {count}')}: {reason}") from None
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

    def _whole(self, row: Mapping[str, str]) -> Dict[str, str]:
        """The row with what is looked up. Fields of a file were trimmed when they were split."""
        values = dict(row)
        if not isinstance(row, FileRow):
            for name, value in values.items():
                if not isinstance(value, str):
                    raise BadRow(f"column {name}: {value!r} is no text: give it as the training "
                                 'data have it, and "" where it is unknown')
                if self.text["trim"]:
                    values[name] = value.strip(" \t")
        for join in self.joins:
            join.add(values)
        for column in self.columns.values():
            if column.source not in values:
                raise BadRow(f"the column {_shown(column.source)} is not there; an empty text says "
                             "that its value is unknown")
        return values

    def _add(self, values: Mapping[str, str], keys: List[list], weights: List[list]) -> None:
        encoded: Dict[str, Tuple[List[int], List[float]]] = {}

        def of(name: str) -> Tuple[List[int], List[float]]:
            if name not in encoded:
                column = self.columns[name]
                encoded[name] = column.keys(values[column.source])
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
                keys[at].append(column.number(values[column.source], raw))
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
            if len(states) * len(keys) > _MAX_COMBINATIONS:
                raise BadRow(f"a cross has more than {_MAX_COMBINATIONS} combinations in this line")
            states = [mix(state, key) for state in states for key in keys]
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


# --- files ---------------------------------------------------------------------------------------

_UNREAD = (
    (0, b"PAR1", "a Parquet file", "write it as CSV"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd file", "unpack it first, as `unzstd` does"),
    (0, b"PK\x03\x04", "a zip archive (or a workbook)", "unpack it, or export it as CSV"),
    (0, b"\xfd7zXZ\0", "an xz file", "unpack it first, as `unxz` does"),
    (4, b"1AY&SY", "a bzip2 file", "unpack it first, as `bunzip2` does"),
    (0, b"\x04\x22\x4d\x18", "an lz4 file", "unpack it first, as `unlz4` does"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (257, b"ustar", "a tar archive", "unpack it"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old workbook", "export it as CSV"),
    (0, b"Obj\x01", "an Avro file", "export it as CSV"),
    (0, b"ARROW1\0\0", "an Arrow file", "export it as CSV"),
    (0, b"SQLite format 3\0", "an SQLite database", "export its table as CSV"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", "export it as CSV"),
)


def _check_kind(file: str, first: bytes) -> None:
    """Refuses what is no text by its first bytes, as worker/input/file_kind.cc does."""
    for at, begin, kind, remedy in _UNREAD:
        if first.startswith(begin, at):
            raise BadRow(f"{file}: this is {kind}: {remedy}")
    if first.startswith(b"ORC") and b"\0" in first:  # it might begin a text
        raise BadRow(f"{file}: this is an ORC file: export it as CSV")
    if first[1:4] == b"\x2a\x4d\x18" and 0x50 <= first[0] <= 0x5F:
        raise BadRow(f"{file}: this is a zstd file: unpack it first, as `unzstd` does")
    wide = None
    pairs = min(len(first), 64) // 2
    even, odd = first[: 2 * pairs : 2], first[1 : 2 * pairs : 2]
    if first.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        wide = "UTF-32"
    elif first.startswith((b"\xff\xfe", b"\xfe\xff")):
        wide = "UTF-16"
    elif pairs > 1 and not any(odd) and all(even):
        wide = "UTF-16LE"
    elif pairs > 1 and not any(even) and all(odd):
        wide = "UTF-16BE"
    if wide:
        raise BadRow(f"{file}: this is {wide} text: write it as UTF-8, as "
                     f"`iconv -f {wide} -t UTF-8` does, and name that file")


def _lines(stream: BinaryIO, file: str) -> Iterator[bytes]:
    """The lines of a stream of text with their line ends, without a byte order mark."""
    first = stream.read(_FIRST_BYTES)
    if not first:
        raise BadRow(f"{file}: the file is empty: name a file with examples")
    _check_kind(file, first)
    if first.startswith(b"\x1f\x8b"):
        raise BadRow(f"{file}: it is compressed twice: decompress it once")
    if b"\n" not in first and b"\r" in first.rstrip(b"\r"):
        raise BadRow(f"{file}: its lines end with a carriage return alone: write line feeds, as "
                     "`tr '\\r' '\\n'` does")
    if first.startswith(b"\xef\xbb\xbf"):
        first = first[3:]
    yield from io.BytesIO(first + stream.readline())
    yield from stream


def _open_quote(record: bytes, separator: "re.Pattern[bytes]") -> Optional[int]:
    """The place of the quote that is open at the end of the lines; None: there is none."""
    at = 0
    if separator.pattern == b"[ \t]+":
        at = len(record) - len(record.lstrip(b" \t"))
    while True:
        if record.startswith(b'"', at):
            close = at + 1
            while True:
                close = record.find(b'"', close)
                if close < 0:
                    return at
                if record[close + 1 : close + 2] != b'"':
                    break
                close += 2
            at = close + 1
        following = separator.search(record, at)
        if following is None:
            return None
        at = following.end()


def _records(stream: BinaryIO, file: str, separator: "re.Pattern[str]",
             quoted: bool) -> Iterator[Tuple[int, str]]:
    """Records without their line ends, each with the number of its first line. Where records may be
    quoted over several lines, as CsvRecordEnd of worker/text/csv.h has them."""
    raw_separator = re.compile(separator.pattern.encode("utf-8", "surrogateescape"))
    lines = _lines(stream, file)
    pending: Deque[bytes] = collections.deque()  # lines that were read after a quote nobody closes
    number = 1
    while True:
        record = pending.popleft() if pending else next(lines, b"")
        if not record:
            return
        taken = 1
        if quoted and b'"' in record:
            parts, opened = [record], _open_quote(record, raw_separator)
            size = len(record)
            while opened is not None:
                more = pending.popleft() if pending else next(lines, b"")
                if more:
                    parts.append(more)
                    size += len(more)
                if not more or size - opened >= _MAX_QUOTED_BYTES:
                    pending.extendleft(reversed(parts[1:]))
                    parts = parts[:1]
                    break
                if b'"' in more:
                    opened = _open_quote(b"".join(parts), raw_separator)
            record, taken = b"".join(parts), len(parts)
        record = record[:-1] if record.endswith(b"\n") else record
        yield number, record.rstrip(b"\r").decode("utf-8", "surrogateescape")
        number += taken


def _split(record: str, separator: "re.Pattern[str]", quoted: bool, trim: bool) -> List[str]:
    """The fields of a record, as SplitCsv and SplitUnquoted of worker/text/csv.h have them."""
    if separator.pattern == "[ \t]+":
        record = record.strip(" \t")
    if not quoted or '"' not in record:
        fields = separator.split(record)
        return [field.strip(" \t") for field in fields] if trim else fields

    def skip_blanks(at: int) -> int:
        while trim and record[at : at + 1] in (" ", "\t") and not separator.match(record, at):
            at += 1
        return at

    fields = []
    at = 0
    while True:
        begin = skip_blanks(at)
        if record.startswith('"', begin):
            close = begin + 1
            while True:
                close = record.find('"', close)
                if close < 0:
                    raise BadRow(f"field {len(fields) + 1} opens a quote that is never closed")
                if not record.startswith('"', close + 1):
                    break
                close += 2
            fields.append(record[begin + 1 : close].replace('""', '"'))
            at = skip_blanks(close + 1)
            if at >= len(record):
                return fields
            following = separator.match(record, at)
            if following is None:
                raise BadRow(f"field {len(fields)} goes on after its closing quote")
            at = following.end()
            continue
        following = separator.search(record, at)
        end = following.start() if following else len(record)
        field = record[begin:end]
        if '"' in field:
            raise BadRow(f"field {len(fields) + 1} has a quote inside: quote the whole field and "
                         "double the quote")
        fields.append(field.strip(" \t") if trim else field)
        if following is None:
            return fields
        at = following.end()


class _Pairs:
    """Lines of libsvm: by index, by range of indices, and all other pairs as "features"."""

    def __init__(self, wanted: Iterable[str]):
        self.wanted = list(wanted)
        self.ranges = []
        for name in self.wanted:
            match = re.fullmatch(r"([0-9]+)\.\.([0-9]+)", name)
            if match:
                self.ranges.append((int(match[1]), int(match[2]), name))

    def values(self, line: str) -> Dict[str, str]:
        tokens = [token for token in re.split("[ \t]+", line) if token]
        label = tokens.pop(0) if ":" not in tokens[0] else ""
        group = ""
        if tokens and tokens[0].startswith("qid:"):
            group = tokens.pop(0)[len("qid:") :]
        lists: Dict[str, List[str]] = {name: [] for name in self.wanted}
        for token in tokens:
            if token.startswith("#"):
                break
            self._add(token, lists)
        values = {name: " ".join(pairs) for name, pairs in lists.items()}
        for name, value in (("label", label), ("qid", group)):
            if name in values:
                if not value:
                    raise BadRow(f"the line has no {name}")
                values[name] = value
        return values

    def _add(self, token: str, lists: Dict[str, List[str]]) -> None:
        index, _, value = token.partition(":")
        if not re.fullmatch("[0-9]+", index) or _number(value) is None:
            raise BadRow(f"{_shown(token)} is no index:value")
        index = index.lstrip("0") or "0"
        names = [name for low, high, name in self.ranges
                 if len(index) <= 20 and low <= int(index) <= high]
        for name in names or ([] if index in lists else ["features"]):
            if name in lists:
                lists[name].append(f"{index}:{value}")
        if index in lists:
            lists[index].append(value)


def _blank(file: str, line: int) -> BadRow:
    return BadRow(f"{file}:{line}: a line without an example: `fathom predict` leaves its score "
                  "empty, here rows of the inputs stay in step with lines: remove the line")


def _column_names(file: str, text: dict, first: Sequence[str], needed: Set[str]
                  ) -> Tuple[List[str], bool]:
    """The names of a file's columns, and whether its first line has them."""
    if text["format"] == "criteo":
        names = ["label"] + [f"I{i}" for i in range(1, 14)] + [f"C{i}" for i in range(1, 27)]
        if len(first) + 1 == len(names) and "label" not in needed:
            names.pop(0)
    else:
        names = list(first if text["header"] else text["names"])
    known: Set[str] = set()
    for name in names:
        if name in known:
            raise BadRow(f"{file}:1: the header names the column {_shown(name)} twice")
        known.add(name)
    for name in sorted(needed):
        if name not in known:
            raise BadRow(f"{file}:1: there is no column {_shown(name)}; the columns are "
                         f"{', '.join(names)}: mend the header")
    return names, list(first) == names


def _joined(described: dict) -> Tuple[Set[str], Set[str]]:
    """The columns that lines must have, and those that are looked up."""
    joins = [_Join(join) for join in described["joins"]]
    looked_up = {name for join in joins for _, name in join.places}
    needed = {column["source"] for column in described["columns"]} | {join.key for join in joins}
    return needed - looked_up, needed & looked_up


def rows_of(file: str, described: dict) -> Iterator[FileRow]:
    """The rows of a file that is written as the model's training data. Raises BadRow, which names
    file and line."""
    text = described["text"]
    if text["format"] not in ("csv", "tsv", "criteo", "libsvm", "parquet"):
        raise BadRow(f"{file}: this program reads no {text['format']}: make the rows yourself")
    try:
        with open(file, "rb") as plain:
            first = plain.read(512)
            plain.seek(0)
            _check_kind(file, first)
            if first.startswith(b"\x1f\x8b"):
                with gzip.open(plain) as unpacked:
                    yield from _rows(unpacked, file, described)  # type: ignore[arg-type]
            elif first and file.endswith((".gz", ".zst")):
                raise BadRow(f"{file}: its name says that it is compressed, but it is neither "
                             "gzip nor zstd: give it another name if it is plain text")
            else:
                yield from _rows(plain, file, described)
    except (EOFError, zlib.error, gzip.BadGzipFile) as reason:
        raise BadRow(f"{file}: the gzip file is damaged or was cut short: {reason}") from None
    except OSError as reason:
        raise BadRow(f"{file}: it cannot be read: {reason.strerror or reason}") from None


def _rows(stream: BinaryIO, file: str, described: dict) -> Iterator[FileRow]:
    text = described["text"]
    needed, looked_up = _joined(described)
    if text["format"] == "libsvm":
        pairs = _Pairs(needed)
        for line, record in _records(stream, file, re.compile("\t"), False):
            if not record.strip(" \t\r") or record.lstrip(" \t\r").startswith("#"):
                raise _blank(file, line)
            yield FileRow(_at(f"{file}:{line}", pairs.values, record), f"{file}:{line}")
        return
    is_criteo = text["format"] == "criteo"
    written = "\t" if is_criteo else text["separator"]
    written = written or ("," if text["format"] in ("csv", "parquet") else "\t")
    separator = re.compile("[ \t]+" if written == "blanks" else re.escape(written))
    quoted = text["quote"] == "double" and not is_criteo
    trim = text["trim"] and not is_criteo
    names: List[str] = []
    for line, record in _records(stream, file, separator, quoted):
        place = f"{file}:{line}"
        if not record:
            raise _blank(file, line)
        fields = _at(place, _split, record, separator, quoted, trim)
        if not names:
            names, is_header = _column_names(file, text, fields, needed)
            for name in sorted(looked_up & set(names)):
                raise BadRow(f"{file}:1: the column {_shown(name)} is in its lines and in a joined "
                             "table of the model too: remove or rename it")
            if is_header:
                continue
        if len(fields) != len(names):
            raise BadRow(f"{place}: {len(fields)} fields where {len(names)} are expected")
        yield FileRow(dict(zip(names, fields)), place)


def _at(place: str, read, *arguments):
    """What read returns; an error of it names the place."""
    try:
        return read(*arguments)
    except BadRow as reason:
        raise BadRow(f"{place}: {reason}") from None


def _write(feeds: Mapping[str, Tensor], out: str) -> None:
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


def main(arguments: List[str]) -> int:
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    model, rows, out = arguments
    try:
        inputs = GraphInputs(model)
        feeds = inputs.make(rows_of(rows, inputs.described))
        if not any(tensor.shape[0] for tensor in feeds.values()):
            raise BadRow(f"{rows}: there is no example in it")
        _write(feeds, out)
    except (BadRow, BadModel, OSError) as reason:
        print(f"fathom_onnx.py: {reason}", file=sys.stderr)
        return 3 if isinstance(reason, BadRow) else 4
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
