"""SSIM and MS-SSIM with the names, defaults and values of torchmetrics.functional 1.9.0.

Volumes [N, C, D, H, W], and windows that differ by axis, are unsupported.
"""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple, Union

import torch
from torch import Tensor

from .... import _arrays, _torch
from ...piq import CONTRAST_ALONE

__all__ = ["multiscale_structural_similarity_index_measure", "structural_similarity_index_measure"]

DataRange = Optional[Union[float, Tuple[float, float]]]


def structural_similarity_index_measure(
    preds: Tensor, target: Tensor, gaussian_kernel: bool = True, sigma: Union[float, Sequence[float]] = 1.5,
    kernel_size: Union[int, Sequence[int]] = 11, reduction: Optional[str] = "elementwise_mean",
    data_range: DataRange = None, k1: float = 0.01, k2: float = 0.03, return_full_image: bool = False,
    return_contrast_sensitivity: bool = False, *, threads: Optional[int] = None,
) -> Union[Tensor, Tuple[Tensor, Tensor]]:
    """torchmetrics.functional.structural_similarity_index_measure of images [N, C, H, W].

    Args:
        gaussian_kernel: False for a uniform window.
        sigma: Of the Gaussian window, whose side is 2 int(3.5 sigma + 0.5) + 1.
        kernel_size: The side of the uniform window.
        reduction: "elementwise_mean", "sum", "none" or None.
        data_range: None for the larger range of the two batches, through which the gradient flows; a pair clamps.
        return_full_image: Whether the map of similarities [N, C, H, W] is given too.
        return_contrast_sensitivity: Whether the contrast of each image [N] is given too.

    >>> images = torch.linspace(0, 1, 32 * 32).reshape(1, 1, 32, 32)
    >>> structural_similarity_index_measure(images, images)
    tensor(1.)
    """
    preds, target = _pair(preds, target)
    side, deviation = _window(gaussian_kernel, sigma, kernel_size)
    if return_full_image and return_contrast_sensitivity:
        raise ValueError("Arguments `return_full_image` and `return_contrast_sensitivity` are mutually exclusive.")
    kind = preds.dtype
    x, y, extent = _ranged(preds, target, data_range)
    window = (gaussian_kernel, side, deviation)
    values = _similarity(x, y, window, extent, k1, k2, "reflect", threads)
    similarity = _reduce(values, reduction).to(kind)
    if return_contrast_sensitivity:
        return similarity, _similarity(x, y, window, extent, CONTRAST_ALONE, k2, "valid", threads).to(kind)
    if return_full_image:
        options = _options(window, extent, k1, k2, "reflect") + "}"
        return similarity, _torch.operation(x, y, "structuralSimilarityMap", options, "map", threads or 0).to(kind)
    return similarity


def multiscale_structural_similarity_index_measure(
    preds: Tensor, target: Tensor, gaussian_kernel: bool = True, sigma: Union[float, Sequence[float]] = 1.5,
    kernel_size: Union[int, Sequence[int]] = 11, reduction: Optional[str] = "elementwise_mean",
    data_range: DataRange = None, k1: float = 0.01, k2: float = 0.03,
    betas: Tuple[float, ...] = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333), normalize: Optional[str] = "relu",
    *, threads: Optional[int] = None,
) -> Tensor:
    """torchmetrics.functional.multiscale_structural_similarity_index_measure of images [N, C, H, W].

    Args:
        data_range: None for the larger range of the two batches, a pair to clamp them, both anew at each scale; a
            number is faster.
        betas: A tuple of exponents, the finest scale first.
        normalize: "relu", "simple" or None.

    The other arguments are those of `structural_similarity_index_measure`.

    >>> images = torch.linspace(0, 1, 176 * 176).reshape(1, 1, 176, 176)
    >>> multiscale_structural_similarity_index_measure(images, images, data_range=1.0)
    tensor(1.)
    """
    if not isinstance(betas, tuple):
        raise ValueError("Argument `betas` is expected to be of a type tuple.")
    if not all([isinstance(beta, float) for beta in betas]):
        raise ValueError("Argument `betas` is expected to be a tuple of floats.")
    if normalize and normalize not in ("relu", "simple"):
        raise ValueError("Argument `normalize` to be expected either `None` or one of 'relu' or 'simple'")
    preds, target = _pair(preds, target)
    side, deviation = _window(gaussian_kernel, sigma, kernel_size)
    least = _one(kernel_size, "kernel_size")
    divisor = max(1, len(betas) - 1) ** 2
    for extent in preds.shape[-2:]:
        if extent < 2 ** len(betas) or extent // divisor <= least - 1:
            raise ValueError(
                f"images of {preds.shape[-2]}x{preds.shape[-1]} given: {len(betas)} `betas` and a kernel of {least} "
                f"need sides of at least {max(2 ** len(betas), least * divisor)}")
    window, kind = (gaussian_kernel, side, deviation), preds.dtype
    if data_range is None or isinstance(data_range, tuple) or not normalize or not all([beta > 0 for beta in betas]):
        values = _scale_by_scale(preds, target, window, data_range, k1, k2, betas, normalize, threads)
    else:
        preset = "torchmetrics" if normalize == "relu" else "torchmetrics-simple"
        exponents = ", ".join([repr(_arrays.finite(beta, "betas")) for beta in betas])
        options = _options(window, data_range, k1, k2, "reflect")
        options += f', "weights": [{exponents}], "preset": "{preset}"' + "}"
        values = _torch.loss_values("ms-ssim", options, False, preds, target, threads or 0)
    return _reduce(values, reduction).to(kind)


