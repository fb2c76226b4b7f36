#!/usr/bin/env python3
"""Computes what `verify --json --layers` says once more, with numpy from dumps of `logits`.

    verify_statistics.py KIBBLE REFERENCE CANDIDATE TOKENS.json

Every figure has to agree to 1e-6 relative; prints the largest difference of each kind.
"""
import json
import subprocess
import sys
import tempfile

import numpy as np


def load(path):
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        data = file.read()
    kinds = {"F32": np.float32, "I64": np.int64}
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], kinds[entry["dtype"]])
        .reshape(entry["shape"]) for name, entry in header.items() if name != "__metadata__"
    }


def log_softmax(x):
    x = x.astype(np.longdouble)
    m = x.max(axis=1, keepdims=True)
    return x - m - np.log(np.exp(x - m).sum(axis=1, keepdims=True))


def se(x):
    return np.sqrt(x.var(ddof=1) / len(x)) if len(x) > 1 else 0.0


def percentile(x, share):
    x = np.sort(x)
    place, reach = share * (len(x) - 1), np.sqrt(len(x) * share * (1 - share))
    at = lambda p: np.interp(min(max(p, 0), len(x) - 1), np.arange(len(x)), x.astype(float))
    return at(place), (at(place + reach) - at(place - reach)) / 2


def top(x, k):
    return np.argsort(-x, axis=1, kind="stable")[:, :k]


def statistics(r, c, lengths):
    """All figures by their JSON paths, from logits [T, V] of both and the sequences' lengths."""
    p, q = log_softmax(r), log_softmax(c)
    rows, vocabulary = r.shape
    r, c = r.astype(np.float64), c.astype(np.float64)
    out = {}
    kld = (np.exp(p) * (p - q)).sum(axis=1)
    reverse = (np.exp(q) * (q - p)).sum(axis=1)
    out["kld.mean"], out["kld.se"], out["kld.max"] = kld.mean(), se(kld), kld.max()
    for name, share in [("median", .5), ("p90", .9), ("p95", .95), ("p99", .99), ("p999", .999)]:
        out["kld." + name], out[f"kld.{name}_se"] = percentile(kld, share)
    out["reverse_kld.mean"], out["reverse_kld.se"] = reverse.mean(), se(reverse)
    d = r - c
    squares = (d * d).sum(axis=1)
    out["max_abs_diff"] = np.abs(d).max()
    out["rmse"] = np.sqrt(squares.mean() / vocabulary)
    out["rmse_se"] = se(squares / vocabulary) / (2 * out["rmse"])
    spread = ((r - r.mean()) ** 2).sum(axis=1)
    out["nmse"] = squares.sum() / spread.sum()
    rest = squares - out["nmse"] * spread
    out["nmse_se"] = np.sqrt((rest**2).sum() * rows / (rows - 1)) / spread.sum()
    for k, name in [(1, "top1_agreement"), (5, "top5_overlap"), (10, "top10_overlap")]:
        a, b = top(r, k), top(c, k)
        shared = np.array([len(set(x) & set(y)) / k for x, y in zip(a, b)])
        out[name], out[name + "_se"] = shared.mean(), se(shared)
    return out, p, q, kld


def next_tokens(ids, lengths):
    places, start = [], 0
    for length in lengths:
        places += range(start, start + length - 1)
        start += length
    return np.array(places), ids[np.array(places) + 1]


def predictions(out, p, q, ids, lengths):
    places, following = next_tokens(ids, lengths)
    a, b = -p[places, following], -q[places, following]
    n = len(a)
    out["ppl.reference"], out["ppl.candidate"] = np.exp(a.mean()), np.exp(b.mean())
    out["ppl.reference_se"] = np.exp(a.mean()) * se(a)
    out["ppl.candidate_se"] = np.exp(b.mean()) * se(b)
    out["ppl.log_ratio"], out["ppl.log_ratio_se"] = (b - a).mean(), se(b - a)
    out["ppl.ratio"] = np.exp((b - a).mean())
    out["ppl.ratio_se"] = out["ppl.ratio"] * se(b - a)
    covariance = np.cov(np.stack([a, b]).astype(float))
    x, y = out["ppl.candidate"], out["ppl.reference"]
    out["ppl.difference"] = x - y
    out["ppl.difference_se"] = np.sqrt(
        (x * x * covariance[1, 1] + y * y * covariance[0, 0] - 2 * x * y * covariance[0, 1]) / n)
    out["ppl.correlation"] = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    change = np.exp(-b) - np.exp(-a)
    out["delta_p.mean"], out["delta_p.se"] = change.mean(), se(change)
    out["delta_p.rms"] = np.sqrt((change**2).mean())
    out["delta_p.rms_se"] = se(change**2) / (2 * out["delta_p.rms"])
    out["delta_p.min"], out["delta_p.max"] = change.min(), change.max()
    for name, share in [("p001", .001), ("p01", .01), ("p05", .05), ("p10", .1), ("p25", .25),
                        ("median", .5), ("p75", .75), ("p90", .9), ("p95", .95), ("p99", .99),
                        ("p999", .999)]:
        out["delta_p." + name], out[f"delta_p.{name}_se"] = percentile(change, share)


