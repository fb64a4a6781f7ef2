"""Time and memory of training steps by batch and size; see tools/benchmark/scaling."""

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

STEPS = 4
# Batch and side of the pictures: the batch doubles at the paper's size, then the pixels quadruple at one batch.
SETTINGS = [(1, 256), (2, 256), (4, 256), (8, 256), (16, 256), (64, 256), (4, 128), (4, 512)]
CHECKPOINTED = [(8, 256), (64, 256)]
PEER = [(8, 256), (64, 256)]


def child(command):
    """Runs a command; its text and the most memory that was resident, in MB."""
    with tempfile.TemporaryFile("w+") as text:
        process = subprocess.Popen(command, stdout=text, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        text.seek(0)
        output = text.read()
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command)}\n{output}")
    return output, usage.ru_maxrss / 1024


def ours(batch, side, threads, checkpoints):
    with tempfile.TemporaryDirectory() as directory:
        command = [os.environ["PERCEPTUAL_BINARY"], "train", "--data", "noise", "--loss", "mse", "--kernel", "4", "--out", directory,
                   "--batch", str(batch), "--size", str(side), "--iterations", str(STEPS), "--threads", str(threads),
                   "--explain"] + (["--checkpoint-activations"] if checkpoints else [])
        output, resident = child(command)
        log = (pathlib.Path(directory) / "log.jsonl").read_text().splitlines()
    planned = int(re.search(r"of a step: (\d+) MB", output)[1])
    return statistics.median(json.loads(line)["seconds"] for line in log[1:]), planned, resident


def peer(batch, side, threads):
    output, resident = child([sys.executable, __file__, "--peer", f"{batch},{side}", "--threads", str(threads)])
    return float(output.split()[-1]), None, resident


def peer_step(batch, side, threads):
    """In a process of its own: prints the median seconds of a step after the first."""
    import network
    import torch

    torch.set_num_threads(threads)
    network.BATCH, network.SIDE = batch, side
    work = network.TrainingStep()
    seconds = []
    for _ in range(STEPS - 1):
        start = time.perf_counter()
        work.run()
        seconds.append(time.perf_counter() - start)
    print(statistics.median(seconds[1:]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        batch, side = (int(part) for part in arguments.peer.split(","))
        peer_step(batch, side, arguments.threads)
        return
    print("| program | batch | pictures | ms a step | ms an image | ns a pixel | MB of a step | MB resident |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    rows = [("ours", setting, lambda b, s: ours(b, s, arguments.threads, False)) for setting in SETTINGS]
    rows += [("ours, checkpointed", setting, lambda b, s: ours(b, s, arguments.threads, True)) for setting in CHECKPOINTED]
    if not arguments.no_peer:
        rows += [("PyTorch", setting, lambda b, s: peer(b, s, arguments.threads)) for setting in PEER]
    for program, (batch, side), measure in rows:
        seconds, planned, resident = measure(batch, side)
        print(f"| {program} | {batch} | {side}x{side} | {1e3 * seconds:.0f} | {1e3 * seconds / batch:.1f} | "
              f"{1e9 * seconds / (batch * side * side):.0f} | {planned or ''} | {resident:.0f} |", flush=True)


if __name__ == "__main__":
    main()
