"""Write golden fixtures: deterministic safetensors files in the form docs/fixtures.md lays down.

Every number a case holds follows from the case's name: the name's SHA-256 is the key of a NumPy
Philox generator. Drawn values are rounded to single precision before the oracle sees them, so the
fast path (Float) and the reference (Double) start from the very same inputs, and a difference is
the operation's own and not that of rounding its inputs. `Draw.double` is the exception.
"""

import hashlib
import json
import pathlib
import struct

import numpy as np
import safetensors.numpy
import torch

import progress

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

TYPES = {np.dtype(np.float64): "F64", np.dtype(np.float32): "F32"}


class Draw:
    """The random numbers of one case; the same name gives the same numbers for ever."""

    def __init__(self, name):
        self.name = name
        self.key = np.frombuffer(hashlib.sha256(name.encode()).digest()[:16], dtype="<u8")
        self.generator = np.random.Generator(np.random.Philox(key=self.key, counter=[0, 0, 0, 0]))

    def normal(self, *shape, scale=1.0, offset=0.0):
        return single(offset + scale * self.generator.standard_normal(shape))

    def uniform(self, *shape, low=0.0, high=1.0):
        return single(low + (high - low) * self.generator.random(shape))

    def integers(self, *shape, least=-4, greatest=4):
        return self.generator.integers(least, greatest, shape, endpoint=True).astype(np.float64)

    def double(self, *shape):
        """Signed normals with all 53 bits: a reference that passes through Float fails on these."""
        return self.generator.standard_normal(shape)

    def image(self, *shape):
        """Values in [0, 1] with structure at several scales: box-blurred noise plus fine noise."""
        coarse = self.generator.random(shape)
        for axis in (-2, -1):
            for distance in (1, 2, 4):
                coarse = 0.5 * (coarse + np.roll(coarse, distance, axis))
        fine = self.generator.random(shape)
        return single(np.clip(0.5 + 3.0 * (coarse - 0.5) + 0.2 * (fine - 0.5), 0.0, 1.0))


def single(values):
    """Doubles that are exact in single precision."""
    return np.asarray(values, dtype=np.float64).astype(np.float32).astype(np.float64)


def grid(values):
    """Computed inputs, to the nearest 2^-16: exact in single precision under 256, and the same numbers
    on every processor whatever the last bit of its libm."""
    rounded = np.round(np.asarray(values, dtype=np.float64) * 65536) / 65536
    assert np.abs(rounded).max() < 256
    return rounded + 0.0


def write_safetensors(path, tensors, metadata):
    """Write tensors without holes, doubles first so that each is aligned; equal input, equal bytes."""
    path = pathlib.Path(path)
    file = f"{path.parent.name}/{path.name}"
    if not progress.is_wanted(file):
        return
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header, blocks, offset = {"__metadata__": metadata}, [], 0
    for name in names:
        block = np.ascontiguousarray(tensors[name]).astype(tensors[name].dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": TYPES[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [offset, offset + len(block)],
        }
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    content = struct.pack("<Q", len(text)) + text + b"".join(blocks)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    read_back = safetensors.numpy.load(content)
    for name, tensor in tensors.items():
        assert np.isfinite(tensor).all(), f"{path}: {name} holds a number that is not finite"
        assert read_back[name].tobytes() == np.ascontiguousarray(tensor).tobytes(), f"{path}: {name}"
    progress.written.append(file)


def metadata_text(**values):
    """Metadata are strings; what is not a string is stored as JSON with sorted keys."""
    return {k: v if isinstance(v, str) else json.dumps(v, sort_keys=True) for k, v in values.items()}


class Suite:
    """The cases of one operation, all written by one script."""

    def __init__(self, root, operation, script, oracle):
        self.root, self.operation, self.script, self.oracle = pathlib.Path(root), operation, script, oracle

    def draw(self, case, attempt=0):
        """`attempt` is raised where a case's first numbers come too near a kink."""
        return Draw(f"{self.operation}/{case}" + (f"/{attempt}" if attempt else ""))

    def write(self, case, draw, inputs, compute, attributes=None, cotangents=None, gradients=None,
              compact=False, tolerance=None, oracle=None, override=None):
        """Compute a case's outputs and gradients and write its file.

        inputs      arrays; stored as doubles, or as singles when `compact` says so
        compute     takes double tensors by name, gives output tensors by name
        cotangents  arrays by output name; None draws signed normals for every output, {} means that
                    the file has no gradients
        gradients   names of inputs whose gradient is stored; None means every input
        override    expected arrays by name that replace the oracle's, where the definition is exact
                    and the oracle rounds or gives NaN
        """
        if not progress.is_wanted(f"{self.operation}/{case}.safetensors"):
            return
        leaves = {name: torch.tensor(np.asarray(value, np.float64), requires_grad=cotangents != {})
                  for name, value in inputs.items()}
        outputs = compute(**leaves)
        stored = np.float32 if compact else np.float64
        tensors = {f"input.{name}": np.asarray(value, stored) for name, value in inputs.items()}
        for name, value in outputs.items():
            tensors[f"expected.{name}"] = value.detach().numpy()
        if cotangents is None:
            cotangents = {name: draw.normal(*value.shape) for name, value in outputs.items()}
        if cotangents:
            for name, value in cotangents.items():
                tensors[f"cotangent.{name}"] = np.asarray(value, stored)
            gradients = list(inputs) if gradients is None else gradients
            total = sum((outputs[name] * torch.tensor(np.asarray(value, np.float64))).sum()
                        for name, value in cotangents.items())
            results = torch.autograd.grad(total, [leaves[name] for name in gradients], allow_unused=True)
            for name, result in zip(gradients, results):
                result = torch.zeros_like(leaves[name]) if result is None else result
                tensors[f"expected.gradient.{name}"] = result.numpy()
        for name, value in (override or {}).items():
            assert tensors[name].shape == value.shape, name
            tensors[name] = value
        self.store(case, draw, tensors, attributes, tolerance, oracle)

    def store(self, case, draw, tensors, attributes=None, tolerance=None, oracle=None):
        """Write a case whose tensors are all computed; `draw` is None where nothing was drawn."""
        values = dict(operation=self.operation, attributes=attributes or {}, oracle=oracle or self.oracle,
                      generator=f"tools/oracles/{self.script}, " + (
                          f'Philox key of SHA-256 "{draw.name}"' if draw else "nothing drawn"))
        if tolerance:
            values["tolerance"] = tolerance
        write_safetensors(self.root / self.operation / f"{case}.safetensors", tensors, metadata_text(**values))
