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
import floors
import formulas
import network
from network import Network
import peers

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
    """`inputs` go to our side; `run` is timed; `first` gives what is compared, arrays by name.

    `others` makes more peers, by name; `floor` is what binds the work and the seconds it takes at least.
    """

    peer, inputs, allowed, others = "", {}, 0.0, {}

    def first(self):
        return self.arrays(self.run())

    def arrays(self, results):
        return {name: value.detach().numpy() for name, value in results.items()}

    def floor(self, machine, threads):
        return None

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

    def evaluate(self, function):
        prediction = self.prediction.detach().requires_grad_()
        value = function(prediction, self.target)
        value.sum().backward()
        return {"value": value, "gradient": prediction.grad}

    def run(self):
        return self.evaluate(self.value)

    def compilers(self, formula, in_torch, in_jax):
        return {
            "torch.compile": lambda: peers.compiled_loss(self, self.value),
            "torch.compile of formulas.py": lambda: peers.compiled_loss(self, functools.partial(formula, **in_torch)),
            peers.JAX: lambda: peers.jax_loss(self, functools.partial(formula, **in_jax))}

    def floor(self, machine, threads):
        operations, moved = self.cost(self.prediction.shape[-1])
        return floors.binding(machine, threads, len(self.prediction) * operations, len(self.prediction) * moved)


class SSIM(Loss):
    peer, cost = "pytorch-msssim 1.0.0", staticmethod(floors.similarity)

    @property
    def others(self):
        return self.compilers(formulas.ssim, {"window": formulas.by_slices}, {"window": formulas.by_matrices})

    def value(self, prediction, target):
        return pytorch_msssim.ssim(prediction, target, data_range=1, size_average=False)


class MultiScaleSSIM(Loss):
    peer, cost = "pytorch-msssim 1.0.0", staticmethod(floors.multi_scale_similarity)

    @property
    def others(self):
        return self.compilers(formulas.ms_ssim, {"window": formulas.by_slices}, {"window": formulas.by_matrices})

    def value(self, prediction, target):
        return pytorch_msssim.ms_ssim(prediction, target, data_range=1, size_average=False)


class NLPD(Loss):
    peer = f"A. Hepburn's formula in PyTorch {torch.__version__.split('+')[0]}"
    cost = staticmethod(floors.pyramid)

    @property
    def others(self):
        import jax.numpy as jnp
        sides = [self.prediction.shape[-1] >> level for level in range(len(formulas.SIGMAS))]
        matrices = {side: tuple(map(torch.from_numpy, formulas.pyramid_matrices(side))) for side in sides}
        return self.compilers(
            formulas.nlpd, {"matrices": matrices.__getitem__, "concatenate": torch.cat},
            {"matrices": formulas.pyramid_matrices, "concatenate": jnp.concatenate})

    def __init__(self):
        super().__init__()
        taps = torch.tensor(formulas.LOW_PASS)
        self.low_pass = torch.outer(taps, taps)[None, None]
        self.around = [torch.tensor([[0, top, 0], [left, 0, right], [0, bottom, 0]])[None, None]
                       for top, left, right, bottom in formulas.NEIGHBOURS]

    def pyramid(self, j):
        levels = []
        for sigma, around in zip(formulas.SIGMAS, self.around):
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

    @property
    def others(self):
        return {f"kaldi-native-fbank {peers.version('kaldi-native-fbank')}": lambda: peers.kaldi(self)}

    def floor(self, machine, threads):
        count = len(self.signal) * ((self.signal.shape[-1] - WINDOW) // HOP + 1)
        return f"FFTW: {count} transforms of {WINDOW}", floors.transforms(count, WINDOW) / threads

    def run(self):
        return {"mel": self.transform(self.signal)}


class Resample(Work):
    # Its filter reaches over 2 x 6 periods of 0.99 of the lower rate.
    peer, allowed, taps, options = TORCHAUDIO, 1e-5, 36, {}

    def __init__(self):
        self.signal, self.transform = stereo(), torchaudio.transforms.Resample(48000, RATE, **self.options)
        self.inputs = {"signal": self.signal.numpy()}

    def floor(self, machine, threads):
        inputs = self.signal.numel()
        return floors.binding(machine, threads, 2 * self.taps * inputs // 3, memory=4 * (inputs + inputs // 3))

    def run(self):
        return {"signal": self.transform(self.signal)}


class ResampleKaiser(Resample):
    """Our filter of 90 periods of the lower rate to each side; TorchAudio's measures them in its own cutoff's.

    Filters of other design agree in what they pass: bins up to nine tenths of the new Nyquist frequency are compared.
    """

    allowed, taps = 1e-4, 540
    options = {"resampling_method": "sinc_interp_kaiser", "lowpass_filter_width": 0.955 * 90, "rolloff": 0.955,
               "beta": 12.5}

    def floor(self, machine, threads):
        # Overlap-save: three streams of inputs, one of outputs.
        taps = self.taps // 3
        count = 4 * -(-self.signal.numel() // (3 * (WINDOW - taps + 1)))
        return f"FFTW: {count} transforms of {WINDOW}", floors.transforms(count, WINDOW) / threads

    @property
    def others(self):
        return {f"libsoxr HQ (soxr {peers.version('soxr')})": lambda: peers.libsoxr(self, "HQ"),
                f"libsoxr VHQ (soxr {peers.version('soxr')})": lambda: peers.libsoxr(self, "VHQ"),
                f"libsamplerate best (samplerate {peers.version('samplerate')})": lambda: peers.libsamplerate(self)}

    def compare(self, ours, peer):
        assert ours["signal"].shape == peer["signal"].shape, f"{ours['signal'].shape} beside {peer['signal'].shape}"
        a, b = (np.fft.rfft(each["signal"].astype(np.float64)) for each in (ours, peer))
        passed = int(0.9 * a.shape[-1])
        largest = np.linalg.norm((a - b)[..., :passed]) / np.linalg.norm(b[..., :passed])
        return Verdict(float(largest), self.allowed, "norm of the difference over the norm, below 7.2 kHz")

    def quality(self, resample):
        return peers.quality(resample)


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

    def floor(self, machine, threads):
        frames = self.magnitude.shape[0] * self.magnitude.shape[-1]
        seconds = floors.transforms(32 * frames, WINDOW) + floors.transforms(33 * frames, WINDOW, inverse=True)
        return f"FFTW: {65 * frames} transforms of {WINDOW}", seconds / threads

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
    "inference-k2": network.InferenceK2, "inference-bf16": network.InferenceBF16,
    "inference-k2-bf16": network.InferenceK2BF16, "ssim": SSIM, "ms-ssim": MultiScaleSSIM, "nlpd": NLPD,
    "mel": Mel, "resample": Resample, "resample-kaiser": ResampleKaiser, "inverse-mel": InverseMel,
    "griffin-lim": GriffinLim,
    "griffin-lim-librosa": LibrosaGriffinLim, "bark": BarkLoss, "fit-generator": ClipIteration,
}
