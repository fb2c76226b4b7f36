#!/usr/bin/env python3
"""Whether a build of kibble still writes what a former one wrote.

    outputs.py record  --kibble PROGRAM -o RECORD.json [--shared FOLDER] [--keep FOLDER] [--only GLOB]
    outputs.py compare --kibble PROGRAM RECORD.json    [--shared FOLDER] [--keep FOLDER] [--only GLOB]

Runs the same commands on every checkpoint of fixtures/ and records, for each, the first 16 digits of one SHA-256 of its exit code,
stdout, stderr and output files. `compare` runs them again, lists what differs and ends with 1 if something does. outputs.json beside
this file is the record of fixtures/. Models that a command refuses are part of it: their exit code and message are recorded.

--shared FOLDER adds FOLDER/checkpoints/*, FOLDER/reference/* and the tokenizer FOLDER/doge-tokenizer; compare such a record with
--shared as well. A checkpoint whose files equal those of an earlier one is not run again, but named.
--keep FOLDER keeps what was written, with each command's stdout and stderr as JOB.stdout and JOB.stderr, so that two builds' folders
can be compared with `diff -r`.
--only GLOB takes the checkpoints of such names alone, such as 'fixtures/reference/*'.

Each checkpoint is copied to a folder of its own and named by a relative path. Times, rates, memory, threads and the kernel set are
taken out of texts and JSON objects before they are hashed, progress lines too. fixtures/ takes one and a half minutes of processor
time, the shared checkpoints as much again. Standard library only.
"""
import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")
LARGE = 4_000_000  # bytes of weights; checkpoints beyond are calibrated with less

PROGRESS = re.compile(r"^.* \.\.\..*\n", re.M)
TIME = re.compile(r"(?:(?<![\w.,])\d[\d.,]{0,15}\s?(?:ns|µs|ms|s|min|h)\b\s?)+")
RATE = re.compile(r"(?<![\w.,])\d[\d.,]{0,15}(?: [kMG])? ?(?:tok|tokens)?/s\b")
MEASURED = re.compile(r'"(?:seconds|peak_rss_bytes|threads|isa|\w+_seconds|\w+_per_second)":(?:null|"\w*"|[-+.\de]+|\{[^{}]*\}),?')


