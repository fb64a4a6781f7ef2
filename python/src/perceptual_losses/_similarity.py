"""SSIM by PyTorch's own operators, for what the library does not take: volumes, windows that differ by axis, complex
images. They take a peer's time. float64 is computed in double precision, every other type in single precision.
"""

from __future__ import annotations

import math
import warnings
from typing import List, Sequence, Tuple

import torch
from torch import Tensor

from . import _torch

Window = Sequence[float]


def gaussian(size: int, sigma: float) -> List[float]:
    """The window of one axis, of sum 1."""
    if not sigma > 0:
        raise ValueError(f"a window's deviation of {sigma} given, a positive one is needed")
    weights = [math.exp(-((place - size // 2) ** 2) / (2 * sigma**2)) for place in range(size)]
    total = sum(weights)
    return [weight / total for weight in weights]


def uniform(size: int) -> List[float]:
    return [1 / size] * size


def working(x: Tensor, y: Tensor) -> Tuple[Tensor, Tensor]:
    """The pair in the precision that it is computed in."""
    kind = torch.float64 if _torch.result_type(x, y) is torch.float64 else torch.float32
    return x.to(kind), y.to(kind)


def filtered(x: Tensor, windows: Sequence[Window]) -> Tensor:
    """Weighted sums under separable windows, one for each of the last axes, without padding. An axis shorter than its
    window is left as it is, with a warning, as pytorch-msssim does with the depth of thin volumes."""
    for axis, window in enumerate(windows, x.dim() - len(windows)):
        length = x.shape[axis] - len(window) + 1
        if length < 1:
            warnings.warn(
                f"axis {axis} of {list(x.shape)} is shorter than the window of {len(window)}: it is not filtered",
                RuntimeWarning, stacklevel=2)
            continue
        total = x.narrow(axis, 0, length) * window[0]
        for offset, weight in enumerate(window[1:], 1):
            total = total.add(x.narrow(axis, offset, length), alpha=weight)
        x = total
    return x


def maps(x: Tensor, y: Tensor, windows: Sequence[Window], c1: float, c2: float) -> Tuple[Tensor, Tensor]:
    """Maps of the similarity and of its contrast term."""
    of_x, of_y = filtered(x, windows), filtered(y, windows)
    squares, product = of_x * of_x + of_y * of_y, of_x * of_y
    variances = filtered(x * x + y * y, windows) - squares
    contrast = (2 * (filtered(x * y, windows) - product) + c2) / (variances + c2)
    return (2 * product + c1) / (squares + c1) * contrast, contrast


def positive_power(base: Tensor, exponent: float) -> Tensor:
    """base^exponent; where the base is not positive, 0 with gradient 0."""
    kept = base > 0
    return torch.where(kept, torch.where(kept, base, torch.ones_like(base)) ** exponent, torch.zeros_like(base))


def volume_ssim(x: Tensor, y: Tensor, window: Window, c1: float, c2: float) -> Tensor:
    """pytorch-msssim's SSIM of volumes [N, C, D, H, W]: [N, C]."""
    return maps(x, y, [window] * 3, c1, c2)[0].flatten(2).mean(-1)


def volume_ms_ssim(x: Tensor, y: Tensor, window: Window, weights: Sequence[float], c1: float, c2: float) -> Tensor:
    """pytorch-msssim's MS-SSIM of volumes [N, C, D, H, W]: [N, C]."""
    least = (len(window) - 1) * 2 ** (len(weights) - 1) + 1
    if min(x.shape[-2:]) < least:
        raise ValueError(
            f"volumes of shape {list(x.shape)} given: {len(weights)} scales and a window of {len(window)} need "
            f"heights and widths of at least {least}")
    result = torch.ones(x.shape[:2], dtype=x.dtype, device=x.device)
    for scale, weight in enumerate(weights):
        last = scale == len(weights) - 1
        similarity, contrast = maps(x, y, [window] * 3, c1, c2)
        result = result * positive_power((similarity if last else contrast).flatten(2).mean(-1), weight)
        if not last:
            padding = [extent % 2 for extent in x.shape[2:]]
            x = torch.nn.functional.avg_pool3d(x, 2, padding=padding)
            y = torch.nn.functional.avg_pool3d(y, 2, padding=padding)
    return result


def complex_maps(x: Tensor, y: Tensor, window: Window, c1: float, c2: float) -> Tuple[Tensor, Tensor]:
    """piq's maps of complex images [N, C, H, W, 2], with pairs in the last axis.

    piq adds each constant to both parts, and multiplies real parts of one term with imaginary parts of the other.
    """

    def smoothed(image: Tensor) -> Tensor:
        return filtered(image.movedim(-1, 0), [window] * 2)

    def product(a: Tensor, b: Tensor) -> Tensor:
        return torch.stack((a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]))

    of_x, of_y = smoothed(x), smoothed(y)
    squares = (of_x * of_x + of_y * of_y).sum(0)
    means = product(of_x, of_y)
    variances = filtered((x * x + y * y).sum(-1), [window] * 2) - squares
    covariances = filtered(product(x.movedim(-1, 0), y.movedim(-1, 0)), [window] * 2) - means
    contrast = (2 * covariances.flip(0) + c2) / (variances + c2)
    similarity = (2 * means + c1) / (squares + c1) * contrast
    return similarity.movedim(0, -1), contrast.movedim(0, -1)


def complex_ms_ssim(x: Tensor, y: Tensor, window: Window, weights: Sequence[float], c1: float, c2: float) -> Tensor:
    """piq's MS-SSIM of complex images [N, C, H, W, 2]: [N, C, 2]."""
    size, angle = torch.ones((), dtype=x.dtype, device=x.device), torch.zeros((), dtype=x.dtype, device=x.device)
    for scale, weight in enumerate(weights):
        if scale > 0:
            x, y = _halved(x), _halved(y)
        similarity, contrast = complex_maps(x, y, window, c1, c2)
        term = (similarity if scale == len(weights) - 1 else contrast).mean((2, 3)).relu()
        square = (term * term).sum(-1)
        size = size * positive_power(square, weight / 2)
        # Where both parts are 0 the size is 0, and the angle has no gradient.
        angle = angle + weight * torch.atan2(term[..., 1], torch.where(square > 0, term[..., 0], 1.0))
    return torch.stack((size * angle.cos(), size * angle.sin()), -1)


def _halved(image: Tensor) -> Tensor:
    """Means of 2x2 pixels; where a side is odd, both grow by a row repeated at the beginning."""
    parts = image.movedim(-1, 2).flatten(1, 2)
    odd = max(image.shape[2] % 2, image.shape[3] % 2)
    parts = torch.nn.functional.avg_pool2d(torch.nn.functional.pad(parts, [odd, 0, odd, 0], mode="replicate"), 2)
    return parts.reshape(*image.shape[:2], 2, *parts.shape[-2:]).movedim(2, -1)
