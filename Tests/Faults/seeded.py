#!/usr/bin/env python3
"""Faults that are put into weights and into the program, each of which `verify` must find, and where.

    python3 Tests/Faults/seeded.py [PROGRAM] [CHECKPOINT] [--only weights,mechanisms,sound] [--random N] [--folder FOLDER]

PROGRAM is .build/release/kibble and CHECKPOINT fixtures/doge-nano unless given; only the standard library is used.

`weights` changes an int8 file of CHECKPOINT, with right checksums, and compares it with CHECKPOINT. The fault is caught where the int8
gate fails, or the tensor costs at least three times in the ablation what it costs in the sound file; and the first divergence must be
the step and the tensor that was changed.

`mechanisms` changes a copy of the sources, one fault at a time, builds it and lets it judge itself by golden files that PROGRAM wrote.
It must end with 1 and name the step. Where the original code's golden file is there, that must fail, too, in the same block.

`sound` runs what is right: no first divergence, no gate that fails. All golden files of the fixtures, and CHECKPOINT as int8, int6,
int5, int4, int3 and int2 of all methods in both modes.

It prints a row for each, and ends with 1 where one is wrong. --folder keeps files and the copy's build, which takes some minutes at
first and then half a minute for each fault.
"""
import argparse
import atexit
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

from kibblefile import KibbleFile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(ROOT, "fixtures")
LIMIT = "2e-4"
TYPES, METHODS = ["int8", "int6", "int5", "int4", "int3", "int2"], ["rtn", "search", "gptq"]

# MARK: faults of weights


def flip(bits, row, group):
    return lambda tensor: tensor.flip(row, group, bits)


def swap(a, b):
    return lambda tensor: tensor.swap(a, b)


def clear(rows):
    return lambda tensor: [tensor.clear(row) for row in rows]


def rotate(plane, count):
    return lambda tensor: tensor.rotate(plane, count)


def map_floats(change):
    def edit(tensor):
        tensor.floats = change(tensor.floats)
    return edit


def negated(values):
    return [-value for value in values]


SIGN, LOW, HIGH = 0x8000, 0x0400, 0x1000
# Which tensor of a block, what is done to it, and how.
WEIGHTS = [
    ("0.self_attn.q_proj.weight", "a scale's sign flipped", flip(SIGN, 37, 2)),
    ("2.self_attn.v_proj.weight", "a scale's sign flipped", flip(SIGN, 21, 1)),
    ("1.mlp.down_proj.weight", "a scale's lowest exponent bit flipped", flip(LOW, 100, 7)),
    ("3.self_attn.k_proj.weight", "a scale's exponent bit flipped", flip(HIGH, 5, 0)),
    ("2.mlp.down_proj.weight", "scales moved on by one", rotate(1, 2)),
    ("2.mlp.gate_proj.weight", "groups of 64 instead of 32", lambda tensor: tensor.join_groups()),
    ("1.self_attn.o_proj.weight", "two rows exchanged", swap(17, 80)),
    ("3.mlp.gate_proj.weight", "two rows exchanged", swap(3, 300)),
    ("1.self_attn.k_proj.weight", "two rows exchanged", swap(8, 9)),
    ("1.self_attn.dt_proj.weight", "two rows exchanged", swap(0, 1)),
    ("0.mlp.up_proj.weight", "a row zeroed", clear([200])),
    ("2.mlp.up_proj.weight", "a tile zeroed", clear(range(64, 80))),
    ("3.self_attn.o_proj.weight", "codes moved on by one", rotate(0, 1)),
    ("1.self_attn.q_proj.weight", "layer 2's", None),
    ("2.post_attention_layernorm.weight", "made 1", map_floats(lambda values: [1.0] * len(values))),
    ("1.input_residual", "negated", map_floats(negated)),
    ("2.self_attn.A", "negated", map_floats(negated)),
    ("3.self_attn.k_norm.weight", "turned about", map_floats(lambda values: values[::-1])),
    ("model.embed_tokens.weight", "a token's scale's sign flipped", flip(SIGN, 7, 3)),
]
ATTENTION = ["self_attn", "input_residual", "input_layernorm"]


def state_of(tensor):
    """The step that a tensor takes part in."""
    if tensor.startswith("model."):
        return "embedding"
    layer, name = tensor.split(".", 1)
    half = "attention" if any(name.startswith(part) for part in ATTENTION) else "feed_forward"
    return f"layers.{layer}.{half}"


# MARK: faults of mechanisms

