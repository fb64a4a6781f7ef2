"""Fixtures of resampling, the transforms and Griffin-Lim: torchaudio, SciPy and PyTorch in double precision."""

import math

import numpy as np
import scipy.signal
import torch
import torchaudio

import transforms
from fixture import Suite, grid

TORCH = f"PyTorch {torch.__version__.split('+')[0]}, float64"
TORCHAUDIO = f"torchaudio {torchaudio.__version__.split('+')[0]}, {TORCH}"
DEFINITION = f"definition in {TORCH} (tools/oracles/transforms.py)"


def suite(root, operation, oracle):
    return Suite(root, operation, "audio.py", oracle)


# name: shape, from, to.
RESAMPLES = {
    # The paper's: 48 to 16 kHz. 41 taps a phase; 131 samples leave a ragged end.
    "paper-48-to-16": ((2, 131), 48000, 16000),
    "16-to-48": ((2, 37), 16000, 48000),
    "44.1-to-16": ((1, 900), 44100, 16000),
    "22.05-to-16": ((1, 401), 22050, 16000),
    "3-to-2": ((3, 50), 3, 2),
    "2-to-3": ((2, 33), 2, 3),
    # A signal shorter than the kernel, and the shortest.
    "short": ((2, 5), 48000, 16000),
    "one-sample": ((1, 1), 48000, 16000),
    "one-sample-up": ((1, 1), 16000, 48000),
    # Equal rates: torchaudio hands the signal back and filters nothing.
    "equal-rates": ((2, 19), 16000, 16000),
}


def resampling(root):
    writer = suite(root, "resample", TORCHAUDIO)
    for case, (shape, old, new) in RESAMPLES.items():
        draw = writer.draw(case)
        writer.write(case, draw, {"signal": draw.normal(*shape)},
                     lambda signal: {"signal": torchaudio.functional.resample(signal, old, new) + 0.0},
                     {"from": old, "to": new} | ({"design": "torchaudio"} if case == "3-to-2" else {}))


# name: shape, from, to.
KAISER_RESAMPLES = {
    "kaiser-48-to-16": ((2, 601), 48000, 16000),
    "kaiser-16-to-48": ((1, 203), 16000, 48000),
    "kaiser-44.1-to-16": ((1, 703), 44100, 16000),
    "kaiser-2-to-3": ((3, 200), 2, 3),
    "kaiser-short": ((2, 5), 48000, 16000),
}


def kaiser_matrix(samples, old, new):
    """What the Kaiser design (docs/fixtures.md) does to each unit impulse, by SciPy's upfirdn: [samples, outputs]."""
    old, new = old // math.gcd(old, new), new // math.gcd(old, new)
    reach = 90 * max(old, new)
    bandwidth = 0.955 * min(old, new)
    times = np.arange(-reach, reach + 1) / (old * new)
    taps = bandwidth / old * np.sinc(bandwidth * times) * scipy.signal.windows.kaiser(2 * reach + 1, 12.5)
    taps[[0, -1]] = 0
    # In front as many zeros as bring the middle to an output.
    missing = -reach % old
    rows = scipy.signal.upfirdn(np.concatenate([np.zeros(missing), taps]), np.eye(samples), new, old)
    first, count = (reach + missing) // old, math.ceil(samples * new / old)
    rows = np.pad(rows, ((0, 0), (0, max(0, first + count - rows.shape[1]))))
    return rows[:, first:first + count]


def kaiser_resampling(root):
    writer = suite(root, "resample", f"SciPy {scipy.__version__} signal.upfirdn and windows.kaiser, float64")
    for case, (shape, old, new) in KAISER_RESAMPLES.items():
        draw = writer.draw(case)
        matrix = torch.tensor(kaiser_matrix(shape[1], old, new))
        writer.write(case, draw, {"signal": draw.normal(*shape)}, lambda signal: {"signal": signal @ matrix},
                     {"from": old, "to": new, "design": "kaiser"})


