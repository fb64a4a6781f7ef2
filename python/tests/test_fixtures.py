"""The golden fixtures of the repository through `operation`."""

import json

import numpy as np
import pytest
from conftest import FIXTURES, read_safetensors

import perceptual_losses as pl

if not FIXTURES.is_dir():
    pytest.skip("the repository's fixtures are not here", allow_module_level=True)

OTHERS = {"weights", "trajectory", "audio", "containers"}
CASES = sorted(
    path for path in FIXTURES.glob("*/*.safetensors") if path.parent.name not in OTHERS)


def named(path):
    return pytest.param(path, id=f"{path.parent.name}/{path.stem}")


@pytest.mark.parametrize("path", [named(path) for path in CASES])
def test_fixture(path):
    arrays, metadata = read_safetensors(path)
    attributes = json.loads(metadata.get("attributes", "{}"))
    parts = {
        prefix: {name[len(prefix) + 1:]: array for name, array in arrays.items() if name.startswith(prefix + ".")}
        for prefix in ("input", "cotangent", "expected")}
    name = metadata["operation"]
    actual = pl.operation(
        name, parts["input"], attributes, list(parts["expected"]), parts["cotangent"], threads=1)
    if name == "inverseMelScale" and attributes.get("method") != "minimumNorm":
        bank = {key: value for key, value in attributes.items() if key != "method"}
        bank["mels"] = parts["input"]["mel"].shape[0]
        weights = pl.operation("melFilterBank", {}, bank, "weights")["weights"]
        actual = {"mel": weights.T @ actual["magnitude"]}
        parts["expected"] = {"mel": weights.T @ parts["expected"]["magnitude"]}
        assert (actual["mel"] >= 0).all()
    for result, expected in parts["expected"].items():
        difference = np.linalg.norm(actual[result] - expected)
        if np.isfinite(expected).all():
            assert difference <= 1e-4 * np.linalg.norm(expected) + 1e-6, result
        else:
            np.testing.assert_allclose(actual[result], expected, rtol=1e-4, atol=1e-6)
