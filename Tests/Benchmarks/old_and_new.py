#!/usr/bin/env python3
"""The speed of two builds of kibble, measured in turn.

    old_and_new.py --old PROGRAM --new PROGRAM --model MODEL... [--rounds 7] [--prefill 512] [--decode 64] [--repeat 3] [--mode MODE]

Each round runs `kibble bench --json` of both builds on the model, one right behind the other; the order changes every round. Of each
run counts the median that it gives. Prints, for prefill and decode, both builds' medians over the rounds in tok/s, new over old of
these medians, the median of the rounds' own ratios with the least and the greatest, and new over old of the fastest single runs, which
other programs disturb least. The same program as --old and --new shows the machine's noise. Standard library only.
"""
import argparse
import json
import subprocess
from statistics import median

RATES = {"prefill": "prefill_tokens_per_second", "decode": "decode_tokens_per_second"}


def bench(program, model, options):
    command = [program, "bench", model, "--json", "--quiet", "--prefill", options.prefill, "--decode", options.decode,
               "--repeat", options.repeat]
    for name in ("mode", "threads"):
        if getattr(options, name):
            command += [f"--{name}", getattr(options, name)]
    report = json.loads(subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE).stdout)
    return {rate: report[key] for rate, key in RATES.items()}


def rounds(model, options):
    """What each build's runs gave, round by round: {"old": [...], "new": [...]}."""
    measured = {"old": [], "new": []}
    for number in range(options.rounds):
        for build in ("old", "new") if number % 2 == 0 else ("new", "old"):
            measured[build].append(bench(getattr(options, build), model, options))
    return measured


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", required=True, metavar="PROGRAM")
    parser.add_argument("--new", required=True, metavar="PROGRAM")
    parser.add_argument("--model", required=True, nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--prefill", type=int, default=512)
    parser.add_argument("--decode", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each measurement within a round")
    parser.add_argument("--mode", choices=["exact", "fast"])
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    width = max(map(len, options.model))
    print(f"{'model':{width}}  {'measure':7}  {'old':>10}  {'new':>10}  {'new/old':>7}  paired: median (min to max)  fastest")
    for model in options.model:
        measured = rounds(model, options)
        for rate in RATES:
            old, new = ([run[rate]["median"] for run in measured[build]] for build in ("old", "new"))
            fastest = {build: max(run[rate]["max"] for run in measured[build]) for build in measured}
            ratios = [n / o for o, n in zip(old, new)]
            print(f"{model:{width}}  {rate:7}  {median(old):10.1f}  {median(new):10.1f}  {median(new) / median(old):7.3f}  "
                  f"{median(ratios):8.3f} ({min(ratios):.3f} to {max(ratios):.3f})  {fastest['new'] / fastest['old']:7.3f}", flush=True)


if __name__ == "__main__":
    main()
