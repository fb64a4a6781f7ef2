"""The peers of the perceptual-audio-loss experiments: zounds' PerceptualLoss and the generator of experiment 004 in PyTorch."""

import copy

import numpy as np
import scipy.signal
import soundfile
import torch
import torch.nn.functional as F
from torch import nn

RATE, SAMPLES, BANDS, TAPS, FACTOR = 11025, 8192, 512, 512, 10.0
LATENT, COMPARED_STEPS = 128, 2
PEER = f"PyTorch {torch.__version__.split('+')[0]} conv1d"


def filters():
    """firwin2 of a Gaussian over each band, 1 Hz to Nyquist on the Bark scale, and the A-weights."""
    nyquist = RATE / 2
    middles = 600 * np.sinh(np.linspace(np.arcsinh(1 / 600), np.arcsinh(nyquist / 600), BANDS))
    gaussian = scipy.signal.windows.gaussian(100, 3)
    bank = []
    for middle in middles:
        width = 0.108 * middle + 24.7
        start, stop = max(0, middle - width / 2), min(nyquist, middle + width / 2)
        first = 1 if start == 0 else 0
        places = np.linspace(start, stop, 100, endpoint=False)[first:]
        bank.append(scipy.signal.firwin2(
            TAPS, np.r_[0, places, nyquist], np.r_[0, gaussian[first:], 0], fs=RATE))
    f2 = middles**2
    decibels = 2 + 20 * np.log10(12200**2 * f2**2 / (
        (f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12200**2)))
    return (torch.tensor(np.stack(bank)[:, None], dtype=torch.float32),
            torch.tensor(1 + decibels - decibels.min(), dtype=torch.float32)[:, None])


class PerceptualLoss:
    def __init__(self):
        self.bank, self.weights = filters()

    def features(self, signal):
        filtered = F.conv1d(signal[:, None], self.bank, padding=TAPS)
        return (torch.log(1 + FACTOR * F.relu(filtered)) * self.weights).flatten(1)

    def __call__(self, prediction, target):
        return -F.cosine_similarity(self.features(prediction), self.features(target))


def window(file):
    """[1, 8192]: the middle of a recording at 11 025 Hz, scaled by its absolute maximum."""
    samples, rate = soundfile.read(file)
    divisor = np.gcd(rate, RATE)
    signal = scipy.signal.resample_poly(samples.mean(1), RATE // divisor, rate // divisor)
    start = (len(signal) - SAMPLES) // 2
    signal = signal[start:start + SAMPLES]
    return torch.tensor(signal / np.abs(signal).max(), dtype=torch.float32)[None]


class Bark:
    """Value and gradient of the loss of experiment 004, both signals' features computed."""

    peer, allowed = PEER, 1e-3

    def __init__(self, audio):
        files = sorted(audio.glob("*.flac"))
        self.loss = PerceptualLoss()
        self.target = window(files[2])
        smooth = scipy.signal.lfilter(*scipy.signal.butter(2, 0.4), self.target.numpy())
        noise = 0.02 * np.random.default_rng(1).standard_normal(self.target.shape)
        self.prediction = torch.tensor(smooth + noise, dtype=torch.float32)
        self.inputs = {"prediction": self.prediction.numpy(), "target": self.target.numpy()}

    def run(self):
        prediction = self.prediction.detach().requires_grad_()
        value = self.loss(prediction, self.target)
        value.sum().backward()
        return {"value": value, "gradient": prediction.grad}


def generator():
    layers = []
    for outputs, kernel, factor in [(32, 3, 4), (32, 15, 4), (32, 25, 4), (32, 25, 4), (32, 25, 4), (32, 25, 4), (1, 25, 2)]:
        inputs = 32 if layers else LATENT
        convolution = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        nn.init.xavier_normal_(convolution.weight, 1 if outputs == 1 else nn.init.calculate_gain("leaky_relu", 0.2))
        layers += [nn.Upsample(scale_factor=factor), convolution]
        layers += [nn.LeakyReLU(0.2)] if outputs > 1 else []
    return nn.Sequential(*layers)


class FitGenerator:
    """One iteration of experiment 004 under the perceptual loss.

    What is compared are the losses of the first two steps, ours with those of the peer's own run in double precision. Adam
    with a first beta of 0 moves every weight by the learning rate in its first step whatever the gradient's size, so that
    where a gradient is smaller than its rounding the sign is rounding's, and single precision leaves the double run within a
    few steps. Even in double precision, initial weights moved by half a unit in the last place of single precision change the
    loss by a tenth of it within 20 steps (tools/oracles/experiments.py, which also writes the trajectory that a test follows
    as far as PyTorch's own single-precision runs do).
    """

    peer, allowed, what = PEER, 1e-4, f"losses of the first {COMPARED_STEPS} steps against float64, relative"

    def __init__(self, audio):
        torch.manual_seed(1)
        self.model, self.loss = generator(), PerceptualLoss()
        self.latent = torch.randn(1, LATENT, 1)
        self.target = window(sorted(audio.glob("*.flac"))[2])
        self.inputs = {name: value.numpy()[:, :, None].copy() for name, value in self.model.state_dict().items()}
        self.inputs |= {"latent": self.latent.numpy().reshape(-1), "target": self.target.numpy()}
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4, betas=(0.0, 0.9))

    def run(self):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(self.latent)[:, 0], self.target)
        loss.sum().backward()
        self.optimizer.step()
        return loss.item()

    def first(self):
        """From the very start, in double precision; the timed model goes on in single precision."""
        model, loss, target = copy.deepcopy(self.model).double(), PerceptualLoss(), self.target.double()
        loss.bank, loss.weights = loss.bank.double(), loss.weights.double()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.0, 0.9))
        losses = []
        for _ in range(COMPARED_STEPS):
            optimizer.zero_grad()
            value = loss(model(self.latent.double())[:, 0], target)
            value.sum().backward()
            optimizer.step()
            losses.append(value.item())
        return {"losses": np.array(losses, dtype=np.float32)}
