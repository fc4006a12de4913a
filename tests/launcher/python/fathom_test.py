#!/usr/bin/env python3
"""The Python module: fathom_test.py PROGRAM LIBRARY SCRATCH SOURCE. It trains a small model by the
module, and compares what the module says of it with what the program says."""

import gzip
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import threading
import time
import unittest

PROGRAM, LIBRARY, SCRATCH, SOURCE = (os.path.abspath(argument) for argument in sys.argv[1:5])
os.environ["FATHOM"] = PROGRAM
os.environ["FATHOM_PREDICT_LIBRARY"] = LIBRARY
sys.path.insert(0, os.path.join(SOURCE, "launcher", "python"))
sys.dont_write_bytecode = True
if os.environ.get("FATHOM_WITHOUT_NUMPY"):
    sys.modules["numpy"] = None  # importing it fails
import fathom  # noqa: E402

DATA = os.path.join(SCRATCH, "run", "demo-data")
MODEL = os.path.join(SCRATCH, "run", "demo")


def program(*arguments, **more):
    done = subprocess.run([PROGRAM, *arguments], cwd=SCRATCH, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, **more)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


def setUpModule():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    os.makedirs(os.path.join(SCRATCH, "configs"))
    shutil.copy(os.path.join(SOURCE, "configs", "demo.toml"), os.path.join(SCRATCH, "configs"))
    program("generate", "books", "--rows", "3000", "--seed", "1", "--out", DATA)
    global RUN
    RUN = fathom.train(os.path.join(SCRATCH, "configs", "demo.toml"), {"output.dir": MODEL},
                       quiet=True, train__epochs=1, model__hidden=[16, 8])


def predicted(rows, *flags):
    """What `fathom predict` writes of (reader, book) pairs."""
    lines = "reader_id,book_id\n" + "".join("{},{}\n".format(*row) for row in rows)
    file = os.path.join(SCRATCH, "lines.csv")
    with open(file, "w") as out:
        out.write(lines)
    scores = os.path.join(SCRATCH, "scores.txt")
    program("predict", "--model", MODEL, "--input", file, "--output", scores, *flags)
    with open(scores) as text:
        return text.read().split()


ROWS = [(reader, book) for reader in (1, 3, 58, 100000) for book in (1, 2, 17, 99999)]


