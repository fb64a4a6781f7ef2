"""PyTorch operators over the library. Imported only where tensors are met."""

from __future__ import annotations

import warnings
from typing import Any, Optional, Tuple

import torch
from torch import Tensor

from . import _arrays, _library

DOUBLE_BACKWARD = (
    "perceptual_losses has no second derivatives: a gradient of its gradient was asked for. Use create_graph=False, or "
    "a peer's loss for this term")

_PREDICTION, _TARGET = 1, 2
# Subclasses, such as those of tracers, go through operators.
_PLAIN = (Tensor, torch.nn.Parameter)
_warned = False


def _threads(threads: int) -> int:
    """0: PERCEPTUAL_THREADS, else as many as PyTorch uses, one in a worker of a DataLoader."""
    chosen = _library.checked_threads(threads) or _library.default_threads()
    return chosen or min(torch.get_num_threads(), _library.MOST_THREADS)


def _on_host(x: Tensor) -> Tensor:
    """Single precision in the processor's memory, at times the tensor itself; strides are kept."""
    global _warned
    if x.dtype is torch.float32 and x.is_cpu and x.layout is torch.strided and not x.is_neg():
        return x
    if x.layout is not torch.strided:
        raise TypeError(f"a tensor of layout {x.layout} given, a dense one is needed")
    if x.device.type != "cpu" and not _warned:
        _warned = True
        warnings.warn(
            f"perceptual_losses computes on the processor: tensors on {x.device} are copied there and back",
            RuntimeWarning, stacklevel=2)
    return x.detach().resolve_neg().to("cpu", torch.float32)


def _evaluate(
    x: Tensor, y: Tensor, loss: str, options: str, threads: int, wanted: int
) -> Tuple[Tensor, Tensor, Tensor]:
    own_x, own_y = _on_host(x), _on_host(y)
    plan = _library.plans.get(loss, options, tuple(x.shape), _threads(threads))
    # The defaults for type and device are the caller's.
    values = torch.empty(plan.value_count, dtype=torch.float32, device="cpu")
    of_x = torch.empty(tuple(x.shape) if wanted & _PREDICTION else (0,), dtype=torch.float32, device="cpu")
    of_y = torch.empty(tuple(x.shape) if wanted & _TARGET else (0,), dtype=torch.float32, device="cpu")
    plan.evaluate(
        own_x.data_ptr(), own_x.stride(), own_y.data_ptr(), own_y.stride(), None, values.data_ptr(),
        of_x.data_ptr() if wanted & _PREDICTION else None, of_y.data_ptr() if wanted & _TARGET else None)
    if x.is_cpu:
        return values, of_x, of_y
    return values.to(x.device), of_x.to(x.device), of_y.to(x.device)


@torch.library.custom_op("perceptual_losses::values", mutates_args=())
def values(x: Tensor, y: Tensor, loss: str, options: str, pooled: bool, threads: int) -> Tensor:
    return _evaluate(x, y, loss, options, threads, 0)[0]


@values.register_fake
def _(x: Tensor, y: Tensor, loss: str, options: str, pooled: bool, threads: int) -> Tensor:
    return x.new_empty(1 if pooled else x.shape[0], dtype=torch.float32)


@torch.library.custom_op("perceptual_losses::values_and_gradients", mutates_args=())
def values_and_gradients(
    x: Tensor, y: Tensor, loss: str, options: str, pooled: bool, threads: int, wanted: int
) -> Tuple[Tensor, Tensor, Tensor]:
    """The gradients are those of sum(values): an image's depends on its own value, or on the only one. Backward scales
    them."""
    return _evaluate(x, y, loss, options, threads, wanted)


