"""SSIM and MS-SSIM with the names, defaults and values of torchmetrics.functional 1.9.0.

Volumes [N, C, D, H, W], windows that differ by axis and images of double precision are computed by PyTorch's
operators, at torchmetrics' speed; the latter in double precision.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Sequence, Tuple, Union

import torch
from torch import Tensor

from .... import _arrays, _similarity, _torch
from ...piq import CONTRAST_ALONE

__all__ = ["multiscale_structural_similarity_index_measure", "structural_similarity_index_measure"]

DataRange = Optional[Union[float, Tuple[float, float]]]


def structural_similarity_index_measure(
    preds: Tensor, target: Tensor, gaussian_kernel: bool = True, sigma: Union[float, Sequence[float]] = 1.5,
    kernel_size: Union[int, Sequence[int]] = 11, reduction: Optional[str] = "elementwise_mean",
    data_range: DataRange = None, k1: float = 0.01, k2: float = 0.03, return_full_image: bool = False,
    return_contrast_sensitivity: bool = False, *, threads: Optional[int] = None,
) -> Union[Tensor, Tuple[Tensor, Tensor]]:
    """torchmetrics.functional.structural_similarity_index_measure of images [N, C, H, W] or volumes [N, C, D, H, W].

    Args:
        gaussian_kernel: False for a uniform window.
        sigma: Of the Gaussian window, whose side is 2 int(3.5 sigma + 0.5) + 1; one for all axes, or one each.
        kernel_size: The side of the uniform window, likewise.
        reduction: "elementwise_mean", "sum", "none" or None.
        data_range: None for the larger range of the two batches, through which the gradient flows; a pair clamps.
        return_full_image: Whether the map of similarities is given too.
        return_contrast_sensitivity: Whether the contrast of each image [N] is given too.

    >>> images = torch.linspace(0, 1, 32 * 32).reshape(1, 1, 32, 32)
    >>> structural_similarity_index_measure(images, images)
    tensor(1.)
    """
    preds, target = _pair(preds, target)
    window = _window(preds.dim() - 2, gaussian_kernel, sigma, kernel_size)
    if return_full_image and return_contrast_sensitivity:
        raise ValueError("Arguments `return_full_image` and `return_contrast_sensitivity` are mutually exclusive.")
    kind = preds.dtype
    x, y, extent = _ranged(preds, target, data_range)
    if not _in_library(x, window):
        map_of_similarity, contrast = _maps(x, y, window, extent, k1, k2)
        similarity = _reduce(map_of_similarity.flatten(1).mean(1), reduction).to(kind)
        if return_contrast_sensitivity:
            return similarity, contrast.flatten(1).mean(1).to(kind)
        return (similarity, map_of_similarity.to(kind)) if return_full_image else similarity
    similarity = _reduce(_similarity_values(x, y, window, extent, k1, k2, threads), reduction).to(kind)
    if return_contrast_sensitivity:
        return similarity, _contrast_values(x, y, window, extent, k2, threads).to(kind)
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
    """torchmetrics.functional.multiscale_structural_similarity_index_measure of images or volumes.

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
    window = _window(preds.dim() - 2, gaussian_kernel, sigma, kernel_size)
    divisor = max(1, len(betas) - 1) ** 2
    for extent, side in zip(preds.shape[-2:], _of_axes(kernel_size, preds.dim() - 2)):
        if extent < 2 ** len(betas) or extent // divisor <= side - 1:
            raise ValueError(
                f"images of {preds.shape[-2]}x{preds.shape[-1]} given: {len(betas)} `betas` and a kernel of {side} "
                f"need sides of at least {max(2 ** len(betas), side * divisor)}")
    kind = preds.dtype
    at_once = _in_library(preds, window) and normalize and all([beta > 0 for beta in betas])
    if not at_once or data_range is None or isinstance(data_range, tuple):
        values = _scale_by_scale(preds, target, window, data_range, k1, k2, betas, normalize, threads)
    else:
        preset = "torchmetrics" if normalize == "relu" else "torchmetrics-simple"
        exponents = ", ".join([repr(_arrays.finite(beta, "betas")) for beta in betas])
        options = _options(window, data_range, k1, k2, "reflect")
        options += f', "weights": [{exponents}], "preset": "{preset}"' + "}"
        values = _torch.loss_values("ms-ssim", options, False, preds, target, threads or 0)
    return _reduce(values, reduction).to(kind)


class _Window(NamedTuple):
    """A window by axis, H and W or D, H and W, and how many pixels are reflected at each end of an axis."""

    gaussian: bool
    sides: Tuple[int, ...]
    deviations: Tuple[float, ...]
    margins: Tuple[int, ...]


