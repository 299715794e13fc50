"""The verifier: a cross-encoder that reads both prompts and says whether B may be answered with A's answer.

Its token types tell which prompt a token is of and whether the other prompt has it too (exact-match marking,
Boualili et al. 2020, arXiv 2010.13796): a small encoder finds what differs, and where, without having to learn to look.

    0: of A, B has it too    1: of B, A has it too    2: only A has it    3: only B has it
"""

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertModel

TYPES = 4


def encoder_config(layers):
    return BertConfig(
        vocab_size=30522,
        hidden_size=384,
        num_hidden_layers=layers,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=512,
        type_vocab_size=TYPES,
        # One pass over the data does not need it, and its random numbers cost a tenth of the time on a CPU.
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )


class Verifier(torch.nn.Module):
    """Logit from the [CLS] state joined with the mean state of the pair."""

    def __init__(self, layers):
        super().__init__()
        self.encoder = BertModel(encoder_config(layers), add_pooling_layer=False)
        self.head = torch.nn.Linear(2 * self.encoder.config.hidden_size, 1)

    def forward(self, input_ids, token_type_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask).last_hidden_state
        keep = attention_mask[..., None].to(states.dtype)
        mean = (states * keep).sum(1) / keep.sum(1)
        return self.head(torch.cat([states[:, 0], mean], -1)).squeeze(-1)


def base_weights(path):
    """The weights of a BERT encoder in an ONNX export, by their usual names; linear layers come transposed there."""
    weights = {}
    graph = onnx.load(path).graph
    tensors = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    for name, tensor in tensors.items():
        if name.startswith(("embeddings.", "encoder.")):
            weights[name] = tensor
    # An exporter names a transposed matrix after nothing; the bias that is added to its product names it.
    product = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    for node in graph.node:
        if node.op_type != "Add":
            continue
        for bias, other in (node.input, reversed(node.input)):
            if bias in weights and bias.endswith(".bias") and other in product and product[other] in tensors:
                weights[bias[: -len("bias")] + "weight"] = tensors[product[other]].T
    return weights


def from_base(path, layers):
    """A verifier on the lowest `layers` layers of a base encoder."""
    model = Verifier(layers)
    weights = {name: torch.tensor(np.array(tensor)) for name, tensor in base_weights(path).items()}
    types = weights["embeddings.token_type_embeddings.weight"]
    weights["embeddings.token_type_embeddings.weight"] = torch.cat([types, types])
    wanted = model.encoder.state_dict()
    missing = sorted(set(wanted) - set(weights) - {"embeddings.position_ids"})
    if missing:
        raise ValueError(f"Cannot build the encoder: {path} has no {', '.join(missing)}")
    model.encoder.load_state_dict({name: weights[name] for name in wanted})
    return model
