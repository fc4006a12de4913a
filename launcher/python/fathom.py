"""Fathom from Python: scores and recommends with a trained model, and runs the `fathom` program.

    import fathom

    with fathom.Model("run/books") as model:
        model.predict([{"user_id": 58, "book_id": 4}])
        model.recommend({"user_id": 58}, "books.csv", n=10)

    run = fathom.train("configs/books.toml", train__epochs=3)
    run.final["auc"], run.model

Scoring is done by libfathom-predict, in this process, without copies of the model; training by the
`fathom` program, in processes of its own. The module needs Python 3.8 and nothing else; where NumPy
is there, scores come as arrays.
"""

import array
import ctypes
import ctypes.util
import collections.abc
import csv
import gzip
import io
import json
import operator
import os
import shutil
import subprocess
import sys
import threading
import weakref
from typing import (Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union)

try:
    import numpy as _numpy
except ImportError:
    _numpy = None  # scores come as lists

__all__ = ["Catalogue", "Error", "Model", "Neighbour", "Recommendation", "Run", "Term", "evaluate",
           "train", "version"]

PathLike = Union[str, "os.PathLike[str]"]
Row = Union[Mapping[str, Any], Sequence[Any]]
Rows = Union[Mapping[str, Sequence[Any]], Iterable[Row]]

_ABI = 1
_ERROR_BYTES = 4096
_VERIFY = 1
_LOGITS = 1
_USAGE = 2
_DATA = 3
_REASONS = 3  # of each kind, for an item
_TERM_BYTES = 1024


class Error(Exception):
    """What is wrong, and how to mend it.

    code: as the exit codes of the program: 1 training, 2 usage or config, 3 data, 4 model, 5 a peer
    or the network, 6 refused, 7 a number that is not finite, 8 no memory, 9 a fault of the library;
    128 + n where signal n ended the program.
    """

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


# --- the library ---------------------------------------------------------------------------------


class _ColumnInfo(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("name", ctypes.c_char_p), ("required", ctypes.c_int)]


class _Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


_library_lock = threading.Lock()
_library = None


def _open_library() -> ctypes.CDLL:
    named = os.environ.get("FATHOM_PREDICT_LIBRARY")
    here = os.path.dirname(os.path.abspath(__file__))
    name = "libfathom-predict.so.1"
    places = [named] if named else [os.path.join(here, name), name]
    reasons = []
    for place in places:
        if os.path.isabs(place) and not named and not os.path.exists(place):
            continue
        try:
            return ctypes.CDLL(place)
        except OSError as reason:
            reasons.append(str(reason))
    raise Error(_USAGE, "libfathom-predict is not found ({}): install the package libfathom-predict1, "
                "or set FATHOM_PREDICT_LIBRARY to the path of libfathom-predict.so".format(
                    "; ".join(reasons)))


