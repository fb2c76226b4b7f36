#!/usr/bin/env python3
"""Makes distributions.json: what transformers' logits processors leave of rows of logits.

Made with torch 2.13.0 (CPU) and transformers 5.23.0. Run it in this folder:

    python make_distributions.py

Each row of logits goes through the processors that `generate` would use for each set of options,
in its order; `probabilities` is softmax over the result, as [token, probability] where it is not
zero. `null` stands for minus infinity. `tied` marks cases in which torch's sorting, which is not
stable from 17 elements on, decided which of several equal scores stay: their probabilities agree
but for the tokens' ids.
"""
import json
import types

import torch
from transformers import GenerationConfig, GenerationMixin

OPTIONS = [
    {},
    {"temperature": 0.8, "top_p": 0.9, "top_k": 50, "repetition_penalty": 1.1},
    {"temperature": 0.8, "top_p": 0.9, "top_k": 3, "repetition_penalty": 1.1},
    {"temperature": 2.5},
    {"temperature": 0.05},
    {"top_k": 1},
    {"top_k": 3},
    {"top_k": 0, "top_p": 0.9},
    {"top_k": 0, "top_p": 0.5},
    {"top_k": 0, "top_p": 1e-6},
    {"top_k": 0, "top_p": 0.0},
    {"top_k": 0, "top_p": 0.999999},
    {"top_k": 0, "min_p": 0.1},
    {"top_k": 0, "min_p": 1.0},
    {"top_k": 4, "top_p": 0.7, "min_p": 0.3, "temperature": 1.3, "repetition_penalty": 0.7},
    {"repetition_penalty": 1.7, "top_k": 0},
]


def rows():
    generator = torch.Generator().manual_seed(7)

    def normal(count, scale):
        return torch.randn(count, generator=generator) * scale

    def whole(count, values):
        return torch.randint(0, values, (count,), generator=generator).float()

    spread = normal(12, 3)
    masked = normal(12, 2)
    masked[[0, 3, 4, 11]] = -torch.inf
    peaked = normal(10, 1)
    peaked[6] += 20
    return [
        ("spread", spread, [0, 5, 5, 2]),
        ("negative", -4 - spread.abs(), [1, 3, 11]),
        ("ties", whole(14, 4), [2, 3]),
        ("all equal", torch.full((10,), 1.5), []),
        ("power of two", torch.zeros(8), [7]),
        ("masked", masked, [0, 1, 2]),
        ("peaked", peaked, [6]),
        ("signed zeros", torch.tensor([0.0, -0.0, 0.0, -0.0, -1.0, 1.0]), [1, 5]),
        ("single", torch.tensor([-3.0]), [0]),
        ("wide", normal(60, 4), list(range(0, 60, 7))),
        ("wide ties", whole(40, 6), [0, 39]),
    ]


class Holder(GenerationMixin):
    """What `_get_logits_processor` asks of a model."""

    config = types.SimpleNamespace(is_encoder_decoder=False)


def processed(logits, seen, options, samples):
    settings = GenerationConfig(do_sample=samples, **options)
    settings.update(**GenerationConfig._get_default_generation_params(), defaults_only=True)
    settings._eos_token_tensor = None
    ids = torch.tensor([seen], dtype=torch.long)
    processors = Holder()._get_logits_processor(settings, input_ids_seq_length=len(seen))
    return processors(ids, logits[None].clone())[0]


def is_tied(logits, seen, options, scores):
    """Whether of tokens with the same score some stay and some don't."""
    kept = {}
    uncut = {**options, "top_k": 0, "top_p": 1.0, "min_p": None}
    for before, after in zip(processed(logits, seen, uncut, True).tolist(), scores.tolist()):
        kept.setdefault(before, set()).add(after == -torch.inf)
    return any(len(values) > 1 for values in kept.values())


def number(value):
    return None if value == -torch.inf else float(f"{value:.9g}")


def main():
    result = []
    for name, logits, seen in rows():
        cases = []
        for options in OPTIONS:
            if "repetition_penalty" in options and not seen:
                continue
            scores = processed(logits, seen, options, samples=True)
            probabilities = torch.softmax(scores, -1)
            cases.append({
                "options": options,
                "probabilities": [
                    [i, number(p)] for i, p in enumerate(probabilities.tolist()) if p > 0],
                "tied": len(logits) > 16 and is_tied(logits, seen, options, scores),
                "greedy": int(torch.argmax(processed(logits, seen, options, samples=False))),
            })
        result.append({
            "name": name, "logits": [number(x) for x in logits.tolist()], "seen": seen,
            "cases": cases})
    with open("distributions.json", "w") as file:
        text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in result)
        file.write("[\n" + text + "\n]\n")


main()