def bands(out, p, kld, r, c, lengths):
    same = top(r, 1)[:, 0] == top(c, 1)[:, 0]
    confidence = np.exp(p.max(axis=1)).astype(float)
    position = np.concatenate([np.arange(n) for n in lengths])

    def add(name, chosen, index):
        part = kld[chosen]
        out[f"{name}.{index}.tokens"] = chosen.sum()
        out[f"{name}.{index}.kld"], out[f"{name}.{index}.se"] = part.mean(), se(part)
        out[f"{name}.{index}.top1_agreement"] = same[chosen].mean()

    edges, index = [0, .1, .25, .5, .75, .9, .99, 1.1], 0
    for low, high in zip(edges, edges[1:]):
        chosen = (confidence >= low) & (confidence < high)
        if chosen.any():
            add("by_confidence", chosen, index)
            index += 1
    low, high, index = 0, 1, 0
    while low < max(lengths):
        add("by_position", (position >= low) & (position < high), index)
        low, high, index = high, 2 * high, index + 1


def layers(out, reference, candidate):
    def states(dump):
        yield "embedding", dump["hidden"][0]
        for layer in range(len(dump["hidden_attention"])):
            yield f"layers.{layer}.attention", dump["hidden_attention"][layer]
            yield f"layers.{layer}.feed_forward", dump["hidden"][layer + 1]

    for index, ((name, a), (_, b)) in enumerate(zip(states(reference), states(candidate))):
        a, b = a.astype(np.longdouble), b.astype(np.longdouble)
        d = b - a
        error, norm = np.sqrt((d * d).sum()), np.sqrt((a * a).sum())
        out[f"layers.{index}.relative_error"] = error / norm
        out[f"layers.{index}.cosine"] = (a * b).sum() / (norm * np.sqrt((b * b).sum()))
        out[f"layers.{index}.sqnr_db"] = 20 * np.log10(norm / error)
        out[f"layers.{index}.max_abs_diff"] = np.abs(d).max()


def main():
    kibble, reference, candidate, tokens = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        def run(*arguments):
            return subprocess.run([kibble, *arguments, "--json", "--quiet"], check=True,
                                  capture_output=True, text=True).stdout

        def dump(model, name, *options):
            path = f"{folder}/{name}.safetensors"
            run("logits", model, "--tokens", tokens, "-o", path, "--hidden", *options)
            return load(path)

        found = json.loads(run("verify", reference, candidate, "--tokens", tokens, "--layers"))
        base = dump(reference, "reference")
        columns = [(found, "exact")] + ([(found["fast"], "fast")] if "fast" in found else [])
        worst = 0.0
        for column, mode in columns:
            other = dump(candidate, mode, "--mode", mode)
            ids = base["input_ids"]
            lengths = base.get("sequence_lengths", np.array([len(ids)]))
            expected, p, q, kld = statistics(base["logits"], other["logits"], lengths)
            predictions(expected, p, q, ids, lengths)
            bands(expected, p, kld, base["logits"], other["logits"], lengths)
            layers(expected, base, other)
            for path, value in expected.items():
                at = column
                for part in path.split("."):
                    at = at[int(part)] if isinstance(at, list) else at[part]
                difference = abs(at - float(value)) / max(abs(float(value)), 1e-300)
                worst = max(worst, difference)
                if not difference <= 1e-6:
                    print(f"{mode} {path}: {at}, expected {value}: {difference:.1e}")
            print(f"{mode}: {len(expected)} figures over {len(ids)} tokens")
        print(f"largest relative difference {worst:.2e}")
        sys.exit(worst > 1e-6)


main()
