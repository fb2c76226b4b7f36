"""Makes the gradients that GradientsTests compare with: PyTorch's own, through transformers' DogeForCausalLM.

    python make_gradients.py            # all cases, in place
    python make_gradients.py e6-moe     # some

torch 2.13.0 (CPU), transformers 5.23.0, safetensors 0.8.0; eager attention, float32.

A file holds input_ids I64 [T] (those of the checkpoint's golden), targets F32 [T, V], kl F64 [1] and, under
each matrix's name, the gradient of SCALE * sum_t KL(target_t || model_t). Targets are the golden's logits
with noise: what a model that differs a little gives.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import DogeForCausalLM

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parents[2] / "fixtures"
CASES = {
    "e6-mha-untied-f32": "reference",
    "e6-bias-f16": "reference",
    "e6-sliding-keepwindow": "reference",
    "e6-rope-yarn": "reference",
    "e6-moe": "reference",
    "e6-moe-oddN": "reference",
    "act-gelu-moe": "cases",
    "act-gelu-tanh": "cases",
}
SCALE = 0.125


def gradients(folder, seed):
    golden = load_file(folder / "golden.safetensors")
    tokens, logits = golden["input_ids"], golden["logits"]
    noise = torch.randn(logits.shape, generator=torch.Generator().manual_seed(seed))
    targets = logits + 0.3 * noise
    model = DogeForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    model.model.embed_tokens.padding_idx = None  # the padding token has a gradient like any other
    for module in model.modules():
        if hasattr(module, "norm_topk_prob"):
            # Dividing by a sum that is 1 changes nothing, but is done in place: autograd refuses it.
            module.norm_topk_prob = False
    out = model(tokens[None], use_cache=False).logits[0]
    log_p = torch.log_softmax(targets, -1)
    kl = (log_p.exp() * (log_p - torch.log_softmax(out, -1))).sum()
    (SCALE * kl).backward()
    result = {"input_ids": tokens, "targets": targets, "kl": kl.detach().double().reshape(1)}
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2 and "dt_proj" not in name:
            result[name] = parameter.grad.contiguous()
    return result


def main():
    for number, (name, group) in enumerate(CASES.items()):
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        result = gradients(FIXTURES / group / name, 7000 + number)
        save_file(result, HERE / f"{name}.safetensors")
        print(name, float(result["kl"][0]), len(result) - 3)


main()
