"""SSIM and MS-SSIM as metrics, with the names, defaults and values of torchmetrics.image 1.9.0.

They are metrics of torchmetrics, which must be installed: they add up over batches and processes, and work in a
MetricCollection.

>>> metric = StructuralSimilarityIndexMeasure(data_range=1.0)
>>> images = torch.linspace(0, 1, 2 * 32 * 32).reshape(2, 1, 32, 32)
>>> metric.update(images, images)
>>> metric.compute()
tensor(1.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional, Sequence, Tuple, Union

import torch
from torch import Tensor

try:
    from torchmetrics import Metric  # type: ignore[import-not-found,unused-ignore]
    from torchmetrics.utilities import dim_zero_cat  # type: ignore[import-not-found,unused-ignore]
except ImportError as error:
    raise ImportError("perceptual_losses.compat.torchmetrics.image needs torchmetrics installed") from error

from .functional import (
    DataRange, multiscale_structural_similarity_index_measure, structural_similarity_index_measure)

__all__ = ["MultiScaleStructuralSimilarityIndexMeasure", "StructuralSimilarityIndexMeasure"]


class _Average(Metric):  # type: ignore[misc,unused-ignore]
    """A function's values of images, added up over batches."""

    higher_is_better = True
    is_differentiable = True
    full_state_update = False
    plot_lower_bound = 0.0
    plot_upper_bound = 1.0

    _function: Callable[..., Any]
    if TYPE_CHECKING:  # torch.jit.script does not take these annotations.
        similarity: Any
        total: Any
        image_return: Any

    def __init__(self, reduction: Optional[str], options: dict, extra: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if reduction not in ("elementwise_mean", "sum", "none", None):
            raise ValueError(
                f"Argument `reduction` must be 'elementwise_mean', 'sum', 'none' or None, but got {reduction}")
        self.reduction, self.options, self.extra = reduction, options, extra
        self._each = reduction in ("none", None)
        if self._each:
            self.add_state("similarity", default=[], dist_reduce_fx=None)
        else:
            self.add_state("similarity", default=torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("total", default=torch.tensor(0.0), dist_reduce_fx="sum")
        if extra:
            self.add_state("image_return", default=[], dist_reduce_fx="cat")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Adds a batch."""
        values = type(self)._function(preds, target, reduction="none", **self.options)
        if self.extra:
            values, image = values
            self.image_return.append(image)
        if self._each:
            self.similarity.append(values)
        else:
            self.similarity += values.sum()
        self.total += preds.shape[0]

    def compute(self) -> Union[Tensor, Tuple[Tensor, Tensor]]:
        """The reduced value of all batches; with `return_full_image` or `return_contrast_sensitivity` these too."""
        value = dim_zero_cat(self.similarity) if self._each else self.similarity
        if self.reduction == "elementwise_mean":
            value = value / self.total
        return (value, dim_zero_cat(self.image_return)) if self.extra else value

    def plot(self, val: Any = None, ax: Any = None) -> Any:
        return self._plot(val, ax)


class StructuralSimilarityIndexMeasure(_Average):
    """torchmetrics.image.StructuralSimilarityIndexMeasure, with the arguments of
    `functional.structural_similarity_index_measure` and a metric's."""

    _function = staticmethod(structural_similarity_index_measure)

    def __init__(
        self, gaussian_kernel: bool = True, sigma: Union[float, Sequence[float]] = 1.5,
        kernel_size: Union[int, Sequence[int]] = 11, reduction: Optional[str] = "elementwise_mean",
        data_range: DataRange = None, k1: float = 0.01, k2: float = 0.03, return_full_image: bool = False,
        return_contrast_sensitivity: bool = False, *, threads: Optional[int] = None, **kwargs: Any,
    ) -> None:
        options = dict(
            gaussian_kernel=gaussian_kernel, sigma=sigma, kernel_size=kernel_size, data_range=data_range, k1=k1, k2=k2,
            return_full_image=return_full_image, return_contrast_sensitivity=return_contrast_sensitivity,
            threads=threads)
        super().__init__(reduction, options, return_full_image or return_contrast_sensitivity, **kwargs)


class MultiScaleStructuralSimilarityIndexMeasure(_Average):
    """torchmetrics.image.MultiScaleStructuralSimilarityIndexMeasure, with the arguments of
    `functional.multiscale_structural_similarity_index_measure` and a metric's."""

    _function = staticmethod(multiscale_structural_similarity_index_measure)

    def __init__(
        self, gaussian_kernel: bool = True, kernel_size: Union[int, Sequence[int]] = 11,
        sigma: Union[float, Sequence[float]] = 1.5, reduction: Optional[str] = "elementwise_mean",
        data_range: DataRange = None, k1: float = 0.01, k2: float = 0.03,
        betas: Tuple[float, ...] = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333), normalize: Optional[str] = "relu",
        *, threads: Optional[int] = None, **kwargs: Any,
    ) -> None:
        options = dict(
            gaussian_kernel=gaussian_kernel, sigma=sigma, kernel_size=kernel_size, data_range=data_range, k1=k1, k2=k2,
            betas=betas, normalize=normalize, threads=threads)
        super().__init__(reduction, options, False, **kwargs)
