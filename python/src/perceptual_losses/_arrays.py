"""NumPy arrays in and out of the library."""

from __future__ import annotations

import ctypes
import json
import operator as operators
import sys
from functools import lru_cache
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _library
from ._library import Array, Place

Floats = NDArray[np.float32]
Attributes = Mapping[str, Any]


def floats(values: ArrayLike, name: str) -> Floats:
    """Real numbers in single precision, with strides of whole elements. The memory is shared where it fits."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: numbers of type {array.dtype} given, real ones are needed")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32, copy=False)
    if not array.flags.aligned or any(stride % 4 for stride in array.strides):
        array = np.array(array, order="C")
    return array


def element_strides(array: Floats) -> Tuple[int, ...]:
    return tuple(stride // 4 for stride in array.strides)


def json_text(attributes: Optional[Attributes]) -> str:
    """A JSON object. NumPy's numbers and arrays are taken."""

    def plain(value: Any) -> Any:
        if isinstance(value, (np.generic, np.ndarray)):
            return value.tolist()
        if isinstance(value, tuple):
            return list(value)
        raise TypeError(f"attributes: {value!r} given, JSON holds numbers, texts, booleans and lists")

    try:
        return json.dumps(dict(attributes or {}), default=plain, allow_nan=False, sort_keys=True)
    except ValueError:
        raise ValueError(f"attributes: finite numbers are needed, {dict(attributes or {})} given") from None


def _inputs(arrays: Mapping[str, Floats]) -> Tuple[Any, list]:
    """The list that C takes, and what it points to."""
    table = (Array * max(1, len(arrays)))()
    kept: list = [arrays]
    for entry, (name, array) in zip(table, arrays.items()):
        extents = ctypes.c_int64 * array.ndim
        shape, strides = extents(*array.shape), extents(*element_strides(array))
        encoded = str(name).encode()
        kept += [shape, strides, encoded]
        entry.name, entry.rank, entry.elements = encoded, array.ndim, array.ctypes.data
        entry.shape, entry.strides = ctypes.addressof(shape), ctypes.addressof(strides)
    return table, kept


@lru_cache(maxsize=256)
def result_shape(
    name: str, attributes: str, inputs: Tuple[Tuple[str, Tuple[int, ...]], ...], output: str
) -> Tuple[int, ...]:
    """The shape of an output or a gradient of an operation."""
    table = (Array * max(1, len(inputs)))()
    kept = []
    for entry, (input_name, extents) in zip(table, inputs):
        shape = (ctypes.c_int64 * len(extents))(*extents)
        encoded = input_name.encode()
        kept += [shape, encoded]
        entry.name, entry.rank, entry.shape = encoded, len(extents), ctypes.addressof(shape)
    rank, shape = ctypes.c_int32(), (ctypes.c_int64 * 8)()
    _library.check(_library.library().perceptual_operation_shape(
        name.encode(), attributes.encode(), ctypes.addressof(table), len(inputs), output.encode(), ctypes.byref(rank),
        shape))
    return tuple(shape[: rank.value])


def operation(
    name: str,
    inputs: Optional[Mapping[str, ArrayLike]] = None,
    attributes: Optional[Attributes] = None,
    outputs: Union[str, Sequence[str]] = "y",
    cotangents: Optional[Mapping[str, ArrayLike]] = None,
    *,
    threads: Optional[int] = None,
) -> Dict[str, Floats]:
    """Runs an operation of docs/fixtures.md, by the names of that page.

    Args:
        name: Such as ``"melSpectrogram"``.
        inputs: Arrays by name; strides may be negative.
        attributes: What the page lists; those left out have their defaults.
        outputs: The results wanted: outputs such as ``"mel"`` and gradients such as ``"gradient.signal"``.
        cotangents: Upstream gradients by the names of outputs. Those left out count as zeros, or as ones for the
            ``value`` of a loss.
        threads: 1 to 1024; None or 0, PERCEPTUAL_THREADS or all that the process may use.

    Returns:
        The results by name, in single precision.

    Raises:
        ValueError: a name, a shape or an attribute does not fit.

    >>> operation("leakyReLU", {"x": [-2.0, 3.0]}, {"slope": 0.5})
    {'y': array([-1.,  3.], dtype=float32)}
    """
    arrays = {key: floats(value, f"input {key}") for key, value in (inputs or {}).items()}
    upstream = {key: floats(value, f"cotangent {key}") for key, value in (cotangents or {}).items()}
    names = [outputs] if isinstance(outputs, str) else list(outputs)
    return operation_of_text(name, arrays, json_text(attributes), names, upstream, _library.resolve_threads(threads))


