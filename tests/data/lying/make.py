"""Makes the lying files of this folder and messages.tsv, byte by byte (see README.md)."""
import io, json, os, struct, zipfile, zlib

os.chdir(os.path.dirname(os.path.abspath(__file__)))
messages = []


def lie(name, content, message):
    with open(name, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    messages.append((name, message))


# ---- .npy: 16 bytes of data follow the dictionary, if nothing else is said ----

DATA = b"0123456789ABCDEF"


def header(shape="(2,)", descr="'<f8'", order="False", more=""):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, {more}}}\n"


def npy(dictionary, data=DATA, version=1, length=None, magic=b"\x93NUMPY"):
    text = dictionary if isinstance(dictionary, bytes) else dictionary.encode()
    length = len(text) if length is None else length
    return magic + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", length) + text + data


lie("magic.npy", npy(header(), magic=b"\x93NUMPZ"), "this is not a .npy file")
lie("empty.npy", b"", "this is not a .npy file")
lie("version_9.npy", npy(header(), version=9), "version 9 is not known")
lie("ends_in_length.npy", b"\x93NUMPY\2\0\x10\0", "the file ends in its header")
lie("ends_in_header.npy", npy(header(), data=b"", length=500), "promises 500 bytes of text, the file has")
lie("header_of_4_gigabytes.npy", npy(header(), version=2, length=2**32 - 1), "promises 4294967295 bytes of text")
lie("ends_in_data.npy", npy(header(), DATA[:9]), "promises 16 bytes of data, the file has 9")
lie("goes_on.npy", npy(header(), DATA + b"!"), "promises 16 bytes of data, the file has 17")
lie("negative_extent.npy", npy(header("(-2,)")), "an extent is negative")
lie("bytes_overflow.npy", npy(header("(2305843009213693954,)")), "more bytes of data than can be")
lie("product_overflows.npy", npy(header("(4294967296, 4294967296, 2)")), "more bytes of data than can be")
lie("overflow_before_zero.npy", npy(header("(4294967296, 4294967296, 4294967296, 0)"), b""), "more bytes of data than can")
lie("extent_of_20_digits.npy", npy(header("(99999999999999999999,)")), "an extent is too large")
lie("seventeen_axes.npy", npy(header("(" + "1," * 16 + "2)")), "more than 16 axes")
lie("objects.npy", npy(header(descr="'|O'"), b"cos\nsystem\n(S'id'\ntR."), "entries of type '|O' can't be read")
lie("records.npy", npy(header(descr="[('a', '<f8'), ('b', '<i4')]")), "the entries are records")
lie("complex.npy", npy(header("(1,)", "'<c16'")), "entries of type '<c16' can't be read")
lie("text.npy", npy(header("(4,)", "'<U1'")), "entries of type '<U1' can't be read")
lie("wide_float.npy", npy(header("(1,)", "'<f16'")), "entries of type '<f16' can't be read")
lie("order_maybe.npy", npy(header(order="Maybe")), "fortran_order is neither True nor False")
lie("order_number.npy", npy(header(order="1")), "fortran_order is neither True nor False")
lie("key_twice.npy", npy(header(more="'shape': (2,)")), "a key stands twice")
lie("key_unknown.npy", npy(header(more="'code': 'x'")), "an unknown key")
lie("code_for_shape.npy", npy(header("__import__('os').getpid()")), "the shape is not a tuple")
lie("zero_in_header.npy", npy(header().encode().replace(b" ", b"\0", 1)), "it is no text")
lie("utf16_header.npy", npy(header().encode("utf-16")), "malformed")

# ---- .npz ----


