"""Runs each piece of work on both sides in turn and compares results and times. Started by tools/benchmark/run."""

import argparse
import functools
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
    parser.add_argument("--peers", choices=("eager", "all"), default="all")
    parser.add_argument("--instruction-set", choices=("auto", "avx2"), default="auto")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--list", action="store_true")
    # One process has one number of threads, since libraries read it as they load: --one is how it starts itself.
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


class Ours:
    """The Swift side: a process that reads its input once and then runs as often as it is told."""

    def __init__(self, name, inputs, threads, instruction_set, folder):
        from safetensors.numpy import load_file, save_file
        save_file(inputs, folder / "input.safetensors")
        command = [os.environ["PERCEPTUAL_BINARY"], "benchmark-worker", name, "--data", str(folder),
                   "--threads", str(threads), "--instruction-set", instruction_set]
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


def made(work, reference):
    """Its further peers that can be had, and what is known of each by name: "agrees" and "note"."""
    found, known = {}, {}
    for name, make in work.others.items():
        try:
            peer = make()
            agrees, difference = peer.agrees, None
            if agrees is None:
                verdict = work.compare((peer.first or peer.run)(), reference)
                agrees, difference = verdict.agrees, verdict.largest
            found[name] = peer
            known[name] = {"agrees": agrees, "difference": difference, "note": peer.note}
        # Whatever a compiler or a missing package throws is worth a line, not the end of the run.
        except Exception as error:
            reason = str(error).strip().splitlines() or [""]
            known[name] = {"agrees": False, "note": f"not to be had: {type(error).__name__}: {reason[0][:200]}"}
    return found, known


def measure(name, threads, options):
    """One object of the results."""
    import torch

    import floors
    import network
    import works
    torch.set_num_threads(threads)
    avx2 = options.instruction_set == "avx2"
    if avx2:
        import torch._inductor.config
        torch._inductor.config.cpp.simdlen = 256
    network.BATCH = options.batch or network.BATCH
    work = works.ALL[name]()
    more = options.peers == "all"
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(name, work.inputs, threads, options.instruction_set, pathlib.Path(folder))
        reference = work.first()
        verdict = work.compare(ours.results, reference)
        others, known = made(work, reference) if more else ({}, {})
        sides = {"ours": ours.run, work.peer: functools.partial(timed, work.run)}
        sides |= {other: functools.partial(timed, peer.run) for other, peer in others.items()}
        # The second run of each tells how many fill a quarter of a second; what came before is warming up.
        counts, once = {}, {}
        for side, run in sides.items():
            once[side] = run(1)[0][0]
            counts[side] = max(1, min(200, round(0.25 / max(once[side], 1e-6))))
        rounds = options.rounds or (3 if sum(once.values()) > 4 else 7)
        times = {side: [] for side in sides}
        for turn in range(rounds):
            # Whoever goes first changes with every turn: no side always runs on the warmer machine.
            for side in list(sides)[::1 if turn % 2 else -1]:
                times[side] += sides[side](counts[side])
        ours.close()
        quality = {}
        if more and hasattr(work, "quality"):
            quality["ours_quality"] = work.quality(lambda signal: our_answer(name, {"signal": signal}))
    core = floors.machine(*["-mno-avx512f"] * avx2) if more else None
    floor = work.floor(core, threads) if more else None
    wall = {side: statistics.median(pair[0] for pair in pairs) for side, pairs in times.items()}
    processor = {side: statistics.median(pair[1] for pair in pairs) for side, pairs in times.items()}
    mine, eager = wall["ours"], work.peer
    known = {eager: {"agrees": verdict.agrees, "difference": verdict.largest, "note": ""}} | known
    listed = [{"name": side} | facts | (
        {"seconds": wall[side], "cpu_seconds": processor[side], "ratio": wall[side] / mine} if side in wall else {})
        for side, facts in known.items()]
    best = min((peer for peer in listed if peer["agrees"]), key=lambda peer: peer["seconds"], default=None)
    return {
        "name": name, "peer": eager, "threads": threads, "ours_seconds": mine, "peer_seconds": wall[eager],
        "ratio": wall[eager] / mine, "best_peer": best and best["name"], "best_ratio": best and best["ratio"],
        "floor": floor and floor[0], "floor_seconds": floor and floor[1], "core": core, "peers": listed,
        "largest_difference": verdict.largest, "allowed_difference": verdict.allowed, "agrees": verdict.agrees,
        "compared": verdict.what, "ours_minimum_seconds": min(times["ours"])[0],
        "peer_minimum_seconds": min(times[eager])[0],
        # On a machine that others use, processor time says more than the clock on the wall.
        "ours_cpu_seconds": processor["ours"], "peer_cpu_seconds": processor[eager],
        "cpu_ratio": processor[eager] / processor["ours"], "rounds": rounds,
        "instruction_set": ours.description["instructionSet"],
        "has_bf16_products": ours.description["hasBF16Products"]
    } | quality | ({"batch": network.BATCH} if name in BATCHED else {})


