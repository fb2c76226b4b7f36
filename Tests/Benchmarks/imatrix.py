#!/usr/bin/env python3
"""An importance matrix as llama.cpp's llama-imatrix collects it, of a Doge checkpoint, for ggml_types.py.

    imatrix.py CHECKPOINT TOKENS.json -o IMATRIX.safetensors [--sequences N]

For each linear layer the mean square of each of its input's columns over the tokens (an array of arrays of ids, each run from an empty
cache), under the name of its weight; a tied head's stands under the embedding's. The experts of a mixture (down_embed, up_embed) are
looked up, not multiplied, so they have none. Needs numpy, torch and transformers (5.23), which computes in float32.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import DogeForCausalLM

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))
from doge_numpy import Stored, write_safetensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("tokens")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--sequences", type=int, help="only so many of them")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    model = DogeForCausalLM.from_pretrained(options.checkpoint, dtype=torch.float32, attn_implementation="eager").eval()
    sums, counts = {}, {}

    def observe(name):
        def hook(module, inputs):
            columns = inputs[0].reshape(-1, inputs[0].shape[-1]).double()
            sums[name] = sums.get(name, 0) + (columns * columns).sum(0)
            counts[name] = counts.get(name, 0) + len(columns)
        return hook

    tied = model.lm_head.weight is model.model.embed_tokens.weight
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            name = "model.embed_tokens" if name == "lm_head" and tied else name
            module.register_forward_pre_hook(observe(name + ".weight"))

    with torch.no_grad():
        for ids in json.loads(Path(options.tokens).read_text())[:options.sequences]:
            model(torch.tensor([ids]), use_cache=False)
    write_safetensors(options.output, {
        name: Stored("F32", (sums[name] / counts[name]).numpy().astype(np.float32)) for name in sorted(sums)})


if __name__ == "__main__":
    main()
