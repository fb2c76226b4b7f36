"""Writes normalization.json and patterns.json beside this script.

Normalization is Python's `unicodedata` as far as the `tokenizers` package, which normalizes by
Unicode 9.0, agrees with it; matches of regular expressions are Oniguruma's by `tokenizers`.

    pip install tokenizers==0.23.3
    python make_fixtures.py
"""

import json
import pathlib
import random
import sys
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

HERE = pathlib.Path(__file__).resolve().parent
FORMS = ("NFC", "NFD", "NFKC", "NFKD")
SCALARS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
VERSIONS = (
    f"Python {sys.version.split()[0]}, Unicode {unicodedata.unidata_version}, "
    f"tokenizers {tokenizers.__version__}"
)
random = random.Random(4)


def agreed(form, text):
    """The normal form of a text; None if the two libraries don't agree."""
    result = unicodedata.normalize(form, text)
    return result if getattr(normalizers, form)().normalize_str(text) == result else None


def checksum(form):
    """FNV-1a over each scalar that changes and what it becomes, and how many there are."""
    value, count = 0xCBF29CE484222325, 0
    for c in SCALARS:
        result = agreed(form, c)
        if result in (None, c):
            continue
        assert ord(c) < 0x30000
        count += 1
        for byte in (c + result).encode():
            value = (value ^ byte) * 0x100000001B3 % 2**64
    return {"count": count, "fnv": f"{value:016x}"}


def sequences(count):
    marks = [c for c in SCALARS if unicodedata.combining(c)]
    mapped = [c for c in SCALARS if unicodedata.decomposition(c)]
    result = []
    while len(result) < count:
        text = ""
        for _ in range(random.randrange(1, 10)):
            text += random.choice(
                [
                    random.choice(marks),
                    random.choice(marks[:60]),
                    random.choice(mapped),
                    unicodedata.normalize("NFD", random.choice(mapped)),
                    chr(random.randrange(0x1100, 0x1200)),
                    chr(random.randrange(0xAC00, 0xD7A4)),
                    random.choice("aeou \nx"),
                ]
            )
        forms = [agreed(form, text) for form in FORMS]
        if None not in forms:
            result.append([text] + forms)
    return result


PATTERNS = r"""
\s+
[^\S\n]+
\d{1,3}(?=(?:\d{3})*\b)
(?=(\d{3})+(?!\d))
\p{N}{1,3}+
\p{N}{2}?
a{,2}
a{x}|{
(?<=a)b
(?<!a)b
(?<=a|bc)d
(?<!\p{L}{2})b
(?<=\s|^)\S+
(a|ab)(c|bcd)?
(?>a+)b?
a*+a|b
(a*){2,3}
x*
a|b|
a.b|.
^.|.$
\A.|.\z|.\Z
$^|\n$
\b\w+\b|\B.
(?i:[a-z]+)|(?i:[^a-z]+)
(?i)abc|XYZ|k
a(?i)b|c
(?i:a)bc|s(?-i:T)
[\w]+|[^\w\s]
\w+|[^\w\s]+
[\p{L}&&[^a-z]]+|[^a&&b]
[a-]+|[\d\-x]+
[[a-c][x-z]]+|[a-z-9]+
\x41|\x{4e2d}|\u0301|\/
\P{L}+|\P{Lu}
[\p{Han}]+|\P{Han}+
(?=a)ab|(?!a)\S
(?:\p{L}|\p{M}|\u200C|\u200D)+
 ?[^(\s|[.,!?…。，、।۔،])]+
'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+
[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
[\r\n]|\s?[A-Za-zµÀ-ÖØ-öø-ƺ]+|\s?[!-/:-~！-／：-～‘-‟　-。]+|\s+$|[一-龥ࠀ-一가-퟿]+|\p{N}
[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[\p{Han}]+
[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+
\s*[\r\n]+|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}
[^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))*((?=[\p{L}])([^A-Z]))+|\p{N}
'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s
<sentinel:[0-9]+>|(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z|([\t\n]|    |  )
""".strip("\n").split("\n")

PIECES = list("aabbccddxyzABCXYZ0192 -_,./{}|[]&\r\n\t'sStTkK") + list("éſKÅǅªⅧ²½中文がカ한ЯعกाⒶ") + [
    "\u0301", "\u200d", "\u200c", "\u00a0", "\u3000", "\u2028", "\u0085", "🙂", "123456", "  ",
    "'ll", "'RE", "\r\n",
]


def gaps(split, text):
    """Byte offsets of what no match covers, as the behaviour "removed" leaves it."""
    offsets = [0]
    for c in text:
        offsets.append(offsets[-1] + len(c.encode()))
    return [offsets[i] for _, span in split.pre_tokenize_str(text) for i in span]


def pattern_cases():
    result = []
    for pattern in PATTERNS:
        split = pre_tokenizers.Split(Regex(pattern), "isolated")
        removing = pre_tokenizers.Split(Regex(pattern), "removed")
        texts = [
            "".join(random.choice(PIECES) for _ in range(random.randrange(4, 24)))
            for _ in range(4)
        ]
        texts.append("".join(random.choice("ab1 \n") for _ in range(20)))
        result.append(
            {
                "pattern": pattern,
                "texts": [[t, gaps(split, t), gaps(removing, t)] for t in texts],
            }
        )
    return result


def write(name, content):
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("],[", "],\n[").replace("},{", "},\n{")
    (HERE / name).write_text(text + "\n", encoding="utf-8", newline="")


write(
    "normalization.json",
    {
        "versions": VERSIONS,
        "single": {form.lower(): checksum(form) for form in FORMS},
        "sequences": sequences(200),
    },
)
write("patterns.json", {"versions": VERSIONS, "cases": pattern_cases()})
