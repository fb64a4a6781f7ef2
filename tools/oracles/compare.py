"""Compare freshly written fixtures with the committed ones: `compare.py COMMITTED FRESH [NAME...]`.

Equal bytes pass. Another processor rounds differently: its sums run in another order, its products are fused, its exp and
sin are other approximations. So each tensor of a file that differs is judged by what can move it. KINDS says what that is,
how far it can, and why; the first kind that fits a tensor judges it. Limits count roundings of the tensor's own
arithmetic: EPS of double precision, SINGLE of single.

A line is printed for every file that differs, `note` or `FAIL`, and at the end the worst of every kind as a share of
its limit. Exit code 1 where one fails. verify_compare.py plants faults that this file must find.
"""

import dataclasses
import functools
import json
import pathlib
import sys
from collections.abc import Callable

import numpy as np
import safetensors.numpy
from safetensors import safe_open

from manifest import file_names, manifest, recorded

EPS, SINGLE = float(np.finfo(np.float64).eps), float(np.finfo(np.float32).eps)

# An element of an operation takes a few hundred roundings, and cancellation costs it a digit or two: 1 - tanh(3)^2, a
# variance beside its mean. The most seen is 265, in the SSIM of an image against its negative.
ROUNDINGS = 1024
# Operations that amplify more: roundings allowed, why, and the most seen. "Seen" is the worst of all three capabilities, of
# an emulated Haswell and of an emulated Zen 3.
AMPLIFIED = {
    "auditoryFilterBank": (4096, "gains are interpolated between points a thousandth of a band's frequency apart; seen: 439"),
    "barkDistance": (4096, "those filters, then the slope of log(1 + 10000 x), 10000 times that at 1/10000; seen: 2210"),
    "maskedBarkDistance": (4096, "as barkDistance, the masking threshold in the factor's place; seen: 159"),
    "inverseMelScale": (2**22, "a pseudo-inverse with singular values down to 1e-6 of the greatest; seen: 143 000"),
    "inverseShortTimeFourierTransform": (2**16, "at 1024 samples an edge is divided by a window of 3.8e-5; seen: 3340"),
}


class File:
    """A file as committed and as written now."""

    def __init__(self, committed, fresh):
        self.metadata, self.fresh_metadata = (dict(safe_open(path, "np").metadata() or {}) for path in (committed, fresh))
        self.old, self.new = (safetensors.numpy.load_file(path) for path in (committed, fresh))
        self.operation = self.metadata.get("operation")

    @functools.cached_property
    def greatest_gradient(self):
        return max(greatest(value) for key, value in self.old.items() if words(key)[0] == "gradient" and not is_measure(key))

    @functools.cached_property
    def carried(self):
        """How far AdamW carries a change of the gradient: lr/epsilon a step at most, where the gradient is below epsilon."""
        settings = json.loads(self.metadata["settings"])
        return len(self.old["losses"]) * settings["learningRate"] / settings.get("epsilon", 1e-8)

    def spread(self, key):
        """The distances of single-precision runs from the double-precision one that belong to a tensor."""
        first, *rest = (word for word in words(key) if word not in ("float32", "nudge"))
        return self.old[".".join([first, "spread", *rest])]


def words(key):
    return key.split(".")


def is_measure(key):
    return "spread" in words(key)


def greatest(value):
    return float(np.abs(value).max(initial=0))


def is_short(value):
    """Doubles that single precision holds too: 29 bits of 0 in each. Copying, choosing and counting give such, rounding not."""
    with np.errstate(over="ignore", invalid="ignore"):
        return value.dtype == np.float64 and bool(np.all(value.astype(np.float32) == value))


# The judges: how far apart two tensors are and how far they may be, both as arrays of one shape, or as single numbers.

def equal(file, key, old, new):
    bits = f"u{old.dtype.itemsize}"
    return (old.view(bits) != new.view(bits)).astype(np.float64), 0.0


def within(drift):
    """Element by element: the drift of a double, beyond one unit in the last place where it was rounded to single precision."""
    def judge(file, key, old, new):
        stored = np.spacing(np.maximum(np.abs(old), np.abs(new))).astype(np.float64) if old.dtype == np.float32 else 0.0
        return np.maximum(np.abs(new.astype(np.float64) - old) - stored, 0.0), drift(file, key, old)

    return judge


