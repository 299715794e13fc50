"""Trains the verifier on a CPU within a time budget, resumable.

    python -m training.verifier.train --base bge-small-en-v1.5.onnx --data <folder> --work <folder> --name first --minutes 60 [--resume] [--final]

Every 5 minutes the state (weights, optimiser, what each sitting has done) goes to `<work>/state.pt`; `--resume` goes on from
there. With the name of the last sitting it is that sitting again: its minutes count towards `--minutes`, which is the
sitting's whole budget, and towards where its learning rate is; with the same data and options it takes the batches that
come next. With another name a new sitting begins. The learning rate is level within a sitting, and falls to nothing in one
with `--final`. What was done since the state was last kept is done again.
"""

import argparse
import json
import os
import random
import time

import torch
from tokenizers import Tokenizer

from training.verifier import data, mine
from training.verifier.compose import compose
from training.verifier.marking import mark
from training.verifier.model import from_base
from training.verifier.sitting import batches, rate, split

MAX_TOKENS = 128


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=60, help="of the sitting, those that it has had before it was broken off included")
    parser.add_argument("--lr", type=float, default=1.2e-4)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--made", type=int, default=35_000)
    parser.add_argument("--made-written", type=int, default=0)
    parser.add_argument("--composed", type=int, default=0)
    parser.add_argument("--mined-passes", type=int, default=0)
    parser.add_argument("--seen-share", type=float, default=1.0, help="of the groups of `--seen-files`, which earlier sittings had, only this share")
    parser.add_argument("--seen-files", nargs="*", default=[])
    parser.add_argument("--collected-share", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--final", action="store_true")
    parser.add_argument("--name", default="sitting", help="of the sitting; each has its own")
    return parser.parse_args()


def encode(tokenizer, pairs):
    """(ids, token types, label) of each pair, both directions being the same question: which comes first is drawn."""
    rnd = random.Random(5)
    turned = [(b, a) if rnd.random() < 0.5 else (a, b) for a, b, *_ in pairs]
    encoded = []
    for each, pair in zip(tokenizer.encode_batch(turned), pairs, strict=True):
        encoded.append((each.ids, mark(each.ids, each.type_ids), pair[2]))
    return encoded


def collate(rows):
    width = max(len(ids) for ids, _, _ in rows)
    ids, types, mask = (torch.zeros(len(rows), width, dtype=torch.long) for _ in range(3))
    for at, (tokens, kinds, _) in enumerate(rows):
        ids[at, : len(tokens)], types[at, : len(kinds)], mask[at, : len(tokens)] = torch.tensor(tokens), torch.tensor(kinds), 1
    return ids, types, mask, torch.tensor([float(label) for _, _, label in rows])


def save(path, state):
    torch.save(state, path + ".part")
    os.replace(path + ".part", path)


def keep_progress(work, sittings):
    """What was done, for people and for the next command, without opening the weights."""
    with open(os.path.join(work, "progress.json"), "w") as file:
        json.dump(sittings, file, indent=1)


def main():
    options = arguments()
    torch.manual_seed(options.seed)
    rnd = random.Random(options.seed)
    os.makedirs(options.work, exist_ok=True)
    state_path = os.path.join(options.work, "state.pt")
    tokenizer = Tokenizer.from_file(options.tokenizer)
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)

    train = data.read_train(options.data)
    groups = data.read_written(rnd=rnd, seen=options.seen_files, share=options.seen_share)
    pairs = data.collected(train, options.seed)
    rnd.shuffle(pairs)
    pairs = pairs[: int(len(pairs) * options.collected_share)] + data.made(train, options.made, options.seed)
    pairs += data.written(groups, options.seed)
    pairs += data.made_of_written(groups, options.made_written, options.seed)
    pairs += [(*pair, "composed") for pair in compose(options.composed, options.seed)]
    pairs += mine.read_mined(train) * options.mined_passes
    counts = {}
    for *_, label, name in pairs:
        counts.setdefault(name, [0, 0])[label] += 1
    print(json.dumps({"pairs": len(pairs), "by set [near-misses, paraphrases]": counts}), flush=True)
    rows = encode(tokenizer, pairs)

    model = from_base(options.base, options.layers)
    # Its 11.7 million numbers are half of the model; leaving them as they are loses nothing that one pass could teach.
    model.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=options.lr, weight_decay=0.01, fused=True)
    steps, sittings = 0, []
    if options.resume:
        state = torch.load(state_path, weights_only=False)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        steps, sittings = state["steps"], state["sittings"]
    sittings, before = split(sittings, options.name)
    if before["steps"]:
        print(f"{options.name} goes on after {before['minutes']} minutes and {before['steps']} steps", flush=True)
    start, saved, sitting, mean = time.time(), time.time(), before["steps"], before["loss"]

    def minutes():
        return before["minutes"] + (time.time() - start) / 60

    def state():
        now = {"name": options.name, "minutes": round(minutes(), 2), "steps": sitting, "loss": mean, "sets": counts, "lr": options.lr}
        return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "steps": steps, "sittings": [*sittings, now], "layers": options.layers}

    model.train()
    for batch in batches(rows, options.batch, options.seed, sitting):
        done = minutes() / options.minutes
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate(options.lr, sitting, done, options.final)
        ids, types, mask, labels = collate(batch)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(ids, types, mask), labels * 0.97 + 0.015)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        steps, sitting = steps + 1, sitting + 1
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        if sitting % 50 == 0:
            speed = (sitting - before["steps"]) * options.batch / (time.time() - start)
            print(f"step {steps} loss {mean:.4f} {speed:.0f} pairs/s {done:.0%}", flush=True)
        if time.time() - saved > 300:
            save(state_path, state())
            keep_progress(options.work, state()["sittings"])
            saved = time.time()
    save(state_path, state())
    keep_progress(options.work, state()["sittings"])


if __name__ == "__main__":
    main()
