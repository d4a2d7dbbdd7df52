"""The programs in examples/python, which check themselves."""
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

import support


class Programs(unittest.TestCase):
    def run_program(self, name, model, needed, *lines):
        if importlib.util.find_spec(needed) is None:
            self.skipTest("python3-{} is not installed".format(needed))
        with tempfile.TemporaryDirectory() as folder:
            support.adjoin("emit", os.path.join(support.EXAMPLES, model + ".adj"), "--target", "python", "-o",
                           os.path.join(folder, model + ".py"))
            done = subprocess.run([sys.executable, os.path.join(support.EXAMPLES, "python", name + ".py"),
                                   os.path.join(support.EXAMPLES, model)], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False, env=dict(os.environ, PYTHONPATH=folder))
        text = done.stdout.decode()
        self.assertEqual(done.returncode, 0, text)
        for line in lines:
            self.assertIn(line, text)

    def test_scipy(self):
        self.run_program("bundle_adjustment", "bundle", "scipy", "21 of 36 entries may move",
                         "objective 1.435855e-02 -> 1.127800e-04", "all 15 others are what they were, to the bit")

    def test_torch(self):
        self.run_program("torch_function", "net", "torch", "gradcheck and gradgradcheck pass",
                         "dx*/dW1 = 2.8206 -8.8939 -0.0791", "dx*/db1 = -1.6800 -2.7720 -0.0207")
