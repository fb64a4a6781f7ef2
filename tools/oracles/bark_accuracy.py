"""How exact the Bark distance of the fast path is, and PyTorch's single precision beside it: prints docs/experiments.md's table.

    bark_accuracy.py PROGRAM     PROGRAM: the built `perceptual`

Both are judged by the published formula, PyTorch's conv1d in double precision with SciPy's filters, at full size (512 bands of 512
taps) on windows of the shipped clips at 11 025 Hz: against a copy with noise, a copy with the highs and the level lowered, and
another clip. Given are the largest relative error of the value and the largest relative error of the gradient by the
prediction in the L2 norm.
"""

import sys

import numpy as np
import soundfile
import torch

import bark
from judge import AUDIO, print_table

RATE, CLIPS = 11025, 6
CLIP = dict(sampleRate=RATE, lowFrequency=1, highFrequency=5512.5, bands=512, taps=512, stride=1, aWeighting=True,
            distance="cosine")
# preset: samples, the oracle's settings.
PRESETS = {
    "clip-generator": (8192, CLIP | dict(logFactor=10)),
    "masked": (8192, CLIP | dict(frame=128)),
    "raw-autoencoder": (2048, dict(sampleRate=RATE, lowFrequency=50, highFrequency=5212.5, bands=512, taps=512, stride=2,
                                   aWeighting=False, logFactor=10000)),
}


def windows(samples):
    """From the middle of each clip, every fourth sample after a moving mean of four, scaled to 1, in single precision."""
    for path in sorted(AUDIO.glob("*.flac"))[:CLIPS]:
        signal, rate = soundfile.read(path, always_2d=True)
        signal = np.convolve(signal.mean(1), np.ones(4) / 4, "valid")[::4 if rate > 40000 else 2]
        start = (len(signal) - samples) // 2
        window = signal[start:start + samples]
        assert len(window) == samples and np.abs(window).max() > 0, path
        yield (window / np.abs(window).max()).astype(np.float32)


def pairs(samples):
    draw = np.random.default_rng(1)
    found = list(windows(samples))
    noisy = [window + 0.02 * draw.standard_normal(samples).astype(np.float32) for window in found]
    dull = [0.7 * np.convolve(window, np.ones(3) / 3, "same").astype(np.float32) for window in found]
    yield "with noise of 0.02", list(zip(noisy, found))
    yield "duller, 0.7 as loud", list(zip(dull, found))
    yield "another clip", list(zip(found, found[1:]))


def peer(a, b, settings, dtype):
    x = torch.tensor(a, dtype=dtype)[None].requires_grad_(True)
    value = bark.distance(x, torch.tensor(b, dtype=dtype)[None], **settings).sum()
    value.backward()
    return value.item(), x.grad[0].double().numpy()


def main():
    rows = ((preset, kind, signals, ["bark", "--preset", preset],
             lambda *arguments, settings=settings: peer(*arguments[:2], settings, arguments[2]))
            for preset, (samples, settings) in PRESETS.items() for kind, signals in pairs(samples))
    print_table(sys.argv[1], ["preset", "prediction"], rows)


if __name__ == "__main__":
    main()
