"""One Model, many threads: each has arrays and workspace of its own."""
import threading
import unittest

import numpy as np

import support


class Threads(unittest.TestCase):
    def test_at_once(self):
        module, inputs = support.example("logistic"), support.example_inputs("logistic")
        model = module.Model(X=inputs["X"], y=inputs["y"], lambda_=-3)
        points = [(support.drawn(2, seed), float(seed)) for seed in range(8)]
        wanted = [model.grad(*point) for point in points]
        wrong = []

        def work(number):
            for k in range(300):
                which = (number + k) % len(points)
                value, gradient = model.grad(*points[which])
                if value != wanted[which][0] or not np.array_equal(gradient["w"], wanted[which][1]["w"]):
                    wrong.append(number)
                try:
                    module.grad(w=np.zeros(number + 3), b=0, lambda_=0, X=inputs["X"], y=inputs["y"])
                except module.BindingError as error:  # every thread hears its own
                    if "w has {} entries".format(number + 3) not in str(error):
                        wrong.append(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_what_one_thread_binds_all_use(self):
        module = support.module("var x\nparam p\nminimize p*x^2\n")
        model, found = module.Model(p=1), []
        barrier = threading.Barrier(2)

        def work():
            for _ in range(3):
                barrier.wait()
                found.append(model.value(3.0))
                barrier.wait()

        thread = threading.Thread(target=work)
        thread.start()
        for p in (1, 2, 3):
            model.bind(p=p)
            barrier.wait()
            barrier.wait()
        thread.join()
        self.assertEqual(found, [9, 18, 27])
