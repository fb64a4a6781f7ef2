"""The shared library: loading it, its functions, statuses as exceptions, and a cache of plans."""

from __future__ import annotations

import ctypes
import os
import pathlib
import sys
import threading
from collections import OrderedDict
from typing import Optional, Sequence, Tuple

_NAMES = {"darwin": "libPerceptualC.dylib", "win32": "PerceptualC.dll"}
LIBRARY_NAME = _NAMES.get(sys.platform, "libPerceptualC.so")
MOST_THREADS = 1024

_EXCEPTIONS = {3: FloatingPointError, 64: ValueError, 65: ValueError, 66: FileNotFoundError, 73: OSError, 74: OSError}


class Array(ctypes.Structure):
    """perceptual_input"""

    _fields_ = [
        ("name", ctypes.c_char_p), ("elements", ctypes.c_void_p), ("rank", ctypes.c_int32),
        ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p),
    ]


class Place(ctypes.Structure):
    """perceptual_output"""

    _fields_ = [("name", ctypes.c_char_p), ("elements", ctypes.c_void_p), ("count", ctypes.c_int64)]


_pointer, _text, _size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
_int32, _int64 = ctypes.c_int32, ctypes.c_int64
_FUNCTIONS: dict = {
    "perceptual_message": (_text, []),
    "perceptual_version": (_text, []),
    "perceptual_release_memory": (None, []),
    "perceptual_plan_make": (_int32, [_text, _text, _pointer, _int32, _pointer]),
    "perceptual_plan_free": (None, [_pointer]),
    "perceptual_plan_value_count": (_int64, [_pointer]),
    "perceptual_plan_evaluate": (_int32, [_pointer] * 9),
    "perceptual_operation_run": (
        _int32, [_text, _text, _pointer, _size, _pointer, _size, _pointer, _size, _int32]),
    "perceptual_operation_shape": (_int32, [_text, _text, _pointer, _size, _text, _pointer, _pointer]),
    "perceptual_recording_information": (_int32, [_text, _pointer, _pointer, _pointer]),
    "perceptual_recording_read": (_int32, [_text, _int64, _int64, _int32, _pointer]),
    "perceptual_recording_write": (_int32, [_text, _pointer, _int32, _int64, _int32]),
    "perceptual_model_read": (_int32, [_text, _pointer]),
    "perceptual_model_free": (None, [_pointer]),
    "perceptual_model_reconstruct": (_int32, [_pointer, _pointer, _pointer, _text, _text, _int32, _pointer]),
    "perceptual_model_encode": (_int32, [_pointer, _text, _text]),
    "perceptual_model_decode": (_int32, [_pointer, _text, _text]),
}


def _path() -> pathlib.Path:
    given = os.environ.get("PERCEPTUAL_LIBRARY")
    if given:
        return pathlib.Path(given)
    return pathlib.Path(__file__).with_name(LIBRARY_NAME)


def _load() -> ctypes.CDLL:
    path = _path()
    if not path.exists():
        raise ImportError(
            f"{path} is not there: install a wheel of perceptual-losses, or set PERCEPTUAL_LIBRARY to the library")
    try:
        loaded = ctypes.CDLL(str(path))
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise ImportError(f"{path} cannot be used: {error}") from error
    return loaded


_library: Optional[ctypes.CDLL] = None
_lock = threading.Lock()


def library() -> ctypes.CDLL:
    """The library, loaded at the first call. ImportError where it is not there."""
    global _library
    if _library is None:
        with _lock:
            if _library is None:
                _library = _load()
    return _library


def check(status: int) -> None:
    """Raises the exception of a status, with the library's sentence."""
    if status == 0:
        return
    sentence = (library().perceptual_message() or b"").decode("utf-8", "replace")
    raise _EXCEPTIONS.get(status, RuntimeError)(sentence or f"the library gave status {status} and no message")


def version() -> str:
    """The library's version."""
    return library().perceptual_version().decode()


