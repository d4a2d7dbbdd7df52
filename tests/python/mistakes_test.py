"""Mistakes are exceptions that say what is wrong in the model's words."""
import unittest

import numpy as np

import support


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.module, inputs = support.example("logistic"), support.example_inputs("logistic")
        self.w = inputs["w"]
        self.model = self.module.Model(X=inputs["X"], y=inputs["y"], b=0, lambda_=-3)

    def fails(self, kind, words, call):
        with self.assertRaises(kind) as caught:
            call()
        self.assertIn(words, str(caught.exception))
        self.assertNotIn("adjoin_bind", str(caught.exception))
        return caught.exception

    def test_shapes(self):
        error = self.fails(self.module.BindingError, "w has 3 entries", lambda: self.model.grad(np.zeros(3)))
        self.assertEqual(error.code, "input")
        self.assertIsInstance(error, ValueError)
        self.fails(ValueError, "w is given as shape [1, 2], where shape [d] is needed",
                   lambda: self.model.grad(np.zeros((1, 2))))
        self.fails(ValueError, "the direction along w has shape [3]",
                   lambda: self.model.hvp(self.w, along=np.zeros(3)))
        self.fails(ValueError, "out for w", lambda: self.model.grad(self.w, wrt="w", out=np.zeros(3)))
        self.fails(TypeError, "out for w can't be int64", lambda: self.model.grad(self.w, wrt="w", out=np.zeros(2, int)))
        fixed = np.zeros(2)
        fixed.flags.writeable = False
        self.fails(ValueError, "out for w is read-only", lambda: self.model.grad(self.w, wrt="w", out=fixed))
        self.fails(ValueError, "out for w is not an array", lambda: self.model.grad(self.w, wrt="w", out=[0, 0]))
        self.fails(TypeError, "the results are w, b", lambda: self.model.grad(self.w, wrt=["w", "b"], out=np.zeros(2)))
        self.fails(ValueError, "out has 'b'", lambda: self.model.grad(self.w, wrt=["w"], out={"b": np.zeros(2)}))

    def test_names(self):
        self.fails(TypeError, "no input 'v'", lambda: self.model.grad(self.w, v=1))
        self.fails(TypeError, "no input 'v'", lambda: self.module.grad({"v": 1}))
        self.fails(TypeError, "twice", lambda: self.model.grad(self.w, w=self.w))
        self.fails(TypeError, "twice", lambda: self.module.grad({"lambda": 1}, lambda_=2))
        self.fails(TypeError, "not bound is w", lambda: self.model.grad(self.w, 1))
        error = self.fails(self.module.ModelError, "'v'", lambda: self.model.grad(self.w, wrt="v"))
        self.assertEqual(error.code, "unknown-name")
        self.fails(ValueError, "'w,b'", lambda: self.model.grad(self.w, wrt="w,b"))
        self.fails(ValueError, "no name", lambda: self.model.grad(self.w, wrt=[]))
        self.fails(TypeError, "names are strings", lambda: self.model.grad(self.w, wrt=[1]))
        self.fails(TypeError, "a list of names", lambda: self.model.grad(self.w, wrt=1))
        for name in ("", "w\0b", "\udcff", "w b"):
            error = self.fails(ValueError, "is not a name", lambda: self.model.grad(self.w, wrt=name))
            self.assertEqual(error.code, "unknown-name")
        self.fails(TypeError, "given by name: w=.., b=.., lambda_=..", lambda: self.module.grad(self.w))
        self.fails(ValueError, "'u'", lambda: self.model.shape("u"))
        self.fails(TypeError, "no direction", lambda: self.model.hvp(self.w, along={}))

    def test_missing(self):
        error = self.fails(self.module.BindingError, "'w' has no array", lambda: self.model.grad())
        self.assertEqual(error.code, "input")
        self.fails(ValueError, "extent", lambda: self.module.Model().shape("w"))

    def test_checks(self):
        module = support.module("dim n\nvar x[n]\nindex at < n\nminimize x[at]^2 + max[i < at] x[i]\n")
        for kind in (module.RangeError, module.ModelError, IndexError, ValueError):
            self.fails(kind, "'at'", lambda: module.value(x=[1, 2], at=2))
        for at, place in ((-1, (3, "index-data-out-of-range")), (2, (3, "index-data-out-of-range")),
                          (0, (4, "empty-range"))):
            with self.assertRaises(module.RangeError) as caught:
                module.grad(x=[1, 2], at=at)
            self.assertEqual((caught.exception.line, caught.exception.code), place)
        self.assertEqual(module.value(x=[1, 2], at=1), 5)

    def test_search(self):
        module = support.module("dim n\nvar x[n]\nlet w[i] = argmin[w = 0] (x[i]*w^2 - w)\nminimize sum(w)\n")
        for kind in (module.SearchError, module.ModelError, ArithmeticError, ValueError):
            error = self.fails(kind, "unbounded", lambda: module.grad(x=[1, 2, -4]))
        self.assertEqual((error.line, error.code, error.hint), (3, "search-failed", "at i = 2"))
        self.assertEqual(module.value(x=[1, 2, 4]), 0.875)

    def test_no_arrays(self):
        for given in ([[1], [1, 2]], "ab", b"ab", {1: 2}, {1, 2}, object(), [1, None], [1j, 2], [10**30, 1], iter([1, 2]),
                      np.zeros(2, [("w", "f8")])):
            self.fails(TypeError, "w is ", lambda: self.model.grad(given))
            self.fails(TypeError, "the direction along w is ", lambda: self.model.hvp(self.w, along={"w": given}))
        self.fails(ValueError, "17 axes", lambda: self.model.grad(np.zeros((1,) * 17)))

    def test_index_data_has_no_derivative(self):
        module = support.example("bundle")
        model = module.Model(support.example_inputs("bundle"))
        error = self.fails(module.ModelError, "index data", lambda: model.grad(wrt="c"))
        self.assertEqual(error.code, "no-derivative")

    def test_extents_that_no_shape_tells(self):
        module = support.module("dim n, m\nvar x[n*m]\ndata t[n, 1]\nminimize sum[i < n, j < m] (x[i*m + j]*j)^2\n")
        error = self.fails(module.BindingError, "dims=", lambda: module.Model().shape("x"))
        self.assertEqual(module.Model(dims={"n": 2, "m": 3}).shape("x"), (6,))
        self.assertEqual(module.value(x=np.ones(6), dims={"n": 2, "m": 3}), 10)
        other = support.module("dim x_y\nvar x.y[x_y*x_y]\nminimize sum(x.y) + x_y\n")
        self.assertEqual(other.value(x_y=np.ones(9), dims={"x_y": 3}), 12)
        self.assertEqual(error.line, 0)
        self.fails(ValueError, "'q'", lambda: module.Model(dims={"q": 2}).shape("x"))
        self.fails(TypeError, "dims must be", lambda: module.Model(dims=[2, 3]))
        self.fails(TypeError, "n must be a whole number", lambda: module.Model(dims={"n": 2.0}))
        for value in (-1, 2**63, 2**64 + 2, -2**64):
            self.fails(module.BindingError, "can't be", lambda: module.Model(dims={"n": value, "m": 3}).shape("x"))

    def test_a_model_without_results(self):
        module = support.module("dim n\nvar x[n]\nlet y = 2*x\nminimize sum(y)\n")
        self.fails(ValueError, "no output", lambda: module.outputs(x=[1, 2]))
        self.fails(ValueError, "no param", lambda: module.mixed(x=[1, 2], along=[1, 1]))
        np.testing.assert_array_equal(module.outputs(x=[1, 2], of="y"), [2, 4])
        np.testing.assert_array_equal(module.grad(x=[1, 2], wrt="y")[1], [1, 1])
