"""The trained verifier as ONNX: fp32, and int8 as the product runs it (dynamic, weights per channel, reduced range).

    python -m training.verifier.export --work <folder> --out <folder> [--keep NAME ...]

`--keep` names parts of the graph (substrings of node names) that stay fp32. Reduced range keeps the sums of AVX2's int8
kernel from saturating on machines without VNNI.
"""

import argparse
import os

import torch
from onnx import load
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.verifier.model import Verifier

INPUTS = ["input_ids", "token_type_ids", "attention_mask"]


def read_state(work):
    state = torch.load(os.path.join(work, "state.pt"), weights_only=False)
    model = Verifier(state["layers"])
    model.load_state_dict(state["model"])
    model.encoder.set_attn_implementation("eager")
    return model.eval(), state


def export(model, path, inputs=INPUTS, output="logit"):
    ones = torch.ones(2, 9, dtype=torch.long)
    axes = {name: {0: "batch", 1: "tokens"} for name in inputs} | {output: {0: "batch"}}
    torch.onnx.export(model, (ones,) * len(inputs), path, input_names=inputs, output_names=[output], dynamic_axes=axes, opset_version=17, dynamo=False)


def prepare(source):
    """The graph with what is constant in it worked out; gives its path."""
    prepared = source + ".prepared"
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    return prepared


def quantize(source, target, keep=()):
    nodes = [node.name for node in load(source).graph.node]
    excluded = [name for name in nodes if any(part in name for part in keep)]
    quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True, nodes_to_exclude=excluded)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--keep", nargs="*", default=["head"])
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    model, state = read_state(options.work)
    export(model, os.path.join(options.out, "model.fp32.onnx"))
    prepared = prepare(os.path.join(options.out, "model.fp32.onnx"))
    quantize(prepared, os.path.join(options.out, "model.int8.onnx"), options.keep)
    os.remove(prepared)
    print({"steps": state["steps"], "bytes": os.path.getsize(os.path.join(options.out, "model.int8.onnx"))})


if __name__ == "__main__":
    main()
