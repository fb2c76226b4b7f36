#!/usr/bin/env python3
"""Makes adjustments.json: rows of logits after bias, penalties and bars.

Made with torch 2.15.0 (CPU) and transformers 5.24.0. Run it in this folder:

    python make_adjustments.py

Bias, repetition penalty and the fewest tokens are what transformers' processors make of them, in
the order of `generate`. Frequency and presence penalties, which it lacks, stand behind the
repetition penalty and are what vLLM documents (`vllm/model_executor/layers/utils.py`,
`apply_penalties`): with c the count of a token among those made so far,

    logits -= frequency_penalty * c
    logits -= presence_penalty * (c > 0)

`null` stands for minus infinity.
"""
import json

import torch
from transformers import (
    MinNewTokensLengthLogitsProcessor, RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor)

OPTIONS = [
    {"bias": {"3": 2.5}},
    {"bias": {"0": -100.0, "11": 0.1}},
    {"frequency": 0.7},
    {"presence": 1.3},
    {"frequency": 0.3, "presence": 0.6},
    {"frequency": -0.9, "presence": -0.2},
    {"repetition": 1.3, "frequency": 0.3, "presence": 0.6},
    {"repetition": 0.8, "bias": {"5": -7.0, "6": 3.0}},
    {"least": 9},
    {"least": 2},
    {"least": 9, "bias": {"1": 50.0}, "repetition": 1.1, "frequency": 1.1, "presence": 0.1},
]
ENDS = [1, 7]
ROWS = [([0, 5, 5, 2], []), ([0, 5], [6, 5, 6, 6, 9]), ([4], [1, 1, 1])]


def adjusted(logits, prompt, made, options):
    ids = torch.tensor([prompt + made])
    scores = logits[None].clone()
    if options.get("bias"):
        bias = {(int(id),): value for id, value in options["bias"].items()}
        scores = SequenceBiasLogitsProcessor(bias)(ids, scores)
    if "repetition" in options:
        scores = RepetitionPenaltyLogitsProcessor(options["repetition"])(ids, scores)
    counts = torch.bincount(torch.tensor(made, dtype=torch.long), minlength=len(logits))[None]
    scores = scores - torch.tensor([[options.get("frequency", 0.0)]]) * counts
    scores = scores - torch.tensor([[options.get("presence", 0.0)]]) * (counts > 0)
    if "least" in options:
        scores = MinNewTokensLengthLogitsProcessor(
            len(prompt), options["least"], torch.tensor(ENDS))(ids, scores)
    return scores[0]


def number(value):
    return None if value == -torch.inf else float(f"{value:.9g}")


def main():
    generator = torch.Generator().manual_seed(3)
    cases = []
    for prompt, made in ROWS:
        logits = torch.randn(14, generator=generator) * 3
        for options in OPTIONS:
            cases.append({
                "logits": [number(x) for x in logits.tolist()], "prompt": prompt, "made": made,
                "ends": ENDS, "options": options,
                "scores": [number(x) for x in adjusted(logits, prompt, made, options).tolist()]})
    with open("adjustments.json", "w") as file:
        text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        file.write("[\n" + text + "\n]\n")


main()
