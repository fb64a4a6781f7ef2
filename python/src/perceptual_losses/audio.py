"""The audio front end for NumPy, in single precision, with librosa's argument names where librosa has the function.

Defaults are librosa's. What the library does not have is refused: windows other than a periodic Hann window as long as
the transform. Signals may have leading axes, which are worked off one by one.
"""

from __future__ import annotations

import ctypes
import math
import os
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _library
from ._arrays import Floats, floats, operation

__all__ = [
    "LogMel", "RecordingInformation", "griffin_lim", "information", "inverse_mel", "istft", "log_mel",
    "mel_filter_bank", "mel_spectrogram", "read", "resample", "stft", "write",
]

Range = Union[str, Tuple[float, float]]
PathLike = Union[str, "os.PathLike[str]"]


def stft(
    y: ArrayLike, *, n_fft: int = 2048, hop_length: Optional[int] = None, win_length: Optional[int] = None,
    window: str = "hann", center: bool = True, pad_mode: str = "constant", threads: Optional[int] = None,
) -> NDArray[np.complex64]:
    """Short-time Fourier transform, as librosa.stft.

    Args:
        y: Signals [..., T].
        n_fft: The length of a frame in samples.
        hop_length: The step in samples; a quarter of n_fft by default.
        win_length, window: Only None or n_fft, and "hann".
        center: Whether frame i is centred on sample i * hop_length; the signal is extended by n_fft / 2 on each side.
        pad_mode: How it is extended, a mode of numpy.pad.

    Returns:
        [..., 1 + n_fft / 2, frames].

    >>> import numpy as np
    >>> spectrum = stft(np.cos(2 * np.pi * np.arange(64) / 8), n_fft=16, center=False)
    >>> spectrum.shape, round(abs(spectrum[2, 0]).item(), 3)
    ((9, 13), 4.0)
    """
    hop = _hop(n_fft, hop_length, win_length, window)
    signals, attributes = _framed(y, n_fft, hop, center, pad_mode)

    def transform(signal: Floats) -> Any:
        parts = operation(
            "shortTimeFourierTransform", {"signal": signal}, attributes, ["real", "imaginary"], threads=threads)
        result = np.empty(parts["real"].shape, np.complex64)
        result.real, result.imag = parts["real"], parts["imaginary"]
        return result

    return _each(signals, 1, transform)


def istft(
    stft_matrix: ArrayLike, *, hop_length: Optional[int] = None, win_length: Optional[int] = None,
    n_fft: Optional[int] = None, window: str = "hann", center: bool = True, length: Optional[int] = None,
    threads: Optional[int] = None,
) -> Floats:
    """Inverse of `stft`, as librosa.istft.

    Args:
        stft_matrix: [..., 1 + n_fft / 2, frames].
        length: Of the signal in samples; what the frames reach by default.

    Returns:
        Signals [..., length].

    >>> import numpy as np
    >>> signal = np.sin(np.arange(4096) / 10)
    >>> bool(np.abs(istft(stft(signal), length=4096) - signal).max() < 1e-5)
    True
    """
    matrix = np.asarray(stft_matrix)
    _needs_axes(matrix, 2, "stft_matrix [..., bins, frames]")
    n_fft = _n_fft(matrix.shape[-2], n_fft)
    hop = _hop(n_fft, hop_length, win_length, window)
    if length is None:
        length = hop * (matrix.shape[-1] - 1) + (0 if center else n_fft)
    attributes = {"windowLength": n_fft, "hop": hop, "centred": bool(center), "length": int(length)}

    def transform(spectrum: Any) -> Floats:
        parts = {"real": spectrum.real, "imaginary": spectrum.imag}
        return operation("inverseShortTimeFourierTransform", parts, attributes, "signal", threads=threads)["signal"]

    return _each(matrix, 2, transform)


