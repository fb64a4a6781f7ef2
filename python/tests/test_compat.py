"""`compat.piq` and `compat.torchmetrics` against their peers in double precision."""

import numpy as np
import pytest
from conftest import images, peer
from test_pytorch_msssim import compare, tensors

torch = pytest.importorskip("torch")
from perceptual_losses.compat import piq as our_piq  # noqa: E402
from perceptual_losses.compat import torchmetrics as our_torchmetrics  # noqa: E402
from perceptual_losses.compat.torchmetrics.functional import image as our_image  # noqa: E402

PIQ_SSIM = [
    {}, dict(data_range=255), dict(kernel_size=7, kernel_sigma=2.0), dict(reduction="none"), dict(reduction="sum"),
    dict(downsample=False), dict(k1=0.05, k2=0.1),
]


PIQ_CASES = [(options, shape) for options in PIQ_SSIM for shape in ((2, 3, 24, 31), (1, 1, 400, 389))]


@pytest.mark.parametrize("options, shape", PIQ_CASES + [({}, (1, 1, 641, 640))], ids=str)
def test_piq_ssim(options, shape):
    reference = peer("piq")
    x, y = tensors(6, *shape, scale=options.get("data_range", 1))
    compare(lambda a, b: our_piq.ssim(a, b, **options), lambda a, b: reference.ssim(a, b, **options), x, y, 5e-6, 5e-5)


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("shape", [(2, 3, 24, 31), (1, 1, 400, 389)], ids=str)
def test_piq_contrast(shape, reduction):
    reference = peer("piq")
    x, y = tensors(7, *shape)
    for index in (0, 1):
        compare(
            lambda a, b, i=index: our_piq.ssim(a, b, full=True, reduction=reduction)[i],
            lambda a, b, i=index: reference.ssim(a, b, full=True, reduction=reduction)[i], x, y, 5e-6, 5e-5)


PIQ_MS_SSIM = [
    {}, dict(data_range=255), dict(kernel_size=7, kernel_sigma=2.0), dict(reduction="none"), dict(reduction="sum"),
    dict(scale_weights=torch.tensor([0.2, 0.3, 0.9])), dict(k1=0.05, k2=0.1),
]


@pytest.mark.parametrize("shape", [(2, 3, 161, 176), (1, 1, 163, 190)], ids=str)
@pytest.mark.parametrize("options", PIQ_MS_SSIM, ids=str)
def test_piq_ms_ssim(options, shape):
    reference = peer("piq")
    x, y = tensors(8, *shape, scale=options.get("data_range", 1))
    compare(
        lambda a, b: our_piq.multi_scale_ssim(a, b, **options),
        lambda a, b: reference.multi_scale_ssim(a, b, **options), x, y, 5e-6, 5e-5)


@pytest.mark.parametrize("options", [{}, dict(reduction="none"), dict(kernel_size=5, data_range=2.0)], ids=str)
@pytest.mark.parametrize("name", ["SSIMLoss", "MultiScaleSSIMLoss"])
def test_piq_losses(name, options):
    reference = peer("piq")
    x, y = tensors(9, 2, 3, 165, 170)
    ours, theirs = getattr(our_piq, name)(**options), getattr(reference, name)(**options)
    compare(ours, theirs, x, y, 5e-6, 5e-5)
    assert list(ours.state_dict()) == list(theirs.state_dict())


@pytest.mark.parametrize("call, error", [
    (lambda x: our_piq.ssim(x, x[:, :, 1:]), AssertionError), (lambda x: our_piq.ssim(x, x + 1), AssertionError),
    (lambda x: our_piq.ssim(x, x, kernel_size=10), AssertionError),
    (lambda x: our_piq.ssim(x[0], x[0]), AssertionError),
    (lambda x: our_piq.ssim(x, x, kernel_size=33), ValueError), (lambda x: our_piq.multi_scale_ssim(x, x), ValueError),
    (lambda x: our_piq.ssim(x, x, reduction="no"), ValueError), (lambda x: our_piq.SSIMLoss(4), AssertionError),
    (lambda x: our_piq.ssim(x[..., None], x[..., None]), NotImplementedError),
    (lambda x: our_piq.multi_scale_ssim(x, x, scale_weights=torch.ones(2, 2)), ValueError),
    (lambda x: our_piq.ssim(x * float("nan"), x), AssertionError),
], ids=range(11))
def test_piq_refuses(call, error):
    with pytest.raises(error):
        call(torch.rand(2, 3, 32, 32))


TORCHMETRICS_SSIM = [
    {}, dict(data_range=1.0), dict(data_range=(0.2, 0.8)), dict(sigma=0.7, data_range=1.0),
    dict(sigma=[2.0, 2.0], data_range=1.0), dict(gaussian_kernel=False, kernel_size=7, data_range=1.0),
    dict(gaussian_kernel=False, kernel_size=(3, 3)), dict(reduction="sum", data_range=1.0),
    dict(reduction="none", data_range=1.0), dict(reduction=None), dict(k1=0.05, k2=0.1),
    dict(kernel_size=5, data_range=1.0),
]