MODEL = "Sources/DogeModel/"
ATTENTION_FILE, WEIGHTS_FILE = MODEL + "DynamicMaskAttention.swift", MODEL + "ModelWeights.swift"
VISIBILITY, TASK, ROTARY = MODEL + "KeyVisibility.swift", MODEL + "AttentionTask.swift", MODEL + "RotaryEmbedding.swift"
NANO, REFERENCE = "doge-nano", "reference/"
PAIRS = """for i in 0..<x.count / 2 {
        let (a, b) = (x[2 * i], x[2 * i + 1])
        let (c, s) = (rotation.cosine[row][i], rotation.sine[row][i])
        x[2 * i] = a * c - b * s
        x[2 * i + 1] = b * c + a * s
      }"""
NEGATED = """{
        let scale = values(.maskScale)
        for row in 0..<(layer == 1 ? scale.columns : 0) { scale[0][row] = -scale[0][row] }
        return scale
      }()"""
NO_GATE = """values(.inputResidual)
    for column in 0..<(layer == 1 ? inputResidual.columns : 0) { inputResidual[0][column] = 1 }"""
# What is done, in which file, the text that goes, the one that comes, the model that shows it, and the first step that is wrong.
MECHANISMS = [
    ("RoPE of neighbours", ATTENTION_FILE, "kernels.rotate(x, cosine: rotation.cosine[row], sine: rotation.sine[row])", PAIRS, NANO,
     "layers.0.attention"),
    ("a RoPE factor left out", ROTARY, ".linear(let factor): (plain(parameters.theta).map { Float($0 / factor) }, 1)",
     ".linear: (plain(parameters.theta).map { Float($0) }, 1)", REFERENCE + "e6-rope-linear", "layers.0.attention"),
    ("YaRN's attention factor left out", ROTARY, "(blended(yarn), attentionScale(yarn))", "(blended(yarn), 1)",
     REFERENCE + "e6-rope-yarn", "layers.0.attention"),
    ("q and k norm exchanged in layer 2", WEIGHTS_FILE, "qNorm: optional(.qNorm), kNorm: optional(.kNorm)",
     "qNorm: optional(layer == 2 ? .kNorm : .qNorm), kNorm: optional(layer == 2 ? .qNorm : .kNorm)", NANO, "layers.2.attention"),
    ("epsilon of q and k norm", ATTENTION_FILE, "epsilon = config.rmsNormEpsilon", "epsilon = 1e-6", REFERENCE + "e6-headdim",
     "layers.0.attention"),
    ("layer 1 without its gate", WEIGHTS_FILE, "values(.inputResidual)", NO_GATE, NANO, "layers.1.attention"),
    ("layer 3 with the other gate", WEIGHTS_FILE, "values(.postResidual)", "values(layer == 3 ? .inputResidual : .postResidual)", NANO,
     "layers.3.feed_forward"),
    ("layer 1 with the other norm", WEIGHTS_FILE, "values(.inputNorm)", "values(layer == 1 ? .postNorm : .inputNorm)", NANO,
     "layers.1.attention"),
    ("A negated in layer 1", WEIGHTS_FILE, "values(.maskScale)", NEGATED, NANO, "layers.1.attention"),
    ("δ left out", ATTENTION_FILE, "dynamicMask(scale: weights.maskScale[0][row], z)", "0 * z", NANO, "layers.0.attention"),
    ("δ of another query head", VISIBILITY, "head * group + member : head", "member * group + head : head",
     REFERENCE + "e4-newnames-bf16", "layers.0.attention"),
    ("causal mask off by one", VISIBILITY, "..<position + 1", "..<max(1, position)", NANO, "layers.0.attention"),
    ("keep window off by one", VISIBILITY, "layout.prunes ? config.keepWindowSize : nil",
     "layout.prunes ? config.keepWindowSize - 1 : nil", REFERENCE + "e6-keepwindow", "layers.0.attention"),
    ("sliding window off by one", VISIBILITY, "max(0, position - $0 + 1)", "max(0, position - $0)", REFERENCE + "e6-sliding",
     "layers.0.attention"),
    ("kv head order", TASK, "(head * group + member) *", "(member * attention.keyValueHeadCount + head) *",
     REFERENCE + "e6-gqa-tied-bf16", "layers.0.attention"),
    ("scale of scores", TASK, "1 / Float(attention.headDimension).squareRoot()", "1 / Float(attention.headDimension + 1).squareRoot()",
     NANO, "layers.0.attention"),
    ("router halves", MODEL + "ExpertRouter.swift", "(half(token), half(tokens + token))", "(half(2 * token), half(2 * token + 1))",
     REFERENCE + "e6-moe", "layers.0.feed_forward"),
    ("router halves in layer 1", MODEL + "DogeModel.swift", "tokens: rows.count, routing: routing,",
     "tokens: rows.count, routing: block === blocks[1] ? .perToken : routing,", REFERENCE + "e6-moe", "layers.1.feed_forward"),
    ("gate and up exchanged in layer 2", WEIGHTS_FILE, "gate: linear(.gate, .gateBias), up: linear(.up, .upBias)",
     "gate: linear(layer == 2 ? .up : .gate, .gateBias), up: linear(layer == 2 ? .gate : .up, .upBias)", NANO,
     "layers.2.feed_forward"),
    ("layer 1 without up's bias", WEIGHTS_FILE, "linear(.up, .upBias)", "linear(.up, layer == 1 ? nil : .upBias)",
     REFERENCE + "e6-bias-f16", "layers.1.feed_forward"),
    ("the other gelu", MODEL + "LayerCompute.swift", ".geluTanh: .geluTanh", ".geluTanh: .gelu", "cases/act-gelu-tanh",
     "layers.0.feed_forward"),
    ("layer 1 with layer 2's weights", WEIGHTS_FILE, "BlockWeights(reader, layer: $0)", "BlockWeights(reader, layer: $0 == 1 ? 2 : $0)",
     NANO, "layers.1.attention"),
]


