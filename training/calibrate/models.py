"""The int8 models as the product runs them: one item at a time, without padding.

Dynamic int8 quantisation takes its scale from the whole tensor, so a batch with other or padded rows gives other
numbers than the product's. Scores are kept on disk by (model digest, text), so that a second run costs nothing.
"""

import hashlib
import json
import os
import sqlite3
import unicodedata

import numpy as np
import onnxruntime
from tokenizers import Tokenizer


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Models:
    """Embedder and verifier of one folder of models."""

    def __init__(self, embedder_path, verifier_path, tokenizer_path, cache_path):
        self.embedder_digest, self.verifier_digest = digest(embedder_path), digest(verifier_path)
        self.embedder, self.verifier = session(embedder_path), session(verifier_path)
        self.tokenizer = Tokenizer.from_file(tokenizer_path)
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        os.makedirs(os.path.dirname(cache_path), exist_ok=True)
        self.cache = sqlite3.connect(cache_path)
        self.cache.execute("create table if not exists score (key blob primary key, value blob)")
        self.fresh = 0

    def _cached(self, key, compute):
        hashed = hashlib.sha256(json.dumps(key).encode()).digest()
        row = self.cache.execute("select value from score where key = ?", (hashed,)).fetchone()
        if row:
            return np.frombuffer(row[0], np.float32)
        value = compute()
        self.cache.execute("insert or replace into score values (?, ?)", (hashed, value.astype(np.float32).tobytes()))
        self.fresh += 1
        if self.fresh % 500 == 0:
            self.cache.commit()
        return value

    def vector(self, text):
        """Unit vector of one prompt, float32[384]; None over 254 tokens."""
        text = unicodedata.normalize("NFC", text)

        def compute():
            ids = self.tokenizer.encode(text).ids
            if len(ids) > 256:
                return np.zeros(0, np.float32)
            ids = np.array([ids], np.int64)
            return self.embedder.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]

        value = self._cached(["embed", self.embedder_digest, text], compute)
        return value if len(value) else None

    def logit(self, a, b):
        """The verifier's logit that `b` may be answered with `a`'s answer; None over 256 tokens together."""
        a, b = unicodedata.normalize("NFC", a), unicodedata.normalize("NFC", b)

        def compute():
            pair = self.tokenizer.encode(a, b)
            if len(pair.ids) > 256:
                return np.zeros(0, np.float32)
            ids, types = np.array([pair.ids], np.int64), np.array([pair.type_ids], np.int64)
            feed = {"input_ids": ids, "token_type_ids": types, "attention_mask": np.ones_like(ids)}
            return self.verifier.run(None, feed)[0].reshape(1)

        value = self._cached(["verify", self.verifier_digest, a, b], compute)
        return float(value[0]) if len(value) else None

    def pair_tokens(self, a, b):
        """Tokens of a pair, the special ones included."""
        a, b = unicodedata.normalize("NFC", a), unicodedata.normalize("NFC", b)
        return len(self.tokenizer.encode(a, b).ids)

    def flush(self):
        self.cache.commit()
