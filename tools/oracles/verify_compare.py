"""Hold compare.py to faults planted in small files of every kind: `python verify_compare.py`; raises at the first it misses.

It needs NumPy and safetensors only. Every limit is tried from both sides: what rounding does must pass, what it cannot do
must fail.
"""

import contextlib
import io
import pathlib
import shutil
import tempfile

import numpy as np
import safetensors.numpy

import compare
from manifest import manifest

EPS, SINGLE = compare.EPS, compare.SINGLE
FIXTURE = {"operation": "tanh", "oracle": "none"}
TRAJECTORY = {"loss": "mse", "settings": '{"learningRate": 0.001, "epsilon": 1e-8}'}
DRAW = np.random.Generator(np.random.Philox(key=[1, 2]))


def normal(*shape):
    return DRAW.standard_normal(shape)


def fixture():
    return {"input.x": normal(3, 5).astype(np.float32).astype(np.float64), "cotangent.y": normal(3, 5).astype(np.float32),
            "expected.y": normal(3, 5), "expected.counted": np.arange(-4.0, 4.0), "expected.one": np.array([0.3])}


def trajectory():
    losses = 2 + normal(20)
    return {"losses": losses, "losses.float32": (losses + 1e-6 * normal(20)).astype(np.float32).astype(np.float64),
            "losses.spread": np.full(20, 1e-6), "losses.nudge": np.abs(1e-7 * normal(20)),
            "gradient.0.weight": 1 + np.abs(normal(4, 3)), "gradient.1.weight": 1e-3 * normal(4).astype(np.float32),
            "gradient.0.bias": np.zeros(4), "gradient.spread.0.weight": np.array([1e-5]),
            "final.0.weight": normal(4, 3), "final.1.weight": normal(7).astype(np.float32), "final.0.bias": 0.1 * normal(4),
            "final.float32.0.weight": normal(4, 3).astype(np.float32), "final.float32.0.bias": normal(4).astype(np.float32),
            "final.spread.0.weight": np.array([1e-3]), "final.spread.0.bias": np.array([1.0]),
            "clip": normal(9), "clip.spread": np.array([1e-3]),
            "probed.clips": normal(2, 9).astype(np.float32), "probed.losses": normal(2),
            "probed.gradients": normal(2, 9).astype(np.float32)}


def initial():
    return {"0.weight": normal(4).astype(np.float32)}


def amount(key, distance, place=0):
    """Move one element by so much."""
    def change(tensors):
        tensors[key].reshape(-1)[place] += distance

    return change


def times(key, factor):
    def change(tensors):
        tensors[key] = (tensors[key] * factor).astype(tensors[key].dtype)

    return change


def value(key, new, place=0):
    def change(tensors):
        tensors[key].reshape(-1)[place] = new

    return change


def units(key, count, place=0):
    """Move one element by units in its last place."""
    def change(tensors):
        flat = tensors[key].reshape(-1)
        flat[place] += count * np.spacing(np.abs(flat[place]))

    return change


def replace(key, new):
    def change(tensors):
        tensors[key] = new(tensors[key])

    return change


def remove(key):
    return lambda tensors: tensors.pop(key)


def both(*changes):
    return lambda tensors: [change(tensors) for change in changes]


