"""Fixtures of the auditory filter bank and the Bark distance: scipy.signal.firwin2 and PyTorch's conv1d in double precision."""

import numpy as np
import scipy
import scipy.signal
import torch
import torch.nn.functional as F

from fixture import Suite

SCIPY = f"SciPy {scipy.__version__} signal.firwin2, float64"
ORACLE = f"PyTorch {torch.__version__.split('+')[0]} conv1d, float64, with filters of {SCIPY}"


def centres(lowFrequency, highFrequency, bands, scale="bark"):
    if scale == "geometric":
        return np.geomspace(lowFrequency, highFrequency, bands)
    forwards, backwards = {
        "bark": (lambda f: 6 * np.arcsinh(f / 600), lambda b: 600 * np.sinh(b / 6)),
        "mel": (lambda f: 1127 * np.log(1 + f / 700), lambda m: 700 * (np.exp(m / 1127) - 1)),
    }[scale]
    return backwards(np.linspace(forwards(lowFrequency), forwards(highFrequency), bands))


def bandwidths(middles, scale="bark", bandwidthRatio=0.1):
    return bandwidthRatio * middles if scale == "geometric" else 0.108 * middles + 24.7


def responses(middles, widths, sampleRate, taps):
    """A Gaussian of gains over each band by frequency sampling; the point that would repeat 0 Hz left out."""
    nyquist = sampleRate / 2
    gaussian = scipy.signal.windows.gaussian(100, 3)
    bank = []
    for middle, width in zip(middles, widths):
        start, stop = max(0, middle - width / 2), min(nyquist, middle + width / 2)
        first = 1 if start == 0 else 0
        places = np.linspace(start, stop, 100, endpoint=False)[first:]
        bank.append(scipy.signal.firwin2(
            taps, np.concatenate([[0], places, [nyquist]]), np.concatenate([[0], gaussian[first:], [0]]), fs=sampleRate))
    return np.stack(bank)


def a_weights(middles):
    square = middles**2
    decibels = 2 + 20 * np.log10(
        12200**2 * middles**4 / ((square + 20.6**2) * np.sqrt((square + 107.7**2) * (square + 737.9**2))
                                 * (square + 12200**2)))
    return 1 + decibels - decibels.min()


def masking_thresholds(responses, middles, frame, offset, fullScaleLevel):
    """[N, bands, positions], constant over each frame: Schroeder's spreading, normalised, and Terhardt's threshold in quiet."""
    places = 6 * np.arcsinh(middles / 600)
    apart = places[:, None] - places[None] + 0.474
    spread = 10 ** ((15.81 + 7.5 * apart - 17.5 * np.sqrt(1 + apart**2)) / 10)
    spread = torch.tensor(spread / spread.sum(1, keepdims=True))
    k = middles / 1000
    quiet = np.minimum(96, 3.64 * k**-0.8 - 6.5 * np.exp(-0.6 * (k - 3.3) ** 2) + 1e-3 * k**4)
    quiet = torch.tensor(0.5 * 10 ** ((quiet - fullScaleLevel) / 10))[:, None]
    powers = torch.stack([part.pow(2).mean(-1) for part in responses.split(frame, -1)], -1)
    thresholds = torch.maximum(10 ** (-offset / 10) * spread @ powers.double(), quiet).to(responses.dtype)
    return thresholds.repeat_interleave(frame, -1)[..., :responses.shape[-1]]


