"""What the tests share: one thread for PyTorch, peers, fixtures."""

import importlib
import json
import pathlib

import numpy as np
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "Tests" / "Fixtures"

try:
    import torch

    torch.set_num_threads(1)
    # piq and torchmetrics import torchvision, whose operators may not load here: their names are enough.
    _torchvision = torch.library.Library("torchvision", "DEF")
    try:
        for operator in ("nms", "qnms"):
            _torchvision.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except RuntimeError:
        pass
except ImportError:
    torch = None


def peer(name):
    """A module, or the test is skipped with the reason."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - a peer may fail in its own imports
        pytest.skip(f"{name} does not load: {error}")


def read_safetensors(path):
    """Arrays by name in double precision, and the metadata."""
    data = pathlib.Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    kinds = {"F64": np.float64, "F32": np.float32, "F16": np.float16}
    arrays = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        raw = np.frombuffer(data[8 + length + start:8 + length + end], kinds[entry["dtype"]])
        arrays[name] = raw.astype(np.float64).reshape(entry["shape"])
    return arrays, metadata


def relative(actual, expected):
    """The relative L2 distance; NaN where only one has a NaN."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    return np.linalg.norm(actual - expected) / max(np.linalg.norm(expected), 1e-30)


def images(seed, *shape, scale=1.0):
    """A pair alike but for noise, from 0 to scale, in single precision."""
    generator = np.random.default_rng(seed)
    first = generator.random(shape)
    second = np.clip(first + 0.2 * generator.standard_normal(shape), 0, 1)
    return (scale * first).astype(np.float32), (scale * second).astype(np.float32)


@pytest.fixture
def pair():
    return images
