#!/usr/bin/env python3
"""Writes small sound inputs for every fuzz target, and the words that inputs are made of.

Usage: seeds.py FOLDER, from the root of the repository. Most are fixtures of the tests.
"""

import glob
import io
import json
import pathlib
import re
import shutil
import struct
import sys
import zipfile
import zlib

out = pathlib.Path(sys.argv[1])
written = {}


def seed(target, data):
    """Keeps a file's bytes, a text or a JSON value as a seed of a target."""
    if not isinstance(data, (str, bytes)):
        data = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if isinstance(data, str):
        data = data.encode()
    written[target] = written.get(target, 0) + 1
    path = out / target / f"{written[target]:03}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def files(pattern):
    return [pathlib.Path(path) for path in sorted(glob.glob(pattern, recursive=True))]


def npy(kind, shape, data, version=1):
    text = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def npz(arrays, method, long):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as zipped:
        for name, data in arrays.items():
            # An entry without a time has the bytes that it had in the last run.
            entry = zipfile.ZipInfo(name + ".npy")
            entry.compress_type = method
            with zipped.open(entry, "w", force_zip64=long) as file:
                file.write(data)
    return archive.getvalue()


def safetensors(tensors, metadata=None, padding=b""):
    header, end = ({"__metadata__": metadata} if metadata else {}), 0
    for name, kind, shape, size in tensors:
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = padding + json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(range(256))[:end]


# JSON, and lines of it.
for text in [
    '{"a":[1,-0.5e+3,true,null,"\\u00e9\\ud83d\\ude00\\n"],"b":{}}',
    "[[[[0]]],1e400,-0]",
    ' {"é":"中","":""} ',
    '"text"',
    "12345678901234567890",
]:
    seed("json", text)
seed("jsonl", '{"messages":[]}\n\n  \r\n{"a":1}\n')
seed("jsonl", '{"prompt":"x"}\n{"prompt":"\\u0000"}')

# Checkpoints.
header = [("a", "BF16", [2, 3], 12), ("b.weight", "F32", [], 4), ("é", "I64", [0], 0)]
seed("safetensors", safetensors(header, {"format": "pt"}))
seed("safetensors", safetensors(header[:1], padding=b"\n "))
seed("safetensors", safetensors([("f4", "F4", [4], 2), ("f8", "F8_E4M3", [3, 1], 3)]))
for path in files("fixtures/**/*.index.json"):
    seed("index", path.read_bytes())
seed("index", {"metadata": {"total_size": 4}, "weight_map": {"a": "s-1.safetensors"}})
for path in files("fixtures/**/config.json"):
    if path.name == "config.json":
        seed("config", path.read_bytes())
for path in files("fixtures/**/generation_config.json"):
    seed("generation_config", path.read_bytes())
seed(
    "generation_config",
    {
        "do_sample": True, "temperature": 0.7, "top_k": 50, "top_p": 0.9, "min_p": 0.1,
        "repetition_penalty": 1.1, "eos_token_id": [1, 2], "stop_strings": ["a"],
        "max_new_tokens": 5, "max_length": 20, "num_beams": 4, "bad_words_ids": [[1]],
    },
)
seed("card", "---\nlicense: mit\ntags:\n- a\n- 'b''c' # d\nlanguage: [en, \"de\"]\n---\n# Text\n")
seed("card", "\ufeff---\r\nbase_model: x/y # z\r\ndatasets:\r\n  - a: b\r\n...\r\n")

# Text.
base = json.loads(pathlib.Path("Tests/TokenizationTests/Fixtures/base.json").read_text())
for path in files("Tests/TokenizationTests/Fixtures/cases-*.json"):
    for case in json.loads(path.read_text()):
        seed("tokenizer", {**base, **case["members"]})
        for example in case["cases"]:
            seed("text", example["text"])
patterns = json.loads(pathlib.Path("Tests/UnicodeTextTests/Fixtures/patterns.json").read_text())
for case in patterns["cases"]:
    seed("pattern", case["pattern"])
for path in files("fixtures/**/tokenizer_config.json") + files("fixtures/**/special_tokens_map.json"):
    seed("tokenizer_config", path.read_bytes())
