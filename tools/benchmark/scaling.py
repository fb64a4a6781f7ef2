"""How time and memory grow with batch, pixels, length and threads; see tools/benchmark/scaling."""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

from benchmark import Ours

STEPS = 4
BATCHES, THREADS = (1, 2, 4, 8, 16), (1, 2)
# Sides of four pictures; parts and multiples of the paper's 4.208 s for four clips. MS-SSIM needs 161 pixels.
SIDES, LENGTHS = (192, 256, 384, 512, 768), (0.25, 0.5, 1, 2, 4)
LOSSES, AUDIO = ("ssim", "ms-ssim", "nlpd"), ("mel", "resample", "resample-kaiser", "inverse-mel", "griffin-lim")
# Batch and side of the training's pictures: the batch at the paper's size, then the pixels at one batch.
TRAINING_BATCHES, TRAINING_SIDES = (1, 2, 4, 8, 16, 64), (128, 256, 512)
CHECKPOINTED = PEER = (8, 64)


def answer(name, inputs):
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(name, inputs, 1, "auto", pathlib.Path(folder))
        ours.close()
    return next(iter(ours.results.values()))


def inputs(name, batch, side=256, length=1.0):
    """Pictures of noise, noise's sound, or what our own front end makes of it."""
    draw = np.random.default_rng(1)
    if name in LOSSES:
        target = draw.random((batch, 1, side, side), dtype=np.float32)
        noise = 0.03 * draw.standard_normal(target.shape, dtype=np.float32)
        return {"prediction": np.clip(target + noise, 0, 1), "target": target}
    samples = round(67328 * length)
    if name.startswith("resample"):
        return {"signal": draw.standard_normal((batch, 2, 3 * samples), dtype=np.float32)}
    signal = draw.standard_normal((batch, samples), dtype=np.float32)
    if name == "mel":
        return {"signal": signal}
    if name == "inverse-mel":
        return {"mel": answer("mel", {"signal": signal})}
    frames = (samples - 1024) // 260 + 1
    return {"magnitude": np.abs(draw.standard_normal((batch, 513, frames), dtype=np.float32))}


def most_resident(process):
    """In MB, so far. What wait4 tells would count this program's own before the other took its place."""
    found = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1024 if found else 0


def measured(name, threads, data):
    """(median seconds by the clock, of processor time, MB resident)."""
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(name, data, threads, "auto", pathlib.Path(folder))
        once = ours.run(1)[0][0]
        runs = sum((ours.run(max(1, min(100, round(0.1 / once)))) for _ in range(5)), [])
        resident = most_resident(ours.process.pid)
        ours.close()
    return *(statistics.median(column) for column in zip(*runs)), resident


def child(command):
    """Runs a command; its text and the most memory that was resident, in MB."""
    with tempfile.TemporaryFile("w+") as text:
        process = subprocess.Popen(command, stdout=text, stderr=subprocess.STDOUT)
        resident = 0
        while process.poll() is None:
            resident = max(resident, most_resident(process.pid))
            time.sleep(0.02)
        text.seek(0)
        output = text.read()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{output}")
    return output, resident


def training(batch, side, threads, checkpoints=False):
    """(median seconds of a step after the first, MB of a step, MB resident)."""
    with tempfile.TemporaryDirectory() as directory:
        command = [os.environ["PERCEPTUAL_BINARY"], "train", "--data", "noise", "--loss", "mse", "--kernel", "4",
                   "--out", directory, "--batch", str(batch), "--size", str(side), "--iterations", str(STEPS),
                   "--threads", str(threads), "--explain"] + ["--checkpoint-activations"] * checkpoints
        output, resident = child(command)
        log = (pathlib.Path(directory) / "log.jsonl").read_text().splitlines()
    planned = int(re.search(r"of a step: (\d+) MB", output)[1])
    return statistics.median(json.loads(line)["seconds"] for line in log[1:]), planned, resident


def peer(batch):
    output, resident = child([sys.executable, __file__, "--peer", str(batch)])
    return float(output.split()[-1]), resident


def peer_step(batch):
    """In a process of its own: prints the median seconds of a step after the first."""
    import network
    import torch

    torch.set_num_threads(2)
    network.BATCH = batch
    work = network.TrainingStep()
    seconds = []
    for _ in range(STEPS - 1):
        start = time.perf_counter()
        work.run()
        seconds.append(time.perf_counter() - start)
    print(statistics.median(seconds[1:]))


def slope(places, values):
    """e of values = c places^e, by least squares of the logarithms."""
    return f"{np.polyfit(np.log(places), np.log(values), 1)[0]:.2f}"


def row(work, axis, places, seconds, memory):
    """One line; `places` are what the exponents are of."""
    def listed(values, form):
        return ", ".join(format(value, form) for value in values)

    print(f"| {work} | {axis} | {listed(places, 'g')} | {listed((1e3 * s for s in seconds), '.4g')} "
          f"| {slope(places, seconds)} | {listed(memory, '.0f')} | {slope(places, memory)} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--largest-batch", type=int, default=64)
    parser.add_argument("--peer", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer_step(arguments.peer)
    known = (*LOSSES, *AUDIO, "training-step")
    names = arguments.names or known
    for name in names:
        if name not in known:
            sys.exit(f"scaling: there is no {name}: there are {', '.join(known)}")
    print("| work | grows | of | ms | exponent | MB resident | exponent |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in (name for name in names if name != "training-step"):
        sizes = [("side", side) for side in SIDES] if name in LOSSES else [("length", length) for length in LENGTHS]
        growths = {
            "batch": [(batch, 1, inputs(name, batch)) for batch in BATCHES],
            "pixels a picture" if name in LOSSES else "seconds": [
                (size**2 if axis == "side" else 4.208 * size, 1, inputs(name, 4, **{axis: size}))
                for axis, size in sizes],
            "threads": [(threads, threads, inputs(name, 16)) for threads in THREADS]}
        for axis, settings in growths.items():
            # Threads share what the processor's time adds up.
            clock = 1 if arguments.processor and axis != "threads" else 0
            found = [measured(name, threads, data) for _, threads, data in settings]
            row(name, axis, [place for place, _, _ in settings], [each[clock] for each in found],
                [each[2] for each in found])
    if "training-step" not in names:
        return
    largest = arguments.largest_batch
    batches = [batch for batch in TRAINING_BATCHES if batch <= largest]
    sides = TRAINING_SIDES
    growths = [("batch", batches, [training(batch, 256, 2) for batch in batches]),
               ("pixels a picture", [side**2 for side in sides], [training(4, side, 2) for side in sides]),
               ("threads", THREADS, [training(8, 256, threads) for threads in THREADS])]
    checkpointed = [batch for batch in CHECKPOINTED if batch <= largest]
    if len(checkpointed) > 1:
        growths.append(("batch, checkpointed", checkpointed, [training(batch, 256, 2, True) for batch in checkpointed]))
    for axis, places, found in growths:
        row("training-step", axis, places, [each[0] for each in found], [each[2] for each in found])
        print(f"|  | its plan's MB | | | | {', '.join(str(each[1]) for each in found)} "
              f"| {slope(places, [each[1] for each in found])} |", flush=True)
    batches = [batch for batch in PEER if batch <= largest]
    if not arguments.no_peer and len(batches) > 1:
        found = [peer(batch) for batch in batches]
        row("training-step, PyTorch", "batch", batches, [each[0] for each in found], [each[1] for each in found])


if __name__ == "__main__":
    main()
