"""Losses and metrics as functions of NumPy arrays or PyTorch tensors.

`ssim` and `ms_ssim` have the arguments and defaults of pytorch-msssim 1.0.0. Tensors give tensors with gradients to
both images; arrays give numbers, and `value_and_gradients` gives their gradients. Everything is computed in single
precision. Tensors come back in the type of the images.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Dict, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike

from . import _arrays, _library
from ._arrays import Attributes, Floats

if TYPE_CHECKING:
    from torch import Tensor

    Images = Union[ArrayLike, Tensor]
else:
    Images = Any

__all__ = ["bark_distance", "ms_ssim", "mse", "nlpd", "psnr", "ssim", "value_and_gradients"]

MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ssim(
    X: Images, Y: Images, data_range: float = 255, size_average: bool = True, win_size: int = 11,
    win_sigma: float = 1.5, win: Optional[Any] = None, K: Sequence[float] = (0.01, 0.03),
    nonnegative_ssim: bool = False, *, threads: Optional[int] = None,
) -> Any:
    """Structural similarity, 1 for equal images.

    Args:
        X, Y: Images [N, C, H, W], H and W at least the window's size. Tensors may be volumes [N, C, D, H, W], which
            PyTorch's operators compute.
        data_range: The range of the images' values, such as 1 or 255.
        size_average: True for the mean of all images, False for a value an image, [N].
        win_size: The window's side, odd.
        win_sigma: The deviation of the Gaussian window in pixels.
        win: A window [..., win_size] in place of the two, Gaussian or uniform, the same for all channels.
        K: k1 and k2.
        nonnegative_ssim: Whether each channel's value is at least 0.
        threads: 1 to 1024. None or 0: PERCEPTUAL_THREADS, else PyTorch's number for tensors, all for arrays.

    >>> import numpy as np
    >>> image = np.linspace(0, 255, 32 * 32).reshape(1, 1, 32, 32)
    >>> ssim(image, image)
    1.0
    >>> round(ssim(image, 255 - image, size_average=False).item(), 3)
    -0.496
    """
    x, y = _images(X, Y)
    window = _window(win, win_size, win_sigma)
    if len(x.shape) == 5:
        return _of_volumes(x, y, data_range, window, K, None, nonnegative_ssim, size_average)
    options = _similarity_options(data_range, *window, K)
    if not nonnegative_ssim:
        return _reduced(x, y, "ssim", options, size_average, threads)
    count, channels, height, width = x.shape
    planes = (count * channels, 1, height, width)
    values = _values(x.reshape(planes), y.reshape(planes), "ssim", options, threads).reshape(count, channels)
    values = values.clip(min=0) if isinstance(values, np.ndarray) else values.relu()
    return _averaged(values.mean(1), size_average, x, y)


def ms_ssim(
    X: Images, Y: Images, data_range: float = 255, size_average: bool = True, win_size: int = 11,
    win_sigma: float = 1.5, win: Optional[Any] = None, weights: Optional[Sequence[float]] = None,
    K: Sequence[float] = (0.01, 0.03), *, threads: Optional[int] = None,
) -> Any:
    """Multi-scale structural similarity, 1 for equal images.

    Args:
        weights: A positive exponent a scale, the finest first; None for the five of the paper.

    The other arguments are those of `ssim`. With five scales and a window of 11, H and W are at least 161.

    >>> import numpy as np
    >>> image = np.linspace(0, 1, 176 * 176).reshape(1, 1, 176, 176)
    >>> ms_ssim(image, image, data_range=1)
    1.0
    """
    x, y = _images(X, Y)
    window = _window(win, win_size, win_sigma)
    given = MS_SSIM_WEIGHTS if weights is None else _list(weights)
    exponents = [_arrays.finite(weight, "weights") for weight in given]
    if len(x.shape) == 5:
        return _of_volumes(x, y, data_range, window, K, exponents, False, size_average)
    options = _similarity_options(data_range, *window, K)
    scales = ", ".join([repr(exponent) for exponent in exponents])
    return _reduced(x, y, "ms-ssim", options[:-1] + f', "weights": [{scales}]' + "}", size_average, threads)


def nlpd(
    x: Images, y: Images, family: str = "hepburn", pooling: str = "image", *, levels: int = 6,
    size_average: bool = True, threads: Optional[int] = None,
) -> Any:
    """Normalised Laplacian pyramid distance of images whose values range from 0 to 1; 0 for equal images.

    Args:
        x, y: Images [N, C, H, W]; family "hepburn" with six levels takes sides of 65 pixels or more.
        family: "hepburn", "matlab", "laparra" or "tensorflow". They lie on different scales.
        pooling: "image", or "batch" for one number of all images ("hepburn" and "tensorflow").
        levels: How many, at most six.
        size_average: False for a value an image, [N]; with pooling="batch", [1].
        threads: As in `ssim`.

    >>> import numpy as np
    >>> image = np.linspace(0, 1, 80 * 80).reshape(1, 1, 80, 80)
    >>> nlpd(image, image)
    0.0
    """
    X, Y = _images(x, y, volumes=False)
    options = (
        f'{{"family": {_quoted(family)}, "pooling": {_quoted(pooling)}, "levels": {_arrays.whole(levels, "levels")}}}')
    return _reduced(X, Y, "nlpd", options, size_average, threads, pooled=pooling == "batch")


def mse(x: Images, y: Images, *, size_average: bool = True, threads: Optional[int] = None) -> Any:
    """Mean squared error of samples [N, ...].

    Args:
        size_average: False for a value a sample, [N].

    >>> mse([[0.0, 1.0]], [[0.0, 3.0]])
    2.0
    """
    X, Y = _pair(x, y)
    if len(X.shape) == 0 or 0 in X.shape:
        raise ValueError(f"samples of shape {list(X.shape)} given, a non-empty [N, ...] is needed")
    flat = (X.shape[0], 1, 1, -1)
    return _reduced(X.reshape(flat), Y.reshape(flat), "mse", "{}", size_average, threads)


def psnr(
    x: Images, y: Images, data_range: float = 1.0, *, size_average: bool = True, threads: Optional[int] = None
) -> Any:
    """Peak signal-to-noise ratio of samples [N, ...] in decibels; infinite for equal samples, with gradient 0.

    >>> round(psnr([[0.0, 0.5]], [[0.0, 0.4]]), 3)
    23.01
    """
    X, Y = _pair(x, y)
    attributes = f'{{"dataRange": {_arrays.finite(data_range, "data_range")!r}}}'
    return _operation(X, Y, "peakSignalToNoiseRatio", attributes, size_average, threads)


def bark_distance(
    x: Images, y: Images, sample_rate: float, *, low_frequency: float = 1.0, high_frequency: Optional[float] = None,
    bands: int = 64, taps: int = 256, stride: int = 1, log_factor: float = 10.0, a_weighting: bool = True,
    distance: str = "cosine", scale: str = "bark", bandwidth_ratio: float = 0.1, masked: bool = False, frame: int = 128,
    offset: float = 5.5, full_scale_level: float = 96.0, size_average: bool = True, threads: Optional[int] = None,
) -> Any:
    """Distance of waveforms behind a bank of auditory filters.

    The defaults are those of the second experiment of docs/experiments.md, for any sample rate.

    Args:
        x, y: Signals [N, T].
        sample_rate: In hertz.
        low_frequency, high_frequency: Of the bank, in hertz; None for half the sample rate.
        bands, taps, stride: How many filters, their length and step in samples.
        log_factor: Features are log(1 + log_factor response).
        a_weighting: Whether bands are weighted by the A curve.
        distance: "cosine" or "meanSquaredError".
        scale: "bark", "mel" or "geometric", with `bandwidth_ratio`; "bark" alone where masked.
        masked: Whether responses are divided by the target's masking threshold, in place of `log_factor`. The
            thresholds of frames of `frame` samples are held fixed in gradients.
        size_average: False for a value a signal, [N].
        threads: As in `ssim`.

    >>> import numpy as np
    >>> signal = np.sin(np.arange(1024) / 5)[None]
    >>> round(bark_distance(signal, signal, 11025), 4)
    -1.0
    """
    X, Y = _pair(x, y)
    high = sample_rate / 2 if high_frequency is None else high_frequency
    numbers = {"sampleRate": sample_rate, "lowFrequency": low_frequency, "highFrequency": high}
    counts = {"bands": bands, "taps": taps, "stride": stride}
    if masked:
        numbers.update({"offset": offset, "fullScaleLevel": full_scale_level})
        counts["frame"] = frame
    else:
        numbers["logFactor"] = log_factor
    if scale == "geometric":
        numbers["bandwidthRatio"] = bandwidth_ratio
    members = [f'"{name}": {_arrays.finite(number, name)!r}' for name, number in numbers.items()]
    members += [f'"{name}": {_arrays.whole(number, name)}' for name, number in counts.items()]
    members += [f'"aWeighting": {"true" if a_weighting else "false"}']
    members += [f'"distance": {_quoted(distance)}']
    if scale != "bark":
        members += [f'"scale": {_quoted(scale)}']
    name = "maskedBarkDistance" if masked else "barkDistance"
    return _operation(X, Y, name, "{" + ", ".join(members) + "}", size_average, threads)


def value_and_gradients(
    loss: str, prediction: ArrayLike, target: ArrayLike, options: Optional[Attributes] = None, *,
    upstream: Optional[ArrayLike] = None, threads: Optional[int] = None,
) -> Tuple[Floats, Floats, Floats]:
    """Values of a loss of NumPy arrays, and the gradients of sum(upstream x value) for both.

    Args:
        loss: "mse", "ssim", "ms-ssim" or "nlpd".
        prediction, target: Images [N, C, H, W].
        options: Attributes of docs/fixtures.md, such as ``{"dataRange": 255}``, or ``{"preset": "scikit-image"}`` of
            docs/metrics.md with attributes that change it. The data range is 1 by default.
        upstream: One number a value; ones by default.
        threads: As in `ssim`.

    Returns:
        Values [N], or [1] where the loss is pooled over the batch; gradients [N, C, H, W].

    >>> import numpy as np
    >>> image = np.ones((1, 1, 2, 2), np.float32)
    >>> value, of_prediction, of_target = value_and_gradients("mse", image, 0 * image)
    >>> value.item(), of_prediction[0, 0, 0, 0].item(), of_target[0, 0, 0, 0].item()
    (1.0, 0.5, -0.5)
    """
    values, of_prediction, of_target = _arrays.evaluate(
        loss, _arrays.json_text(options), prediction, target, upstream=upstream, gradients=(True, True),
        threads=threads)
    assert of_prediction is not None and of_target is not None
    return values, of_prediction, of_target


# Tracing by torch.compile passes through what follows: texts are put together without the json module.


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _pair(x: Any, y: Any) -> Tuple[Any, Any]:
    """Two tensors, or two arrays in single precision."""
    if _is_tensor(x) or _is_tensor(y):
        from . import _torch

        _torch.check_pair(x, y)
        return x, y
    X, Y = np.asarray(x), np.asarray(y)
    if X.shape != Y.shape:
        raise ValueError(f"the images should have one shape, {list(X.shape)} and {list(Y.shape)} given")
    return X, Y


def _images(x: Any, y: Any, volumes: bool = True) -> Tuple[Any, Any]:
    """A pair of images [N, C, H, W] or volumes [N, C, D, H, W]; a depth of 1 is dropped, as pytorch-msssim does."""
    X, Y = _pair(x, y)
    if len(X.shape) == 5 and X.shape[2] == 1:
        X, Y = X.reshape(X.shape[0], X.shape[1], *X.shape[3:]), Y.reshape(Y.shape[0], Y.shape[1], *Y.shape[3:])
    if len(X.shape) == 5 and volumes and _is_tensor(X) and 0 not in X.shape:
        return X, Y
    if len(X.shape) == 5:
        raise ValueError(
            f"images of shape {list(X.shape)} given: volumes [N, C, D, H, W] are unsupported here, [N, C, H, W] is "
            "needed" + (", or tensors in place of arrays" if volumes and not _is_tensor(X) else ""))
    if len(X.shape) != 4:
        raise ValueError(f"images of shape {list(X.shape)} given, [N, C, H, W] is needed")
    return X, Y


def _of_volumes(
    x: Any, y: Any, data_range: float, window: Tuple[str, int, float], K: Sequence[float],
    weights: Optional[Sequence[float]], nonnegative: bool, size_average: bool,
) -> Any:
    """SSIM of volumes of tensors; MS-SSIM where weights are given."""
    from . import _similarity, _torch

    kind, size, sigma = window
    extent = _arrays.finite(data_range, "data_range")
    k1, k2 = [_arrays.finite(k, "K") for k in K]
    if extent <= 0 or k1 <= 0 or k2 <= 0 or sigma <= 0 or size < 1:
        raise ValueError(
            f"data_range {extent}, K {k1} and {k2}, win_size {size}, win_sigma {sigma} given, positive ones are needed")
    if weights is not None and not (len(weights) > 0 and all([weight > 0 for weight in weights])):
        raise ValueError(f"weights {list(weights)} given, positive ones are needed")
    row = _similarity.gaussian(size, sigma) if kind == "gaussian" else _similarity.uniform(size)
    own_x, own_y = _similarity.working(x, y)
    constants = ((k1 * extent) ** 2, (k2 * extent) ** 2)
    if weights is None:
        values = _similarity.volume_ssim(own_x, own_y, row, *constants)
    else:
        values = _similarity.volume_ms_ssim(own_x, own_y, row, weights, *constants)
    values = (values.relu() if nonnegative else values).mean(1)
    return (values.mean() if size_average else values).to(_torch.result_type(x, y))


def _list(values: Any) -> Sequence[float]:
    return values.tolist() if hasattr(values, "tolist") else values


def _quoted(word: str) -> str:
    """A word of the library's options in JSON."""
    if not isinstance(word, str) or not word.isalnum():
        raise ValueError(f"{word!r} given, a word of letters is needed")
    return f'"{word}"'


