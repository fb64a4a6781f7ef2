"""Losses as modules of PyTorch. `SSIM` and `MS_SSIM` have the arguments and defaults of pytorch-msssim 1.0.0."""

from __future__ import annotations

from typing import Any, Optional, Sequence

import torch
from torch import Tensor

from . import functional

__all__ = ["MS_SSIM", "NLPD", "SSIM", "BarkDistance"]


def _check_dimensions(spatial_dims: int) -> None:
    if spatial_dims not in (2, 3):
        raise ValueError(f"spatial_dims: {spatial_dims} given, 2 or 3 is needed")


class SSIM(torch.nn.Module):
    """`functional.ssim` of two batches of images [N, C, H, W] or volumes [N, C, D, H, W].

    Args:
        channel, spatial_dims: Taken for pytorch-msssim's sake; any number of channels, images and volumes are computed.

    >>> images = torch.linspace(0, 255, 2 * 3 * 16 * 16).reshape(2, 3, 16, 16)
    >>> SSIM()(images, images)
    tensor(1.)
    """

    def __init__(
        self, data_range: float = 255, size_average: bool = True, win_size: int = 11, win_sigma: float = 1.5,
        channel: int = 3, spatial_dims: int = 2, K: Sequence[float] = (0.01, 0.03), nonnegative_ssim: bool = False,
        *, threads: Optional[int] = None,
    ) -> None:
        super().__init__()
        _check_dimensions(spatial_dims)
        self.data_range, self.size_average, self.K = data_range, size_average, K
        self.win_size, self.win_sigma = win_size, win_sigma
        self.nonnegative_ssim, self.threads = nonnegative_ssim, threads

    def forward(self, X: Tensor, Y: Tensor) -> Tensor:
        return functional.ssim(
            X, Y, self.data_range, self.size_average, self.win_size, self.win_sigma, None, self.K,
            self.nonnegative_ssim, threads=self.threads)


class MS_SSIM(torch.nn.Module):
    """`functional.ms_ssim` of two batches of images or volumes; `channel` and `spatial_dims` as in `SSIM`.

    >>> images = torch.linspace(0, 1, 161 * 161).reshape(1, 1, 161, 161)
    >>> MS_SSIM(data_range=1)(images, images)
    tensor(1.)
    """

    def __init__(
        self, data_range: float = 255, size_average: bool = True, win_size: int = 11, win_sigma: float = 1.5,
        channel: int = 3, spatial_dims: int = 2, weights: Optional[Sequence[float]] = None,
        K: Sequence[float] = (0.01, 0.03), *, threads: Optional[int] = None,
    ) -> None:
        super().__init__()
        _check_dimensions(spatial_dims)
        self.data_range, self.size_average, self.weights, self.K = data_range, size_average, weights, K
        self.win_size, self.win_sigma, self.threads = win_size, win_sigma, threads

    def forward(self, X: Tensor, Y: Tensor) -> Tensor:
        return functional.ms_ssim(
            X, Y, self.data_range, self.size_average, self.win_size, self.win_sigma, None, self.weights, self.K,
            threads=self.threads)


class NLPD(torch.nn.Module):
    """`functional.nlpd` of two batches of images [N, C, H, W] from 0 to 1.

    >>> images = torch.linspace(0, 1, 80 * 80).reshape(1, 1, 80, 80)
    >>> NLPD()(images, images)
    tensor(0.)
    """

    def __init__(
        self, family: str = "hepburn", pooling: str = "image", *, levels: int = 6, size_average: bool = True,
        threads: Optional[int] = None,
    ) -> None:
        super().__init__()
        self.family, self.pooling, self.levels = family, pooling, levels
        self.size_average, self.threads = size_average, threads

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return functional.nlpd(
            x, y, self.family, self.pooling, levels=self.levels, size_average=self.size_average, threads=self.threads)


class BarkDistance(torch.nn.Module):
    """`functional.bark_distance` of two batches of signals [N, T], with its arguments.

    >>> signals = torch.sin(torch.arange(512) / 5)[None]
    >>> BarkDistance(11025, distance="meanSquaredError")(signals, signals)
    tensor(0.)
    """

    def __init__(self, sample_rate: float, **options: Any) -> None:
        super().__init__()
        self.sample_rate, self.options = sample_rate, options

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return functional.bark_distance(x, y, self.sample_rate, **self.options)
