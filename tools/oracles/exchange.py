"""Hold what the command line writes for other programs to those programs: `tools/oracles/exchange`."""

import collections
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))

import exchange_events  # noqa: E402
import exchange_onnx  # noqa: E402
from executable import executable  # noqa: E402


class Checks:
    """Counts checks and what they found, a line for each kind."""

    def __init__(self):
        self.counts = collections.Counter()
        self.failed = 0
        self.worst = {}
        self.notes = collections.Counter()

    def true(self, kind, holds, what):
        self.counts[kind] += 1
        if not holds:
            self.failed += 1
            print(f"exchange: FAILED: {kind}: {what}")

    def near(self, kind, actual, expected, allowed, what):
        """Every element within `allowed`, none of them NaN; shapes equal, nothing empty."""
        actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
        if actual.shape != expected.shape or actual.size == 0:
            return self.true(kind, False, f"{what}: {actual.shape}, expected {expected.shape}")
        worst = np.abs(actual - expected).max()
        self.worst[kind] = max(self.worst.get(kind, 0.0), worst)
        self.true(kind, worst <= allowed, f"{what}: differs by {worst:.1e}, allowed {allowed:.0e}")

    def note(self, kind, count):
        self.notes[kind] += count

    def report(self):
        for kind, count in self.counts.items():
            worst = f", largest difference {self.worst[kind]:.1e}" if kind in self.worst else ""
            print(f"exchange: {kind}: {count} checks{worst}")
        for kind, count in self.notes.items():
            print(f"exchange: {kind}: {count}")
        print(f"exchange: {sum(self.counts.values())} checks, {self.failed} failed")
        return self.failed == 0


class Program:
    def __init__(self, path):
        self.path = path

    def __call__(self, *words, fails_with=0):
        done = subprocess.run([self.path, *map(str, words)], capture_output=True, text=True)
        if done.returncode != fails_with:
            sys.exit(f"exchange: perceptual {' '.join(map(str, words))}: exit code {done.returncode}\n{done.stderr}")
        return done.stdout


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        folder, program = pathlib.Path(folder), Program(executable())
        exchange_events.check(program, folder, ROOT, checks)
        exchange_onnx.check(program, folder, ROOT, checks)
    sys.exit(0 if checks.report() else 1)


if __name__ == "__main__":
    main()
