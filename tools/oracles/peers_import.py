"""Import the peers. torchvision's compiled extension wants another build of torch than the pinned one and takes
piq, torchmetrics and pyiqa with it at import; none of what is called here needs it, so the two operators that it
would have defined are declared instead."""

import contextlib

import torch

try:
    _library = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _library.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
except RuntimeError:
    pass  # the extension loads on this machine

import piq  # noqa: E402
import pyiqa.archs.nlpd_arch as pyiqa_nlpd  # noqa: E402
import pyiqa.archs.ssim_arch as pyiqa_ssim  # noqa: E402
import pytorch_msssim  # noqa: E402
import skimage.metrics  # noqa: E402
import torchmetrics.functional.image  # noqa: E402

__all__ = ["piq", "pyiqa_nlpd", "pyiqa_ssim", "pytorch_msssim", "skimage", "torchmetrics", "doubles"]


@contextlib.contextmanager
def doubles():
    """Where a peer builds its weights in single precision by name, let it build them in double."""
    single = torch.FloatTensor
    torch.FloatTensor = torch.DoubleTensor
    try:
        yield
    finally:
        torch.FloatTensor = single
