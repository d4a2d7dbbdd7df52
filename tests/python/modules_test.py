"""The file itself: names, texts, what is in it, and how it finds the library."""
import ast
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import support


class Modules(unittest.TestCase):
    def test_valid_and_the_same_every_time(self):
        for file in sorted(os.listdir(support.EXAMPLES)):
            if file.endswith(".adj"):
                path = os.path.join(support.EXAMPLES, file)
                with open(support.emit(path), "rb") as one, open(support.emit(path), "rb") as two:
                    text = one.read()
                    self.assertEqual(text, two.read())
                ast.parse(text, feature_version=(3, 9))
                self.assertNotIn(support.ROOT.encode(), text)
                self.assertFalse([line for line in text.splitlines() if line != line.rstrip()])

    def test_two_at_once(self):
        one, two = support.example("rosenbrock"), support.example("masked")
        self.assertIsNot(one.ModelError, two.ModelError)
        self.assertEqual((one.value(x=[1, 2, 3]), two.value(x=[1, 2, 3])), (201, 5))

    def test_names(self):
        module = support.module("var lambda, sum, f.0.w, f_0_w, self, wrt, _x, __y, a_b\nlet lambda_ = 2*lambda\n"
                                "minimize lambda_ + 2*sum + 3*f.0.w + 4*f_0_w + 5*self + 6*wrt + 7*_x + 8*__y + a_b\n")
        arguments = [each.argument for each in module.INPUTS]
        self.assertEqual(arguments, ["lambda_2", "sum_", "f_0_w_2", "f_0_w", "self_", "wrt_", "x_x", "x__y", "a_b"])
        gradient = module.grad(**{argument: 1 for argument in arguments})[1]
        self.assertEqual([float(gradient[each.name]) for each in module.INPUTS], [2, 2, 3, 4, 5, 6, 7, 8, 1])
        self.assertEqual(module.grad({each.name: 1 for each in module.INPUTS})[1], gradient)
        self.assertEqual(float(module.grad({each.name: 1 for each in module.INPUTS}, wrt="f_0_w_2")[1]), 3)

    def test_names_that_the_module_has_itself(self):
        names = ("inputs", "INPUTS", "VARS", "np", "Model", "Input", "value", "grad", "name", "names", "arrays", "given",
                 "values", "vector", "model", "array", "each", "mapping", "ctypes", "math", "VERSION", "kind", "read", "seeds",
                 "print", "None", "match", "case", "async", "x__")
        module = support.module("var {}\nminimize {}\n".format(
            ", ".join(names), " + ".join("{}*{}^2".format(k + 1, name) for k, name in enumerate(names))))
        ones = {each.argument: 1 for each in module.INPUTS}
        wanted = [2.0 * (k + 1) for k in range(len(names))]
        for found in (module.grad(**ones), module.Model(**ones).grad(), module.Model().grad(**ones),
                      module.grad(dict.fromkeys(names, 1)), module.Model().grad(*ones.values())):
            self.assertEqual([float(found[1][name]) for name in names], wanted)

    def test_documentation(self):
        module = support.module('dim n\nvar x[n] # "quoted""" and \\n\n'
                                "# a second line\ndata y[n] # \u03b1 \u2264 1\nminimize sum(x*y)\n")
        self.assertEqual(module.INPUTS[1].comment, "\u03b1 \u2264 1")
        for text in (module.__doc__, module.Model.__doc__):
            self.assertIn('var x[n]: "quoted""" and \\n', text)
        self.assertIn("\u03b1 \u2264 1", module.__doc__)

    def test_any_bytes(self):
        text = b'\xef\xbb\xbfdim n # \xff\xfe \xed\xa0\x80 """ \\ \x01 \x7f \xe2\x80\xa8\r\nvar x[n] # \xc3\nminimize sum(x)\n# ends "'
        module = support.module(text)
        self.assertEqual(module.SOURCE.encode("utf-8", "surrogateescape"), text)
        self.assertEqual(module.value(x=[1, 2]), 3)
        module.Model.__doc__.encode()

    def test_without_objective(self):
        module = support.module("dim n\nvar x[n]\noutput r = x^2\n")
        for name in ("value", "grad", "hvp", "mixed", "hess"):
            self.assertFalse(hasattr(module, name) or hasattr(module.Model, name), name)
        np.testing.assert_array_equal(module.jac(x=[1, 2], of="r", wrt="x"), [[2, 0], [0, 4]])
        np.testing.assert_array_equal(module.vjp(x=[1, 2], along=[1, 1])["x"], [2, 4])

    def test_without_outputs(self):
        module = support.example("rosenbrock")
        for name in ("outputs", "jvp", "vjp", "jac"):
            self.assertFalse(hasattr(module, name) or hasattr(module.Model, name), name)

    def test_without_inputs(self):
        module = support.module("let y = [1, 2]\nminimize sum(y)\n")
        self.assertEqual(module.value(), 3)
        np.testing.assert_array_equal(module.outputs(of="y"), [1, 2])

    def test_fixed_extents(self):
        module = support.module("dim n\nvar x[n]\nminimize sum(x)\n", "--dim", "n=3")
        self.assertEqual(module.FIXED, {"n": 3})
        self.assertEqual(module.Model().shape("x"), (3,))
        with self.assertRaises(module.BindingError):
            module.value(x=[1, 2])

    def test_frozen(self):
        module = support.module("var x[2], y\nfreeze x\nminimize sum(x)*y\n")
        self.assertEqual(list(module.grad(x=[1, 2], y=3)[1]), ["y"])
        np.testing.assert_array_equal(module.grad(x=[1, 2], y=3, wrt="x")[1], [3, 3])

    def test_a_network_of_many_inputs(self):
        count = 40
        names = ["layer.{}.weight".format(k) for k in range(count)]
        module = support.module("var {}\nminimize {}\n".format(", ".join(names), " + ".join(
            "{}*{}^2".format(k + 1, name) for k, name in enumerate(names))))
        gradient = module.Model({name: 1 for name in names}).grad()[1]
        self.assertEqual([float(gradient[name]) for name in names], [2.0 * (k + 1) for k in range(count)])


    def test_networks(self):
        module = support.module("dim d\nvar x[d]\nparam net f = linear(d, 2) -> tanh -> linear(2, 1)\n"
                                "output r = f(x)\nminimize sum(r)\n")
        weights = ["f.0.weight", "f.0.bias", "f.2.weight", "f.2.bias"]
        self.assertEqual([each.name for each in module.INPUTS], ["x"] + weights)
        arrays = dict(zip(weights, ([[1, 2, 3], [4, 5, 6]], [0, 1], [[1, 2]], [0])), x=[0.1, 0.2, -0.3])
        model = module.Model(arrays)
        everything = model.grad()[1]
        for wrt, wanted in (("f", weights), ("f.0", weights[:2]), (["f.2", "x"], weights[2:] + ["x"]),
                            (["f.0.bias", "f"], ["f.0.bias", "f.0.weight"] + weights[2:])):
            found = model.grad(wrt=wrt)[1]
            self.assertEqual(list(found), wanted)
            for name in wanted:
                np.testing.assert_array_equal(found[name], everything[name])
        self.assertEqual(list(model.vjp(along=[1], wrt="f.2")), weights[2:])
        self.assertEqual(set(model.jac(of="r", wrt="f.0")), {("r", name) for name in weights[:2]})
        self.assertEqual(len(model.hess(wrt="f.0")), 4)
        self.assertEqual(model.jac(of="r", wrt="x").shape, (1, 3))
        np.testing.assert_array_equal(module.grad(**{module.INPUTS[k].argument: arrays[module.INPUTS[k].name]
                                                     for k in range(5)}, wrt="x")[1], everything["x"])
        with self.assertRaises(module.ModelError):
            model.grad(wrt="f.1")


