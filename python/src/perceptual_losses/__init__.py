"""SSIM, MS-SSIM, NLPD and Bark losses with gradients for PyTorch and NumPy, and an audio front end for NumPy.

>>> import numpy as np
>>> from perceptual_losses import ms_ssim
>>> image = np.zeros((1, 1, 256, 256), np.float32)
>>> ms_ssim(image, image)
1.0
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from . import audio, functional
from ._arrays import operation
from ._library import release_memory
from ._library import version as library_version
from .functional import bark_distance, ms_ssim, mse, nlpd, psnr, ssim, value_and_gradients
from .model import Model

if TYPE_CHECKING:
    from . import modules
    from .modules import MS_SSIM, NLPD, SSIM, BarkDistance

__version__ = "0.1.0"

__all__ = [
    "Model", "audio", "bark_distance", "functional", "library_version", "ms_ssim", "mse", "nlpd", "operation", "psnr",
    "release_memory", "ssim", "value_and_gradients",
]
if find_spec("torch") is not None:
    __all__ += ["MS_SSIM", "NLPD", "SSIM", "BarkDistance", "modules"]


def __getattr__(name: str) -> Any:
    """The modules need PyTorch, which is imported with the first of them."""
    if name in ("MS_SSIM", "NLPD", "SSIM", "BarkDistance", "modules"):
        import importlib

        modules = importlib.import_module(".modules", __name__)
        return modules if name == "modules" else getattr(modules, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
