"""Fixtures of everything mel: filter banks, spectrograms, logarithmic scaling and the inverse.

torchaudio builds filters and windows in the default precision, which fixture.py sets to double.
"""

import warnings

import librosa
import numpy as np
import scipy
import torch
import torchaudio

import transforms
from audio import DEFINITION, TORCHAUDIO
from fixture import Suite, grid

warnings.filterwarnings("ignore", message="At least one mel filterbank has all zero values")
warnings.filterwarnings("ignore", message="Empty filters detected")


def suite(root, operation, oracle):
    return Suite(root, operation, "mel.py", oracle)


# name: sampleRate, bins, mels, and attributes off their defaults.
FILTER_BANKS = {
    # The paper's 256 filters on 513 bins, each a quarter: melSpectrogram/paper holds the whole, whose
    # weights alone would be a megabyte. More filters than the low frequencies have bins.
    "paper-quarter": (16000, 129, 64, {}),
    "htk": (16000, 65, 20, {}),
    "htk-slaney-norm": (16000, 65, 20, {"norm": "slaney"}),
    "slaney": (22050, 129, 40, {"scale": "slaney"}),
    "slaney-slaney-norm": (22050, 129, 40, {"scale": "slaney", "norm": "slaney"}),
    "band": (16000, 100, 13, {"lowFrequency": 300, "highFrequency": 3400, "scale": "htk", "norm": "none"}),
    "band-slaney": (16000, 100, 13, {"lowFrequency": 80.5, "highFrequency": 7600, "scale": "slaney", "norm": "slaney"}),
    # More filters than bins: most are empty.
    "more-mels-than-bins": (8000, 17, 31, {}),
    "one-mel": (8000, 9, 1, {}),
    # Half of an odd rate is no integer; librosa's grid ends there, torchaudio's half a hertz below.
    "odd-rate": (11025, 33, 12, {}),
    "odd-rate-slaney": (11025, 33, 12, {"scale": "slaney", "norm": "slaney"}),
}


def librosa_bank(sampleRate, bins, mels, lowFrequency=0, highFrequency=None, scale="htk", norm="none"):
    return librosa.filters.mel(
        sr=sampleRate, n_fft=2 * (bins - 1), n_mels=mels, fmin=lowFrequency, fmax=highFrequency,
        htk=scale == "htk", norm=None if norm == "none" else norm, dtype=np.float64).T


def torchaudio_bank(sampleRate, bins, mels, lowFrequency=0, highFrequency=None, scale="htk", norm="none"):
    return torchaudio.functional.melscale_fbanks(
        bins, lowFrequency, sampleRate / 2 if highFrequency is None else highFrequency, mels, sampleRate,
        None if norm == "none" else norm, scale).numpy()


def filter_banks(root):
    writer = suite(root, "melFilterBank", f"librosa {librosa.__version__}, float64")
    for case, (rate, bins, mels, attributes) in FILTER_BANKS.items():
        bank = librosa_bank(rate, bins, mels, **attributes)
        if rate % 2 == 0:
            difference = np.abs(bank - torchaudio_bank(rate, bins, mels, **attributes)).max()
            assert difference < 1e-11, f"{case}: librosa and torchaudio differ by {difference}"
        writer.store(case, None, {"expected.weights": np.ascontiguousarray(bank)},
                     {"sampleRate": rate, "bins": bins, "mels": mels} | attributes)


# name: signal length, windowLength, hop, mels, sampleRate, other attributes.
MEL_SPECTROGRAMS = {
    "paper": (1024 + 2 * 260 + 31, 1024, 260, 256, 16000, {}),
    "uncentred": (77, 32, 9, 7, 16000, {}),
    "centred": (70, 32, 9, 7, 16000, {"centred": True}),
    "power-2": (77, 32, 9, 5, 16000, {"power": 2}),
    "slaney": (150, 64, 17, 12, 22050, {"scale": "slaney", "norm": "slaney"}),
    "band": (150, 64, 17, 9, 16000, {"lowFrequency": 200, "highFrequency": 6000, "norm": "slaney"}),
    "window-30": (95, 30, 11, 6, 8000, {"centred": False, "power": 1}),
    # Digital silence, then sound: the magnitude's kink at 0 has gradient 0, not 0/0.
    "silence-then-sound": (80, 16, 8, 5, 16000, {}),
}


