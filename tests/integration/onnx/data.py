# Makes the data of scores.sh: many.csv, whose columns a model may treat in every way that there is,
# strange.csv of values that no training line has, and pairs.libsvm.
#   data.py FOLDER
import os
import random
import sys

kLines, kStrangeLines, kPairLines = 3000, 1000, 1500
folder = sys.argv[1]
draw = random.Random(1)


def word(prefix, count):
    return f"{prefix}{int(count * draw.random() ** 3)}"


def field(text):
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


def line(values_of):
    tags = [values_of("tag ", 40) for _ in range(draw.choice([0, 0, 1, 2, 5]))]
    weighted = [f"{values_of('w', 30)}:{draw.uniform(-1, 2):.3f}" for _ in range(draw.choice([0, 1, 3]))]
    price = draw.choice(["", "?", "0", f"{draw.lognormvariate(3, 2):.2f}", f"-{draw.random():.3f}"])
    hour = f"2026-11-{draw.randint(1, 28):02d}T{draw.randint(0, 23):02d}:30:00+02:00"
    return [str(draw.randint(0, 1)), values_of("ü,s\"", 200), values_of("i", 500), draw.choice(["", "?", values_of("c", 9)]),
            "|".join(tags), "|".join(weighted), price, str(draw.randint(18, 90)), hour]


def write(name, lines, values_of):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
        out.write("label,user,item,city,tags,weighted,price,age,at\n")
        for _ in range(lines):
            out.write(",".join(field(text) for text in line(values_of)) + "\n")


write("many.csv", kLines, word)
write("strange.csv", kStrangeLines, lambda prefix, _: f"{prefix}new{draw.getrandbits(40)}")
with open(os.path.join(folder, "items.csv"), "w", encoding="utf-8") as out:
    out.write("item,shop,colours\n")
    for item in range(400):
        out.write(f"i{item},shop {item % 7},{'|'.join(draw.sample(['red', 'blue', 'gold'], item % 3))}\n")
with open(os.path.join(folder, "pairs.libsvm"), "w", encoding="utf-8") as out:
    for _ in range(kPairLines):
        pairs = sorted({int(60 * draw.random() ** 2) + 1 for _ in range(8)})
        out.write(f"{draw.randint(0, 1)} " + " ".join(f"{i}:{draw.uniform(-2, 2):.3f}" for i in pairs) + " # comment\n")
