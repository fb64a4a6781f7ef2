"""Compare freshly written fixtures with the committed ones: `compare.py COMMITTED FRESH`.

Equal bytes pass. Another processor's libm may round the last bit otherwise, so files that differ are
compared tensor by tensor: everything but expected doubles must be equal, and those may differ by
LIMIT of the tensor's greatest magnitude. A line is printed for every file that differs at all.
"""

import pathlib
import sys

import numpy as np
import safetensors.numpy
from safetensors import safe_open

from generate import manifest

LIMIT = 1e-12
# Where rounding grows: path, tensor prefix, limit (None: reported, never failed), reason.
GROWTH = (
    ("trajectory/", "final.float32.", None, "single precision follows each processor's own rounding"),
    ("trajectory/", "losses.float32", None, "single precision follows each processor's own rounding"),
    ("trajectory/clip-", "", None, "a first beta of 0 turns roundings into steps of the learning rate"),
    ("trajectory/", "losses.spread", None, "single precision follows each processor's own rounding"),
    ("trajectory/", "", 1e-6, "twenty steps amplify a rounding about ten thousand times"),
    ("griffinLim/", "expected.", 1e-9, "each iteration divides by moduli down to a hundredth"),
    ("inverseMelScale/", "expected.magnitude", 1e-6, "the active set decides the last digits"),
    ("inverseShortTimeFourierTransform/", "expected.", 1e-10, "edges are divided by small windows"),
)


def limit_for(name, tensor):
    for folder, prefix, limit, _ in GROWTH:
        if name.startswith(folder) and tensor.startswith(prefix):
            return limit
    return LIMIT


def described(path):
    with safe_open(path, "np") as file:
        return file.metadata()


def compare(name, committed, fresh):
    """Whether the difference is acceptable, and a sentence about it."""
    if committed.suffix != ".safetensors":
        return False, "differs"
    if described(committed) != described(fresh):
        return False, "metadata differ"
    old, new = safetensors.numpy.load_file(committed), safetensors.numpy.load_file(fresh)
    if {key: (value.dtype, value.shape) for key, value in old.items()} != {
            key: (value.dtype, value.shape) for key, value in new.items()}:
        return False, "tensors have other names, types or shapes"
    accepted, sentences = True, []
    for key in sorted(old):
        if old[key].tobytes() == new[key].tobytes():
            continue
        difference = np.abs(old[key].astype(np.float64) - new[key]).max() / max(np.abs(old[key]).max(), 1e-300)
        limit = limit_for(name, key)
        given = key.startswith(("input.", "cotangent.")) or name == "trajectory/initial.safetensors"
        good = not given and (limit is None or (old[key].dtype == np.float64 and difference <= limit))
        accepted &= good
        sentences.append(f"{key} by {difference:.1e} of its greatest ({'accepted' if good else 'FAILS'})")
    return accepted, "; ".join(sentences) or "header differs"


def main():
    committed, fresh = (pathlib.Path(argument) for argument in sys.argv[1:3])
    failures = 0
    recorded = committed / "MANIFEST.sha256"
    if not recorded.is_file() or recorded.read_text() != manifest(committed):
        print("FAIL MANIFEST.sha256: does not describe the committed files")
        failures += 1
    names = [{line.split("  ", 1)[1] for line in manifest(root).splitlines()} for root in (committed, fresh)]
    for name in sorted(names[0] | names[1]):
        if name not in names[1]:
            accepted, sentence = False, "no script writes it"
        elif name not in names[0]:
            accepted, sentence = False, "is not committed"
        elif (committed / name).read_bytes() == (fresh / name).read_bytes():
            continue
        else:
            accepted, sentence = compare(name, committed / name, fresh / name)
        failures += not accepted
        print(f"{'note' if accepted else 'FAIL'} {name}: {sentence}")
    print(f"{len(names[0])} files compared, {failures} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