class Library(unittest.TestCase):
    """How an import ends when the library is not what it should be."""

    def imported(self, library, module=None):
        module = module or support.emit(os.path.join(support.EXAMPLES, "masked.adj"))
        environment = dict(os.environ, ADJOIN_LIBRARY=library)
        if not library:
            del environment["ADJOIN_LIBRARY"]
        code = "import sys; sys.path.insert(0, {!r}); import {}; print('imported')".format(
            os.path.dirname(module), os.path.basename(module)[:-3])
        done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment, check=False)
        return done.stdout.decode()

    def compiled(self, folder, text):
        path = os.path.join(folder, "libother.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-o", path, "-"], input=text.encode(), check=True)
        return path

    def test_places(self):
        self.assertIn("imported", self.imported(os.environ["ADJOIN_LIBRARY"]))
        text = self.imported("/nowhere/libadjoin.so")
        self.assertIn("ImportError", text)
        self.assertIn("/nowhere/libadjoin.so", text)
        with tempfile.TemporaryDirectory() as folder:
            module = os.path.join(folder, "beside.py")
            support.adjoin("emit", os.path.join(support.EXAMPLES, "masked.adj"), "--target", "python", "-o", module)
            os.symlink(os.environ["ADJOIN_LIBRARY"], os.path.join(folder, "libadjoin.so.0"))
            self.assertIn("imported", self.imported("", module))

    def test_versions(self):
        with tempfile.TemporaryDirectory() as folder:
            other = self.compiled(folder, 'const char *adjoin_version(void) { return "99.1.0"; }')
            self.assertIn("is version 99.1.0", self.imported(other))
            version = support.example("masked").VERSION
            other = self.compiled(folder, 'const char *adjoin_version(void) {{ return "{}"; }}'.format(version))
            self.assertIn("is not libadjoin", self.imported(other))
            other = self.compiled(folder, "int nothing;")
            self.assertIn("is not libadjoin", self.imported(other))
