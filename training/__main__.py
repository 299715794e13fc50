"""From the public base weights and the data folder to the files in `models/`, in one command:

    SEMCACHE_BENCH_DATA=<data folder> python -m training --work <folder> [--minutes 180]

Stages: base weights, training (two sittings: a level learning rate, then one that falls to nothing), export and
quantisation, calibration, report. What is done is not done again: a stage that was interrupted goes on where it was when
the same command is given again. `npm run build` must have been run: the features are the built product's own.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys

from training import base

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODELS = os.path.join(ROOT, "models")
# The share of the time in which the learning rate is level; the rest anneals it.
LEVEL = 0.55
# Broad first; then mostly what was written and read for it, with other samples of the rest.
LEVEL_MIX = ["--made", "20000", "--made-written", "10000", "--composed", "8000", "--mined-passes", "1"]
FINAL_MIX = ["--collected-share", "0.4", "--made", "5000", "--made-written", "8000", "--composed", "10000", "--mined-passes", "2"]
LAYERS = 8
NAME = f"bge-small-en-v1.5-{LAYERS}l-pair-int8"
MAX_PAIR_TOKENS = 128


def run(module, *arguments):
    print(f"== {module} {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=True)


def sittings(work):
    path = os.path.join(work, "progress.json")
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return json.load(file)


def train(work, data, minutes, seed):
    tokenizer = os.path.join(MODELS, "tokenizer.json")
    common = ["--base", base.fetch_bge(work), "--tokenizer", tokenizer, "--data", data, "--work", work, "--layers", str(LAYERS)]
    plan = [("level", minutes * LEVEL, seed, LEVEL_MIX), ("final", minutes * (1 - LEVEL), seed + 1, ["--final", *FINAL_MIX])]
    done = sittings(work)
    for name, budget, own_seed, extra in plan:
        spent = sum(each["minutes"] for each in done if each["name"] == name)
        # A stage that was broken off goes on with what is left of its time.
        if spent < budget - 1:
            resume = ["--resume"] if os.path.exists(os.path.join(work, "state.pt")) else []
            run("training.verifier.train", *common, "--seed", str(own_seed), *extra, *resume, "--name", name, "--minutes", str(budget - spent))


def install(exported):
    """Puts the exported verifier into `models/` and its digest into the manifest."""
    target = os.path.join(MODELS, "verifier", "model.int8.onnx")
    shutil.copyfile(exported, target)
    path = os.path.join(MODELS, "manifest.json")
    with open(path) as file:
        manifest = json.load(file)
    with open(target, "rb") as file:
        content = file.read()
    entry = {"name": NAME, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "maxTokens": MAX_PAIR_TOKENS, "tokenTypes": "matches"}
    manifest["verifier"].update(entry)
    with open(path, "w") as file:
        json.dump(manifest, file, indent=2)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True, help="weights, checkpoints and scores; may be deleted afterwards")
    parser.add_argument("--minutes", type=float, default=180, help="time to train, in all sittings together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="first", choices=["train", "export", "calibrate"], default="train")
    options = parser.parse_args()
    data = os.environ.get("SEMCACHE_BENCH_DATA")
    if not data:
        raise SystemExit("Set SEMCACHE_BENCH_DATA to the data folder")
    work = os.path.abspath(options.work)
    os.makedirs(work, exist_ok=True)
    exported = os.path.join(work, "exported")
    if options.first == "train":
        train(work, data, options.minutes, options.seed)
    if options.first in ("train", "export"):
        run("training.verifier.export", "--work", work, "--out", exported)
        tokenizer = os.path.join(MODELS, "tokenizer.json")
        files = [os.path.join(exported, name) for name in ("model.fp32.onnx", "model.int8.onnx")]
        run("training.verifier.evaluate", "--models", *files, "--tokenizer", tokenizer, "--data", data, "--rows", "100", "--out", os.path.join(work, "report.json"))
        install(files[1])
    run("training.calibrate.fit", "--cache", os.path.join(work, "scores.sqlite"))
    print(f"Done: {MODELS}; what the verifier alone can do is in {work}/report.json, the trade-off in models/calibration.json")


if __name__ == "__main__":
    main()
