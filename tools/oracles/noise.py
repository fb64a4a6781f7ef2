"""Fixtures of uniform noise: NumPy's own Philox generator, single precision, bit for bit."""

import numpy as np

from fixture import Suite

LARGEST = 2**64 - 1

# name: key, counter (least significant word first), count. A block is eight values.
NOISES = {
    "zero-key": ((0, 0), (0, 0, 0, 0), 16),
    "one-value": ((7, 0), (0, 0, 0, 0), 1),
    # What training draws: key (seed, stream), counter (0, 0, batch, 0).
    "noise-of-batch-0": ((7, 0), (0, 0, 0, 0), 64),
    "noise-of-batch-424": ((7, 0), (0, 0, 424, 0), 64),
    "weights-of-tensor-3": ((7, 1), (0, 0, 3, 0), 64),
    # Counts that end within a block, and within a word (an odd count uses its low half alone).
    "count-2": ((1, 2), (3, 4, 5, 6), 2),
    "count-7": ((1, 2), (3, 4, 5, 6), 7),
    "count-8": ((1, 2), (3, 4, 5, 6), 8),
    "count-9": ((1, 2), (3, 4, 5, 6), 9),
    "count-1021": ((1, 2), (3, 4, 5, 6), 1021),
    # Words with every bit set, and beyond what a double or a signed word holds.
    "large-words": ((LARGEST, 2**63 + 1), (2**53 + 1, 2**63, LARGEST - 1, 2**62 + 3), 24),
    # The counter carries from word to word, and at last around to 0.
    "carry-at-first-block": ((5, 6), (LARGEST, 0, 0, 0), 24),
    "carry-at-second-block": ((5, 6), (LARGEST - 1, 0, 0, 0), 24),
    "carry-two-words": ((5, 6), (LARGEST, LARGEST, 8, 0), 24),
    "carry-three-words": ((5, 6), (LARGEST - 1, LARGEST, LARGEST, 9), 40),
    "wrap-around": ((5, 6), (LARGEST, LARGEST, LARGEST, LARGEST), 40),
    # Many blocks, over a carry in the middle of them.
    "many": ((20260107, 0), (LARGEST - 2000, 1, 2, 3), 8209),
}


def uniform(key, counter, count):
    """The numbers of docs/fixtures.md, also used for the trajectories' weights and noise."""
    bits = np.random.Philox(key=np.array(key, np.uint64), counter=np.array(counter, np.uint64))
    return np.random.Generator(bits).random(count, dtype=np.float32)


def write_all(root):
    writer = Suite(root, "uniformNoise", "noise.py", f"NumPy {np.__version__} Generator(Philox).random, float32")
    for case, (key, counter, count) in NOISES.items():
        attributes = {"key": [str(w) for w in key], "counter": [str(w) for w in counter], "count": count}
        writer.store(case, None, {"expected.values": uniform(key, counter, count)}, attributes)
