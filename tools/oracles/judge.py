"""What accuracy.py and bark_accuracy.py share: our metric and a peer's in single precision, judged by the peer's in double."""

import pathlib
import subprocess
import tempfile

import numpy as np
import torch

AUDIO = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/audio"


def ours(program, metric, a, b, folder):
    """Value and gradient of `perceptual metric`, `metric` its first arguments."""
    paths = [folder / name for name in ("a.npy", "b.npy", "gradient.npy")]
    for path, array in zip(paths, (a, b)):
        np.save(path, array.astype(np.float32))
    done = subprocess.run([program, "metric", *metric, paths[0], paths[1], "--gradient", paths[2]], check=True,
                          capture_output=True, text=True)
    return float(done.stdout), np.load(paths[2]).astype(np.float64)


def print_table(program, headings, rows):
    """`rows`: two cells, pairs of arrays, the arguments of `metric`, and peer(a, b, dtype) giving value and gradient.

    Printed are the largest relative errors over the pairs: of the value, and of the gradient in the L2 norm.
    """
    print(f"| {headings[0]} | {headings[1]} | value: ours | PyTorch | gradient: ours | PyTorch |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, kind, pairs, metric, peer in rows:
            worst = np.zeros(4)
            for a, b in pairs:
                value, gradient = peer(a, b, torch.float64)
                found = [ours(program, metric, a, b, pathlib.Path(folder)), peer(a, b, torch.float32)]
                errors = [abs(v - value) / abs(value) for v, _ in found]
                errors += [np.linalg.norm(g - gradient) / np.linalg.norm(gradient) for _, g in found]
                worst = np.maximum(worst, errors)
            print(f"| {name} | {kind} | " + " | ".join(f"{error:.1e}" for error in worst) + " |", flush=True)
