"""Fits models/calibration.json: features of a pair -> probability, and a bar for each allowed rate of wrong hits.

    SEMCACHE_BENCH_DATA=<data folder> python -m training.calibrate.fit [--models models] [--dist dist] [--out models/calibration.json]

See training/README.md for the method.
"""

import argparse
import collections
import gzip
import hashlib
import json
import os
import subprocess
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
from scipy.optimize import minimize

from training.calibrate.bounds import lower_mean, upper_mean
from training.calibrate.models import Models, digest
from training.calibrate.streams import STREAMS, pair_key, replay, stream_pairs, stream_texts
from training.verifier.data import letters, read_rows

# Streams that the coefficients are fitted on; the others, like the other two thirds of the pairs, are kept for choosing the bars.
FITTED_STREAMS = {"text2sql_geography", "hint3_curekart"}
# Of the candidates that could be served in live traffic, this share rightly so. The sets are near-misses by design;
# with as many near-misses as paraphrases the rate of wrong hits at a bar is about three times as high (`upperAtHalf`).
RIGHT_SHARE = 0.75
# How often the bound of the false hits from above and that of the recall from below may fail; the rate holds with 90%.
# Recall rests on far more hits, so that little of it is enough there.
FALSE_FAILS, RECALL_FAILS = 0.08, 0.02
RATES = [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2]
# Smaller sets count as one set together: a bound has to allow for all errors being in the smallest.
SMALLEST_SET = 150
# A bar that fewer pairs reach cannot be tested: the sequence of tests begins at the strictest that this many reach.
LEAST_HITS = 500
# Candidates are not verified under the cosine that so small a share of the likely right pairs lies under.
LIKELY, LOWEST = 0.5, 0.005


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", default="models")
    parser.add_argument("--dist", default="dist")
    parser.add_argument("--out", default="models/calibration.json")
    parser.add_argument("--cache", default="/tmp/semcache-scores/scores.sqlite")
    parser.add_argument("--rows", type=int, default=0, help="at most so many rows per set and label")
    parser.add_argument("--curve", action="store_true", help="print the whole trade-off")
    parser.add_argument("--wrong", type=float, default=0, help="list the pairs of the streams that this bar would serve wrongly")
    return parser.parse_args()


def read_pairs(path, rows):
    seen = collections.Counter()
    with gzip.open(path, "rt") as lines:
        for line in lines:
            pair = json.loads(line)
            # A pair with a conversation before it is decided by the frame, not by the matcher.
            if pair.get("a_context") or pair.get("b_context"):
                continue
            seen[pair["set"], pair["label"]] += 1
            if rows == 0 or seen[pair["set"], pair["label"]] <= rows:
                yield pair


def count_identical(folder, pairs, same_by_reading, dist):
    """Pairs whose prompts the product takes for equal though not the very same text, in `train` and in what is measured on: how many
    of them have other answers is a property of that rule, and nothing is fitted to it."""
    rows = [row for row in read_rows(os.path.join(folder, "train.jsonl.gz")) if row["a"] != row["b"] and letters(row["a"]) == letters(row["b"])]
    found = [{"a": row["a"], "b": row["b"], "label": int(row["label"]), "cos": 1.0, "logit": 0.0} for row in rows]
    add_features(found, dist)
    same = [pair for pair in [*found, *pairs] if pair["same"] and pair["a"] != pair["b"]]
    wrong = sum(pair["label"] == 0 and pair_key(pair["a"], pair["b"]) not in same_by_reading for pair in same)
    return {"pairs": len(same), "wrong": wrong}


def model_id(manifest, role):
    joined = f"{manifest[role]['sha256']} {manifest['tokenizer']['sha256']}"
    return f"{manifest[role]['name']}:{hashlib.sha256(joined.encode()).hexdigest()[:8]}"


def score(pairs, models, max_pair_tokens):
    pairs = [pair for pair in pairs if models.pair_tokens(pair["a"], pair["b"]) <= max_pair_tokens]
    models.score_ahead([(pair["a"], pair["b"]) for pair in pairs])
    scored = []
    for pair in pairs:
        a, b, logit = models.vector(pair["a"]), models.vector(pair["b"]), models.logit(pair["a"], pair["b"])
        if a is not None and b is not None and logit is not None:
            scored.append({**pair, "cos": float(a @ b), "logit": logit})
    models.flush()
    return scored