def _similarity_options(data_range: float, window: str, win_size: int, win_sigma: float, K: Sequence[float]) -> str:
    k1, k2 = K
    return (
        f'{{"dataRange": {_arrays.finite(data_range, "data_range")!r}, "window": "{window}", '
        f'"windowSize": {_arrays.whole(win_size, "win_size")}, "sigma": {_arrays.finite(win_sigma, "win_sigma")!r}, '
        f'"k1": {_arrays.finite(k1, "K")!r}, "k2": {_arrays.finite(k2, "K")!r}}}')


def _window(win: Optional[Any], win_size: int, win_sigma: float) -> Tuple[str, int, float]:
    """The kind, side and deviation of a window. Throws where `win` is neither Gaussian nor uniform."""
    if win is None:
        if _arrays.whole(win_size, "win_size") % 2 == 0:
            raise ValueError("Window size should be odd.")
        return "gaussian", win_size, win_sigma
    rows = np.asarray(win.detach().cpu().double().numpy() if hasattr(win, "detach") else win, np.float64)
    size = rows.shape[-1] if rows.ndim else 0
    if size % 2 == 0:
        raise ValueError("Window size should be odd.")
    rows = rows.reshape(-1, size)
    row, centre = rows[0], size // 2
    if np.abs(rows - row).max() <= 1e-6 * np.abs(row).max():
        if np.abs(row - 1 / size).max() <= 1e-5 / size:
            return "uniform", size, win_sigma
        if size > 1 and 0 < row[centre - 1] < row[centre]:
            sigma = math.sqrt(0.5 / math.log(row[centre] / row[centre - 1]))
            gaussian = np.exp(-((np.arange(size) - centre) ** 2) / (2 * sigma**2))
            # Windows of single precision give sigma to a few units in the sixth place.
            sigma = round(sigma, 5)
            if np.abs(row - gaussian / gaussian.sum()).max() <= 1e-5:
                return "gaussian", size, sigma
    raise ValueError("win: a Gaussian or a uniform window of sum 1, the same for all channels, is needed")


