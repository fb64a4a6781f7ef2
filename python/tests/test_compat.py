"""`compat.piq` and `compat.torchmetrics` against their peers in double precision."""

import pickle

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


def pairs(x):
    return torch.stack((x, 1 - x), -1)


COMPLEX_CASES = [(options, (2, 3, 16, 17, 2)) for options in PIQ_SSIM] + [({}, (1, 1, 400, 390, 2))]


@pytest.mark.parametrize("options, shape", COMPLEX_CASES, ids=str)
def test_piq_complex_ssim(options, shape):
    reference = peer("piq")
    x, y = tensors(14, *shape, scale=options.get("data_range", 1))
    for index in (0, 1):
        compare(
            lambda a, b, i=index: our_piq.ssim(a, b, full=True, **options)[i],
            lambda a, b, i=index: reference.ssim(a, b, full=True, **options)[i], x, y, 5e-6, 5e-5)
    assert torch.equal(our_piq.ssim(x, y, **options), our_piq.ssim(x, y, full=True, **options)[0])


@pytest.mark.parametrize("shape", [(2, 1, 161, 164, 2), (1, 2, 163, 170, 2)], ids=str)
@pytest.mark.parametrize("options", PIQ_MS_SSIM, ids=str)
def test_piq_complex_ms_ssim(options, shape):
    reference = peer("piq")
    x, y = tensors(15, *shape, scale=options.get("data_range", 1))
    # A term near 0 has a steep power: its gradient is compared in double precision.
    assert torch.allclose(
        our_piq.multi_scale_ssim(x, y, **options), reference.multi_scale_ssim(x, y, **options), atol=2e-4)
    x, y = [tensor.detach().double().requires_grad_() for tensor in (x, y)]
    compare(
        lambda a, b: our_piq.multi_scale_ssim(a, b, **options),
        lambda a, b: reference.multi_scale_ssim(a, b, **options), x, y, 1e-6, 1e-5)


@pytest.mark.parametrize("name", ["SSIMLoss", "MultiScaleSSIMLoss"])
def test_piq_losses_of_complex_images(name):
    x, y = tensors(16, 1, 2, 161, 161, 2)
    loss = getattr(our_piq, name)()
    function = our_piq.ssim if name == "SSIMLoss" else our_piq.multi_scale_ssim
    options = {} if name == "SSIMLoss" else dict(scale_weights=loss.scale_weights)
    assert torch.equal(loss(x, y), 1 - function(x, y, **options)) and loss(x.double(), y.double()).dtype is torch.double


def test_gradient_of_complex_images_is_finite_where_a_scale_vanishes():
    x = torch.rand(1, 1, 161, 161, 2, requires_grad=True)
    our_piq.multi_scale_ssim(x, 1 - x.detach()).sum().backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("call, error", [
    (lambda x: our_piq.ssim(x, x[:, :, 1:]), AssertionError), (lambda x: our_piq.ssim(x, x + 1), AssertionError),
    (lambda x: our_piq.ssim(x, x, kernel_size=10), AssertionError),
    (lambda x: our_piq.ssim(x[0], x[0]), AssertionError),
    (lambda x: our_piq.ssim(x, x, kernel_size=33), ValueError), (lambda x: our_piq.multi_scale_ssim(x, x), ValueError),
    (lambda x: our_piq.ssim(x, x, reduction="no"), ValueError), (lambda x: our_piq.SSIMLoss(4), AssertionError),
    (lambda x: our_piq.ssim(x[..., None], x[..., None]), ValueError),
    (lambda x: our_piq.ssim(pairs(x), pairs(x), kernel_size=33), ValueError),
    (lambda x: our_piq.multi_scale_ssim(pairs(x), pairs(x)), ValueError),
    (lambda x: our_piq.ssim(pairs(x), pairs(x), kernel_sigma=0), ValueError),
    (lambda x: our_piq.multi_scale_ssim(x, x, scale_weights=torch.ones(2, 2)), ValueError),
    (lambda x: our_piq.ssim(x * float("nan"), x), AssertionError),
    (lambda x: our_piq.MultiScaleSSIMLoss(scale_weights=torch.ones(2, 2))(x, x), ValueError),
    (lambda x: our_piq.MultiScaleSSIMLoss(scale_weights=torch.ones(2, 2))(list(x), x), AssertionError),
], ids=range(16))
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


TORCHMETRICS_BY_OPERATORS = [
    (dict(), (2, 1, 14, 15, 16)), (dict(data_range=1.0, reduction="none"), (2, 1, 12, 12, 12)),
    (dict(data_range=(0.1, 0.7)), (1, 2, 13, 14, 15)), (dict(sigma=0.5, data_range=1.0), (1, 2, 13, 14, 15)),
    (dict(gaussian_kernel=False, kernel_size=(3, 5, 7)), (1, 2, 13, 14, 15)),
    (dict(sigma=(0.5, 1.0, 1.5), reduction="sum"), (2, 1, 13, 14, 15)),
    (dict(sigma=(0.5, 1.0)), (2, 3, 15, 16)), (dict(gaussian_kernel=False, kernel_size=(3, 5)), (2, 3, 15, 16)),
]


