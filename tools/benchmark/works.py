"""The peers' side of each piece of work: its data, its run, and how the two results are compared.

The work is that of facts.md, section 5. Data: the sixteen clips of Tests/Fixtures/audio.
"""

import dataclasses
import functools
import pathlib
import warnings

import librosa
import numpy as np
import pytorch_msssim
import soundfile
import torch
import torch.nn.functional as F
import torchaudio

from experiments import Bark, FitGenerator
import network
from network import Network

warnings.filterwarnings("ignore", message="At least one mel filterbank has all zero values")
AUDIO = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "audio"
RATE, WINDOW, HOP, MELS = 16000, 1024, 260, 256


@dataclasses.dataclass
class Verdict:
    largest: float
    allowed: float
    what: str

    @property
    def agrees(self):
        return bool(self.largest <= self.allowed)


class Work:
    """`inputs` go to our side; `run` is timed; `first` gives what is compared, arrays by name."""

    peer, inputs, allowed = "", {}, 0.0

    def first(self):
        return {name: value.detach().numpy() for name, value in self.run().items()}

    def compare(self, ours, peer):
        """The largest difference of any element over the largest element of its array."""
        assert ours.keys() == peer.keys(), f"ours computed {list(ours)}, the peer {list(peer)}"
        largest = 0.0
        for name, expected in peer.items():
            assert ours[name].shape == expected.shape, f"{name}: {ours[name].shape} beside {expected.shape}"
            difference = np.abs(ours[name].astype(np.float64) - expected).max() / np.abs(expected).max()
            largest = max(largest, difference if np.isfinite(difference) else np.inf)
        return Verdict(float(largest), self.allowed, "largest difference over the largest element, each array by itself")


@functools.cache
def stereo():
    """[16, 2, 201984]."""
    files = sorted(AUDIO.glob("*.flac"))
    assert len(files) == 16, f"{AUDIO} holds {len(files)} FLAC files, 16 are needed"
    clips = np.stack([soundfile.read(file, dtype="float32")[0].T for file in files])
    return torch.from_numpy(np.ascontiguousarray(clips))


def mono():
    """[16, 67328]."""
    return torchaudio.functional.resample(stereo().mean(1), 48000, RATE)


def mel_transform(centred):
    return torchaudio.transforms.MelSpectrogram(
        RATE, n_fft=WINDOW, hop_length=HOP, n_mels=MELS, power=1.0, center=centred, norm=None, mel_scale="htk")


def pictures():
    """A target, the spectrograms, and a prediction as a model makes it: smoother, a little off; [16, 1, 256, 256]."""
    log = torch.log(mel_transform(False)(mono()) + 0.001)
    low, high = log.amin((1, 2), keepdim=True), log.amax((1, 2), keepdim=True)
    target = ((log - low) / (high - low))[:, None]
    smooth = F.avg_pool2d(F.pad(target, (1, 1, 1, 1), mode="reflect"), 3, 1)
    noise = torch.tensor(np.random.default_rng(1).standard_normal(target.shape, dtype=np.float32))
    return (smooth + 0.03 * noise).clamp(0, 1).contiguous(), target.contiguous()


class Loss(Work):
    """The value of each image and the gradient of their sum with respect to the prediction."""

    # In single precision both sides take variances as differences of moments: 1e-7 beside C2 = 9e-4 is 1e-4.
    allowed = 1e-3

    def __init__(self):
        self.prediction, self.target = pictures()
        self.inputs = {"prediction": self.prediction.numpy(), "target": self.target.numpy()}

    def run(self):
        prediction = self.prediction.detach().requires_grad_()
        value = self.value(prediction, self.target)
        value.sum().backward()
        return {"value": value, "gradient": prediction.grad}


class SSIM(Loss):
    peer = "pytorch-msssim 1.0.0"

    def value(self, prediction, target):
        return pytorch_msssim.ssim(prediction, target, data_range=1, size_average=False)


class MultiScaleSSIM(Loss):
    peer = "pytorch-msssim 1.0.0"

    def value(self, prediction, target):
        return pytorch_msssim.ms_ssim(prediction, target, data_range=1, size_average=False)


