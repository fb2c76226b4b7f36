#!/usr/bin/env python3
"""What ggml's quantized types make of a Hugging Face checkpoint.

    ggml_types.py LIBGGML CHECKPOINT OUT --type Q4_K [--imatrix FILE] [--kibble PROGRAM]

Quantizes the tensors that `kibble quantize --type int4` quantizes with ggml's own ggml_quantize_chunk, takes them back to float32
with ggml's own to_float, and writes them, with all else as it is, as the checkpoint folder OUT, which `kibble verify CHECKPOINT OUT`
compares. Prints what the types take: all tensor bytes x 8 / parameters, as kibble counts it, with the tensors that stay in float32.

LIBGGML is the libggml-base.so of a build of llama.cpp (2024-11 or later). --imatrix takes what imatrix.py writes: tensors that
it does not name are quantized without. Needs numpy.
"""
import argparse
import ctypes
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))
from doge_numpy import Stored, current_name, read_checkpoint, read_safetensors, write_safetensors

# Name -> number in ggml's enum, and whether its quantizer looks at an importance matrix.
TYPES = {"Q4_0": (2, True), "Q4_1": (3, True), "Q5_0": (6, True), "Q5_1": (7, True), "Q8_0": (8, False), "Q4_K": (12, True),
         "Q5_K": (13, True), "Q6_K": (14, True), "IQ4_NL": (20, True)}


class Traits(ctypes.Structure):
    """struct ggml_type_traits"""
    _fields_ = [("type_name", ctypes.c_char_p), ("block", ctypes.c_int64), ("interleave", ctypes.c_int64),
                ("type_size", ctypes.c_size_t), ("is_quantized", ctypes.c_bool), ("to_float", ctypes.c_void_p),
                ("from_float", ctypes.c_void_p)]


class InitParameters(ctypes.Structure):
    """struct ggml_init_params"""
    _fields_ = [("size", ctypes.c_size_t), ("buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool)]


FloatPointer = ctypes.POINTER(ctypes.c_float)
ToFloat = ctypes.CFUNCTYPE(None, ctypes.c_void_p, FloatPointer, ctypes.c_int64)


class Ggml:
    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        self.library.ggml_get_type_traits.restype = ctypes.POINTER(Traits)
        self.library.ggml_get_type_traits.argtypes = [ctypes.c_int]
        self.library.ggml_quantize_chunk.restype = ctypes.c_size_t
        self.library.ggml_quantize_chunk.argtypes = [
            ctypes.c_int, FloatPointer, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, FloatPointer]
        self.library.ggml_init.restype = ctypes.c_void_p
        self.library.ggml_init.argtypes = [InitParameters]
        self.library.ggml_free.argtypes = [ctypes.c_void_p]
        self.library.ggml_free(self.library.ggml_init(InitParameters(1024, None, True)))  # fills the table of halves

    def traits(self, type_name):
        traits = self.library.ggml_get_type_traits(TYPES[type_name][0]).contents
        found = traits.type_name.decode()
        if found.upper() != type_name.upper():
            raise SystemExit(f"this library's type {TYPES[type_name][0]} is {found}, not {type_name}")
        return traits

    def fits(self, type_name, columns):
        return columns % self.traits(type_name).block == 0

    def round_trip(self, type_name, matrix, importance=None):
        """The float32 matrix as the type holds it, and the bytes that it takes."""
        traits, (rows, columns) = self.traits(type_name), matrix.shape
        matrix = np.ascontiguousarray(matrix, np.float32)
        weights = None
        if importance is not None:
            if importance.shape != (columns,):
                raise SystemExit(f"{importance.shape} importances for a matrix of {columns} columns")
            importance = np.ascontiguousarray(importance, np.float32)
            weights = importance.ctypes.data_as(FloatPointer)
        size = rows * columns // traits.block * traits.type_size
        stored, out = np.zeros(size, np.uint8), np.empty_like(matrix)
        written = self.library.ggml_quantize_chunk(
            TYPES[type_name][0], matrix.ctypes.data_as(FloatPointer), stored.ctypes.data, 0, rows, columns, weights)
        assert written == size, (written, size)
        ToFloat(traits.to_float)(stored.ctypes.data, out.ctypes.data_as(FloatPointer), matrix.size)
        return out, size


def quantized_names(kibble, checkpoint):
    """The tensors that kibble quantizes, in the current layout's names."""
    run = subprocess.run([kibble, "quantize", checkpoint, "-o", "none.kibble", "--type", "int4", "--dry-run", "--force", "--json"],
                         check=True, stdout=subprocess.PIPE)
    return {tensor["name"] for tensor in json.loads(run.stdout)["tensors"] if tensor["type"].startswith("int")}


def requantize(library, checkpoint, out, type_name, names, importances=None):
    """Writes the folder `out`. `names`: the tensors to quantize; `importances`: name -> mean square of each column's input."""
    importances = importances if importances and TYPES[type_name][1] else {}
    tensors, total, parameters = {}, 0, 0
    missing = set(names)
    for name, stored in read_checkpoint(checkpoint)[1].items():
        values = stored.decode()
        missing.discard(current_name(name))
        if current_name(name) in names:
            if not library.fits(type_name, values.shape[1]):
                raise SystemExit(f"{name} has {values.shape[1]} columns, no multiple of {type_name}'s block")
            values, size = library.round_trip(type_name, values, importances.get(current_name(name)))
        else:
            size = values.size * 4
        tensors[name] = Stored("F32", values)
        total, parameters = total + size, parameters + values.size
    if missing:
        raise SystemExit(f"not in the checkpoint: {sorted(missing)}")
    Path(out).mkdir(parents=True)
    for file in Path(checkpoint).iterdir():
        if file.is_file() and not file.name.startswith("model") and "tokens" not in file.name:
            shutil.copy(file, out)
    write_safetensors(Path(out) / "model.safetensors", tensors)
    return {"type": type_name, "imatrix": bool(importances), "bytes": total, "parameters": parameters,
            "bits_per_weight": total * 8 / parameters}


def read_importances(path):
    return {current_name(name): stored.decode() for name, stored in read_safetensors(path).items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--type", choices=TYPES, required=True)
    parser.add_argument("--imatrix", metavar="FILE")
    parser.add_argument("--kibble", default="kibble", metavar="PROGRAM")
    options = parser.parse_args()
    report = requantize(
        Ggml(options.library), options.checkpoint, options.out, options.type, quantized_names(options.kibble, options.checkpoint),
        read_importances(options.imatrix) if options.imatrix else None)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