class Random:
    """Knuth's linear congruential generator: the same numbers in every version of Python."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit

    def of(self, items):
        return items[self.below(len(items))]


WORDS = """the a of noun: verb; genus family small large that is used as LORD said unto don't we'll I'm he'd they've it's naïve café
Über straße ſ İstanbul Ελλάδα σοφός Москва ещё שלום עולם مرحبا بالعالم नमस्ते दुनिया สวัสดี 你好 世界 こんにちは カタカナ 안녕하세요 ქართული
Ⅷ ½ ٣٤٥ ４２ 1 12 123 1234 1234567 3.14159 -0.5e-7 0xFF 1_000 😀 👩‍👩‍👧‍👦 🇩🇪 👍🏽 ☃️ e\u0301 n\u0303 ﬁ \u200b \ufeff \u00ad � … — “quoted” «guillemets» $9.99 €5 #tag
@name foo_bar camelCase HTTPServer __init__ == != <= -> => :: && || ++ /* // <!-- --> {} [] () ; , . ! ? !!! ... <|begin_of_text|>
<|end_of_text|> <|start_header_id|> <|end_header_id|> <|finetune_right_pad_id|> </s> <unk> [INST] \x00 \x7f \u2028""".split()
SPACES = [" "] * 12 + ["", "", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\t\t", " \n ", "\u00a0", "\u3000", "        ", "\x0b", "\x1c"]
CODE = ["def f(x):\n    return x ** 2  # square\n", "for (int i = 0; i < n; ++i) {\n\tsum += a[i];\n}\n", "SELECT * FROM t WHERE id=42;\r\n",
        '{"key": [1, 2.5, null, true]}', "let x: UInt8 = 0b1010_0101", "if a&&b||!c{x^=~y}", "https://example.org/a?b=c&d=%20#e"]
TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather of a place", "parameters": {
    "type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer"}}, "required": ["place"]}}}


def text(random, pieces):
    parts = []
    for _ in range(pieces):
        parts += [random.of(CODE) if random.below(20) == 0 else random.of(WORDS), random.of(SPACES)]
    return "".join(parts)


def lines_of_text():
    """20,000 texts: up to 24 pieces, and now and then long ones or any scalars of the whole of Unicode."""
    random = Random(1)
    for number in range(20_000):
        if number % 10 == 9:
            scalars = (random.below(random.of([128, 0x250, 0x3000, 0x20000, 0x110000])) for _ in range(random.below(30)))
            yield {"text": "".join(chr(s) for s in scalars if not 0xD800 <= s < 0xE000)}
        else:
            yield {"text": text(random, 400 if number % 1000 == 0 else random.below(25))}


def conversations():
    """200 conversations, some with tools, documents or variables, some that a template may refuse."""
    random = Random(2)
    for number in range(200):
        messages = [{"role": "system", "content": text(random, random.below(20))}] if random.below(3) == 0 else []
        for turn in range(1 + random.below(12 if number % 5 else 40)):
            messages.append({"role": ("user", "assistant")[turn % 2], "content": text(random, random.below(600 if number % 20 == 0 else 30))})
        conversation = {"messages": messages, "add_generation_prompt": random.below(2) == 0}
        kind = number % 25
        if kind in (1, 2, 3, 4):
            conversation["tools"] = [TOOL] * (1 + random.below(2))
        if kind in (2, 3):
            call = {"name": "weather", "arguments": {"place": text(random, 3), "days": random.below(9), "metric": True, "w": None}}
            messages.append({"role": "assistant", "content": None, "tool_calls": [{"type": "function", "function": call}] * (kind - 1)})
            messages.append({"role": "tool", "name": "weather", "content": random.of([text(random, 9), {"rain": [0.5, 1e-9, 3]}])})
        if kind == 5:
            conversation["documents"] = [{"title": text(random, 2), "text": text(random, 9)}]
        if kind in (3, 4, 6):
            conversation["variables"] = {"date_string": "28 Nov 2026", "tools_in_user_message": kind == 4, "custom": [1, {"a": "ü"}]}
        if kind == 7:
            conversation["variables"] = {"builtin_tools": ["code_interpreter", "weather"], "bos_token": "<s>"}
        if kind >= 20:
            messages[-1] = [{"role": "user"}, {"content": "no role"}, {"role": "user", "content": None}, {"role": "ROLE", "content": 7},
                            {"role": "user", "content": [{"type": "text", "text": "part"}]}][kind - 20]
        yield conversation if kind != 8 else {"messages": []}


def token_ids(vocabulary, lengths):
    """Sequences without an id twice, so that no two keys tie."""
    random = Random(3)
    return [sorted(range(vocabulary), key=lambda _: random.below(2**30))[:length] for length in lengths]


def text_jobs(folder):
    for name, objects in (("lines", lines_of_text()), ("conversations", conversations())):
        lines = (json.dumps(value, ensure_ascii=False) + "\n" for value in objects)
        (folder / f"{name}.jsonl").write_text("".join(lines), "utf-8")
    return {
        "tokenize": "tokenize model --jsonl lines.jsonl",
        "tokenize without special tokens": "tokenize model --jsonl lines.jsonl --no-special-tokens",
        "tokenize one text": ["tokenize", "model", "Hello,  wörld 😀 12345"],
        "tokenize json": ["tokenize", "model", "Hello,  wörld 😀 12345", "--json"],
        "decode": "tokenize model --decode 0 20 40 60 95 1",
        "render": "render model --jsonl conversations.jsonl",
    }


def model_jobs(folder):
    """The commands of one checkpoint, in order: later ones read what earlier ones wrote."""
    model = folder / "model"
    vocabulary = json.loads((model / "config.json").read_text())["vocab_size"]
    large = sum(file.stat().st_size for file in model.glob("*.safetensors")) > LARGE
    trained = (model / "tokenizer.json").exists()
    given = sorted(model.glob("*.tokens.json"))
    calibration = json.loads(given[0].read_text())[:2 if large else 6] if given else token_ids(vocabulary, [64] * 4)
    (folder / "calibration.json").write_text(json.dumps([ids[:128 if large else 256] for ids in calibration]))
    (folder / "tokens.json").write_text(json.dumps(token_ids(vocabulary, [200, 73, 1] if trained else [40, 17, 1])))
    (folder / "text.txt").write_text(text(Random(4), 1500), "utf-8")

    bits = 5 if trained else 9  # the tiny ones do not fit into 5
    gptq = "--type int4 --method gptq --calibration calibration.json --json"
    chat = ["--max-new-tokens", "40", "--seed", "7"]
    jobs = {f"convert {type}": f"convert model -o {type}.kibble --type {type} --json"
            for type in ("source", "f32", "f16", "bf16", "int8", "int6", "int5", "int4", "int3", "int2")}
    jobs |= {
        "convert rules": "convert model -o rules.kibble --type int5 --group-size 64 --tensor *.mlp.*=int4:128 --tensor "
                         "model.embed_tokens.weight=int8 --save-recipe rules.json",
        "convert recipe": "convert model -o again.kibble --recipe rules.json --json",
        "convert refused": "convert model -o int4.kibble --type int4 --json",
        "quantize rtn int4": "quantize model -o rtn.kibble --type int4 --method rtn --json",
        "quantize rtn int8": "quantize model -o rtn8.kibble --type int8 --method rtn",
        "quantize search 1 thread": "quantize source.kibble -o search1.kibble --type int6 --threads 1 --json",
        "quantize search 2 threads": "quantize source.kibble -o search2.kibble --type int6 --threads 2 --json",
        "quantize gptq 1 thread": f"quantize model -o gptq1.kibble --threads 1 {gptq}",
        "quantize gptq 2 threads": f"quantize source.kibble -o gptq2.kibble --threads 2 {gptq}",
        "quantize tune": f"quantize model -o tune.kibble --tune 4 {gptq}",
        "quantize mixed": f"quantize model -o mixed.kibble --type mixed --target-bpw {bits} --calibration calibration.json --json "
                          "--save-recipe mixed.json",
        "quantize quantized": "quantize int8.kibble -o none.kibble --type int4",
        "logits exact": "logits model --tokens tokens.json --hidden --mode exact -o exact.safetensors",
        "logits stepwise": "logits model --tokens tokens.json --hidden --stepwise -o stepwise.safetensors",
        "logits fast": "logits model --tokens tokens.json --mode fast -o fast.safetensors --threads 1",
        "logits per-token": "logits f32.kibble --tokens tokens.json --moe-routing per-token -o routed.safetensors --json",
    }
    jobs |= {f"logits {name} {mode}": f"logits {name}.kibble --tokens tokens.json --mode {mode} -o {name}-{mode}.safetensors"
             for name in ("int8", "int6", "int5", "int4", "int3", "int2", "rules", "mixed") for mode in ("exact", "fast")}
    jobs |= {
        "export f32": "export int4.kibble -o export32",
        "export f16": "export mixed.kibble -o export16 --dtype f16 --json",
        "export bf16": "export model -o exportb16 --dtype bf16",
        "inspect": "inspect model", "inspect json": "inspect model --json", "inspect stats": "inspect model --stats --json",
        "inspect int4": "inspect int4.kibble", "inspect mixed json": "inspect mixed.kibble --json --stats",
        "check": "check int4.kibble", "check folder": "check model --json",
        "verify": "verify model int4.kibble --tokens tokens.json --json",
        "verify text": ["verify", "model", "gptq1.kibble", "--text", "text.txt", "--context", "64"],
        "verify gate": "verify model int8.kibble --gate int8 --tokens tokens.json",
        "verify random fast": "verify source.kibble tune.kibble --random 50 --seed 3 --mode fast --json",
        "verify golden": "verify --golden model/golden.safetensors model --json",
        "verify golden stepwise": "verify --golden model/golden.safetensors model --stepwise",
        "perplexity": "perplexity model --tokens tokens.json --json",
        "perplexity text": "perplexity int4.kibble --text text.txt --context 64 --mode fast --json",
        "generate greedy": ["generate", "model", "--prompt", "In the beginning", "--greedy", *chat],
        "generate greedy exact": ["generate", "int8.kibble", "--prompt", "A small", "--greedy", "--mode", "exact", "--json", *chat],
        "generate seeded": ["generate", "int4.kibble", "--prompt", "In the beginning", "--temperature", "0.9", "--top-p", "0.95",
                            "--repetition-penalty", "1.1", "--jsonl", *chat],
        "generate compare": ["generate", "model", "--compare", "int4.kibble", "--prompt", "What is a dog?", "--top-k", "20", *chat],
        "chat greedy": ["chat", "model", "--message", "What does noun mean?", "--greedy", *chat],
        "chat seeded": ["chat", "int4.kibble", "--message", "Hi 😀", "--system", "Be brief.", "--min-p", "0.05", "--json", *chat],
    }
    if trained and not large:
        jobs["quantize gptq built-in text"] = "quantize model -o built-in.kibble --type int4 --method gptq --json"
    return jobs | (text_jobs(folder) if trained else {"tokenize": "tokenize model text", "render": "render model --jsonl text.txt"})


def cleaned(output):
    output = PROGRESS.sub("", output.decode("utf-8", "surrogateescape"))
    return MEASURED.sub("", RATE.sub("RATE", TIME.sub("TIME", output))).encode("utf-8", "surrogateescape")


def run(kibble, folder, name, arguments):
    """The SHA-256 of all that the command gives."""
    arguments = arguments.split() if isinstance(arguments, str) else arguments
    done = subprocess.run([kibble, *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True)
    parts = [str(done.returncode).encode(), cleaned(done.stdout), cleaned(done.stderr)]
    for suffix, part in zip((".stdout", ".stderr"), parts[1:]):
        (folder / (name + suffix)).write_bytes(part)
    for option, value in zip(arguments, arguments[1:]):
        if option in ("-o", "--save-recipe"):
            path = folder / value
            for file in sorted(path.rglob("*")) if path.is_dir() else [path] if path.exists() else []:
                parts += [str(file.relative_to(folder)).encode(), file.read_bytes()]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


def digest(source):
    """Of the files that decide what the commands make of a checkpoint."""
    files = sorted(f for f in source.iterdir() if f.suffix in (".safetensors", ".json", ".jinja") and ".tokens" not in f.name)
    return hashlib.sha256("".join(f.name + hashlib.sha256(f.read_bytes()).hexdigest() for f in files).encode()).hexdigest()


def sources(shared):
    roots = {"fixtures": FIXTURES} | ({"shared": shared} if shared else {})
    for label, root in roots.items():
        for config in sorted([*root.glob("*/config.json"), *root.glob("*/*/config.json")]):
            yield f"{label}/{config.parent.relative_to(root)}", config.parent
        for tokenizer in sorted(root.glob("*/tokenizer.json")):
            if not (tokenizer.parent / "config.json").exists():
                yield f"{label}/{tokenizer.parent.relative_to(root)}", tokenizer.parent