SIGMAS = (0.0248, 0.0185, 0.0179, 0.0191, 0.0220, 0.2782)
# Top, left, right, bottom.
NEIGHBOURS = (
    (0.1011, 0.1493, 0.1460, 0.1015), (0.0757, 0.1986, 0.1846, 0.0837), (0.0477, 0.2138, 0.2243, 0.0467),
    (0, 0.2503, 0.2616, 0), (0, 0.2598, 0.2552, 0), (0, 0.2215, 0.0717, 0))


class NLPD(Loss):
    peer = f"A. Hepburn's formula in PyTorch {torch.__version__.split('+')[0]}"

    def __init__(self):
        super().__init__()
        taps = torch.tensor([0.05, 0.25, 0.4, 0.25, 0.05])
        self.low_pass = torch.outer(taps, taps)[None, None]
        self.around = [torch.tensor([[0, top, 0], [left, 0, right], [0, bottom, 0]])[None, None]
                       for top, left, right, bottom in NEIGHBOURS]

    def pyramid(self, j):
        levels = []
        for sigma, around in zip(SIGMAS, self.around):
            height, width = j.shape[-2:]
            total = [max((-(-side // 2) - 1) * 2 + 5 - side, 0) for side in (height, width)]
            (top, left), (bottom, right) = [t // 2 for t in total], [t - t // 2 for t in total]
            smaller = F.conv2d(F.pad(j, (left, right, top, bottom), mode="reflect"), self.low_pass, stride=2)
            larger = F.interpolate(smaller, size=(height, width), mode="bilinear", align_corners=True)
            residual = j - F.conv2d(F.pad(larger, (2, 2, 2, 2), mode="reflect"), self.low_pass)
            levels.append(residual / (sigma + F.conv2d(F.pad(residual.abs(), (1, 1, 1, 1), mode="reflect"), around)))
            j = smaller
        return levels

    def compare(self, ours, peer):
        """The norm of the difference over the norm, since |R| has a kink: where a residual of the two images' is within a
        rounding of 0 its sign is anyone's, and one pixel's gradient jumps."""
        largest = max(float(np.linalg.norm(ours[name].astype(np.float64) - value) / np.linalg.norm(value))
                      for name, value in peer.items())
        return Verdict(largest, self.allowed, "norm of the difference over the norm, each array by itself")

    def value(self, prediction, target):
        pairs = zip(self.pyramid(prediction), self.pyramid(target))
        roots = torch.stack([((a - b) ** 2).mean((1, 2, 3)).sqrt() for a, b in pairs])
        return (roots**0.6).sum(0) ** (1 / 0.6)


TORCHAUDIO = f"torchaudio {torchaudio.__version__.split('+')[0]}"


class Mel(Work):
    # Transforms of 1024 samples in single precision, in different orders; a bin of zeros beside a loud one keeps its error.
    peer, allowed = TORCHAUDIO, 3e-5

    def __init__(self):
        self.signal, self.transform = mono().contiguous(), mel_transform(False)
        self.inputs = {"signal": self.signal.numpy()}

    def run(self):
        return {"mel": self.transform(self.signal)}


class Resample(Work):
    peer, allowed = TORCHAUDIO, 1e-5

    def __init__(self):
        self.signal, self.transform = stereo(), torchaudio.transforms.Resample(48000, RATE)
        self.inputs = {"signal": self.signal.numpy()}

    def run(self):
        return {"signal": self.transform(self.signal)}


class InverseMel(Work):
    """Judged by how well the result explains the mel-spectrogram: the rank of 230 leaves the magnitude itself open."""

    # The peer's least squares meet the mel to its rounding before it clamps what is negative, which then costs about
    # two hundredths; ours are non-negative from the start.
    peer, allowed = f"{TORCHAUDIO} (gelsd)", 0.02

    def __init__(self):
        self.mel = mel_transform(True)(mono()).contiguous()
        self.transform = torchaudio.transforms.InverseMelScale(WINDOW // 2 + 1, MELS, RATE, driver="gelsd")
        self.inputs = {"mel": self.mel.numpy()}

    def run(self):
        return {"magnitude": self.transform(self.mel)}

    def residual(self, magnitude):
        rebuilt = np.einsum("nkt,km->nmt", magnitude.astype(np.float64), self.transform.fb.numpy().astype(np.float64))
        mel = self.mel.numpy()
        return float(np.linalg.norm(rebuilt - mel) / np.linalg.norm(mel))

    def compare(self, ours, peer):
        found, theirs = self.residual(ours["magnitude"]), self.residual(peer["magnitude"])
        largest = np.inf if ours["magnitude"].min() < 0 else found
        return Verdict(float(largest), max(self.allowed, theirs),
                       f"relative residual of the mel and no negative magnitude; the peer's residual is {theirs:.2e}")


class GriffinLim(Work):
    # Thirty-two iterations magnify a difference of one rounding: phases of quiet bins are ill-defined.
    peer, allowed = TORCHAUDIO, 0.05

    def __init__(self):
        self.magnitude = torch.stft(
            mono(), WINDOW, HOP, window=torch.hann_window(WINDOW), return_complex=True).abs().contiguous()
        self.transform = torchaudio.transforms.GriffinLim(
            n_fft=WINDOW, hop_length=HOP, n_iter=32, power=1.0, momentum=0.99, rand_init=False)
        self.inputs = {"magnitude": self.magnitude.numpy()}

    def run(self):
        return {"signal": self.transform(self.magnitude)}

    def inconsistency(self, signal):
        """How far the spectrum of the result is from the magnitudes asked for, relative."""
        rebuilt = torch.stft(torch.tensor(signal), WINDOW, HOP, window=torch.hann_window(WINDOW), return_complex=True)
        return float((rebuilt.abs() - self.magnitude).norm() / self.magnitude.norm())

    def compare(self, ours, peer):
        difference = np.linalg.norm(ours["signal"].astype(np.float64) - peer["signal"]) / np.linalg.norm(peer["signal"])
        found, theirs = self.inconsistency(ours["signal"]), self.inconsistency(peer["signal"])
        if found > 1.02 * theirs:
            difference = np.inf
        return Verdict(float(difference), self.allowed,
                       f"norm of the difference over the norm; inconsistency {found:.4f}, the peer's {theirs:.4f}")


class LibrosaGriffinLim(GriffinLim):
    peer = f"librosa {librosa.__version__}"

    def __init__(self):
        super().__init__()
        self.magnitude = self.magnitude[:1].contiguous()
        self.array = self.magnitude[0].numpy()
        self.inputs = {"magnitude": self.magnitude.numpy()}

    def run(self):
        return librosa.griffinlim(
            self.array, n_iter=32, hop_length=HOP, win_length=WINDOW, n_fft=WINDOW, momentum=0.99, init=None,
            pad_mode="reflect")

    def first(self):
        return {"signal": self.run()[None]}


class BarkLoss(Bark, Work):
    """A response within a rounding of 0 may be rectified on one side alone: the gradient is judged by its norm."""

    def __init__(self):
        super().__init__(AUDIO)

    def compare(self, ours, peer):
        largest = max(float(np.linalg.norm(ours[name].astype(np.float64) - value) / np.linalg.norm(value))
                      for name, value in peer.items())
        return Verdict(largest, self.allowed, "norm of the difference over the norm, each array by itself")


class ClipIteration(FitGenerator, Network):
    def __init__(self):
        FitGenerator.__init__(self, AUDIO)


ALL = {
    "training-step": network.TrainingStep, "training-step-bf16": network.TrainingStepBF16,
    "training-step-k2": network.TrainingStepK2, "training-step-k3": network.TrainingStepK3,
    "training-step-k5": network.TrainingStepK5, "training-step-nearest": network.TrainingStepNearest,
    "training-step-bilinear": network.TrainingStepBilinear, "inference": network.Inference,
    "inference-k2": network.InferenceK2, "ssim": SSIM, "ms-ssim": MultiScaleSSIM, "nlpd": NLPD,
    "mel": Mel, "resample": Resample, "inverse-mel": InverseMel, "griffin-lim": GriffinLim,
    "griffin-lim-librosa": LibrosaGriffinLim, "bark": BarkLoss, "fit-generator": ClipIteration,
}