@values_and_gradients.register_fake
def _(
    x: Tensor, y: Tensor, loss: str, options: str, pooled: bool, threads: int, wanted: int
) -> Tuple[Tensor, Tensor, Tensor]:
    def gradient(bit: int) -> Tensor:
        return x.new_empty(x.shape if wanted & bit else (0,), dtype=torch.float32)

    return x.new_empty(1 if pooled else x.shape[0], dtype=torch.float32), gradient(_PREDICTION), gradient(_TARGET)


@torch.library.custom_op("perceptual_losses::scaled", mutates_args=())
def scaled(gradient: Tensor, upstream: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """gradient x upstream, image by image. x and y are there for a second derivative to be noticed."""
    return gradient * upstream.reshape(-1, 1, 1, 1)


@scaled.register_fake
def _(gradient: Tensor, upstream: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return torch.empty_like(gradient, memory_format=torch.contiguous_format)


def _refuse(ctx: Any, *upstream: Any) -> Any:
    raise RuntimeError(DOUBLE_BACKWARD)


scaled.register_autograd(_refuse)


def _save(ctx: Any, inputs: Tuple[Any, ...], output: Tuple[Tensor, Tensor, Tensor]) -> None:
    x, y, *_ = inputs
    _, of_x, of_y = output
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(x, y, of_x, of_y)


def _backward(
    ctx: Any, upstream: Optional[Tensor], of_x: Optional[Tensor], of_y: Optional[Tensor]
) -> Tuple[Optional[Tensor], ...]:
    x, y, gradient_of_x, gradient_of_y = ctx.saved_tensors
    results: list = [None] * 7
    if upstream is not None:
        for index, (tensor, gradient) in enumerate(((x, gradient_of_x), (y, gradient_of_y))):
            if ctx.needs_input_grad[index]:
                results[index] = scaled(gradient, upstream, x, y).to(tensor.dtype)
    return tuple(results)


values_and_gradients.register_autograd(_backward, setup_context=_save)


class _Scaled(torch.autograd.Function):
    """As `scaled`, for `_Loss`."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, upstream: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return gradient * upstream.reshape(-1, 1, 1, 1)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        raise RuntimeError(DOUBLE_BACKWARD)


class _Loss(torch.autograd.Function):
    """As `values_and_gradients` where nothing traces: an operator would take 100 us more."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, loss: str, options: str, threads: int) -> Tensor:
        wanted = _PREDICTION * ctx.needs_input_grad[0] + _TARGET * ctx.needs_input_grad[1]
        result, of_x, of_y = _evaluate(x, y, loss, options, threads, wanted)
        ctx.save_for_backward(x, y, of_x, of_y)
        return result

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        x, y, *gradients = ctx.saved_tensors
        results: list = [None] * 5
        for index, tensor in enumerate((x, y)):
            if ctx.needs_input_grad[index]:
                if torch.is_grad_enabled():
                    own = _Scaled.apply(gradients[index], upstream[0], x, y)  # type: ignore[no-untyped-call]
                else:
                    own = gradients[index] * upstream[0].reshape(-1, 1, 1, 1)
                results[index] = own if tensor.dtype is torch.float32 else own.to(tensor.dtype)
        return tuple(results)


@torch.library.custom_op("perceptual_losses::operation", mutates_args=())
def operation(x: Tensor, y: Tensor, name: str, attributes: str, output: str, threads: int) -> Tensor:
    """The one output of an operation of two inputs, prediction and target: [N], or as x for a map."""
    result = _run(x, y, name, attributes, output, threads, None)
    return result[output].to(x.device)


@operation.register_fake
def _(x: Tensor, y: Tensor, name: str, attributes: str, output: str, threads: int) -> Tensor:
    return x.new_empty(x.shape[0] if output == "value" else x.shape, dtype=torch.float32)


@torch.library.custom_op("perceptual_losses::operation_gradients", mutates_args=())
def operation_gradients(
    x: Tensor, y: Tensor, upstream: Tensor, name: str, attributes: str, output: str, threads: int, wanted: int
) -> Tuple[Tensor, Tensor]:
    results = _run(x, y, name, attributes, output, threads, upstream, wanted)
    empty = torch.empty(0, dtype=torch.float32, device="cpu")
    return (
        results.get("gradient.prediction", empty).to(x.device), results.get("gradient.target", empty).to(x.device))


@operation_gradients.register_fake
def _(
    x: Tensor, y: Tensor, upstream: Tensor, name: str, attributes: str, output: str, threads: int, wanted: int
) -> Tuple[Tensor, Tensor]:
    def gradient(bit: int) -> Tensor:
        return x.new_empty(x.shape if wanted & bit else (0,), dtype=torch.float32)

    return gradient(_PREDICTION), gradient(_TARGET)


def _run(
    x: Tensor, y: Tensor, name: str, attributes: str, output: str, threads: int, upstream: Optional[Tensor],
    wanted: int = 0,
) -> dict:
    names = [output] if upstream is None else [
        name for bit, name in ((_PREDICTION, "gradient.prediction"), (_TARGET, "gradient.target")) if wanted & bit]
    results = _arrays.operation_of_text(
        name, {"prediction": _on_host(x).detach().numpy(), "target": _on_host(y).detach().numpy()}, attributes, names,
        {} if upstream is None else {output: _on_host(upstream).detach().numpy()}, _threads(threads))
    return {name: torch.from_numpy(result) for name, result in results.items()}


operation_gradients.register_autograd(_refuse)


def _save_operation(ctx: Any, inputs: Tuple[Any, ...], output: Tensor) -> None:
    x, y, *ctx.settings = inputs
    ctx.save_for_backward(x, y)


def _backward_operation(ctx: Any, upstream: Tensor) -> Tuple[Optional[Tensor], ...]:
    x, y = ctx.saved_tensors
    wanted = _PREDICTION * ctx.needs_input_grad[0] + _TARGET * ctx.needs_input_grad[1]
    of_x, of_y = operation_gradients(x, y, upstream, *ctx.settings, wanted)
    return (
        of_x.to(x.dtype) if ctx.needs_input_grad[0] else None, of_y.to(y.dtype) if ctx.needs_input_grad[1] else None,
        None, None, None, None)


operation.register_autograd(_backward_operation, setup_context=_save_operation)


def check_pair(x: Any, y: Any) -> None:
    """Raises where two tensors make no pair."""
    if not (isinstance(x, Tensor) and isinstance(y, Tensor)):
        raise TypeError(f"{type(x).__name__} and {type(y).__name__} given, two tensors or two arrays are needed")
    if x.shape != y.shape:
        raise ValueError(f"the images should have one shape, {list(x.shape)} and {list(y.shape)} given")
    if x.device != y.device:
        raise ValueError(f"the images should lie on one device, {x.device} and {y.device} given")
    if x.is_complex() or y.is_complex():
        raise TypeError(f"numbers of type {x.dtype} and {y.dtype} given, real ones are needed")


def result_type(x: Tensor, y: Tensor) -> torch.dtype:
    kind = torch.promote_types(x.dtype, y.dtype)
    return kind if kind.is_floating_point else torch.get_default_dtype()


def loss_values(loss: str, options: str, pooled: bool, x: Tensor, y: Tensor, threads: int) -> Tensor:
    """The values in single precision, [N] or [1]."""
    wanted = 0
    if torch.is_grad_enabled():
        wanted = (_PREDICTION if x.requires_grad else 0) | (_TARGET if y.requires_grad else 0)
    if not torch.compiler.is_compiling() and type(x) in _PLAIN and type(y) in _PLAIN:
        if wanted:
            return _Loss.apply(x, y, loss, options, threads)  # type: ignore[no-untyped-call]
        return _evaluate(x, y, loss, options, threads, 0)[0]
    if wanted:
        return values_and_gradients(x, y, loss, options, pooled, threads, wanted)[0]
    return values(x, y, loss, options, pooled, threads)
