"""The files that the oracles write, parts of them by name, and their checksums.

    manifest.py FOLDER [NAME...]     prints the manifest of FOLDER, in the form of sha256sum
"""

import hashlib
import pathlib
import sys

# Not written by the oracles; they carry their own provenance.
FOREIGN = ("audio/", "containers/", "weights/")


def is_asked(name, parts):
    """Whether a file belongs to the parts asked for: each part is the beginning of a path; none ask for everything."""
    return not parts or name.startswith(tuple(parts))


def file_names(root, parts=()):
    """Paths of the safetensors files under root, sorted."""
    names = (path.relative_to(root).as_posix() for path in pathlib.Path(root).rglob("*.safetensors"))
    return sorted(name for name in names if not name.startswith(FOREIGN) and is_asked(name, parts))


def manifest(root, parts=()):
    """A line `sha256  path` for every file, sorted by path."""
    return "".join(f"{hashlib.sha256((pathlib.Path(root) / name).read_bytes()).hexdigest()}  {name}\n"
                   for name in file_names(root, parts))


def recorded(root, parts=()):
    """The lines of the folder's MANIFEST.sha256 for those parts; nothing where there is no such file."""
    path = pathlib.Path(root) / "MANIFEST.sha256"
    lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
    return "".join(line for line in lines if is_asked(line.split("  ", 1)[-1].rstrip("\n"), parts))


if __name__ == "__main__":
    sys.stdout.write(manifest(sys.argv[1], sys.argv[2:]))
