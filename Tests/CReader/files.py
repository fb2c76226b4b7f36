"""Writes .kibble files that kibble does not write: an order of rows, odd numbers, and what no reader may take."""
import re, struct, zlib
import read_kibble
from read_kibble import up

def write(tensors, blobs, features=0):
    """The bytes of a file of tensors [(name, bytes 8 ... 55 of the record, [plane])] and blobs [(name, bytes, CRC-32, size or 0)]."""
    names = "".join(entry[0] for entry in tensors + blobs).encode()
    payload = end = up(128 + 128 * len(tensors) + 32 * len(blobs) + len(names), 64)
    body, tensor_records, blob_records = bytearray(), bytearray(), bytearray()
    def place(contents):
        nonlocal end
        offset = up(end, 64)
        body.extend(bytes(offset - end) + contents)
        end = offset + len(contents)
        return struct.pack("<QQ", offset, len(contents))
    at = sum(len(tensor[0]) for tensor in tensors)
    for name, contents, crc, whole in blobs:
        blob_records += struct.pack("<II", at, len(name)) + place(contents) + struct.pack("<II", crc, whole)
        at += len(name)
    at = 0
    for name, head, planes in tensors:
        tensor_records += (struct.pack("<II", at, len(name)) + head + b"".join(map(place, planes))).ljust(128, b"\0")
        at += len(name)
    start = struct.pack("<8sHHIQIIQQ76x", b"\x89KIBBLE\n", 1, 1, features, end, len(tensors), len(blobs), len(names), payload)
    return repaired(start + bytes(4) + (tensor_records + blob_records + names).ljust(payload - 128, b"\0") + body)

def repaired(data):
    """With the checksum of header and directory that belongs there, if there is a payload offset within the bytes."""
    payload = int.from_bytes(data[40:48], "little")
    return data[:124] + struct.pack("<I", zlib.crc32(data[128:payload], zlib.crc32(data[:124]))) + data[128:]

def changed(data, offset, format, *values):
    """With other numbers at a place, and the checksum repaired."""
    data = bytearray(data)
    struct.pack_into("<" + format, data, offset, *values)
    return repaired(data)

def parts(data):
    """The tensors and blobs of a file, as `write` takes them."""
    tensors, blobs, _ = read_kibble.directory(data)
    heads = [data[136 + 128 * i:184 + 128 * i] for i in range(len(tensors))]
    return ([(t.name, head, [data[start:start + length] for start, length in t.planes]) for t, head in zip(tensors, heads)],
            [(name, data[start:end], crc, whole) for name, start, end, crc, whole in blobs])

def tensor(name, code, shape, planes, tile=0, exponent=0, group=0):
    head = struct.pack("<BBBBiII4Q", code, tile, len(shape), len(planes), exponent, group, zlib.crc32(b"".join(planes)),
                       *shape, *[0] * (4 - len(shape)))
    return name, head, planes

def band(name, rows=16, columns=4, tile=0):
    """A matrix of zeros in int8, up to 32 columns."""
    padded_rows = up(rows, 16 if tile else 1)
    return tensor(name, 8, (rows, columns), [bytes(padded_rows * up(columns, 4)), bytes(padded_rows * 2)], tile, group=32)

def one(name): return tensor(name, 1, (1,), [bytes(16)])

def blob(name, contents=b"{}"): return name, contents, zlib.crc32(contents), 0

def compressed(name, contents): return name, zlib.compress(contents), zlib.crc32(contents), len(contents)

def example(page):
    """The file of section 12 of kibble-v1.md."""
    data = b""
    for line in page.split("## 12.")[1].split("```")[1].splitlines()[1:]:
        for word in line.split("|")[0].split()[1:] if "|" in line else []:
            data += data[-1:] * (int(word[1:]) - 1) if word[0] == "x" else bytes.fromhex(word)
    return data

