#!/usr/bin/env python3
"""Makes greedy.json: what transformers' `generate` makes of prompts with fixtures/doge-nano.

Made with torch 2.13.0 (CPU) and transformers 5.23.0, attention "eager", float32. Run it in this
folder:

    python make_greedy.py

Prompts are beginnings of the rows of demo.tokens.json. No end token stops generation but where
`end_token` says so. Every step's margin between the two largest scores is above 1e-3.
"""
import json
import pathlib

import torch
from transformers import DogeForCausalLM

CHECKPOINT = pathlib.Path("../../../fixtures/doge-nano")


def generate(model, prompt, **options):
    model.generation_config.eos_token_id = options.get("eos_token_id")
    ids = torch.tensor([prompt])
    result = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=40,
        return_dict_in_generate=True, output_scores=True, **options)
    for scores in result.scores:
        top = torch.topk(scores[0], 2).values
        assert top[0] - top[1] > 1e-3, "choose another prompt"
    return result.sequences[0, len(prompt):].tolist()


def main():
    model = DogeForCausalLM.from_pretrained(
        CHECKPOINT, attn_implementation="eager", dtype=torch.float32).eval()
    rows = json.load(open(CHECKPOINT / "demo.tokens.json"))
    cases = []
    for row, length, penalty, end in [
        (0, 30, 1.0, None), (1, 1, 1.0, None), (2, 12, 1.0, 1), (3, 25, 1.3, None),
        (4, 60, 1.1, 1), (5, 7, 1.0, None),
    ]:
        prompt = rows[row][:length]
        options = {"eos_token_id": end, "repetition_penalty": penalty}
        cases.append({
            "prompt": prompt, "repetition_penalty": penalty, "end_token": end,
            "ids": generate(model, prompt, **options)})
    with open("greedy.json", "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