def _lib() -> ctypes.CDLL:
    """The library, opened at first use. ctypes lets other threads run while it works."""
    global _library
    with _library_lock:
        if _library is not None:
            return _library
        lib = _open_library()
        size, text = ctypes.c_size_t, ctypes.c_char_p
        handle = ctypes.c_void_p
        try:
            lib.fathom_version.restype = text
            lib.fathom_abi.restype = ctypes.c_int
            abi = lib.fathom_abi()
            if abi != _ABI:
                raise Error(_USAGE, "libfathom-predict has interface {} where this module has {}: "
                            "install both of one version".format(abi, _ABI))
            lib.fathom_open.argtypes = [text, ctypes.c_uint, ctypes.POINTER(handle), text, size]
            lib.fathom_close.argtypes = [handle]
            lib.fathom_close.restype = None
            lib.fathom_columns.argtypes = [handle]
            lib.fathom_columns.restype = size
            lib.fathom_column.argtypes = [handle, size, ctypes.POINTER(_ColumnInfo)]
            lib.fathom_score_text.argtypes = [
                handle, handle, size, ctypes.c_uint, ctypes.POINTER(ctypes.c_float), text, size]
            lib.fathom_catalogue_open.argtypes = [
                handle, handle, size, ctypes.POINTER(handle), text, size]
            lib.fathom_catalogue_close.argtypes = [handle]
            lib.fathom_catalogue_close.restype = None
            lib.fathom_recommend.argtypes = [
                handle, handle, ctypes.POINTER(size), size, size, ctypes.c_uint,
                ctypes.POINTER(size), ctypes.POINTER(ctypes.c_float), ctypes.POINTER(size), text,
                size]
            lib.fathom_explain.argtypes = [
                handle, handle, size, text, ctypes.POINTER(size), text, size]
            lib.fathom_item_text.argtypes = [
                handle, size, text, ctypes.POINTER(_Text), text, size]
            lib.fathom_wide_terms.argtypes = [
                handle, handle, size, size, size, text, ctypes.POINTER(ctypes.c_float),
                ctypes.POINTER(size), text, size]
            lib.fathom_near_items.argtypes = [
                handle, size, ctypes.POINTER(size), size, size, ctypes.POINTER(size),
                ctypes.POINTER(ctypes.c_float), ctypes.POINTER(size), text, size]
        except AttributeError as missing:
            raise Error(_USAGE, "libfathom-predict is not the one of this module ({}): install both "
                        "of one version".format(missing)) from None
        _library = lib
        return lib


def version() -> str:
    """The version of the library, as "0.1.0"."""
    return _lib().fathom_version().decode()


def _check(code: int, error: Any) -> None:
    if code != 0:
        raise Error(code, error.value.decode("utf-8", "replace"))


# --- texts ---------------------------------------------------------------------------------------


class _Opened:
    """What the library has opened, as a context: it is closed once nobody is in a call with it."""

    def __init__(self, handle: ctypes.c_void_p, close: Any, what: str):
        self._handle, self._close, self._what = handle, close, what
        self._lock = threading.Lock()
        self._calls = 0
        self._closing = False

    def __enter__(self) -> ctypes.c_void_p:
        with self._lock:
            if self._closing:
                raise Error(_USAGE, "the {} is closed".format(self._what))
            self._calls += 1
        return self._handle

    def __exit__(self, *unused: Any) -> None:
        with self._lock:
            self._calls -= 1
            last = self._closing and self._calls == 0
        if last:
            self._close(self._handle)

    def close(self) -> None:
        with self._lock:
            if self._closing:
                return
            self._closing = True
            now = self._calls == 0
        if now:
            self._close(self._handle)


def _to_bytes(value: Any, column: str) -> Optional[bytes]:
    """A value's text as the training data would have it. None, NaN and pandas.NA: it is not given."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (list, tuple, set, frozenset, collections.abc.Mapping)):
        raise Error(_DATA, "column {}: a {} is no text: join its values as the training data do".format(
            column, type(value).__name__))
    plain = type(value).__str__ is object.__str__ and type(value).__repr__ is object.__repr__
    if plain or isinstance(value, (bytearray, memoryview, complex)):
        raise TypeError("column {}: a {} is no text of a column".format(column, type(value).__name__))
    if type(value).__name__ in ("bool", "bool_"):
        raise Error(_DATA, "column {}: {} may be written in many ways: give the text as the training "
                    "data have it".format(column, value))
    return None if value != value else str(value).encode()


class _Texts:
    """fathom_text [rows x columns], and the memory that they point into."""

    def __init__(self, texts: List[Optional[bytes]]):
        self.blob = b"".join([text for text in texts if text])
        base = ctypes.cast(ctypes.c_char_p(self.blob), ctypes.c_void_p).value or 0
        flat = []
        for text in texts:
            if text is None:
                flat += (0, 0)
                continue
            flat += (base, len(text))
            base += len(text)
        word = "Q" if ctypes.sizeof(ctypes.c_size_t) == 8 else "I"
        self.words = array.array(word, flat)
        self.address = self.words.buffer_info()[0]


def _rows_of_columns(table: Mapping[str, Sequence[Any]]) -> List[Dict[str, Any]]:
    names = list(table.keys())
    columns = []
    for name in names:
        column = table[name]
        if (isinstance(column, (str, bytes, collections.abc.Mapping)) or
                not hasattr(column, "__iter__")):
            raise Error(_DATA, "column {}: a dict of columns holds a list for each; for one row give "
                        "[row]".format(name))
        columns.append(list(column))
    sizes = {len(column) for column in columns}
    if len(sizes) > 1:
        raise Error(_DATA, "the columns have different lengths: " + ", ".join(
            "{} {}".format(name, len(column)) for name, column in zip(names, columns)))
    return [dict(zip(names, row)) for row in zip(*columns)]


def _rows(rows: Rows) -> List[Row]:
    if hasattr(rows, "keys"):
        return _rows_of_columns(rows)  # type: ignore[arg-type]
    if isinstance(rows, (str, bytes)):
        raise Error(_DATA, "rows are a list of dicts, a dict of lists or a list of lists, not a text")
    return list(rows)


# --- models --------------------------------------------------------------------------------------


class Term(NamedTuple):
    """A term of the wide part."""

    name: str  # "reader x genres = 58 & fantasy"
    value: float  # what it adds to the logit


class Neighbour(NamedTuple):
    """An item whose embeddings are near another's."""

    item: Dict[str, Any]  # as Recommendation.item
    cosine: float
    place: int  # in the catalogue, from 0


