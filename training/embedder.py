"""The embedder from its public weights: mean pooling and normalisation in the graph, then int8 like the verifier.

    python -m training.embedder --work <folder> --out <folder> [--shipped models]

`input_ids`, `attention_mask` (int64, [batch, tokens]) to `embedding` (float32, [batch, 384]). Not trained further. Prints how
well fp32, the new int8 and the shipped int8 agree; installs nothing.
"""

import argparse
import hashlib
import json
import os

import numpy as np
import onnxruntime
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertModel

from training import base
from training.verifier.export import export, quantize
from training.verifier.model import encoder_config

LAYERS = 6
INPUTS = ["input_ids", "attention_mask"]
SENTENCES = [
    "What is the capital of France?",
    "Tell me France's capital city",
    "What is the capital of Spain?",
    "How do I bake bread?",
    "yes",
    "Write a Python function that reads a CSV file, drops the rows whose price is missing, and prints the mean price of each category.",
    "My order 48213 was due on 3 May and has not come; can I have my money back, and how many days does that take?",
    "SELECT name FROM users WHERE age > 30 ORDER BY name DESC LIMIT 5",
]


class Embedder(torch.nn.Module):
    """The mean of the states, of length one."""

    def __init__(self):
        super().__init__()
        config = encoder_config(LAYERS)
        config.type_vocab_size = 2
        # Its name is part of the file: by another, the same vectors would come from a file with another digest.
        self.m = BertModel(config, add_pooling_layer=False)

    def forward(self, input_ids, attention_mask):
        states = self.m(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        keep = attention_mask[..., None].float()
        return torch.nn.functional.normalize((states * keep).sum(1) / keep.sum(1), dim=-1)


def from_base(path):
    """The embedder with the weights of an fp16 safetensors file."""
    model = Embedder()
    weights = load_file(path)
    wanted = model.m.state_dict()
    missing = sorted(set(wanted) - set(weights))
    if missing:
        raise ValueError(f"Cannot build the embedder: {path} has no {', '.join(missing)}")
    model.m.load_state_dict({name: weights[name].float() for name in wanted})
    model.m.set_attn_implementation("eager")
    return model.eval()


def vectors(path, tokenizer):
    """One at a time, without padding, as the product runs it."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rows = [np.array([tokenizer.encode(text).ids], np.int64) for text in SENTENCES]
    return np.array([session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0] for ids in rows])


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def agreement(files, tokenizer):
    """Of each two files: the least and the mean cosine between their vectors of the same sentence, and the largest
    difference that it makes to a cosine between two sentences."""
    found = {name: vectors(path, tokenizer) for name, path in files.items()}
    names, table = list(found), {}
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            same = (found[one] * found[other]).sum(1)
            shift = np.abs(found[one] @ found[one].T - found[other] @ found[other].T).max()
            table[f"{one} / {other}"] = {"least cosine": round(float(same.min()), 5), "mean cosine": round(float(same.mean()), 5), "largest shift of a cosine": round(float(shift), 5)}
    return table


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--shipped", default="models")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    full, small = (os.path.join(options.out, name) for name in ("model.fp32.onnx", "model.int8.onnx"))
    export(from_base(base.fetch_minilm(options.work)), full, INPUTS, "embedding")
    quantize(full, small)
    tokenizer = Tokenizer.from_file(os.path.join(options.shipped, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    shipped = os.path.join(options.shipped, "embedder", "model.int8.onnx")
    digests = {"int8": digest(small), "shipped": digest(shipped)}
    print(json.dumps({"same file": len(set(digests.values())) == 1, "sha256": digests, "agreement": agreement({"fp32": full, "int8": small, "shipped": shipped}, tokenizer)}, indent=1))


if __name__ == "__main__":
    main()
