"""The examples of docstrings and of README.md."""

import doctest
import importlib
import pathlib

import pytest
from conftest import peer

import perceptual_losses as pl

MODULES = ["", ".functional", ".audio", "._arrays", "._library", ".model"]
WITH_TORCH = [".modules", ".compat.piq", ".compat.torchmetrics.functional", ".compat.torchmetrics.image"]


@pytest.mark.parametrize("name", MODULES + WITH_TORCH)
def test_docstrings(name):
    if name in WITH_TORCH:
        pytest.importorskip("torch")
    if name == ".compat.torchmetrics.image":
        peer("torchmetrics")
    result = doctest.testmod(importlib.import_module(f"perceptual_losses{name}"), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
    assert result.attempted > 0 or name == ".model"


@pytest.mark.parametrize("name", pl.functional.__all__ + pl.audio.__all__)
def test_every_function_says_what_it_does(name):
    function = getattr(pl.functional, name, None) or getattr(pl.audio, name)
    assert function.__doc__ and (">>>" in function.__doc__ or isinstance(function, type) or name == "write")


def test_readme():
    page = pathlib.Path(__file__).resolve().parents[1] / "README.md"
    if not page.exists():
        pytest.skip("the repository's pages are not here")
    pytest.importorskip("torch")
    for block in page.read_text().split("```python\n")[1:]:
        exec(block.split("```")[0], {})
