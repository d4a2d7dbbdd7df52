"""Makes the good files of this folder, and expected.json, with NumPy and safetensors themselves (see README.md)."""
import io, json, math, os, sys, zipfile
import numpy as np
import safetensors, safetensors.numpy

os.chdir(os.path.dirname(os.path.abspath(__file__)))
expected = {}


def entry(value):
    if isinstance(value, (float, np.floating)) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return float(value) if isinstance(value, (float, np.floating)) else int(value)


def listed(array):
    if array.ndim == 0:
        return entry(array[()])
    return [listed(each) for each in array]


def expect(name, array):
    expected[name] = listed(np.asarray(array))


def npy_bytes(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def save(name, array, version=None):
    with open(name, "wb") as file:
        file.write(npy_bytes(array, version))
    expect(name, array)


reals = np.array([[0.1, -0.0, 5e-324], [1.7976931348623157e308, np.nan, -np.inf]])
save("f8.npy", reals)
save("f8_fortran.npy", np.asfortranarray(reals))
save("f8_big_endian.npy", reals.astype(">f8"))
save("f8_version_2.npy", reals, (2, 0))
save("f8_version_3.npy", reals, (3, 0))
save("f8_scalar.npy", np.array(-2.5))
save("f4.npy", np.array([0.1, -0.0, 1e-45, 3.4e38, np.nan, np.inf], "<f4"))
save("f4_big_endian.npy", np.array([0.1, -2], ">f4"))
save("f2.npy", np.array([0.1, -0.0, 6e-8, 6.1e-5, 65504, np.nan, -np.inf], "<f2"))
save("f2_big_endian.npy", np.array([0.1, -2], ">f2"))
for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
    info = np.iinfo(kind)
    some = [info.min, 1, 2, 100] if info.bits == 64 else [info.min, 1, 2, info.max]
    for order in "<>":
        name = kind + ("_big_endian" if order == ">" else "") + ".npy"
        if info.bits > 8 or order == "<":
            save(name, np.array(some, order + kind))
save("bool.npy", np.array([[True, False], [False, True]]))
save("i4_fortran_three_axes.npy", np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4)))
save("ones.npy", np.ones((1, 1, 1)))

state = {"f.0.weight": np.array([[1.5], [-2.5], [0.25]]), "f.0.bias": np.array([0.0, 1.0, -1.0], "f4"),
         "count": np.array(7), "order": np.array([2, 0, 1], "<i4")}
np.savez("savez.npz", **state)
np.savez_compressed("compressed.npz", **state)
np.savez("single.npz", np.array([3.0, 4.0]))
expect("single.npz", [3.0, 4.0])
with zipfile.ZipFile("zip64.npz", "w", zipfile.ZIP_DEFLATED) as archive:
    zipfile.ZIP64_LIMIT, limit = 0, zipfile.ZIP64_LIMIT
    for name, array in state.items():
        with archive.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as member:
            member.write(npy_bytes(np.asarray(array)))
zipfile.ZIP64_LIMIT = limit
safetensors.numpy.save_file(state, "state.safetensors", {"format": "np"})
for name, array in state.items():
    for file in ("savez.npz", "compressed.npz", "zip64.npz", "state.safetensors"):
        expect(f"{file}:{name}", array)

types = {"F64": ("float64", reals), "F32": ("float32", reals[0].astype("f4")), "F16": ("float16", reals[0].astype("f2")),
         "I64": ("int64", np.array([-2**62, 3])), "I32": ("int32", np.array([-2**31, 3], "i4")),
         "I16": ("int16", np.array([[-3]], "i2")), "I8": ("int8", np.array([-128, 127], "i1")),
         "U64": ("uint64", np.array([2**50], "u8")), "U32": ("uint32", np.array([2**32 - 1], "u4")),
         "U16": ("uint16", np.array([2**16 - 1], "u2")), "U8": ("uint8", np.array([255, 0, 1], "u1")),
         "BOOL": ("bool", np.array([True, False, True])), "scalar": ("float64", np.array(0.1))}
brains = np.array([1.5, -0.0, np.inf, -3.0e38, np.nan], "<f4")
halves = (brains.view("<u4") >> 16).astype("<u2")
specs = {name: safetensors.TensorSpec(dtype=dtype, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes)
         for name, (dtype, array) in (types | {"BF16": ("bfloat16", halves)}).items()}
with open("types.safetensors", "wb") as file:
    file.write(safetensors.serialize(specs))
for name, (_, array) in types.items():
    expect(f"types.safetensors:{name}", array)
expect("types.safetensors:BF16", (halves.astype("<u4") << 16).view("<f4"))

# What our own writers must make to the byte: the same arrays, written by the format's own library.
ours = {"b": np.array([[0.1, -0.0], [np.inf, 5e-324]]), "a.0": np.array([1.5, -2.5, 3.5]), "n": np.array([3, -4])}
safetensors.numpy.save_file(ours, "writer.safetensors")
save("writer_b.npy", ours["b"])
save("writer_n.npy", ours["n"])
single = {name: array.astype("f4") if array.dtype == float else array for name, array in ours.items()}
safetensors.numpy.save_file(single, "writer_float32.safetensors")
save("writer_float32_b.npy", single["b"])

with open("table.csv", "w") as file:
    file.write('t,"y"\n1,2.5\n3,nan\n')
expect("table.csv", np.array([[1, 2.5], [3, np.nan]]))
expected["table.csv:t"] = [1, 3]
expect("table.csv:y", [2.5, np.nan])
with open("object.json", "w") as file:
    json.dump({"W": [[1.5, -2.0], [3e300, 4.0]], "b": [1, 2], "s": "-inf"}, file)
expect("object.json:W", [[1.5, -2.0], [3e300, 4.0]])
expect("object.json:b", [1, 2])
expect("object.json:s", -np.inf)
with open("nested.json", "w") as file:
    json.dump([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], file)
expect("nested.json", np.arange(1, 9).reshape(2, 2, 2))

with open("expected.json", "w") as file:
    file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in expected.items()) + "\n}\n")
print(len(expected), "arrays; NumPy", np.__version__, "safetensors", safetensors.__version__)
