"""Runs every *_test.py here; the last line has the totals."""
import os
import sys
import unittest

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
tests = unittest.defaultTestLoader.discover(here, "*_test.py")
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(tests)
for test, reason in result.skipped:
    print("skipped {}: {}".format(test, reason))
failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
skipped = len(result.skipped)
passed = max(result.testsRun - failed - skipped, 0)
print("python: {} passed, {} failed, {} skipped".format(passed, failed, skipped))
sys.exit(failed > 0)