def mel_spectrograms(root):
    writer = suite(root, "melSpectrogram", f"transforms.MelSpectrogram of {TORCHAUDIO}")
    for case, (length, window, hop, mels, rate, attributes) in MEL_SPECTROGRAMS.items():
        draw = writer.draw(case)
        signal = draw.normal(length)
        if case == "silence-then-sound":
            signal[:40] = 0
        norm = attributes.get("norm", "none")
        transform = torchaudio.transforms.MelSpectrogram(
            rate, n_fft=window, hop_length=hop, n_mels=mels, power=float(attributes.get("power", 1)),
            center=attributes.get("centred", False), f_min=attributes.get("lowFrequency", 0.0),
            f_max=attributes.get("highFrequency"), mel_scale=attributes.get("scale", "htk"),
            norm=None if norm == "none" else norm)
        writer.write(case, draw, {"signal": signal}, lambda signal: {"mel": transform(signal)},
                     {"sampleRate": rate, "windowLength": window, "hop": hop, "mels": mels} | attributes)


def log_scalings(root):
    writer = suite(root, "logScaling", DEFINITION)
    for case, attributes in {
        "defaults": {},
        "add-clip": {"epsilon": 0.25, "form": "add", "range": "clip"},
        "clamp-clip": {"epsilon": 0.5, "form": "clamp", "range": "clip"},
        "add-fixed": {"epsilon": 0.01, "form": "add", "range": [-5, 3.5]},
        # Values outside the fixed range are not clipped.
        "clamp-fixed": {"epsilon": 0.125, "form": "clamp", "range": [-1.5, 0.25]},
    }.items():
        draw = writer.draw(case)
        mel = grid(np.exp(1.5 * draw.normal(7, 19)))
        ordered = np.sort(mel.flatten())
        assert ordered[-1] > 1.001 * ordered[-2], f"{case}: two greatest values too alike"
        assert attributes.get("form") == "clamp" or ordered[1] > ordered[0] + 1e-4, f"{case}: two least values"
        assert np.abs(mel - attributes.get("epsilon", 0.001)).min() > 1e-5, f"{case}: a value at the clamp's kink"
        writer.write(case, draw, {"mel": mel}, lambda mel: transforms.log_scaling(mel, **attributes), attributes)
    equal = {"all-equal": (0.75, {}), "silence": (0.0, {}), "silence-clamp": (0.0, {"form": "clamp"})}
    for case, (value, attributes) in equal.items():
        draw = writer.draw(case)
        writer.write(case, draw, {"mel": np.full((3, 5), value)},
                     lambda mel: transforms.log_scaling(mel, **attributes), attributes, cotangents={})


# name: signal length, windowLength, hop, mels, sampleRate, attributes of the spectrogram, of the scaling.
LOG_MEL_SPECTROGRAMS = {
    "paper": (1024 + 260 + 31, 1024, 260, 256, 16000, {}, {}),
    "clamp-clip": (200, 64, 17, 9, 16000, {}, {"epsilon": 0.5, "form": "clamp"}),
    "power-2-centred": (120, 32, 9, 5, 16000, {"power": 2, "centred": True}, {"epsilon": 0.01}),
    "slaney-fixed": (150, 64, 17, 12, 22050, {"scale": "slaney", "norm": "slaney"}, {"range": [-7, 2.5]}),
}