# What is wrong in a changed example: error, then places, formats and numbers.
DAMAGE = {
    "NO_KIBBLE": [(0, "B", 0x88), (7, "B", 0x0d)],
    "NEWER_VERSION": [(8, "H", 2), (8, "H", 65535)],
    "NEWER_FEATURE": [(12, "I", 8), (12, "I", 1 << 31)],
    "NEWER_TYPE": [(0x88, "B", 7), (0x88, "B", 33), (0x88, "B", 0), (0x88, "B", 255), (0x89, "B", 2)],
    "BAD_LENGTH": [(16, "Q", 1185), (16, "Q", 1183)],
    "BAD_HEADER": [(8, "H", 0), (12, "I", 4), (12, "I", 5), (24, "I", 4), (24, "I", 2**20 + 1), (24, "I", 2**32 - 1), (28, "I", 1025),
                   (32, "Q", 2**64 - 1), (32, "Q", 2**64 - 608), (40, "Q", 2**63), (40, "Q", 0), (40, "Q", 0x300)],
    "BAD_RESERVED": [(48, "B", 1), (123, "B", 1), (0x28e, "B", 1), (0x2bf, "B", 1), (0xd8, "B", 1), (0xff, "B", 1), (0x148, "B", 1)],
    "BAD_NAME": [(0x80, "I", 78), (0x80, "I", 2**32 - 1), (0x84, "I", 0), (0x84, "I", 256), (0x240, "B", 0x20), (0x240, "B", 0x7f),
                 (0x240, "B", 0xff), (0x278, "B", ord(".")), (0x279, "B", ord("/")), (0x279, "B", ord("\\"))],
    "BAD_SHAPE": [(0x8a, "B", 0), (0x8a, "B", 3), (0x8a, "B", 255), (0x8a, "B", 1), (0x8b, "B", 1), (0x8b, "B", 3), (0x8b, "B", 0),
                  (0x8c, "i", -111), (0x8c, "i", 114), (0x8c, "i", -2**31), (0x10c, "i", 1), (0x90, "I", 0), (0x90, "I", 48),
                  (0x110, "I", 32), (0x98, "Q", 0), (0xa0, "Q", 0), (0x98, "Q", 2**31 + 1), (0xa0, "Q", 2**31 + 1), (0xa0, "Q", 2**63),
                  (0xa8, "Q", 1), (0x120, "Q", 1), (0x98, "QQ", 2**31, 2**26)],
    "BAD_PLACE": [(0x98, "QQ", 2**31, 2**25), (0x98, "QQ", 1, 2**31), (0x98, "Q", 3), (0xb8, "Q", 0x380), (0xb8, "Q", 0x341),
                  (0xc0, "Q", 2**64 - 1), (0xc8, "Q", 2**64 - 64), (0x208, "Q", 0x300), (0x210, "Q", 2**26 + 1), (0x210, "Q", 65)],
    "BAD_BLOB": [(0x21c, "I", 31)],
    "BAD_BANDS": [(0x240, "B", ord("@"))],
    "NO_METADATA": [(0x278, "B", ord("K"))],
    None: [(0x28d, "B", ord("o")), (0xa, "H", 65535), (0x8c, "i", 113), (0x8c, "i", -110), (12, "I", 3)],
}

def damaged_bands():
    """Files whose bands do not fit together, by what is wrong."""
    files = {
        "alone": ["a@0"], "alone-first": ["a@0", "b"], "alone-before": ["a@0", "b@0", "b@16"], "not-first": ["a@16", "a@32"],
        "gap": ["a@0", "a@32"], "zeros": ["a@0", "a@016"], "no-number": ["a@0", "a@"], "sign": ["a@0", "a@+16"],
        "twice": ["a@0", "a@16@0"], "no-name": ["@0", "@16"], "apart": ["a@0", "b", "a@16"], "other": ["a@0", "b@16"],
        "float": ["a@0", tensor("a@16", 1, (1, 4), [bytes(16)])], "columns": ["a@0", band("a@16", columns=8)],
        "arrangement": ["a@0", band("a@16", tile=1)], "split": [band("a@0", rows=8), "a@8"],
        "vector": ["a@0", tensor("a@16", 8, (4,), [bytes(4), bytes(2)], group=32)],
        "plain-before": ["a", "a@0", "a@16"], "plain-behind": ["a@0", "a@16", *(f"x{i}" for i in range(3000)), "a"]}
    made = {what: [band(t) if isinstance(t, str) else t for t in tensors] for what, tensors in files.items()}
    return {what: write(tensors, [blob("kibble.json")], 2) for what, tensors in made.items()} | {
        "unannounced": write([band("a@0"), band("a@16")], [blob("kibble.json")])}
