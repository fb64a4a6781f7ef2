"""Losses of NumPy arrays, and everything that should be refused."""

import json
import os
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest
from conftest import images, relative

import perceptual_losses as pl
from perceptual_losses import _arrays, _library

LOSSES = {
    "ssim": lambda x, y, **more: pl.ssim(x, y, data_range=1, **more),
    "ms_ssim": lambda x, y, **more: pl.ms_ssim(x, y, data_range=1, win_size=7, **more),
    "nlpd": lambda x, y, **more: pl.nlpd(x, y, **more), "mse": lambda x, y, **more: pl.mse(x, y, **more),
    "psnr": lambda x, y, **more: pl.psnr(x, y, **more),
}


@pytest.fixture(params=list(LOSSES))
def loss(request):
    return LOSSES[request.param]


def test_arrays_as_tensors(loss):
    torch = pytest.importorskip("torch")
    x, y = images(40, 2, 3, 100, 101)
    assert isinstance(loss(x, y), float)
    values = loss(x, y, size_average=False)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, loss(torch.tensor(x), torch.tensor(y), size_average=False))


ARRAYS = {
    "reversed": lambda x: x[..., ::-1].copy()[..., ::-1], "upside down": lambda x: x[:, :, ::-1].copy()[:, :, ::-1],
    "all reversed": lambda x: x[::-1, ::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1, ::-1],
    "Fortran": np.asfortranarray, "double": lambda x: x.astype(np.float64), "swapped bytes": lambda x: x.astype(">f4"),
    "transposed": lambda x: x.transpose(0, 3, 2, 1).copy().transpose(0, 3, 2, 1),
    "field": lambda x: np.stack([x, x], -1).view([("a", "f4"), ("b", "f4")])[..., 0]["b"],
    "packed": lambda x: pack(x), "read only": lambda x: read_only(x), "list": lambda x: x.tolist(),
}


def pack(x):
    records = np.zeros(x.shape, np.dtype([("flag", "u1"), ("value", "<f4")]))
    records["value"] = x
    return records["value"]


def read_only(x):
    copy = x.copy()
    copy.flags.writeable = False
    return copy


@pytest.mark.parametrize("kind", ARRAYS)
def test_kinds_of_arrays(loss, kind):
    x, y = images(41, 2, 3, 100, 101)
    assert loss(ARRAYS[kind](x), y) == loss(x, y)


@pytest.mark.parametrize("kind", ["reversed", "Fortran", "packed"])
@pytest.mark.parametrize("name", ["ssim", "nlpd"])
def test_gradients_of_kinds(name, kind):
    x, y = images(42, 2, 1, 100, 101)
    for actual, expected in zip(
        pl.value_and_gradients(name, ARRAYS[kind](x), y), pl.value_and_gradients(name, x, y)
    ):
        np.testing.assert_array_equal(actual, expected)


def test_inputs_stay_as_they_are(loss):
    x, y = images(43, 2, 1, 100, 101)
    before = x.copy(), y.copy()
    loss(x, y)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.parametrize("name, options", [
    ("ssim", {}), ("ssim", {"preset": "piq"}), ("ssim", {"preset": "torchmetrics", "dataRange": 2}),
    ("ssim", {"preset": "pyiqa"}), ("ssim", {"preset": "matlab"}), ("ms-ssim", {"windowSize": 5}),
    ("ms-ssim", {"preset": "torchmetrics-simple"}), ("nlpd", {}), ("nlpd", {"family": "laparra"}),
    ("nlpd", {"pooling": "batch"}), ("mse", {})], ids=str)
def test_upstream(name, options):
    x, y = images(44, 3, 2, 100, 97)
    values, of_x, of_y = pl.value_and_gradients(name, x, y, options)
    weights = np.arange(1, 1 + len(values), dtype=np.float32)
    again, weighted_x, weighted_y = pl.value_and_gradients(name, x, y, options, upstream=weights)
    np.testing.assert_array_equal(values, again)
    scale = weights.reshape(-1, 1, 1, 1)
    assert relative(weighted_x, of_x * scale) < 1e-5 and relative(weighted_y, of_y * scale) < 1e-5


