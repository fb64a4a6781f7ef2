"""Trained autoencoders."""

from __future__ import annotations

import ctypes
import os
from typing import Optional, Union

import numpy as np
from numpy.typing import ArrayLike

from . import _library
from ._arrays import Floats, floats

__all__ = ["Model"]

PathLike = Union[str, "os.PathLike[str]"]


class Model:
    """A network of a checkpoint of `perceptual train`.

    Args:
        path: The checkpoint. FileNotFoundError where it is not there, ValueError where it is none.
    """

    def __init__(self, path: PathLike) -> None:
        self._handle = ctypes.c_void_p()
        functions = _library.library()
        self._free = functions.perceptual_model_free
        _library.check(functions.perceptual_model_read(_library.encoded_path(path), ctypes.byref(self._handle)))

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._free(self._handle)

    def reconstruct(
        self, pictures: ArrayLike, *, statistics: str = "running", quantisation: str = "soft",
        threads: Optional[int] = None,
    ) -> Floats:
        """Pictures through the network.

        Args:
            pictures: [N, 1, H, W] in [0, 1], H and W multiples of 16.
            statistics: "running", or "batch" of these pictures together.
            quantisation: "soft" or "hard".
            threads: None for PERCEPTUAL_THREADS or all that the process may use.

        Returns:
            [N, 1, H, W].
        """
        images = np.ascontiguousarray(floats(pictures, "pictures"))
        if images.ndim != 4:
            raise ValueError(f"pictures of shape {list(images.shape)} given, [N, 1, H, W] is needed")
        result = np.empty(images.shape, np.float32)
        _library.check(_library.library().perceptual_model_reconstruct(
            self._handle, images.ctypes.data, (ctypes.c_int64 * 4)(*images.shape), statistics.encode(),
            quantisation.encode(), _library.resolve_threads(threads), result.ctypes.data))
        return result

    def encode(self, recording: PathLike, code: PathLike) -> None:
        """Writes a recording as a code, like `perceptual encode --entropy-coded`."""
        _library.check(_library.library().perceptual_model_encode(
            self._handle, _library.encoded_path(recording), _library.encoded_path(code)))

    def decode(self, code: PathLike, recording: PathLike) -> None:
        """Writes a code as a recording, .wav or .flac, like `perceptual decode`."""
        _library.check(_library.library().perceptual_model_decode(
            self._handle, _library.encoded_path(code), _library.encoded_path(recording)))
