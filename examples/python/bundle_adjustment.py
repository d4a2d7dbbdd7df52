"""Where were the cameras? scipy.optimize.minimize on examples/bundle.adj, with some entries held where they are.

    adjoin emit examples/bundle.adj --target python -o bundle.py
    PYTHONPATH=. python3 examples/python/bundle_adjustment.py examples/bundle

The focal lengths are known, and so are four of the five points, which were surveyed. What is left to be found are the
cameras' rotations and positions, and the fifth point: a mask over the entries of both unknowns.
"""
import json
import pathlib
import sys

import numpy as np
from scipy.optimize import least_squares, minimize

import bundle  # what `adjoin emit` wrote


class Masked:
    """A model as functions of the entries of its vars that may move, one after the other; the others stay."""

    def __init__(self, model, start, moves):
        """start: {var: array}; moves: {var: array of truth values}."""
        self.model, self.whole, self.free = model, model.pack(start), model.pack(moves)
        self.start = self.whole[self.free]

    def spread(self, entries, others):
        """All vars by name: `entries` where they may move, `others` elsewhere."""
        whole = np.array(np.broadcast_to(others, self.whole.shape))
        whole[self.free] = entries
        return self.model.unpack(whole)

    def vars(self, entries):
        return self.spread(entries, self.whole)

    def gather(self, by_name):
        return self.model.pack(by_name)[self.free]

    def value_and_gradient(self, entries):
        value, gradient = self.model.grad(**self.vars(entries), wrt=bundle.VARS)
        return value, self.gather(gradient)

    def hessian_times(self, entries, direction):
        along = self.spread(direction, 0.0)
        return self.gather(self.model.hvp(**self.vars(entries), along=along, wrt=bundle.VARS))

    def residuals(self, entries):
        return np.ravel(self.model.outputs(**self.vars(entries), of="residual"))


def main(folder):
    data = {path.stem: np.array(json.loads(path.read_text())) for path in pathlib.Path(folder).glob("*.json")}
    start = {name: data[name] for name in bundle.VARS}
    moves = {name: np.ones(array.shape, bool) for name, array in start.items()}
    moves["camera"][:, 6] = False  # focal lengths
    moves["point"][:4] = False  # surveyed
    problem = Masked(bundle.Model(data), start, moves)

    found = minimize(problem.value_and_gradient, problem.start, jac=True, hessp=problem.hessian_times,
                     method="trust-ncg", options={"gtol": 1e-12})
    at = problem.vars(found.x)
    value, gradient = problem.value_and_gradient(found.x)
    curvature = np.linalg.eigvalsh([problem.hessian_times(found.x, unit) for unit in np.eye(len(found.x))])
    print("{} of {} entries may move".format(problem.free.sum(), problem.free.size))
    print("objective {:.6e} -> {:.6e} in {} iterations".format(
        problem.value_and_gradient(problem.start)[0], value, found.nit))
    print("largest entry of the gradient {:.1e}, least curvature {:.1e}".format(abs(gradient).max(), curvature[0]))
    print("the fifth point is at", np.array2string(at["point"][4], precision=6))

    # An independent answer: Gauss and Newton's method, with differences for derivatives.
    other = least_squares(problem.residuals, problem.start, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    apart = abs(other.x - found.x).max()
    print("least_squares with differences finds it, too, within {:.1e}".format(apart))

    assert abs(gradient).max() < 1e-11 and curvature[0] > 1e-4, "this is no minimum"
    assert abs(value - other.cost) < 1e-12 and apart < 1e-5, "two methods find different minima"
    for name, array in start.items():
        held = ~moves[name]
        assert at[name][held].tobytes() == array[held].tobytes(), "an entry moved that should not"
    print("all {} others are what they were, to the bit".format((~problem.free).sum()))


main(sys.argv[1])
