"""Where the command line is, for the scripts that run it."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def executable():
    """PERCEPTUAL, wherever the caller goes next; without it, what a release build makes."""
    if "PERCEPTUAL" in os.environ:
        given = os.environ["PERCEPTUAL"]
        return str(pathlib.Path(given).resolve()) if os.sep in given else given
    build = ["swift", "build", "-c", "release", "--product", "perceptual"]
    subprocess.run(build, cwd=ROOT, check=True, stdout=sys.stderr)
    path = subprocess.run(build[:4] + ["--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return path.stdout.strip() + "/perceptual"