def log_mel_spectrograms(root):
    writer = suite(root, "logMelSpectrogram", f"transforms.MelSpectrogram of {TORCHAUDIO}, then the {DEFINITION}")
    for case, (length, window, hop, mels, rate, attributes, scaling) in LOG_MEL_SPECTROGRAMS.items():
        draw = writer.draw(case)
        norm = attributes.get("norm", "none")
        transform = torchaudio.transforms.MelSpectrogram(
            rate, n_fft=window, hop_length=hop, n_mels=mels, power=float(attributes.get("power", 1)),
            center=attributes.get("centred", False), mel_scale=attributes.get("scale", "htk"),
            norm=None if norm == "none" else norm)
        # The paper's empty filter ties at the least value; whatever comes down it reaches no sample.
        writer.write(case, draw, {"signal": draw.normal(length)},
                     lambda signal: transforms.log_scaling(transform(signal), **scaling),
                     {"sampleRate": rate, "windowLength": window, "hop": hop, "mels": mels} | attributes | scaling)


def inverse_mel(root):
    writer = suite(root, "inverseMelScale", f"SciPy {scipy.__version__} optimize.nnls on librosa's filter bank")
    # name: sampleRate, bins, mels, frames, whether the mel values come from a spectrum, attributes.
    for case, (rate, bins, mels, frames, consistent, attributes) in {
        "paper": (16000, 513, 256, 2, True, {}),
        "small": (16000, 33, 10, 5, True, {}),
        "slaney": (22050, 65, 20, 3, True, {"scale": "slaney", "norm": "slaney"}),
        "band": (16000, 65, 12, 4, True, {"lowFrequency": 300, "highFrequency": 5000}),
        # More filters than bins, so that no spectrum has these mel values: the least residual is not 0.
        "overdetermined": (8000, 9, 13, 3, False, {}),
        "out-of-reach": (16000, 33, 24, 4, False, {}),
        "silence": (16000, 33, 10, 2, None, {}),
    }.items():
        draw = writer.draw(case)
        bank = librosa_bank(rate, bins, mels, **attributes)
        spectrum = np.abs(draw.normal(bins, frames))
        mel = bank.T @ spectrum if consistent else draw.uniform(mels, frames)
        mel = grid(mel * (consistent is not None))
        magnitude = np.stack([scipy.optimize.nnls(bank.T, column)[0] for column in mel.T], axis=1)
        # The least residual, by its conditions: no bin gains by growing, and none above 0 by shrinking.
        slope = bank @ (bank.T @ magnitude - mel)
        assert magnitude.min() >= 0 and slope.min() > -1e-11 and np.abs(slope * magnitude).max() < 1e-10, case
        writer.store(case, draw, {"input.mel": mel, "expected.magnitude": magnitude},
                     {"sampleRate": rate, "bins": bins} | attributes)


def minimum_norm(root):
    """What TorchAudio's InverseMelScale aims at (driver gelsd, then clamp), in double."""
    writer = suite(root, "inverseMelScale", f"NumPy {np.__version__} linalg.lstsq on librosa's filter bank, clipped at 0")
    for case, (rate, bins, mels, frames, attributes) in {
        "minimum-norm-paper": (16000, 513, 256, 2, {}),
        "minimum-norm-slaney": (22050, 65, 20, 3, {"scale": "slaney", "norm": "slaney"}),
        "minimum-norm-more-mels-than-bins": (8000, 9, 13, 3, {}),
    }.items():
        draw = writer.draw(case)
        bank = librosa_bank(rate, bins, mels, **attributes)
        mel = grid(bank.T @ np.abs(draw.normal(bins, frames)))
        magnitude, _, rank, _ = np.linalg.lstsq(bank.T, mel, rcond=1e-6)
        assert case != "minimum-norm-paper" or rank == 230
        writer.store(case, draw, {"input.mel": mel, "expected.magnitude": np.maximum(magnitude, 0)},
                     {"sampleRate": rate, "bins": bins, "method": "minimumNorm"} | attributes)


def write_all(root):
    filter_banks(root)
    mel_spectrograms(root)
    log_scalings(root)
    inverse_mel(root)
    minimum_norm(root)
    log_mel_spectrograms(root)