def _scale_by_scale(
    x: Tensor, y: Tensor, window: Tuple[bool, int, float], data_range: DataRange, k1: float, k2: float,
    betas: Tuple[float, ...], normalize: Optional[str], threads: Optional[int],
) -> Tensor:
    """What the library does not do at once: a data range or a clamp for each scale, or powers of negative terms."""
    x, y = x.float(), y.float()
    terms = []
    for scale in range(len(betas)):
        last = scale == len(betas) - 1
        first, second, extent = _ranged(x, y, data_range)
        terms.append(_similarity(
            first, second, window, extent, k1 if last else CONTRAST_ALONE, k2, "reflect" if last else "valid", threads))
        x, y = torch.nn.functional.avg_pool2d(x, 2), torch.nn.functional.avg_pool2d(y, 2)
    stack = torch.stack(terms)
    if normalize == "relu":
        stack = stack.relu()
    elif normalize == "simple":
        stack = (stack + 1) / 2
    return torch.prod(stack ** torch.tensor(betas, dtype=stack.dtype, device=stack.device).view(-1, 1), 0)


def _pair(preds: Any, target: Any) -> Tuple[Tensor, Tensor]:
    if preds.dtype != target.dtype:
        target = target.to(preds.dtype)
    if preds.shape != target.shape:
        raise RuntimeError(
            "Predictions and targets are expected to have the same shape, but got "
            f"{preds.shape} and {target.shape}.")
    if preds.dim() == 5:
        raise ValueError(f"images of shape {list(preds.shape)} given: volumes are unsupported, [N, C, H, W] is needed")
    if preds.dim() != 4:
        raise ValueError(
            "Expected `preds` and `target` to have BxCxHxW shape. "
            f"Got preds: {preds.shape} and target: {target.shape}.")
    _torch.check_pair(preds, target)
    return preds, target


def _one(value: Any, name: str) -> Any:
    """The number that both axes have."""
    if not isinstance(value, Sequence):
        return value
    if len(value) != 2:
        raise ValueError(f"`{name}` has dimension {len(value)}, but 2 is needed")
    if value[0] != value[1]:
        raise ValueError(f"`{name}`: {list(value)} given, windows that differ by axis are unsupported")
    return value[0]


def _window(gaussian: bool, sigma: Any, kernel_size: Any) -> Tuple[int, float]:
    """The side and the deviation of the window."""
    side, deviation = _one(kernel_size, "kernel_size"), _one(sigma, "sigma")
    if side % 2 == 0 or side <= 0:
        raise ValueError(f"Expected `kernel_size` to have odd positive number. Got {kernel_size}.")
    if deviation <= 0:
        raise ValueError(f"Expected `sigma` to have positive number. Got {sigma}.")
    return (int(3.5 * deviation + 0.5) * 2 + 1 if gaussian else side), deviation


def _ranged(x: Tensor, y: Tensor, data_range: DataRange) -> Tuple[Tensor, Tensor, float]:
    """Images and their data range. SSIM of x and y over the range L is that of x / L and y / L over 1, so that a range
    found in the images needs not be read from its tensor."""
    if data_range is None:
        extent = torch.maximum(x.max() - x.min(), y.max() - y.min())
        return x / extent, y / extent, 1.0
    if isinstance(data_range, tuple):
        low, high = data_range
        return x.clamp(low, high), y.clamp(low, high), high - low
    return x, y, data_range


def _options(
    window: Tuple[bool, int, float], data_range: float, k1: float, k2: float, padding: str
) -> str:
    """A JSON object without its end."""
    gaussian, side, deviation = window
    return (
        f'{{"dataRange": {_arrays.finite(data_range, "data_range")!r}, '
        f'"window": "{"gaussian" if gaussian else "uniform"}", "windowSize": {_arrays.whole(side, "kernel_size")}, '
        f'"sigma": {_arrays.finite(deviation, "sigma")!r}, "k1": {_arrays.finite(k1, "k1")!r}, '
        f'"k2": {_arrays.finite(k2, "k2")!r}, "padding": "{padding}"')


def _similarity(
    x: Tensor, y: Tensor, window: Tuple[bool, int, float], data_range: float, k1: float, k2: float, padding: str,
    threads: Optional[int],
) -> Tensor:
    options = _options(window, data_range, k1, k2, padding) + "}"
    return _torch.loss_values("ssim", options, False, x, y, threads or 0)


def _reduce(values: Tensor, reduction: Optional[str]) -> Tensor:
    if reduction == "elementwise_mean":
        return values.mean()
    if reduction == "sum":
        return values.sum()
    if reduction is None or reduction == "none":
        return values
    raise ValueError("Reduction parameter unknown.")
