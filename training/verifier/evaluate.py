"""How well a verifier alone separates the benchmark's pairs, set by set.

    python -m training.verifier.evaluate --models <onnx files> --tokenizer <file> --data <folder> [--rows 100]

AUC per set, and recall (mean over sets) at the logit where false hits (mean over sets) are 0.5%, 1%, 2% and 5%: chosen on
the same pairs, so it only serves to compare models. Pairs run one at a time, unpadded, as in the product.
"""

import argparse
import gzip
import json
import os
import random
import time

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from training.verifier.marking import mark
from training.verifier.train import MAX_TOKENS

SMALLEST_SET = 20


def read_rows(path, rows):
    taken = {}
    with gzip.open(path, "rt") as lines:
        every = [json.loads(line) for line in lines]
    random.Random(3).shuffle(every)
    for row in every:
        if not row.get("a_context") and not row.get("b_context"):
            taken.setdefault((row["set"], int(row["label"])), []).append(row)
    return [row for key in sorted(taken) for row in taken[key][:rows]]


def auc(label, score):
    order = np.argsort(score, kind="stable")
    rank = np.empty(len(score))
    rank[order] = np.arange(1, len(score) + 1)
    right = label == 1
    return (rank[right].sum() - right.sum() * (right.sum() + 1) / 2) / (right.sum() * (~right).sum())


def score(path, tokenizer, rows):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)
    logits, start = [], time.process_time()
    for row in rows:
        pair = tokenizer.encode(row["a"], row["b"])
        ids, types = np.array([pair.ids], np.int64), np.array([mark(pair.ids, pair.type_ids)], np.int64)
        logits.append(float(session.run(None, {"input_ids": ids, "token_type_ids": types, "attention_mask": np.ones_like(ids)})[0].reshape(-1)[0]))
    return np.array(logits), 1000 * (time.process_time() - start) / len(rows)


def report(label, sets, logit):
    names = sorted(set(sets))
    table = {}
    for name in names:
        here = sets == name
        if 0 < label[here].sum() < here.sum():
            table[name] = round(float(auc(label[here], logit[here])), 3)
    recalls = {}
    for target in (0.005, 0.01, 0.02, 0.05):
        for bar in np.quantile(logit, np.linspace(0, 1, 2000)):
            false = np.mean([(logit[(sets == n) & (label == 0)] >= bar).mean() for n in names if ((sets == n) & (label == 0)).sum() >= SMALLEST_SET])
            if false <= target:
                break
        recalls[target] = round(float(np.mean([(logit[(sets == n) & (label == 1)] >= bar).mean() for n in names if ((sets == n) & (label == 1)).sum() >= SMALLEST_SET])), 3)
    return {"auc": table, "mean auc": round(float(np.mean(list(table.values()))), 4), "recall at false hits": recalls}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--out", help="the same as JSON lines")
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(options.tokenizer)
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    rows = read_rows(os.path.join(options.data, "bench.jsonl.gz"), options.rows)
    label, sets = np.array([int(row["label"]) for row in rows]), np.array([row["set"] for row in rows])
    lines = []
    for path in options.models:
        logit, milliseconds = score(path, tokenizer, rows)
        name = os.path.basename(path)
        lines.append(json.dumps({"model": name, "pairs": len(rows), "ms per pair": round(milliseconds, 1), **report(label, sets, logit)}))
        print(lines[-1], flush=True)
    if options.out:
        with open(options.out, "w") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
