"""Hard pairs, found with the models themselves, for labels by reading.

    SEMCACHE_BENCH_DATA=<folder> python -m training.verifier.mine --out to-read.tsv [--count 6000]

Two kinds: texts of `train` that nobody paired, near each other by the embedder, which the verifier would serve; and labelled pairs
whose label the verifier contradicts. Each line of `--out` is `<key> <key> TAB <text> TAB <text>`. What was read goes to
`mined.txt`, one `<key> <key> <label>` a line: keys and labels only, since the texts are not the project's.
"""

import argparse
import hashlib
import os
import pathlib
import random

import numpy as np

from training.calibrate.models import Models
from training.verifier.data import letters, read_train

READ = pathlib.Path(__file__).parent.parent / "mined.txt"
# Texts of each collection among which neighbours are sought.
TEXTS = {"qqp": 16_000, "parade": 3_000, "rqe": 4_000, "text2sql": 4_000, "spider_syn": 3_000, "disfl_qa": 3_000, "gptcache_mock": 1_500, "medquad_swaps": 1_500, "mrpc": 1_500}
NEAREST, LEAST_COSINE = 3, 0.7
# Logits between which reading teaches most: what would be served, and is not yet beyond doubt.
UNSURE = (-0.5, 4.5)
CONTRADICTED_NEAR_MISS, CONTRADICTED_PARAPHRASE = 2.0, -2.0


def key(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_mined(rows, path=READ):
    """(a, b, label, "mined") of what was read, as far as the texts are among `rows`."""
    if not path.exists():
        return []
    texts = {key(row[side]): row[side] for row in rows for side in ("a", "b")}
    pairs = []
    for line in path.read_text().splitlines():
        a, b, label = line.split()
        if a in texts and b in texts:
            pairs.append((texts[a], texts[b], int(label), "mined"))
    return pairs


def neighbours(rows, models, rnd):
    """Pairs of texts of one collection that nobody paired."""
    paired = {frozenset((row["a"], row["b"])) for row in rows}
    for name, share in TEXTS.items():
        texts = sorted({row[side] for row in rows if row["set"] == name for side in ("a", "b")})
        rnd.shuffle(texts)
        found = [(text, models.vector(text)) for text in texts[:share]]
        found = [(text, vector) for text, vector in found if vector is not None]
        vectors = np.array([vector for _, vector in found])
        for at, (text, vector) in enumerate(found):
            cosines = vectors @ vector
            for other in np.argpartition(-cosines, NEAREST + 1)[: NEAREST + 1]:
                b = found[other][0]
                if other > at and cosines[other] >= LEAST_COSINE and letters(text) != letters(b) and frozenset((text, b)) not in paired:
                    yield text, b


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", default="models")
    parser.add_argument("--cache", default="/tmp/semcache-scores/scores.sqlite")
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--labelled", type=int, default=12_000, help="labelled pairs to look for contradictions in")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rnd = random.Random(options.seed)
    models = Models(options.models, options.cache)
    rows = read_train(os.environ["SEMCACHE_BENCH_DATA"])

    new = list(dict.fromkeys(neighbours(rows, models, rnd)))
    print(f"{len(new)} pairs of neighbours", flush=True)
    labelled = [(row["a"], row["b"], int(row["label"])) for row in rows if row["set"] in TEXTS]
    rnd.shuffle(labelled)
    labelled = labelled[: options.labelled]
    longest = models.manifest["verifier"]["maxTokens"]
    models.score_ahead([(a, b) for a, b, *_ in new + labelled])

    def logit(a, b):
        found = models.logit(a, b) if models.pair_tokens(a, b) <= longest else None
        return found if found is not None else -10.0

    unsure = [(a, b) for a, b in new if UNSURE[0] <= logit(a, b) <= UNSURE[1]]
    against = [(a, b) for a, b, label in labelled if (logit(a, b) >= CONTRADICTED_NEAR_MISS if label == 0 else -10 < logit(a, b) <= CONTRADICTED_PARAPHRASE)]
    print(f"{len(unsure)} of them to be read, {len(against)} labels contradicted", flush=True)
    known = {frozenset(line.split()[:2]) for line in READ.read_text().splitlines()} if READ.exists() else set()
    rnd.shuffle(unsure)
    rnd.shuffle(against)
    chosen = against[: options.count // 4]
    chosen += unsure[: options.count - len(chosen)]
    rnd.shuffle(chosen)
    with open(options.out, "w") as out:
        for a, b in chosen:
            if frozenset((key(a), key(b))) not in known:
                out.write(f"{key(a)} {key(b)}\t{' '.join(a.split())}\t{' '.join(b.split())}\n")


if __name__ == "__main__":
    main()
