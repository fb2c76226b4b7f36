"""A second reader of the .kibble format, written from kibble-v1.md alone. Needs numpy.

As a module:   tensors, blobs = read("model.kibble")      # {name: float32 array}, {name: bytes}
As a command:  read_kibble.py FILE.kibble                 lists the tensors
               ... --npz OUT.npz                          writes them as a numpy archive
               ... --compare A.safetensors [B ...]        compares their bits with an export in F32
It checks every file as a whole. Exit codes: 1 bits differ, 65 damaged, 69 newer. Sections are those of kibble-v1.md.
"""
import argparse, collections, json, struct, sys, zlib
import numpy as np

class Damaged(ValueError): exit_code = 65
class Newer(ValueError): exit_code = 69
Type = collections.namedtuple("Type", "name stored columns_per_block units_per_block column_multiple planes")  # section 6
TYPES = {1: Type("f32", "<u4", 1, 1, 4, 1), 2: Type("f16", "<u2", 2, 1, 4, 1), 3: Type("bf16", "<u2", 2, 1, 4, 1),
         4: Type("int4", "i1", 8, 1, 8, 2), 5: Type("int5", "i1", 32, 5, 32, 2), 6: Type("int6", "i1", 32, 6, 32, 2),
         8: Type("int8", "i1", 4, 1, 4, 2), 18: Type("int2", "i1", 16, 1, 16, 2), 19: Type("int3", "i1", 32, 3, 32, 2)}
Tensor = collections.namedtuple("Tensor", "name type tile shape rows padded_rows columns group exponent crc planes")

