"""Pairs as a stream of requests meets them: each request against the nearest of those before it.

Near-misses are here as frequent per paraphrase as in such traffic, and the labels are those of the stream: two requests
may share an answer when their `answer_id` is the same.
"""

import gzip
import hashlib
import json
import os
import random

import numpy as np

REQUESTS = 1200
NEAREST = 4
LEAST_COSINE = 0.55
STREAMS = ["text2sql_geography", "text2sql_advising", "osschat", "hint3_curekart", "hint3_powerplay11", "nq_open", "llm_prompts"]


def pair_key(a, b):
    return hashlib.sha256("\n".join(sorted([a, b])).encode()).hexdigest()[:16]


def stream_texts(folder):
    """Every text of each stream, in lower case."""
    texts = {}
    for name in STREAMS:
        with gzip.open(os.path.join(folder, "traffic", f"{name}.jsonl.gz"), "rt") as lines:
            texts[name] = {json.loads(line)["text"].lower() for line in lines}
    return texts


def read_stream(path):
    """Distinct requests in a seeded order: (text, answer, whether the label is known)."""
    with gzip.open(path, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    random.Random(20261122).shuffle(rows)
    texts = {}
    for row in rows:
        texts.setdefault(row["text"], (row["text"], row.get("answer_id"), row.get("oos", False)))
    return list(texts.values())[:REQUESTS]


def stream_pairs(folder, models, max_pair_tokens, same_by_reading):
    """`label` as above; two requests that are both out of scope have no answer in common that is known: left out."""
    pairs = []
    for name in STREAMS:
        rows = [(*row, models.vector(row[0])) for row in read_stream(os.path.join(folder, "traffic", f"{name}.jsonl.gz"))]
        rows = [row for row in rows if row[3] is not None]
        cosines = np.array([row[3] for row in rows]) @ np.array([row[3] for row in rows]).T
        for index in range(1, len(rows)):
            b, answer, outside, _ = rows[index]
            for earlier in np.argsort(-cosines[index, :index], kind="stable")[:NEAREST]:
                a, other, other_outside, _ = rows[earlier]
                cosine = float(cosines[index, earlier])
                if cosine < LEAST_COSINE or (outside and other_outside) or models.pair_tokens(a, b) > max_pair_tokens:
                    continue
                by_label = answer is not None and answer == other and not outside
                label = int(by_label or pair_key(a, b) in same_by_reading)
                pair = {"a": a, "b": b, "set": f"stream {name}", "label": label, "byLabel": int(by_label), "request": index}
                pairs.append({**pair, "cos": cosine})
    models.score_ahead([(pair["a"], pair["b"]) for pair in pairs])
    return [{**pair, "logit": models.logit(pair["a"], pair["b"])} for pair in pairs]


def replay(pairs, passes):
    """Hits and wrong hits per stream, and wrong by label before anything was read: the nearest that passes is served."""
    counts, served = {}, set()
    for pair, passed in zip(pairs, passes, strict=True):
        count = counts.setdefault(pair["set"], {"hits": 0, "wrong": 0, "wrongByLabel": 0})
        if not passed or (pair["set"], pair["request"]) in served:
            continue
        served.add((pair["set"], pair["request"]))
        count["hits"] += 1
        count["wrong"] += 1 - pair["label"]
        count["wrongByLabel"] += 1 - pair["byLabel"]
    return counts
