"""What the scripts of tools/reliability share: the program, the preloaded library, scratch directories, comparing results."""
import atexit, json, os, pathlib, re, signal, subprocess, sys, tempfile, zlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = pathlib.Path(os.environ.get("PERCEPTUAL", ROOT / ".build/release/perceptual"))
SMALL = ["--batch", "1", "--channels", "2", "--size", "32", "--threads", "1"]


def library(directory):
    """Compiles interpose.c; returns the shared object."""
    path = pathlib.Path(directory) / "interpose.so"
    subprocess.run(
        ["cc", "-O1", "-fPIC", "-shared", "-Wall", "-o", str(path), str(HERE / "interpose.c"), "-ldl"], check=True)
    return path


def scratch():
    return tempfile.TemporaryDirectory(prefix="perceptual-reliability-")


def check_program():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not PROGRAM.exists():
        sys.exit(f"{PROGRAM}: build it first, with swift build -c release, or name another in PERCEPTUAL")


def run(arguments, directory, environment=None, timeout=600):
    """Runs the program in a directory; returns exit code (negative: a signal) and the two streams."""
    result = subprocess.run(
        [str(PROGRAM), *arguments], cwd=directory, env=os.environ | (environment or {}), stdin=subprocess.DEVNULL,
        capture_output=True, timeout=timeout)
    return result.returncode, result.stdout, result.stderr


def files(directory):
    """Contents by path below a directory. Of a cache of clips, whose names and headers follow from inodes, the elements alone."""
    directory = pathlib.Path(directory)
    found = {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}
    clips = [name for name in found if name.startswith("kept/") and name.endswith(".safetensors")]
    whole = [found.pop(name) for name in clips]
    elements = sorted(contents[8 + int.from_bytes(contents[:8], "little"):] for contents in whole)
    return found | {f"kept/{number}": contents for number, contents in enumerate(elements)}


def comparable(name, contents):
    """What of a file is the same in every run: no seconds, no machine."""
    if name.endswith((".jsonl", ".json")):
        return re.sub(rb'"seconds":\s*[0-9.eE+-]+', b'"seconds":0', contents)
    return contents


def is_leftover(name):
    base = name.rsplit("/", 1)[-1]
    return base.startswith(".perceptual-") or base == "in-use"


class Tally:
    """Counts what was tried and says what did not hold, at the latest when the campaign is interrupted."""

    def __init__(self, what):
        self.what, self.tried, self.violations = what, 0, []
        atexit.register(self.finish)

    def check(self, holds, sentence):
        if not holds:
            self.violations.append(sentence)
            print(f"VIOLATED {sentence}", flush=True)
        return holds

    def finish(self):
        atexit.unregister(self.finish)
        print(f"{self.what}: {self.tried} tried, {len(self.violations)} violated", flush=True)
        return 1 if self.violations else 0


TRAIN = ["train", "--data", "noise", "--loss", "mse", *SMALL, "--out", "out"]
RAW = ["raw-autoencoder", "train", "--data", "music", "--loss", "mse", "--batch", "1", "--channels", "2", "--latent", "2",
       "--windows", "8", "--threads", "1", "--out", "out"]


def checksum(path_or_bytes):
    """CRC-32 of a safetensors file's contents as docs/reliability.md has it, and the one that it carries; None, None for no file."""
    contents = path_or_bytes
    try:
        size = int.from_bytes(contents[:8], "little")
        header = json.loads(contents[8:8 + size])
        data = contents[8 + size:]
        metadata = header.pop("__metadata__", {})
        value = 0
        for key in sorted(metadata, key=str.encode):
            if key != "crc32":
                for text in (key, metadata[key]):
                    value = zlib.crc32(text.encode() + b"\0", value)
        end = 0
        for name in sorted(header, key=str.encode):
            entry = header[name]
            for text in (name, entry["dtype"], ",".join(map(str, entry["shape"]))):
                value = zlib.crc32(text.encode() + b"\0", value)
            first, last = entry["data_offsets"]
            value = zlib.crc32(data[first:last], value)
            end = max(end, last)
        if end != len(data):
            return None, None
        return f"{value:08x}", metadata.get("crc32")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None
