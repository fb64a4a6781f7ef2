"""How exact the fast path is, and PyTorch's single precision beside it: prints docs/metrics.md's table.

    accuracy.py PROGRAM     PROGRAM: the built `perceptual`

Both are judged by the oracles in double precision on 256x256 pictures of five kinds: the largest relative error of the
value, and the largest relative error of the gradient by the prediction in the L2 norm.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
import metrics
from judge import AUDIO, print_table

PEERS = {"ssim": metrics.peer_ssim, "ms-ssim": metrics.peer_ms_ssim, "nlpd": metrics.nlpd}


def rounded(image):
    """In [0, 1] and of single precision, so that both sides see the same numbers."""
    return np.clip(image, 0, 1).astype(np.float32).astype(np.float64)


def spectrograms(program, folder):
    for path in sorted(AUDIO.glob("*.flac"))[:6]:
        array = folder / f"{path.stem}.npy"
        subprocess.run([program, "spectrogram", path, array], check=True, stderr=subprocess.DEVNULL)
        yield np.load(array).astype(np.float64)[:256, :256]


def kinds(images):
    draw = np.random.default_rng(1)

    def noisy(image, deviation):
        return rounded(image + deviation * draw.standard_normal(image.shape))

    halves = np.where(np.arange(256) < 128, 0.1, 0.9) * np.ones((256, 1))
    yield "spectrogram, noise of 0.05", [(noisy(image, 0.05), rounded(image)) for image in images]
    yield "spectrogram, noise of 0.002", [(noisy(image, 0.002), rounded(image)) for image in images]
    yield "two spectrograms", [(rounded(a), rounded(b)) for a, b in zip(images, images[1:])]
    yield "noise against noise", [(rounded(draw.random((256, 256))), rounded(draw.random((256, 256)))) for _ in range(3)]
    yield "two flat halves, noise of 0.001", [(noisy(halves, 1e-3), noisy(halves, 1e-3)) for _ in range(3)]


def peer(function, a, b, dtype):
    torch.set_default_dtype(dtype)
    x = torch.tensor(a, dtype=dtype)[None, None].requires_grad_(True)
    value = function(x, torch.tensor(b, dtype=dtype)[None, None]).sum()
    value.backward()
    torch.set_default_dtype(torch.float64)
    return value.item(), x.grad[0, 0].double().numpy()


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        pictures = list(kinds(list(spectrograms(program, pathlib.Path(name)))))
    rows = ((metric, kind, pairs, [metric], lambda *arguments, function=function: peer(function, *arguments))
            for metric, function in PEERS.items() for kind, pairs in pictures)
    print_table(program, ["metric", "pictures"], rows)


if __name__ == "__main__":
    main()