# name: signal length, window length, hop, centred.
TRANSFORMS = {
    # The paper's transform: three frames, and a tail that no frame reads (gradient 0).
    "paper": (1024 + 2 * 260 + 100, 1024, 260, False),
    "paper-centred": (700, 1024, 260, True),
    "one-frame": (16, 16, 5, False),
    "smallest": (2, 2, 1, False),
    "uncentred": (43, 16, 5, False),
    "centred": (37, 16, 5, True),
    # Lengths that are no power of two, with prime factors up to 13. (Odd ones are left out: README.md.)
    "window-30": (85, 30, 7, False),
    "window-30-centred": (61, 30, 7, True),
    "window-26": (93, 26, 8, False),
    "window-26-centred": (58, 26, 8, True),
    # The shortest signal that reflection allows: half a window and one sample.
    "centred-shortest": (9, 16, 4, True),
    "hop-1": (21, 8, 1, False),
    # Samples between the frames are never read.
    "hop-beyond-window": (41, 8, 11, False),
}


def forward_transform(root):
    writer = suite(root, "shortTimeFourierTransform", f"torch.stft of {TORCH}")
    for case, (length, window, hop, centred) in TRANSFORMS.items():
        draw = writer.draw(case)

        def compute(signal):
            result = transforms.spectrum(signal, window, hop, centred)
            return {"real": result.real + 0.0, "imaginary": result.imag + 0.0}

        writer.write(case, draw, {"signal": draw.normal(length)}, compute,
                     {"windowLength": window, "hop": hop, "centred": centred})


# name: frames, window length, hop, centred, length less that of whole hops, consistent, peer.
# Consistent spectra are transforms of a signal; the others are arbitrary, with imaginary parts at 0 Hz
# and at the Nyquist frequency, which a real inverse ignores (their gradient is 0).
INVERSES = {
    "centred": (7, 16, 5, True, 0, False, True),
    "centred-longer": (6, 16, 4, True, 3, False, True),
    "centred-shorter": (6, 16, 4, True, -6, False, True),
    "window-30-centred": (5, 30, 7, True, 0, False, True),
    "window-26-centred": (6, 26, 8, True, 0, False, True),
    "paper-centred": (4, 1024, 260, True, 0, True, True),
    "uncentred": (7, 16, 5, False, 0, False, False),
    "uncentred-consistent": (9, 32, 8, False, 0, True, False),
    "uncentred-shorter": (6, 16, 4, False, -9, False, False),
    # Past the last frame there is nothing: zeros.
    "uncentred-longer": (3, 16, 4, False, 5, False, False),
    "one-frame": (1, 16, 4, False, 0, False, False),
    "window-26": (6, 26, 8, False, 0, False, False),
    # Hop equal to or beyond the window: the envelope falls under 1e-10 inside the signal.
    "hop-equals-window": (4, 8, 8, False, 0, False, False),
    "hop-equals-window-centred": (4, 8, 8, True, 0, False, False),
    "hop-beyond-window": (3, 8, 11, False, 0, False, False),
    # At 1024 samples the second sample's envelope, 8.9e-11, is under the floor and the third's is not:
    # there the frame is divided by 3.8e-5, and single precision has no more than three digits left.
    "paper": (3, 1024, 260, False, 0, True, False),
}


def inverse_transform(root):
    writer = suite(root, "inverseShortTimeFourierTransform", f"torch.istft of {TORCH}")
    for case, (frames, window, hop, centred, extra, consistent, peer) in INVERSES.items():
        draw, bins = writer.draw(case), window // 2 + 1
        whole = (frames - 1) * hop + (0 if centred else window)
        if consistent:
            result = transforms.spectrum(torch.tensor(draw.normal(whole)), window, hop, centred).numpy()
            inputs = {"real": grid(result.real), "imaginary": grid(result.imag)}
        else:
            inputs = {"real": draw.normal(bins, frames), "imaginary": draw.normal(bins, frames)}
        length = whole + extra

        def compute(real, imaginary):
            value = torch.complex(real, imaginary)
            if peer:
                signal = torch.istft(value, window, hop, window=transforms.hann(window, real), length=length)
            else:
                signal = transforms.inverse(value, window, hop, centred, length)
            return {"signal": signal}

        writer.write(case, draw, inputs, compute, compact=window == 1024, oracle=None if peer else DEFINITION,
                     attributes={"windowLength": window, "hop": hop, "centred": centred, "length": length})


