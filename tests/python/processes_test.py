"""Modules and Models that are copied, sent to other processes, or imported again."""
import copy
import importlib
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import unittest

import numpy as np

import support

MODEL = "dim n\nvar x[n]\nparam s\nminimize s*sum(x^2)\n"


def answer(model, x, into):
    into.put(model.grad(x, wrt="x"))


def mistake(model, into):
    try:
        model.grad(np.zeros((2, 2)))
    except ValueError as error:
        into.put((type(error).__name__, str(error), error.code))


class Processes(unittest.TestCase):
    def setUp(self):
        self.path = support.emit(MODEL)
        self.folder, self.name = os.path.dirname(self.path), os.path.basename(self.path)[:-3]
        sys.path.insert(0, self.folder)
        self.module = importlib.import_module(self.name)

    def tearDown(self):
        sys.path.remove(self.folder)
        sys.modules.pop(self.name, None)

    def same(self, model, s):
        value, gradient = model.grad([1.0, 2.0], wrt="x")
        self.assertEqual(value, 5 * s)
        np.testing.assert_array_equal(gradient, [2 * s, 4 * s])

    def test_copies(self):
        model = self.module.Model(s=3, dims={"n": 2})
        self.same(model, 3)
        for made in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            self.same(made, 3)
            self.assertEqual(made.shape("x"), (2,))
            made.bind(s=4)
            self.same(made, 4)
            self.same(model, 3)

    def test_errors_travel(self):
        with self.assertRaises(self.module.BindingError) as caught:
            self.module.value(x=np.zeros((2, 2)), s=1)
        again = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((type(again), str(again), again.code),
                         (self.module.BindingError, str(caught.exception), "input"))

    def test_fork(self):
        model, context = self.module.Model(s=3), multiprocessing.get_context("fork")
        self.same(model, 3)
        answers = context.Queue()
        children = [context.Process(target=answer, args=(model, np.array([1.0, k]), answers)) for k in range(3)]
        children.append(context.Process(target=mistake, args=(model, answers)))
        for child in children:
            child.start()
        found = [answers.get(timeout=60) for _ in children]
        for child in children:
            child.join()
        said = [each for each in found if len(each) == 3]
        self.assertEqual([each[0] for each in said], ["BindingError"])
        self.assertIn("x is given as shape [2, 2]", said[0][1])
        self.assertEqual(sorted(each[0] for each in found if len(each) == 2), [3, 6, 15])
        self.same(model, 3)

    def test_another_process(self):
        sent = pickle.dumps(self.module.Model(s=3))
        code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).value([1.0, 2.0]))"
        done = subprocess.run([sys.executable, "-c", code], input=sent, stdout=subprocess.PIPE, check=True,
                              env=dict(os.environ, PYTHONPATH=self.folder))
        self.assertEqual(float(done.stdout), 15)

    def test_imported_again(self):
        model, other = self.module.Model(s=3), support.load(self.path)
        self.same(model, 3)
        self.same(other.Model(s=4), 4)
        importlib.reload(self.module)
        self.same(model, 3)
        with self.assertRaises(ValueError) as caught:  # what was imported first still speaks
            model.grad(np.zeros((2, 2)))
        self.assertIn("x is given as shape [2, 2]", str(caught.exception))
        self.same(self.module.Model(s=5), 5)
        with self.assertRaises(other.BindingError):
            other.value(x=[1], s=[1, 2])

    def test_a_thread_ends_before_its_model(self):
        model, found = self.module.Model(s=3), []
        for _ in range(3):
            thread = threading.Thread(target=lambda: found.append(model.value([1.0, 2.0])))
            thread.start()
            thread.join()
        self.assertEqual(found, [15, 15, 15])

    def test_the_end_of_a_process(self):
        code = ("import {0}, threading, time\nmodel = {0}.Model(s=3)\n"
                "def work():\n    while True: model.value([1.0, 2.0])\n"
                "threading.Thread(target=work, daemon=True).start()\n"
                "time.sleep(0.05)\nkept = [model.grad([1.0])]\nkept.append(kept)\nprint('done')").format(self.name)
        done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False, env=dict(os.environ, PYTHONPATH=self.folder))
        self.assertEqual((done.returncode, done.stdout.decode()), (0, "done\n"))