def archive(*members, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            file.writestr(info, content)
    return out.getvalue()


def patched(content, signature, offset, format, *values):
    """Numbers written over those at an offset behind the first signature: PK12 a directory's entry, PK34 a member."""
    at = content.index(signature) + offset
    size = struct.calcsize(format)
    return content[:at] + struct.pack(format, *values) + content[at + size:]


ENTRY, MEMBER, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"


def both(content, entry_offset, member_offset, format, *values):
    return patched(patched(content, ENTRY, entry_offset, format, *values), MEMBER, member_offset, format, *values)


good = npy(header())
one = archive(("x.npy", good))
deflated = archive(("x.npy", good + bytes(4000)), method=zipfile.ZIP_DEFLATED)
lie("empty.npz", b"", "this is not a good .npz file")
lie("npy_by_name.npz", good, "this is not a good .npz file")
lie("cut.npz", one[:-30], "this is not a good .npz file")
lie("cut_in_front.npz", one[20:], "this is not a good .npz file")
lie("directory_beyond_end.npz", patched(one, END, 16, "<I", 0x7FFFFFFF), "this is not a good .npz file")
lie("many_entries.npz", patched(one, END, 8, "<HH", 60000, 60000), "this is not a good .npz file")
lie("wrong_crc.npz", both(one, 16, 14, "<I", 0x12345678), "member 'x': CRC error")
lie("wrong_crc_deflated.npz", both(archive(("x.npy", good), method=zipfile.ZIP_DEFLATED), 16, 14, "<I", 1),
    "member 'x': CRC error")
lie("broken_deflate.npz", patched(deflated, MEMBER, 30 + 5, "<Q", 2**64 - 1), "member 'x'")
lie("petabytes.npz", both(deflated, 24, 22, "<I", 0xFFFFFF00), "claims 4294967040 bytes")


def zip64(size, content):
    """One member whose sizes stand in the zip64 fields; it claims to be of that size."""
    crc, name = zlib.crc32(content), b"x.npy"
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(content) + packed.flush()
    extra = struct.pack("<HHQQ", 1, 16, size, len(body))
    member = MEMBER + struct.pack("<HHHHHIIIHH", 45, 0, 8, 0, 33, crc, 2**32 - 1, 2**32 - 1, len(name), len(extra))
    entry = ENTRY + struct.pack("<HHHHHHIIIHHHHHII", 45, 45, 0, 8, 0, 33, crc, 2**32 - 1, 2**32 - 1, len(name),
                                len(extra), 0, 0, 0, 0, 0)
    front = member + name + extra + body
    directory = entry + name + extra
    return front + directory + END + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(directory), len(front), 0)


lie("zip64_petabytes.npz", zip64(2**53, npy(header("(1125899906842600,)"), bytes(1000))),
    "claims 9007199254740992 bytes")
# The end of the directory as zip64 has it, which counts 2^40 entries, or places the directory far outside.


def zip64_end(count, offset):
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, count * 46, offset)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, one.index(END), 1)
    end = END + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return one[:one.index(END)] + record + locator + end


lie("zip64_many_entries.npz", zip64_end(2**40, one.index(ENTRY)), "this is not a good .npz file")
lie("zip64_directory_outside.npz", zip64_end(1, 2**63), "this is not a good .npz file")
# A megabyte of zeros in a kilobyte behind a .npy of two numbers, in an entry that admits to the two alone.
bomb = archive(("x.npy", good + bytes(1 << 20)), method=zipfile.ZIP_DEFLATED)
lie("bomb_behind_array.npz", both(bomb, 24, 22, "<I", len(good)), "member 'x'")
lie("bomb_in_entry.npz", bomb, "promises 16 bytes of data, the file has 1048592")
lie("shape_beyond_member.npz", archive(("x.npy", npy(header("(1000000,)"), DATA)), method=zipfile.ZIP_DEFLATED),
    "promises 8000000 bytes of data, the file has 16")
lie("method_bzip2.npz", archive(("x.npy", good), method=zipfile.ZIP_BZIP2), "compressed by method 12")
lie("method_unknown.npz", both(one, 10, 8, "<H", 77), "compressed by method 77")
lie("encrypted.npz", both(one, 8, 6, "<H", 1), "it is encrypted")
lie("same_name_twice.npz", archive(("x.npy", good), ("y.npy", good)).replace(b"y.npy", b"x.npy"), "two of its members have one name")
lie("climbs.npz", archive(("../x.npy", good)), "climbs out of its folder")
lie("climbs_backslash.npz", archive(("a\\..\\x.npy", good)), "climbs out of its folder")
lie("absolute.npz", archive(("/x.npy", good)), "begins with a slash")
# libzip has blanks for zeros
lie("zero_in_name.npz", archive(("xy.npy", good)).replace(b"xy.npy", b"x\0.npy"), "begins or ends with a blank")
lie("zero_behind_name.npz", archive(("x.npyz", good)).replace(b"x.npyz", b"x.npy\0"), "does not end in .npy")
lie("escape_in_name.npz", archive(("\x1b[2Jx.npy", good)), "or has a control character in it")
lie("escape_in_utf8_name.npz", archive(("\x1b\xe9x.npy", good)), "this is not a good .npz file")
lie("not_utf8_name.npz", archive(("xy.npy", good)).replace(b"xy.npy", b"x\xff.npy"), "is not UTF-8")
lie("no_name.npz", archive((".npy", good)), "its member '.npy' is empty")
lie("not_npy.npz", archive(("x.txt", b"1 2 3")), "its member 'x.txt' does not end in .npy")
lie("folder.npz", archive(("x/", b"")), "its member 'x/' does not end in .npy")
lie("npy_magic.npz", archive(("x.npy", npy(header(), magic=b"\x93NUMPZ"))), "member 'x': this is not a .npy file")
lie("objects.npz", archive(("x.npy", npy(header(descr="'|O'")))), "member 'x': entries of type '|O' can't be read")
lie("sizes_differ.npz", patched(one, ENTRY, 24, "<I", 5), "this is not a good .npz file")
lie("stored_claims_more.npz", both(one, 24, 22, "<I", 100000), "claims 100000 bytes")