# name: frames, window length, hop, centred, attributes, initial phase, inputs whose gradients are stored.
GRIFFIN_LIMS = {
    "no-iteration": (5, 16, 4, False, {"iterations": 0}, "random", True),
    "one-iteration": (5, 16, 4, False, {"iterations": 1}, "random", True),
    "uncentred": (7, 16, 5, False, {"iterations": 3}, "random", True),
    "no-momentum": (6, 16, 4, False, {"iterations": 2, "momentum": 0}, "random", True),
    "centred": (7, 16, 5, True, {"iterations": 3, "momentum": 0.5}, "random", True),
    "window-30": (6, 30, 8, False, {"iterations": 2}, "random", True),
    "window-26-centred": (6, 26, 8, True, {"iterations": 2, "momentum": 0.99}, "random", True),
    # torchaudio's own: centred, and every phase 0.
    "torchaudio-two-iterations": (7, 16, 4, True, {"iterations": 2}, "zero", True),
    "torchaudio-defaults": (8, 16, 4, True, {}, "zero", False),
    "defaults": (8, 16, 4, False, {}, "random", False),
}


def griffin_lim(root):
    writer = suite(root, "griffinLim", DEFINITION)
    for case, (frames, window, hop, centred, settings, start, gradients) in GRIFFIN_LIMS.items():
        for attempt in range(200):
            draw, bins = writer.draw(case, attempt), window // 2 + 1
            whole = (frames - 1) * hop + (0 if centred else window)
            magnitude = transforms.spectrum(torch.tensor(draw.normal(whole)), window, hop, centred).abs().numpy()
            phase = draw.uniform(bins, frames, low=-np.pi, high=np.pi) * (start == "random")
            inputs = {"magnitude": grid(magnitude), "initialPhase": phase}
            # A modulus near 0 has a phase that rounding decides; and what single precision makes of
            # the whole shows how far the numbers can be asked for.
            values = [torch.tensor(value, dtype=torch.float32) for value in inputs.values()]
            options = dict(windowLength=window, hop=hop, centred=centred, **settings)
            rough, _ = transforms.griffin_lim(*values, **options)
            fine, least = transforms.griffin_lim(*(value.double() for value in values), **options)
            error = ((rough - fine).norm() / fine.norm()).item()
            if least > (0.01 if gradients else 1e-5):
                break
        else:
            raise AssertionError(f"{case}: in every attempt a modulus is near 0")
        assert error < 1e-5, f"{case}: single precision differs by {error}"
        print(f"griffinLim/{case}: single precision differs by {error:.1e}, least modulus {least:.1e}, try {attempt}")

        def compute(magnitude, initialPhase):
            if start == "random":
                return {"signal": transforms.griffin_lim(magnitude, initialPhase, window, hop, centred, **settings)[0]}
            return {"signal": torchaudio.functional.griffinlim(
                magnitude, transforms.hann(window, magnitude), window, hop, window, 1.0,
                settings.get("iterations", 32), settings.get("momentum", 0.99), None, False)}

        writer.write(case, draw, inputs, compute, {"windowLength": window, "hop": hop, "centred": centred} | settings,
                     None if gradients else {}, None if start == "random" else ("magnitude",),
                     oracle=None if start == "random" else f"functional.griffinlim of {TORCHAUDIO}")


def write_all(root):
    resampling(root)
    kaiser_resampling(root)
    forward_transform(root)
    inverse_transform(root)
    griffin_lim(root)