def up(n, multiple): return -(-n // multiple) * multiple
def require(condition, message):
    if not condition: raise Damaged(message)

def directory(data):
    """Tensors, blobs as [(name, start, end, CRC-32, bytes if compressed)], gaps as [(start, end)]. Checks what section 8 says of opening."""
    require(data[:8] == b"\x89KIBBLE\n" and len(data) >= 128, "not a .kibble file, or truncated")
    _, major, _, features, length, T, B, S, payload, reserved, crc = struct.unpack_from("<8sHHIQIIQQ76sI", data)
    require(major, "major version 0")
    if major > 1 or features > 1: raise Newer(f"major version {major}, required features {features:#x}")
    require(length == len(data), f"{len(data)} bytes instead of {length}: truncated, or something was appended")
    strings = 128 + 128 * T + 32 * B
    require(T <= 1048576 and B <= 1024 and payload == up(strings + S, 64) <= length, "a number in the header")
    require(crc == zlib.crc32(data[128:payload], zlib.crc32(data[:124])), "checksum of header and directory")
    require(not any(reserved) and not any(data[strings + S:payload]), "reserved bytes of header or directory")
    tensors, blobs, gaps, end, seen, inflated = [], [], [], payload, set(), 0
    def name_at(offset, length):
        require(1 <= length <= 255 and offset + length <= S, "place of a name")
        name = data[strings + offset:strings + offset + length]
        require(all(0x21 <= byte <= 0x7E for byte in name), f"characters of the name {name}")
        require(name not in seen, f"two entries are called {name}")
        seen.add(name)
        return name.decode("ascii")
    def check_place(name, offset, length):  # section 5: each place follows from the lengths before it
        nonlocal end
        require(offset == up(end, 64) and offset + length <= len(data), f"{name}: place in the file")
        gaps.append((end, offset))
        end = offset + length
    for i in range(B):  # section 4
        name, name_length, offset, length, crc, whole = struct.unpack_from("<IIQQII", data, 128 + 128 * T + 32 * i)
        name = name_at(name, name_length)
        require(name[0] != "." and not {"/", "\\"} & set(name), f"{name}: not a plain name")
        check_place(name, offset, length)
        inflated += whole
        require(max(length, whole) <= 2**26 and (whole == 0 or features and length < whole) and inflated <= 2**28, f"{name}: length")
        blobs.append((name, offset, end, crc, whole))
    for i in range(T):  # section 3
        name, name_length, code, arrangement, rank, planes, exponent, group, crc, *shape, tail = struct.unpack_from(
            "<IIBBBBiII4Q72s", data, 128 + 128 * i)
        name = name_at(name, name_length)
        if code not in TYPES or arrangement > 1: raise Newer(f"{name}: type {code}, arrangement {arrangement}")
        type, tile, quantized = TYPES[code], 16 if arrangement else 1, TYPES[code].planes == 2
        require(rank in (1, 2) and planes == type.planes, f"{name}: rank or number of planes")
        rows, columns = shape[:2] if rank == 2 else (1, shape[0])
        sane = 1 <= rows <= 2**31 and 1 <= columns <= 2**31 and rows * columns <= 2**56 and not any(shape[rank:])
        require(sane and group in ((32, 64, 128) if quantized else (0,)), f"{name}: shape or group size")
        require(-110 <= exponent <= 113 if quantized else exponent == 0, f"{name}: exponent")
        padded_rows = up(rows, tile)
        lengths = [padded_rows * up(columns, type.column_multiple) // type.columns_per_block * type.units_per_block * 4]
        if quantized: lengths.append(padded_rows * (up(columns, group) // group) * 2)
        places = [struct.unpack_from("<QQ", tail, 16 * p) for p in range(planes)]
        require([length for _, length in places] == lengths, f"{name}: length of a plane")
        for place in places: check_place(name, *place)
        require(not any(tail[16 * planes:]), f"{name}: reserved bytes")
        shape = tuple(shape[:rank])
        tensors.append(Tensor(name, type, tile, shape, rows, padded_rows, columns, group, exponent, crc, places))
    require(end == len(data), "bytes after the last plane")
    return tensors, blobs, gaps

def by_rows(plane, tensor, width):
    """A plane's bytes as [padded rows, U or G, width]. In tiles, 16 rows are interleaved; in rows, so to say, 1."""
    tiles = plane.reshape(tensor.padded_rows // tensor.tile, -1, tensor.tile, width)
    return tiles.swapaxes(1, 2).reshape(tensor.padded_rows, -1, width)

def codes(units, type):
    """The codes [padded rows, padded columns] of units [padded rows, U, 4] of int2 to int6, as bytes."""
    bits, blocks = int(type.name[3:]), units.reshape(len(units), -1, type.units_per_block, 4)
    def field(unit, shift, width):
        """So many bits of the bytes of a unit of every block, [row, block, 4]: of four columns."""
        return blocks[:, :, unit] >> shift & (1 << width) - 1
    def four(f):
        """The bits of the codes of columns 4f ... 4f + 3 of every block."""
        if bits == 2: return field(0, 2 * f, 2)
        if bits == 3: return field(f // 2, f % 2 * 3, 3) if f < 6 else field(f - 6, 6, 2) | field(2, f, 1) << 2
        low = field(f // 2, f % 2 * 4, 4)
        if bits == 4: return low
        return low | (field(4, f, 1) if bits == 5 else field(4 + f // 4, f % 4 * 2, 2)) << 4
    values = np.stack([four(f) for f in range(type.columns_per_block // 4)], axis=2).reshape(len(units), -1)
    sign = np.uint8(1 << bits - 1)
    return (values ^ sign) - sign

def decode(data, tensor):
    """The values of a tensor as float32 (section 6), after all checks of section 8."""
    name, type, rows, columns = tensor.name, tensor.type, tensor.rows, tensor.columns
    planes = [np.frombuffer(data, np.uint8, length, offset) for offset, length in tensor.planes]
    require(zlib.crc32(b"".join(planes)) == tensor.crc, f"{name}: checksum")  # without the gap between them
    units = by_rows(planes[0], tensor, 4)
    if type.name in ("int2", "int3", "int4", "int5", "int6"): units = codes(units, type)
    stored = units.reshape(tensor.padded_rows, -1).view(type.stored)
    require(not stored[rows:].any() and not stored[:, columns:].any(), f"{name}: padding is not 0")
    stored = stored[:rows, :columns].copy()
    if type.planes == 1:
        bits = stored.astype("<u4") << 16 if type.name == "bf16" else stored
        values = bits.view("<f2" if type.name == "f16" else "<f4").astype(np.float32)
    else:
        require(type.name != "int8" or not (stored == -128).any(), f"{name}: code -128")
        scales = by_rows(planes[1], tensor, 2).view("<u2")[:, :, 0]
        require(not scales[rows:].any(), f"{name}: padding of the scales is not 0")
        with np.errstate(over="ignore", invalid="ignore"):  # looked at afterwards
            scales = np.ldexp(scales[:rows].copy().view("<f2").astype(np.float32), tensor.exponent)  # h * 2^E, exact
            values = stored.astype(np.float32) * np.repeat(scales, tensor.group, axis=1)[:, :columns]  # one rounding
        require(np.isfinite(scales).all(), f"{name}: a scale is not finite")
    require(np.isfinite(values).all(), f"{name}: a value is not finite")
    return values.reshape(tensor.shape)

def parse_json(text):
    """RFC 8259 in UTF-8, without duplicate keys (section 1)."""
    def unique(pairs): return dict(pairs) if len(dict(pairs)) == len(pairs) else refuse("duplicate keys")
    def refuse(text): raise ValueError(f"{text} in JSON")  # Python would take NaN and Infinity
    return json.loads(text.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)

def inflate(name, stored, whole):
    """The bytes of a blob; `whole` is their number where they are compressed, else 0 (section 4)."""
    if not whole: return stored
    stream = zlib.decompressobj()
    try: contents = stream.decompress(stored, whole)
    except zlib.error as error: raise Damaged(f"{name}: {error}")
    # At its end the stream may wait for its checksum alone.
    try: contents += stream.decompress(stream.unconsumed_tail, 1)
    except zlib.error as error: raise Damaged(f"{name}: {error}")
    require(stream.eof and not stream.unused_data and len(contents) == whole, f"{name}: not a zlib stream of its length")
    return contents

def read(path):
    """All tensors as {name: float32 array} and all blobs as {name: bytes}; raises Damaged or Newer."""
    with open(path, "rb") as file: data = file.read()
    tensors, blobs, gaps = directory(data)
    contents = {name: inflate(name, data[start:end], whole) for name, start, end, _, whole in blobs}
    for name, _, _, crc, _ in blobs: require(zlib.crc32(contents[name]) == crc, f"{name}: checksum")
    try: parse_json(contents["kibble.json"])
    except (KeyError, ValueError, RecursionError) as error: raise Damaged(f"kibble.json is missing or no JSON: {error}")
    for start, end in gaps: require(not any(data[start:end]), f"bytes from {start} to {end} are not 0")
    return {tensor.name: decode(data, tensor) for tensor in tensors}, contents

def read_safetensors(path):
    """{name: (type, shape, bytes)} of a safetensors file: length of the JSON as u64, the JSON, the data."""
    with open(path, "rb") as file: data = file.read()
    start = 8 + int.from_bytes(data[:8], "little")
    return {name: (e["dtype"], tuple(e["shape"]), data[start + e["data_offsets"][0]:start + e["data_offsets"][1]])
            for name, e in json.loads(data[8:start]).items() if name != "__metadata__"}

def differences(tensors, blobs, checkpoints):
    """The names under which the checkpoints do not hold the same F32 bits. Names are the original checkpoint's."""
    entries = parse_json(blobs["kibble.json"]).get("tensors", [])
    old_names = {entry["name"]: entry.get("source_name", entry["name"]) for entry in entries}  # section 7
    ours = {old_names.get(name, name): ("F32", a.shape, a.astype("<f4").tobytes()) for name, a in tensors.items()}
    theirs = {name: entry for path in checkpoints for name, entry in read_safetensors(path).items()}
    return sorted(name for name in ours | theirs if ours.get(name) != theirs.get(name))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    for option, number in (("file", None), ("--npz", None), ("--compare", "+")): parser.add_argument(option, nargs=number)
    options = parser.parse_args()
    try: tensors, blobs = read(options.file)
    except (Damaged, Newer) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    if options.npz: np.savez(options.npz, **tensors)
    elif options.compare:  # no text is exit code 0, a text goes to stderr and is exit code 1
        sys.exit("\n".join(f"{name}: differs or is missing" for name in differences(tensors, blobs, options.compare)) or 0)
    else:
        for name, array in tensors.items(): print(name, *array.shape)
