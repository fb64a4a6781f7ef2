"""`peer-tests` on small test files of our own: what passes, fails and is skipped, and its exit status."""

import json
import pathlib
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "peer-tests"
if not SCRIPT.exists():
    pytest.skip("the repository's scripts are not here", allow_module_level=True)

FUNCTIONS = '''
import missing_package
import pytest
import torch
from piq import SSIMLoss, ssim

images = torch.rand(1, 1, 16, 16)


def test_passes():
    assert ssim.__module__ == "perceptual_losses.compat.piq"
    assert ssim(images, images) == 1


@pytest.mark.parametrize("side", [3, 5])
def test_fails(side):
    assert SSIMLoss(kernel_size=side)(images, images) == 1


def test_device():
    assert ssim(images.cuda(), images.cuda()) == 1


def test_missing():
    assert missing_package.ssim(images) == ssim(images, images)


def test_picture():
    open("tests/picture.png")


def test_download():
    import urllib.request
    urllib.request.urlopen("http://example.com/picture.png")
'''

SCRIPTED = '''
import urllib

import missing_package
import numpy as np
import torch
from pytorch_msssim import ssim

if __name__ == "__main__":
    images = torch.rand(1, 1, 16, 16)
    for repeat in range(10**9):
        theirs = missing_package.ssim(images, filter_size=11)
        assert ssim(images, images, 1) == 1
        assert np.allclose(ssim(images, images, 1), theirs.numpy())
    while True:
        print("value %.4f (%.2f ms)" % (ssim(images, 1 - images, 1), repeat))
        assert ssim(images, 1 - images, 1) > 0.5
    images.cuda()
'''

ELSEWHERE = "from piq import vif_p\n\n\ndef test_vif():\n    assert vif_p\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peer") / "tests"
    folder.mkdir()
    (folder / "test_functions.py").write_text(FUNCTIONS)
    (folder / "tests_scripted.py").write_text(SCRIPTED)
    (folder / "test_elsewhere.py").write_text(ELSEWHERE)
    (folder / "test_of_nothing.py").write_text("def test_it():\n    assert False\n")
    return folder


def run(*arguments):
    return subprocess.run([sys.executable, str(SCRIPT), *map(str, arguments)], capture_output=True, text=True)


def test_outcomes(folder, tmp_path):
    done = run("--json", tmp_path / "results.json", folder)
    assert done.returncode == 1, done.stdout + done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    assert not list(folder.rglob("__pycache__"))

    def of(file):
        return [(result["test"], result["outcome"], result["reason"]) for result in results if result["file"] == file]

    functions = {test: (outcome, reason) for test, outcome, reason in of("test_functions.py")}
    assert functions["test_passes"] == ("passed", "")
    assert functions["test_fails[3]"][0] == functions["test_fails[5]"][0] == "failed"
    assert "assert" in functions["test_fails[3]"][1]
    if not torch.cuda.is_available():
        assert functions["test_device"] == ("skipped", "needs a CUDA device")
    assert functions["test_missing"] == ("skipped", "needs missing_package")
    assert functions["test_picture"] == ("skipped", "needs tests/picture.png, which is not there")
    assert functions["test_download"] == ("skipped", "needs a download from example.com")
    assert of("test_elsewhere.py") == [("(file)", "skipped", "tests nothing that this package has (vif_p)")]
    assert not of("test_of_nothing.py")

    scripted = of("tests_scripted.py")
    counts = {}
    for test, outcome, reason in scripted:
        counts[test.split(":")[0], outcome] = counts.get((test.split(":")[0], outcome), 0) + 1
    lines = SCRIPTED.splitlines()
    same, compared, positive = [
        f"line {number}" for number, line in enumerate(lines, 1) if line.strip().startswith("assert")]
    assert counts[same, "passed"] == counts[compared, "skipped"] == counts[positive, "failed"] == 20
    assert (scripted[1][0], "skipped", "needs missing_package") in scripted
    if not torch.cuda.is_available():
        assert ("runs to its end", "skipped", "needs a CUDA device") in scripted
    assert "  failed     2  test_fails: assert" in done.stdout
    assert "passed, " in done.stdout.splitlines()[-1]


def test_known_failures_and_status(folder, tmp_path):
    known = tmp_path / "known.tsv"
    known.write_text("# peer, test, reason\npiq\ttest_functions.py::test_fails[*\tours are right\n")
    done = run("--known", known, folder / "test_functions.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  known      2  test_fails: ours are right" in done.stdout
    assert run("--known", known, folder / "test_elsewhere.py").returncode == 2
    assert run(folder / "test_absent.py").returncode == 2


def test_known_reasons_are_rows_of_three():
    rows = [
        line.split("\t") for line in (SCRIPT.parent / "peers/known.tsv").read_text().splitlines()
        if not line.startswith("#")]
    assert rows and all(len(row) == 3 and all(row) for row in rows)
