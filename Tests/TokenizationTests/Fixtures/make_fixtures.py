"""Writes the fixtures of the tokenizer's tests with Hugging Face's own library.

Made with tokenizers 0.23.3: `python make_fixtures.py` in this folder.

base.json: a small byte-level BPE tokenizer as the library saves it.
cases-1.json, cases-2.json: members to put in place of base.json's, texts, and what the library makes of them.
"""

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = Path(__file__).parent
TRAINING = [
    "The tokenizer splits a text into words, and every word into the pieces that it knows.",
    "She said: \"I'll go there when they've seen the others; we're not there yet.\"",
    "for i in range(10):\n    if i % 2 == 0:\n        print(i, 'even')\n    else:\n        return None",
    "Über die Straße ging ein Mädchen. Él niño corrió rápido. Там стоит большой дом.",
    "1234 5678 90 12,345.67 and 100000 more. The other one is there. That is the thing.",
] * 4

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

PLAIN = [
    "",
    " ",
    "The others said that there's nothing: 123456 items!",
    "for i in range(3):\r\n\t\tprint('é', i)  \n\n  x\u3000y \u00a0",
    "naïve Straße, e\u0301te\u0301 \U0001F468\u200D\U0001F469 中文 и дом ½٣",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaathethethe" * 2,
    "a<|end|>b<|end|><|end <|mask|>  c",
]
SPLITS = ["the-final--countdown-12 34!", "-- a-b ---c?  7é8", "The others' 100000-word-text..."]
ADDED = [
    "a <mask>  b <right>  c<both> d",
    "  <both>  <mask> <right>\n x",
    "word words aword word word_ (word)é wordé",
    "THE OTHER the other The Other",
    "<|en<|end|>x<|end|>><|endx",
    "\u3000<both>\u3000<mask><mask> <right><right> ",
]
NORMALS = [
    "  e\u0301 \u00e9 \ufb01 \u2460 \u00c5 \u212b The İ ẞ  the   the\t",
    "",
    "   ",
    "the<|end|>  the  <|end|>",
    "\uac00\u1100\u1161\u11a8 o\u0302\u0323 o\u0323\u0302",
]
# Where one token takes white space that is another one; where it takes more, the library panics.
TAKEN = ["x<right>\n\ny", "x<right>\u00a0\u00a0y\n\n", "<right> <left>x", "  <left><right>\n\n", "\n\n\n<left>"]
DIGITS = ["1\U00011de0\U00011de9\U00011de3a", "\U00016ff4x\U00016ff6\U00016ff7", "\U00011deab 12\U00016ff5"]
DECODED = ["  The  others  ", "é中 there's<|end|> x", "____  _The"]


def byte_level(prefix=False, regex=True):
    return dict(type="ByteLevel", add_prefix_space=prefix, trim_offsets=True, use_regex=regex)


def split(pattern, behavior, invert=False):
    return dict(type="Split", pattern=pattern, behavior=behavior, invert=invert)


def pre(*steps):
    return dict(pre_tokenizer=dict(type="Sequence", pretokenizers=list(steps)))


def normalizer(*steps):
    return dict(normalizer=dict(type="Sequence", normalizers=list(steps)))


def decoder(*steps):
    return dict(decoder=dict(type="Sequence", decoders=list(steps)))


def make_base():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        TRAINING,
        trainers.BpeTrainer(
            vocab_size=460,
            special_tokens=["<|end|>", "<|mask|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return json.loads(tokenizer.to_str())


def added_tokens(base):
    next_id = len(base["model"]["vocab"])
    tokens = list(base["added_tokens"])
    for content, options in [
        ("<mask>", dict(lstrip=True, special=True)),
        ("<right>", dict(rstrip=True)),
        ("<both>", dict(lstrip=True, rstrip=True)),
        ("word", dict(single_word=True)),
        ("The Other", dict(normalized=True, special=True)),
        ("<|en", dict()),
        ("é b", dict()),
    ]:
        known = base["model"]["vocab"].get(content)
        flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=False)
        tokens.append(
            dict(id=next_id if known is None else known, content=content, **(flags | options))
        )
        next_id += known is None
    return dict(added_tokens=tokens)


def taken_tokens(base):
    tokens = base["added_tokens"] + [
        dict(content="<right>", rstrip=True),
        dict(content="\n\n", lstrip=True),
        dict(content="\u00a0\u00a0", lstrip=True),
        dict(content="<left>", lstrip=True),
    ]
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=False)
    next_id = len(base["model"]["vocab"]) - len(base["added_tokens"])
    return dict(added_tokens=[flags | dict(id=next_id + i) | t for i, t in enumerate(tokens)])


