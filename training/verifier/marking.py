"""Token types of a pair, as `src/inference/word-piece-tokenizer.ts` gives them to the model."""

SPECIAL = {101, 102}


def mark(ids, sides):
    """0, 1: of A, of B, and the other has it too; 2, 3: only A, only B has it. Special tokens count as shared."""
    other = [{i for i, s in zip(ids, sides, strict=True) if s != side} for side in (0, 1)]
    return [side if token in SPECIAL or token in other[side] else side + 2 for token, side in zip(ids, sides, strict=True)]