def operation_of_text(
    name: str, arrays: Mapping[str, Floats], attributes: str, outputs: Sequence[str], upstream: Mapping[str, Floats],
    threads: int,
) -> Dict[str, Floats]:
    """As `operation`, with attributes in JSON."""
    described = tuple((key, value.shape) for key, value in arrays.items())
    results: Dict[str, Floats] = {}
    places = (Place * max(1, len(outputs)))()
    kept = []
    for place, wanted in zip(places, outputs):
        result = np.empty(result_shape(name, attributes, described, wanted), np.float32)
        encoded = wanted.encode()
        kept.append(encoded)
        place.name, place.elements, place.count = encoded, result.ctypes.data, result.size
        results[wanted] = result
    given, given_kept = _inputs(arrays)
    above, above_kept = _inputs(upstream)
    _library.check(_library.library().perceptual_operation_run(
        name.encode(), attributes.encode(), ctypes.addressof(given), len(arrays), ctypes.addressof(above),
        len(upstream), ctypes.addressof(places), len(outputs), threads))
    del kept, given_kept, above_kept
    return results


def evaluate(
    loss: str, options: str, prediction: ArrayLike, target: ArrayLike, *, upstream: Optional[ArrayLike] = None,
    gradients: Tuple[bool, bool] = (False, False), threads: Optional[int] = None,
) -> Tuple[Floats, Optional[Floats], Optional[Floats]]:
    """Values of a plan's loss, and the gradients that are asked for."""
    x, y = floats(prediction, "prediction"), floats(target, "target")
    if x.shape != y.shape:
        raise ValueError(f"the images should have one shape, {list(x.shape)} and {list(y.shape)} given")
    plan = _library.plans.get(loss, options, x.shape, _library.resolve_threads(threads))
    values = np.empty(plan.value_count, np.float32)
    above = None
    if upstream is not None:
        above = np.ascontiguousarray(floats(upstream, "upstream"))
        if above.shape != values.shape:
            raise ValueError(f"upstream: shape {list(above.shape)} given, {list(values.shape)} is needed")
    of_x = np.empty(x.shape, np.float32) if gradients[0] else None
    of_y = np.empty(x.shape, np.float32) if gradients[1] else None
    plan.evaluate(
        x.ctypes.data, element_strides(x), y.ctypes.data, element_strides(y),
        None if above is None else above.ctypes.data, values.ctypes.data,
        None if of_x is None else of_x.ctypes.data, None if of_y is None else of_y.ctypes.data)
    return values, of_x, of_y


def finite(value: float, name: str) -> float:
    """A number that JSON can hold, to torch.compile a constant: at the ratio it stops being symbolic."""
    number = float(value)
    if not abs(number) <= sys.float_info.max:
        raise ValueError(f"{name}: {number} given, a finite number is needed")
    numerator, denominator = number.as_integer_ratio()
    return numerator / denominator


def whole(value: int, name: str) -> int:
    """A whole number that JSON can hold, likewise a constant."""
    try:
        return operators.index(value)
    except TypeError:
        raise TypeError(f"{name}: {value!r} given, a whole number is needed") from None