def test_plans_and_operations_agree():
    x, y = images(45, 2, 2, 100, 97)
    names = {"ssim": "structuralSimilarity", "nlpd": "normalizedLaplacianPyramidDistance", "mse": "meanSquaredError"}
    for name, operation in names.items():
        values, of_x, of_y = pl.value_and_gradients(name, x, y)
        results = pl.operation(
            operation, {"prediction": x, "target": y}, {}, ["value", "gradient.prediction", "gradient.target"])
        np.testing.assert_allclose(values, results["value"], rtol=1e-5)
        assert relative(of_x, results["gradient.prediction"]) < 1e-5
        assert relative(of_y, results["gradient.target"]) < 1e-5


def ones(*shape):
    return np.ones(shape, np.float32)


class Odd:
    """No array."""


REFUSED = {
    "shapes differ": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 21))),
    "channels differ": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 3, 20, 20))),
    "two axes": (ValueError, lambda: pl.ssim(ones(20, 20), ones(20, 20))),
    "five axes": (ValueError, lambda: pl.ms_ssim(ones(1, 1, 2, 200, 200), ones(1, 1, 2, 200, 200))),
    "six axes": (ValueError, lambda: pl.ssim(ones(1, 1, 1, 1, 20, 20), ones(1, 1, 1, 1, 20, 20))),
    "no axes": (ValueError, lambda: pl.ssim(1.0, 2.0)),
    "no images": (ValueError, lambda: pl.ssim(ones(0, 1, 20, 20), ones(0, 1, 20, 20))),
    "no channels": (ValueError, lambda: pl.nlpd(ones(1, 0, 90, 90), ones(1, 0, 90, 90))),
    "no rows": (ValueError, lambda: pl.mse(ones(2, 0), ones(2, 0))),
    "no samples": (ValueError, lambda: pl.mse(ones(0, 4), ones(0, 4))),
    "a number": (ValueError, lambda: pl.mse(1.0, 2.0)),
    "smaller than the window": (ValueError, lambda: pl.ssim(ones(1, 1, 10, 10), ones(1, 1, 10, 10))),
    "too small for five scales": (ValueError, lambda: pl.ms_ssim(ones(1, 1, 160, 160), ones(1, 1, 160, 160))),
    "too small for six levels": (ValueError, lambda: pl.nlpd(ones(1, 1, 64, 64), ones(1, 1, 64, 64))),
    "even window": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), win_size=10)),
    "even window given": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), win=ones(1, 1, 1, 4))),
    "odd window given": (
        ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), win=np.array([[0.1, 0.5, 0.4]]))),
    "empty window": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), win=ones(1, 1, 1, 0))),
    "window of half pixels": (TypeError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), win_size=7.0)),
    "no window": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), win_size=-1)),
    "no sigma": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), win_sigma=0)),
    "no range": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), data_range=0)),
    "range NaN": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), data_range=float("nan"))),
    "range infinite": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), data_range=float("inf"))),
    "K negative": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), K=(-1, 0.03))),
    "K of three": (ValueError, lambda: pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20), K=(1, 2, 3))),
    "no weights": (ValueError, lambda: pl.ms_ssim(ones(1, 1, 180, 180), ones(1, 1, 180, 180), weights=[])),
    "negative weight": (ValueError, lambda: pl.ms_ssim(ones(1, 1, 180, 180), ones(1, 1, 180, 180), weights=[1, -1])),
    "a hundred scales": (ValueError, lambda: pl.ms_ssim(ones(1, 1, 180, 180), ones(1, 1, 180, 180), weights=[1] * 100)),
    "family": (ValueError, lambda: pl.nlpd(ones(1, 1, 90, 90), ones(1, 1, 90, 90), "no")),
    "family with a quote": (ValueError, lambda: pl.nlpd(ones(1, 1, 90, 90), ones(1, 1, 90, 90), 'a", "levels": 1')),
    "pooling": (ValueError, lambda: pl.nlpd(ones(1, 1, 90, 90), ones(1, 1, 90, 90), pooling="no")),
    "pooling of a family": (ValueError, lambda: pl.nlpd(ones(1, 1, 90, 90), ones(1, 1, 90, 90), "matlab", "batch")),
    "no levels": (ValueError, lambda: pl.nlpd(ones(1, 1, 90, 90), ones(1, 1, 90, 90), levels=0)),
    "seven levels": (ValueError, lambda: pl.nlpd(ones(1, 1, 290, 290), ones(1, 1, 290, 290), levels=7)),
    "complex": (TypeError, lambda: pl.ssim(1j * ones(1, 1, 20, 20), ones(1, 1, 20, 20))),
    "texts": (TypeError, lambda: pl.mse([["a"]], [["b"]])),
    "objects": (TypeError, lambda: pl.mse([[Odd()]], [[Odd()]])),
    "None": (TypeError, lambda: pl.mse([[None]], [[None]])),
    "dates": (TypeError, lambda: pl.mse(np.array([["2020-01-01"]], "M8[D]"), np.array([["2020-01-01"]], "M8[D]"))),
    "ragged": (ValueError, lambda: pl.mse([[1.0, 2.0], [3.0]], [[1.0, 2.0], [3.0]])),
    "threads negative": (ValueError, lambda: pl.mse([[1.0]], [[1.0]], threads=-1)),
    "threads of 2^32 + 1": (ValueError, lambda: pl.mse([[1.0]], [[1.0]], threads=2**32 + 1)),
    "threads of a half": (ValueError, lambda: pl.mse([[1.0]], [[1.0]], threads=1.5)),
    "huge": (ValueError, lambda: pl.ssim(huge(2**15, 2**5, 2**15, 2**15), huge(2**15, 2**5, 2**15, 2**15))),
    "huger": (ValueError, lambda: pl.nlpd(huge(2**20, 2**10, 2**15, 2**15), huge(2**20, 2**10, 2**15, 2**15))),
    "loss": (ValueError, lambda: pl.value_and_gradients("no", ones(1, 1, 9, 9), ones(1, 1, 9, 9))),
    "preset": (
        ValueError, lambda: pl.value_and_gradients("ssim", ones(1, 1, 9, 9), ones(1, 1, 9, 9), {"preset": "no"})),
    "attribute": (ValueError, lambda: pl.value_and_gradients("ssim", ones(1, 1, 9, 9), ones(1, 1, 9, 9), {"no": 1})),
    "upstream": (
        ValueError, lambda: pl.value_and_gradients("mse", ones(1, 1, 9, 9), ones(1, 1, 9, 9), upstream=[1, 2])),
    "operation": (ValueError, lambda: pl.operation("no", {}, {}, "y")),
    "output": (ValueError, lambda: pl.operation("tanh", {"x": [1.0]}, {}, "z")),
    "input": (ValueError, lambda: pl.operation("tanh", {"z": [1.0]}, {}, "y")),
    "no input": (ValueError, lambda: pl.operation("tanh", {}, {}, "y")),
    "empty input": (ValueError, lambda: pl.operation("tanh", {"x": []}, {}, "y")),
    "cotangent": (ValueError, lambda: pl.operation("tanh", {"x": [1.0]}, {}, "gradient.x", {"y": [1.0, 2.0]})),
    "name of a cotangent": (ValueError, lambda: pl.operation("tanh", {"x": [1.0]}, {}, "gradient.x", {"z": [1.0]})),
    "attribute NaN": (ValueError, lambda: pl.operation("leakyReLU", {"x": [1.0]}, {"slope": float("nan")}, "y")),
    "attribute of a kind": (TypeError, lambda: pl.operation("leakyReLU", {"x": [1.0]}, {"slope": Odd()}, "y")),
    "attribute a text": (ValueError, lambda: pl.operation("leakyReLU", {"x": [1.0]}, {"slope": "one"}, "y")),
    "nine axes": (ValueError, lambda: pl.operation("tanh", {"x": ones(*[1] * 9)}, {}, "y")),
    "noise without end": (ValueError, lambda: pl.operation(
        "uniformNoise", {}, {"key": ["1", "2"], "counter": ["0"] * 4, "count": 2**62}, "values")),
    "upsampling without end": (ValueError, lambda: pl.operation(
        "nearestUpsampling", {"x": ones(1, 1, 2, 2)}, {"factor": [2**31, 2**31]}, "y")),
    "padding without end": (ValueError, lambda: pl.operation(
        "convolution2D", {"x": ones(1, 1, 2, 2), "weight": ones(1, 1, 1, 1)}, {"padding": [2**40, 2**40]}, "y")),
    "bark bands": (ValueError, lambda: pl.bark_distance(ones(1, 99), ones(1, 99), 11025, bands=0)),
    "bark rate": (ValueError, lambda: pl.bark_distance(ones(1, 99), ones(1, 99), 0)),
    "bark axes": (ValueError, lambda: pl.bark_distance(ones(99), ones(99), 11025)),
    "bark distance": (ValueError, lambda: pl.bark_distance(ones(1, 99), ones(1, 99), 11025, distance="no")),
    "bark scale": (ValueError, lambda: pl.bark_distance(ones(1, 99), ones(1, 99), 11025, scale="no")),
}