# ---- .safetensors ----


def tensors(text, data=DATA, length=None):
    text = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(name="x", dtype='"F64"', shape="[2]", offsets="[0,16]", more=""):
    return f'"{name}":{{"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}{more}}}'


def table(*rows):
    return "{" + ",".join(rows) + "}"


lie("empty.safetensors", b"", "it has only 0 bytes")
lie("ends_in_length.safetensors", b"\x10\0\0\0", "it has only 4 bytes")
lie("ends_in_header.safetensors", tensors(table(tensor()), b"", 5000), "promises a header of 5000 bytes")
lie("header_of_exabytes.safetensors", tensors(table(tensor()), DATA, 2**64 - 1), "a header of 18446744073709551615 bytes")
lie("header_of_100_megabytes.safetensors", tensors(table(tensor()), DATA, 100000001), "a header of 100000001 bytes")
lie("header_is_list.safetensors", tensors("[1]"), "it is no JSON object")
lie("header_is_not_json.safetensors", tensors("{'x': 1}"), "header:1:")
lie("header_is_not_utf8.safetensors", tensors(b'{"\xff":1}'), "header:1:2: unable to decode byte 0xff")
lie("header_has_zero.safetensors", tensors(b'{"x\0":1}'), "header:1:")
lie("zero_in_name.safetensors", tensors(table(tensor("x\\u0000"))), "NUL")
lie("climbs.safetensors", tensors(table(tensor("../x"))), "climbs out of its folder")
lie("escape_in_name.safetensors", tensors(table(tensor("\\u001b[2J"))), "has a control character in it")
lie("no_name.safetensors", tensors(table(tensor(""))), "its name is empty")
lie("same_name_twice.safetensors", tensors(table(tensor(), tensor())), "duplicate")
lie("too_deep.safetensors", tensors('{"x":' + "[" * 3000), "depth")
lie("metadata_is_list.safetensors", tensors(table('"__metadata__":[]', tensor())), "its __metadata__ is no JSON object")
lie("tensor_is_number.safetensors", tensors(table('"x":1')), "it has no dtype")
lie("no_dtype.safetensors", tensors(table('"x":{"shape":[2],"data_offsets":[0,16]}')), "it has no dtype")
lie("dtype_is_number.safetensors", tensors(table(tensor(dtype="64"))), "it has no dtype")
lie("dtype_unknown.safetensors", tensors(table(tensor(dtype='"F8_E4M3"', shape="[16]"))), "type 'F8_E4M3' can't be read")
lie("no_shape.safetensors", tensors(table('"x":{"dtype":"F64","data_offsets":[0,16]}')), "its shape is not a list")
lie("negative_extent.safetensors", tensors(table(tensor(shape="[-2]"))), "its shape is not a list")
lie("extent_with_point.safetensors", tensors(table(tensor(shape="[2.0]"))), "its shape is not a list")
lie("extent_of_20_digits.safetensors", tensors(table(tensor(shape="[99999999999999999999]"))), "too big integer")
lie("seventeen_axes.safetensors", tensors(table(tensor(shape="[" + "1," * 16 + "2]"))), "at most 16 whole numbers")
lie("product_overflows.safetensors", tensors(table(tensor(shape="[4294967296,4294967296,2]"))), "its shape needs more bytes than can be")
lie("no_offsets.safetensors", tensors(table('"x":{"dtype":"F64","shape":[2]}')), "its data_offsets are not two")
lie("offsets_descend.safetensors", tensors(table(tensor(offsets="[16,0]"))), "its data_offsets are not two")
lie("negative_offset.safetensors", tensors(table(tensor(offsets="[-16,0]"))), "its data_offsets are not two")
lie("three_offsets.safetensors", tensors(table(tensor(offsets="[0,16,32]"))), "its data_offsets are not two")
lie("offsets_beyond_end.safetensors", tensors(table(tensor(shape="[4]", offsets="[0,32]"))), "end at 32, the file's data at 16")
lie("offsets_far_beyond_end.safetensors", tensors(table(tensor(offsets="[9223372036854775791,9223372036854775807]"))),
    "end at 9223372036854775807, the file's data at 16")