class Scores(unittest.TestCase):
    def setUp(self):
        self.model = fathom.Model(MODEL, verify=True)
        self.addCleanup(self.model.close)

    def test_are_those_of_the_program(self):
        """Logits to the bit, probabilities to one step of float32 (2^-24 below 1)."""
        logits = [float(logit) for logit in self.model.logits(ROWS_AS_DICTS)]
        self.assertEqual(["%.9g" % logit for logit in logits], predicted(ROWS, "--logits"))
        for mine, its in zip(self.model.predict(ROWS_AS_DICTS), predicted(ROWS)):
            self.assertLessEqual(abs(float(mine) - struct.unpack("f", struct.pack("f", float(its)))[0]),
                                 2 ** -24)

    def test_of_all_forms_of_rows_are_the_same(self):
        self.assertEqual(self.model.required, ("reader_id", "book_id"))
        self.assertEqual(set(self.model.columns), {"reader_id", "book_id", "genres"})
        expected = list(self.model.logits(ROWS_AS_DICTS))
        columns = {"reader_id": [row[0] for row in ROWS], "book_id": [row[1] for row in ROWS]}
        self.assertEqual(list(self.model.logits(columns)), expected)
        in_order = [[dict(reader_id=reader, book_id=book).get(name) for name in self.model.columns]
                    for reader, book in ROWS]
        self.assertEqual(list(self.model.logits(in_order)), expected)
        texts = [{"reader_id": str(reader), "book_id": str(book).encode()} for reader, book in ROWS]
        self.assertEqual(list(self.model.logits(texts)), expected)
        self.assertEqual(list(self.model.logits([])), [])

    def test_come_as_arrays_where_numpy_is_there(self):
        scores = self.model.predict(ROWS_AS_DICTS)
        if fathom._numpy is None:
            self.assertIsInstance(scores, list)
            return
        numpy = fathom._numpy
        self.assertEqual((scores.dtype, scores.shape), (numpy.dtype("float32"), (len(ROWS),)))
        self.assertEqual(list(self.model.predict(numpy.array([[numpy.nan, 3, 4]]).repeat(2, 0))),
                         list(self.model.predict([[None, "3.0", "4.0"]] * 2)))

    def test_what_is_not_given_is_missing_or_looked_up(self):
        missing = self.model.logits([{"book_id": 2, "reader_id": None},
                                     {"book_id": 2, "reader_id": float("nan")},
                                     {"book_id": 2, "reader_id": ""}])
        self.assertEqual(len(set(missing)), 1)
        own = self.model.logits([{"reader_id": 3, "book_id": 2, "genres": "no such genre"},
                                 {"reader_id": 3, "book_id": 2}])
        self.assertNotEqual(own[0], own[1])

    def test_a_required_column_must_be_there(self):
        for rows, words in [([{"reader_id": 3, "book_id": 2}, {"book_id": 2}],
                             "row 1: the column 'reader_id' is not there; None says"),
                            ([{}], "row 0: the column 'reader_id' is not there"),
                            ([{"reader_id": 3, "genres": "war"}], "row 0: the column 'book_id'"),
                            ({"reader_id": [3, 4]}, "the table: the column 'book_id' is not there"),
                            ({}, "the table: the column 'reader_id' is not there")]:
            for score in (self.model.predict, self.model.logits):
                with self.assertRaisesRegex(fathom.Error, re.escape(words)) as caught:
                    score(rows)
                self.assertEqual(caught.exception.code, 3)
        unknown = list(self.model.logits([{"reader_id": None, "book_id": None}]))
        self.assertEqual(list(self.model.logits({"reader_id": [None], "book_id": [""]})), unknown)

    def test_bad_rows_are_refused_in_words(self):
        for rows, words in [([{"reader": 3}], "row 0: the model has no column 'reader'"),
                            ([[1, 2]], "it has 2 values where the model has 3 columns"),
                            ({"reader_id": [1], "book_id": [1, 2]}, "different lengths"),
                            ({"reader_id": "58"}, "holds a list for each"),
                            ([{"genres": ["war"]}], "column genres: a list is no text"),
                            ([{"book_id": True}], "many ways"),
                            ("58", "not a text"), (["58"], "not a text")]:
            with self.assertRaisesRegex(fathom.Error, re.escape(words)) as caught:
                self.model.predict(rows)
            self.assertEqual(caught.exception.code, 3)

    def test_many_threads_get_what_one_gets(self):
        rows = ROWS_AS_DICTS * 50
        expected = list(self.model.logits(rows))
        got = [None] * 4

        def score(thread):
            got[thread] = list(self.model.logits(rows))

        threads = [threading.Thread(target=score, args=(thread,)) for thread in range(len(got))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(got, [expected] * len(got))

    def test_a_model_is_closed_when_nobody_is_at_work_with_it(self):
        model = fathom.Model(MODEL)
        catalogue = model.catalogue(os.path.join(DATA, "books.csv"))
        rows = ROWS_AS_DICTS * 50
        expected = list(model.logits(rows))
        ended = []

        def work(call):
            try:
                while True:
                    call()
            except fathom.Error as error:
                ended.append(str(error))

        def score():
            self.assertEqual(list(model.logits(rows)), expected)

        calls = [score, score, lambda: catalogue.recommend({"reader_id": "1"}, 3)]
        threads = [threading.Thread(target=work, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        model.close()
        for thread in threads:
            thread.join()
        self.assertEqual(len(ended), len(calls))
        self.assertTrue(all("is closed" in error for error in ended), ended)


class Explanations(unittest.TestCase):
    def test_are_those_of_the_program(self):
        file = os.path.join(SCRATCH, "one.csv")
        with open(file, "w") as out:
            out.write("reader_id,book_id\n58,17\n")
        told = json.loads(program("explain", "--model", MODEL, "--input", file, "--output", "json"))
        with fathom.Model(MODEL) as model:
            mine = model.explain({"reader_id": 58, "book_id": 17})
            self.assertEqual(mine, told)
            self.assertAlmostEqual(mine["sum"], float(model.logits([[58, 17, None]])[0]), places=5)
            wide = model.explain({"reader_id": 58, "book_id": 17, "genres": "|".join(
                "genre{}".format(i) for i in range(400))})
            self.assertEqual(len([field for field in wide["fields"] if field["field"] == "genres"][0][
                "values"]), 400)
            with self.assertRaisesRegex(fathom.Error, "'book_id' is not there"):
                model.explain({"reader_id": 58})


class Recommendations(unittest.TestCase):
    def setUp(self):
        self.model = fathom.Model(MODEL)
        self.addCleanup(self.model.close)
        self.file = os.path.join(DATA, "books.csv")

    def test_are_the_best_of_all_items(self):
        catalogue = self.model.catalogue(self.file)
        scores = predicted([(3, item["book_id"]) for item in catalogue.items])
        order = sorted(range(len(scores)), key=lambda place: (-float(scores[place]), place))
        top = self.model.recommend({"reader_id": 3}, catalogue, n=12)
        self.assertEqual([one.place for one in top], order[:12])
        self.assertEqual([one.item for one in top], [catalogue.items[place] for place in order[:12]])
        for one in top:
            self.assertAlmostEqual(one.score, float(scores[one.place]), places=6)
        self.assertEqual(len(catalogue.recommend({"reader_id": 3}, n=10 ** 6)), len(catalogue))

    def test_are_those_of_the_program(self):
        seen = os.path.join(DATA, "ratings.csv")
        text = program("recommend", "--model", MODEL, "--user", "reader_id=3", "--catalogue",
                       self.file, "--seen", seen, "--output", "tsv", "--logits", "-n", "20")
        with open(seen) as lines:
            have = [line.split(",")[1] for line in lines if line.startswith("3,")]
        self.assertGreater(len(have), 0)
        mine = self.model.recommend({"reader_id": 3}, self.file, 20, have, logits=True)
        self.assertEqual([("%.9g" % one.score, one.item["book_id"]) for one in mine],
                         [tuple(line.split("\t")[:2]) for line in text.splitlines()[1:]])
        self.assertFalse({one.item["book_id"] for one in mine} & set(have))

    def test_seen_items_are_named_by_any_column(self):
        items = [{"book_id": book, "title": "Book {}".format(book)} for book in range(30)]
        catalogue = self.model.catalogue(items)
        best = catalogue.recommend({"reader_id": 3}, 2)
        for seen in ([best[0].item], [best[0].item["book_id"]], [{"title": best[0].item["title"]}],
                     [best[0].item["book_id"], 77777]):
            self.assertEqual(catalogue.recommend({"reader_id": 3}, 1, seen)[0], best[1])
        with self.assertRaisesRegex(fathom.Error, "has no column 'name'"):
            catalogue.recommend({"reader_id": 3}, 1, [{"name": "x"}])

    def test_reasons_and_joined_columns_are_those_of_the_program(self):
        items = os.path.join(SCRATCH, "items.csv")
        with open(items, "w") as out:
            out.write("book_id\n" + "".join("{}\n".format(book) for book in range(1, 200)))
        seen = os.path.join(SCRATCH, "seen.csv")
        with open(seen, "w") as out:
            out.write("book_id\n5\n9\n11\n12\n")
        line = program("recommend", "--model", MODEL, "--user", "reader_id=3", "--catalogue", items,
                       "--seen", seen, "--show", "book_id,genres", "--output", "json", "--why", "-n", "5")
        mine = self.model.recommend({"reader_id": 3}, items, 5, [5, 9, 11, 12], show=["genres"],
                                    why=True)
        theirs = json.loads(line)["items"]
        self.assertEqual(len(theirs), 5)
        for one, other in zip(mine, theirs):
            self.assertEqual(one.item, other["item"])
            self.assertGreater(len(one.wide), 0)
            self.assertEqual([term.name for term in one.wide], [term["term"] for term in other["wide"]])
            for term, told in zip(one.wide, other["wide"]):
                self.assertAlmostEqual(term.value, told["value"], places=6)
            self.assertEqual([near.item for near in one.near], [near["item"] for near in other["near"]])
            self.assertEqual([near.item for near in one.near_seen],
                             [near["item"] for near in other["near_seen"]])
            self.assertEqual(len(one.near_seen), 3)
        plain = self.model.recommend({"reader_id": 3}, items, 1)[0]
        self.assertEqual((plain.wide, plain.near, plain.near_seen), ([], [], []))
        with self.assertRaisesRegex(fathom.Error, "column colour: neither"):
            self.model.recommend({"reader_id": 3}, items, 1, show=["colour"])
        with self.assertRaisesRegex(fathom.Error, "a list of columns"):
            self.model.recommend({"reader_id": 3}, items, 1, show="genres")

    def test_what_is_wrong_is_said(self):
        with self.assertRaisesRegex(fathom.Error, "the catalogue gives the column book_id"):
            self.model.recommend({"reader_id": 1, "book_id": 3}, self.file)
        with self.assertRaisesRegex(fathom.Error, "no column 'reader'"):
            self.model.recommend({"reader": 3}, self.file)
        with self.assertRaisesRegex(fathom.Error, "the user: the column 'reader_id' is not there"):
            self.model.recommend({}, self.file)
        self.assertEqual(len(self.model.recommend({"reader_id": None}, self.file, 2)), 2)
        with self.assertRaisesRegex(fathom.Error, "an item without columns"):
            self.model.recommend({"reader_id": 3}, self.file, 2, seen=[{}])
        with self.assertRaisesRegex(fathom.Error, "item 1: the column 'book_id' is not there"):
            self.model.catalogue([{"book_id": 5}, {"title": "x"}])
        with self.assertRaisesRegex(TypeError, "names of columns"):
            self.model.recommend({"reader_id": 3}, self.file, 2, show=[5])
        with self.assertRaisesRegex(ValueError, "n is -1"):
            self.model.recommend({"reader_id": 3}, self.file, -1)
        for odd in (1.5, "3"):
            with self.assertRaises(TypeError):
                self.model.recommend({"reader_id": 3}, self.file, odd)
        for text, word in (("book_id,book_id\n1,2\n", "'book_id' is there twice"),
                           ('book_id\n1\n"2\n', "after line 2"), ("book_id\n1,2\n", ":2: 2 fields")):
            file = os.path.join(SCRATCH, "odd.csv")
            with open(file, "w") as out:
                out.write(text)
            with self.assertRaisesRegex(fathom.Error, word):
                self.model.catalogue(file)
        with gzip.open(os.path.join(SCRATCH, "books.gz"), "wt") as out, open(self.file) as books:
            out.write(books.read())
        self.assertEqual(self.model.catalogue(os.path.join(SCRATCH, "books.gz")).items,
                         self.model.catalogue(self.file).items)
        with self.assertRaisesRegex(fathom.Error, "a catalogue without items"):
            self.model.catalogue([])
        with self.assertRaisesRegex(fathom.Error, "nowhere.csv"):
            self.model.catalogue("nowhere.csv")
        with fathom.Model(MODEL) as other:
            catalogue = other.catalogue(self.file)
            with self.assertRaisesRegex(fathom.Error, "made of another model"):
                self.model.recommend({"reader_id": 3}, catalogue)
        with self.assertRaisesRegex(fathom.Error, "closed"):
            catalogue.recommend({"reader_id": 3})
        with self.assertRaisesRegex(fathom.Error, "closed"):
            other.predict([])


class Opening(unittest.TestCase):
    def test_a_folder_without_a_model_is_an_error(self):
        with self.assertRaises(fathom.Error) as caught:
            fathom.Model(DATA)
        self.assertEqual(caught.exception.code, 4)

    def test_values_that_cannot_be_meant_are_type_errors(self):
        with self.assertRaisesRegex(ValueError, "zero byte"):
            fathom.Model(MODEL + "\0x")
        with fathom.Model(MODEL) as model:
            for odd in (bytearray(b"3"), object(), 1 + 2j, memoryview(b"3")):
                with self.assertRaisesRegex(TypeError, "row 1: column book_id"):
                    model.predict([{"reader_id": 3, "book_id": 1}, {"reader_id": 3, "book_id": odd}])
            with self.assertRaisesRegex(fathom.Error, "row 0: column book_id: a dict is no text"):
                model.predict([{"reader_id": 3, "book_id": {}}])
            with self.assertRaisesRegex(fathom.Error, "row 0: column book_id: True"):
                model.predict([{"reader_id": 3, "book_id": True}])
            with self.assertRaisesRegex(fathom.Error, "column book_id: a dict of columns"):
                model.predict({"reader_id": [3], "book_id": {"1": 2}})

    def test_a_missing_library_is_named_with_the_way_to_mend_it(self):
        code = "import sys; sys.path.insert(0, {!r}); import fathom; fathom.version()".format(
            os.path.join(SOURCE, "launcher", "python"))
        environment = dict(os.environ, FATHOM_PREDICT_LIBRARY="/nowhere/lib.so",
                           PYTHONDONTWRITEBYTECODE="1")
        done = subprocess.run([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE,
                              universal_newlines=True)
        self.assertIn("libfathom-predict is not found", done.stderr)
        self.assertIn("set FATHOM_PREDICT_LIBRARY", done.stderr)


class Training(unittest.TestCase):
    def test_a_run_has_its_metrics_and_its_model(self):
        self.assertEqual(os.path.realpath(RUN.dir), os.path.realpath(MODEL))
        self.assertEqual(RUN.metrics[0]["event"], "data")
        self.assertGreater(RUN.final["auc"], 0.4)
        self.assertIn("hidden = [16, 8]", RUN.config)
        self.assertTrue(os.path.exists(os.path.join(RUN.model, "manifest.json")))
        with self.assertRaisesRegex(fathom.Error, "no metrics.jsonl"):
            fathom.Run(DATA)

    def test_evaluate_tells_the_metrics(self):
        metrics = fathom.evaluate(os.path.join(SCRATCH, "configs", "demo.toml"), RUN.model,
                                  {"output.dir": MODEL}, model__hidden=[16, 8], train__epochs=1)
        self.assertAlmostEqual(metrics["auc"], RUN.final["auc"], places=5)
        self.assertEqual(metrics["examples"], RUN.final["evaluation_examples"])

    def test_the_programs_error_is_the_exceptions(self):
        with self.assertRaisesRegex(fathom.Error, 'the nearest known key is "train.epochs"') as caught:
            fathom.train(os.path.join(SCRATCH, "configs", "demo.toml"), quiet=True, train__epoch=1)
        self.assertEqual(caught.exception.code, 2)
        with self.assertRaisesRegex(fathom.Error, "given twice"):
            fathom.train("x.toml", {"train.epochs": 1}, train__epochs=2)

    def test_a_missing_program_is_named_with_the_way_to_mend_it(self):
        kept, path = os.environ.pop("FATHOM"), os.environ["PATH"]
        try:
            os.environ["PATH"] = SCRATCH
            with self.assertRaisesRegex(fathom.Error, "set FATHOM to its path"):
                fathom.train("x.toml")
            os.environ["FATHOM"] = "/nowhere/fathom"
            with self.assertRaisesRegex(fathom.Error, "FATHOM=/nowhere/fathom"):
                fathom.train("x.toml")
        finally:
            os.environ["FATHOM"], os.environ["PATH"] = kept, path


class Documentation(unittest.TestCase):
    """The examples of docs/python.md run as they are printed, where their paths lead to small data."""

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(SOURCE, "docs", "python.md"), encoding="utf-8") as page:
            cls.examples = re.findall(r"```python\n(.*?)```", page.read(), re.DOTALL)
        # What configs/books.toml names: ../../shared/data/goodbooks, as seen from its folder.
        cls.folder = os.path.join(SCRATCH, "page", "place")
        data = os.path.join(SCRATCH, "page", "shared", "data", "goodbooks")
        os.makedirs(os.path.join(cls.folder, "configs"))
        os.makedirs(data)
        shutil.copy(os.path.join(SOURCE, "configs", "books.toml"), os.path.join(cls.folder, "configs"))
        ratings = ["{},{},{}".format(user, book, 5 if (user + book) % 3 else 2)
                   for user in range(60) for book in range(user % 3, 60, 3)]
        genres = ["{},{}".format(book, "war|love" if book % 2 else "art") for book in range(60)]
        books = ["{},Title {},An Author,{},eng".format(book, book, 1950 + book) for book in range(60)]
        for file, header, lines in [
                (os.path.join(data, "ratings.csv"), "user_id,book_id,rating", ratings),
                (os.path.join(data, "book_genres.csv"), "book_id,genres", genres)] + [
                (os.path.join(folder, "books.csv"),
                 "book_id,title,authors,original_publication_year,language_code", books)
                for folder in (data, cls.folder)]:
            with open(file, "w") as out:
                out.write("\n".join([header] + lines) + "\n")

    def printed(self, example, folder):
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1",
                           PYTHONPATH=os.path.join(SOURCE, "launcher", "python"))
        done = subprocess.run([sys.executable, "-c", example], cwd=folder, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_first_prints_what_predict_prints(self):
        pairs = re.findall(r'"reader_id": (\d+), "book_id": (\d+)', self.examples[0])
        self.assertGreater(len(pairs), 1)
        self.assertEqual(self.printed(self.examples[0], SCRATCH).split(), predicted(pairs, "--logits"))

    def test_the_others_train_evaluate_and_recommend(self):
        recommends, trains = self.examples[1:]
        told = "\nprint(run.final['auc'], metrics['auc'], len(losses))"
        trained = self.printed("import fathom\n" + trains + told, self.folder).splitlines()
        auc, evaluated, losses = trained[1].split()
        self.assertAlmostEqual(float(auc), float(evaluated), places=5)
        self.assertGreater(int(losses), 0)
        items = self.printed("import fathom\n" + recommends, self.folder).splitlines()
        self.assertEqual(len(items), 3)
        for item in items:
            self.assertRegex(item, r"^0\.\d{5} Title \d+ because \[.*\]$")
            self.assertNotIn(item.split()[2], ("58", "26"))


ROWS_AS_DICTS = [{"reader_id": reader, "book_id": book} for reader, book in ROWS]

if __name__ == "__main__":
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    if fathom._numpy is not None:
        os.environ["FATHOM_WITHOUT_NUMPY"] = "1"
        os.execv(sys.executable, [sys.executable] + sys.argv)
    if "FATHOM_WITHOUT_NUMPY" not in os.environ:
        print("NumPy is not here: scores were tested as lists alone")