@pytest.mark.parametrize("extra", [None, "return_full_image", "return_contrast_sensitivity"])
@pytest.mark.parametrize("options, shape", TORCHMETRICS_BY_OPERATORS, ids=str)
def test_torchmetrics_volumes_and_windows(options, shape, extra):
    reference = peer("torchmetrics.functional.image").structural_similarity_index_measure
    ours = our_image.structural_similarity_index_measure
    x, y = tensors(17, *shape)
    if extra is None:
        compare(lambda a, b: ours(a, b, **options), lambda a, b: reference(a, b, **options), x, y, 5e-6, 5e-5)
        return
    for index in (0, 1):
        compare(
            lambda a, b, i=index: ours(a, b, **options, **{extra: True})[i],
            lambda a, b, i=index: reference(a, b, **options, **{extra: True})[i], x, y, 2e-5, 5e-5)


@pytest.mark.parametrize("options, shape", [
    (dict(betas=(1.0, 0.5, 0.25), kernel_size=3, data_range=1.0), (1, 1, 20, 22, 24)),
    (dict(betas=(1.0, 0.5), normalize="simple", sigma=0.5, kernel_size=5), (2, 1, 30, 31, 33)),
    (dict(sigma=(1.5, 1.0), data_range=1.0), (1, 1, 180, 182)),
    (dict(betas=(0.3, 0.7), gaussian_kernel=False, kernel_size=(3, 5)), (2, 2, 30, 31)),
], ids=str)
def test_torchmetrics_ms_ssim_of_volumes_and_windows(options, shape):
    reference = peer("torchmetrics.functional.image")
    x, y = tensors(18, *shape)
    compare(
        lambda a, b: our_image.multiscale_structural_similarity_index_measure(a, b, **options),
        lambda a, b: reference.multiscale_structural_similarity_index_measure(a, b, **options), x, y, 5e-6, 1e-4)


@pytest.mark.parametrize("function, options", [
    ("structural_similarity_index_measure", dict(data_range=1.0)),
    ("multiscale_structural_similarity_index_measure", dict(data_range=1.0, betas=(1.0,))),
])
def test_torchmetrics_computes_double_precision(function, options):
    x, y = [tensor.detach().double().requires_grad_() for tensor in tensors(19, 1, 1, 12, 13)]
    assert torch.autograd.gradcheck(lambda a, b: getattr(our_image, function)(a, b, **options), (x, y))


METRICS = [
    ("StructuralSimilarityIndexMeasure", options) for options in (
        {}, dict(data_range=1.0), dict(reduction="sum"), dict(reduction=None), dict(reduction="none", k1=0.1),
        dict(reduction=None, return_full_image=True), dict(return_contrast_sensitivity=True))
] + [("MultiScaleStructuralSimilarityIndexMeasure", options) for options in (
    dict(betas=(0.3, 0.7), data_range=1.0), dict(betas=(0.3, 0.7), reduction="sum", kernel_size=5), dict(
        betas=(0.3, 0.7), reduction="none", data_range=1.0))]


@pytest.mark.parametrize("name, options", METRICS, ids=str)
def test_torchmetrics_metrics(name, options):
    reference = getattr(peer("torchmetrics.image"), name)(**options)
    from perceptual_losses.compat.torchmetrics import image as our_metrics

    ours = getattr(our_metrics, name)(**options)
    torch.jit.script(ours)
    for metric in (ours, pickle.loads(pickle.dumps(ours)), ours.clone()):
        for seed in (20, 21):
            x, y = [tensor.detach() for tensor in tensors(seed, 3 - seed % 2, 2, 24, 31)]
            batch, expected = metric(x, y), reference(x, y)
            torch.testing.assert_close(batch, expected, atol=2e-5, rtol=2e-5)
        torch.testing.assert_close(metric.compute(), reference.compute(), atol=2e-5, rtol=2e-5)
        metric.reset()
        reference.reset()
    assert ours.state_dict() == {} and ours.higher_is_better and ours.is_differentiable
    with pytest.raises(ValueError, match="reduction"):
        getattr(our_metrics, name)(reduction="mean")


@pytest.mark.parametrize("function, options, error", [
    ("structural_similarity_index_measure", dict(kernel_size=10), ValueError),
    ("structural_similarity_index_measure", dict(kernel_size=(-1, 11)), ValueError),
    ("structural_similarity_index_measure", dict(kernel_size=(11, 11, 11)), ValueError),
    ("structural_similarity_index_measure", dict(sigma=0), ValueError),
    ("structural_similarity_index_measure", dict(sigma=(1.5, -1)), ValueError),
    ("structural_similarity_index_measure", dict(sigma=(1.5, 2.5, 1.5)), ValueError),
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