def distance(prediction, target, sampleRate, lowFrequency, highFrequency, bands, taps, stride, aWeighting, logFactor=None,
             distance="meanSquaredError", frame=None, offset=5.5, fullScaleLevel=96.0, **scale):
    """Per sample; both signals [N, T]. With a frame the target's masking thresholds set the factor."""
    middles = centres(lowFrequency, highFrequency, bands, scale.get("scale", "bark"))
    bank = torch.tensor(responses(middles, bandwidths(middles, **scale), sampleRate, taps), dtype=prediction.dtype)[:, None]
    weights = torch.tensor(a_weights(middles) if aWeighting else np.ones(bands), dtype=prediction.dtype)[:, None]

    def responded(signal):
        return F.conv1d(signal[:, None], bank, stride=stride, padding=taps)

    factor = logFactor
    if frame:
        with torch.no_grad():
            factor = masking_thresholds(responded(target), middles, max(1, frame // stride), offset, fullScaleLevel)**-0.5

    def features(signal):
        return (torch.log(1 + factor * F.relu(responded(signal))) * weights).flatten(1)

    a, b = features(prediction), features(target)
    if distance == "meanSquaredError":
        return ((a - b) ** 2).mean(1)
    return -F.cosine_similarity(a, b, dim=1, eps=1e-8)


# name: sampleRate, lowFrequency, highFrequency, bands, taps, more.
BANKS = {
    # Experiment 004, a quarter of its bands.
    "experiment-004": (11025, 1, 5512.5, 128, 512, {}),
    # Bands that begin at or below 0 Hz.
    "lowest-bands": (11025, 1, 40, 12, 512, {}),
    # Experiment 003's band, fewer of them.
    "experiment-003-band": (11025, 50, 5212.5, 48, 512, {"aWeighting": False}),
    "smallest": (8000, 2000, 2000, 1, 2, {}),
    "odd-taps": (16000, 30, 7000, 9, 63, {}),
    # The grid is the next power of two above the taps.
    "taps-no-power-of-two": (16000, 30, 8000, 9, 100, {}),
    "from-0-hertz": (8000, 0, 4000, 7, 32, {"aWeighting": False}),
    "mel": (22050, 60, 11025, 33, 128, {"scale": "mel"}),
    "geometric": (44100, 55, 14080, 17, 256, {"scale": "geometric", "bandwidthRatio": 0.2}),
    "geometric-default-ratio": (44100, 110, 14080, 5, 64, {"scale": "geometric"}),
}


def banks(root):
    writer = Suite(root, "auditoryFilterBank", "bark.py", SCIPY)
    for case, (rate, low, high, bands, taps, more) in BANKS.items():
        scale = {key: more[key] for key in more if key != "aWeighting"}
        middles = centres(low, high, bands, more.get("scale", "bark"))
        widths = bandwidths(middles, **scale)
        weights = a_weights(middles) if more.get("aWeighting", True) else np.ones(bands)
        writer.store(case, None, {
            "expected.responses": responses(middles, widths, rate, taps), "expected.centres": middles,
            "expected.bandwidths": widths, "expected.weights": weights,
        }, dict(sampleRate=rate, lowFrequency=low, highFrequency=high, bands=bands, taps=taps, **more))


def attributes(rate=11025, low=2000, high=5300, bands=9, taps=128, stride=1, factor=10, weighted=True, **more):
    return dict(sampleRate=rate, lowFrequency=low, highFrequency=high, bands=bands, taps=taps, stride=stride,
                logFactor=factor, aWeighting=weighted, **more)


# name: shape, attributes, the scale of the signals.
DISTANCES = {
    # The losses of the two experiments, on shorter signals and with fewer bands.
    "experiment-004": ((1, 700), attributes(low=1, high=5512.5, bands=64, taps=256, distance="cosine"), 0.3),
    "experiment-003": ((2, 512), attributes(low=50, high=5212.5, bands=48, taps=256, stride=2, factor=10000,
                                            weighted=False), 0.3),
    "smallest": ((1, 1), attributes(low=2756.25, high=2756.25, bands=1, taps=2), 1.0),
    "shorter-than-the-filters": ((2, 7), attributes(distance="cosine"), 1.0),
    # Positions: floor((T + taps) / stride) + 1, the last stride ragged.
    "ragged-stride": ((1, 61), attributes(taps=100, stride=7), 1.0),
    "odd-taps": ((2, 90), attributes(taps=127, distance="cosine"), 1.0),
    "factor-1": ((2, 83), attributes(factor=1), 1.0),
    "factor-100": ((2, 83), attributes(factor=100, distance="cosine"), 1.0),
    "factor-10000": ((1, 300), attributes(factor=10000, weighted=False, distance="cosine"), 1.0),
    "one-past-16-bands": ((1, 140), attributes(bands=17), 0.5),
    "one-past-32-bands": ((1, 140), attributes(bands=33, weighted=False, distance="cosine"), 0.5),
    "mel-scale": ((2, 150), attributes(bands=21, scale="mel", distance="cosine"), 0.3),
    "geometric-scale": ((1, 150), attributes(bands=17, stride=3, scale="geometric", bandwidthRatio=0.2), 0.3),
    "another-rate": ((1, 200), attributes(rate=48000, low=8000, high=24000, bands=11, taps=64), 0.5),
}


def distances(root):
    writer = Suite(root, "barkDistance", "bark.py", ORACLE)
    for case, (shape, settings, scale) in DISTANCES.items():
        draw = writer.draw(case)
        inputs = {"prediction": draw.normal(*shape, scale=scale), "target": draw.normal(*shape, scale=scale)}
        writer.write(case, draw, inputs, lambda prediction, target: {"value": distance(prediction, target, **settings)},
                     settings)
    # All samples of one are 0: the cosine has value and gradients 0, the squares a value and one gradient.
    for kind in ("cosine", "meanSquaredError"):
        case = f"silent-{kind}"
        draw = writer.draw(case)
        settings = attributes(distance=kind)
        inputs = {"prediction": np.zeros((1, 50)), "target": draw.normal(1, 50)}
        override = {"expected.gradient.prediction": np.zeros((1, 50)), "expected.gradient.target": np.zeros((1, 50))}
        writer.write(case, draw, inputs, lambda prediction, target: {"value": distance(prediction, target, **settings)},
                     settings, override=override if kind == "cosine" else None)


def masked(**more):
    settings = attributes(**more)
    del settings["logFactor"]
    return settings


# name: shape, attributes, the scale of the signals.
MASKED = {
    # The loss of experiment 004 with masking, on a shorter signal and with fewer bands.
    "experiment-004": ((1, 700), masked(low=1, high=5512.5, bands=64, taps=256, distance="cosine", frame=128), 0.3),
    "smallest": ((1, 1), masked(low=2756.25, high=2756.25, bands=1, taps=2, frame=1), 1.0),
    # Frames that neither divide the positions nor one another's bounds; an offset and a level that matter.
    "ragged-frames": ((2, 83), masked(frame=13, offset=14.0, fullScaleLevel=60.0), 1.0),
    "one-past-16-bands": ((1, 140), masked(bands=17, frame=32, distance="cosine"), 0.5),
    # A lap longer than the frame: each position is a frame.
    "frame-under-the-stride": ((1, 130), masked(taps=100, stride=7, frame=3), 1.0),
    "lap-2": ((2, 150), masked(stride=2, frame=31, weighted=False), 0.3),
    # So faint that the threshold in quiet decides.
    "under-the-threshold-in-quiet": ((1, 120), masked(frame=40), 1e-5),
}


def masked_distances(root):
    writer = Suite(root, "maskedBarkDistance", "bark.py", ORACLE)
    for case, (shape, settings, scale) in MASKED.items():
        draw = writer.draw(case)
        inputs = {"prediction": draw.normal(*shape, scale=scale), "target": draw.normal(*shape, scale=scale)}
        writer.write(case, draw, inputs, lambda prediction, target: {"value": distance(prediction, target, **settings)},
                     settings)


def write_all(root):
    banks(root)
    distances(root)
    masked_distances(root)
