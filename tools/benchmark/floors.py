"""What bounds a piece of work: the machine's peak, its first cache and its memory, and FFTW's transforms."""

import json
import os
import pathlib
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def machine(*flags):
    """What machine.c measures on one core."""
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "machine"
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-O2", "-march=native", *flags, "-o", program, HERE / "machine.c"], check=True)
        return json.loads(subprocess.run([program], check=True, capture_output=True, text=True).stdout)


def binding(machine, threads, operations, cached=0, memory=0):
    """(what binds, seconds) of so many operations and bytes through the first cache and memory; memory is shared."""
    limits = {
        "arithmetic peak": operations / (threads * machine["peak"] * 1e9),
        "first cache": cached / (threads * machine["L1"]["both"] * 1e9),
        "memory": memory / (machine["memory"]["both"] * 1e9)}
    name = max(limits, key=limits.get)
    amount = f"{operations * 1e-9:.3g} GFLOP" if name == "arithmetic peak" else f"{(cached or memory) * 1e-9:.3g} GB"
    return f"{name}: {amount}", limits[name]


def similarity(side):
    """(operations, bytes) of SSIM's value and gradient of one picture, separable windows of 11 taps.

    Filtered forwards: x, y, x^2 + y^2, xy; backwards: the gradients of all but y. Each filter's two passes take 11
    multiply-adds a point. About 40 operations a point of the map, 8 a pixel for products. Every stage reads its inputs
    and writes its outputs once.
    """
    out = side - 10
    operations = 7 * 22 * (side * out + out * out) + 40 * out * out + 8 * side * side
    floats = 7 * (side * side + 2 * side * out + out * out) + 7 * out * out + 10 * side * side
    return operations, 4 * floats


def multi_scale_similarity(side):
    costs = [similarity(side >> scale) for scale in range(5)]
    # Means of four: both pictures forwards, one gradient backwards.
    pixels = sum((side >> scale) ** 2 for scale in range(4))
    return sum(cost[0] for cost in costs) + 3 * pixels, sum(cost[1] for cost in costs) + 3 * 5 * pixels


def pyramid(side):
    """(operations, bytes) of NLPD's value and gradient of one picture; the gradient is one picture's pass again.

    Operations a pixel: 7.5 to low-pass and halve, 4.5 to double, 20 to low-pass, 1 to subtract, 8 for neighbours, 2 to
    divide, 1.5 to compare. Floats that the nine stages read and write: 14.5.
    """
    pixels = 3 * sum((side >> level) ** 2 for level in range(6))
    return round(44.5 * pixels), round(4 * 14.5 * pixels)


def transforms(count, length, inverse=False):
    """Seconds of FFTW for so many real transforms, sixteen at a time, planned by measuring, on one thread."""
    import pyfftw
    real = pyfftw.zeros_aligned((16, length), "float32")
    spectrum = pyfftw.zeros_aligned((16, length // 2 + 1), "complex64")
    arrays = (spectrum, real) if inverse else (real, spectrum)
    plan = pyfftw.FFTW(*arrays, axes=(1,), flags=["FFTW_MEASURE"] + ["FFTW_DESTROY_INPUT"] * inverse,
                       direction="FFTW_BACKWARD" if inverse else "FFTW_FORWARD")
    least = float("inf")
    for _ in range(50):
        start = time.process_time()
        for _ in range(20):
            plan.execute()
        least = min(least, time.process_time() - start)
    return least / 20 / 16 * count
