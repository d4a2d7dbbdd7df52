"""Models as modules."""
import importlib.util
import json
import os
import subprocess
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = os.path.join(ROOT, "examples")
PROGRAM = os.environ["ADJOIN_PROGRAM"]
_folder = tempfile.TemporaryDirectory()
_made = {}


def adjoin(*arguments):
    """What the program prints; AssertionError when it fails."""
    done = subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def load(path):
    """A new import of a module's file."""
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def emit(model, *options):
    """The module's file, for a model's path or text (str or bytes)."""
    path = model
    if not isinstance(model, str) or "\n" in model:
        path = os.path.join(_folder.name, "model{}.adj".format(len(_made)))
        with open(path, "wb") as file:
            file.write(model.encode() if isinstance(model, str) else model)
    into = os.path.join(_folder.name, "module{}.py".format(len(_made)))
    adjoin("emit", path, "--target", "python", "-o", into, *options)
    return into


def module(model, *options):
    """The module of a model; made once."""
    key = (model, options)
    if key not in _made:
        _made[key] = load(emit(model, *options))
    return _made[key]


def example(name):
    return module(os.path.join(EXAMPLES, name + ".adj"))


def safetensors(path):
    """The arrays of a .safetensors file: the length of its heading, the heading, and all entries."""
    with open(path, "rb") as file:
        heading = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        entries = file.read()
    kinds = {"F32": np.float32, "F64": np.float64}
    return {name: np.frombuffer(entries[slice(*each["data_offsets"])], kinds[each["dtype"]]).reshape(each["shape"])
            for name, each in heading.items() if name != "__metadata__"}


def example_inputs(name):
    """The arrays in an example's folder, by input: as the command line reads them, which leaves other files alone."""
    folder, made = os.path.join(EXAMPLES, name), {}
    known = {each.name for each in example(name).INPUTS}
    for file in sorted(os.listdir(folder)):
        path, (stem, ending) = os.path.join(folder, file), os.path.splitext(file)
        if os.path.isdir(path) or (ending != ".safetensors" and stem not in known):
            continue
        if ending == ".npy":
            made[stem] = np.load(path)
        elif ending == ".safetensors":
            made.update(safetensors(path))
        elif ending == ".json":
            with open(path) as opened:
                made[stem] = np.array(json.load(opened))
        else:
            with open(path) as opened:
                heading = not opened.read(1) in "0123456789-."
            made[stem] = np.loadtxt(path, delimiter=",", skiprows=int(heading))
    return made


def drawn(shape, seed):
    return np.random.default_rng(seed).uniform(-1, 1, shape)