def huge(*shape):
    """Many elements that take no memory."""
    return np.broadcast_to(np.float32(1), shape)


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    error, call = REFUSED[case]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).strip()


@pytest.mark.parametrize("case", list(REFUSED)[:9])
def test_after_a_refusal_all_is_well(case):
    error, call = REFUSED[case]
    with pytest.raises(error):
        call()
    assert pl.ssim(ones(1, 1, 20, 20), ones(1, 1, 20, 20)) == 1


def test_sentences_of_threads_do_not_mix():
    """The message is the calling thread's."""
    wrong = []

    def call(size):
        for _ in range(50):
            try:
                pl.value_and_gradients("ssim", ones(1, 1, 99, 99), ones(1, 1, 99, 99), {"windowSize": size})
            except ValueError as error:
                if f"windowSize: {size} given" not in str(error):
                    wrong.append(str(error))

    workers = [threading.Thread(target=call, args=(size,)) for size in (2, 4, 6, 8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, 1e-45], ids=str)
def test_values_that_are_none(loss, value):
    """No exception, and no other image is touched."""
    x, y = images(46, 2, 1, 100, 100)
    expected = loss(x, y, size_average=False)
    x[0, 0, 40, 40] = value
    actual = loss(x, y, size_average=False)
    assert actual[1] == expected[1]
    if np.isnan(value):
        assert np.isnan(actual[0])


