"""Runs each piece of work on both sides in turn and compares results and times. Started by tools/benchmark/run."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from catalogue import BATCHED, DEFAULT_THREADS, DESCRIPTIONS


def arguments():
    parser = argparse.ArgumentParser(prog="tools/benchmark/run", allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true")
    # One process has one number of threads, since libraries read it as they load: --one is how it starts itself.
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


class Ours:
    """The Swift side: a process that reads its input once and then runs as often as it is told."""

    def __init__(self, name, inputs, threads, folder):
        from safetensors.numpy import load_file, save_file
        save_file(inputs, folder / "input.safetensors")
        command = [os.environ["PERCEPTUAL_BINARY"], "benchmark-worker", name, "--data", str(folder),
                   "--threads", str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.description = self.reply()
        self.results = load_file(folder / "result.safetensors")

    def reply(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"benchmark: our side stopped with exit code {self.process.wait()}")
        return json.loads(line)

    def run(self, times):
        self.process.stdin.write(f"{times}\n")
        self.process.stdin.flush()
        reply = self.reply()
        return list(zip(reply["seconds"], reply["cpuSeconds"]))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(function, times):
    """Seconds by the clock on the wall, and of processor time over all threads, of each run."""
    seconds = []
    for _ in range(times):
        start, processor = time.perf_counter(), time.process_time()
        function()
        seconds.append((time.perf_counter() - start, time.process_time() - processor))
    return seconds


def measure(name, threads, rounds, batch):
    """One object of the results."""
    import torch

    import network
    import works
    torch.set_num_threads(threads)
    network.BATCH = batch or network.BATCH
    work = works.ALL[name]()
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(name, work.inputs, threads, pathlib.Path(folder))
        peer_results = work.first()
        verdict = work.compare(ours.results, peer_results)
        # The second run of each tells how many fill a quarter of a second; what came before is warming up.
        (peer_once, _), (ours_once, _) = timed(work.run, 1)[0], ours.run(1)[0]
        counts = {side: max(1, min(200, round(0.25 / max(once, 1e-6))))
                  for side, once in (("peer", peer_once), ("ours", ours_once))}
        rounds = rounds or (3 if peer_once + ours_once > 4 else 7)
        seconds = {"peer": [], "ours": []}
        for turn in range(rounds):
            # Whoever goes first changes with every turn: neither side always runs on the warmer machine.
            for side in (("peer", "ours") if turn % 2 == 0 else ("ours", "peer")):
                seconds[side] += timed(work.run, counts["peer"]) if side == "peer" else ours.run(counts["ours"])
        ours.close()
    medians = {side: statistics.median(wall for wall, _ in values) for side, values in seconds.items()}
    processor = {side: statistics.median(cpu for _, cpu in values) for side, values in seconds.items()}
    return {
        "name": name, "peer": work.peer, "threads": threads, "ours_seconds": medians["ours"],
        "peer_seconds": medians["peer"], "ratio": medians["peer"] / medians["ours"],
        "largest_difference": verdict.largest, "allowed_difference": verdict.allowed, "agrees": verdict.agrees,
        "compared": verdict.what, "ours_minimum_seconds": min(seconds["ours"])[0],
        "peer_minimum_seconds": min(seconds["peer"])[0],
        # On a machine that others use, processor time says more than the clock on the wall.
        "ours_cpu_seconds": processor["ours"], "peer_cpu_seconds": processor["peer"],
        "cpu_ratio": processor["peer"] / processor["ours"], "rounds": rounds,
        "instruction_set": ours.description["instructionSet"],
        "has_bf16_products": ours.description["hasBF16Products"]} | ({"batch": network.BATCH} if name in BATCHED else {})


def measure_in_child(name, threads, rounds, batch):
    environment = os.environ | {key: str(threads) for key in (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
    command = [sys.executable, __file__, name, "--one", "--threads", str(threads)]
    for option, value in ("--rounds", rounds), ("--batch", batch):
        command += [option, str(value)] if value else []
    child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if child.returncode:
        sys.exit(f"benchmark: {name} failed")
    return json.loads(child.stdout)


COLUMNS = "{:20} {:44} {:>7} {:>11} {:>11} {:>7} {:>11}"


def row(result):
    return COLUMNS.format(
        result["name"], result["peer"], result["threads"], f"{1000 * result['ours_seconds']:.4g} ms",
        f"{1000 * result['peer_seconds']:.4g} ms", f"{result['ratio']:.2f}",
        f"{result['largest_difference']:.1e}" + ("" if result["agrees"] else "  DIFFERS"))


def main():
    options = arguments()
    if options.list:
        for name, description in DESCRIPTIONS.items():
            print(f"{name:20} {description}")
        return
    names = options.names or list(DESCRIPTIONS)
    for name in names:
        if name not in DESCRIPTIONS:
            print(f"benchmark: there is no {name}: there are {', '.join(DESCRIPTIONS)}", file=sys.stderr)
            sys.exit(64)
    if any(value is not None and value < 1 for value in (options.threads, options.rounds, options.batch)):
        print("benchmark: --threads, --rounds and --batch are 1 or more", file=sys.stderr)
        sys.exit(64)
    if options.batch and not BATCHED.issuperset(names):
        print(f"benchmark: --batch is for {' and '.join(sorted(BATCHED))}", file=sys.stderr)
        sys.exit(64)
    if options.one:
        print(json.dumps(measure(names[0], options.threads, options.rounds, options.batch)))
        return
    if not options.json:
        print(COLUMNS.format("name", "peer", "threads", "ours", "peer", "ratio", "difference"))
    agrees = True
    for name in names:
        result = measure_in_child(name, options.threads or DEFAULT_THREADS.get(name, 1), options.rounds,
                                  options.batch)
        agrees = agrees and result["agrees"]
        print(json.dumps(result) if options.json else row(result), flush=True)
    sys.exit(0 if agrees else 1)


main()
