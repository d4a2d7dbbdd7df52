#!/usr/bin/python3
"""scipy_problems.py BUILD [--csv FILE]: the minimisers beside SciPy's on tests/problems, from 1, 10 and 100 times the
standard start. Exit code 1, and a line on stderr, where a target is missed: from the standard start, the median of each
method's evaluations is not more than SciPy's, and no problem is lost that SciPy solves. From further away both are shown.

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
         ("levenberg-marquardt", "least_squares"), ("levenberg-marquardt", "leastsq")]
LEAST_SQUARES = {"least_squares": False, "leastsq": True}  # both are MINPACK's: does it scale x by default?
TRUST_REGIONS = ("newton-cg", "levenberg-marquardt")
SOLVED = ("minimum", "saddle")  # of problems.reached


class Done(Exception):
    """The stopping test is passed."""


class Function:
    """A model's functions with counts of the points at which each was asked for."""

    def __init__(self, model, x, least_squares):
        self.model, self.products = model, 0
        self.kept = {"value": {}, "gradient": {}}
        self.least_squares, self.first, self.x = least_squares, None, x

    def once(self, what, x, compute):
        key = x.tobytes()
        if key not in self.kept[what]:
            self.kept[what][key] = compute(x)
        return self.kept[what][key].copy()

    def evaluations(self):
        return sum(len(points) for points in self.kept.values())

    def value(self, x):
        return float(self.once("value", x, lambda x: np.float64(self.model.value(x=x))))

    def gradient(self, x):
        return self.once("gradient", x, lambda x: np.array(self.model.grad(x=x)[1]["x"]))

    def product(self, x, v):
        self.products += 1
        return np.array(self.model.hvp(x=x, along={"x": v})["x"])

    def residual(self, x):
        return self.once("value", x, lambda x: np.array(self.model.outputs(x=x, of="r")))

    def model_jacobian(self, x):
        return np.array(self.model.jac(x=x, of="r", wrt="x"))

    def jacobian(self, x):
        self.test(x)
        return self.once("gradient", x, self.model_jacobian)

    def test(self, x):
        """Remembers where a run is, and ends it where it has converged; the evaluations that this needs count, too."""
        self.x = np.array(x)
        if self.least_squares:
            r, jacobian = self.residual(x), self.once("gradient", x, self.model_jacobian)
            f, size = r @ r, np.abs(2*r @ jacobian).max()
        else:
            f, size = abs(self.value(x)), np.abs(self.gradient(x)).max()
        if self.first is None:
            self.first = size
        if size <= problems.TOLERANCE*max(1, min(f, self.first)):
            raise Done


def minimise(function, method, x):
    """One run of SciPy's; function.x is where it ends."""
    function.test(x)
    if method in LEAST_SQUARES:
        # least_squares takes no tolerances as small as 0; but for its scaling it is leastsq.
        scaling = {} if LEAST_SQUARES[method] else {"diag": np.ones(x.size)}
        x = optimize.leastsq(function.residual, x, Dfun=function.jacobian, ftol=0, xtol=0, gtol=0, full_output=True,
                             maxfev=4*problems.ITERATIONS, **scaling)[0]
    else:
        options = {"L-BFGS-B": {"ftol": 0, "gtol": 0, "maxcor": MEMORY, "maxfun": 4*problems.ITERATIONS},
                   "BFGS": {"gtol": 0}, "trust-ncg": {"gtol": 0}, "Newton-CG": {"xtol": 1e-300}}[method]
        second = {"hessp": function.product} if method in ("trust-ncg", "Newton-CG") else {}
        result = optimize.minimize(function.value, x, jac=function.gradient, method=method,
                                   callback=lambda x, *_: function.test(x),
                                   options={"maxiter": problems.ITERATIONS, **options}, **second)
        x = result.x
    function.x = x


def run_scipy(row, model, method, x):
    """(what was reached, values and gradients, products)"""
    function = Function(model, x, method in LEAST_SQUARES)
    try:
        minimise(function, method, x)
    except (Done, ValueError, ArithmeticError, np.linalg.LinAlgError):  # the others: of numbers that are not finite
        pass
    return problems.reached(row, float(model.value(x=function.x))), function.evaluations(), function.products


def run_adjoin(row, method, run):
    """Likewise. The methods that search along a line evaluate both at every trial. Those of trust regions evaluate a
    value, and where they go there a gradient, whose value is not counted again; levenberg-marquardt's gradients are
    one at the start and then Jacobians, of which the first is there, too."""
    counts = run["evaluations"]
    gradients = counts["grad"] - (method == "levenberg-marquardt")
    values = 1 + counts["value"] if method in TRUST_REGIONS else counts["value"] + gradients
    products = counts["hvp"] if method == "newton-cg" else 0  # else they are what Jacobians are made of
    return problems.reached(row, float(run["f"])), values + gradients, products


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
    """The medians over what both solve, what each solves, and what SciPy alone solves."""
    runs = {name: cell for (name, at, of), cell in both.items() if (at, of) == (scale, pair)}
    ours, theirs = ({name for name, cell in runs.items() if cell[k][0] in SOLVED} for k in (0, 1))
    medians = [[statistics.median(runs[name][k][what] for name in ours & theirs) for k in (0, 1)] for what in (1, 2)]
    return medians, len(ours), len(theirs), sorted(theirs - ours)


def judge(both, scale):
    """Prints the medians and yields what is missed where these are targets."""
    print(f"\n  {f'From {scale} times the start':40}{'evaluations':>16}{'products':>16}{'solved':>12}   by SciPy alone")
    for pair in PAIRS:
        medians, ours, theirs, lost = summarise(both, scale, pair)
        words = [f"{mine:g} / {other:g}" for mine, other in medians]
        print(f"    {pair[0] + ' / ' + pair[1]:38}{words[0]:>16}{words[1]:>16}{f'{ours} / {theirs}':>12}   {', '.join(lost)}")
        what = f"{pair[0]} beside SciPy's {pair[1]}, from {scale} times the start"
        if medians[0][0] > medians[0][1]:
            yield f"{what}: {medians[0][0]:g} evaluations, the median; the target is at most SciPy's, {medians[0][1]:g}"
        if lost:
            yield f"{what}: SciPy alone solves {', '.join(lost)}; the target is that none is lost"


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
    for scale in problems.SCALES:
        complaints = list(judge(both, scale))
        missed += complaints if scale == 1 else []
    if options.csv:
        table = csv.writer(options.csv, lineterminator="\n")
        table.writerow("name scale method scipy reached evaluations products scipy_reached scipy_evaluations "
                       "scipy_products".split())
        table.writerows([name, scale, *pair, *ours, *theirs] for (name, scale, pair), (ours, theirs) in both.items())
    for line in missed:
        print("missed: " + line, file=sys.stderr)
    return bool(missed)


sys.exit(main())
