"""A second reader of the .kibble format, written from kibble-v1.md and packed-v1.md alone. Needs numpy.

As a module:   tensors, blobs = read("model.kibble")      # {name: float32 array}, {name: bytes}
As a command:  read_kibble.py FILE.kibble                 lists the tensors
               ... --npz OUT.npz                          writes them as a numpy archive
               ... --compare A.safetensors [B ...]        compares their bits with an export in F32
The file may be packed. It checks every file as a whole. Exit codes: 1 bits differ, 65 damaged, 69 newer. Sections are those of
kibble-v1.md, or where it says so of packed-v1.md.
"""
import argparse, collections, json, struct, sys, zlib
import numpy as np

class Damaged(ValueError): exit_code = 65
class Newer(ValueError): exit_code = 69
Type = collections.namedtuple(  # section 6
    "Type", "name stored columns_per_block units_per_block column_multiple planes scale", defaults=("<u2",))
TYPES = {1: Type("f32", "<u4", 1, 1, 4, 1), 2: Type("f16", "<u2", 2, 1, 4, 1), 3: Type("bf16", "<u2", 2, 1, 4, 1),
         4: Type("int4", "i1", 8, 1, 8, 2), 5: Type("int5", "i1", 32, 5, 32, 2), 6: Type("int6", "i1", 32, 6, 32, 2),
         8: Type("int8", "i1", 4, 1, 4, 2), 18: Type("int2", "i1", 16, 1, 16, 2), 19: Type("int3", "i1", 32, 3, 32, 2)}
TYPES |= {code + 32: type._replace(name=type.name + "s", scale="i1") for code, type in TYPES.items() if type.planes == 2}
Tensor = collections.namedtuple("Tensor", "name type tile shape rows padded_rows columns group exponent crc planes")

