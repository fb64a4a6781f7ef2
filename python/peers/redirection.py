"""Puts this package in a peer's place, with what a peer's tests need beside it.

../peer-tests uses it, in a process for each file.
"""

import ast
import importlib
import importlib.machinery
import importlib.util
import math
import sys
import types

# Modules of each peer, and what takes their place: all of the module, or the names that ours has of a larger one.
MODULES = {
    "pytorch_msssim": {
        "pytorch_msssim": "perceptual_losses",
        "pytorch_msssim.ssim": "perceptual_losses.functional",
    },
    "piq": {
        "piq": "perceptual_losses.compat.piq",
        "piq.ssim": "perceptual_losses.compat.piq",
        "piq.ms_ssim": "perceptual_losses.compat.piq",
    },
    "torchmetrics": {
        "torchmetrics": "perceptual_losses.compat.torchmetrics.image",
        "torchmetrics.image": "perceptual_losses.compat.torchmetrics.image",
        "torchmetrics.image.ssim": "perceptual_losses.compat.torchmetrics.image",
        "torchmetrics.functional": "perceptual_losses.compat.torchmetrics.functional",
        "torchmetrics.functional.image": "perceptual_losses.compat.torchmetrics.functional",
        "torchmetrics.functional.image.ssim": "perceptual_losses.compat.torchmetrics.functional",
    },
}
NAMES = {
    "pytorch_msssim": {"ssim", "ms_ssim", "SSIM", "MS_SSIM", "*"},
    "piq": {"ssim", "multi_scale_ssim", "SSIMLoss", "MultiScaleSSIMLoss"},
    "torchmetrics": {
        "structural_similarity_index_measure", "multiscale_structural_similarity_index_measure",
        "StructuralSimilarityIndexMeasure", "MultiScaleStructuralSimilarityIndexMeasure",
    },
}


def imports(tree):
    """(module, name) of every import of a file; the name is None for `import module`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += [(node.module, alias.name) for alias in node.names]
    return found


def peer_of(tree):
    """The peer that a file tests: torchmetrics' and piq's tests import pytorch-msssim as their reference."""
    tops = {module.split(".")[0] for module, _ in imports(tree)}
    return next((peer for peer in ("torchmetrics", "piq", "pytorch_msssim") if peer in tops), None)


def outside(tree, peer):
    """Why a file tests nothing of ours, or None."""
    taken = [name for module, name in imports(tree) if module in MODULES[peer] and name]
    whole = [module for module, name in imports(tree) if module in MODULES[peer] and not name]
    ours = [name for name in taken if name in NAMES[peer]]
    strangers = sorted({name for name in taken if name not in NAMES[peer]})
    if not ours and not (whole and not strangers):
        return f"tests nothing that this package has ({', '.join(strangers) or peer})"
    if strangers and peer != "torchmetrics":
        return f"imports what this package does not have: {', '.join(strangers)}"
    return None


def redirect(peer):
    for name, ours in MODULES[peer].items():
        replacement = importlib.import_module(ours)
        if peer != "torchmetrics":
            sys.modules[name] = replacement
            continue
        # A metric needs the rest of torchmetrics; only the names that are ours are put into it.
        module = importlib.import_module(name)
        for own in NAMES[peer]:
            if hasattr(replacement, own) and (hasattr(module, own) or name != "torchmetrics"):
                setattr(module, own, getattr(replacement, own))


class Absent:
    """Stands for what a missing module has. Whoever uses it is skipped; where `absorbing`, only whoever compares it."""

    def __init__(self, needs, skip, absorbing):
        self._state = needs, skip, absorbing

    def _used(self, *_, **__):
        needs, skip, absorbing = self._state
        return self if absorbing else skip(f"needs {needs}")

    def _compared(self, *_, **__):
        needs, skip, _ = self._state
        skip(f"needs {needs}")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._used()

    def __float__(self):
        self._used()
        return math.nan

    __call__ = __getitem__ = __enter__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _used
    __bool__ = __array__ = __len__ = __iter__ = __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _compared

    def __exit__(self, *_):
        return False


class _AbsentModule(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.absent


def provide_missing(tree, skip, absorbing=False):
    """A module in place of each one that the file imports and that is not there."""
    for module, _ in imports(tree):
        top = module.split(".")[0]
        if top in sys.modules and not isinstance(sys.modules[top], _AbsentModule):
            continue
        if isinstance(sys.modules.get(top), _AbsentModule) or importlib.util.find_spec(top) is None:
            path = ""
            for part in module.split("."):
                path = f"{path}.{part}" if path else part
                stand_in = _AbsentModule(path)
                stand_in.__path__, stand_in.absent = [], Absent(top, skip, absorbing)
                stand_in.__spec__ = importlib.machinery.ModuleSpec(path, None)
                sys.modules.setdefault(path, stand_in)


def prepare(skip):
    """What every peer's tests need: no network, no device, names that later versions of their imports have dropped."""
    import socket

    import torch

    # piq and torchmetrics import torchvision, whose operators may not load: their names are enough.
    prepare.library = torch.library.Library("torchvision", "DEF")
    try:
        for operator in ("nms", "qnms"):
            prepare.library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except RuntimeError:
        pass
    if not torch.cuda.is_available():
        torch.cuda._lazy_init = lambda: skip("needs a CUDA device")
    connect = socket.socket.connect

    def connect_locally(self, address):
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            skip(f"needs a download from {address[0]}")
        return connect(self, address)

    socket.socket.connect = connect_locally
    resolve = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **named: (
        resolve(host, *rest, **named) if host in (None, "127.0.0.1", "::1", "localhost")
        else skip(f"needs a download from {host}"))
    _restore_scikit_image()
    if importlib.util.find_spec("cachier") is None:
        # torchmetrics' helpers keep results of references with it.
        cachier = types.ModuleType("cachier")
        cachier.cachier = lambda *_, **__: lambda function: function
        sys.modules["cachier"] = cachier


def _restore_scikit_image():
    """`multichannel` and `compare_ssim`, which scikit-image has dropped."""
    try:
        import skimage.measure
        import skimage.metrics
    except ImportError:
        return
    current = skimage.metrics.structural_similarity

    def structural_similarity(*images, multichannel=False, **options):
        if multichannel:
            options.setdefault("channel_axis", -1)
        return current(*images, **options)

    skimage.metrics.structural_similarity = structural_similarity
    skimage.measure.compare_ssim = structural_similarity