class Bench:
    """Inputs, what is run, and what was found."""

    def __init__(self, options):
        self.program = os.path.abspath(options.program)
        self.checkpoint = os.path.abspath(options.checkpoint)
        self.folder = options.folder and os.path.abspath(options.folder)
        if not self.folder:
            self.folder = tempfile.mkdtemp(prefix="kibble-seeded-")
            atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        os.makedirs(self.folder, exist_ok=True)
        self.input = ["--random", options.random] if options.random else []
        self.rows = self.wrong = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def note(self, what, found, wrong=None):
        """A row of the table, and what is wrong about it."""
        self.rows += 1
        self.wrong += bool(wrong)
        print(f"{what:68} {found}" + (f"   WRONG: {wrong}" if wrong else ""), flush=True)

    def make(self, name, *arguments):
        """The path of a file that PROGRAM writes, unless it is there."""
        path = self.path(name)
        if not os.path.exists(path):
            subprocess.run([self.program, *arguments, "-o", path, "--quiet"], check=True)
        return path

    def verify(self, *arguments, program=None):
        """Exit code and report."""
        command = [program or self.program, "verify", *arguments, "--json", "--quiet"]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if run.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(command)}: {run.returncode}, {run.stderr.strip()}")
        return run.returncode, json.loads(run.stdout)


def divergence(report):
    """The first divergence of a report in words."""
    if not report["first_divergence"]:
        return "none"
    found = report["divergence"]
    return f"{report['first_divergence']} ({found['error']:.2g}, limit {found['limit']:.2g})"


