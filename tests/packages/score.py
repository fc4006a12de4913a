"""Scores the rows of a CSV file by the installed Python module, as `fathom predict` prints them.

score.py MODEL FILE
"""

import csv
import sys

import fathom

with open(sys.argv[2], newline="") as file:
    rows = [{name: row[name] for name in row if name != "rating"} for row in csv.DictReader(file)]
for score in fathom.Model(sys.argv[1]).predict(rows):
    print(f"{score:.9g}")