lie("offsets_against_shape.safetensors", tensors(table(tensor(shape="[3]"))), "need 24 bytes, its data_offsets give it 16")
lie("offsets_against_dtype.safetensors", tensors(table(tensor(dtype='"F32"'))), "need 8 bytes, its data_offsets give it 16")
lie("overlap.safetensors", tensors(table(tensor("x"), tensor("y"))), "member 'y': its data overlaps another's")
lie("overlap_in_part.safetensors", tensors(table(tensor("x"), tensor("y", offsets="[8,24]")), DATA + DATA[:8]), "overlaps")
lie("gap.safetensors", tensors(table(tensor("x", shape="[1]", offsets="[8,16]"))), "leaves a gap")
lie("goes_on.safetensors", tensors(table(tensor()), DATA + b"!"), "the tensors end at byte 16 of the data, the file at 17")

# ---- .json ----

lie("empty.json", b"", "the file is empty")
lie("cut.json", "[1, 2", "cut.json:1:")
lie("goes_on.json", "[1, 2] 3", "goes_on.json:1:")
lie("too_deep.json", "[" * 3000, "depth")
lie("seventeen_axes.json", "[" * 17 + "1" + "]" * 17, "lists are nested deeper than 16")
lie("ragged.json", "[[1, 2], [3]]", "a list of 1 stands beside a list of 2")
lie("depths_differ.json", "[[1], 2]", "nested to different depths")
lie("depths_differ_later.json", "[1, [2]]", "nested to different depths")
lie("not_utf8.json", b'["\xff"]', "not_utf8.json:1:2: unable to decode byte 0xff")
lie("zero_in_text.json", b"[1,\0 2]", "zero_in_text.json:1:")
lie("truth.json", "[1, true]", "an entry is not a number")
lie("null.json", "[1, null]", "an entry is not a number")
lie("number_as_text.json", '[1, "2"]', "an entry is not a number")
lie("overflow.json", "[1e999]", "overflow")
lie("twenty_digits.json", "[99999999999999999999]", "too big integer")
lie("same_name_twice.json", '{"x": 1, "x": 2}', "duplicate")
lie("objects_in_object.json", '{"x": {"y": 1}}', "member 'x'")
lie("escape_in_name.json", '{"\\u001b[2J": 1}', "control character")
lie("zero_in_name.json", '{"x\\u0000y": 1}', "NUL")
lie("product_of_extents.json", "[" + ",".join("[]" for _ in range(50)) + ",[1]]", "a list of 1 stands beside a list of 0")

# ---- .csv ----

lie("empty.csv", b"", "the file is empty")
lie("blank.csv", "\n \n\t\n", "the file is empty")
lie("row_too_short.csv", "1,2\n3\n", ":2: 1 fields, where the lines before have 2")
lie("row_too_long.csv", "1,2\n3,4,5\n", ":2: 3 fields")
lie("row_too_short_under_header.csv", "x,y\n1,2\n3\n", ":3: 1 fields")
lie("hole.csv", "1,2\n3,\n", ":2: field 2 is empty")
lie("hole_in_header.csv", "x,y\n,2\n", ":2: field 1 is empty")
lie("word.csv", "1,2\nx,4\n", ":2: field 1, 'x', is not a number")
lie("hexadecimal.csv", "1,2\n0x10,4\n", "'0x10', is not a number")
lie("overflow.csv", "1,2\n1e999,4\n", "'1e999', is not a number")
lie("zero.csv", b"1\n2\0003\n", "is not a number")
lie("escape.csv", b"1\n\x1b[31m\n", "'?[31m', is not a number")
lie("two_points.csv", "1\n1.2.3\n", "is not a number")
lie("utf16.csv", "1,2\n3,4\n".encode("utf-16"), "is not a number")
lie("number_of_500_digits.csv", "1\n" + "1" * 500 + "\n", "is not a number")
lie("binary.csv", bytes(range(256)), ":2: 1 fields, where the lines before have 2")

with open("messages.tsv", "w") as file:
    for name, message in messages:
        file.write(f"{name}\t{message}\n")
counts = {}
for name, _ in messages:
    counts[name.rsplit(".", 1)[1]] = counts.get(name.rsplit(".", 1)[1], 0) + 1
print(len(messages), counts)
