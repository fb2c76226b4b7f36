#!/usr/bin/env python3
"""Measures what each quantized type costs in bytes and in quality, and has kibble draw the plot of it.

    quality_per_byte.py CHECKPOINT --tokens eval.tokens.json -o POINTS.json [--svg FILE.svg] [--title TEXT]
        [--calibration calibration.tokens.json]                                for kibble's methods that look at tokens
        [--ggml libggml-base.so [--imatrix FILE.safetensors]] [--kibble PROGRAM] [--threads N] [--only TEXT]

Quality is the mean KL divergence of `kibble verify`, exact mode, from the checkpoint's own logits on --tokens, which no calibration may
see; size is bits per weight over the whole model. ggml's types are those of ggml_types.py, with and without the importance matrix of
imatrix.py. POINTS.json is what `kibble plot` reads, with more of verify's figures. Needs numpy.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import ggml_types

# Label in the plot -> options of `kibble quantize`; CALIBRATION stands for the file's path.
GPTQ = "--method gptq --calibration CALIBRATION"
KIBBLE = {
    "kibble": {
        "int2": f"--type int2 {GPTQ}",
        "int3": f"--type int3 {GPTQ}",
        "int3s": f"--type int3s {GPTQ}",
        "int4 g128": f"--type int4 --group-size 128 {GPTQ}",
        "int4 g64": f"--type int4 --group-size 64 {GPTQ}",
        "int4": f"--type int4 {GPTQ}",
        "int4s": f"--type int4s {GPTQ}",
        "int5": f"--type int5 {GPTQ}",
        "int6": f"--type int6 {GPTQ}",
        "int8": f"--type int8 {GPTQ}",
        "int4 tuned": f"--type int4 {GPTQ} --tune 200",
    },
    "kibble mixed": {
        "mixed 3.5": "--type mixed --target-bpw 3.5 --calibration CALIBRATION",
        "mixed 4.3": "--type mixed --target-bpw 4.3 --calibration CALIBRATION",
        "mixed 4.6": "--type mixed --target-bpw 4.6 --calibration CALIBRATION",
        "mixed 5.05": "--type mixed --target-bpw 5.05 --calibration CALIBRATION",
        "mixed 5.55": "--type mixed --target-bpw 5.55 --calibration CALIBRATION",
        "mixed 6.6": "--type mixed --target-bpw 6.6 --calibration CALIBRATION",
        "mixed 8.54": "--type mixed --target-bpw 8.54 --calibration CALIBRATION",
    },
    "kibble packed": {
        f"packed {bits}": f"--type packed --target-bpw {bits} --calibration CALIBRATION"
        for bits in (3.1, 3.5, 4.3, 4.6, 5.05, 5.55, 6.6)
    },
}
GGML = list(ggml_types.TYPES)


def run(*words):
    """The JSON object that a command prints; None where it does not do what is asked."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(f"  exit {done.returncode}: {done.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


class Bench:
    def __init__(self, options, scratch):
        self.options, self.scratch, self.points = options, Path(scratch), []
        self.common = ["--json", "--quiet", "--threads", options.threads]

    def measure(self, series, label, candidate, size):
        if size is None:
            return
        verdict = run(self.options.kibble, "verify", self.options.checkpoint, candidate, "--tokens", self.options.tokens,
                      "--mode", "exact", *self.common)
        if verdict is None:
            return
        self.points.append({
            "model": Path(self.options.checkpoint).name, "series": series, "label": label,
            "bits_per_weight": size["bits_per_weight"], "mean_kld": verdict["kld"]["mean"],
            "mean_kld_se": verdict["kld"]["se"], "p99": verdict["kld"]["p99"],
            "top1": verdict["top1_agreement"], "ppl_ratio": verdict["ppl"]["ratio"]})
        print(f"{series:24} {label:10} {size['bits_per_weight']:7.3f} bpw  KLD {verdict['kld']['mean']:.3g}  "
              f"p99 {verdict['kld']['p99']:.3g}  top-1 {verdict['top1_agreement']:.4f}  PPL x {verdict['ppl']['ratio']:.5f}")

    def wanted(self, series, label):
        return not self.options.only or self.options.only in f"{series} {label}"

    def kibble(self):
        for series, rows in KIBBLE.items():
            for label, words in rows.items():
                if not self.wanted(series, label) or ("CALIBRATION" in words and not self.options.calibration):
                    continue
                words = [self.options.calibration if word == "CALIBRATION" else word for word in words.split()]
                file = self.scratch / "candidate.kibble"
                size = run(self.options.kibble, "quantize", self.options.checkpoint, "-o", file, "--force", *words, *self.common)
                self.measure(series, label, file, size)

    def ggml(self):
        ggml = ggml_types.Ggml(self.options.ggml)
        names = ggml_types.quantized_names(self.options.kibble, self.options.checkpoint)
        matrices = {ggml_types.current_name(name): tensor.raw.shape
                    for name, tensor in ggml_types.read_checkpoint(self.options.checkpoint)[1].items()}
        columns = {matrices[name][1] for name in names}
        importances = ggml_types.read_importances(self.options.imatrix) if self.options.imatrix else None
        for series, weights in {"ggml": None, "ggml, importance matrix": importances}.items():
            for name in GGML:
                if not self.wanted(series, name) or (weights is None and series != "ggml"):
                    continue
                if weights is not None and not ggml_types.TYPES[name][1]:
                    continue
                if not all(ggml.fits(name, count) for count in columns):
                    print(f"{series:24} {name:10} needs more columns", file=sys.stderr)
                    continue
                with tempfile.TemporaryDirectory(dir=self.scratch) as parent:
                    folder = Path(parent) / "candidate"
                    size = ggml_types.requantize(ggml, self.options.checkpoint, folder, name, names, weights)
                    self.measure(series, name, folder, size)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--tokens", required=True)
    parser.add_argument("--calibration")
    parser.add_argument("--ggml", metavar="LIBRARY")
    parser.add_argument("--imatrix")
    parser.add_argument("--kibble", default="kibble")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--only", metavar="TEXT", help="only the points whose series and label contain it")
    parser.add_argument("--svg")
    parser.add_argument("--title")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options, scratch)
        bench.kibble()
        if options.ggml:
            bench.ggml()
    lines = ",\n".join("  " + json.dumps(point) for point in bench.points)
    Path(options.output).write_text(f"[\n{lines}\n]\n")
    if options.svg:
        title = ["--title", options.title] if options.title else []
        subprocess.run([options.kibble, "plot", options.output, "-o", options.svg, "--force", *title], check=True)


if __name__ == "__main__":
    main()
