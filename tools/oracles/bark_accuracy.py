"""How exact the Bark distance of the fast path is, and PyTorch's single precision beside it: prints docs/experiments.md's table.

    bark_accuracy.py PROGRAM     PROGRAM: the built `perceptual`

Both are judged by the published formula, PyTorch's conv1d in double precision with SciPy's filters, at full size (512 bands of 512
taps) on windows of the shipped clips at 11 025 Hz: against a copy with noise, a copy with the highs and the level lowered, and
another clip. Given are the largest relative error of the value and the largest relative error of the gradient by the
prediction in the L2 norm.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import soundfile
import torch

import bark

AUDIO = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/audio"
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


def ours(program, preset, a, b, folder):
    paths = [folder / name for name in ("a.npy", "b.npy", "gradient.npy")]
    for path, signal in zip(paths, (a, b)):
        np.save(path, signal)
    done = subprocess.run([program, "metric", "bark", "--preset", preset, paths[0], paths[1], "--gradient", paths[2]],
                          check=True, capture_output=True, text=True)
    return float(done.stdout), np.load(paths[2]).astype(np.float64)


def main():
    program = sys.argv[1]
    print("| preset | prediction | value: ours | PyTorch | gradient: ours | PyTorch |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for preset, (samples, settings) in PRESETS.items():
            for kind, signals in pairs(samples):
                worst = np.zeros(4)
                for a, b in signals:
                    value, gradient = peer(a, b, settings, torch.float64)
                    found = [ours(program, preset, a, b, pathlib.Path(name)), peer(a, b, settings, torch.float32)]
                    errors = [abs(v - value) / abs(value) for v, _ in found]
                    errors += [np.linalg.norm(g - gradient) / np.linalg.norm(gradient) for _, g in found]
                    worst = np.maximum(worst, errors)
                print(f"| {preset} | {kind} | " + " | ".join(f"{error:.2e}" for error in worst) + " |", flush=True)


if __name__ == "__main__":
    main()