class Recommendation(NamedTuple):
    """An item that is recommended. With why=True the three largest terms of the wide part, the three
    nearest items of the catalogue, and the three nearest of those that the reader has."""

    item: Dict[str, Any]  # all columns of the catalogue's row, and what `show` names
    score: float
    place: int  # in the catalogue, from 0
    wide: List[Term] = []
    near: List[Neighbour] = []
    near_seen: List[Neighbour] = []


class Model:
    """A trained model, in this process.

    path: the model's folder, the output folder above it, or a bundle. verify: compare every
    checksum, which takes as long as reading the model. Raises Error, code 4, where it is damaged or
    not there.

    Any number of threads may use a model at once, and it keeps none of them waiting. It is closed by
    close(), at the end of a `with`, or with its last use.
    """

    def __init__(self, path: PathLike, verify: bool = False):
        self._catalogues: "weakref.WeakSet[Catalogue]" = weakref.WeakSet()
        lib = _lib()
        handle = ctypes.c_void_p()
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        name = os.fsencode(path)
        if b"\0" in name:
            raise ValueError("the model's path holds a zero byte")
        code = lib.fathom_open(name, _VERIFY if verify else 0, ctypes.byref(handle),
                               error, _ERROR_BYTES)
        _check(code, error)
        self._opened = _Opened(handle, lib.fathom_close, "model")
        names, required = [], []
        for column in range(lib.fathom_columns(handle)):
            info = _ColumnInfo(size=ctypes.sizeof(_ColumnInfo))
            lib.fathom_column(handle, column, ctypes.byref(info))
            names.append(info.name.decode("utf-8", "surrogateescape"))
            required.append(bool(info.required))
        self._columns = tuple(names)
        self._required = tuple(name for name, must in zip(names, required) if must)
        self._slots = {name: slot for slot, name in enumerate(names)}

    @property
    def columns(self) -> Tuple[str, ...]:
        """The columns of the model's input, in the order in which a row without names has them."""
        return self._columns

    @property
    def required(self) -> Tuple[str, ...]:
        """Those of columns that a row must have, be it as None. The others come from tables that the
        model keeps, and are looked up where a row does not have them."""
        return self._required

    def predict(self, rows: Rows) -> Any:
        """The probabilities of rows: [rows], float32, a NumPy array where NumPy is there, else a list.

        rows: a list of dicts, a dict of lists (or a data frame), or a list of sequences in the order
        of columns. A value is the text that the training data would have, or a number that is
        written so; None or NaN: the model looks it up, or takes it as missing. A dict has all columns
        of required; others that it lacks are looked up.
        Raises Error, code 3: a value that the model cannot read, a column that it does not have, a
        required column that a row lacks.
        """
        return self._score(rows, 0)

    def logits(self, rows: Rows) -> Any:
        """As predict, the logits."""
        return self._score(rows, _LOGITS)

    def explain(self, row: Row) -> Dict[str, Any]:
        """A row's score taken apart: what each of its values adds to the logit, as `fathom explain
        --output json` tells it. row: as one of Model.predict. Raises Error as predict."""
        texts: List[Optional[bytes]] = []
        self._add_texts(row, "the row", texts, whole=True)
        given = _Texts(texts)
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        needed = ctypes.c_size_t(1 << 14)
        while True:
            room = needed.value + 1
            text = ctypes.create_string_buffer(room)
            with self._opened as handle:
                code = _lib().fathom_explain(handle, given.address, room, text,
                                             ctypes.byref(needed), error, _ERROR_BYTES)
            _check(code, error)
            if needed.value < room:
                return json.loads(text.value.decode())

    def catalogue(self, items: Union[PathLike, Rows]) -> "Catalogue":
        """Candidates to recommend from, encoded once: see Catalogue."""
        return Catalogue(self, items)

    def recommend(self, user: Mapping[str, Any], catalogue: Union["Catalogue", PathLike, Rows],
                  n: int = 10, seen: Iterable[Any] = (), logits: bool = False,
                  show: Iterable[str] = (), why: bool = False) -> List[Recommendation]:
        """The n items of a catalogue with the highest scores for a reader, highest first.

        user: columns that the catalogue does not have. catalogue: of Model.catalogue, or what that
        takes, which is then encoded for this call. seen: items that are left out, each a dict of
        columns of the catalogue, or a value of its first column that the model reads; what is not in
        the catalogue is passed over. logits: scores are logits. show: columns of joined tables that
        the model keeps, as a title, which are added to each item as texts; None where there is none.
        why: with reasons, see Recommendation. Raises Error as predict.
        """
        if not isinstance(catalogue, Catalogue):
            catalogue = Catalogue(self, catalogue)
        if catalogue._model is not self:
            raise Error(_USAGE, "the catalogue was made of another model: make it by this one's "
                        "catalogue()")
        return catalogue.recommend(user, n, seen, logits, show, why)

    def close(self) -> None:
        """Closes the model and its catalogues, as soon as the calls that are at work have ended."""
        for catalogue in list(self._catalogues):
            catalogue.close()
        self._opened.close()

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_opened") and _library is not None:
            self._opened.close()

    def _add_texts(self, row: Row, where: str, texts: List[Optional[bytes]],
                   whole: bool = False, others: bool = False) -> None:
        """Adds a row's texts by column. whole: it has all required columns. others: columns that the
        model does not have are allowed."""
        if isinstance(row, (str, bytes)):
            raise Error(_DATA, "{}: a row is a dict or a sequence, not a text".format(where))
        try:
            self._take_texts(row, where, texts, whole, others)
        except Error as error:
            if str(error).startswith(where):
                raise
            raise Error(error.code, "{}: {}".format(where, error)) from None
        except TypeError as error:
            raise TypeError("{}: {}".format(where, error)) from None

    def _take_texts(self, row: Row, where: str, texts: List[Optional[bytes]], whole: bool,
                    others: bool) -> None:
        if not hasattr(row, "keys"):
            if len(row) != len(self._columns):
                raise Error(_DATA, "{}: it has {} values where the model has {} columns: {}".format(
                    where, len(row), len(self._columns), ", ".join(self._columns)))
            texts += [_to_bytes(value, name) for name, value in zip(self._columns, row)]
            return
        mine: List[Optional[bytes]] = [None] * len(self._columns)
        for name in row.keys():  # type: ignore[union-attr]
            slot = self._slots.get(name)
            if slot is not None:
                mine[slot] = _to_bytes(row[name], name)
            elif not others:
                raise Error(_DATA, "{}: the model has no column {!r}; it has {}".format(
                    where, name, ", ".join(self._columns)))
        if whole:
            self._check_required(set(row.keys()), where)  # type: ignore[union-attr]
        texts += mine

    def _check_required(self, given: "set[str]", where: str) -> None:
        for name in self._required:
            if name not in given:
                raise Error(_DATA, "{}: the column {!r} is not there; None says that its value is "
                            "unknown".format(where, name))

    def _score(self, rows: Rows, flags: int) -> Any:
        texts: List[Optional[bytes]] = []
        count = 0
        in_order = _rows(rows)
        if hasattr(rows, "keys"):
            self._check_required(set(rows.keys()), "the table")  # type: ignore[arg-type]
        for row in in_order:
            self._add_texts(row, "row {}".format(count), texts, whole=True)
            count += 1
        given = _Texts(texts)
        scores = (ctypes.c_float * count)()
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        with self._opened as handle:
            code = _lib().fathom_score_text(handle, given.address, count, flags, scores, error,
                                            _ERROR_BYTES)
        _check(code, error)
        if _numpy is None:
            return list(scores)
        return _numpy.array(scores, dtype=_numpy.float32)


