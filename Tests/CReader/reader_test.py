"""Compares what formats/kibble.h reads with what kibble exports, bit for bit, and gives it files that it has to refuse. Needs numpy.

reader_test.py PROGRAM READER FOLDER: PROGRAM is kibble, READER the compiled reader_test.c; the files are left in FOLDER.
"""
import json, pathlib, re, subprocess, sys, zlib
import numpy as np

repository = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(repository / "formats"))
import read_kibble
from files import *

program, reader, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
ERRORS = re.findall(r"^  E\(KIBBLE_(\w+),", (repository / "formats/kibble.h").read_text(), re.M)
counts = dict.fromkeys(("files", "tensors", "damaged"), 0)
METADATA = [blob("kibble.json")]

def kibble(*arguments): subprocess.run([program, *map(str, arguments), "--quiet"], check=True)

def dump(path):
    """({name: type}, {name: array}, {name: (stored bytes, size, compressed)}) by kibble.h, or the name of its error."""
    out = subprocess.run([reader, "dump", path], check=True, stdout=subprocess.PIPE).stdout
    types, matrices, blobs, place = {}, {}, {}, 0
    while place < len(out):
        end = out.index(b"\n", place)
        kind, name, *words = out[place:end].decode().split()
        if kind == "error": return ERRORS[int(name)]
        length = 0
        if kind == "tensor": types[name] = words[0]
        elif kind == "matrix":
            rank, rows, columns = map(int, words)
            length = 4 * rows * columns
            matrices[name] = np.frombuffer(out, "<f4", rows * columns, end + 1).reshape((rows, columns)[2 - rank:])
        else:
            length, size, compressed = map(int, words)
            blobs[name] = (out[end + 1:end + 1 + length], size, compressed)
        place = end + 1 + length
    return types, matrices, blobs

def dumped(path):
    """({name: array}, {name: bytes}): with inflated blobs. The types must be those of kibble.json, if that has any."""
    types, matrices, blobs = dump(path)
    for entry in json.loads(blobs["kibble.json"][0]).get("tensors", []):
        assert entry["type"] == types.get(entry["name"], "bands"), f"{path}: {entry}"
    return matrices, {name: read_kibble.inflate(name, stored, compressed * size) for name, (stored, size, compressed) in blobs.items()}

def opens(name, data):
    path = folder / f"{name}.kibble"
    path.write_bytes(data)
    return dumped(path)

def fails(name, data, error):
    path = folder / f"damaged-{name}.kibble"
    path.write_bytes(data)
    found = dump(path)
    assert found == error, f"{path}: {found if isinstance(found, str) else 'opened'} instead of {error}"
    counts["damaged"] += 1

def same(found, expected):
    assert found.keys() == expected.keys() and all(found[name].tobytes() == expected[name].tobytes() for name in expected)

# ---- files by hand

def check_example():
    """The example of section 12, with one thing changed at a time."""
    data = example((repository / "formats/kibble-v1.md").read_text())
    matrices, blobs = opens("example", data)
    expected = read_kibble.read(folder / "example.kibble")
    same(matrices, expected[0])
    assert blobs == expected[1]
    for error, changes in DAMAGE.items():
        for offset, *change in changes:
            name, now = "example-" + "-".join(map(str, (offset, *change))), changed(data, offset, *change)
            fails(name, now, error) if error else opens(name, now)
    for whole in (20, 21, 2**26 + 1):
        fails(f"example-compressed-{whole}", changed(changed(data, 12, "I", 1), 0x23c, "I", whole), "BAD_BLOB")
    fails("example-checksum", data[:124] + b"\0" + data[125:], "BAD_DIRECTORY")
    fails("example-appended", changed(data + b"\0", 16, "Q", 1185), "BAD_PLACE")
    for length, error in ((0, "NO_KIBBLE"), (7, "NO_KIBBLE"), (8, "BAD_LENGTH"), (127, "BAD_LENGTH"), (1183, "BAD_LENGTH")):
        fails(f"example-{length}", data[:length], error)
    assert dump(folder / "missing.kibble") == "NOT_MAPPED"
    fails("example-longer", data + b"\0", "BAD_LENGTH")
    fails("much-inflated", write([], METADATA + [blob(f"b{i}")[:3] + (2**26,) for i in range(5)], 1), "BAD_BLOB")
    fails("no-metadata", write([one("a")], [blob("config.json")]), "NO_METADATA")

