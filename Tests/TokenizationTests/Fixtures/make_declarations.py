"""Writes declarations.json: what transformers makes of tokens that files beside tokenizer.json declare.

Made with transformers 5.23 and tokenizers 0.23.3: `python make_declarations.py` in this folder.
"""

import json
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

HERE = Path(__file__).parent
BASE = json.loads((HERE / "base.json").read_text(encoding="utf-8"))
SIZE = len(BASE["model"]["vocab"])
TEXTS = ["<|im_end|>x<|im_start|>", "a <|end|> b", "a <tool> b The", "the<m>other<tool><|mask|>x"]
LOWER = dict(normalizer=dict(type="Lowercase"))


def token(content, **flags):
    return dict(content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True) | flags


def typed(content, **flags):
    return token(content, **flags) | {"__type": "AddedToken"}


def variants():
    """Name, tokenizer_config.json, special_tokens_map.json, added_tokens.json, members of tokenizer.json."""
    decoder = {
        str(SIZE): token("<|im_start|>"),
        str(SIZE + 1): token("<|im_end|>"),
        "0": token("<|end|>", lstrip=True, rstrip=True),
    }
    yield "decoder", dict(added_tokens_decoder=decoder, extra_special_tokens={"tool_token": "<tool>"}), None, None, {}
    yield "decoder, and what it hides", dict(added_tokens_decoder=decoder), {"eos_token": "<m>"}, {"<tool>": SIZE}, {}
    yield "decoder, lazy flags", dict(
        added_tokens_decoder={"9": dict(content="<|end|>"), "7": dict(content="<tool>"), "8": dict(content="<m>")},
        eos_token="<tool>",
    ), None, None, LOWER
    yield "listed", {}, None, {"<tool>": SIZE + 5, "<|im_end|>": SIZE + 2}, {}
    yield "listed, special by the map", {}, {"eos_token": "<tool>"}, {"<tool>": SIZE, "<m>": SIZE + 1}, LOWER
    yield "listed, special by name", dict(image_token="<m>", eos_token=typed("<tool>")), None, {
        "<tool>": SIZE,
        "<m>": SIZE,
        "<|im_end|>": 0,
        "the": SIZE + 1,
    }, LOWER
    yield "end of text", dict(eos_token="<|im_end|>"), None, None, {}
    yield "named with flags", dict(eos_token=typed("<tool>", lstrip=True), pad_token=typed("x", rstrip=True)), None, None, {}
    yield "named twice", dict(bos_token="<m>", eos_token=typed("<m>", lstrip=True), unk_token=None), None, None, {}
    yield "the map counts more", dict(eos_token="<m>", foo_token="x"), {"eos_token": token("<tool>", rstrip=True)}, None, {}
    yield "more special tokens", dict(additional_special_tokens=["<m>", "<tool>"]), None, None, {}
    yield "more lists", dict(extra_special_tokens=["<m>"], additional_special_tokens=["<tool>"]), {
        "additional_special_tokens": ["<|im_end|>"],
        "extra_special_tokens": ["<|im_start|>"],
    }, None, {}
    yield "a map of names", dict(extra_special_tokens=["<m>"]), {
        "extra_special_tokens": {"q_token": "<tool>"},
        "additional_special_tokens": ["<|im_end|>"],
    }, None, {}
    yield "split", dict(split_special_tokens=True), None, None, {}
    yield "split, but not what is not special", dict(
        split_special_tokens=True, added_tokens_decoder={"470": token("<tool>", special=False)}
    ), None, None, {}
    added = BASE["added_tokens"] + [token("<tool>", id=SIZE, special=False, rstrip=True)]
    yield "named in the config", dict(eos_token="<tool>", split_special_tokens=True), None, None, dict(added_tokens=added)


def main():
    result = []
    for name, config, special_map, added, members in variants():
        with tempfile.TemporaryDirectory() as folder:
            files = {
                "tokenizer.json": BASE | members,
                "tokenizer_config.json": dict(tokenizer_class="PreTrainedTokenizerFast") | config,
                "special_tokens_map.json": special_map,
                "added_tokens.json": added,
            }
            for file, value in files.items():
                if value is not None:
                    (Path(folder) / file).write_text(json.dumps(value))
            tokenizer = AutoTokenizer.from_pretrained(folder)
        cases = [dict(text=text, ids=tokenizer(text).input_ids) for text in TEXTS]
        result.append(dict(name=name, config=config, map=special_map, added=added, members=members, cases=cases))
    text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
    (HERE / "declarations.json").write_text(text + "\n", encoding="utf-8")


main()