class Catalogue:
    """Candidates of one model, encoded once: made by Model.catalogue.

    items: a CSV file with a header (or between tabs), or rows as Model.predict takes them. Columns
    that the model does not have are kept in `items`, as titles. Columns of the model that no item
    has, and that are not looked up by what the items have, are the reader's. Raises Error, code 3: a
    value that the model cannot read, a file that cannot be read.

    Any number of threads may use a catalogue at once.
    """

    def __init__(self, model: Model, items: Union[PathLike, Rows]):
        self._model = model
        if isinstance(items, (str, os.PathLike)):
            self.items = _read_items(os.fspath(items), model.columns)
        else:
            self.items = [row if hasattr(row, "keys") else dict(zip(model.columns, row))
                          for row in _rows(items)]
        if not self.items:
            raise Error(_DATA, "a catalogue without items")
        texts: List[Optional[bytes]] = []
        for place, item in enumerate(self.items):
            model._add_texts(item, "item {}".format(place), texts, others=True)
        given = _Texts(texts)
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        self._gives = {name for item in self.items for name in item.keys()}
        of_reader = set(model.required) - self._gives
        for place, item in enumerate(self.items):
            model._check_required(set(item.keys()) | of_reader, "item {}".format(place))
        handle = ctypes.c_void_p()
        lib = _lib()
        with model._opened as opened:
            code = lib.fathom_catalogue_open(opened, given.address, len(self.items),
                                             ctypes.byref(handle), error, _ERROR_BYTES)
            _check(code, error)
            self._opened = _Opened(handle, lib.fathom_catalogue_close, "catalogue")
            model._catalogues.add(self)
        self._places: Dict[Tuple[str, ...], Dict[Tuple[Optional[bytes], ...], List[int]]] = {}

    def __len__(self) -> int:
        return len(self.items)

    def recommend(self, user: Mapping[str, Any], n: int = 10, seen: Iterable[Any] = (),
                  logits: bool = False, show: Iterable[str] = (), why: bool = False
                  ) -> List[Recommendation]:
        """As Model.recommend."""
        if isinstance(show, (str, bytes)):
            raise Error(_USAGE, "show is a list of columns, not one column")
        shown = list(show)
        if not all(isinstance(column, str) for column in shown):
            raise TypeError("show is a list of names of columns: {!r}".format(shown))
        n = operator.index(n)
        if n < 0:
            raise ValueError("n is {}: it is a number of items".format(n))
        texts: List[Optional[bytes]] = []
        self._model._add_texts(user, "the user", texts)
        if hasattr(user, "keys"):
            self._model._check_required(set(user.keys()) | self._gives, "the user")
        reader = _Texts(texts)
        left_out = sorted(self._seen_places(seen))
        out = (ctypes.c_size_t * len(left_out))(*left_out)
        n = min(n, len(self.items))
        places = (ctypes.c_size_t * n)()
        scores = (ctypes.c_float * n)()
        found = ctypes.c_size_t()
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        with self._model._opened, self._opened as handle:
            code = _lib().fathom_recommend(
                handle, reader.address, out, len(left_out), n, _LOGITS if logits else 0, places,
                scores, ctypes.byref(found), error, _ERROR_BYTES)
            _check(code, error)
            return [self._recommendation(handle, reader, places[i], scores[i], left_out, shown, why)
                    for i in range(found.value)]

    def close(self) -> None:
        """As soon as the calls that are at work have ended."""
        self._opened.close()

    def __del__(self) -> None:
        if hasattr(self, "_opened") and _library is not None:
            self._opened.close()

    def _recommendation(self, handle: ctypes.c_void_p, reader: "_Texts", place: int, score: float,
                        seen: List[int], shown: List[str], why: bool) -> Recommendation:
        item = self._item(handle, place, shown)
        if not why:
            return Recommendation(item, score, place)
        return Recommendation(item, score, place, self._wide(handle, reader, place),
                              self._near(handle, place, None, shown),
                              self._near(handle, place, seen, shown))

    def _item(self, handle: ctypes.c_void_p, place: int, shown: List[str]) -> Dict[str, Any]:
        item = dict(self.items[place])
        for column in shown:
            if column in item:
                continue
            text = _Text()
            error = ctypes.create_string_buffer(_ERROR_BYTES)
            code = _lib().fathom_item_text(handle, place, column.encode("utf-8", "surrogateescape"),
                                           ctypes.byref(text), error, _ERROR_BYTES)
            _check(code, error)
            item[column] = None if text.data is None else ctypes.string_at(
                text.data, text.size).decode("utf-8", "surrogateescape")
        return item

    def _wide(self, handle: ctypes.c_void_p, reader: "_Texts", place: int) -> List[Term]:
        names = ctypes.create_string_buffer(_REASONS * _TERM_BYTES)
        values = (ctypes.c_float * _REASONS)()
        found = ctypes.c_size_t()
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        code = _lib().fathom_wide_terms(handle, reader.address, place, _REASONS, _TERM_BYTES, names,
                                        values, ctypes.byref(found), error, _ERROR_BYTES)
        _check(code, error)
        return [Term(names.raw[i * _TERM_BYTES:(i + 1) * _TERM_BYTES].split(b"\0", 1)[0].decode(
            "utf-8", "surrogateescape"), values[i]) for i in range(found.value)]

    def _near(self, handle: ctypes.c_void_p, place: int, among: Optional[List[int]],
              shown: List[str]) -> List[Neighbour]:
        places = (ctypes.c_size_t * _REASONS)()
        cosines = (ctypes.c_float * _REASONS)()
        found = ctypes.c_size_t()
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        given = None if among is None else (ctypes.c_size_t * len(among))(*among)
        code = _lib().fathom_near_items(handle, place, given, len(among or ()), _REASONS, places,
                                        cosines, ctypes.byref(found), error, _ERROR_BYTES)
        _check(code, error)
        return [Neighbour(self._item(handle, places[i], shown), cosines[i], places[i])
                for i in range(found.value)]

    def _seen_places(self, seen: Iterable[Any]) -> "set[int]":
        if isinstance(seen, (str, bytes)) or hasattr(seen, "keys"):
            raise Error(_USAGE, "seen is a list of items, not one item")
        places = set()
        for item in seen:
            if not hasattr(item, "keys"):
                item = {self._first_column(): item}
            if not item.keys():
                raise Error(_USAGE, "seen: an item without columns")
            columns = tuple(sorted(item.keys()))
            key = tuple(_to_bytes(item[column], column) for column in columns)
            places.update(self._index(columns).get(key, ()))
        return places

    def _first_column(self) -> str:
        for column in self.items[0].keys():
            if column in self._model.columns:
                return column
        raise Error(_USAGE, "the first item has no column of the model: name seen items by dicts")

    def _index(self, columns: Tuple[str, ...]) -> Dict[Tuple[Optional[bytes], ...], List[int]]:
        """The places of items by their texts in these columns; made once."""
        index = self._places.get(columns)
        if index is None:
            index = {}
            for place, item in enumerate(self.items):
                for column in columns:
                    if column not in item:
                        raise Error(_USAGE, "seen: item {} of the catalogue has no column {!r}".format(
                            place, column))
                key = tuple(_to_bytes(item[column], column) for column in columns)
                index.setdefault(key, []).append(place)
            self._places[columns] = index
        return index


