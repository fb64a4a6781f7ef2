"""`functional` and the modules against pytorch-msssim, in double precision where it can."""

import itertools

import numpy as np
import pytest
from conftest import images, peer, relative

torch = pytest.importorskip("torch")
import perceptual_losses as pl  # noqa: E402


def tensors(*arguments, **options):
    return [torch.tensor(array, requires_grad=True) for array in images(*arguments, **options)]


def compare(function, reference, x, y, value=2e-6, gradient=2e-5):
    """Value and both gradients; the peer runs in double precision."""
    ours = function(x, y)
    first, second = x.detach().double().requires_grad_(), y.detach().double().requires_grad_()
    theirs = reference(first, second)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours.detach().double(), theirs.detach(), atol=value, rtol=value)
    weights = torch.linspace(0.5, 1.5, max(1, ours.numel())).reshape(ours.shape)
    of_ours = torch.autograd.grad((ours * weights).sum(), (x, y))
    of_theirs = torch.autograd.grad((theirs * weights.double()).sum(), (first, second))
    for actual, expected in zip(of_ours, of_theirs):
        assert actual.dtype == x.dtype and actual.shape == x.shape
        assert relative(actual, expected) <= gradient


SSIM_OPTIONS = [
    dict(data_range=1), dict(data_range=255), dict(data_range=2.5, size_average=False),
    dict(data_range=1, win_size=7), dict(data_range=1, win_size=3, win_sigma=0.8), dict(data_range=1, win_sigma=2.5),
    dict(data_range=1, win_size=9, win_sigma=3.0, size_average=False), dict(data_range=1, K=(0.01, 0.4)),
    dict(data_range=1, K=(0.05, 0.1)), dict(data_range=1, nonnegative_ssim=True),
    dict(data_range=1, nonnegative_ssim=True, size_average=False),
]
SHAPES = [(1, 1, 11, 11), (2, 3, 17, 24), (3, 1, 40, 13), (1, 4, 33, 33)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("options", SSIM_OPTIONS, ids=str)
def test_ssim(options, shape):
    reference = peer("pytorch_msssim")
    x, y = tensors(1, *shape, scale=options["data_range"])
    compare(
        lambda a, b: pl.ssim(a, b, **options), lambda a, b: reference.ssim(a, b, **options), x, y,
        value=3e-6, gradient=3e-5)


@pytest.mark.parametrize("nonnegative", [False, True])
def test_ssim_of_negative_channels(nonnegative):
    reference = peer("pytorch_msssim")
    x, y = tensors(1, 2, 3, 20, 20)
    with torch.no_grad():
        y[:, 1] = 1 - x[:, 1]
    options = dict(data_range=1, nonnegative_ssim=nonnegative, size_average=False)
    compare(lambda a, b: pl.ssim(a, b, **options), lambda a, b: reference.ssim(a, b, **options), x, y, gradient=1e-4)


MS_SSIM_OPTIONS = [
    dict(data_range=1), dict(data_range=255, size_average=False), dict(data_range=1, win_size=7, win_sigma=1.2),
    dict(data_range=1, weights=[0.2, 0.3, 0.5]), dict(data_range=1, weights=[1.0], size_average=False),
    dict(data_range=1, K=(0.01, 0.4)), dict(data_range=1, win_size=5, weights=[0.1, 0.2, 0.3, 0.4]),
]


@pytest.mark.parametrize("shape", [(1, 1, 161, 161), (2, 2, 163, 177)], ids=str)
@pytest.mark.parametrize("options", MS_SSIM_OPTIONS, ids=str)
def test_ms_ssim(options, shape):
    reference = peer("pytorch_msssim")
    x, y = tensors(2, *shape, scale=options["data_range"])
    compare(
        lambda a, b: pl.ms_ssim(a, b, **options), lambda a, b: reference.ms_ssim(a, b, **options), x, y,
        value=3e-6, gradient=3e-5)


@pytest.mark.parametrize("size, sigma", list(itertools.product([3, 7, 11], [0.7, 1.5, 4.0])))
def test_window_given(size, sigma):
    reference = peer("pytorch_msssim")
    from pytorch_msssim.ssim import _fspecial_gauss_1d

    x, y = tensors(3, 2, 3, 24, 24)
    window = _fspecial_gauss_1d(size, sigma).repeat(3, 1, 1, 1)
    compare(
        lambda a, b: pl.ssim(a, b, data_range=1, win=window),
        lambda a, b: reference.ssim(a, b, data_range=1, win=window), x, y, value=1e-5, gradient=1e-4)


def test_uniform_window_given():
    reference = peer("pytorch_msssim")
    x, y = tensors(3, 2, 3, 24, 24)
    window = torch.full((3, 1, 1, 7), 1 / 7)
    compare(
        lambda a, b: pl.ssim(a, b, data_range=1, win=window),
        lambda a, b: reference.ssim(a, b, data_range=1, win=window), x, y, value=1e-5, gradient=1e-4)


@pytest.mark.parametrize("options", [
    {}, dict(data_range=1), dict(data_range=1, size_average=False), dict(data_range=1, win_size=7, win_sigma=2.0),
    dict(data_range=1, K=(0.02, 0.1))], ids=str)
@pytest.mark.parametrize("name", ["SSIM", "MS_SSIM"])
def test_modules(name, options):
    reference = peer("pytorch_msssim")
    x, y = tensors(4, 2, 3, 165, 170, scale=options.get("data_range", 255))
    compare(getattr(pl, name)(**options), getattr(reference, name)(**options), x, y, value=3e-6, gradient=3e-5)


def test_names_of_the_package():
    reference = peer("pytorch_msssim")
    assert all(hasattr(pl, name) and hasattr(reference, name) for name in ("ssim", "ms_ssim", "SSIM", "MS_SSIM"))


def test_a_depth_of_one_is_dropped():
    reference = peer("pytorch_msssim")
    x, y = tensors(5, 2, 3, 1, 20, 21)
    compare(lambda a, b: pl.ssim(a, b, 1), lambda a, b: reference.ssim(a, b, 1), x, y)


VOLUME_CASES = [
    ("ssim", dict(data_range=1), (2, 3, 13, 14, 15)),
    ("ssim", dict(data_range=1, size_average=False), (2, 1, 11, 11, 11)),
    ("ssim", dict(data_range=2.5, win_size=7, win_sigma=2.0, K=(0.05, 0.1)), (1, 2, 8, 9, 10)),
    ("ssim", dict(data_range=1, nonnegative_ssim=True), (1, 2, 12, 13, 14)),
    ("ssim", dict(data_range=1), (2, 3, 5, 14, 15)),
    ("ms_ssim", dict(data_range=1, size_average=False), (2, 1, 18, 161, 163)),
    ("ms_ssim", dict(data_range=1, weights=[0.2, 0.3, 0.5], win_size=5), (1, 2, 17, 68, 70)),
]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name, options, shape", VOLUME_CASES, ids=str)
def test_volumes(name, options, shape):
    reference = peer("pytorch_msssim")
    x, y = tensors(6, *shape, scale=options["data_range"])
    compare(
        lambda a, b: getattr(pl, name)(a, b, **options), lambda a, b: getattr(reference, name)(a, b, **options), x, y,
        value=3e-6, gradient=3e-5)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name, shape", [("SSIM", (1, 2, 12, 13, 14)), ("MS_SSIM", (1, 1, 18, 161, 161))])
def test_modules_of_volumes(name, shape):
    x, y = tensors(7, *shape)
    module, function = getattr(pl, name)(data_range=1, spatial_dims=3), getattr(pl, name.lower())
    assert torch.equal(module(x, y), function(x, y, data_range=1))
    assert module(x.half(), y.half()).dtype is torch.half and module(x, x).item() == pytest.approx(1, abs=1e-6)


def test_volumes_have_second_derivatives_and_double_precision():
    x, y = [tensor.detach().double().requires_grad_() for tensor in tensors(8, 1, 1, 4, 4, 4)]
    assert torch.autograd.gradcheck(lambda a, b: pl.ssim(a, b, 1, win_size=3), (x, y))
    assert torch.autograd.gradgradcheck(lambda a, b: pl.ssim(a, b, 1, win_size=3), (x, y))


def test_a_thin_volume_is_not_filtered_along_its_depth():
    x, y = tensors(9, 1, 2, 3, 12, 12)
    with pytest.warns(RuntimeWarning, match="axis 2 of .* is shorter than the window of 11"):
        pl.ssim(x, y, 1)


@pytest.mark.parametrize("call, message", [
    (lambda x: pl.ssim(x.numpy(), x.numpy()), "tensors in place of arrays"),
    (lambda x: pl.nlpd(x, x), "volumes .* are unsupported here"),
    (lambda x: pl.ssim(x[None], x[None]), r"\[N, C, H, W\] is needed"),
    (lambda x: pl.ms_ssim(x, x), "heights and widths of at least 161"),
    (lambda x: pl.ssim(x, x, data_range=0), "positive ones"), (lambda x: pl.ssim(x, x, K=(0, 0.03)), "positive ones"),
    (lambda x: pl.ssim(x, x, win_sigma=0), "positive ones"), (lambda x: pl.ssim(x, x, win_size=4), "odd"),
    (lambda x: pl.ms_ssim(x, x, weights=[]), "positive ones"), (lambda x: pl.SSIM(spatial_dims=4), "2 or 3"),
], ids=range(10))
def test_volumes_that_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.rand(1, 1, 20, 20, 20))


def test_state_and_training_loop():
    """SSIM rises when its gradient is followed, as in pytorch-msssim's own script."""
    target = torch.linspace(0, 1, 32 * 32).reshape(1, 1, 32, 32)
    image = torch.rand(1, 1, 32, 32, requires_grad=True)
    adam = torch.optim.Adam([image], lr=0.05)
    module = pl.SSIM(data_range=1)
    first = module(image, target).item()
    for _ in range(40):
        adam.zero_grad()
        (1 - module(image, target)).backward()
        adam.step()
    assert module(image, target).item() > first + 0.5
    assert list(module.state_dict()) == []
