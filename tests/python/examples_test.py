"""Every example: each function of its module against `adjoin eval --json`."""
import json
import os
import unittest

import numpy as np

import support


def spelled(array):
    return json.dumps(np.asarray(array).tolist())


class Examples(unittest.TestCase):
    def same(self, found, wanted):
        np.testing.assert_allclose(found, np.array(wanted, dtype=float), rtol=1e-12, atol=1e-12)
        self.assertEqual(np.shape(found), np.shape(wanted))

    def evaluate(self, name, *options):
        path = os.path.join(support.EXAMPLES, name + ".adj")
        return json.loads(support.adjoin("eval", path, os.path.join(support.EXAMPLES, name), *self.given, "--json",
                                         *options))

    def check_products(self, name, model):
        module = support.example(name)
        params = any(each.role == "param" for each in module.INPUTS)
        directions = {each.name: support.drawn(model.shape(each.name), number)
                      for number, each in enumerate(module.INPUTS) if each.role in ("var", "param")}
        for along, direction in directions.items():
            is_var = module.INPUTS[[each.name for each in module.INPUTS].index(along)].role == "var"
            given = ["--along", "{}={}".format(along, spelled(direction))]
            wanted = self.evaluate(name, "--of", ("hvp,mixed" if params else "hvp") if is_var else "mixed", *given)
            if is_var:
                found = model.hvp(along={along: direction})
                self.assertEqual(set(found), set(wanted["hvp"]))
                for read in found:
                    self.same(found[read], wanted["hvp"][read])
            for pair, values in wanted.get("mixed", {}).items():
                read, of = pair.split(",")
                self.assertEqual(of, along)
                self.same(model.mixed(along={along: direction})[read], values)
            if module.OUTPUTS and is_var:
                wanted = self.evaluate(name, "--of", "jvp", *given)["jvp"]
                for output, tangent in model.jvp(along={along: direction}).items():
                    self.same(tangent, wanted[output])

    def complete(self, module, model, inputs):
        """Start values for what the folder does not have, or numbers drawn; the latter as the command line takes them."""
        given = []
        for number, each in enumerate(module.INPUTS):
            if each.name in inputs:
                continue
            try:
                inputs[each.name] = model.start(each.name)
            except module.ModelError:
                inputs[each.name] = support.drawn(model.shape(each.name), 200 + number)
                given.append("{}={}".format(each.name, spelled(inputs[each.name])))
        return given

    def check(self, name):
        module, inputs = support.example(name), support.example_inputs(name)
        model = module.Model(inputs)
        self.given = self.complete(module, model, inputs)
        model.bind(inputs)
        wanted = self.evaluate(name, "--of", "value,grad,hess")
        self.assertEqual(model.value(), wanted["value"])
        value, gradient = model.grad()
        self.assertEqual(value, wanted["value"])
        self.assertEqual(set(gradient), set(wanted["grad"]))
        for read, of in gradient.items():
            self.same(of, wanted["grad"][read])
            self.same(module.grad(inputs, wrt=read)[1], of)
        for (read, along), of in model.hess().items():
            self.same(of, wanted["hess"]["{},{}".format(read, along)])
        self.check_products(name, model)
        if module.OUTPUTS:
            self.check_outputs(name, model)

    def check_outputs(self, name, model):
        wanted, cotangents = self.evaluate(name, "--of", "value,jac"), {}
        for number, (output, of) in enumerate(model.outputs().items()):
            self.same(of, wanted["outputs"][output])
            cotangents[output] = support.drawn(of.shape, 100 + number)
        for (output, of), values in model.jac().items():
            self.same(values, wanted["jac"]["{},{}".format(output, of)])
        given = [word for output, values in cotangents.items()
                 for word in ("--along", "{}={}".format(output, spelled(values)))]
        wanted = self.evaluate(name, "--of", "vjp", *given)["vjp"]
        for of, values in model.vjp(along=cotangents).items():
            self.same(values, wanted[of])


def test_of(name):
    return lambda self: self.check(name)


for file in sorted(os.listdir(support.EXAMPLES)):
    stem, ending = os.path.splitext(file)
    if ending == ".adj":
        setattr(Examples, "test_" + stem, test_of(stem))