def _scale_by_scale(
    x: Tensor, y: Tensor, window: _Window, data_range: DataRange, k1: float, k2: float, betas: Tuple[float, ...],
    normalize: Optional[str], threads: Optional[int],
) -> Tensor:
    """What the library does not do at once: a data range or a clamp for each scale, powers of negative terms, volumes,
    windows that differ by axis, double precision."""
    x, y = _similarity.working(x, y)
    pool = torch.nn.functional.avg_pool3d if x.dim() == 5 else torch.nn.functional.avg_pool2d
    terms = []
    for scale in range(len(betas)):
        last = scale == len(betas) - 1
        first, second, extent = _ranged(x, y, data_range)
        if not _in_library(x, window):
            terms.append(_maps(first, second, window, extent, k1, k2)[0 if last else 1].flatten(1).mean(1))
        elif last:
            terms.append(_similarity_values(first, second, window, extent, k1, k2, threads))
        else:
            terms.append(_contrast_values(first, second, window, extent, k2, threads))
        if not last:
            x, y = pool(x, 2), pool(y, 2)
    stack = torch.stack(terms)
    if normalize == "relu":
        stack = stack.relu()
    elif normalize == "simple":
        stack = (stack + 1) / 2
    return torch.prod(stack ** torch.tensor(betas, dtype=stack.dtype, device=stack.device).view(-1, 1), 0)


def _in_library(x: Tensor, window: _Window) -> bool:
    return x.dim() == 4 and x.dtype is not torch.float64 and len(set(window.sides)) == len(set(window.deviations)) == 1


def _maps(x: Tensor, y: Tensor, window: _Window, data_range: float, k1: float, k2: float) -> Tuple[Tensor, Tensor]:
    """Maps by PyTorch's operators: of the similarity as large as the images, of the contrast where no pixel was
    reflected."""
    reflected = [margin for margin in reversed(window.margins) for _ in range(2)]
    own_x, own_y = _similarity.working(x, y)
    windows = [
        _similarity.gaussian(side, deviation) if window.gaussian else _similarity.uniform(side)
        for side, deviation in zip(window.sides, window.deviations)]
    similarity, contrast = _similarity.maps(
        torch.nn.functional.pad(own_x, reflected, mode="reflect"),
        torch.nn.functional.pad(own_y, reflected, mode="reflect"), windows, (k1 * data_range) ** 2,
        (k2 * data_range) ** 2)
    for axis, margin in enumerate(window.margins, 2):
        contrast = contrast.narrow(axis, margin, contrast.shape[axis] - 2 * margin)
    return similarity, contrast


def _pair(preds: Any, target: Any) -> Tuple[Tensor, Tensor]:
    if preds.dtype != target.dtype:
        target = target.to(preds.dtype)
    if preds.shape != target.shape:
        raise RuntimeError(
            "Predictions and targets are expected to have the same shape, but got "
            f"{preds.shape} and {target.shape}.")
    if preds.dim() not in (4, 5):
        raise ValueError(
            "Expected `preds` and `target` to have BxCxHxW or BxCxDxHxW shape. "
            f"Got preds: {preds.shape} and target: {target.shape}.")
    _torch.check_pair(preds, target)
    return preds, target


def _of_axes(value: Any, axes: int) -> Tuple[Any, ...]:
    return tuple(value) if isinstance(value, Sequence) else (value,) * axes


def _window(axes: int, gaussian: bool, sigma: Any, kernel_size: Any) -> _Window:
    sides, deviations = _of_axes(kernel_size, axes), _of_axes(sigma, axes)
    for name, values in (("kernel_size", sides), ("sigma", deviations)):
        if len(values) != axes:
            raise ValueError(f"`{name}` has dimension {len(values)}, images of {axes} axes given")
    if any([side % 2 == 0 or side <= 0 for side in sides]):
        raise ValueError(f"Expected `kernel_size` to have odd positive number. Got {kernel_size}.")
    if any([deviation <= 0 for deviation in deviations]):
        raise ValueError(f"Expected `sigma` to have positive number. Got {sigma}.")
    own = tuple([int(3.5 * deviation + 0.5) * 2 + 1 for deviation in deviations]) if gaussian else sides
    margins = [side // 2 for side in own]
    if axes == 3:
        # torchmetrics reflects the last axis of a volume by `kernel_size`, whatever the window.
        margins[2] = sides[2] // 2
    return _Window(gaussian, own, deviations, tuple(margins))


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


def _options(window: _Window, data_range: float, k1: float, k2: float, padding: str) -> str:
    """A JSON object without its end, of a window that is the same for all axes."""
    return (
        f'{{"dataRange": {_arrays.finite(data_range, "data_range")!r}, '
        f'"window": "{"gaussian" if window.gaussian else "uniform"}", '
        f'"windowSize": {_arrays.whole(window.sides[0], "kernel_size")}, '
        f'"sigma": {_arrays.finite(window.deviations[0], "sigma")!r}, "k1": {_arrays.finite(k1, "k1")!r}, '
        f'"k2": {_arrays.finite(k2, "k2")!r}, "padding": "{padding}"')


def _similarity_values(
    x: Tensor, y: Tensor, window: _Window, data_range: float, k1: float, k2: float, threads: Optional[int]
) -> Tensor:
    options = _options(window, data_range, k1, k2, "reflect") + "}"
    return _torch.loss_values("ssim", options, False, x, y, threads or 0)


def _contrast_values(
    x: Tensor, y: Tensor, window: _Window, data_range: float, k2: float, threads: Optional[int]
) -> Tensor:
    options = _options(window, data_range, CONTRAST_ALONE, k2, "valid") + "}"
    return _torch.loss_values("ssim", options, False, x, y, threads or 0)


def _reduce(values: Tensor, reduction: Optional[str]) -> Tensor:
    if reduction == "elementwise_mean":
        return values.mean()
    if reduction == "sum":
        return values.sum()
    if reduction is None or reduction == "none":
        return values
    raise ValueError("Reduction parameter unknown.")