def default_threads() -> Optional[int]:
    """PERCEPTUAL_THREADS, or None where it is not set."""
    given = os.environ.get("PERCEPTUAL_THREADS")
    if not given:
        return None
    try:
        return checked_threads(int(given))
    except ValueError:
        raise ValueError(f"PERCEPTUAL_THREADS: {given!r} given, 0 to {MOST_THREADS} are possible") from None


def checked_threads(threads: int) -> int:
    if isinstance(threads, bool) or not isinstance(threads, int) or not 0 <= threads <= MOST_THREADS:
        raise ValueError(f"threads: {threads!r} given, 0 to {MOST_THREADS} are possible")
    return threads


def resolve_threads(threads: Optional[int]) -> int:
    """The argument unless None or 0, else PERCEPTUAL_THREADS, else the processors this process may use."""
    chosen = checked_threads(threads or 0) or default_threads()
    if chosen:
        return chosen
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, MOST_THREADS)


def encoded_path(path: "os.PathLike[str] | str") -> bytes:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError(f"path: {path!r} has a zero byte")
    return encoded


class Plan:
    """A loss of pairs of images [N, C, H, W] of one shape. May be used by several threads at once."""

    def __init__(self, loss: str, options: str, shape: Sequence[int], threads: int) -> None:
        self._handle = ctypes.c_void_p()
        if len(shape) != 4:
            raise ValueError(f"images of shape {list(shape)} given, [N, C, H, W] is needed")
        functions = library()
        self._free = functions.perceptual_plan_free
        self._evaluate = functions.perceptual_plan_evaluate
        check(functions.perceptual_plan_make(
            loss.encode(), options.encode(), (ctypes.c_int64 * 4)(*shape), threads, ctypes.byref(self._handle)))
        self.value_count: int = functions.perceptual_plan_value_count(self._handle)

    def __del__(self) -> None:
        if self._handle:
            self._free(self._handle)

    def evaluate(
        self, prediction: int, prediction_strides: Sequence[int], target: int, target_strides: Sequence[int],
        upstream: Optional[int], values: Optional[int], prediction_gradient: Optional[int],
        target_gradient: Optional[int],
    ) -> None:
        """Addresses of single-precision numbers; strides count elements. See perceptual_plan_evaluate."""
        strides = ctypes.c_int64 * 4
        status = self._evaluate(
            self._handle, prediction, strides(*prediction_strides), target, strides(*target_strides), upstream, values,
            prediction_gradient, target_gradient)
        if status:
            check(status)


class PlanCache:
    """The plans used last, by loss, options, shape and threads."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._plans: "OrderedDict[Tuple[object, ...], Plan]" = OrderedDict()
        self._lock = threading.Lock()
        # Plans of the parent process: another thread of it may have held their locks at the fork.
        self._inherited: list = []

    def __len__(self) -> int:
        return len(self._plans)

    def get(self, loss: str, options: str, shape: Tuple[int, ...], threads: int) -> Plan:
        key = (loss, options, shape, threads)
        with self._lock:
            plan = self._plans.get(key)
            if plan is not None:
                self._plans.move_to_end(key)
                return plan
        # Planning takes long: others go on meanwhile. Of two plans of one key made at once the later stays.
        plan = Plan(loss, options, shape, threads)
        dropped = []
        with self._lock:
            self._plans[key] = plan
            self._plans.move_to_end(key)
            while len(self._plans) > self.capacity:
                dropped.append(self._plans.popitem(last=False))
        return plan

    def clear(self) -> None:
        with self._lock:
            dropped, self._plans = self._plans, OrderedDict()
        dropped.clear()

    def after_fork(self) -> None:
        self._inherited.append(self._plans)
        self._plans, self._lock = OrderedDict(), threading.Lock()


plans = PlanCache(capacity=32)


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    plans.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def release_memory() -> None:
    """Gives back the memory kept from call to call: plans and the library's buffers. Later calls make them anew.

    >>> release_memory()
    """
    plans.clear()
    library().perceptual_release_memory()