def test_doubles_beyond_single_precision():
    x = np.full((1, 4), 1e300)
    assert pl.mse(x, np.zeros((1, 4))) == np.inf


def test_bark_distance():
    torch = pytest.importorskip("torch")
    x, y = (signal - 0.5 for signal in images(47, 2, 2000))
    for options in ({}, dict(distance="meanSquaredError", stride=3, a_weighting=False), dict(masked=True, bands=20)):
        value = pl.bark_distance(x, y, 11025, size_average=False, **options)
        first = torch.tensor(x, requires_grad=True)
        tensor = pl.bark_distance(first, torch.tensor(y), 11025, size_average=False, **options)
        np.testing.assert_array_equal(value, tensor.detach().numpy())
        gradient, = torch.autograd.grad(tensor.sum(), first)
        module = pl.BarkDistance(11025, size_average=False, **options)
        assert torch.equal(module(first, torch.tensor(y)), tensor)
        step = 1e-2 * gradient / gradient.norm()
        ends = [module(first.detach() + sign * step, torch.tensor(y)).sum().item() for sign in (-1, 1)]
        assert (ends[1] - ends[0]) / 2e-2 == pytest.approx(gradient.norm().item(), rel=5e-2)


# The library itself


def run(code, **environment):
    own = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=own, timeout=120)


def test_without_the_library(tmp_path):
    code = "import perceptual_losses as p; p.mse([[1.0]], [[1.0]])"
    missing = run(code, PERCEPTUAL_LIBRARY=str(tmp_path / "none.so"))
    assert "ImportError" in missing.stderr and "install a wheel" in missing.stderr
    (tmp_path / "wrong.so").write_text("no library")
    wrong = run(code, PERCEPTUAL_LIBRARY=str(tmp_path / "wrong.so"))
    assert "ImportError" in wrong.stderr and "cannot be used" in wrong.stderr


def test_torch_is_imported_only_if_used():
    code = (
        "import sys, perceptual_losses as p; p.mse([[1.0]], [[1.0]]); p.audio.mel_filter_bank(sr=8000, n_fft=64); "
        "assert 'torch' not in sys.modules")
    assert run(code).returncode == 0


def test_version():
    assert pl.library_version() == pl.__version__


def test_statuses():
    for status, error in ((3, FloatingPointError), (64, ValueError), (65, ValueError), (66, FileNotFoundError),
                          (73, OSError), (74, OSError)):
        with pytest.raises(error):
            _library.check(status)


def test_attributes_in_json():
    text = _arrays.json_text({"b": np.float32(0.5), "a": np.arange(3), "c": (1, 2), "d": True})
    assert json.loads(text) == {"a": [0, 1, 2], "b": 0.5, "c": [1, 2], "d": True}


def test_types_are_declared():
    assert (pathlib.Path(pl.__file__).parent / "py.typed").exists()
