"""Write every fixture, the trajectories and the manifest into a folder (see `regenerate`)."""

import hashlib
import pathlib
import sys

import audio
import bark
import experiments
import mel
import metric_variants
import metrics
import network
import noise
import trajectory
import verify

# Not written here; they carry their own provenance.
FOREIGN = ("audio/", "containers/", "weights/")


def manifest(root):
    """The lines of sha256sum for every safetensors file under root, sorted by path."""
    lines = []
    for path in sorted(root.rglob("*.safetensors"), key=lambda path: path.relative_to(root).as_posix()):
        name = path.relative_to(root).as_posix()
        if not name.startswith(FOREIGN):
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
    return "".join(lines)


def main():
    root = pathlib.Path(sys.argv[1])
    verify.verify_all()
    for module in (network, metrics, metric_variants, audio, mel, bark, noise, trajectory, experiments):
        module.write_all(root)
    (root / "MANIFEST.sha256").write_text(manifest(root))


if __name__ == "__main__":
    main()
