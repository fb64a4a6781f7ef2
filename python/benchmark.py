"""Times losses with gradients, and the front end, beside their peers, and prints Markdown.

    python benchmark.py                                  # everything: minutes
    python benchmark.py --batches 1 --sides 161 --seconds 0.2 --no-compile

Each peer's value is compared with ours before anything is timed. A time is the median of the calls that fit into
--seconds, at least three, in milliseconds; calls through Python are included.
"""

import argparse
import functools
import importlib
import pathlib
import statistics
import sys
import time

import numpy as np
import torch

import perceptual_losses as pl
from perceptual_losses import audio
from perceptual_losses.compat import piq as our_piq
from perceptual_losses.compat.torchmetrics.functional import image as our_image


def peer(name):
    library = torch.library.Library("torchvision", "FRAGMENT")
    try:
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except RuntimeError:
        pass
    peer.kept.append(library)
    try:
        return importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - a peer may fail in its own imports
        print(f"{name} is left out: {error}\n")
        return None


peer.kept = []


def losses():
    """name, ours, the peer's, the least side."""
    msssim, piq, metrics = peer("pytorch_msssim"), peer("piq"), peer("torchmetrics.functional.image")
    rows = []
    if msssim:
        rows += [
            ("SSIM, pytorch-msssim", lambda x, y: pl.ssim(x, y, 1), lambda x, y: msssim.ssim(x, y, 1), 11),
            ("MS-SSIM, pytorch-msssim", lambda x, y: pl.ms_ssim(x, y, 1), lambda x, y: msssim.ms_ssim(x, y, 1), 161)]
    if piq:
        rows += [
            ("SSIM, piq", our_piq.ssim, piq.ssim, 11),
            ("MS-SSIM, piq", our_piq.multi_scale_ssim, piq.multi_scale_ssim, 161)]
    if metrics:
        name = "structural_similarity_index_measure"
        for title, function, least in (("SSIM", name, 11), ("MS-SSIM", f"multiscale_{name}", 176)):
            rows.append((
                f"{title}, torchmetrics", lambda x, y, f=function: getattr(our_image, f)(x, y, data_range=1.0),
                lambda x, y, f=function: getattr(metrics, f)(x, y, data_range=1.0), least))
    oracles = pathlib.Path(__file__).resolve().parents[1] / "tools" / "oracles"
    if oracles.is_dir() and msssim:
        sys.path.insert(0, str(oracles))
        formula = importlib.import_module("metrics").nlpd
        torch.set_default_dtype(torch.float32)  # The oracles compute in double precision.
        rows.append(("NLPD, its formula in PyTorch", pl.nlpd, lambda x, y: formula(x, y).mean(), 65))
    return rows


def timed(function, seconds):
    function()
    times, start = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        function()
        times.append(time.perf_counter() - before)
    return 1e3 * statistics.median(times)


def with_gradient(function, x, y):
    return lambda: torch.autograd.grad(function(x, y), x)


def time_losses(arguments):
    header = ["loss", "images", "threads", "ours", "peer", "peer, compiled", "ratio"]
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for name, ours, theirs, least in losses():
        for batch in arguments.batches:
            for side in arguments.sides:
                if side < least or batch * side * side > arguments.pixels:
                    continue
                generator = torch.Generator().manual_seed(0)
                y = torch.rand(batch, arguments.channels, side, side, generator=generator)
                x = (0.8 * y + 0.2 * torch.rand(y.shape, generator=generator)).requires_grad_()
                value, expected = ours(x, y).item(), theirs(x, y).item()
                if abs(value - expected) > 1e-3 * abs(expected):
                    raise SystemExit(f"{name}, {tuple(y.shape)}: {value} here, {expected} there")
                for threads in arguments.threads:
                    torch.set_num_threads(threads)
                    own = timed(with_gradient(ours, x, y), arguments.seconds)
                    eager = timed(with_gradient(theirs, x, y), arguments.seconds)
                    compiled = None
                    if arguments.compile:
                        torch._dynamo.reset()
                        compiled = timed(with_gradient(torch.compile(theirs), x, y), arguments.seconds)
                    best = min(time for time in (eager, compiled) if time is not None)
                    shape = "x".join(str(extent) for extent in y.shape)
                    last = "-" if compiled is None else f"{compiled:.2f}"
                    cells = (name, shape, threads, f"{own:.2f}", f"{eager:.2f}", last, f"{best / own:.1f}")
                    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def time_audio(arguments):
    librosa = peer("librosa")
    if librosa is None:
        return
    y = np.random.default_rng(0).standard_normal(16000 * arguments.audio_seconds).astype(np.float32)
    magnitude = np.abs(librosa.stft(y, n_fft=1024, pad_mode="reflect"))
    mel = librosa.feature.melspectrogram(y=y, sr=16000, n_fft=1024, hop_length=256, n_mels=80)
    frames = dict(n_fft=1024, hop_length=256)
    rows = {
        "stft": (lambda n: audio.stft(y, threads=n, **frames), lambda: librosa.stft(y, **frames)),
        "mel spectrogram": (
            lambda n: audio.mel_spectrogram(y=y, sr=16000, n_mels=80, threads=n, **frames),
            lambda: librosa.feature.melspectrogram(y=y, sr=16000, n_mels=80, **frames)),
        "Griffin-Lim, 8 iterations": (
            lambda n: audio.griffin_lim(magnitude, n_iter=8, init=None, threads=n),
            lambda: librosa.griffinlim(magnitude, n_iter=8, init=None, pad_mode="reflect")),
        "inverse mel": (
            lambda n: audio.inverse_mel(mel[:, :200], sr=16000, n_fft=1024, threads=n),
            lambda: librosa.feature.inverse.mel_to_stft(mel[:, :200], sr=16000, n_fft=1024)),
    }
    print(f"\n| {arguments.audio_seconds} s at 16 kHz | threads | ours | librosa | ratio |\n|---|---|---|---|---|")
    for name, (ours, theirs) in rows.items():
        reference = timed(theirs, arguments.seconds)
        for threads in arguments.threads:
            own = timed(functools.partial(ours, threads), arguments.seconds)
            print(f"| {name} | {threads} | {own:.2f} | {reference:.2f} | {reference / own:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--sides", type=int, nargs="+", default=[161, 256, 512, 1024])
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--pixels", type=int, default=16 * 512 * 512, help="larger batches are left out")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each time")
    parser.add_argument("--audio-seconds", type=int, default=10)
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    arguments = parser.parse_args()
    print(f"perceptual {pl.library_version()}, PyTorch {torch.__version__}, NumPy {np.__version__}")
    print("Milliseconds of value and gradient; the ratio is to the faster of the peer's two.\n")
    time_losses(arguments)
    time_audio(arguments)


if __name__ == "__main__":
    main()