def check_numbers():
    """Every binary16, bf16 and short scale, and the extremes of the exponent, where values are rounded or overflow."""
    halves = np.arange(65536, dtype="<u2")
    def check(name, expected, code, shape, *planes, **options):
        data = write([tensor("a", code, shape, [plane.tobytes() for plane in planes], **options)], METADATA)
        found = opens(f"numbers-{name}", data)[0]["a"].reshape(-1)
        numbers = ~np.isnan(expected)
        assert (found[numbers].view("<u4") == expected[numbers].view("<u4")).all() and np.isnan(found[~numbers]).all(), name
    check("f16", halves.view("<f2").astype("<f4"), 2, (256, 256), halves)
    check("bf16", (halves.astype("<u4") << 16).view("<f4"), 3, (256, 256), halves)
    codes = np.tile(np.array([127, -127, 1, -3], "i1"), 16384)
    binary16 = halves[::4].view("<f2")
    binary16 = np.where(np.isfinite(binary16), binary16, 1).astype("<f2")
    short = np.resize(np.arange(-127, 128, dtype="i1"), 16384)
    for exponent in (-110, -109, 0, 104, 113):
        for name, code, scales in (("binary16", 8, binary16), ("short", 40, short)):
            with np.errstate(over="ignore"): expected = codes * np.repeat(np.ldexp(scales.astype("<f4"), exponent), 4)
            check(f"{name}{exponent}", expected, code, (16384, 4), codes, scales, exponent=exponent, group=32)

def check_names():
    """More names than the reader sorts at once."""
    names = [f"block.{i}.weight" for i in np.random.default_rng(5).permutation(4500)]
    for label, order in (("random", names), ("rising", sorted(names)), ("falling", sorted(names, reverse=True))):
        opens(f"names-{label}", write(list(map(one, order)), METADATA))
        for twice in names[:5] + [min(names), max(names)] + sorted(names)[2045:2050]:  # 2048 are sorted at once
            fails(f"names-{label}", write(list(map(one, order[:3000] + [twice] + order[3000:])), METADATA), "SAME_NAME")
    fails("names-blob", write([one("kibble.json")], METADATA), "SAME_NAME")
    opens("name-long", write([one("~" + "!" * 254)], METADATA))
    fails("name-long", write([one("~" * 256)], METADATA), "BAD_NAME")

def check_overflow():
    """Planes whose lengths add up to 2^64, so that the offsets come round to the end of the file."""
    data = write([tensor(f"t{i}", 1, (2**31, 2**25), [b""]) for i in range(64)], METADATA)
    for i in range(64): data = changed(data, 184 + 128 * i, "QQ", (len(data) + (i << 58)) % 2**64, 2**58)
    fails("overflow", data, "BAD_PLACE")

def check_bands():
    for what, data in damaged_bands().items(): fails(f"bands-{what}", data, "BAD_BANDS")
    fails("bands-again", write([band("a@0"), band("a@16"), band("a@0")], METADATA, 2), "SAME_NAME")
    opens("bands-two", write([band("a@0"), band("a@16", rows=3), band("ab"), band("aa@0"), band("aa@16")], METADATA, 2))
    opens("bands-blob", write([band("a@0"), band("a@16")], METADATA + [blob("a")], 2))
    many = [band(f"a@{16 * i}") for i in range(257)]
    rows = bytes(i for i in range(256) for _ in range(16))
    opens("bands-256", write(many[:256], METADATA + [blob("kibble.rows", rows)], 6))
    opens("bands-257", write(many, METADATA, 2))
    fails("bands-257-rows", write(many, METADATA + [blob("kibble.rows", rows + bytes(16))], 6), "BAD_ROWS")
    fails("bands-257-zlib", write(many, METADATA + [compressed("kibble.rows", rows + bytes(16))], 7), "BAD_ROWS")
    opens("bands-no-rows", write([band("a")], METADATA + [blob("kibble.rows", b"")], 6))

# ---- files of the fixtures

BANDS = {"schema": "kibble.recipe/1", "type": "int4s", "group_size": 64, "rules": [
    {"pattern": "*embed*.weight", "type": "bands", "bands": [{"first_row": 0, "type": "int8", "group_size": 32},
     {"first_row": 16, "type": "int3s", "group_size": 64}, {"first_row": 48, "type": "int5", "group_size": 128}]},
    {"pattern": "*.o_proj.weight", "type": "bands", "bands": [{"first_row": 0, "type": "int2", "group_size": 32},
     {"first_row": 16, "type": "int6s", "group_size": 32}]}]}
INTEGERS = [f"int{bits}{short}" for bits in (8, 6, 5, 4, 3, 2) for short in ("", "s")]
VARIANTS = [(type, 32) for type in ("source", "f32", "f16", "bf16")] + [(type, size) for type in INTEGERS for size in (32, 64, 128)]