def norms(share):
    """By the L2 norm of the difference, as the spreads are: `share` of the tensor's spread."""
    def judge(file, key, old, new):
        norm = np.linalg.norm(old.astype(np.float64))
        return np.linalg.norm(new.astype(np.float64) - old), norm * (share * file.spread(key)[0] + ROUNDINGS * EPS)

    return judge


def running(share):
    """Losses step by step: `share` of the largest spread so far, and the loss's own roundings."""
    def judge(file, key, old, new):
        return np.abs(new - old), share * np.maximum.accumulate(file.spread(key)) + ROUNDINGS * EPS * np.abs(file.old["losses"])

    return judge


def in_magnitude(file, key, old, new):
    """Powers of two between the greatest values; a measure of 0 is infinitely far."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(np.log2(np.float64(greatest(new)) / np.float64(greatest(old)))), 10.0


@dataclasses.dataclass(frozen=True)
class Kind:
    title: str
    fits: Callable  # of file, key, committed tensor
    judge: Callable
    reason: str


# Double precision strays as single does, EPS / SINGLE as far; 16 for the luck of a dozen runs.
FINER = 16 * EPS / SINGLE

KINDS = (
    Kind("given", lambda file, key, old: words(key)[0] in ("input", "cotangent", "initial")
         or not (file.operation or "loss" in file.metadata), equal,
         "drawn by an integer generator and rounded to single precision or to a grid: equal bits"),
    Kind("measure of rounding", lambda file, key, old: is_measure(key), in_magnitude,
         "how far single precision strays is the processor's own: summed one after another it is up to the root of a million "
         "terms more than summed in blocks. Within 2^10 either way; seen: 2^7.4"),
    Kind("run in single precision, losses", lambda file, key, old: key == "losses.float32", running(8),
         "one more run among those whose spread the file holds, each about that far from the truth; seen: 2.1 spreads"),
    Kind("run in single precision, tensors", lambda file, key, old: "float32" in words(key), norms(8),
         "as its losses; seen: 2.0 spreads"),
    Kind("exact", lambda file, key, old: is_short(old), equal,
         "chosen, copied, counted, or sums of small integers, without a rounding: equal bits"),
    Kind("drawn in single precision", lambda file, key, old: file.operation and old.dtype == np.float32, equal,
         "uniform noise is integers over 2^24: equal bits"),
    Kind("expected", lambda file, key, old: file.operation and words(key)[0] == "expected",
         within(lambda file, key, old: AMPLIFIED.get(file.operation, (ROUNDINGS,))[0] * EPS * greatest(old)),
         "a fixed sequence of roundings in double precision: ROUNDINGS or AMPLIFIED, of the tensor's greatest value"),
    Kind("losses", lambda file, key, old: words(key)[0] == "losses", running(FINER),
         "a run in double precision strays as single precision does, 2^-29 as far; seen: 0.6 of that"),
    Kind("clip", lambda file, key, old: key == "clip", norms(FINER), "as losses; seen: 0.3"),
    Kind("gradients", lambda file, key, old: words(key)[0] == "gradient",
         within(lambda file, key, old: ROUNDINGS * EPS * file.greatest_gradient),
         "sums over 62 000 positions that cancel, beside the same pass's greatest gradient; seen: 102 roundings"),
    Kind("final state", lambda file, key, old: words(key)[0] == "final",
         within(lambda file, key, old: ROUNDINGS / 8 * EPS * file.greatest_gradient * file.carried
                + ROUNDINGS * EPS * greatest(old)),
         "where the gradient is 0 but for rounding, AdamW divides it by epsilon: lr/epsilon a step of that rounding; seen: 10 "
         "roundings of the greatest gradient"),
    Kind("probed losses and gradients", lambda file, key, old: words(key)[0] == "probed" and key != "probed.clips",
         within(lambda file, key, old: 4 * SINGLE * greatest(old)),
         "computed from clips rounded to single precision, of which some round the other way; seen: 0.3 roundings"),
    Kind("probed clips", lambda file, key, old: key == "probed.clips",
         within(lambda file, key, old: FINER * file.old["clip.spread"][0] * greatest(old)),
         "as clip, rounded to single precision"),
)
REST = Kind("anything else", None, equal, "no kind fits: equal bits, until one is written")


@dataclasses.dataclass(frozen=True)
class Verdict:
    key: str
    kind: Kind
    share: float  # of the limit; over 1, infinite or not a number fails
    sentence: str

    @property
    def passes(self):
        return self.share <= 1


def judge(file, key):
    """The verdict on a tensor that differs."""
    old, new = file.old[key], file.new[key]
    kind = next((kind for kind in KINDS if kind.fits(file, key, old)), REST)
    if not (np.isfinite(old).all() and np.isfinite(new).all()):
        return Verdict(key, kind, np.inf, f"{key}: a value is not finite")
    if not new.any() and old.any():
        return Verdict(key, kind, np.inf, f"{key}: all zeros")
    try:
        distance, allowed = (np.asarray(value, np.float64) for value in kind.judge(file, key, old, new))
    except (KeyError, ValueError, TypeError) as error:
        return Verdict(key, kind, np.inf, f"{key}: {kind.title}, but the file lacks what that is judged by ({error!r})")
    distance, allowed = np.broadcast_arrays(distance, allowed)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(distance == 0, 0.0, distance / allowed)
    # argmax takes the first NaN for the greatest.
    worst = np.unravel_index(np.argmax(shares), shares.shape)
    sentence = f"{key} ({kind.title}): {distance[worst]:.2g} apart, {allowed[worst]:.2g} allowed"
    if shares.shape == old.shape:
        count = int((~(shares <= 1)).sum())
        sentence += f" at {list(map(int, worst))}: {new[worst]!r}, committed {old[worst]!r}; {count} of {old.size} beyond"
    return Verdict(key, kind, float(shares[worst]), sentence)


def compare(committed, fresh):
    """Verdicts on the tensors that differ; a sentence where the files cannot be compared tensor by tensor."""
    file = File(committed, fresh)
    if file.metadata != file.fresh_metadata:
        keys = file.metadata.keys() | file.fresh_metadata.keys()
        differing = sorted(key for key in keys if file.metadata.get(key) != file.fresh_metadata.get(key))
        return [], f"metadata differ: {', '.join(differing)}"
    described = [{key: (value.dtype.name, value.shape) for key, value in side.items()} for side in (file.old, file.new)]
    if described[0] != described[1]:
        differing = sorted(key for key in described[0].keys() | described[1].keys()
                           if described[0].get(key) != described[1].get(key))
        return [], f"tensors have other names, types or shapes: {', '.join(differing)}"
    verdicts = [judge(file, key) for key in sorted(file.old) if file.old[key].tobytes() != file.new[key].tobytes()]
    return verdicts, None


def main(arguments):
    committed, fresh, parts = pathlib.Path(arguments[0]), pathlib.Path(arguments[1]), arguments[2:]
    failures, differing, worst = 0, 0, {}
    old, new = (set(file_names(root, parts)) for root in (committed, fresh))
    for part in parts:
        if not any(name.startswith(part) for name in old | new):
            print(f"FAIL {part}: no fixture's path begins so")
            failures += 1
    if recorded(committed, parts) != manifest(committed, parts):
        print("FAIL MANIFEST.sha256: does not describe the committed files")
        failures += 1
    for name in sorted(old | new):
        verdicts, sentence = [], None
        if name not in new:
            sentence = "no script writes it"
        elif name not in old:
            sentence = "is not committed"
        elif (committed / name).read_bytes() == (fresh / name).read_bytes():
            continue
        else:
            verdicts, sentence = compare(committed / name, fresh / name)
        differing += 1
        for verdict in verdicts:
            count, share, _ = worst.get(verdict.kind.title, (0, -1.0, ""))
            # A share that is not a number is kept.
            first = not verdict.share <= share
            worst[verdict.kind.title] = (count + 1, verdict.share if first else share,
                                         f"{name} {verdict.key}" if first else worst[verdict.kind.title][2])
        failed = [sentence] if sentence else [verdict.sentence for verdict in verdicts if not verdict.passes]
        failures += bool(failed)
        if failed:
            print(f"FAIL {name}: {'; '.join(failed)}")
        elif not verdicts:
            print(f"note {name}: the header's bytes differ, nothing that they say")
        else:
            nearest = max(verdicts, key=lambda verdict: verdict.share)
            print(f"note {name}: {len(verdicts)} tensors differ, at most {nearest.share:.1%} of the limit: {nearest.sentence}")
    for kind in (*KINDS, REST):
        if kind.title in worst:
            count, share, place = worst[kind.title]
            print(f"{kind.title}: {count} tensors differ, at most {share:.1%} of the limit ({place})")
    print(f"{len(old | new)} files compared, {differing} differ, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
