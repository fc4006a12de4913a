#!/usr/bin/env python3
"""The inputs that fathom_onnx.py makes: fathom_onnx_test.py PROGRAM SCRATCH SOURCE. What `fathom
predict` reads it reads as predict does, or refuses it with file, line and reason."""

import gzip
import os
import random
import shutil
import subprocess
import sys
import unittest

PROGRAM, SCRATCH, SOURCE = (os.path.abspath(argument) for argument in sys.argv[1:4])
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SOURCE, "launcher", "export"))
try:
    import fathom_onnx
except ImportError:
    print("skipped: no python3-xxhash")
    sys.exit(77)

CONFIG = """
[data]
train = ["train.csv"]
missing = ["", "?"]
[[join]]
file = "items.csv"
key = "item"
on = "id"
[[column]]
name = "user"
[[column]]
name = "item"
source = "id"
[[column]]
name = "shop"
[[column]]
name = "first"
source = "user"
extract = '^u(\\d)'
[[column]]
name = "weighted"
kind = "multivalent"
weighted = true
[[column]]
name = "price"
kind = "numeric"
[[column]]
name = "log price"
source = "size"
kind = "numeric"
transform = "log_standardise"
[[column]]
name = "class"
source = "size"
transform = "buckets"
boundaries = [1, 5]
[[column]]
name = "hour"
source = "at"
transform = "hour"
[[column]]
name = "weekday"
source = "day"
transform = "weekday"
[model]
embedding_dim = 2
hidden = [2]
[train]
batch_size = 64
epochs = 1
"""
PAIRS = """
[data]
format = "libsvm"
train = ["train.libsvm"]
[[column]]
name = "few"
source = "1..9"
kind = "multivalent"
weighted = true
[[column]]
name = "ten"
source = "10"
kind = "numeric"
[[column]]
name = "id"
source = "20..29"
[model]
embedding_dim = 2
hidden = [2]
[train]
batch_size = 64
epochs = 1
"""
HEADER = "user,item,weighted,price,size,at,day"
LINE = "u1,i1,a:1|b:0.5,3,2,2026-11-28T10:00:00Z,2026-11-28"


def program(*arguments):
    return subprocess.run([PROGRAM, *arguments], cwd=SCRATCH, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True)


def path(name):
    return os.path.join(SCRATCH, name)


