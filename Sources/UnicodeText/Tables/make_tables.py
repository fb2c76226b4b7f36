"""Writes the tables in the folder Data beside this script.

General categories and scripts come from Oniguruma (6.9.10, Unicode 16.0) as the `tokenizers`
package carries it, since that is what split patterns of tokenizer.json are matched with.
Decompositions and combining classes come from Python's `unicodedata`, less those of scalars that
came after Unicode 9.0, since that is the version that `tokenizers` normalizes by, and ids have to
be the same. As far as 9.0 goes, Unicode's stability policy makes the versions equal.

    pip install tokenizers==0.23.3
    python make_tables.py
"""

import pathlib
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

HERE = pathlib.Path(__file__).resolve().parent
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
    for index, name in enumerate(CATEGORIES):
        if name != "Cs":
            for c in matched(r"\p{%s}" % name):
                result[ord(c)] = index
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


def write(name, values):
    """Writes numbers as `PackedNumbers` reads them."""
    text = ""
    for value in values:
        digits = chr(0x30 + value % 32)
        while value >= 32:
            value //= 32
            digits = chr(0x50 + value % 32) + digits
        text += digits
    lines = [text[i : i + 96] for i in range(0, len(text), 96)]
    (HERE / "Data" / f"{name}.txt").write_text("\n".join(lines) + "\n")


def signed(value):
    """A number of either sign as one of none: 0, -1, 1, -2, 2 are 0 to 4."""
    return 2 * value if value >= 0 else -2 * value - 1


def run_lengths(values):
    """Values side by side as runs: length less one, value."""
    result, start = [], 0
    for i in range(1, len(values) + 1):
        if i == len(values) or values[i] != values[start]:
            result.append((i - start - 1, values[start]))
            start = i
    return result


def gaps(pairs):
    """Bounds of ascending ranges as distances: from the end before to the start, to the end."""
    result, last = [], 0
    for low, high in pairs:
        result += [low - last, high - low]
        last = high
    return result


def category_tables():
    category = categories()
    runs = [length << 5 | value for length, value in run_lengths(category)]
    added, missing = punctuation(category)
    han = ranges(ord(c) for c in matched(r"\p{Han}"))
    write("category-runs", runs)
    write("added-punctuation", gaps(added))
    write("missing-punctuation", gaps(missing))
    write("han", gaps(han))


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


def normalization_tables():
    known = {c for c in SCALARS if is_known(c)}
    canonical, compatibility = [], []
    last, parts_before = 0, [0, 0]
    last_compatible, part_before = 0, 0
    for c in SCALARS:
        value = ord(c)
        if 0xAC00 <= value <= 0xD7A3 or c not in known:
            continue
        mapping = unicodedata.decomposition(c)
        if mapping and mapping[0] != "<":
            parts = [int(part, 16) for part in mapping.split()]
            parts += [0] * (2 - len(parts))
            is_restored = unicodedata.normalize("NFC", c) == c
            canonical.append((value - last) << 1 | is_restored)
            canonical += [signed(a - b) for a, b in zip(parts, parts_before)]
            last, parts_before = value, parts
        full = unicodedata.normalize("NFKD", c)
        if full != unicodedata.normalize("NFD", c):
            compatibility.append((value - last_compatible - 1) << 5 | len(full))
            for part in full:
                compatibility.append(signed(ord(part) - part_before))
                part_before = ord(part)
            last_compatible = value
    classes = [unicodedata.combining(chr(c)) if chr(c) in known else 0 for c in range(0x110000)]
    write("canonical-mappings", canonical)
    write("compatibility-mappings", compatibility)
    write("combining-classes", [number for run in run_lengths(classes) for number in run])


category_tables()
normalization_tables()