def mel_filter_bank(
    *, sr: float, n_fft: int, n_mels: int = 128, fmin: float = 0.0, fmax: Optional[float] = None, htk: bool = False,
    norm: Optional[str] = "slaney",
) -> Floats:
    """Triangular filters on the mel scale, [n_mels, 1 + n_fft / 2], as librosa.filters.mel.

    Args:
        sr, fmin, fmax: In hertz; fmax is half of sr by default.
        htk: HTK's scale, or Slaney's.
        norm: "slaney" for filters of one area, None for filters of height 1.

    >>> mel_filter_bank(sr=16000, n_fft=512, n_mels=40).shape
    (40, 257)
    """
    attributes = _mel_attributes(sr, fmin, fmax, htk, norm)
    attributes.update(bins=n_fft // 2 + 1, mels=n_mels)
    return np.ascontiguousarray(operation("melFilterBank", {}, attributes, "weights")["weights"].T)


def mel_spectrogram(
    *, y: ArrayLike, sr: float = 22050, n_fft: int = 2048, hop_length: int = 512, win_length: Optional[int] = None,
    window: str = "hann", center: bool = True, pad_mode: str = "constant", power: float = 2.0, n_mels: int = 128,
    fmin: float = 0.0, fmax: Optional[float] = None, htk: bool = False, norm: Optional[str] = "slaney",
    threads: Optional[int] = None,
) -> Floats:
    """Mel spectrogram, as librosa.feature.melspectrogram.

    Args:
        y: Signals [..., T].
        power: Of the magnitudes: 1 or 2.

    The other arguments are those of `stft` and `mel_filter_bank`.

    Returns:
        [..., n_mels, frames].

    >>> import numpy as np
    >>> mel_spectrogram(y=np.zeros(22050), n_mels=64).shape
    (64, 44)
    """
    hop = _hop(n_fft, hop_length, win_length, window)
    signals, attributes = _framed(y, n_fft, hop, center, pad_mode)
    attributes.update(_mel_attributes(sr, fmin, fmax, htk, norm), mels=n_mels, power=power)

    def transform(signal: Floats) -> Floats:
        return operation("melSpectrogram", {"signal": signal}, attributes, "mel", threads=threads)["mel"]

    return _each(signals, 1, transform)


class LogMel(NamedTuple):
    """A picture of sound, and the logarithms that its 0 and 1 stand for."""

    image: Floats
    low: float
    high: float


def log_mel(
    *, y: ArrayLike, sr: float = 22050, n_fft: int = 2048, hop_length: int = 512, win_length: Optional[int] = None,
    window: str = "hann", center: bool = True, pad_mode: str = "constant", power: float = 1.0, n_mels: int = 128,
    fmin: float = 0.0, fmax: Optional[float] = None, htk: bool = False, norm: Optional[str] = "slaney",
    epsilon: float = 1e-3, form: str = "add", range: Range = "clip", threads: Optional[int] = None,
) -> LogMel:
    """Logarithms of a mel spectrogram, scaled to [0, 1].

    Args:
        y: A signal [T].
        epsilon, form: ln(mel + epsilon) with "add", ln(max(mel, epsilon)) with "clamp".
        range: "clip" for the signal's own least and greatest logarithm, or (low, high).

    The other arguments are those of `mel_spectrogram`.

    Returns:
        The image [n_mels, frames], low and high: image = (logarithm - low) / (high - low).

    >>> import numpy as np
    >>> image, low, high = log_mel(y=np.sin(np.arange(22050) / 10))
    >>> image.shape, image.min().item(), image.max().item()
    ((128, 44), 0.0, 1.0)
    """
    hop = _hop(n_fft, hop_length, win_length, window)
    signal, attributes = _framed(y, n_fft, hop, center, pad_mode)
    if signal.ndim != 1:
        raise ValueError(f"y of shape {list(signal.shape)} given, one signal [T] is needed")
    attributes.update(_mel_attributes(sr, fmin, fmax, htk, norm), mels=n_mels, power=power)
    attributes.update(epsilon=epsilon, form=form, range=range if isinstance(range, str) else list(range))
    results = operation(
        "logMelSpectrogram", {"signal": signal}, attributes, ["image", "low", "high"], threads=threads)
    return LogMel(results["image"], float(results["low"][0]), float(results["high"][0]))


def inverse_mel(
    M: ArrayLike, *, sr: float = 22050, n_fft: int = 2048, power: float = 2.0, fmin: float = 0.0,
    fmax: Optional[float] = None, htk: bool = False, norm: Optional[str] = "slaney",
    method: str = "nonNegativeLeastSquares", threads: Optional[int] = None,
) -> Floats:
    """Magnitudes whose mel values are given, as librosa.feature.inverse.mel_to_stft.

    Args:
        M: Mel values [..., n_mels, frames].
        power: Of the magnitudes in M.
        method: "nonNegativeLeastSquares", or "minimumNorm" clipped at 0.

    Returns:
        [..., 1 + n_fft / 2, frames].

    >>> import numpy as np
    >>> bank = mel_filter_bank(sr=16000, n_fft=512, n_mels=20)
    >>> mel = bank @ np.ones((257, 3), np.float32)
    >>> bool(np.allclose(bank @ inverse_mel(mel, sr=16000, n_fft=512, power=1), mel, rtol=1e-3))
    True
    """
    mel = floats(M, "M")
    _needs_axes(mel, 2, "M [..., n_mels, frames]")
    attributes = _mel_attributes(sr, fmin, fmax, htk, norm)
    attributes.update(bins=n_fft // 2 + 1, method=method)

    def transform(values: Floats) -> Floats:
        return operation("inverseMelScale", {"mel": values}, attributes, "magnitude", threads=threads)["magnitude"]

    magnitudes = _each(mel, 2, transform)
    return magnitudes if power == 1 else np.power(magnitudes, np.float32(1 / power))


def griffin_lim(
    S: ArrayLike, *, n_iter: int = 32, hop_length: Optional[int] = None, win_length: Optional[int] = None,
    n_fft: Optional[int] = None, window: str = "hann", center: bool = True, momentum: float = 0.99,
    init: Optional[str] = "random", random_state: Optional[Union[int, np.random.Generator]] = None,
    initial_phase: Optional[ArrayLike] = None, threads: Optional[int] = None,
) -> Floats:
    """A signal whose magnitudes are given, as librosa.griffinlim with pad_mode="reflect".

    Args:
        S: Magnitudes [1 + n_fft / 2, frames].
        init: "random" for phases from `random_state`, None for zeros.
        initial_phase: Phases in radians [1 + n_fft / 2, frames], in place of `init`.

    Returns:
        [(frames - 1) hop_length], and n_fft more samples where it is not centred.

    >>> import numpy as np
    >>> magnitudes = np.abs(stft(np.sin(np.arange(2048) / 4), n_fft=256, pad_mode="reflect"))
    >>> griffin_lim(magnitudes, init=None).shape
    (2048,)
    """
    magnitude = floats(S, "S")
    _needs_axes(magnitude, 2, "S [bins, frames]", most=2)
    n_fft = _n_fft(magnitude.shape[0], n_fft)
    hop = _hop(n_fft, hop_length, win_length, window)
    if initial_phase is not None:
        phase: Any = initial_phase
    elif init is None:
        phase = np.zeros(magnitude.shape, np.float32)
    elif init == "random":
        phase = 2 * np.pi * np.random.default_rng(random_state).random(magnitude.shape)
    else:
        raise ValueError(f'init: {init!r} given, "random" or None is needed')
    attributes = {
        "windowLength": n_fft, "hop": hop, "iterations": int(n_iter), "momentum": momentum, "centred": bool(center)}
    inputs = {"magnitude": magnitude, "initialPhase": phase}
    return operation("griffinLim", inputs, attributes, "signal", threads=threads)["signal"]


def resample(
    y: ArrayLike, *, orig_sr: int, target_sr: int, res_type: str = "kaiser", axis: int = -1,
    threads: Optional[int] = None,
) -> Floats:
    """Signals at another rate, as librosa.resample.

    Args:
        y: Signals, their samples along `axis`.
        orig_sr, target_sr: Whole numbers of hertz.
        res_type: "kaiser", or "torchaudio" for the filter that torchaudio has by default.

    Returns:
        The same, ceil(T target_sr / orig_sr) samples long.

    >>> import numpy as np
    >>> resample(np.zeros((2, 441)), orig_sr=44100, target_sr=16000).shape
    (2, 160)
    """
    signals = np.moveaxis(floats(y, "y"), axis, -1)
    attributes = {"from": orig_sr, "to": target_sr, "design": res_type}
    rows = signals.reshape(math.prod(signals.shape[:-1]), signals.shape[-1])
    result = operation("resample", {"signal": rows}, attributes, "signal", threads=threads)["signal"]
    return np.moveaxis(result.reshape(*signals.shape[:-1], result.shape[-1]), -1, axis)


class RecordingInformation(NamedTuple):
    """Samples a second, channels, and samples of a channel."""

    sr: int
    channels: int
    frames: int


def information(path: PathLike) -> RecordingInformation:
    """What a recording is.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "silence.wav")
    >>> write(path, [0.0] * 100, 8000)
    >>> information(path)
    RecordingInformation(sr=8000, channels=1, frames=100)
    """
    rate, channels, frames = ctypes.c_int32(), ctypes.c_int32(), ctypes.c_int64()
    _library.check(_library.library().perceptual_recording_information(
        _library.encoded_path(path), ctypes.byref(rate), ctypes.byref(channels), ctypes.byref(frames)))
    return RecordingInformation(rate.value, channels.value, frames.value)


def read(
    path: PathLike, *, sr: Optional[int] = None, mono: bool = False, offset: float = 0.0,
    duration: Optional[float] = None,
) -> Tuple[Floats, int]:
    """A recording, with the arguments of librosa.load but neither mixed nor resampled by default.

    WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF and more.

    Args:
        sr: The rate to resample to.
        mono: Whether channels are averaged.
        offset, duration: The part to read, in seconds.

    Returns:
        Samples from -1 to 1, [channels, T] or, where mono, [T]; and their rate.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "tone.wav")
    >>> write(path, [[0.0, 0.5], [0.0, -0.5]], 8000)
    >>> samples, rate = read(path)
    >>> samples.shape, rate
    ((2, 2), 8000)
    """
    rate, channels, frames = information(path)
    if not (math.isfinite(offset) and offset >= 0 and (duration is None or math.isfinite(duration) and duration > 0)):
        raise ValueError(f"offset {offset} and duration {duration} given, seconds from 0 on are needed")
    first = int(round(offset * rate))
    count = frames - first if duration is None else min(int(round(duration * rate)), frames - first)
    if count < 1:
        raise ValueError(f"{os.fspath(path)}: nothing from {offset} s on, it lasts {frames / rate} s")
    samples = np.empty((channels, count), np.float32)
    _library.check(_library.library().perceptual_recording_read(
        _library.encoded_path(path), first, count, channels, samples.ctypes.data))
    if mono:
        samples = samples.mean(0, dtype=np.float64).astype(np.float32)
    if sr is not None and sr != rate:
        samples, rate = resample(samples, orig_sr=rate, target_sr=sr), sr
    return samples, rate


def write(path: PathLike, y: ArrayLike, sr: int) -> None:
    """Writes samples [T] or [channels, T] from -1 to 1; the path's suffix chooses the format, .wav or .flac."""
    samples = np.ascontiguousarray(floats(y, "y"))
    if samples.ndim not in (1, 2) or samples.size == 0:
        raise ValueError(f"samples of shape {list(samples.shape)} given, a non-empty [T] or [channels, T] is needed")
    channels = 1 if samples.ndim == 1 else samples.shape[0]
    if isinstance(sr, bool) or int(sr) != sr or not 1 <= sr < 2**31:
        raise ValueError(f"sr: {sr} given, a whole number of hertz from 1 to 2147483647 is needed")
    _library.check(_library.library().perceptual_recording_write(
        _library.encoded_path(path), samples.ctypes.data, channels, samples.shape[-1], int(sr)))


def _n_fft(bins: int, n_fft: Optional[int]) -> int:
    if n_fft is None:
        return 2 * (bins - 1)
    if n_fft // 2 + 1 != bins:
        raise ValueError(f"n_fft: {n_fft} given, {bins} bins belong to {2 * (bins - 1)} or one more")
    return n_fft


def _hop(n_fft: int, hop_length: Optional[int], win_length: Optional[int], window: str) -> int:
    if win_length not in (None, n_fft):
        raise ValueError(f"win_length: {win_length} given, only n_fft ({n_fft}) is supported")
    if not isinstance(window, str) or window != "hann":
        raise ValueError(f'window: {window!r} given, only "hann" is supported')
    return n_fft // 4 if hop_length is None else hop_length


def _framed(y: ArrayLike, n_fft: int, hop: int, center: bool, pad_mode: str) -> Tuple[Floats, Dict[str, Any]]:
    """Signals, extended unless the library does it, and the attributes of their frames."""
    signals = floats(y, "y")
    _needs_axes(signals, 1, "y [..., T]")
    if signals.size == 0:
        raise ValueError(f"y of shape {list(signals.shape)} given, a non-empty one is needed")
    if center and pad_mode != "reflect":
        sides = [(0, 0)] * (signals.ndim - 1) + [(n_fft // 2, n_fft // 2)]
        signals = np.pad(signals, sides, mode=pad_mode)  # type: ignore[call-overload]
        center = False
    return signals, {"windowLength": n_fft, "hop": hop, "centred": bool(center)}


def _mel_attributes(sr: float, fmin: float, fmax: Optional[float], htk: bool, norm: Optional[str]) -> Dict[str, Any]:
    if norm not in (None, "slaney"):
        raise ValueError(f'norm: {norm!r} given, "slaney" or None is needed')
    attributes: Dict[str, Any] = {
        "sampleRate": sr, "lowFrequency": fmin, "scale": "htk" if htk else "slaney", "norm": norm or "none"}
    if fmax is not None:
        attributes["highFrequency"] = fmax
    return attributes


def _needs_axes(array: Any, least: int, what: str, most: Optional[int] = None) -> None:
    if array.ndim < least or (most is not None and array.ndim > most):
        raise ValueError(f"shape {list(array.shape)} given, {what} is needed")


def _each(values: Any, axes: int, function: Callable[[Any], Any]) -> Any:
    """The function of each part of the last `axes` axes."""
    leading = values.shape[: values.ndim - axes]
    if not leading:
        return function(values)
    if 0 in leading:
        raise ValueError(f"shape {list(values.shape)} given, a non-empty array is needed")
    results = [function(part) for part in values.reshape(-1, *values.shape[values.ndim - axes:])]
    return np.stack(results).reshape(*leading, *results[0].shape)