def write(name, content):
    with open(path(name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
    return path(name)


def trained(name, config):
    write(name + ".toml", config)
    for done in (program("train", name + ".toml", "output.dir=" + path(name)),
                 program("export", "--model", name, "--format", "onnx", "--out", name + "-onnx")):
        if done.returncode != 0:
            raise AssertionError(done.stderr)
    return fathom_onnx.GraphInputs(path(name + "-onnx/model.onnx"))


def setUpModule():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    os.makedirs(SCRATCH)
    draw = random.Random(1)
    write("items.csv", "id,shop\n" + "".join("i{0},shop {0}\n".format(i) for i in range(5)))
    write("train.csv", "label," + HEADER + "\n" + "".join(
        "{},u{},i{},a:1|b:2,{},{},2026-11-{:02}T10:00:00Z,2026-11-28\n".format(
            n % 2, draw.randrange(9), draw.randrange(9), draw.random(), draw.random(), 1 + n % 28)
        for n in range(200)))
    write("train.libsvm", "".join(
        "{} {}:1 10:{:.3f} 2{}:1\n".format(n % 2, draw.randrange(1, 10), draw.random(), n % 9)
        for n in range(200)))
    global CSV, LIBSVM
    CSV, LIBSVM = trained("csv", CONFIG), trained("libsvm", PAIRS)


class Case(unittest.TestCase):
    model = "csv"

    def predicts(self, file):
        done = program("predict", "--model", path(self.model), "--input", file, "--output",
                       path("scores.txt"))
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return done.returncode == 0

    def inputs(self, file):
        inputs = CSV if self.model == "csv" else LIBSVM
        return inputs.make(fathom_onnx.rows_of(file, inputs.described))

    def reads_alike(self, name, content, plain):
        """Predict takes the content, and its inputs are those of the plain one."""
        file = write(name, content)
        self.assertTrue(self.predicts(file), name)
        with open(path("scores.txt")) as scores:
            count = len(scores.read().split())
        feeds = self.inputs(file)
        self.assertEqual({tensor.shape[0] for tensor in feeds.values()}, {count})
        self.assertEqual(repr(feeds), repr(self.inputs(write("plain", plain))))

    def refuses(self, name, content, words, predict_does=True):
        file = write(name, content)
        if predict_does is not None:
            self.assertEqual(not self.predicts(file), predict_does, name)
        with self.assertRaises(fathom_onnx.BadRow) as caught:
            self.inputs(file)
        self.assertIn(file + words, str(caught.exception))


def lines(*given, header=HEADER):
    return "\n".join((header,) + given) + "\n"


def changed(**fields):
    values = dict(zip(HEADER.split(","), LINE.split(",")))
    values.update(fields)
    return lines(LINE, ",".join(values.values()))


class Files(Case):
    def test_of_every_form_give_the_same_inputs(self):
        plain = lines(LINE, "u2,i9,,?,0.5,1795799880,1795799880")
        for name, content in [
                ("mark.csv", b"\xef\xbb\xbf" + plain.encode()),
                ("crlf.csv", plain.replace("\n", "\r\n")),
                ("crcrlf.csv", plain.replace("\n", "\r\r\n")),
                ("unended.csv", plain[:-1]),
                ("gzip.csv", gzip.compress(plain.encode())),
                ("members.csv", gzip.compress(plain[:70].encode()) + gzip.compress(plain[70:].encode())),
                ("quoted.csv", plain.replace("u1,", '"u1",'))]:
            self.reads_alike(name, content, plain)
        moved = "label," + HEADER + "\n0," + LINE + "\n"
        self.reads_alike("more.csv", moved, lines(LINE))

    def test_with_records_over_several_lines_are_counted_in_lines(self):
        self.refuses("long.csv", lines(LINE, LINE.replace("u1", '"u\n""1"'), "u1"),
                     ":5: 1 fields where 7 are expected")
        self.refuses("open.csv", lines(LINE, LINE.replace("u1", '"u1'), LINE),
                     ":3: field 1 opens a quote that is never closed")
        self.refuses("behind.csv", changed(user='"u"1'), ":3: field 1 goes on after its closing quote")
        self.refuses("inside.csv", changed(user='u"1'), ":3: field 1 has a quote inside")

    def test_that_are_no_text_are_named(self):
        plain = lines(LINE)
        for name, content, words in [
                ("wide.csv", plain.encode("utf-16"), ": this is UTF-16 text"),
                ("wide-le.csv", plain.encode("utf-16-le"), ": this is UTF-16LE text"),
                ("wide-be.csv", plain.encode("utf-16-be"), ": this is UTF-16BE text"),
                ("parquet.csv", b"PAR1" + bytes(20) + b"PAR1", ": this is a Parquet file"),
                ("cut.csv", gzip.compress(plain.encode() * 9)[:-20], ": the gzip file is damaged"),
                ("twice.csv", gzip.compress(gzip.compress(plain.encode())), ": it is compressed twice"),
                ("plain.gz", plain, ": its name says that it is compressed"),
                ("cr.csv", plain.replace("\n", "\r"), ": its lines end with a carriage return alone"),
                ("empty.csv", "", ": the file is empty")]:
            self.refuses(name, content, words)
        self.refuses("zstd.csv", b"\x28\xb5\x2f\xfd" + bytes(20), ": this is a zstd file: unpack it first",
                     None)

    def test_with_other_lines_are_refused_at_the_line(self):
        self.refuses("blank.csv", lines(LINE, "", LINE), ":3: a line without an example", False)
        self.refuses("blank-end.csv", lines(LINE, "\r"), ":3: a line without an example", False)
        self.refuses("short.csv", lines(LINE, "u1,i1"), ":3: 2 fields where 7 are expected")
        self.refuses("many.csv", lines(LINE + ",x"), ":2: 8 fields where 7 are expected")
        self.refuses("lacks.csv", lines(LINE, header=HEADER.replace("user", "reader")),
                     ':1: there is no column "user"')
        self.refuses("doubled.csv", lines(LINE, header=HEADER.replace("price", "user")),
                     ':1: the header names the column "user" twice')
        self.refuses("joined.csv", lines(LINE + ",x", header=HEADER + ",shop"),
                     ':1: the column "shop" is in its lines and in a joined table')


class Values(Case):
    def test_that_predict_reads_are_read(self):
        for fields in [{"price": "+1.5"}, {"price": ".5"}, {"price": "1e-400"}, {"price": "1e15"},
                       {"size": "1e30"}, {"price": "?"}, {"weighted": "a:1e15"}, {"weighted": ":1"},
                       {"at": "0000-02-29 23:59:60.5+00:30"}, {"at": "9999-12-31T23:00-0800"},
                       {"at": "-62135596800"}, {"day": "253402300799.5"}, {"user": "u\u0661"}]:
            content = changed(**fields)
            self.reads_alike("good.csv", content, content)

    def test_that_predict_refuses_are_refused(self):
        number, time = "is no number", "is no time"
        for column, value, words in [
                ("price", "1e16", "is too large"), ("price", "-1.1e15", "is too large"),
                ("price", "\u0661\u0662", number), ("price", "1_000", number), ("price", "nan", number),
                ("price", "inf", number), ("price", "0x10", number), ("price", "1e999", number),
                ("price", "+-5", number), ("price", " 5", number), ("size", "1e", number),
                ("price", "5.e", number), ("size", "\u0661", number),
                ("weighted", "a:1e16", "too large"), ("weighted", "a", "is not written value:weight"),
                ("weighted", "5", "is not written value:weight"), ("weighted", "a:1_0", "value:weight"),
                ("at", "2026-11-28", "is a date without an hour"), ("at", "soon", time),
                ("at", "1795799880000", time), ("at", "2026-02-29T10:00", time),
                ("at", "2026-11-28T24:00", time), ("at", "2026-11-28T10:00:61", time),
                ("at", "2026-11-28T10:00+24:00", time), ("at", "\u0662026-11-28T10:00", time),
                ("day", "2026-13-01", time), ("day", "1e300", time)]:
            self.refuses("bad.csv", changed(**{column: value}), ":3: column ")
            with self.assertRaisesRegex(fathom_onnx.BadRow, words):
                self.inputs(path("bad.csv"))

    def test_that_float32_cannot_hold_are_refused(self):
        self.refuses("large.csv", changed(size="1e300"), ":3: column log price", False)

    def test_digits_of_other_scripts_match_no_expression(self):
        at = [entry["input"] for entry in CSV.described["inputs"]].index("first")
        name = CSV.described["inputs"][at]["input"]
        feeds = self.inputs(write("digits.csv", changed(user="u\u0661")))
        missing = int(next(c["missing_key"] for c in CSV.described["columns"] if c["name"] == "first"), 16)
        self.assertEqual(feeds[name].values[1] & (1 << 64) - 1, missing)

    def test_of_rows_without_a_file_are_named_by_the_row(self):
        row = dict(zip(HEADER.split(","), LINE.split(",")))
        self.assertEqual(repr(CSV.make([row])), repr(self.inputs(write("one.csv", lines(LINE)))))
        lacking = {name: text for name, text in row.items() if name != "price"}
        for bad, words in [(lacking, 'row 1: the column "price" is not there'),
                           (dict(row, price=3), "row 1: column price: 3 is no text"),
                           (dict(row, price="x"), 'row 1: column price = "x" is no number')]:
            with self.assertRaises(fathom_onnx.BadRow) as caught:
                CSV.make([row, bad])
            self.assertIn(words, str(caught.exception))


class Pairs(Case):
    model = "libsvm"

    def test_are_read_as_predict_reads_them(self):
        plain = "0 1:0.5 3:2 10:4 21:1\n1 20:1\n"
        self.reads_alike("zeros.libsvm", plain.replace("3:", "03:").replace("10:", "0010:"), plain)
        self.reads_alike("tabs.libsvm", plain.replace(" ", "\t ").replace("\n", " # 7:8\r\n"), plain)
        self.reads_alike("bare.libsvm", "1:0.5 3:2 10:4 21:1\nqid:3 20:1\n", plain)

    def test_that_are_bad_are_refused_at_the_line(self):
        for line, words in [("0 1:1#", "is no index:value"), ("0 x:1", "is no index:value"),
                            ("0 1:nan", "is no index:value"), ("0 \u0661:1", "is no index:value"),
                            ("0 10:1 10:2", "more than one value"), ("0 10:1e16", "is too large"),
                            ("0 21:1 22:1", "is not one id with value 1"),
                            ("0 21:2", "is not one id with value 1"), ("0 1:1e16", "is too large"),
                            ("0 1:1\v2:1", "is no index:value")]:
            self.refuses("bad.libsvm", "0 1:1\n" + line + "\n", ":2: ")
            with self.assertRaisesRegex(fathom_onnx.BadRow, words):
                self.inputs(path("bad.libsvm"))
        self.refuses("comment.libsvm", "0 1:1\n# all\n", ":2: a line without an example", False)


class TheProgram(unittest.TestCase):
    def run_it(self, model, rows):
        script = os.path.join(SOURCE, "launcher", "export", "fathom_onnx.py")
        return subprocess.run([sys.executable, script, model, rows, path("out")], stderr=subprocess.PIPE,
                              universal_newlines=True)

    def test_ends_with_a_sentence_and_the_code_of_its_kind(self):
        model = path("csv-onnx/model.onnx")
        bad = write("bad.csv", changed(price="x"))
        for code, words, arguments in [
                (0, "", (model, write("good.csv", lines(LINE)))),
                (3, bad + ":3: column price", (model, bad)),
                (3, "there is no example", (model, write("header.csv", lines()))),
                (3, "nowhere.csv: it cannot be read", (model, path("nowhere.csv"))),
                (3, "it cannot be read", (model, SCRATCH)),
                (4, "no ONNX model", (bad, bad)), (4, "nowhere", (path("nowhere"), bad))]:
            done = self.run_it(*arguments)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(words, done.stderr)
            self.assertLessEqual(done.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