def up(n, multiple): return -(-n // multiple) * multiple
def require(condition, message):
    if not condition: raise Damaged(message)

def directory(data):
    """Tensors, blobs as [(name, start, end, CRC-32, bytes if compressed)], gaps as [(start, end)]. Checks what section 8 says of opening."""
    require(data[:8] == b"\x89KIBBLE\n" and len(data) >= 128, "not a .kibble file, or truncated")
    _, major, _, features, length, T, B, S, payload, reserved, crc = struct.unpack_from("<8sHHIQIIQQ76sI", data)
    require(major, "major version 0")
    if major > 1 or features > 7: raise Newer(f"major version {major}, required features {features:#x}")
    require(features & 6 != 4, "required features: bit 2 without bit 1")
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
        require(max(length, whole) <= 2**26 and (whole == 0 or features & 1 and length < whole) and inflated <= 2**28, f"{name}: length")
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
        if quantized: lengths.append(padded_rows * (up(columns, group) // group) * np.dtype(type.scale).itemsize)
        places = [struct.unpack_from("<QQ", tail, 16 * p) for p in range(planes)]
        require([length for _, length in places] == lengths, f"{name}: length of a plane")
        for place in places: check_place(name, *place)
        require(not any(tail[16 * planes:]), f"{name}: reserved bytes")
        shape = tuple(shape[:rank])
        tensors.append(Tensor(name, type, tile, shape, rows, padded_rows, columns, group, exponent, crc, places))
    require(end == len(data), "bytes after the last plane")
    check_bands(tensors, features & 2)
    require(bool(features & 4) == any(name == "kibble.rows" for name, *_ in blobs), "kibble.rows: announced and there, or neither")
    return tensors, blobs, gaps

def band(tensor):
    """A matrix's name, and the row that its band begins with (section 3, bands); None for a whole tensor."""
    name, mark, row = tensor.name.partition("@")
    require(not mark or row.isdecimal() and str(int(row)) == row, f"{tensor.name}: no band")
    return name, int(row) if mark else None

def check_bands(tensors, announced):
    """Bands follow each other from row 0 on; a matrix has more than one."""
    whole = {tensor.name for tensor in tensors if "@" not in tensor.name}
    next_band, needed = None, False  # what a band behind the last tensor is like, and whether there must be one
    for tensor in tensors:
        name, row = band(tensor)
        like = (name, row, tensor.shape[1:], tensor.tile)
        require(row is None or announced and tensor.type.planes == 2 and len(tensor.shape) == 2
                and name and name not in whole, f"{tensor.name}: no band")
        follows = row is not None and like == next_band
        require(follows or not needed and not row, f"{tensor.name}: not what follows the band before")
        needed = row is not None and not follows
        next_band = (name, row + tensor.rows, *like[2:]) if row is not None and tensor.rows % 16 == 0 else None
    require(not needed, f"{tensors[-1].name if tensors else ''}: one band alone")

def by_rows(plane, tensor, width):
    """A plane's bytes as [padded rows, U or G, width]. In tiles, 16 rows are interleaved; in rows, so to say, 1."""
    tiles = plane.reshape(tensor.padded_rows // tensor.tile, -1, tensor.tile, width)
    return tiles.swapaxes(1, 2).reshape(tensor.padded_rows, -1, width)

def codes(units, type):
    """The codes [padded rows, padded columns] of units [padded rows, U, 4] of int2 to int6, as bytes."""
    bits, blocks = int(type.name[3]), units.reshape(len(units), -1, type.units_per_block, 4)
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
    if type.name[:4] in ("int2", "int3", "int4", "int5", "int6"): units = codes(units, type)
    stored = units.reshape(tensor.padded_rows, -1).view(type.stored)
    require(not stored[rows:].any() and not stored[:, columns:].any(), f"{name}: padding is not 0")
    stored = stored[:rows, :columns].copy()
    if type.planes == 1:
        bits = stored.astype("<u4") << 16 if type.name == "bf16" else stored
        values = bits.view("<f2" if type.name == "f16" else "<f4").astype(np.float32)
    else:
        require(type.name[:4] != "int8" or not (stored == -128).any(), f"{name}: code -128")
        scales = by_rows(planes[1], tensor, np.dtype(type.scale).itemsize).view(type.scale)[:, :, 0]
        require(not scales[rows:].any(), f"{name}: padding of the scales is not 0")
        scales = scales[:rows].copy()
        if type.scale == "i1": require(not (scales == -128).any(), f"{name}: short scale -128")
        else: scales = scales.view("<f2")
        with np.errstate(over="ignore", invalid="ignore"):  # looked at afterwards
            scales = np.ldexp(scales.astype(np.float32), tensor.exponent)  # h * 2^E, exact
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

class Parts:
    """What is read from the front of some bytes."""
    def __init__(self, data): self.data, self.place = data, 0
    def take(self, type, *shape):
        """An array of such numbers and shape."""
        count, start = int(np.prod(shape, dtype=object)), self.place
        self.place += count * np.dtype(type).itemsize
        require(self.place <= len(self.data), "the parts or the data end too early")
        return np.frombuffer(self.data, type, count, start).reshape(shape)

def read_tables(parts):
    """For every table and slot of 12 bits its symbol, frequency and start (packed-v1.md, section 2)."""
    count = int(parts.take("<u2", 1)[0])
    require(count <= 256, "number of tables")
    slots = np.zeros((3, count, 4096), int)
    for table in range(count):
        least, symbols = int(parts.take("i1", 1)[0]), int(parts.take("u1", 1)[0])
        frequencies = parts.take("<u2", symbols).astype(int)
        require(frequencies.sum() == 4096 and least + symbols <= 128, f"table {table}")
        columns = np.arange(least, least + symbols), frequencies, frequencies.cumsum() - frequencies
        slots[:, table] = np.repeat(np.stack(columns), frequencies, axis=1)
    return slots

def chunk_rows(columns): return 16 * max(1, 2**17 // columns // 16)

def read_part(parts, tensor, table_count):
    """Of a quantized tensor: its chunks' lengths, its scales and every code's table and multiplier (packed-v1.md, section 2)."""
    rows, columns, groups = tensor.rows, tensor.columns, up(tensor.columns, tensor.group) // tensor.group
    flags, first, last, base = parts.take("u1", 3).tolist() + parts.take("i1", 1).tolist()
    require(flags < 8 and first <= last < table_count and (flags & 2 or base == 0), f"{tensor.name}: flags, tables or base size")
    require(tensor.type.scale == "<u2" or not flags & 1, f"{tensor.name}: short scales on a grid")
    lengths, excess = parts.take("<u4", -(-rows // chunk_rows(columns))), np.zeros((rows, groups), np.uint8)
    if flags & 1:
        row, group, excess = parts.take("u1", rows, 1), parts.take("u1", groups), parts.take("u1", rows, groups)
        places = row.astype(int) - 128 + group + excess
        require((places >= 0).all() and (places < 240).all(), f"{tensor.name}: a scale is outside the grid")
        scales = (places // 8 + 1) * 1024 + np.array([0, 93, 194, 304, 424, 555, 698, 854])[places % 8]
    elif tensor.type.scale == "i1": scales = parts.take("i1", rows, groups)
    else:
        low, high = parts.take("u1", rows, groups), parts.take("u1", rows, groups)
        scales = low + 256 * high.astype(int)
    tables = np.full((rows, columns), first)
    if flags & 2:
        sizes = parts.take("u1", rows, 1).astype(int) + parts.take("u1", columns) + first + base
        tables = np.clip(sizes - np.repeat(excess // 2, tensor.group, axis=1)[:, :columns], first, last)
    multipliers = parts.take("u1", columns) if flags & 4 else np.ones(columns, np.uint8)
    return lengths, scales.astype(tensor.type.scale), tables, multipliers.astype(int)

def decode_chunks(name, data, lengths, tables, slots):
    """The symbols [row, column] of a tensor, all of its chunks at once (packed-v1.md, section 3)."""
    rows, columns = tables.shape
    step = chunk_rows(columns)
    require(all(length >= 32 and length % 2 == 0 for length in lengths), f"{name}: length of a chunk")
    counts = (lengths.astype(int) - 32) // 2
    states, words = zip(*[(data.take("<u4", 8), data.take("<u2", count)) for count in counts])
    states, words = np.stack(states).astype(int), np.concatenate(words + (np.zeros(1, int),))
    require((states >= 65536).all(), f"{name}: a state below 65536")
    ends, symbols = counts.cumsum(), np.empty((rows, columns), int)
    places = ends - counts
    for row in range(min(step, rows)):
        here = np.arange(row, rows, step)  # this row of every chunk that has it
        for column in range(0, columns, 8):
            lanes = min(8, columns - column)
            x, table = states[:len(here), :lanes], tables[here, column:column + lanes]
            slot = x % 4096
            symbols[here, column:column + lanes], frequency, start = slots[:, table, slot]
            x = frequency * (x // 4096) + slot - start
            short = x < 65536
            taken = short.cumsum(axis=1)
            # A place behind the words of its chunk shows in the end, as places only grow.
            next = words.take(places[:len(here), None] + taken - 1, mode="clip")
            states[:len(here), :lanes] = np.where(short, x * 65536 + next, x)
            places[:len(here)] += taken[:, -1]
    require((states == 65536).all() and (places == ends).all(), f"{name}: the codes do not end with their chunk")
    return symbols

def by_tiles(plane, tensor):
    """The bytes of a plane [rows, U or G, width], with padding rows: the inverse of by_rows."""
    padded = np.pad(plane, ((0, tensor.padded_rows - tensor.rows), (0, 0), (0, 0)))
    tiles = padded.reshape(tensor.padded_rows // tensor.tile, tensor.tile, -1, plane.shape[2])
    return tiles.swapaxes(1, 2).tobytes()

def units(codes, type):
    """The units [row, U, 4] of codes [row, column]: the inverse of codes()."""
    codes = np.pad(codes, ((0, 0), (0, -codes.shape[1] % type.column_multiple))).astype(np.uint8)
    bits = int(type.name[3])
    if bits == 8: return codes.reshape(len(codes), -1, 4)
    fours = (codes & (1 << bits) - 1).reshape(len(codes), -1, type.columns_per_block // 4, 4)
    blocks = np.zeros((*fours.shape[:2], type.units_per_block, 4), np.uint8)
    def put(unit, shift, some): blocks[:, :, unit] |= some << shift
    for f in range(fours.shape[2]):
        four = fours[:, :, f]
        if bits == 2: put(0, 2 * f, four)
        elif bits == 3 and f < 6: put(f // 2, f % 2 * 3, four)
        elif bits == 3:
            put(f - 6, 6, four & 3)
            put(2, f, four >> 2)
        else:
            put(f // 2, f % 2 * 4, four & 15)
            if bits == 5: put(4, f, four >> 4)
            if bits == 6: put(4 + f // 4, f % 4 * 2, four >> 4)
    return blocks.reshape(len(codes), -1, 4)

def unpack(data):
    """The bytes of the .kibble file that a packed file stands for (packed-v1.md)."""
    require(len(data) >= 80, "truncated")
    _, major, _, features, length, whole, frame, packed_frame, parts, packed_parts, reserved, crc = struct.unpack_from(
        "<8sHHIQQQQQQ12sI", data)
    require(major, "major version 0")
    if major > 1 or features: raise Newer(f"major version {major}, required features {features:#x}")
    require(length == len(data), f"{len(data)} bytes instead of {length}: truncated, or something was appended")
    require(frame <= whole <= 4096 * length and parts <= 4096 * length and not any(reserved), "a number in the header")
    middle, end = 80 + packed_frame, 80 + packed_frame + packed_parts
    require(end <= length, "a number in the header")
    require(crc == zlib.crc32(data[80:end], zlib.crc32(data[:76])), "checksum of header, frame and parts")
    out = bytearray(whole)
    out[:frame] = inflate("the frame", data[80:middle], frame)
    tensors, blobs, _ = directory(bytes(out))
    require(blobs and blobs[-1][2] == frame, "length of the frame")
    parts, data = Parts(inflate("the parts", data[middle:end], parts)), Parts(data[end:])
    slots = read_tables(parts)
    for tensor in tensors:
        if tensor.type.planes == 1: planes = [data.take("u1", tensor.planes[0][1]).tobytes()]
        else:
            lengths, scales, tables, multipliers = read_part(parts, tensor, slots.shape[1])
            values = decode_chunks(tensor.name, data, lengths, tables, slots) * multipliers
            limit = 1 << int(tensor.type.name[3]) - 1
            require((values >= -min(limit, 127)).all() and (values < limit).all(), f"{tensor.name}: a code's range")
            planes = [by_tiles(units(values, tensor.type), tensor), by_tiles(scales[:, :, None].view("u1"), tensor)]
        for (offset, size), plane in zip(tensor.planes, planes): out[offset:offset + size] = plane
    require(parts.place == len(parts.data) and data.place == len(data.data), "something follows the parts or the data")
    return bytes(out)

def read(path):
    """All tensors as {name: float32 array} and all blobs as {name: bytes}; raises Damaged or Newer."""
    with open(path, "rb") as file: data = file.read()
    if data[:8] == b"\x89KIBPAK\n": data = unpack(data)
    tensors, blobs, gaps = directory(data)
    contents = {name: inflate(name, data[start:end], whole) for name, start, end, _, whole in blobs}
    for name, _, _, crc, _ in blobs: require(zlib.crc32(contents[name]) == crc, f"{name}: checksum")
    try: parse_json(contents["kibble.json"])
    except (KeyError, ValueError, RecursionError) as error: raise Damaged(f"kibble.json is missing or no JSON: {error}")
    for start, end in gaps: require(not any(data[start:end]), f"bytes from {start} to {end} are not 0")
    values = {}
    for tensor in tensors: values.setdefault(band(tensor)[0], []).append(decode(data, tensor))
    order = contents.get("kibble.rows")
    for name, bands in values.items():
        values[name] = bands[0] if len(bands) == 1 else np.concatenate(bands)
        if len(bands) == 1 or order is None: continue
        numbers = np.frombuffer(order, np.uint8)[:len(values[name])]  # the band of each row
        require(np.bincount(numbers).tolist() == [len(band) for band in bands], f"kibble.rows: rows of the bands of {name}")
        order, stored = order[len(numbers):], values[name]
        values[name] = np.empty_like(stored)
        values[name][np.argsort(numbers, kind="stable")] = stored
    require(not order, "kibble.rows goes on behind the last matrix")
    return values, contents

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
