"""From the public base weights and the data folder to the files in `models/`, in one command:

    SEMCACHE_BENCH_DATA=<data folder> python -m training --work <folder> [--minutes 180]

Stages: base weights, training (two sittings: a level learning rate, then one that falls to nothing), export and
quantisation, report, the embedder, calibration. What is done is not done again: a stage that was interrupted goes on
where it was when the same command is given again. The embedder is made and compared with the one that is there; it takes its place only with
`--embedder`, since every vector changes with it. `npm run build` must have been run: the features are the built product's own.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys

from training import base
from training.verifier.sitting import minutes_of

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
        # A sitting that was broken off goes on; what it has had counts towards its minutes.
        if minutes_of(done, name) < budget - 0.01:
            resume = ["--resume"] if os.path.exists(os.path.join(work, "state.pt")) else []
            run("training.verifier.train", *common, "--seed", str(own_seed), *extra, *resume, "--name", name, "--minutes", str(budget))


def manifest():
    with open(os.path.join(MODELS, "manifest.json")) as file:
        return json.load(file)


def described(path):
    with open(path, "rb") as file:
        content = file.read()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def install(role, made, **entry):
    """Puts a model into `models/` and its size and digest into the manifest."""
    changed = manifest()
    changed[role].update(entry, **described(made))
    shutil.copyfile(made, os.path.join(MODELS, changed[role]["file"]))
    with open(os.path.join(MODELS, "manifest.json"), "w") as file:
        json.dump(changed, file, indent=2)
        file.write("\n")


def embed(work, replace):
    """Makes the embedder from its public weights; another file than the manifest's takes its place only where that is asked for."""
    out = os.path.join(work, "embedder")
    run("training.embedder", "--work", work, "--out", out, "--shipped", MODELS)
    made = os.path.join(out, "model.int8.onnx")
    if described(made)["sha256"] == manifest()["embedder"]["sha256"]:
        print("The embedder is the file that models/ has")
    elif replace:
        install("embedder", made)
        print("The embedder is another file: installed, every vector changes")
    else:
        print(f"The embedder is another file than models/ has, which stays; --embedder installs {made}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True, help="weights, checkpoints and scores; may be deleted afterwards")
    parser.add_argument("--minutes", type=float, default=180, help="time to train, in all sittings together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--embedder", action="store_true", help="install the embedder that was made, should it be another file")
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
        install("verifier", files[1], name=NAME, maxTokens=MAX_PAIR_TOKENS, tokenTypes="matches")
        embed(work, options.embedder)
    run("training.calibrate.fit", "--cache", os.path.join(work, "scores.sqlite"))
    print(f"Done: {MODELS}; what the verifier alone can do is in {work}/report.json, the trade-off in models/calibration.json")


if __name__ == "__main__":
    main()