def _open_text(path: str) -> io.TextIOBase:
    with open(path, "rb") as file:
        magic = file.read(4)
    if magic == b"\x28\xb5\x2f\xfd":
        raise Error(_DATA, "{}: it is compressed by zstd, which Python cannot read: give it plain or "
                    "as gzip".format(path))
    opens: Any = gzip.open if magic[:2] == b"\x1f\x8b" else open
    return opens(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")


def _read_header(path: str, first: str, columns: Sequence[str]) -> Tuple[List[str], str]:
    """The names in a file's first line, and what stands between them."""
    for delimiter in (",", "\t"):
        header = next(csv.reader([first], delimiter=delimiter), [])
        if any(name in columns for name in header):
            break
    else:
        raise Error(_DATA, "{}:1: no column of the model is in its header: it needs one of {}".format(
            path, ", ".join(columns)))
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise Error(_DATA, "{}:1: the column {!r} is there twice".format(path, sorted(twice)[0]))
    return header, delimiter


def _read_items(path: str, columns: Sequence[str]) -> List[Dict[str, Any]]:
    line = 1
    try:
        with _open_text(path) as file:
            header, delimiter = _read_header(path, file.readline(), columns)
            items = []
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for fields in reader:
                line = reader.line_num + 1
                if not fields:
                    continue
                if len(fields) != len(header):
                    raise Error(_DATA, "{}:{}: {} fields where {} are expected".format(
                        path, line, len(fields), len(header)))
                items.append(dict(zip(header, fields)))
    except csv.Error as reason:
        raise Error(_DATA, "{}: after line {}: {}".format(path, line, reason)) from None
    except (OSError, EOFError) as reason:
        raise Error(_DATA, "{}: it cannot be read: {}".format(path, reason)) from None
    if not items:
        raise Error(_DATA, "{}: it holds no items".format(path))
    return items


# --- the program ---------------------------------------------------------------------------------


class Run:
    """The output folder of a training run."""

    def __init__(self, dir: PathLike):
        self.dir = os.fspath(dir)
        if not os.path.exists(self._metrics_path):
            raise Error(4, "{}: it has no metrics.jsonl: it is not the output folder of a run".format(
                self.dir))

    def __repr__(self) -> str:
        return "fathom.Run({!r})".format(self.dir)

    @property
    def _metrics_path(self) -> str:
        return os.path.join(self.dir, "metrics.jsonl")

    @property
    def metrics(self) -> List[Dict[str, Any]]:
        """The records of metrics.jsonl, in order; record["event"] says what each is. Read anew at
        each use; a last line that is still being written is left out."""
        records = []
        with open(self._metrics_path, encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    records.append(json.loads(line))
        return records

    @property
    def final(self) -> Dict[str, Any]:
        """The last record of a run that is done. Raises Error, code 1, where it is not done."""
        for record in reversed(self.metrics):
            if record.get("event") == "final":
                return record
        raise Error(1, "{}: the run is not done: metrics.jsonl has no final record".format(self.dir))

    @property
    def config(self) -> str:
        """The config that the run had in force, as TOML text."""
        with open(os.path.join(self.dir, "config.toml"), encoding="utf-8") as file:
            return file.read()

    @property
    def model(self) -> str:
        """The model's folder. Raises Error, code 4, where the run has written none."""
        path = os.path.join(self.dir, "model")
        if not os.path.exists(os.path.join(path, "manifest.json")):
            raise Error(4, "{}: the run has written no model".format(self.dir))
        return path


def train(config: PathLike, overrides: Optional[Mapping[str, Any]] = None, *, quiet: bool = False,
          **settings: Any) -> Run:
    """Trains a config by the `fathom` program, and returns its run.

    Settings of the config are overridden by overrides={"train.epochs": 2}, **{"train.epochs": 2} or
    train__epochs=2. What the program prints goes to sys.stdout and sys.stderr as it comes, unless
    quiet. The program is the one that FATHOM names, or the one beside this module, or the first on
    the PATH. Raises Error with the program's message and exit code.
    """
    output = _run(["train", os.fspath(config)] + _overrides(overrides, settings), quiet)
    for line in reversed(output.splitlines()):
        if line.startswith("model: "):
            return Run(os.path.dirname(line[len("model: "):]))
    raise Error(1, "fathom train has named no model; its last words were: " + output[-200:])


def evaluate(config: PathLike, model: PathLike, overrides: Optional[Mapping[str, Any]] = None, *,
             quiet: bool = True, **settings: Any) -> Dict[str, float]:
    """The metrics of a model on the evaluation part of a config's data, by name, as `fathom evaluate`
    prints them (six digits). Arguments and errors as train; model: its folder."""
    output = _run(["evaluate", os.fspath(config), "--model", os.fspath(model)] +
                  _overrides(overrides, settings), quiet)
    metrics = {}
    for line in output.splitlines():
        words = line.split()
        if len(words) < 2 or not words[0].replace("_", "").isalpha():
            continue
        try:
            metrics[words[0]] = float(words[1])
        except ValueError:
            continue  # a line of the log
    return metrics


def _program() -> str:
    named = os.environ.get("FATHOM")
    if named:
        found = shutil.which(named)
        if found is None:
            raise Error(_USAGE, "FATHOM={}: there is no such program".format(named))
        return found
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fathom")
    if os.path.isfile(beside) and os.access(beside, os.X_OK):
        return beside
    found = shutil.which("fathom")
    if found is None:
        raise Error(_USAGE, "the program fathom is not found: install the package fathom, or set FATHOM "
                    "to its path, as build/release/fathom")
    return found


def _setting_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(
            json.dumps(one, ensure_ascii=False) if isinstance(one, str) else _setting_text(one)
            for one in value) + "]"
    return str(value)


def _overrides(overrides: Optional[Mapping[str, Any]], settings: Mapping[str, Any]) -> List[str]:
    texts = []
    given: Dict[str, Any] = {}
    for name, value in list((overrides or {}).items()) + list(settings.items()):
        name = name.replace("__", ".")
        if name in given:
            raise Error(_USAGE, "the setting {} is given twice".format(name))
        given[name] = value
        texts.append("{}={}".format(name, _setting_text(value)))
    return texts


def _run(arguments: List[str], quiet: bool) -> str:
    """Runs the program; returns what it wrote to standard output."""
    process = subprocess.Popen([_program()] + arguments, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               encoding="utf-8", errors="replace")
    written: Dict[str, List[str]] = {"out": [], "errors": []}

    def copy(source: Any, name: str, to: Any) -> None:
        for line in source:
            written[name].append(line)
            if not quiet and to is not None:
                to.write(line)
                to.flush()

    errors = threading.Thread(target=copy, args=(process.stderr, "errors", sys.stderr), daemon=True)
    errors.start()
    try:
        copy(process.stdout, "out", sys.stdout)
        code = process.wait()
    except BaseException:
        process.terminate()  # in order: a run writes a checkpoint first
        process.wait()
        raise
    finally:
        errors.join()
        process.stdout.close()
        process.stderr.close()
    if code != 0:
        lines = "".join(written["errors"]).strip().splitlines()
        own = [line[len("fathom: "):] for line in lines
               if line.startswith("fathom: ") and not line.startswith("fathom: warning: ")]
        message = "\n".join(own or lines) or "fathom {} has ended without a word".format(arguments[0])
        raise Error(128 - code if code < 0 else code, message)
    return "".join(written["out"])
