"""The pairs that the verifier learns from: labelled collections, pairs made by rule, and groups written for it."""

import gzip
import json
import pathlib
import random

from training.verifier.synthesize import synthesize, wrap

# Rows that are taken of a collection for one pass over the data. Large and noisy ones would drown the others; loose
# paraphrases (news, video captions, tweets, essays) are left out: they are not "the same answer".
SHARES = {
    "qqp": 40_000, "disfl_qa": 11_000, "checklist_qqp": 3_500, "text2sql": 6_300, "spider_syn": 6_000, "medquad_swaps": 3_500, "sick": 3_000, "apt": 3_300,
    "situatedqa_temp": 1_900, "parade": 6_000, "mrpc": 2_000, "gptcache_mock": 1_000,
}  # fmt: skip
PARAPHRASES = {"qqp", "spider_syn", "text2sql", "checklist_qqp", "apt", "mrpc", "gptcache_mock", "disfl_qa"}
WRITTEN = pathlib.Path(__file__).parent.parent / "written"


def letters(text):
    return "".join(each for each in text.lower() if each.isalnum())


def read_rows(path):
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]


def read_train(folder):
    """The labelled pairs to learn from, without those with a text that the result is measured on: `train` shares none of
    the pairs of `bench`, but single texts of it, and most texts of two of the streams."""
    folder = pathlib.Path(folder)
    kept_out = set()
    for path in [folder / "bench.jsonl.gz", *(folder / "traffic").glob("*.jsonl.gz")]:
        kept_out |= {letters(row[name]) for row in read_rows(path) for name in ("a", "b", "text") if name in row}
    return [row for row in read_rows(folder / "train.jsonl.gz") if letters(row["a"]) not in kept_out and letters(row["b"]) not in kept_out]


def collected(rows, seed):
    """A seeded share of each collection, as (a, b, label, set)."""
    rnd = random.Random(seed)
    by_set = {}
    for row in rows:
        by_set.setdefault(row["set"], []).append((row["a"], row["b"], int(row["label"]), row["set"]))
    pairs = []
    for name, share in SHARES.items():
        every = by_set.get(name, [])
        rnd.shuffle(every)
        pairs += every[:share]
    return pairs


def made(rows, count, seed):
    paraphrases = [(row["a"], row["b"]) for row in rows if row["label"] and row["set"] in PARAPHRASES]
    return [(*pair, "made") for pair in synthesize(paraphrases, count, seed)]


def read_written(folder=WRITTEN, rnd=None, seen=(), share=1.0):
    """Groups of prompts: `same` may share the prompt's answer, `near` may not; one JSON object a line. Of the files named
    in `seen`, a share drawn by `rnd`."""
    groups = []
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        with open(path) as lines:
            groups += [json.loads(line) for line in lines if line.strip() and (path.stem not in seen or rnd.random() < share)]
    return groups


def plain(text, rnd):
    """End marks and colons went with one label more often than with the other when the groups were written (a missing "?"
    with 37% of `same` and 13% of `near`): they are dropped at random. Case does not matter, the vocabulary has none."""
    if rnd.random() < 0.5:
        text = text.rstrip(" ?.!")
    return text.replace(":", ",") if rnd.random() < 0.7 else text


def written(groups, seed):
    """Every prompt of a group against the others: the same with the same, and each near-miss with those it resembles.

    Paraphrases were written to share few words and near-misses to share many, so one pair of nearly equal words that are
    right, and one of other words that are wrong (the next group's), go with each group.
    """
    rnd = random.Random(seed)
    pairs = []
    for at, group in enumerate(groups):
        same, near = [group["prompt"], *group["same"]], [text for _, text in group["near"]]
        right = [(a, b) for i, a in enumerate(same) for b in same[i + 1 :]]
        wrong = [(rnd.choice(same), b) for b in near] + [(group["prompt"], b) for b in near]
        wrong += [(a, b) for i, a in enumerate(near) for b in near[i + 1 :] if rnd.random() < 0.25]
        one = rnd.choice(same + near)
        right.append((one, wrap(one, rnd, 0.95)))
        wrong.append((rnd.choice(same), rnd.choice([groups[at - 1]["prompt"], *groups[at - 1]["same"]])))
        pairs += [(plain(a, rnd), plain(b, rnd), 1, "written") for a, b in dict.fromkeys(right)]
        pairs += [(plain(a, rnd), plain(b, rnd), 0, "written") for a, b in dict.fromkeys(wrong)]
    return pairs


def made_of_written(groups, count, seed):
    """Changes by rule of written paraphrases."""
    pairs = [(group["prompt"], text) for group in groups for text in group["same"]]
    return [(*pair, "made-written") for pair in synthesize(pairs, count, seed)] if pairs else []
