"""The test problems: their table, and what `adjoin solve` and `adjoin eval` say of them."""
import concurrent.futures
import csv
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
METHODS = ["lbfgs", "bfgs", "newton-cg", "levenberg-marquardt"]
SCALES = [1, 10, 100]  # of the standard start
ITERATIONS = 5000
TOLERANCE = 1e-8


def numbers(text):
    return [float(word) for word in text.split(";") if word]


def table():
    """The rows of table.csv."""
    with open(HERE / "table.csv", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["n"], row["m"] = int(row["n"]), int(row["m"])
        row["squares"] = row["squares"] == "yes"
        for column in "minima", "limits", "saddles":
            row[column] = numbers(row[column])
        row["unsolved"] = row["unsolved"].split(";")
    return rows


def model(name):
    return str(HERE / (name + ".adj"))


def ask(adjoin, command, name, *arguments):
    """The JSON that a command answers about a model; what is nan or infinite there is null."""
    ran = subprocess.run([adjoin, command, model(name), "--json", *arguments], capture_output=True, text=True)
    if ran.returncode not in (0, 3) or not ran.stdout:
        raise RuntimeError(f"{command} {name}: {ran.stderr.strip()}")
    return json.loads(ran.stdout)


def start(adjoin, name):
    """The standard start."""
    return ask(adjoin, "solve", name, "--method", "gd", "--iterations", "0")["x"]["x"]


def assignment(x):
    return "x=" + json.dumps(x)


def solve(adjoin, name, method, x):
    return ask(adjoin, "solve", name, "--method", method, "--start", assignment(x), "--iterations", str(ITERATIONS),
               "--tol", repr(TOLERANCE))


def is_one_of(f, values, within=1e-4):
    """Is f one of these values, to a share of it, or to 1e-8 where it is 0?"""
    return any(abs(f - value) <= (within*value or 1e-8) for value in values)


def reached(row, f):
    """What the table has for this value of f: "minimum", "saddle", "limit", or "" where it is none of them. What lies
    at infinity is approached."""
    if is_one_of(f, row["minima"]):
        return "minimum"
    if is_one_of(f, row["saddles"]):
        return "saddle"
    return "limit" if is_one_of(f, row["limits"], within=0.05) else ""


def on_all_cores(function, jobs):
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(function, jobs))


def solve_all(adjoin, rows):
    """{(name, method, scale): what `adjoin solve` answered}"""
    starts = dict(zip((row["name"] for row in rows), on_all_cores(lambda row: start(adjoin, row["name"]), rows)))
    jobs = [(row["name"], method, scale) for row in rows for method in METHODS for scale in SCALES
            if row["squares"] or method != "levenberg-marquardt"]
    runs = on_all_cores(lambda job: solve(adjoin, job[0], job[1], [job[2]*entry for entry in starts[job[0]]]), jobs)
    return dict(zip(jobs, runs))
