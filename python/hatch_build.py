"""Puts the shared library into the wheel: PERCEPTUAL_LIBRARY, or what `swift build` makes of this repository."""

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = {"darwin": "libPerceptualC.dylib", "win32": "PerceptualC.dll"}.get(sys.platform, "libPerceptualC.so")


def library(package: pathlib.Path) -> pathlib.Path:
    given = os.environ.get("PERCEPTUAL_LIBRARY")
    if given:
        path = pathlib.Path(given).resolve()
        if not path.is_file():
            raise SystemExit(f"perceptual-losses: PERCEPTUAL_LIBRARY names {path}, which is not there")
        return path
    repository = package.parent
    if not (repository / "Package.swift").is_file():
        raise SystemExit(
            "perceptual-losses: the Swift sources are not here. Build from a checkout of the repository, install a "
            "wheel, or set PERCEPTUAL_LIBRARY to the library's path")
    swift = shutil.which("swift")
    if swift is None:
        raise SystemExit(
            "perceptual-losses: swift is not there. Install Swift 6.3 or newer, install a wheel, or set "
            "PERCEPTUAL_LIBRARY to the library's path")
    # On Linux linked with Swift's own libraries, so that the wheel needs none of them.
    made = package / "build" / NAME
    made.parent.mkdir(exist_ok=True)
    relinked = [repository / "tools" / "c-interface" / "library", made]
    plain = [swift, "build", "-c", "release", "--product", "PerceptualC"]
    command = relinked if sys.platform == "linux" else plain
    try:
        subprocess.run(command, cwd=repository, check=True)
        if command is relinked:
            return made
        found = subprocess.run([*plain, "--show-bin-path"], cwd=repository, check=True, stdout=subprocess.PIPE, text=True)
    except subprocess.CalledProcessError as error:
        words = " ".join(str(word) for word in command)
        raise SystemExit(f"perceptual-losses: {words} failed with status {error.returncode}") from error
    return pathlib.Path(found.stdout.strip()) / NAME


class LibraryHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version, build_data):
        source = library(pathlib.Path(self.root))
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
        if version == "editable":
            shutil.copy2(source, pathlib.Path(self.root) / "src" / "perceptual_losses" / NAME)
        else:
            build_data["force_include"][str(source)] = f"perceptual_losses/{NAME}"
