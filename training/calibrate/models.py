"""The int8 models as the product runs them: one item at a time, without padding.

Dynamic int8 quantisation takes its scale from the whole tensor, so a batch with other or padded rows gives other
numbers than the product's. Scores are kept on disk by (model digest, text), so that a second run costs nothing.
"""

import hashlib
import json
import multiprocessing
import os
import sqlite3
import sys
import unicodedata

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from training.verifier.marking import mark

# Longer inputs are not scored at all.
LONGEST = 256


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def composed(text):
    return unicodedata.normalize("NFC", text)


def open_tokenizer(path):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


class PairScorer:
    def __init__(self, verifier_path, tokenizer_path, token_types):
        self.verifier, self.tokenizer, self.token_types = session(verifier_path), open_tokenizer(tokenizer_path), token_types

    def logit(self, a, b):
        """float32[1]; empty where the pair is too long."""
        pair = self.tokenizer.encode(composed(a), composed(b))
        if len(pair.ids) > LONGEST:
            return np.zeros(0, np.float32)
        types = mark(pair.ids, pair.type_ids) if self.token_types == "matches" else pair.type_ids
        ids = np.array([pair.ids], np.int64)
        feed = {"input_ids": ids, "token_type_ids": np.array([types], np.int64), "attention_mask": np.ones_like(ids)}
        return self.verifier.run(None, feed)[0].reshape(1)


class Models:
    """Embedder and verifier of one folder of models."""

    def __init__(self, folder, cache_path):
        with open(f"{folder}/manifest.json") as file:
            self.manifest = json.load(file)
        embedder, verifier, tokenizer = (f"{folder}/{self.manifest[role]['file']}" for role in ("embedder", "verifier", "tokenizer"))
        self.embedder_digest, self.verifier_digest = digest(embedder), digest(verifier)
        self.scorer = (verifier, tokenizer, self.manifest["verifier"].get("tokenTypes", "segments"))
        self.embedder, self.pairs, self.tokenizer = session(embedder), PairScorer(*self.scorer), open_tokenizer(tokenizer)
        os.makedirs(os.path.dirname(cache_path), exist_ok=True)
        self.cache = sqlite3.connect(cache_path)
        self.cache.execute("create table if not exists score (key blob primary key, value blob)")
        self.fresh = 0

    def _find(self, key):
        hashed = hashlib.sha256(json.dumps(key).encode()).digest()
        row = self.cache.execute("select value from score where key = ?", (hashed,)).fetchone()
        return hashed, None if row is None else np.frombuffer(row[0], np.float32)

    def _keep(self, hashed, value):
        self.cache.execute("insert or replace into score values (?, ?)", (hashed, value.astype(np.float32).tobytes()))
        self.fresh += 1
        if self.fresh % 500 == 0:
            self.cache.commit()
        return value

    def vector(self, text):
        """Unit vector of one prompt, float32[384]; None over 254 tokens."""
        text = composed(text)
        hashed, value = self._find(["embed", self.embedder_digest, text])
        if value is None:
            ids = np.array([self.tokenizer.encode(text).ids], np.int64)
            too_long = ids.shape[1] > LONGEST
            value = np.zeros(0, np.float32) if too_long else self.embedder.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
            self._keep(hashed, value)
        return value if len(value) else None

    def logit(self, a, b):
        """The verifier's logit that `b` may be answered with `a`'s answer; None over 256 tokens together."""
        hashed, value = self._find(["verify", self.verifier_digest, composed(a), composed(b)])
        if value is None:
            value = self._keep(hashed, self.pairs.logit(a, b))
        return float(value[0]) if len(value) else None

    def score_ahead(self, pairs, processes=2):
        """Fills the cache with the logits of many pairs, in processes of their own."""
        missing = [pair for pair in dict.fromkeys(pairs) if self._find(["verify", self.verifier_digest, *map(composed, pair)])[1] is None]
        if not missing:
            return
        parts = [missing[at : at + 200] for at in range(0, len(missing), 200)]
        with multiprocessing.get_context("spawn").Pool(processes, _open_scorer, self.scorer) as pool:
            for done, (part, logits) in enumerate(zip(parts, pool.imap(_score, parts), strict=True)):
                for pair, value in zip(part, logits, strict=True):
                    self._keep(self._find(["verify", self.verifier_digest, *map(composed, pair)])[0], value)
                if done % 20 == 0:
                    print(f"verified {done * 200} of {len(missing)} pairs", file=sys.stderr, flush=True)
        self.flush()

    def pair_tokens(self, a, b):
        """Tokens of a pair, the special ones included."""
        return len(self.tokenizer.encode(composed(a), composed(b)).ids)

    def flush(self):
        self.cache.commit()


_scorer = None


def _open_scorer(*scorer):
    global _scorer
    _scorer = PairScorer(*scorer)


def _score(pairs):
    return [_scorer.logit(a, b) for a, b in pairs]