@pytest.mark.parametrize("shape", [(2, 3, 24, 31), (3, 1, 16, 40)], ids=str)
@pytest.mark.parametrize("options", TORCHMETRICS_SSIM, ids=str)
def test_torchmetrics_ssim(options, shape):
    reference = peer("torchmetrics.functional.image")
    x, y = tensors(10, *shape)
    compare(
        lambda a, b: our_image.structural_similarity_index_measure(a, b, **options),
        lambda a, b: reference.structural_similarity_index_measure(a, b, **options), x, y, 5e-6, 5e-5)


@pytest.mark.parametrize("extra", ["return_full_image", "return_contrast_sensitivity"])
@pytest.mark.parametrize("options", [{}, dict(data_range=1.0, reduction="none"), dict(data_range=(0.1, 0.7))], ids=str)
def test_torchmetrics_pairs(options, extra):
    reference = peer("torchmetrics.functional.image")
    x, y = tensors(11, 2, 3, 24, 31)
    for index in (0, 1):
        compare(
            lambda a, b, i=index: our_image.structural_similarity_index_measure(a, b, **options, **{extra: True})[i],
            lambda a, b, i=index: reference.structural_similarity_index_measure(a, b, **options, **{extra: True})[i],
            x, y, 2e-5, 5e-5)


TORCHMETRICS_MS_SSIM = [
    {}, dict(data_range=1.0), dict(data_range=(0.2, 0.8)), dict(sigma=0.7, data_range=1.0),
    dict(gaussian_kernel=False, kernel_size=5, data_range=1.0), dict(reduction="none", data_range=1.0),
    dict(reduction="sum"), dict(normalize="simple", data_range=1.0), dict(normalize="simple"),
    dict(normalize=None, data_range=1.0), dict(betas=(0.3, 0.7), data_range=1.0), dict(betas=(0.2, 0.3, 0.5)),
    dict(k1=0.05, k2=0.1, data_range=1.0),
]


@pytest.mark.parametrize("shape", [(1, 2, 180, 191), (2, 1, 177, 200)], ids=str)
@pytest.mark.parametrize("options", TORCHMETRICS_MS_SSIM, ids=str)
def test_torchmetrics_ms_ssim(options, shape):
    reference = peer("torchmetrics.functional.image")
    x, y = tensors(12, *shape)
    compare(
        lambda a, b: our_image.multiscale_structural_similarity_index_measure(a, b, **options),
        lambda a, b: reference.multiscale_structural_similarity_index_measure(a, b, **options), x, y, 5e-6, 1e-4)


@pytest.mark.parametrize("function, options, error", [
    ("structural_similarity_index_measure", dict(kernel_size=10), ValueError),
    ("structural_similarity_index_measure", dict(kernel_size=(-1, 11)), ValueError),
    ("structural_similarity_index_measure", dict(kernel_size=(11, 11, 11)), ValueError),
    ("structural_similarity_index_measure", dict(sigma=0), ValueError),
    ("structural_similarity_index_measure", dict(sigma=(1.5, -1)), ValueError),
    ("structural_similarity_index_measure", dict(sigma=(1.5, 2.5)), ValueError),
    ("structural_similarity_index_measure", dict(reduction="mean"), ValueError),
    ("structural_similarity_index_measure", dict(return_full_image=True, return_contrast_sensitivity=True), ValueError),
    ("multiscale_structural_similarity_index_measure", dict(betas=[0.5, 0.5]), ValueError),
    ("multiscale_structural_similarity_index_measure", dict(betas=(1, 2)), ValueError),
    ("multiscale_structural_similarity_index_measure", dict(normalize="no"), ValueError),
    ("multiscale_structural_similarity_index_measure", {}, ValueError),
], ids=str)
def test_torchmetrics_refuses(function, options, error):
    x = torch.rand(2, 3, 170, 170)
    with pytest.raises(error):
        getattr(our_torchmetrics.functional, function)(x, x, **{"data_range": 1.0, **options})
    with pytest.raises(error):
        getattr(our_torchmetrics.functional, function)(x, x, **options)


def test_torchmetrics_shapes():
    x = torch.rand(1, 3, 20, 20)
    function = our_torchmetrics.functional.structural_similarity_index_measure
    with pytest.raises(RuntimeError, match="same shape"):
        function(x, x[:, :1])
    with pytest.raises(ValueError, match="volumes are unsupported"):
        function(x[None], x[None])
    with pytest.raises(ValueError, match="BxCxHxW"):
        function(x[0], x[0])


def test_scikit_image():
    reference = peer("skimage.metrics")
    import perceptual_losses as pl

    first, second = images(13, 1, 1, 40, 50)
    for preset, options in (
        ("scikit-image", dict(gaussian_weights=True, use_sample_covariance=False)), ("scikit-image-default", {})
    ):
        value, _, _ = pl.value_and_gradients("ssim", first, second, {"preset": preset})
        expected = reference.structural_similarity(
            first[0, 0].astype(np.float64), second[0, 0].astype(np.float64), data_range=1, **options)
        assert abs(value.item() - expected) < 1e-6
