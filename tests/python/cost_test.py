"""What a call costs beside the arithmetic."""
import os
import time
import unittest

import numpy as np

import support

LIMIT = 5e-6  # seconds for a gradient of ten unknowns
CALLS = 300  # about a millisecond: shorter than what the scheduler gives at a time
PATIENCE = 20  # seconds


def cost(call):
    """Seconds of one call: the least of many short runs, since what else the machine does can only add to it."""
    least, end = float("inf"), time.perf_counter() + PATIENCE
    for run in range(1000000):
        begin = time.perf_counter()
        for _ in range(CALLS):
            call()
        now = time.perf_counter()
        least = min(least, (now - begin) / CALLS)
        if now > end or (run >= 50 and least < LIMIT):
            break
    return least


class Cost(unittest.TestCase):
    def test_a_gradient_of_ten_unknowns(self):
        module = support.example("rosenbrock")
        x, model = np.linspace(-1, 1, 10), module.Model()
        for name, call in (("grad(x=x)", lambda: module.grad(x=x)), ("Model.grad(x)", lambda: model.grad(x))):
            seconds = cost(call)
            print("{} of ten unknowns: {:.2f} microseconds".format(name, 1e6 * seconds))
            self.assertLess(seconds, LIMIT, name)


def load_tests(loader, tests, pattern):
    """Sanitizers have costs of their own."""
    return unittest.TestSuite() if "LD_PRELOAD" in os.environ else tests
