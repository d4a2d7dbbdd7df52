"""What can be given as an array, and what comes back."""
import unittest

import numpy as np

import support

# f = sum_i s_i (A x)_i^2, with index data that names rows of A.
MODEL = """dim m, n, k
var x[n]
param s[m]
data A[m, n]
index row[k] < m
minimize sum(s*(A @ x)^2)
let picked = A[row] @ x
output picked
output total[i] = sum[j] A[row[i], j]
"""


class Arrays(unittest.TestCase):
    def setUp(self):
        self.module = support.module(MODEL)
        self.A, self.x, self.s = support.drawn((3, 4), 1), support.drawn(4, 2), support.drawn(3, 3)
        self.row = np.array([2, 0])
        self.model = self.module.Model(s=self.s, A=self.A, row=self.row)

    def gradient(self, A, x, s):
        return 2 * A.T @ (s * (A @ x))

    def check(self, A=None, x=None, s=None, tolerance=1e-13):
        A, x, s = [own if given is None else given for own, given in ((self.A, A), (self.x, x), (self.s, s))]
        wanted = self.gradient(*[np.asarray(each, float) for each in (A, x, s)])
        for found in (self.module.grad(A=A, x=x, s=s, row=self.row, wrt="x")[1],
                      self.module.Model(A=A, s=s, row=self.row).grad(x, wrt="x")[1]):
            np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)

    def test_types(self):
        self.check(A=self.A.astype(np.float32), x=self.x.astype(np.float32))
        self.check(A=(4 * self.A).astype(np.int8), x=[1, 2, 3, 4], s=(True, False, True))
        self.check(A=self.A.astype(">f8"), x=self.x.astype(">f8"))
        self.check(x=self.x.astype(np.float16), s=self.s.astype(np.longdouble))

    def test_layouts(self):
        self.check(A=np.asfortranarray(self.A))
        wide = np.zeros((6, 8))
        wide[::2, ::2] = self.A
        self.check(A=wide[::2, ::2])
        self.check(A=self.A[::-1, ::-1], x=self.x[::-1])
        self.check(A=np.broadcast_to(self.A[0], (3, 4)), s=np.broadcast_to(2.0, 3))
        self.A.flags.writeable = False
        self.check()
        unaligned = np.frombuffer(b"." + self.x.tobytes(), np.uint8)[1:].view(np.float64)
        self.check(x=unaligned)

    def test_wrong_types(self):
        ragged = np.array(["1", "2", "3", "4"])
        masked = np.ma.masked_array(self.x, [0, 1, 0, 0])
        for x in (self.x + 0j, ragged, np.array([None] * 4), masked, np.zeros(4, "M8[s]")):
            with self.assertRaises(TypeError):
                self.model.grad(x)
            with self.assertRaises(TypeError):
                self.model.hvp(self.x, along=x)

    def test_index_data(self):
        wanted = self.A[[2, 0]] @ self.x
        for row in ([2, 0], np.array([2, 0], np.uint8), np.array([2.0, 0.0]), np.array([2, 0, 0], np.int32)[:2],
                    np.array([[2, 9], [0, 9]])[:, 0]):
            found = self.model.outputs(self.x, row=row, of="picked")
            np.testing.assert_allclose(found, wanted, rtol=1e-14)
        for row in ([0.5, 1], [np.nan, 0], [1e300, 0], ["0", "1"], [0j, 1], np.array([2**63, 0], np.uint64)):
            with self.assertRaises(TypeError):
                self.model.outputs(self.x, row=row)
        with self.assertRaises(self.module.RangeError):
            self.model.outputs(self.x, row=[3, 0])
        with self.assertRaises(self.module.RangeError):
            self.model.outputs(self.x, row=np.array([-1, 0]))
        np.testing.assert_allclose(self.model.outputs(self.x, of="picked"), wanted, rtol=1e-14)  # the bound one again

    def test_empty(self):
        self.assertEqual(self.module.value(A=np.zeros((0, 4)), x=self.x, s=[], row=[]), 0)
        value, gradient = self.module.grad(A=np.zeros((3, 0)), x=[], s=self.s, row=[0])
        self.assertEqual((value, gradient["x"].shape, gradient["s"].shape), (0, (0,), (3,)))
        self.assertEqual(self.module.hess(A=np.zeros((3, 0)), x=[], s=self.s, row=[0], wrt="x").shape, (0, 0))

    def test_results_are_the_callers(self):
        for size in (4, 100000):  # copied, and handed over
            A = support.drawn((1, size), 5)
            model = self.module.Model(A=A, s=[0.5], row=[0])
            points = [support.drawn(size, seed) for seed in (6, 7, 8)]
            found = [model.grad(x, wrt="x")[1] for x in points]
            for x, gradient in zip(points, found):
                np.testing.assert_allclose(gradient, self.gradient(A, x, np.array([0.5])), rtol=1e-9)
            out = np.empty(size)
            self.assertIs(model.grad(points[0], wrt="x", out=out)[1], out)
            np.testing.assert_array_equal(out, found[0])
            out = points[1]  # a result in its own input
            model.grad(out, wrt="x", out=out)
            np.testing.assert_array_equal(out, found[1])

    def test_sizes_change(self):
        model = self.module.Model()
        for m, n in ((3, 4), (2, 100000), (5, 1), (3, 4), (40000, 2), (1, 1)):
            A, x, s = support.drawn((m, n), m), support.drawn(n, n), support.drawn(m, 1)
            for _ in range(2):
                gradient = model.grad(x, s, A, np.array([0]), wrt="x")[1]
                np.testing.assert_allclose(gradient, self.gradient(A, x, s), rtol=1e-8, atol=1e-10)

    def test_a_failed_call_leaves_nothing_behind(self):
        before = self.model.grad(self.x, wrt="x")[1]
        for _ in range(2):
            with self.assertRaises(self.module.BindingError):
                self.model.grad(support.drawn(7, 0), wrt="x")
        with self.assertRaises(TypeError):
            self.module.grad(x=support.drawn(9, 1), A=self.A, s=self.s, row=["a"])
        np.testing.assert_array_equal(self.model.grad(self.x, wrt="x")[1], before)
        np.testing.assert_array_equal(self.module.grad(x=self.x, A=self.A, s=self.s, row=self.row, wrt="x")[1], before)

    def test_bound_arrays(self):
        self.A[0, 0] = 7  # used where it is
        np.testing.assert_allclose(self.model.grad(self.x, wrt="x")[1], self.gradient(self.A, self.x, self.s),
                                   rtol=1e-13)
        other = support.drawn((3, 4), 9)
        for A in (other, self.A):
            self.model.bind(A=A)
            np.testing.assert_allclose(self.model.grad(self.x, wrt="x")[1], self.gradient(A, self.x, self.s),
                                       rtol=1e-13)
        found = self.model.grad(self.x, s=2 * self.s, wrt="x")[1]  # for this call alone
        np.testing.assert_allclose(found, self.gradient(self.A, self.x, 2 * self.s), rtol=1e-13)
        np.testing.assert_allclose(self.model.grad(self.x, wrt="x")[1], self.gradient(self.A, self.x, self.s),
                                   rtol=1e-13)
        self.model.bind(x=self.x)
        np.testing.assert_allclose(self.model.grad(wrt="x")[1], self.gradient(self.A, self.x, self.s), rtol=1e-13)

    def test_what_converts_may_call_the_model(self):
        class Late:
            def __array__(late, *_, **__):
                self.model.grad(np.zeros(4))
                return self.x
        np.testing.assert_allclose(self.model.grad(Late(), wrt="x")[1], self.gradient(self.A, self.x, self.s),
                                   rtol=1e-13)

    def test_blocks_of_directions(self):
        V = support.drawn((4, 3), 4)
        H = self.model.hess(self.x, wrt="x")
        np.testing.assert_allclose(H, 2 * self.A.T @ (self.s[:, None] * self.A), rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(self.model.hvp(self.x, along=V, wrt="x"), H @ V, rtol=1e-12)
        np.testing.assert_allclose(self.model.hvp(self.x, along=V[:, 0], wrt="x"), H @ V[:, 0], rtol=1e-12)
        np.testing.assert_allclose(self.model.jvp(self.x, along=V, of="picked"), self.A[self.row] @ V, rtol=1e-12)
        self.assertEqual(self.model.mixed(self.x, along=V)["s"].shape, (3, 3))
        with self.assertRaises(self.module.BindingError):
            self.model.vjp(self.x, along={"picked": np.ones((2, 3))})

    def test_no_directions(self):
        self.assertEqual(self.model.hvp(self.x, along=np.zeros((4, 0)), wrt="x").shape, (4, 0))

    def test_outs(self):
        wanted = self.model.grad(self.x, wrt="x")[1]
        for out in (np.zeros(4, np.float32), np.zeros(4, ">f8"), np.zeros(8)[::-2], np.zeros(4, complex),
                    np.zeros((4, 1))[:, 0]):
            self.assertIs(self.model.grad(self.x, wrt="x", out=out)[1], out)
            np.testing.assert_allclose(out, wanted, rtol=1e-6)
        outs = {"s": np.zeros(3), "x": np.zeros(4)}
        found = self.model.grad(self.x, wrt=["x", "s"], out=outs)[1]
        self.assertIs(found["s"], outs["s"])
        np.testing.assert_array_equal(outs["x"], wanted)
        H = np.zeros((4, 2))
        self.model.hvp(self.x, along=np.eye(4, 2), wrt="x", out=H)
        np.testing.assert_array_equal(H, self.model.hess(self.x, wrt="x")[:, :2])

    def test_left_out(self):
        for x, s in ((None, self.s), (self.x, None)):
            with self.assertRaises(self.module.BindingError):
                self.module.value(x=x, s=s, A=self.A, row=self.row)
        model = self.module.Model(A=self.A)
        np.testing.assert_allclose(model.outputs(self.x, None, self.row, of="picked"), self.A[self.row] @ self.x)
        np.testing.assert_allclose(model.outputs(self.x, row=self.row, s=None, of="picked"), self.A[self.row] @ self.x)

    def test_many_columns(self):
        A = support.drawn((2, 150), 5)  # more than one block
        model = self.module.Model(A=A, s=[1, 2], row=[0, 1])
        x = support.drawn(150, 6).astype(np.float32)
        np.testing.assert_allclose(model.hess(x, wrt="x"), 2 * A.T @ np.diag([1, 2]) @ A, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(model.jac(x, of="picked", wrt="x"), A, rtol=1e-12)

    def test_shape_with_an_axis_left_out(self):
        module = support.module("dim n\nvar W[1, n], b[1]\nminimize sum(W^2) + sum(b^2)\n")
        W = support.drawn(3, 1)
        gradient = module.grad(W=W, b=2.0)[1]
        np.testing.assert_allclose(gradient["W"], 2 * W)
        self.assertEqual(gradient["b"].shape, ())
        np.testing.assert_allclose(module.hvp(W=W, b=2.0, along={"W": W}, wrt="W"), 2 * W)

    def test_packing(self):
        module = support.example("logistic")
        inputs = support.example_inputs("logistic")
        model = module.Model(X=inputs["X"], y=inputs["y"])
        flat = model.pack({"w": [1, 2], "b": 3})
        np.testing.assert_array_equal(flat, [1, 2, 3])
        parts = model.unpack(flat)
        self.assertEqual((parts["w"].shape, parts["b"].shape), ((2,), ()))
        np.testing.assert_array_equal(model.unpack([1, 2, 3])["w"], [1, 2])
        for wrong in (np.zeros(4), np.zeros(1), np.zeros((3, 1)), 3.0):
            with self.assertRaises(module.BindingError):
                model.unpack(wrong)
        with self.assertRaises(module.BindingError):
            model.pack({"w": [1, 2]})

    def test_start_and_bounds(self):
        module = support.example("robust")
        model = module.Model(support.example_inputs("robust"))
        self.assertEqual(float(model.start("slope")), 0.2)
        self.assertEqual([float(each) for each in model.bounds("height")], [0, 10])
        model = support.module("dim n\nvar x[n] in [0, inf], y[n] = 1\nminimize sum(x + y)\n").Model(y=[1, 2])
        np.testing.assert_array_equal(model.bounds("x"), [[0, 0], [np.inf, np.inf]])
        np.testing.assert_array_equal(model.bounds("y"), [[-np.inf] * 2, [np.inf] * 2])
        np.testing.assert_array_equal(model.start("y"), [1, 1])
        with self.assertRaises(ValueError):
            model.start("x")