def our_answer(name, inputs):
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(name, inputs, 1, "auto", pathlib.Path(folder))
        ours.close()
    return next(iter(ours.results.values()))


# How the peers' libraries are told to leave AVX-512 alone.
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2"}


def measure_in_child(name, threads, options):
    # NPROC is what XLA goes by. PyTorch's compiler would start a pool of processes that outlives their use.
    environment = os.environ | {key: str(threads) for key in (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC")}
    environment |= {"TORCHINDUCTOR_COMPILE_THREADS": "1"} | (AVX2 if options.instruction_set == "avx2" else {})
    command = [sys.executable, __file__, name, "--one", "--threads", str(threads), "--peers", options.peers,
               "--instruction-set", options.instruction_set]
    for option, value in ("--rounds", options.rounds), ("--batch", options.batch):
        command += [option, str(value)] if value else []
    child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if child.returncode:
        sys.exit(f"benchmark: {name} failed")
    # Compilers may print before it.
    return json.loads(child.stdout.splitlines()[-1])


COLUMNS = "{:20} {:44} {:>7} {:>11} {:>11} {:>7} {:>11}"


def rows(result):
    """One for each peer, the eager one first, and one for the floor."""
    def row(name, peer, seconds, ratio, remark):
        return COLUMNS.format(name, peer, result["threads"], f"{1000 * result['ours_seconds']:.4g} ms",
                              f"{1000 * seconds:.4g} ms", f"{ratio:.2f}", remark)

    lines = []
    for peer in result["peers"]:
        name = "" if lines else result["name"]
        if "seconds" not in peer:
            lines.append(f"{name:20} {peer['name']} is {peer['note']}")
            continue
        difference = peer.get("difference")
        remark = f"{difference:.1e}" if difference is not None else ""
        remark += "" if peer["agrees"] or difference is None else "  DIFFERS"
        lines.append(row(name, peer["name"], peer["seconds"], peer["ratio"], f"{remark}  {peer['note']}".strip()))
    if result["floor"]:
        lines.append(row("", result["floor"], result["floor_seconds"],
                         result["floor_seconds"] / result["ours_seconds"], "floor"))
    if "ours_quality" in result:
        lines.append(f"{'':20} ours: {result['ours_quality']}")
    return "\n".join(lines)


def table(files, clock):
    """docs/performance.md's, from files of --json's lines."""
    def milliseconds(seconds):
        return f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:.0f}"

    print("| work | threads | ours, ms | peers: ms (ratio) | best ratio | floor, ms (share of ours) |")
    print("|---|---|---|---|---|---|")
    for line in (line for file in files for line in pathlib.Path(file).read_text().splitlines()):
        result = json.loads(line)
        ours = result["ours_" + clock]
        peers = [(peer, peer[clock]) for peer in result["peers"] if clock in peer]
        agreeing = [(seconds, peer["name"]) for peer, seconds in peers if peer["agrees"]]
        told = [f"{peer['name']} {milliseconds(seconds)} ({seconds / ours:.2f})" for peer, seconds in peers]
        told += [f"{peer['name']}: {peer['note']}" for peer in result["peers"] if clock not in peer]
        best = f"{min(agreeing)[0] / ours:.2f}" if agreeing else ""
        floor = result["floor_seconds"]
        # Processor time counts every thread's.
        floor = floor and floor * (result["threads"] if clock == "cpu_seconds" else 1)
        batch = f", batch {result['batch']}" if "batch" in result else ""
        print(f"| {result['name']}{batch}, {result['instruction_set']} | {result['threads']} | {milliseconds(ours)} "
              f"| {'<br>'.join(told)} | {best} | "
              + (f"{milliseconds(floor)} ({floor / ours:.0%}), {result['floor']}" if floor else "") + " |")


def main():
    options = arguments()
    if options.list:
        for name, description in DESCRIPTIONS.items():
            print(f"{name:20} {description}")
        return
    if options.table:
        table(options.names, "cpu_seconds" if options.processor else "seconds")
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
        print(json.dumps(measure(names[0], options.threads, options)))
        return
    if not options.json:
        print(COLUMNS.format("name", "peer", "threads", "ours", "peer", "ratio", "difference"))
    agrees = True
    for name in names:
        result = measure_in_child(name, options.threads or DEFAULT_THREADS.get(name, 1), options)
        agrees = agrees and result["agrees"]
        print(json.dumps(result) if options.json else rows(result), flush=True)
    sys.exit(0 if agrees else 1)


if __name__ == "__main__":
    main()
