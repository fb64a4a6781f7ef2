"""SSIM and MS-SSIM with the names, defaults and values of piq 0.8.0.

Complex images [N, C, H, W, 2] are computed by PyTorch's operators. Wrong images raise AssertionError, as there.
"""

from __future__ import annotations

from typing import Any, List, Optional, Tuple, Union

import torch
from torch import Tensor

from .. import _arrays, _similarity, _torch

__all__ = ["MultiScaleSSIMLoss", "SSIMLoss", "multi_scale_ssim", "ssim"]

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# So large a k1 makes the luminance 1 in single precision: SSIM is then the contrast alone.
CONTRAST_ALONE = 1e6


def ssim(
    x: Tensor, y: Tensor, kernel_size: int = 11, kernel_sigma: float = 1.5, data_range: Union[int, float] = 1.0,
    reduction: str = "mean", full: bool = False, downsample: bool = True, k1: float = 0.01, k2: float = 0.03,
    *, threads: Optional[int] = None,
) -> Union[Tensor, List[Tensor]]:
    """piq.ssim of images [N, C, H, W] in [0, data_range], or of complex images [N, C, H, W, 2], whose values are pairs.

    Args:
        full: Whether the contrast is given too.
        downsample: Whether images of more than 384 pixels are averaged down first; complex ones never are.

    >>> images = torch.linspace(0, 1, 32 * 32).reshape(1, 1, 32, 32)
    >>> ssim(images, images)
    tensor(1.)
    """
    _check(x, y, kernel_size, data_range)
    if x.dim() == 5:
        pair = _similarity.complex_maps(*_complex(x, y, kernel_size, kernel_sigma, data_range), *_constants(k1, k2))
        values = [_reduce(part.mean((1, 2, 3)), reduction, x, y) for part in pair]
        return values if full else values[0]

    def value(luminance: float) -> Tensor:
        options = _options(kernel_size, kernel_sigma, data_range, luminance, k2)
        options += f', "downsampling": "{"piq" if downsample else "none"}"' + "}"
        return _reduce(_torch.loss_values("ssim", options, False, x, y, threads or 0), reduction, x, y)

    return [value(k1), value(CONTRAST_ALONE)] if full else value(k1)


def multi_scale_ssim(
    x: Tensor, y: Tensor, kernel_size: int = 11, kernel_sigma: float = 1.5, data_range: Union[int, float] = 1.0,
    reduction: str = "mean", scale_weights: Optional[Tensor] = None, k1: float = 0.01, k2: float = 0.03,
    *, threads: Optional[int] = None,
) -> Tensor:
    """piq.multi_scale_ssim of images [N, C, H, W] in [0, data_range], or of complex images [N, C, H, W, 2]; given
    weights are divided by their sum.

    >>> images = torch.linspace(0, 1, 161 * 161).reshape(1, 1, 161, 161)
    >>> multi_scale_ssim(images, images)
    tensor(1.)
    """
    _check(x, y, kernel_size, data_range)
    weights = _WEIGHTS if scale_weights is None else _normalised(scale_weights)
    return _multi_scale(x, y, kernel_size, kernel_sigma, data_range, reduction, weights, k1, k2, threads)


class SSIMLoss(torch.nn.modules.loss._Loss):
    """piq.SSIMLoss: 1 - `ssim`."""

    def __init__(
        self, kernel_size: int = 11, kernel_sigma: float = 1.5, k1: float = 0.01, k2: float = 0.03,
        downsample: bool = True, reduction: str = "mean", data_range: Union[int, float] = 1.0,
        *, threads: Optional[int] = None,
    ) -> None:
        super().__init__()
        _odd(kernel_size)
        self.reduction, self.kernel_size, self.kernel_sigma = reduction, kernel_size, kernel_sigma
        self.k1, self.k2, self.downsample, self.data_range = k1, k2, downsample, data_range
        self.threads = threads

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        score: Any = ssim(
            x, y, self.kernel_size, self.kernel_sigma, self.data_range, self.reduction, False, self.downsample, self.k1,
            self.k2, threads=self.threads)
        return 1 - score


class MultiScaleSSIMLoss(torch.nn.modules.loss._Loss):
    """piq.MultiScaleSSIMLoss: 1 - `multi_scale_ssim`, the default weights divided by their sum too."""

    scale_weights: Tensor

    def __init__(
        self, kernel_size: int = 11, kernel_sigma: float = 1.5, k1: float = 0.01, k2: float = 0.03,
        scale_weights: Optional[Tensor] = None, reduction: str = "mean", data_range: Union[int, float] = 1.0,
        *, threads: Optional[int] = None,
    ) -> None:
        super().__init__()
        _odd(kernel_size)
        self.reduction, self.kernel_size, self.kernel_sigma = reduction, kernel_size, kernel_sigma
        self.k1, self.k2, self.data_range, self.threads = k1, k2, data_range, threads
        self.register_buffer("scale_weights", torch.tensor(_WEIGHTS) if scale_weights is None else scale_weights)
        # Weights that are no vector are refused where they are used, as in piq.
        self._weights = _normalised(self.scale_weights) if self.scale_weights.dim() == 1 else ()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        _check(x, y, self.kernel_size, self.data_range)
        # While torch.compile traces, the buffer cannot be read.
        if not torch.compiler.is_compiling():
            self._weights = _normalised(self.scale_weights)
        return 1 - _multi_scale(
            x, y, self.kernel_size, self.kernel_sigma, self.data_range, self.reduction, self._weights, self.k1, self.k2,
            self.threads)


