"""Tensors of every kind, torch.compile, threads, workers and forks."""

import multiprocessing
import os
import select
import threading
import warnings

import numpy as np
import pytest
from conftest import images, relative

torch = pytest.importorskip("torch")
import perceptual_losses as pl  # noqa: E402
from perceptual_losses import _library, _torch  # noqa: E402

LOSSES = {
    "ssim": lambda x, y, **more: pl.ssim(x, y, data_range=1, **more),
    "ms_ssim": lambda x, y, **more: pl.ms_ssim(x, y, data_range=1, win_size=7, **more),
    "nonnegative": lambda x, y, **more: pl.ssim(x, y, data_range=1, nonnegative_ssim=True, **more),
    "nlpd": lambda x, y, **more: pl.nlpd(x, y, **more),
    "nlpd batch": lambda x, y, **more: pl.nlpd(x, y, "tensorflow", "batch", **more),
    "nlpd matlab": lambda x, y, **more: pl.nlpd(x, y, family="matlab", **more),
    "mse": lambda x, y, **more: pl.mse(x, y, **more),
    "psnr": lambda x, y, **more: pl.psnr(x, y, **more),
}
SIDE = 100


@pytest.fixture(params=list(LOSSES))
def loss(request):
    return LOSSES[request.param]


def tensors(*shape, seed=20, dtype=torch.float32):
    return [torch.tensor(array).to(dtype).requires_grad_() for array in images(seed, *(shape or (2, 3, SIDE, SIDE)))]


def gradients(loss, x, y):
    return torch.autograd.grad(loss(x, y), (x, y))


def test_gradients_by_differences(loss):
    """Along the gradient, a loss changes by the gradient's square."""
    x, y = tensors()
    for index, gradient in enumerate(gradients(loss, x, y)):
        step = 2e-2 * gradient / gradient.norm()
        ends = []
        for sign in (-1, 1):
            moved = [x.detach(), y.detach()]
            moved[index] = moved[index] + sign * step
            ends.append(loss(*moved).item())
        assert (ends[1] - ends[0]) / 4e-2 == pytest.approx(gradient.norm().item(), rel=2e-2)


def test_upstream_gradients(loss):
    """An image's gradient is scaled by what comes from above."""
    x, y = tensors()
    values = loss(x, y, size_average=False)
    weights = torch.arange(1.0, len(values) + 1)
    weighted, = torch.autograd.grad(values, x, weights, retain_graph=True)
    ones, = torch.autograd.grad(values, x, torch.ones(len(values)))
    scale = weights.reshape(-1, 1, 1, 1)
    assert relative(weighted, ones * scale) < 1e-6


def test_one_gradient_alone(loss):
    x, y = tensors()
    of_x, of_y = gradients(loss, x, y)
    assert torch.equal(torch.autograd.grad(loss(x, y.detach()), x)[0], of_x)
    assert torch.equal(torch.autograd.grad(loss(x.detach(), y), y)[0], of_y)
    assert not loss(x.detach(), y.detach()).requires_grad
    with torch.no_grad():
        assert not loss(x, y).requires_grad
    with torch.inference_mode():
        assert loss(x, y).item() == pytest.approx(loss(x, y).item())


def test_one_tensor_twice(loss):
    x, _ = tensors()
    gradient, = torch.autograd.grad(loss(x, x), x)
    assert torch.isfinite(gradient).all()


def test_backward_twice(loss):
    x, y = tensors()
    value = loss(x, y)
    value.backward(retain_graph=True)
    once = x.grad.clone()
    value.backward()
    assert torch.equal(x.grad, 2 * once)


def test_second_derivatives_are_refused(loss):
    x, y = tensors()
    gradient, = torch.autograd.grad(loss(x, y), x, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivatives"):
        gradient.square().sum().backward()


def test_second_derivatives_of_operators_are_refused():
    x, y = tensors()
    value, _, _ = _torch.values_and_gradients(x, y, "ssim", "{}", False, 1, 3)
    gradient, = torch.autograd.grad(value.sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivatives"):
        gradient.square().sum().backward()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16], ids=str)
def test_types(loss, dtype):
    x, y = tensors(dtype=dtype)
    value = loss(x, y)
    of_x, of_y = torch.autograd.grad(value, (x, y))
    assert value.dtype == of_x.dtype == of_y.dtype == dtype
    first, second = x.detach().float().requires_grad_(), y.detach().float().requires_grad_()
    expected = loss(first, second)
    assert torch.equal(value, expected.to(dtype))
    for actual, truth in zip((of_x, of_y), torch.autograd.grad(expected, (first, second))):
        assert relative(actual.double(), truth.double()) < {torch.float64: 1e-6, torch.float16: 3e-2}.get(dtype, 1e-2)