seed(
    "tokenizer_config",
    {
        "bos_token": {"content": "<s>", "lstrip": False}, "extra_special_tokens": {"x": "<x>"},
        "add_bos_token": True, "added_tokens_decoder": {"0": {"content": "<s>"}},
        "chat_template": [{"name": "default", "template": "{{ 1 }}"}],
    },
)
for path in files("Tests/ChatTemplateTests/Fixtures/templates/*.jinja"):
    seed("template", path.read_bytes())
for line in pathlib.Path("Tests/ChatTemplateTests/Fixtures/snippets.txt").read_text().splitlines():
    seed("template", line.replace("⏎", "\n"))
for conversation in json.loads(
    pathlib.Path("Tests/ChatTemplateTests/Fixtures/renders/conversations.json").read_text()
).values():
    seed("conversation", conversation)

# kibble's own files.
for path in files("Tests/Fuzz/Corpus/kibble/*"):
    seed("kibble_sealed", path.read_bytes())
for path in files("Tests/Fuzz/Corpus/packed/*"):
    data = path.read_bytes()
    (frame,), (parts,) = struct.unpack_from("<Q", data, 40), struct.unpack_from("<Q", data, 56)
    streams = [data[80:80 + frame], data[80 + frame:80 + frame + parts]]
    inflated = [zlib.decompress(stream) for stream in streams]
    lengths = struct.pack("<2I", *map(len, inflated))
    seed("packed_sealed", lengths + b"".join(inflated) + data[80 + frame + parts:])
record = struct.pack("<IQI", 0, 0, 0)
seed("state_sealed", record)
seed("state", b"KBLSTATE" + struct.pack("<I", 1) + bytes(20))
recipe = {"schema": "kibble.recipe/1", "type": "int4", "group_size": 32, "method": "search", "rules": []}
seed("recipe", recipe)
seed(
    "recipe",
    {
        **recipe, "type": "mixed", "method": "gptq", "max_size": 1000, "tuning_steps": 5,
        "calibration": {"sequences": 1, "tokens": 2, "crc32": 3},
        "rules": [{"pattern": "*.q_proj.*", "type": "int8", "group_size": 64}],
    },
)
seed("recipe", {**recipe, "type": "mixed", "target_bits_per_weight": 4.5})

# Measurements.
seed("tokens", [1, 2, 3])
seed("tokens", [[1, 2], [0]])
golden = [("input_ids", "I64", [2], 16), ("logits", "F32", [2, 3], 24)]
seed("golden", safetensors(golden))
states = [("hidden", "F16", [2, 2, 4], 32), ("hidden_attention", "BF16", [1, 2, 4], 16)]
seed("golden", safetensors([*golden, *states, ("logits_stepwise", "F64", [1, 2, 3], 48)]))
arrays = {
    "logits": npy("<f2", (2, 3), bytes(12)),
    "input_ids": npy("<i4", (2,), struct.pack("<2i", 2, 1)),
    "sequence_lengths": npy("<i8", (2,), struct.pack("<2q", 1, 1)),
    "hidden": npy("<f4", (2, 2, 4), bytes(64)),
    "hidden_attention": npy("<f8", (1, 2, 4), bytes(64)),
}
for target in ["golden", "numpy"]:
    for method in [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]:
        for long in [False, True]:
            seed(target, npz(arrays, method, long))
    for version in [1, 2, 3]:
        seed(target, npy("<f4", (1, 2, 3), bytes(24), version))
seed("gate", {"max_mean_kld": 0.05, "min_top1": 0.9, "max_kld": 1, "max_nmse": 1, "max_abs_diff": 2})
point = {"series": "q4", "label": "int4", "bits_per_weight": 4.5, "mean_kld": 0.01}
seed("points", [point, {**point, "bits_per_weight": 8, "mean_kld": 1e-5}])

# Names that the sources spell out, as libFuzzer's dictionary writes them.
words = set()
for path in files("Sources/**/*.swift"):
    words.update(re.findall(r'"[A-Za-z0-9_{}%.\\|<>-]{2,32}"', path.read_text()))
words = {word for word in words if "\\" not in word}
words |= {'"\\"%s\\""' % word[1:-1] for word in words}
(out / "words").write_text("\n".join(sorted(words)) + "\n")
