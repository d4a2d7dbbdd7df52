#!/usr/bin/python3
"""scipy_problems.py BUILD [--csv FILE]: the minimisers beside SciPy's on tests/problems, from 1, 10 and 100 times the
standard start. Exit code 1, and a line on stderr, where a target is missed.

Both minimise the same functions: SciPy gets them from the Python modules that `adjoin emit` writes, exact derivatives
included. Both stop by the same test of the same numbers, |gradient|_inf <= tolerance max(1, min(|f|, |gradient at the
start|_inf)), which for SciPy is looked at after each of its iterations (of MINPACK's: where it asks for a Jacobian), its own
tests of size being off. Both keep as many pairs, and may iterate as often. Every value is counted once, and every gradient
(for levenberg-marquardt, every residual and every Jacobian), however often SciPy asks for it at the same point. An
evaluation by Adjoin of both at once counts as two."""
import argparse
import csv
import importlib.util
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "problems"))

import numpy as np
import scipy
from scipy import optimize

import problems

MEMORY = 10  # pairs; what `adjoin solve` has by default
PAIRS = [("lbfgs", "L-BFGS-B"), ("bfgs", "BFGS"), ("newton-cg", "trust-ncg"), ("newton-cg", "Newton-CG"),
         ("levenberg-marquardt", "MINPACK lm")]
TRUST_REGIONS = ("newton-cg", "levenberg-marquardt")
SOLVED = ("minimum", "saddle")  # of problems.reached


class Done(Exception):
    """The stopping test is passed."""


class Function:
    """A model's functions with counts of the points at which each was asked for."""

    def __init__(self, model, x):
        self.model, self.products, self.iterations = model, 0, 0
        self.counts, self.kept = {"value": 0, "gradient": 0}, {}
        self.x = x
        self.test(x, begins=True)

    def once(self, what, x, compute):
        if what not in self.kept or not np.array_equal(x, self.kept[what][0]):
            self.kept[what] = np.array(x), compute(x)
            self.counts[what] += 1
        return self.kept[what][1].copy()

    def value(self, x):
        return float(self.once("value", x, lambda x: np.float64(self.model.value(x=x))))

    def gradient(self, x):
        return self.once("gradient", x, lambda x: np.array(self.model.grad(x=x)[1]["x"]))

    def product(self, x, v):
        self.products += 1
        return np.array(self.model.hvp(x=x, along={"x": v})["x"])

    def residual(self, x):
        return self.once("value", x, lambda x: np.array(self.model.outputs(x=x, of="r")))

    def jacobian(self, x):
        jacobian = self.once("gradient", x, lambda x: np.array(self.model.jac(x=x, of="r", wrt="x")))
        self.test(x)
        return jacobian

    def test(self, x, begins=False):
        """Remembers where a run is, and ends it where it has converged. Not counted."""
        f, g = self.model.grad(x=x)
        f, size = float(f), float(np.abs(g["x"]).max())
        if begins:
            self.first = size
        self.x = np.array(x)
        if size <= problems.TOLERANCE*max(1, min(abs(f), self.first)):
            raise Done


def minimise(function, method, x):
    """One run of SciPy's; function.x is where it ends."""
    if method == "MINPACK lm":
        if function.residual(x).size < x.size:
            return
        none = np.finfo(float).eps
        result = optimize.least_squares(function.residual, x, function.jacobian, method="lm", ftol=none, xtol=none,
                                        gtol=none, max_nfev=4*problems.ITERATIONS)
    else:
        options = {"L-BFGS-B": {"ftol": 0, "gtol": 0, "maxcor": MEMORY, "maxfun": 4*problems.ITERATIONS},
                   "BFGS": {"gtol": 0}, "trust-ncg": {"gtol": 0}, "Newton-CG": {"xtol": 1e-300}}[method]
        second = {"hessp": function.product} if method in ("trust-ncg", "Newton-CG") else {}
        result = optimize.minimize(function.value, x, jac=function.gradient, method=method,
                                   callback=lambda x, *_: function.test(x),
                                   options={"maxiter": problems.ITERATIONS, **options}, **second)
    function.x = result.x


def run_scipy(row, model, method, x):
    """(what was reached, values and gradients, products)"""
    function = None
    try:
        function = Function(model, x)
        minimise(function, method, x)
    except Done:
        pass
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):  # nan or infinite numbers
        pass
    if function is None:
        return problems.reached(row, float(model.value(x=x))), 2, 0
    return problems.reached(row, float(model.value(x=function.x))), sum(function.counts.values()), function.products