def test_mixed_types(loss):
    x, y = tensors()
    half = y.detach().half()
    value = loss(x, half)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(loss(x, half.float()).item())


def test_whole_numbers():
    x, y = (torch.randint(0, 256, (1, 3, 20, 20), dtype=torch.uint8) for _ in range(2))
    assert pl.ssim(x, y).item() == pytest.approx(pl.ssim(x.float(), y.float()).item())


LAYOUTS = {
    "channels_last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "transposed": lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
    "cropped": lambda x: torch.nn.functional.pad(x, (3, 2, 1, 5))[:, :, 1:-5, 3:-2],
    "every second": lambda x: x.repeat_interleave(2, 3)[..., ::2],
    "swapped batch": lambda x: x.transpose(0, 1).contiguous().transpose(0, 1),
    "misaligned": lambda x: torch.cat([torch.zeros(1), x.flatten()])[1:].reshape(x.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(loss, layout):
    x, y = tensors()
    changed = LAYOUTS[layout](x.detach()).requires_grad_()
    assert torch.equal(changed, x)
    assert torch.equal(loss(changed, y), loss(x, y))
    for actual, expected in zip(gradients(loss, changed, y), gradients(loss, x, y)):
        assert torch.equal(actual, expected)


def test_expanded_images(loss):
    x, y = tensors(2, 3, SIDE, SIDE)
    one = y.detach()[:1, :1].expand(2, 3, SIDE, SIDE)
    assert torch.equal(loss(x, one), loss(x, one.contiguous()))


def test_nan_stays_in_its_image(loss):
    x, y = tensors(3, 1, SIDE, SIDE)
    with torch.no_grad():
        x[1, 0, 5, 5] = float("nan")
    values = loss(x, y, size_average=False)
    if len(values) == 3:
        assert values.isnan().tolist() == [False, True, False]
        gradient, = torch.autograd.grad(values.sum(), x)
        assert torch.isfinite(gradient[[0, 2]]).all()
    else:
        assert values.isnan().all()


def test_parameters_and_optimisers(loss):
    """A parameter is a plain tensor to the losses."""
    target, start = tensors(1, 1, SIDE, SIDE)
    image = torch.nn.Parameter(start.detach())
    sign = 1 if loss(image, image * 0.9).item() > loss(image, image).item() else -1
    adam = torch.optim.Adam([image], lr=1e-2)
    before = loss(image, target).item()
    for _ in range(5):
        adam.zero_grad()
        (sign * loss(image, target.detach())).backward()
        adam.step()
    assert sign * loss(image, target).item() < sign * before


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_the_same_bits_for_any_threads(loss, threads):
    x, y = tensors()
    assert torch.equal(loss(x, y, threads=threads), loss(x, y, threads=1))
    for actual, expected in zip(
        gradients(lambda a, b: loss(a, b, threads=threads), x, y), gradients(lambda a, b: loss(a, b, threads=1), x, y)
    ):
        assert torch.equal(actual, expected)


def test_environment_of_threads(monkeypatch):
    monkeypatch.setenv("PERCEPTUAL_THREADS", "3")
    assert _torch._threads(0) == 3 and _torch._threads(2) == 2 and _library.resolve_threads(None) == 3
    monkeypatch.setenv("PERCEPTUAL_THREADS", "many")
    x, y = tensors()
    with pytest.raises(ValueError, match="PERCEPTUAL_THREADS"):
        pl.ssim(x, y)
    monkeypatch.delenv("PERCEPTUAL_THREADS")
    assert _torch._threads(0) == torch.get_num_threads() and _library.resolve_threads(None) >= 1


def test_callers_from_many_threads():
    x, y = tensors()
    expected = {name: loss(x, y).item() for name, loss in LOSSES.items()}
    wrong = []

    def call(name):
        for _ in range(5):
            value = LOSSES[name](x, y)
            torch.autograd.grad(value, x)
            if value.item() != expected[name]:
                wrong.append(name)

    workers = [threading.Thread(target=call, args=(name,)) for name in list(LOSSES) * 2]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_cache_of_plans_is_bounded():
    for side in range(11, 60):
        image = torch.zeros(1, 1, side, side)
        pl.ssim(image, image)
    assert len(_library.plans) <= _library.plans.capacity
    pl.release_memory()
    assert len(_library.plans) == 0
    assert pl.ssim(image, image).item() == 1


# torch.compile


@pytest.fixture
def compiled():
    torch._dynamo.reset()
    yield lambda function, **options: torch.compile(function, backend="aot_eager", fullgraph=True, **options)
    torch._dynamo.reset()


def test_compile(loss, compiled):
    x, y = tensors()
    function = compiled(lambda a, b: 2 - loss(torch.sigmoid(a), b))
    value, expected = function(x, y), 2 - loss(torch.sigmoid(x), y)
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    for actual, truth in zip(torch.autograd.grad(value, (x, y)), torch.autograd.grad(expected, (x, y))):
        assert relative(actual, truth) < 1e-6


def test_compile_with_any_shape(loss, compiled):
    function = compiled(loss, dynamic=True)
    for shape in ((2, 3, SIDE, SIDE), (3, 3, SIDE + 4, SIDE + 11), (4, 3, 140, 120)):
        x, y = tensors(*shape)
        assert function(x, y).item() == pytest.approx(loss(x, y).item(), rel=1e-6)
        assert relative(torch.autograd.grad(function(x, y), x)[0], torch.autograd.grad(loss(x, y), x)[0]) < 1e-6


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_compile_types(compiled, dtype):
    x, y = tensors(dtype=dtype)
    value = compiled(LOSSES["ssim"])(x, y)
    assert value.dtype == dtype and torch.autograd.grad(value, x)[0].dtype == dtype


def test_compile_without_gradients(loss, compiled):
    x, y = (tensor.detach() for tensor in tensors())
    with torch.no_grad():
        assert compiled(loss)(x, y).item() == pytest.approx(loss(x, y).item(), rel=1e-6)


def test_compile_channels_last(loss, compiled):
    x, y = tensors()
    last = x.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
    value = compiled(loss)(last, y)
    assert relative(torch.autograd.grad(value, last)[0], torch.autograd.grad(loss(x, y), x)[0]) < 1e-6


@pytest.mark.parametrize("module", [
    lambda: pl.SSIM(data_range=1), lambda: pl.MS_SSIM(data_range=1, win_size=7), lambda: pl.NLPD(),
    lambda: pl.NLPD("tensorflow", "batch")], ids=["SSIM", "MS_SSIM", "NLPD", "NLPD batch"])
def test_compile_modules(module, compiled):
    x, y = tensors()
    own = module()
    assert compiled(own)(x, y).item() == pytest.approx(own(x, y).item(), rel=1e-6)


def test_compile_compat(compiled):
    from perceptual_losses.compat import piq
    from perceptual_losses.compat.torchmetrics.functional import image

    x, y = tensors(1, 1, 180, 180)
    for function in (
        piq.ssim, piq.SSIMLoss(), piq.multi_scale_ssim, image.structural_similarity_index_measure,
        image.multiscale_structural_similarity_index_measure,
    ):
        assert compiled(function)(x, y).item() == pytest.approx(function(x, y).item(), rel=1e-5)


def test_compile_bark(compiled):
    x, y = (torch.tensor(signal, requires_grad=True) for signal in images(5, 2, 1024))
    own = pl.BarkDistance(11025, bands=12)
    value = compiled(own)(x, y)
    assert value.item() == pytest.approx(own(x, y).item(), rel=1e-6)
    assert relative(torch.autograd.grad(value, x)[0], torch.autograd.grad(own(x, y), x)[0]) < 1e-6


def test_inductor():
    import shutil

    if not (shutil.which("g++") or shutil.which("clang++")):
        pytest.skip("torch.compile's default backend needs a C++ compiler")
    torch._dynamo.reset()
    x, y = tensors(1, 1, 40, 40)
    function = torch.compile(lambda a, b: 1 - LOSSES["ssim"](a * 0.5 + 0.25, b), fullgraph=True)
    expected = 1 - LOSSES["ssim"](x * 0.5 + 0.25, y)
    assert function(x, y).item() == pytest.approx(expected.item(), rel=1e-5)
    assert relative(torch.autograd.grad(function(x, y), x)[0], torch.autograd.grad(expected, x)[0]) < 1e-5


@pytest.mark.parametrize("name", ["values", "values_and_gradients", "operation", "operation_gradients", "scaled"])
def test_operators_by_opcheck(name):
    x, y = tensors(2, 1, 20, 20)
    plain = (x.detach(), y.detach())
    arguments = {
        "values": (*plain, "ssim", "{}", False, 1), "values_and_gradients": (x, y, "ssim", "{}", False, 1, 3),
        "operation": (x, y, "peakSignalToNoiseRatio", "{}", "value", 1),
        "operation_gradients": (*plain, torch.ones(2), "peakSignalToNoiseRatio", "{}", "value", 1, 3),
        "scaled": (plain[0], torch.ones(2), *plain),
    }[name]
    torch.library.opcheck(
        getattr(torch.ops.perceptual_losses, name).default, arguments,
        test_utils=("test_schema", "test_faketensor", "test_autograd_registration"))


# Workers and forks


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        x, y = (torch.tensor(array) for array in images(index, 1, 1, SIDE, SIDE))
        return torch.stack([loss(x, y).reshape(()) for loss in LOSSES.values()])


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers(context):
    pairs = Pairs()
    expected = torch.stack([pairs[index] for index in range(len(pairs))])
    loader = torch.utils.data.DataLoader(
        pairs, batch_size=2, num_workers=2, multiprocessing_context=context, timeout=120)
    assert torch.equal(torch.cat(list(loader)), expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("threads", [1, 2])
def test_fork(threads):
    """After a fork the child has its own plans, with several threads too."""
    x, y = images(30, 2, 1, SIDE, SIDE)
    expected = pl.nlpd(x, y, threads=threads)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [
        context.Process(target=lambda: queue.put(pl.nlpd(x, y, threads=threads))) for _ in range(2)]
    for child in children:
        child.start()
    assert [queue.get(timeout=60) for _ in children] == [expected] * 2
    for child in children:
        child.join(60)
        assert child.exitcode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_fork_while_others_compute():
    x, y = images(31, 4, 1, SIDE, SIDE)
    expected = pl.ssim(x, y, threads=2)
    stop = threading.Event()

    def compute():
        while not stop.is_set():
            pl.ssim(x, y, threads=2)

    busy = threading.Thread(target=compute)
    busy.start()
    try:
        for _ in range(10):
            reader, writer = os.pipe()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                child = os.fork()
            if child == 0:
                os.write(writer, np.float64(pl.ssim(x, y, threads=1)).tobytes())
                os._exit(0)
            os.close(writer)


            ready, _, _ = select.select([reader], [], [], 30)
            answer = os.read(reader, 8) if ready else b""
            os.close(reader)
            if not ready:
                os.kill(child, 9)
            os.waitpid(child, 0)
            assert answer == np.float64(expected).tobytes()
    finally:
        stop.set()
        busy.join()


def test_interpreter_goes_on_during_calls():
    x, y = (torch.tensor(array) for array in images(32, 8, 3, 400, 400))
    counted = 0
    done = threading.Event()

    def compute():
        for _ in range(3):
            pl.nlpd(x, y, threads=1)
        done.set()

    worker = threading.Thread(target=compute)
    worker.start()
    while not done.is_set():
        counted += 1
    worker.join()
    assert counted > 1000


def test_other_devices_are_copied_with_one_warning(monkeypatch):
    """Without another device here, a tensor that says it has one."""

    class Elsewhere:
        is_cpu, layout, dtype = False, torch.strided, torch.float32
        device = torch.device("cuda", 0)

        def __init__(self, tensor):
            self.tensor = tensor

        def detach(self):
            return self

        def resolve_neg(self):
            return self

        def to(self, device, dtype):
            return self.tensor.to(device, dtype)

    monkeypatch.setattr(_torch, "_warned", False)
    x = torch.rand(1, 1, 11, 11)
    with pytest.warns(RuntimeWarning, match="copied"):
        assert torch.equal(_torch._on_host(Elsewhere(x)), x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _torch._on_host(Elsewhere(x))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda(loss):
    x, y = (tensor.detach().cuda().requires_grad_() for tensor in tensors())
    assert loss(x, y).device == x.device
    assert all(gradient.device == x.device for gradient in gradients(loss, x, y))


def test_compile_with_changing_numbers(compiled):
    """Numbers that change from call to call are constants of a new graph, not symbols."""
    x, y = tensors()
    function = compiled(lambda a, b, number, size: pl.ssim(a, b, data_range=number, win_size=size))
    for number, size in ((1.0, 11), (2.5, 7), (0.1, 9)):
        assert function(x, y, number, size).item() == pytest.approx(
            pl.ssim(x, y, data_range=number, win_size=size).item(), rel=1e-6)


def test_defaults_of_the_caller(loss):
    """torch.set_default_dtype and torch.set_default_device change nothing."""
    x, y = tensors()
    expected, truth = loss(x, y), gradients(loss, x, y)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            value, actual = loss(x, y), gradients(loss, x, y)
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(value, expected) and all(map(torch.equal, actual, truth))
