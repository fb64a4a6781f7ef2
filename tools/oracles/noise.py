"""Fixtures of noise: NumPy's own Philox generator, single precision, bit for bit, and normals made of it.

The normals are Box and Muller's formula in double precision; the deviation of Xavier's is what PyTorch's own initialiser computes.
"""

import math

import numpy as np
import torch

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


def normal(shape, deviation, seed, index):
    count = math.prod(shape)
    u = uniform((seed, 1), (0, 0, index, 0), count + count % 2).astype(np.float64).reshape(-1, 2)
    radius, angle = np.sqrt(-2 * np.log(1 - u[:, 0])), 2 * np.pi * u[:, 1]
    return deviation * np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()[:count].reshape(shape)


def xavier_deviation(shape, gain):
    """As torch.nn.init.xavier_normal_ has it, which draws no numbers here but is asked for its fans."""
    fan_in, fan_out = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))
    return gain * math.sqrt(2.0 / (fan_in + fan_out))


# name: shape, deviation.
NORMALS = {"one-value": ((1,), 1.0), "odd-count": ((3, 3), 0.02), "gated-layer": ((8, 4, 8), 0.02), "linear": ((16, 33), 0.5)}
# name: shape, gain; that of a leaky ReLU with slope 0.2 is sqrt(2 / 1.04).
XAVIER = {
    "matrix": ((5, 7), 1.0), "generator-first": ((32, 128, 3), math.sqrt(2 / 1.04)), "generator-last": ((1, 32, 25), 1.0),
    "image-kernel": ((6, 3, 4, 5), math.sqrt(2 / 1.04)),
}


def write_initialisations(root):
    writer = Suite(root, "normalInitialization", "noise.py", f"NumPy {np.__version__}, float64, Box and Muller")
    for index, (case, (shape, deviation)) in enumerate(NORMALS.items()):
        writer.store(case, None, {"expected.values": normal(shape, deviation, 7 + index, index)},
                     {"shape": list(shape), "deviation": deviation, "seed": 7 + index, "index": index})
    writer = Suite(root, "xavierNormalInitialization", "noise.py",
                   f"NumPy {np.__version__}, float64, Box and Muller; fans of PyTorch {torch.__version__.split('+')[0]}")
    for index, (case, (shape, gain)) in enumerate(XAVIER.items()):
        writer.store(case, None, {"expected.values": normal(shape, xavier_deviation(shape, gain), 7 + index, index)},
                     {"shape": list(shape), "gain": gain, "seed": 7 + index, "index": index})


def write_all(root):
    write_initialisations(root)
    writer = Suite(root, "uniformNoise", "noise.py", f"NumPy {np.__version__} Generator(Philox).random, float32")
    for case, (key, counter, count) in NOISES.items():
        attributes = {"key": [str(w) for w in key], "counter": [str(w) for w in counter], "count": count}
        writer.store(case, None, {"expected.values": uniform(key, counter, count)}, attributes)
