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


@pytest.mark.parametrize("module", ["SSIM", "MS_SSIM"])
def test_volumes_are_refused(module):
    x = torch.rand(1, 1, 20, 20, 20)
    with pytest.raises(ValueError, match="volumes .* are unsupported"):
        getattr(pl, module)()(x, x)
    with pytest.raises(ValueError, match="volumes are unsupported"):
        getattr(pl, module)(spatial_dims=3)


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