# The file, whether the change is acceptable, and the change.
CHANGES = {
    "a rounding of a double": (fixture, True, units("expected.y", 1)),
    "a thousandth": (fixture, False, times("expected.y", 1.001)),
    "under the limit of a fixture": (fixture, True, amount("expected.one", 1000 * EPS * 0.3)),
    "over the limit of a fixture": (fixture, False, amount("expected.one", 1100 * EPS * 0.3)),
    "one element among many": (fixture, False, amount("expected.y", 1e-6, 14)),
    "not a number": (fixture, False, value("expected.y", np.nan, 7)),
    "not a number beside a rounding": (fixture, False, both(units("expected.y", 1, 3), value("expected.y", np.nan, 7))),
    "infinite": (fixture, False, value("expected.y", np.inf)),
    "all zeros": (fixture, False, times("expected.y", 0)),
    "single precision": (fixture, False, replace("expected.y", lambda y: y.astype(np.float32))),
    "another shape": (fixture, False, replace("expected.y", lambda y: y.reshape(5, 3).copy())),
    "one tensor fewer": (fixture, False, remove("expected.one")),
    "an input's last bit": (fixture, False, units("input.x", 1)),
    "a cotangent's last bit": (fixture, False, units("cotangent.y", 1)),
    "a count's last bit": (fixture, False, units("expected.counted", 1)),
    "the sign of a zero": (fixture, False, value("expected.counted", -0.0, 4)),
    "initial weights' last bit": (initial, False, units("0.weight", 1)),
    "a loss's rounding": (trajectory, True, units("losses", 3, 19)),
    "losses of a single-precision run": (trajectory, False, amount("losses", 1e-6, 19)),
    "a nudge of another size": (trajectory, False, times("losses.nudge", 1.1)),
    "another single-precision run": (trajectory, True, amount("losses.float32", 2e-6, 3)),
    "a single-precision run far off": (trajectory, False, amount("losses.float32", 1e-4, 3)),
    "its weights": (trajectory, True, times("final.float32.0.weight", 1.002)),
    "its weights far off": (trajectory, False, times("final.float32.0.weight", 1.1)),
    "its weights all zeros where the spread is their size": (trajectory, False, times("final.float32.0.bias", 0)),
    "its weights not a number": (trajectory, False, value("final.float32.0.bias", np.nan)),
    "a measure three times as large": (trajectory, True, times("final.spread.0.weight", 3)),
    "a measure of ten thousand times": (trajectory, False, times("final.spread.0.weight", 10000)),
    "a measure of another run's double precision": (trajectory, False, times("losses.spread", EPS / SINGLE)),
    "a measure of zero": (trajectory, False, times("losses.spread", 0)),
    "a measure not a number": (trajectory, False, value("losses.spread", np.nan, 5)),
    "a gradient's rounding": (trajectory, True, amount("gradient.0.weight", 100 * EPS)),
    "a gradient's rounding in single precision": (trajectory, True, units("gradient.1.weight", 1)),
    "a gradient of single precision": (trajectory, False, times("gradient.0.weight", 1 + 2 * SINGLE)),
    "two units of single precision": (trajectory, False, units("gradient.1.weight", 2)),
    "a gradient that should be zero": (trajectory, False, amount("gradient.0.bias", 1e-17)),
    "final weights' rounding": (trajectory, True, units("final.0.weight", 4)),
    "what AdamW makes of a rounding": (trajectory, True, amount("final.0.bias", 2e6 * 20 * EPS)),
    "more than AdamW can make of it": (trajectory, False, amount("final.0.bias", 1e-5)),
    "final weights rounded otherwise": (trajectory, True, units("final.1.weight", 1)),
    "final weights far off": (trajectory, False, times("final.1.weight", 1.0001)),
    "a clip's rounding": (trajectory, True, units("clip", 4)),
    "a clip of single precision": (trajectory, False, times("clip", 1 + SINGLE)),
    "a probed clip rounded otherwise": (trajectory, True, units("probed.clips", 1)),
    "a probed clip far off": (trajectory, False, units("probed.clips", 100)),
    "a probed loss of such a clip": (trajectory, True, times("probed.losses", 1 + SINGLE / 4)),
    "a probed gradient far off": (trajectory, False, times("probed.gradients", 1.0001)),
}
METADATA = {fixture: FIXTURE, trajectory: TRAJECTORY, initial: {"oracle": "none"}}
PLACES = {fixture: "tanh/case.safetensors", trajectory: "trajectory/mse.safetensors", initial: "trajectory/initial.safetensors"}


def outcome(folder, arguments=()):
    """compare.py's exit code and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = compare.main([folder / "committed", folder / "fresh", *arguments])
    return code, printed.getvalue()


def write(folder, side, make, tensors, metadata=None):
    path = folder / side / PLACES[make]
    path.parent.mkdir(parents=True, exist_ok=True)
    safetensors.numpy.save_file(tensors, path, metadata or METADATA[make])
    if side == "committed":
        (folder / side / "MANIFEST.sha256").write_text(manifest(folder / side))


def planted():
    for title, (make, acceptable, change) in CHANGES.items():
        with tempfile.TemporaryDirectory() as name:
            folder, tensors = pathlib.Path(name), make()
            write(folder, "committed", make, tensors)
            changed = {key: tensor.copy() for key, tensor in tensors.items()}
            change(changed)
            write(folder, "fresh", make, changed)
            code, printed = outcome(folder)
            wanted = "note " if acceptable else "FAIL "
            assert code == (not acceptable) and printed.startswith(wanted + PLACES[make]), f"compare.py, {title}: {printed}"


def folders():
    """Whole folders: equal ones, metadata, the manifest, files that are missing, parts by name."""
    with tempfile.TemporaryDirectory() as name:
        folder, tensors = pathlib.Path(name), {make: make() for make in PLACES}
        for make in PLACES:
            write(folder, "committed", make, tensors[make])
        shutil.copytree(folder / "committed", folder / "fresh")
        assert outcome(folder) == (0, "3 files compared, 0 differ, 0 failed\n")
        assert outcome(folder, ["trajectory/"]) == (0, "2 files compared, 0 differ, 0 failed\n")
        assert outcome(folder, ["trajectory/m", "tanh"]) == (0, "2 files compared, 0 differ, 0 failed\n")
        assert outcome(folder, ["sigmoid"])[0] == 1, "a part that does not exist"
        write(folder, "fresh", fixture, tensors[fixture], FIXTURE | {"oracle": "another"})
        assert "metadata differ: oracle" in outcome(folder)[1] and outcome(folder)[0] == 1
        assert outcome(folder, ["trajectory"])[0] == 0, "a part has the faults of another"
        (folder / "fresh" / PLACES[fixture]).unlink()
        assert "no script writes it" in outcome(folder)[1] and outcome(folder)[0] == 1
        write(folder, "fresh", fixture, tensors[fixture])
        lines = (folder / "committed/MANIFEST.sha256").read_text().splitlines(keepends=True)
        (folder / "committed/MANIFEST.sha256").write_text("".join(lines[1:]))
        assert outcome(folder)[0] == 1 and outcome(folder, [lines[0].split("  ")[1][:6]])[0] == 1, "a manifest without a file"
        assert outcome(folder, ["trajectory"])[0] == 0, "a part has the manifest of another"
        (folder / "committed" / PLACES[fixture]).unlink()
        assert "is not committed" in outcome(folder)[1]


def verify_all():
    planted()
    folders()
    print(f"verify: compare.py judges {len(CHANGES)} planted changes rightly")


if __name__ == "__main__":
    verify_all()