def add_features(pairs, dist):
    script = os.path.join(os.path.dirname(__file__), "features.mjs")
    lines = "".join(json.dumps({k: p[k] for k in ("a", "b", "cos", "logit")}) + "\n" for p in pairs)
    run = subprocess.run(["node", script, dist], input=lines, capture_output=True, text=True, check=True)
    head, *rows = [json.loads(line) for line in run.stdout.splitlines()]
    for pair, row in zip(pairs, rows, strict=True):
        pair.update(row)
    return head


def is_fitted(pairs, texts_of_streams):
    """Which pairs the coefficients are fitted on: a third of the benchmark's, so that no prompt is on both sides, and whole
    streams. Pairs with a prompt that a stream has too (also through other pairs) go where the stream goes; of both: kept."""
    parent = {}

    def root(text):
        while parent.setdefault(text, text) != text:
            parent[text] = parent[parent[text]]
            text = parent[text]
        return text

    for pair in pairs:
        if "request" not in pair:
            parent[root(pair["a"].lower())] = root(pair["b"].lower())

    touched = {False: set(), True: set()}
    for name, texts in texts_of_streams.items():
        touched[name in FITTED_STREAMS] |= {root(text) for text in texts if text in parent}

    def one(pair):
        if "request" in pair:
            return pair["set"].removeprefix("stream ") in FITTED_STREAMS
        for fitted in (False, True):
            if root(pair["a"].lower()) in touched[fitted]:
                return fitted
        return int(hashlib.sha256(root(pair["a"].lower()).encode()).hexdigest(), 16) % 3 == 0

    return np.array([one(pair) for pair in pairs])


# What one side only says is the verifier's to judge, but never for nothing: a bar costs at least this much log-odds.
LEAST_BAR = 0.5


def bounds_of(name):
    """A surer verifier, a nearer vector or more shared words never lower the probability; findings of the guard and words
    that only one side has never raise it: nobody gains by adding words."""
    if name.startswith(("cosine", "logit", "shared")):
        return (0, None)
    if name.startswith("words-only") or name in ("log-words", "statement"):
        return (None, 0)
    if name.startswith("bar-"):
        return (None, -LEAST_BAR)
    return (None, 0) if name == "notes" else (None, None)


def fit(x, y, sets, names):
    """Logistic regression with signs, on standardised features; large sets weigh less per row. Raw coefficients."""
    counts = collections.Counter(zip(sets, y))
    weight = np.array([10 / np.sqrt(counts[s, label]) for s, label in zip(sets, y)])
    mean, scale = x.mean(0), x.std(0) + 1e-9
    z, sign = (x - mean) / scale, 2 * y - 1

    def loss(theta):
        margin = sign * (z @ theta[:-1] + theta[-1])
        slope = -weight * sign / (1 + np.exp(margin))
        value = (weight * np.logaddexp(0, -margin)).sum() + 0.5 * (theta[:-1] ** 2).sum()
        return value, np.append(z.T @ slope + theta[:-1], slope.sum())

    limits = [tuple(None if b is None else b * s for b in bounds_of(name)) for name, s in zip(names, scale)] + [(None, None)]
    theta = minimize(loss, np.array([high if high is not None else 0.0 for _, high in limits]), jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 2000}).x
    coefficients = theta[:-1] / scale
    return coefficients, float(theta[-1] - coefficients @ mean)


def probability(x, coefficients, intercept):
    return 1 / (1 + np.exp(-(x @ coefficients + intercept)))


