"""SSIM and MS-SSIM with the names, defaults and values of torchmetrics 1.9.0: `functional`, `functional.image` and,
where torchmetrics is installed, the metrics of `image`."""

from . import functional

__all__ = ["functional"]
