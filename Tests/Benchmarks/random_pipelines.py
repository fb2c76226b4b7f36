"""Compares `kibble tokenize` with Hugging Face's tokenizers on random pipelines and random lines.

    python -m venv venv && venv/bin/pip install tokenizers==0.23.3
    venv/bin/python Tests/Benchmarks/random_pipelines.py .build/release/kibble

Each pipeline is a byte-level BPE tokenizer with random normalizers, pre-tokenizers, post-processors,
decoders and added tokens. One that kibble refuses by name is printed and replaced by another. Lines
on which the library itself ends with a panic are counted; kibble has to survive them. A difference
is printed with all that is needed to see it again. Exits with 1 where there are differences.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

os.environ["RUST_BACKTRACE"] = "0"
from tokenizers import Tokenizer, models, pre_tokenizers, trainers  # noqa: E402

TRAINING = [
    "The tokenizer splits a text into words, and every word into the pieces that it knows.",
    "She said: \"I'll go there when they've seen the others; we're not there yet.\"",
    "for i in range(10):\n    if i % 2 == 0:\n        print(i, 'even')\n    else:\n        return None",
    "Über die Straße ging ein Mädchen. Él niño corrió rápido. Там стоит большой дом. 中文文本 日本語",
    "1234 5678 90 12,345.67 and 100000 more. The other one is there. That is the thing.",
] * 4

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
REGEXES = [
    LLAMA3,
    LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}"),
    GPT2,
    r"\s+",
    r"\d+|[a-z]+",
    r"[^\S\n]+|\n",
    r"\p{Lu}\p{Ll}*",
    r"\p{M}+",
    r"[\p{P}\p{S}]",
    r"(?<=a)b|x(?!y)",
    r"\w+|[^\w\s]+",
    r"[0-9]{2,3}",
    r".",
    r"(?i)the",
    r"a*",
    r"\r\n|\r|\n",
]
LITERALS = ["-", " ", "the", "\n", "é", "\u00a0", "ab", "…", "\u0301", "  "]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
SPACES = [" ", "  ", "\t", "\n", "\n\n", "\r\n", "\u00a0", "\u00a0\u00a0", "\u3000", "\u2028", "\x85", "\u200b"]
CONTENTS = [
    "<m>", "<|end|>", "<|en", "word", "The", "the other", "é", "e\u0301", "\n\n", "\u00a0\u00a0", " ", "  ",
    "x", "12", "<tool>", "<|im_end|>", "\u212b", "ﬁ", "中", "👍", "a b", " <s>", "</s> ", "İ", "ẞ", "-", "'s", "\t",
]
FRAGMENTS = (
    ["the", "The ", "other", " word", "words", "a", "b", "x", "ab", "I'll", "'S", "don't", "HTTP", "Straße"]
    + ["1", "12", "12345", "٣", "½", "Ⅷ", "²", "\U00011de3", "\U00016ff5", "\U0001d7d8", "一"]
    + ["e\u0301", "é", "\u0301", "\u0323\u0302", "\uac00", "\u1100\u1161\u11a8", "\u212b", "ﬁ", "①", "İ", "ẞ", "ς", "ǅ"]
    + ["中文", "日本", "и дом", "ا", "👍", "👨\u200d👩\u200d👧", "🏳\ufe0f", "\u200d", "\ufeff", "\u202e", "\x00", "\x1f", "\x7f"]
    + ["-", "--", ".", "!?", "…", "«", "$", "+", "_", "~", "^", "`", "|", "<", ">", "#", "\\", "\u00ad", "\U000e0001"]
    + ["\ue000", "\ufffd", "\ufdd0", "\uffff", "\U0010ffff", "\U00010400", "\u0345", "\u0130", "\u1e9b\u0323"]
)


def chance(share):
    return random.random() < share


def pattern():
    if chance(0.3):
        return {"String": random.choice(LITERALS)}
    return {"Regex": random.choice(REGEXES)}


def normalizer_step():
    kind = random.choices(
        ["form", "Lowercase", "Strip", "Prepend", "Replace", "other"], [8, 3, 3, 2, 5, 0.7]
    )[0]
    if kind == "form":
        return dict(type=random.choice(["NFC", "NFD", "NFKC", "NFKD"]))
    if kind == "Strip":
        return dict(type=kind, strip_left=chance(0.5), strip_right=chance(0.5))
    if kind == "Prepend":
        return dict(type=kind, prepend=random.choice(["_", "▁", "> ", "e\u0301"]))
    if kind == "Replace":
        content = random.choice(["", "_", " ", "\u0301", "the", "##"])
        return dict(type=kind, pattern=pattern(), content=content)
    if kind == "other":
        return dict(type=random.choice(["Nmt", "StripAccents"]))
    return dict(type=kind)


def normalizer():
    count = random.choices([0, 1, 2, 3], [4, 4, 3, 2])[0]
    if count == 0:
        return None
    if count == 1 and chance(0.7):
        return normalizer_step()
    return dict(type="Sequence", normalizers=[normalizer_step() for _ in range(count)])


def split_step():
    kind = random.choices(
        ["Split", "Digits", "Punctuation", "Whitespace", "WhitespaceSplit", "CharDelimiterSplit", "other"],
        [8, 3, 3, 1, 1, 1, 0.5],
    )[0]
    if kind == "Split":
        return dict(type=kind, pattern=pattern(), behavior=random.choice(BEHAVIORS), invert=chance(0.3))
    if kind == "Digits":
        return dict(type=kind, individual_digits=chance(0.5))
    if kind == "Punctuation":
        return dict(type=kind, behavior=random.choice(BEHAVIORS))
    if kind == "CharDelimiterSplit":
        return dict(type=kind, delimiter=random.choice(["-", " ", "é"]))
    if kind == "other":
        if chance(0.5):
            return dict(type="Metaspace", replacement="▁", prepend_scheme="always", split=True)
        return dict(type=random.choice(["UnicodeScripts", "BertPreTokenizer"]))
    return dict(type=kind)


def byte_level():
    return dict(type="ByteLevel", add_prefix_space=chance(0.4), trim_offsets=chance(0.5), use_regex=chance(0.5))


def pre_tokenizer():
    steps = [split_step() for _ in range(random.choices([0, 1, 2, 3], [3, 4, 3, 2])[0])] + [byte_level()]
    if chance(0.2):
        steps.append(split_step())
    if len(steps) == 1 and chance(0.7):
        return steps[0]
    if len(steps) > 2 and chance(0.2):
        steps = [dict(type="Sequence", pretokenizers=steps[:2])] + steps[2:]
    return dict(type="Sequence", pretokenizers=steps)


def post_processor(tokens):
    def pair():
        token = random.choice(tokens)
        return [token["content"], token["id"]]

    kind = random.choices(["none", "ByteLevel", "Template", "Roberta", "Bert", "Sequence"], [3, 2, 4, 3, 1, 2])[0]
    if kind == "none" or not tokens:
        return None
    if kind == "ByteLevel":
        return byte_level()
    if kind == "Roberta":
        return dict(type="RobertaProcessing", sep=pair(), cls=pair(), trim_offsets=chance(0.5), add_prefix_space=chance(0.5))
    if kind == "Bert":
        return dict(type="BertProcessing", sep=pair(), cls=pair())
    text = {"Sequence": {"id": "A", "type_id": 0}}
    special, single = {}, [text]
    for name in ["a", "b", "c"][: random.randrange(4)]:
        picked = [random.choice(tokens) for _ in range(random.randint(1, 2))]
        special[name] = dict(id=name, ids=[t["id"] for t in picked], tokens=[t["content"] for t in picked])
        single.insert(random.randint(0, len(single)), {"SpecialToken": {"id": name, "type_id": 0}})
    template = dict(type="TemplateProcessing", single=single, pair=[text, text], special_tokens=special)
    if kind == "Sequence":
        return dict(type="Sequence", processors=[byte_level(), template])
    return template


def decoder():
    kind = random.choices(["ByteLevel", "none", "both", "Fuse", "other"], [8, 1, 2, 1, 0.3])[0]
    level = byte_level()
    if kind == "ByteLevel":
        return level
    if kind == "none":
        return None
    if kind == "Fuse":
        return dict(type="Sequence", decoders=[dict(type="Fuse")])
    if kind == "other":
        return dict(type="Replace", pattern={"String": "▁"}, content=" ")
    return dict(type="Sequence", decoders=[level, dict(type="Fuse")])


def added_tokens(vocabulary):
    tokens, next_id = [], len(vocabulary)
    for content in random.sample(CONTENTS, random.choice([0, 2, 4, 8, 12])):
        known = vocabulary.get(content)
        tokens.append(
            dict(
                id=next_id if known is None else known,
                content=content,
                single_word=chance(0.2),
                lstrip=chance(0.35),
                rstrip=chance(0.35),
                normalized=chance(0.5),
                special=chance(0.5),
            )
        )
        next_id += known is None
    return tokens


def make_base():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(
        TRAINING,
        trainers.BpeTrainer(
            vocab_size=480,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return json.loads(tokenizer.to_str())


def pipeline(base):
    model = dict(base["model"], ignore_merges=chance(0.3))
    tokens = added_tokens(model["vocab"])
    return dict(
        version="1.0",
        truncation=None,
        padding=None,
        added_tokens=tokens,
        normalizer=normalizer(),
        pre_tokenizer=pre_tokenizer(),
        post_processor=post_processor(tokens),
        decoder=decoder(),
        model=model,
    )


def line(contents):
    parts = []
    for _ in range(random.choice([0, 1, 2, 4, 8, 16])):
        kind = random.random()
        if kind < 0.3 and contents:
            parts.append(random.choice(contents))
        elif kind < 0.55:
            parts.append(random.choice(SPACES) * random.choice([1, 1, 2, 3]))
        elif kind < 0.62:
            scalar = random.choice([random.randrange(0x110000), random.randrange(0x3000), random.randrange(0x20000)])
            parts.append(" " if 0xD800 <= scalar < 0xE000 else chr(scalar))
        else:
            parts.append(random.choice(FRAGMENTS))
    return "".join(parts)


def compare(kibble, folder, source, count, totals):
    """Runs one pipeline; returns whether kibble takes it."""
    folder.mkdir()
    text = json.dumps(source, ensure_ascii=False)
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    try:
        oracle = Tokenizer.from_str(text)
    except BaseException as error:
        totals["refused by tokenizers"] += 1
        return False
    contents = [token["content"] for token in source["added_tokens"]]
    lines = [line(contents) for _ in range(count)]
    (folder / "lines.jsonl").write_text("".join(json.dumps({"text": one}) + "\n" for one in lines))
    run = subprocess.run(
        [kibble, "tokenize", folder, "--jsonl", folder / "lines.jsonl"], capture_output=True, text=True
    )
    if run.returncode == 69 or (run.returncode == 65 and not run.stdout):
        totals["refused"] += 1
        print("refused:", run.stderr.splitlines()[0])
        return False
    if run.returncode < 0:
        totals["signals"] += 1
        print("SIGNAL", -run.returncode, folder)
        return True
    answers = [json.loads(one) for one in run.stdout.split("\n")[:-1]]
    if len(answers) != len(lines):
        totals["differences"] += 1
        print("ENDED after", len(answers), "lines:", run.stderr.splitlines()[0], folder)
    for one, answer in zip(lines, answers):
        try:
            ids = oracle.encode(one).ids
            expected = dict(ids=ids, decoded=oracle.decode(ids, skip_special_tokens=False))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            totals["panics of tokenizers"] += 1
            continue
        totals["lines"] += 1
        if answer != expected:
            totals["differences"] += 1
            if totals["differences"] <= 20:
                parts = {k: v for k, v in source.items() if k != "model"}
                print(f"DIFFERS {folder}\n  {json.dumps(parts)}\n  text {one!r}\n  kibble {answer}\n  wanted {expected}")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kibble")
    parser.add_argument("--pipelines", type=int, default=60)
    parser.add_argument("--lines", type=int, default=80_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder that keeps the pipelines")
    options = parser.parse_args()
    random.seed(options.seed)
    base, totals, done, number = make_base(), Counter(), 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        root = options.keep or Path(temporary)
        root.mkdir(exist_ok=True)
        while done < options.pipelines:
            count = -(-options.lines // options.pipelines)
            done += compare(options.kibble, root / f"{number}", pipeline(base), count, totals)
            number += 1
    print(f"pipelines {done},", ", ".join(f"{key} {value}" for key, value in sorted(totals.items())))
    print("differences", totals["differences"], "signals", totals["signals"])
    sys.exit(1 if totals["differences"] or totals["signals"] else 0)


main()