def spread(report):
    """How many times the median of its kind the largest own error of a report is."""
    largest = 0
    for half in ["attention", "feed_forward"]:
        errors = sorted(state["own_error"] for state in report["layers"] if state["name"].endswith(half) and state["own_error"])
        if errors:
            largest = max(largest, errors[-1] / errors[(len(errors) - 1) // 2])
    return largest


def weights(bench):
    sound = bench.make("sound-int8.kibble", "quantize", bench.checkpoint, "--type", "int8")
    options = ["--gate", "int8", "--layers", "--ablate", "tensor", *bench.input]

    def measure(path):
        code, report = bench.verify(bench.checkpoint, path, *options)
        columns = report.get("modes", [report])
        return code, columns[0], {part["name"]: part["kld"] for part in report["ablation"]}

    code, report, costs = measure(sound)
    bench.note("sound int8 file", f"exit {code}, first divergence {divergence(report)}",
               (code or report["first_divergence"]) and "an alarm")
    for tensor, what, edit in WEIGHTS:
        file = KibbleFile(sound)
        name = tensor if tensor.startswith("model.") else "model.layers." + tensor
        if edit:
            edit(file[name])
        else:
            file.exchange(name, name.replace("layers.1", "layers.2"))
        path = bench.path("faulty-int8.kibble")
        file.write(path)
        code, report, faulty = measure(path)
        rank = sorted(faulty, key=faulty.get, reverse=True).index(name) + 1
        times = faulty[name] / costs[name] if name in costs else float("inf")
        wrong = [] if code == 1 or times >= 3 else ["not caught"]
        if report["first_divergence"] != state_of(tensor):
            wrong.append(f"it is in {state_of(tensor)}")
        # Of two tensors that were exchanged, either is wrong; the first one counts.
        elif report["divergence"]["tensor"] != name:
            wrong.append(f"named {report['divergence']['tensor']}")
        bench.note(f"{name.removeprefix('model.')}: {what}",
                   f"gate {'failed' if code else 'kept'}, ablation: {rank}., × {times:.3g}; {divergence(report)}", ", ".join(wrong))


def tokens_of(path):
    """The token ids of a golden file."""
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        entry = header["input_ids"]
        start, end = entry["data_offsets"]
        file.seek(8 + length + start)
        form = {"I64": "q", "I32": "i"}[entry["dtype"]]
        return list(struct.unpack(f"<{(end - start) // struct.calcsize(form)}{form}", file.read(end - start)))


def mechanisms(bench):
    tree, build = bench.path("tree"), bench.path("build")
    names = subprocess.run(["git", "ls-files", "-z", "Package.swift", "Sources", "Tests"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    for name in names.stdout.decode().rstrip("\0").split("\0"):
        source, copy = os.path.join(ROOT, name), os.path.join(tree, name)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        if os.path.islink(source):
            if not os.path.lexists(copy):
                os.symlink(os.readlink(source), copy)
        elif not os.path.exists(copy) or read(source) != read(copy):
            shutil.copyfile(source, copy)
    program = os.path.join(build, "debug", "kibble")

    def make():
        command = ["swift", "build", "--product", "kibble", "--scratch-path", build]
        run = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode:
            raise RuntimeError(run.stdout)

    def judge(model, golden):
        return bench.verify("--golden", golden, model, "--max-abs-diff", LIMIT, program=program)

    make()
    for what, name, old, new, fixture, expected in MECHANISMS:
        model = os.path.join(FIXTURES, fixture)
        original = os.path.join(model, "golden.safetensors")
        tokens = bench.path("tokens.json")
        ids = tokens_of(original) if os.path.exists(original) else [1 + 37 * place % 2000 for place in range(64)]
        with open(tokens, "w") as file:
            json.dump(ids, file)
        golden = bench.make(f"golden-{fixture.replace('/', '-')}.safetensors", "logits", model, "--tokens", tokens, "--hidden")
        path = os.path.join(tree, name)
        text = read(path).decode()
        if text.count(old) != 1:
            raise RuntimeError(f"{name} has {text.count(old)} of: {old}")
        try:
            write(path, text.replace(old, new))
            make()
            code, report = judge(model, golden)
            wrong = [] if code == 1 else ["not caught"]
            if report["first_divergence"] != expected:
                wrong.append(f"it is in {expected}")
            found = f"max |Δ| {report['max_abs_diff']:.2g}; {divergence(report)}"
            if os.path.exists(original):
                code, report = judge(model, original)
                place = report["first_divergence"] or "none"
                found += f"; the original code's: {place}"
                if code != 1 or place.split(".")[:2] != expected.split(".")[:2]:
                    wrong.append(f"the original code's is to name {expected}")
            bench.note(f"{what} ({fixture})", found, ", ".join(wrong))
        finally:
            write(path, text)


def sound(bench):
    for group in ["reference", "cases"]:
        for name in sorted(os.listdir(os.path.join(FIXTURES, group))):
            model = os.path.join(FIXTURES, group, name)
            golden = os.path.join(model, "golden.safetensors")
            if not os.path.exists(golden):
                continue
            code, report = bench.verify("--golden", golden, model, "--max-abs-diff", LIMIT)
            own = max((state["own_error"] or 0 for state in report.get("layers", [])), default=0)
            bench.note(f"{group}/{name}", f"max |Δ| {report['max_abs_diff']:.2g}, own error {own:.2g}",
                       (code or report.get("first_divergence")) and f"an alarm: exit {code}, {divergence(report)}")
    for type in TYPES:
        for method in METHODS:
            path = bench.make(f"{os.path.basename(bench.checkpoint)}-{type}-{method}.kibble", "quantize", bench.checkpoint, "--type",
                              type, "--method", method)
            # The limits of fewer bits are for models larger than these, and shares of a few random tokens are no measure.
            gates = ["--gate", "int8"] if type == "int8" and not bench.input else []
            for mode in ["exact", "fast"]:
                code, report = bench.verify(bench.checkpoint, path, "--layers", "--mode", mode, *gates, *bench.input)
                bench.note(f"{os.path.basename(path)}, {mode}", f"own error up to {spread(report):.2f} × the median of its kind",
                           (code or report["first_divergence"]) and f"an alarm: exit {code}, {divergence(report)}")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, text):
    with open(path, "wb") as file:
        file.write(text.encode())


CASES = {"weights": weights, "sound": sound, "mechanisms": mechanisms}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", default=os.path.join(ROOT, ".build/release/kibble"))
    parser.add_argument("checkpoint", nargs="?", default=os.path.join(FIXTURES, NANO))
    parser.add_argument("--only", default=",".join(CASES), help="cases: " + ", ".join(CASES))
    parser.add_argument("--random", help="so many random tokens instead of the built-in text, for slow builds")
    parser.add_argument("--folder", help="where files and builds are kept")
    options = parser.parse_args()
    bench = Bench(options)
    for name in options.only.split(","):
        CASES[name](bench)
    print(f"{bench.rows} rows, {bench.wrong} wrong")
    sys.exit(1 if bench.wrong else 0)


if __name__ == "__main__":
    main()