def check_export(name, fixture, *options):
    """What the reader finds in a file is what kibble exports, and the blobs are the checkpoint's files."""
    file, export = folder / f"{name}.kibble", folder / f"{name}-export"
    kibble("convert", fixture, "-o", file, *options)
    kibble("export", file, "-o", export)
    matrices, blobs = dumped(file)
    different = read_kibble.differences(matrices, blobs, export.glob("*.safetensors"))
    assert not different, f"{file}: {different}"
    for name in blobs.keys() - {"kibble.json"}: assert blobs[name] == (fixture / name).read_bytes(), f"{file}: {name}"
    counts["files"] += 1
    counts["tensors"] += len(matrices)

def check_fixtures():
    """Each fixture in some variants, so that each variant comes twice and more; one fixture in all of them; some in bands."""
    recipe = folder / "bands.json"
    recipe.write_text(json.dumps(BANDS))
    fixtures = sorted(path.parent for path in (repository / "fixtures").rglob("config.json"))
    assert len(fixtures) > 40
    for i, fixture in enumerate(fixtures):
        some = VARIANTS[:1] + [VARIANTS[(2 * i + j) % len(VARIANTS)] for j in range(2)]
        for type, size in VARIANTS if fixture.name == "odd-shapes" else dict.fromkeys(some):
            blobs = "raw" if size == 64 else "zlib"
            check_export(f"{fixture.name}-{type}-{size}", fixture, "--type", type, "--group-size", size, "--blobs", blobs)
        if fixture.name in ("odd-shapes", "weights-f64", "doge2-moe-untied", "doge-nano"):
            check_export(f"{fixture.name}-bands", fixture, "--recipe", recipe)

def check_rows(name):
    """A file in bands gets an order of rows, which says where each value then is."""
    path = folder / f"{name}.kibble"
    matrices, blobs = dumped(path)
    tensors, stored_blobs = parts(path.read_bytes())
    bands, order, random = {}, b"", np.random.default_rng(7)
    for one in read_kibble.directory(path.read_bytes())[0]:
        if "@" in one.name: bands.setdefault(one.name.split("@")[0], []).append(one.rows)
    for matrix, rows in bands.items():
        numbers = random.permutation(np.repeat(np.arange(len(rows), dtype=np.uint8), rows))
        stored, matrices[matrix] = matrices[matrix], np.empty_like(matrices[matrix])
        for b, some in enumerate(np.split(stored, np.cumsum(rows)[:-1])): matrices[matrix][numbers == b] = some
        order += numbers.tobytes()
    def ordered(rows, features=7): return write(tensors, stored_blobs + [rows], features)
    def check(name, data):
        found = opens(name, data)
        same(found[0], matrices)
        assert found[1] == blobs | {"kibble.rows": order}
    check(f"{name}-rows", ordered(blob("kibble.rows", order)))
    (folder / f"{name}-rows-zlib.kibble.rows").write_bytes(order)
    check(f"{name}-rows-zlib", ordered(compressed("kibble.rows", order)))

    fails(f"{name}-rows-unannounced", ordered(blob("kibble.rows", order), 3), "BAD_ROWS")
    fails(f"{name}-rows-missing", write(tensors, stored_blobs, 7), "BAD_ROWS")
    miscounted, no_band = bytes([order[0] ^ 1]) + order[1:], b"\xff" + order[1:]
    for what, wrong in (("short", order[:-1]), ("long", order + b"\0"), ("count", miscounted), ("band", no_band)):
        fails(f"{name}-rows-{what}", ordered(blob("kibble.rows", wrong)), "BAD_ROWS")
    fails(f"{name}-rows-checksum", ordered(("kibble.rows", order, zlib.crc32(order) ^ 1, 0)), "BAD_CONTENTS")
    for what, stored, inflated, error in (("checksum", order, order[::-1], "BAD_CONTENTS"), ("short", order, order[:-1], "BAD_CONTENTS"),
                                          ("long", order, order + b"\0", "BAD_CONTENTS"), ("count", miscounted, miscounted, "BAD_ROWS")):
        (folder / f"damaged-{name}-zlib-{what}.kibble.rows").write_bytes(inflated)
        fails(f"{name}-zlib-{what}", ordered(compressed("kibble.rows", stored)), error)

check_example()
check_numbers()
check_names()
check_overflow()
check_bands()
check_fixtures()
check_rows("odd-shapes-bands")
check_rows("doge-nano-bands")
print("{tensors} tensors of {files} files have the bits of their exports; {damaged} damaged files are refused".format(**counts))