def changes(base):
    """Name, members in place of the base's, texts."""
    string = {"String": "-"}
    yield "gpt2", {}, PLAIN
    yield "llama3", pre(split({"Regex": LLAMA3}, "Isolated"), byte_level(regex=False)), PLAIN
    qwen = pre(split({"Regex": QWEN2}, "Isolated"), byte_level(regex=False))
    yield "qwen2", qwen | dict(normalizer=dict(type="NFC")), PLAIN
    model = dict(base["model"], ignore_merges=True)
    model["merges"] = [" ".join(merge) for merge in model["merges"][:120]]
    yield "ignore_merges", dict(model=model), PLAIN
    model = dict(base["model"])
    missing = ["Ġ", "r", "Ã"]
    model["vocab"] = {k: v for k, v in model["vocab"].items() if not any(m in k for m in missing)}
    model["vocab"] = {k: i for i, k in enumerate(model["vocab"])}
    model["merges"] = [m for m in model["merges"] if "".join(m) in model["vocab"]]
    yield "missing_bytes", dict(model=model), PLAIN
    for behavior in ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]:
        steps = split(string, behavior), byte_level(regex=False)
        yield f"split {behavior}", pre(*steps), SPLITS
        steps = split({"Regex": r"[a-z]+|\d"}, behavior, True), byte_level(regex=False)
        yield f"inverted {behavior}", pre(*steps), SPLITS
        steps = dict(type="Punctuation", behavior=behavior), byte_level(prefix=True)
        yield f"punctuation {behavior}", pre(*steps), SPLITS
    for single in [True, False]:
        steps = dict(type="Digits", individual_digits=single), byte_level(regex=False)
        yield f"digits {single}", pre(*steps), SPLITS
    yield "whitespace", pre(dict(type="Whitespace"), byte_level(regex=False)), SPLITS
    yield "whitespace split", pre(dict(type="WhitespaceSplit"), byte_level(prefix=True)), SPLITS
    falcon = (
        dict(type="Punctuation", behavior="Contiguous"),
        byte_level(prefix=True),
        dict(type="Digits", individual_digits=False),
        split({"Regex": "[0-9][0-9][0-9]"}, "Isolated"),
    )
    yield "characters of bytes", pre(*falcon), SPLITS
    yield "added", added_tokens(base), ADDED
    yield "added, lowercase", added_tokens(base) | normalizer(dict(type="Lowercase")), ADDED
    yield "added, prefix", added_tokens(base) | dict(pre_tokenizer=byte_level(prefix=True)), ADDED
    for form in ["NFC", "NFD", "NFKC", "NFKD"]:
        yield form, dict(normalizer=dict(type=form)), NORMALS
    strip = dict(type="Strip", strip_left=True, strip_right=True)
    yield "strip", normalizer(strip, dict(type="Prepend", prepend=">>")), NORMALS
    replace = dict(type="Replace", pattern={"Regex": r"\s+"}, content="_")
    the = dict(type="Replace", pattern={"String": "the"}, content="THE")
    yield "replace", normalizer(replace, the, dict(type="Lowercase")), NORMALS
    special = {"a": dict(id="a", ids=[0, 5], tokens=["x", "y"]), "b": dict(id="b", ids=[7], tokens=["z"])}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    single = [{"SpecialToken": {"id": "a", "type_id": 0}}, text, {"SpecialToken": {"id": "b", "type_id": 0}}]
    template = dict(type="TemplateProcessing", single=single, pair=[text, text], special_tokens=special)
    post = dict(type="Sequence", processors=[byte_level(), template])
    yield "template", dict(post_processor=post), PLAIN[:3]
    yield "no decoder", dict(decoder=None), DECODED
    yield "decoder sequence", decoder(byte_level(), dict(type="Fuse")), DECODED
    yield "fused spellings", decoder(dict(type="Fuse")), DECODED
    yield "taken spaces", taken_tokens(base), TAKEN
    for single in [True, False]:
        steps = dict(type="Digits", individual_digits=single), byte_level(regex=False)
        yield f"new digits {single}", pre(*steps), DIGITS
    yield "delimiter", pre(dict(type="CharDelimiterSplit", delimiter="-"), byte_level(prefix=True)), SPLITS
    for kind, more in [("Roberta", dict(trim_offsets=True, add_prefix_space=True)), ("Bert", {})]:
        post = dict(type=f"{kind}Processing", sep=["<|end|>", 0], cls=["<|mask|>", 1], **more)
        yield kind, dict(post_processor=post), PLAIN[:3]


def main():
    base = make_base()
    result = []
    for name, members, texts in changes(base):
        tokenizer = Tokenizer.from_str(json.dumps(base | members))
        cases = []
        for text in texts:
            ids = tokenizer.encode(text).ids
            cases.append(
                dict(
                    text=text,
                    ids=ids,
                    decoded=tokenizer.decode(ids, skip_special_tokens=False),
                    skipped=tokenizer.decode(ids, skip_special_tokens=True),
                )
            )
        result.append(dict(name=name, members=members, cases=cases))
    write("base.json", base)
    half = 19  # so that a new change leaves cases-1.json as it is
    write("cases-1.json", result[:half])
    write("cases-2.json", result[half:])


def write(name, value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    (HERE / name).write_text(text + "\n", encoding="utf-8")


main()
