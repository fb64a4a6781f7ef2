"""SSIM and MS-SSIM with the names, defaults and values of torchmetrics 1.9.0: `functional` and `functional.image`."""

from . import functional

__all__ = ["functional"]