def _odd(kernel_size: int) -> None:
    if kernel_size % 2 != 1:
        raise AssertionError(f"Kernel size must be odd, got [{kernel_size}]")


def _check(x: Tensor, y: Tensor, kernel_size: int, data_range: float) -> None:
    """piq's own demands. Values are not looked at while torch.compile traces."""
    _odd(kernel_size)
    for tensor in (x, y):
        if not torch.is_tensor(tensor):
            raise AssertionError(f"Expected torch.Tensor, got {type(tensor)}")
    if x.shape != y.shape:
        raise AssertionError(f"Expected tensors with same size, got {y.shape} and {x.shape}")
    if x.device != y.device:
        raise AssertionError(f"Expected tensors to be on {x.device}, got {y.device}")
    if x.dim() == 5 and (x.shape[-1] != 2 or 0 in x.shape):
        raise ValueError(f"images of shape {list(x.shape)} given, non-empty pairs [N, C, H, W, 2] are needed")
    if x.dim() not in (4, 5):
        raise AssertionError(f"Expected number of dimensions to be between 4 and 5, got {x.dim()}")
    _torch.check_pair(x, y)
    if __debug__ and not torch.compiler.is_compiling():
        for tensor in (x, y):
            if tensor.numel():
                least, most = torch.aminmax(tensor.detach())
                if not (least >= 0 and most <= data_range):
                    raise AssertionError(f"Expected values from 0 to {data_range}, got {least} to {most}")


def _normalised(weights: Tensor) -> Tuple[float, ...]:
    if weights.dim() != 1:
        raise ValueError(f"Expected a vector of weights, got {weights.dim()}D tensor")
    values = weights.detach().double().cpu()
    return tuple((values / values.sum()).tolist())


def _complex(
    x: Tensor, y: Tensor, kernel_size: int, kernel_sigma: float, data_range: float, scales: int = 1
) -> Tuple[Tensor, Tensor, List[float]]:
    """Complex images over their range, and the window. Raises where `scales` of them are too small for it."""
    least = (_arrays.whole(kernel_size, "kernel_size") - 1) * 2 ** (scales - 1) + 1
    if min(x.shape[2:4]) < least:
        raise ValueError(
            f"complex images of shape {list(x.shape)} given: {scales} scales and a window of {kernel_size} need "
            f"heights and widths of at least {least}")
    own_x, own_y = _similarity.working(x, y)
    window = _similarity.gaussian(kernel_size, _arrays.finite(kernel_sigma, "kernel_sigma"))
    return own_x / data_range, own_y / data_range, window


def _constants(k1: float, k2: float) -> Tuple[float, float]:
    return _arrays.finite(k1, "k1") ** 2, _arrays.finite(k2, "k2") ** 2


def _options(kernel_size: int, kernel_sigma: float, data_range: float, k1: float, k2: float) -> str:
    """A JSON object without its end."""
    return (
        f'{{"dataRange": {_arrays.finite(data_range, "data_range")!r}, '
        f'"windowSize": {_arrays.whole(kernel_size, "kernel_size")}, '
        f'"sigma": {_arrays.finite(kernel_sigma, "kernel_sigma")!r}, '
        f'"k1": {_arrays.finite(k1, "k1")!r}, "k2": {_arrays.finite(k2, "k2")!r}')


def _multi_scale(
    x: Tensor, y: Tensor, kernel_size: int, kernel_sigma: float, data_range: float, reduction: str,
    weights: Tuple[float, ...], k1: float, k2: float, threads: Optional[int],
) -> Tensor:
    if x.dim() == 5:
        parts = _complex(x, y, kernel_size, kernel_sigma, data_range, len(weights))
        return _reduce(_similarity.complex_ms_ssim(*parts, weights, *_constants(k1, k2)).mean(1), reduction, x, y)
    scales = ", ".join([repr(_arrays.finite(weight, "scale_weights")) for weight in weights])
    options = _options(kernel_size, kernel_sigma, data_range, k1, k2)
    options += f', "weights": [{scales}], "preset": "piq"' + "}"
    return _reduce(_torch.loss_values("ms-ssim", options, False, x, y, threads or 0), reduction, x, y)


def _reduce(values: Tensor, reduction: str, x: Tensor, y: Tensor) -> Tensor:
    if reduction == "mean":
        values = values.mean(0)
    elif reduction == "sum":
        values = values.sum(0)
    elif reduction != "none":
        raise ValueError("Unknown reduction. Expected one of {'none', 'mean', 'sum'}")
    return values.to(_torch.result_type(x, y))