class Rates:
    """Recall and false hits as means over sets, with one-sided bounds that hold for unequal rates (`bounds.py`)."""

    def __init__(self, y, sets):
        counts = collections.Counter(zip(sets, y))
        self.weight = np.zeros(len(y))
        self.worth = {}
        for label in (0, 1):
            of = np.array([s if counts[s, label] >= SMALLEST_SET else "smaller sets" for s in sets])
            sizes = collections.Counter(of[y == label])
            for index in np.flatnonzero(y == label):
                self.weight[index] = 1 / sizes[of[index]] / len(sizes)
            self.worth[label] = self.weight[y == label].max()
        self.y = y

    def at(self, hits):
        false = self.weight[(self.y == 0) & hits].sum()
        recall = self.weight[(self.y == 1) & hits].sum()
        false_upper = upper_mean(false, self.worth[0], FALSE_FAILS)
        recall_lower = lower_mean(recall, self.worth[1], RECALL_FAILS)
        return {
            "falseHits": float(false),
            "recall": float(recall),
            "expected": wrong_share(false, recall),
            "upper": wrong_share(false_upper, recall_lower),
            "upperAtHalf": wrong_share(false_upper, recall_lower, 0.5),
        }


def wrong_share(false, recall, right_share=RIGHT_SHARE):
    wrong, right = (1 - right_share) * false, right_share * recall
    return float(wrong / (wrong + right)) if wrong + right > 0 else 1.0


def lowest_certified(grid, testable, holds):
    """Learn then Test (arXiv 2110.01052) by fixed-sequence testing: bars are tested from the strictest that is `testable`
    downwards, each at the full level, and the first that fails ends it. No correction for their number is needed."""
    certified = None
    for t in grid:
        if not testable(t):
            continue
        if not holds(t):
            break
        certified = t
    return certified


def stream_hits(counts):
    return sum(count["hits"] for count in counts.values())


def stream_share(counts, key):
    """Wrong among hits, over all streams."""
    hits = stream_hits(counts)
    return sum(count[key] for count in counts.values()) / hits if hits else 1.0


def list_wrong(pairs, probabilities, least):
    """For reading: what a bar of `least` would serve wrongly, with the key for same-by-reading.json."""
    for pair, p in zip(pairs, probabilities, strict=True):
        if pair["label"] == 0 and p >= least:
            print(pair_key(pair["a"], pair["b"]), pair["set"], round(float(p), 3), "|", pair["a"], "|", pair["b"])


