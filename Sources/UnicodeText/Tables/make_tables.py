"""Writes the three files of tables beside this script.

General categories and scripts come from Oniguruma as the `tokenizers` package carries it, since
that is what split patterns of tokenizer.json are matched with. Decompositions and combining
classes come from Python's `unicodedata`, less those of scalars that came after Unicode 9.0, since
that is the version that `tokenizers` normalizes by, and ids have to be the same. As far as 9.0
goes, Unicode's stability policy makes the versions equal.

    pip install tokenizers==0.23.3
    python make_tables.py
"""

import pathlib
import sys
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

HERE = pathlib.Path(__file__).resolve().parent
ONIGURUMA = "Oniguruma 6.9.10 (Unicode 16.0)"
CATEGORIES = (
    "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn"
).split()
WHITE_CONTROL, ALPHABETIC_SYMBOL = len(CATEGORIES), len(CATEGORIES) + 1
SCALARS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def matched(pattern):
    """All scalars that a pattern of one scalar matches."""
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    result = set()
    for i in range(0, len(SCALARS), 4096):
        part = SCALARS[i : i + 4096]
        kept = set("".join(piece for piece, _ in split.pre_tokenize_str("".join(part))))
        result.update(c for c in part if c not in kept)
    return result


def categories():
    result = [CATEGORIES.index("Cs")] * 0x110000
    for number, name in enumerate(CATEGORIES):
        if name != "Cs":
            for c in matched(r"\p{%s}" % name):
                result[ord(c)] = number
    letters_and_digits = [i for i, name in enumerate(CATEGORIES) if name[0] in "LM"]
    letters_and_digits += [CATEGORIES.index(name) for name in ("Nd", "Nl", "No", "Pc")]
    for c in matched(r"\s"):
        if result[ord(c)] == CATEGORIES.index("Cc"):
            result[ord(c)] = WHITE_CONTROL
    for c in matched(r"\w"):
        if result[ord(c)] not in letters_and_digits:
            assert result[ord(c)] == CATEGORIES.index("So"), hex(ord(c))
            result[ord(c)] = ALPHABETIC_SYMBOL
    return result


def ranges(members):
    """Closed ranges of a set of numbers."""
    result = []
    for c in sorted(members):
        if result and result[-1][1] == c - 1:
            result[-1][1] = c
        else:
            result.append([c, c])
    return result


def punctuation(category):
    """Where the Punctuation pre-tokenizer differs from \\p{P} outside of ASCII."""
    split = pre_tokenizers.Punctuation()
    theirs = {ord(c) for c in SCALARS if len(split.pre_tokenize_str("a" + c + "a")) == 3}
    ours = {c for c in range(0x110000) if CATEGORIES[category[c] % 30][0] == "P"}
    beyond = range(0x80, 0x110000)
    return (
        ranges(c for c in theirs - ours if c in beyond),
        ranges(c for c in ours - theirs if c in beyond),
    )


def numbers(values):
    """Literals in lines of at most 100 columns."""
    lines, line = [], "   "
    for value in values:
        text = " 0x%X," % value
        if len(line) + len(text) > 100:
            lines.append(line)
            line = "   "
        line += text
    return "\n".join(lines + [line])


def array(comment, name, type, values):
    body = numbers(values)
    return f"\n  /// {comment}\n  static let {name}: [{type}] = [\n{body}\n  ]\n"


def write(name, header, owner, arrays, kind="extension"):
    text = f"// swift-format-ignore-file\n// Written by make_tables.py: {header}.\n\n"
    text += f"{kind} {owner} {{" + "".join(arrays) + "}\n"
    (HERE / name).write_text(text.replace("{\n\n", "{\n"))


def category_file():
    category = categories()
    runs = [
        c << 5 | category[c]
        for c in range(0x110000)
        if c == 0 or category[c] != category[c - 1]
    ]
    added, missing = punctuation(category)
    header = f"categories of {ONIGURUMA}, punctuation of tokenizers {tokenizers.__version__}"
    write(
        "CategoryTable+Data.swift",
        header,
        "CategoryTable",
        [
            array("Runs of one category: first scalar << 5 | category.", "runs", "UInt32", runs),
            array(
                "First and last scalars that tokenizers takes for punctuation against \\p{P}.",
                "addedPunctuation",
                "UInt32",
                [bound for pair in added for bound in pair],
            ),
            array(
                "First and last scalars of \\p{P} that tokenizers doesn't take for punctuation.",
                "missingPunctuation",
                "UInt32",
                [bound for pair in missing for bound in pair],
            ),
        ],
    )


SCRIPTS = (
    "Han Hiragana Katakana Hangul Latin Greek Cyrillic Arabic Hebrew Devanagari Thai"
).split()


def script_file():
    write(
        "ScriptTable.swift",
        f"scripts of {ONIGURUMA}",
        "ScriptTable",
        [
            array(
                f"First and last scalars of the script {script}.",
                script.lower(),
                "UInt32",
                [
                    bound
                    for pair in ranges(ord(c) for c in matched(r"\p{%s}" % script))
                    for bound in pair
                ],
            )
            for script in SCRIPTS
        ],
        kind="enum",
    )


def is_known(c):
    """Whether `tokenizers` normalizes a scalar, and orders it, as Python does."""
    combining_class = unicodedata.combining(c)
    texts = [c]
    if combining_class:  # "a" with the scalar and a mark of a lower class behind it
        texts.append("a\u05b0" + c if combining_class == 1 else "a" + c + "\u0334")
    return all(
        theirs.normalize_str(text) == unicodedata.normalize(form, text)
        for form, theirs in (("NFD", normalizers.NFD()), ("NFKD", normalizers.NFKD()))
        for text in texts
    )


def normalization_file():
    known = {c for c in SCALARS if is_known(c)}
    canonical, excluded, compatibility, classes = [], [], [], []
    for c in SCALARS:
        value = ord(c)
        if 0xAC00 <= value <= 0xD7A3 or c not in known:
            continue
        mapping = unicodedata.decomposition(c)
        if mapping and mapping[0] != "<":
            parts = [int(part, 16) for part in mapping.split()]
            canonical += [value, parts[0], parts[1] if len(parts) > 1 else 0]
            if len(parts) > 1 and unicodedata.normalize("NFC", c) != c:
                excluded.append(value)
        full = unicodedata.normalize("NFKD", c)
        if full != unicodedata.normalize("NFD", c):
            compatibility += [value << 5 | len(full)] + [ord(part) for part in full]
    previous = 0
    for c in range(0x110000):
        number = unicodedata.combining(chr(c)) if chr(c) in known else 0
        if number != previous:
            classes.append(c << 8 | number)
            previous = number
    write(
        "NormalizationTable+Data.swift",
        f"Unicode 9.0 by Python {sys.version.split()[0]} and tokenizers {tokenizers.__version__}",
        "NormalizationTable",
        [
            array(
                "Canonical mappings, one step: scalar, first part, second part or zero.",
                "canonicalMappings",
                "UInt32",
                canonical,
            ),
            array(
                "Scalars with a mapping to two parts that composition doesn't restore.",
                "compositionExclusions",
                "UInt32",
                excluded,
            ),
            array(
                "Compatibility mappings, to the end: scalar << 5 | number of parts, the parts.",
                "compatibilityMappings",
                "UInt32",
                compatibility,
            ),
            array(
                "Runs of one combining class: first scalar << 8 | class.",
                "combiningClasses",
                "UInt32",
                classes,
            ),
        ],
    )


category_file()
script_file()
normalization_file()