def hashes(options, work):
    """Checkpoint -> command -> SHA-256."""
    result, seen = {}, {}
    for name, source in sources(options.shared):
        earlier = seen.setdefault(digest(source), name)
        if not fnmatch(name, options.only):
            continue
        if earlier != name:
            result[name] = {"same files as": earlier}
            continue
        folder = work / name
        folder.mkdir(parents=True)
        shutil.copytree(source, folder / "model")
        jobs = (model_jobs if (source / "config.json").exists() else text_jobs)(folder)
        result[name] = {job: run(options.kibble, folder, job, arguments) for job, arguments in jobs.items()}
        print(f"{name}: {len(jobs)} commands", file=sys.stderr)
        if not options.keep:
            shutil.rmtree(folder)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("record").add_argument("-o", dest="record", type=Path, required=True)
    actions.add_parser("compare").add_argument("record", type=Path)
    for action in actions.choices.values():
        action.add_argument("--kibble", type=Path, required=True)
        action.add_argument("--shared", type=Path)
        action.add_argument("--keep", type=Path)
        action.add_argument("--only", metavar="GLOB", default="*")
    options = parser.parse_args()
    options.kibble = options.kibble.resolve()
    if not options.kibble.is_file():
        parser.error(f"there is no program {options.kibble}")
    with tempfile.TemporaryDirectory() as temporary:
        now = hashes(options, options.keep or Path(temporary))
    if options.action == "record":
        options.record.write_text(json.dumps(now, indent=0) + "\n")
        return 0
    former = json.loads(options.record.read_text())
    former = {name: jobs for name, jobs in former.items() if fnmatch(name, options.only)}
    jobs = [(name, job) for name in former | now for job in former.get(name, {}) | now.get(name, {})]
    different = [(name, job) for name, job in jobs if former.get(name, {}).get(job) != now.get(name, {}).get(job)]
    for name, job in different:
        print(f"{name}: {job}")
    print(f"{len(different)} of {len(jobs)} differ", file=sys.stderr)
    return 1 if different or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