def main():
    options = arguments()
    data = os.path.join(os.environ["SEMCACHE_BENCH_DATA"], "bench.jsonl.gz")
    models = Models(options.models, options.cache)
    manifest = models.manifest
    pairs = score(read_pairs(data, options.rows), models, manifest["verifier"]["maxTokens"])
    with open(os.path.join(os.path.dirname(__file__), "same-by-reading.json")) as file:
        same_by_reading = set(json.load(file)["pairs"])
    streamed = stream_pairs(os.environ["SEMCACHE_BENCH_DATA"], models, manifest["verifier"]["maxTokens"], same_by_reading)
    from_bench = len(pairs)
    pairs += streamed
    head = add_features(pairs, options.dist)

    x = np.array([p["features"] for p in pairs])
    y = np.array([p["label"] for p in pairs])
    sets = np.array([p["set"] for p in pairs])
    open_to = np.array([not p["vetoes"] for p in pairs])
    # Equal prompts but for what is harmless are served without the verifier.
    at_once = np.array([p["same"] for p in pairs])
    fitted = is_fitted(pairs, stream_texts(os.environ["SEMCACHE_BENCH_DATA"]))
    ours = fitted & open_to
    coefficients, intercept = fit(x[ours], y[ours], sets[ours], head["featureNames"])
    identical = count_identical(os.environ["SEMCACHE_BENCH_DATA"], pairs, same_by_reading, options.dist)
    of_identical = (identical["pairs"] - identical["wrong"] + 1) / (identical["pairs"] + 2)
    probabilities = np.where(at_once, of_identical, np.where(open_to, probability(x, coefficients, intercept), 0))

    kept = np.flatnonzero(~fitted[:from_bench])
    kept_streams = [index for index in range(from_bench, len(pairs)) if not fitted[index]]
    rates = Rates(y[kept], sets[kept])
    grid = np.round(np.arange(0.995, 0.3, -0.0025), 4)
    measured = {t: rates.at((probabilities >= t)[kept]) for t in grid}
    replayed = {t: replay([pairs[index] for index in kept_streams], (probabilities >= t)[kept_streams]) for t in grid}
    reached = {t: int((probabilities[kept] >= t).sum()) for t in grid}
    table = []
    for rate in RATES:
        bar = lowest_certified(
            grid,
            # Of fewer hits one wrong one is more than this share. How many hits there are says nothing of their labels.
            lambda t, rate=rate: reached[t] >= LEAST_HITS and stream_hits(replayed[t]) >= 1 / rate,
            lambda t, rate=rate: measured[t]["upper"] <= rate and stream_share(replayed[t], "wrong") <= rate,
        )
        row = {"maxErrorRate": rate, "bar": None if bar is None else float(bar)}
        if bar is not None:
            row |= {name: round(value, 5) for name, value in measured[bar].items()}
            row |= {"streamHits": stream_hits(replayed[bar])}
            row |= {f"stream{key[0].upper()}{key[1:]}": sum(count[key] for count in replayed[bar].values()) for key in ("wrong", "wrongByLabel")}
        table.append(row)
        print(row)
        if rate in (0.005, 0.01, 0.02) and bar is not None:
            print({name: tuple(count.values()) for name, count in replayed[bar].items()})
    if options.curve:
        for t in grid[::4]:
            counts = replayed[t]
            hits, wrong, by_label = (sum(count[key] for count in counts.values()) for key in ("hits", "wrong", "wrongByLabel"))
            of = measured[t]
            print(f"bar {t:.4f} reached {reached[t]} recall {of['recall']:.3f} false {of['falseHits']:.4f} upper {of['upper']:.4f} stream hits {hits} wrong {wrong} by label {by_label}")
    if options.wrong:
        list_wrong(streamed, probabilities[from_bench:], options.wrong)

    for t in (0.8, 0.9, 0.95):
        of = rates.at(np.array([pairs[index]["cos"] >= t for index in kept]))
        print(f"cosine >= {t}: recall {of['recall']:.3f} false hits {of['falseHits']:.3f}")
    reliability = []
    for low, high in [(0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.01)]:
        inside = ((probabilities >= low) & (probabilities < high) & open_to & ~fitted)[:from_bench]
        if inside.sum():
            reliability.append({"predicted": round(float(probabilities[:from_bench][inside].mean()), 4), "right": round(float(y[:from_bench][inside].mean()), 4), "pairs": int(inside.sum())})
    calibration = {
        "formatVersion": 1,
        "embedder": model_id(manifest, "embedder"),
        "verifier": model_id(manifest, "verifier"),
        "guard": head["guard"],
        "features": [{"name": n, "weight": round(float(c), 6)} for n, c in zip(head["featureNames"], coefficients)],
        "intercept": round(intercept, 6),
        "lowestCosine": round(float(np.quantile([p["cos"] for p, each in zip(pairs, probabilities) if p["label"] and each >= LIKELY], LOWEST)), 3),
        "highestLogit": round(max(p["logit"] for p in pairs), 4),
        "bars": table,
        "identical": identical,
        "fit": {
            "data": {"bench.jsonl.gz": digest(data)}
            | {f"traffic/{name}.jsonl.gz": digest(os.path.join(os.path.dirname(data), "traffic", f"{name}.jsonl.gz")) for name in STREAMS}
            | {"same-by-reading.json": digest(os.path.join(os.path.dirname(__file__), "same-by-reading.json"))},
            "pairs": {"fitted": int(fitted[:from_bench].sum()), "kept": len(kept)},
            "streamPairs": {"fitted": int(fitted[from_bench:].sum()), "kept": len(kept_streams)},
            "fittedStreams": sorted(FITTED_STREAMS),
            "rightShare": RIGHT_SHARE,
            "confidence": round(1 - FALSE_FAILS - RECALL_FAILS, 4),
            "reliability": reliability,
        },
    }
    with open(options.out, "w") as out:
        json.dump(calibration, out, indent=2)
        out.write("\n")
    print(json.dumps({"identical": identical, "reliability": reliability}))


if __name__ == "__main__":
    main()