def _values(
    X: Any, Y: Any, loss: str, options: str, threads: Optional[int] = None, pooled: bool = False
) -> Any:
    """Values in single precision, [N] or [1]."""
    if _is_tensor(X):
        from . import _torch

        return _torch.loss_values(loss, options, pooled, X, Y, _library.checked_threads(threads or 0))
    return _arrays.evaluate(loss, options, X, Y, threads=threads)[0]


def _averaged(values: Any, size_average: bool, X: Any, Y: Any) -> Any:
    """In the type of the images: the mean, or one by one."""
    if _is_tensor(values):
        from . import _torch

        kind = _torch.result_type(X, Y)
        result = values.mean() if size_average else values
        return result if result.dtype == kind else result.to(kind)
    return float(values.mean(dtype=np.float64)) if size_average else values


def _reduced(
    X: Any, Y: Any, loss: str, options: str, size_average: bool, threads: Optional[int], pooled: bool = False
) -> Any:
    return _averaged(_values(X, Y, loss, options, threads, pooled), size_average, X, Y)


def _operation(X: Any, Y: Any, name: str, attributes: str, size_average: bool, threads: Optional[int]) -> Any:
    if _is_tensor(X):
        from . import _torch

        values = _torch.operation(X, Y, name, attributes, "value", _library.checked_threads(threads or 0))
    else:
        inputs = {"prediction": _arrays.floats(X, "x"), "target": _arrays.floats(Y, "y")}
        results: Dict[str, Floats] = _arrays.operation_of_text(
            name, inputs, attributes, ["value"], {}, _library.resolve_threads(threads))
        values = results["value"]
    return _averaged(values, size_average, X, Y)
