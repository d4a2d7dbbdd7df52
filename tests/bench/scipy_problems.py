#!/usr/bin/python3
"""scipy_problems.py BUILD [--gtol G] [--memory M] [-o FILE.csv]: SciPy's minimisers on tests/problems, with exact derivatives by
the Python modules that `adjoin emit --target python` writes, from 1, 10 and 100 times the start."""
import argparse
import csv
import importlib.util
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy import optimize

PROBLEMS = pathlib.Path(__file__).resolve().parent.parent / "problems"
FIELDS = "model method scale f grad_inf iterations value_evaluations grad_evaluations hvp_evaluations solved seconds".split()


class Counted:
    """A model's functions; a point that is asked for again is not counted again."""

    def __init__(self, model):
        self.model, self.counts, self.last = model, {"value": 0, "grad": 0, "hvp": 0}, None

    def both(self, x):
        if self.last is None or not np.array_equal(x, self.last[0]):
            f, g = self.model.grad(x=x)
            self.last = (np.array(x), float(f), np.array(g["x"] if isinstance(g, dict) else g))
            self.counts["value"] += 1
            self.counts["grad"] += 1
        return self.last[1], self.last[2].copy()

    def hvp(self, x, v):
        self.counts["hvp"] += 1
        product = self.model.hvp(x=x, along={"x": v})
        return np.array(product["x"] if isinstance(product, dict) else product)


def residuals(model, x):
    return np.array(model.outputs(x=x, of="r"))


def jacobian(model, x):
    return np.array(model.jac(x=x, of="r", wrt="x"))


def run(model, method, x, options):
    """(x, iterations, evaluations) of one method."""
    if method == "lm":
        result = optimize.least_squares(lambda z: residuals(model, z), x, lambda z: jacobian(model, z), method="lm" if
                                        residuals(model, x).size >= x.size else "trf", ftol=1e-15, xtol=1e-15, gtol=1e-15)
        return result.x, "", {"value": result.nfev, "grad": result.njev, "hvp": 0}
    counted = Counted(model)
    settings = {"maxiter": 5000}
    if method == "L-BFGS-B":
        settings.update(ftol=0, gtol=options.gtol, maxcor=options.memory, maxfun=20000)
    elif method == "Newton-CG":
        settings.update(xtol=1e-12)
    else:
        settings.update(gtol=options.gtol)
    second = {"hessp": counted.hvp} if method in ("Newton-CG", "trust-ncg") else {}
    result = optimize.minimize(counted.both, x, jac=True, method=method, options=settings, **second)
    return result.x, result.nit, counted.counts


def solved(f, minima):
    return any(abs(f - m) <= max(1e-8, 1e-4 * m) if m == 0 or m > 1e-4 else abs(f - m) <= 1e-2 * m for m in minima)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--gtol", type=float, default=1e-8)
    parser.add_argument("--memory", type=int, default=10)
    parser.add_argument("--scales", type=float, nargs="+", default=[1, 10, 100])
    parser.add_argument("--methods", nargs="+", default=["L-BFGS-B", "BFGS", "trust-ncg", "Newton-CG", "lm"])
    parser.add_argument("-o", "--output", type=argparse.FileType("w"), default=sys.stdout)
    options = parser.parse_args()
    os.environ["ADJOIN_LIBRARY"] = str(options.build.resolve() / "libadjoin.so")
    np.seterr(all="ignore")
    table = csv.DictWriter(options.output, FIELDS)
    table.writeheader()
    with tempfile.TemporaryDirectory() as folder:
        for row in csv.DictReader(open(PROBLEMS / "table.csv")):
            file = os.path.join(folder, row["name"] + ".py")
            subprocess.run([options.build / "adjoin", "emit", PROBLEMS / (row["name"] + ".adj"), "--target", "python", "-o",
                            file], check=True)
            spec = importlib.util.spec_from_file_location(row["name"], file)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            model = module.Model()
            start, minima = np.array(model.start("x")), [float(m) for m in row["minima"].split(";")]
            for method in options.methods:
                for scale in options.scales:
                    line = {"model": row["name"], "method": method, "scale": scale, "solved": 0}
                    began = time.perf_counter()
                    try:
                        x, line["iterations"], counts = run(model, method, scale * start, options)
                        f, g = Counted(model).both(x)
                        line.update(f=repr(f), grad_inf=repr(float(abs(g).max())), solved=int(math.isfinite(f) and
                                    solved(f, minima)), **{k + "_evaluations": n for k, n in counts.items()})
                    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
                        print(f"{row['name']} {method} {scale:g}: {error}", file=sys.stderr)
                    line["seconds"] = f"{time.perf_counter() - began:.4f}"
                    table.writerow(line)


main()
