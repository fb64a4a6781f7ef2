"""More peers of the works: compiled PyTorch, JAX, libsoxr, libsamplerate, kaldi-native-fbank."""

import dataclasses
from importlib.metadata import version
import typing

import numpy as np
import torch

JAX = f"JAX {version('jax')}"
# The most of up to 256 filters that kaldi-native-fbank takes of 513 bins.
KALDI_FILTERS = 227

@dataclasses.dataclass
class Peer:
    """`run` is timed; `first` gives what is compared, as a work's does, if other than run."""

    run: typing.Callable
    first: typing.Callable = None
    # Accuracy, and what differs from the work.
    note: str = ""
    # Whether it was found to agree before; None where `first` is yet to be compared.
    agrees: bool = None


def compiled_loss(work, value):
    """`value` of a prediction and a target, compiled, with the gradient of its sum."""
    compiled = torch.compile(value)
    return Peer(lambda: work.evaluate(compiled), lambda: work.arrays(work.evaluate(compiled)))


def jax_loss(work, value):
    import jax
    import jax.numpy as jnp

    def whole(prediction, target):
        values = value(prediction, target)
        return values.sum(), values

    compiled = jax.jit(jax.value_and_grad(whole, has_aux=True))
    prediction, target = jnp.asarray(work.prediction.numpy()), jnp.asarray(work.target.numpy())

    def run():
        (_, values), gradient = compiled(prediction, target)
        return {"value": values, "gradient": gradient.block_until_ready()}

    return Peer(run, lambda: {name: np.asarray(array) for name, array in run().items()})


def compiled_training(work):
    """A second network from the same weights, with AdamW in one pass."""
    other = type(work)()
    other.optimizer = torch.optim.AdamW(other.model.parameters(), lr=1e-3, fused=True)
    other.model = torch.compile(other.model)
    return Peer(other.run, other.first, "fused AdamW")


def compiled_inference(work):
    """Weights are constants, laid out beforehand as oneDNN likes them."""
    import torch._inductor.config
    torch._inductor.config.freezing = True
    other = type(work)()
    other.model = torch.compile(other.model)

    def run():
        with torch.no_grad():
            return other.answer()

    return Peer(run, lambda: {"y": run().float().contiguous().numpy()}, "frozen weights")


def jax_network(work, name):
    import jax_network
    other = getattr(jax_network, name)(work)
    return Peer(other.run, other.first)


def convolutions(work, training):
    """oneDNN's direct convolutions of the network on their own, with their gradients if it is trained."""
    calls = []

    def keep(layer, inputs, _):
        x = inputs[0].detach().contiguous(memory_format=torch.channels_last)
        calls.append((layer, x.requires_grad_(training and x.shape[1] > 1)))

    convolutional = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
    hooks = [layer.register_forward_hook(keep) for layer in work.model if isinstance(layer, convolutional)]
    with torch.no_grad():
        work.model(work.sample())
    for hook in hooks:
        hook.remove()

    def run():
        with torch.set_grad_enabled(training):
            for layer, x in calls:
                y = layer(x)
                if training:
                    variables = [layer.weight, layer.bias] + [x] * x.requires_grad
                    torch.autograd.grad(y, variables, torch.ones_like(y))

    return Peer(run, note="a part of the work", agrees=False)


def response(resample):
    """(Hz up to which the gain is within 0.01 dB, dB that all from 8 kHz is down): from the impulses at three phases.

    `resample` takes [1, 3, samples] at 48 kHz to [1, 3, samples / 3].
    """
    length = 12288
    impulses = np.zeros((1, 3, length), np.float32)
    for phase in range(3):
        impulses[0, phase, length // 2 + phase] = 1
    results = resample(impulses)[0]
    taps = np.zeros(length + 2)
    for phase in range(3):
        taps[2 - phase:2 - phase + length:3] = results[phase]
    gain = 20 * np.log10(np.abs(np.fft.rfft(taps, 1 << 17)) + 1e-12)
    frequency = np.arange(len(gain)) * 48000 / (1 << 17)
    return float(frequency[np.argmax(np.abs(gain) > 0.01)]), float(-gain[frequency >= 8000].max())


def quality(resample):
    edge, stop = response(resample)
    return f"within 0.01 dB to {edge:.0f} Hz, {stop:.0f} dB down from 8 kHz"


def resampler(work, function):
    """`function` takes samples of shape [time, channels]."""
    clips = [np.ascontiguousarray(clip.T) for clip in work.signal.numpy()]

    def whole(signal):
        return np.stack([function(np.ascontiguousarray(clip.T)).T for clip in signal])

    return Peer(lambda: [function(clip) for clip in clips], lambda: {"signal": whole(work.signal.numpy())},
                quality(whole))


def libsoxr(work, name):
    import soxr
    return resampler(work, lambda clip: soxr.resample(clip, 48000, 16000, name))


def libsamplerate(work):
    import samplerate
    return resampler(work, lambda clip: samplerate.resample(clip, 1 / 3, "sinc_best"))


def kaldi(work):
    """It refuses filters that hold no bin, so 256 of 1024 samples: the greatest number that it takes, compared with
    TorchAudio's of as many."""
    import kaldi_native_fbank
    import torchaudio

    filters = KALDI_FILTERS
    options = kaldi_native_fbank.FbankOptions()
    frame, mel = options.frame_opts, options.mel_opts
    frame.samp_freq, frame.frame_length_ms, frame.frame_shift_ms, frame.window_type = 16000, 64, 16.25, "hann"
    frame.dither, frame.preemph_coeff, frame.remove_dc_offset = 0, 0, False
    mel.num_bins, mel.low_freq, mel.high_freq = filters, 0, 8000
    mel.is_librosa, mel.norm, mel.use_slaney_mel_scale = True, "", False
    options.use_power = options.use_log_fbank = options.use_energy = False
    # Lists are what the binding reads fastest.
    clips = [clip.tolist() for clip in work.signal.numpy()]

    def run():
        banks = [kaldi_native_fbank.OnlineFbank(options) for _ in clips]
        for bank, clip in zip(banks, clips):
            bank.accept_waveform(16000, clip)
        return banks

    found = np.stack([np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)], 1) for bank in run()])
    same = torchaudio.transforms.MelSpectrogram(
        16000, n_fft=1024, hop_length=260, n_mels=filters, power=1.0, center=False, norm=None, mel_scale="htk")
    wanted = same(work.signal).numpy()
    error = float(np.abs(found - wanted).max() / wanted.max())
    return Peer(run, note=f"{filters} filters, as it refuses 256; of as many, {error:.1e} from TorchAudio",
                agrees=error < work.allowed)