def run_adjoin(row, method, run):
    """Likewise. The methods that search along a line evaluate both at every trial. Those of trust regions evaluate a
    value, and where they go there a gradient, whose value is not counted again; levenberg-marquardt's gradients are
    one at the start and then Jacobians, of which the first is there, too."""
    counts = run["evaluations"]
    gradients = counts["grad"] - (method == "levenberg-marquardt")
    values = 1 + counts["value"] if method in TRUST_REGIONS else counts["value"] + gradients
    return problems.reached(row, float(run["f"])), values + gradients, counts["hvp"]


def load(build, name, folder):
    file = os.path.join(folder, name + ".py")
    subprocess.run([build / "adjoin", "emit", problems.model(name), "--target", "python", "-o", file], check=True)
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Model()


def compare(build, rows):
    """{(name, scale, pair): (ours, SciPy's)}"""
    runs, both = problems.solve_all(str(build / "adjoin"), rows), {}
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            model = load(build, row["name"], folder)
            for scale in problems.SCALES:
                for pair in PAIRS:
                    if (row["name"], pair[0], scale) in runs:
                        ours = run_adjoin(row, pair[0], runs[row["name"], pair[0], scale])
                        x = scale*np.array(model.start("x"))
                        both[row["name"], scale, pair] = ours, run_scipy(row, model, pair[1], x)
    return both


# ---- what is told ----

def show_problems(both, rows, scale):
    print(f"\nFrom {scale} times the start: values and gradients, Adjoin / SciPy; - where none of the minima was reached")
    print(f"  {'':24}" + "".join(f"{ours if theirs != 'Newton-CG' else '':>20}" for ours, theirs in PAIRS))
    print(f"  {'':24}" + "".join(f"{theirs:>20}" for ours, theirs in PAIRS))
    for row in rows:
        cells = [both[row["name"], scale, pair] for pair in PAIRS if (row["name"], scale, pair) in both]
        words = [" / ".join(str(run[1]) if run[0] in SOLVED else "-" for run in cell) for cell in cells]
        print(f"  {row['name']:24}" + "".join(f"{word:>20}" for word in words))


def summarise(both, scale, pair):
    """The medians over what both solve, how many each solves, and what SciPy alone solves."""
    runs = {name: cell for (name, at, of), cell in both.items() if (at, of) == (scale, pair)}
    ours, theirs = ({name for name, cell in runs.items() if cell[k][0] in SOLVED} for k in (0, 1))
    medians = [[statistics.median(runs[name][k][what] for name in ours & theirs) for k in (0, 1)] for what in (1, 2)]
    return medians, len(ours), len(theirs), sorted(theirs - ours)


def judge(both, scale):
    """Prints the medians and yields what is missed."""
    print(f"\n  {'':32}{'evaluations':>16}{'products':>16}{'solved':>12}   solved by SciPy alone")
    for pair in PAIRS:
        medians, ours, theirs, lost = summarise(both, scale, pair)
        words = [f"{mine:g} / {other:g}" for mine, other in medians]
        print(f"  {pair[0] + ' / ' + pair[1]:32}{words[0]:>16}{words[1]:>16}{f'{ours} / {theirs}':>12}   {', '.join(lost)}")
        where = f"{pair[0]} beside SciPy's {pair[1]}, from {scale} times the start"
        if medians[0][0] > medians[0][1]:
            yield f"{where}: {medians[0][0]:g} evaluations, the median; the target is at most SciPy's, {medians[0][1]:g}"
        if ours < theirs:
            yield f"{where}: {ours} problems solved; the target is at least SciPy's, {theirs}"
        if scale == 1 and lost:
            yield f"{where}: SciPy alone solves {', '.join(lost)}; the target is that none is lost"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="the folder of the built program, build/")
    parser.add_argument("--csv", type=argparse.FileType("w"), help="a line for every run of both")
    options = parser.parse_args()
    os.environ["ADJOIN_LIBRARY"] = str(options.build.resolve() / "libadjoin.so")
    np.seterr(all="ignore")
    rows, missed = problems.table(), []
    both = compare(options.build.resolve(), rows)
    print(f"SciPy {scipy.__version__}")
    for scale in problems.SCALES:
        show_problems(both, rows, scale)
        missed += judge(both, scale)
    if options.csv:
        table = csv.writer(options.csv, lineterminator="\n")
        table.writerow("name scale method scipy reached evaluations products scipy_reached scipy_evaluations "
                       "scipy_products".split())
        table.writerows([name, scale, *pair, *ours, *theirs] for (name, scale, pair), (ours, theirs) in both.items())
    for line in missed:
        print("missed: " + line, file=sys.stderr)
    return bool(missed)


sys.exit(main())
