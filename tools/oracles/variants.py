"""The presets of docs/metrics.md: what each peer computes, as attributes, and how to ask that peer itself."""

import numpy as np
import torch

import laplacian
import similarity
from peers_import import doubles, piq, pyiqa_nlpd, pyiqa_ssim, pytorch_msssim, skimage, torchmetrics

image_metrics = torchmetrics.functional.image

SSIM_PRESETS = {
    "paper": {},
    "matlab": {"downsampling": "matlab"},
    "pytorch-msssim": {},
    "piq": {"downsampling": "piq"},
    "torchmetrics": {"padding": "reflect"},
    "scikit-image": {},
    "scikit-image-default": {"windowSize": 7, "window": "uniform", "covariance": "sample"},
    "tensorflow": {},
    "pyiqa": {"rectifiedContrast": True},
}
MS_SSIM_PRESETS = {
    "paper": {"oddSizes": "symmetric"},
    "pytorch-msssim": {},
    "piq": {"oddSizes": "replicateStart"},
    "torchmetrics": {"padding": "reflect", "oddSizes": "drop", "channels": "joint"},
    "torchmetrics-simple": {"padding": "reflect", "oddSizes": "drop", "channels": "joint", "negativeContrast": "shift"},
    "tensorflow": {"oddSizes": "symmetric"},
    "pyiqa": {"negativeContrast": "reluMap", "channels": "joint"},
}


def window_of(x, size, sigma):
    return similarity.weights_of(size, sigma).expand(x.shape[1], 1, 1, size).contiguous()


def settings(windowSize=11, sigma=1.5, k1=0.01, k2=0.03, dataRange=1.0, **rest):
    return windowSize, sigma, k1, k2, float(dataRange), rest


def scikit_image(p, t, gradient=False, **attributes):
    size, sigma, k1, k2, data_range, rest = settings(**attributes)
    plain = rest.get("window", "gaussian") == "gaussian"
    options = dict(data_range=data_range, K1=k1, K2=k2, win_size=size, gaussian_weights=plain, sigma=sigma,
                   use_sample_covariance=rest.get("covariance", "population") == "sample")
    values = [np.mean([skimage.metrics.structural_similarity(a, b, **options) for a, b in zip(x, y)])
              for x, y in zip(p.detach().numpy(), t.detach().numpy())]
    return torch.tensor(np.array(values))


def peer_ssim(name, p, t, **attributes):
    """What the peer itself says, in double precision, one number an image; None where it is not installable."""
    size, sigma, k1, k2, data_range, rest = settings(**attributes)
    if name == "pytorch-msssim":
        return pytorch_msssim.ssim(p, t, data_range, False, win=window_of(p, size, sigma), K=(k1, k2))
    if name == "piq":
        return piq.ssim(p, t, size, sigma, data_range, "none", False, rest.get("downsampling") == "piq", k1, k2)
    if name == "torchmetrics":
        uniform = rest.get("window") == "uniform"
        return image_metrics.structural_similarity_index_measure(
            p, t, not uniform, sigma, size, "none", data_range, k1, k2)
    if name.startswith("scikit-image"):
        return scikit_image(p, t, **attributes)
    if name == "pyiqa":
        row = similarity.weights_of(size, sigma)
        window = torch.outer(row, row).repeat(p.shape[1], 1, 1, 1)
        return pyiqa_ssim.ssim(p, t, win=window, data_range=data_range)
    return None


def peer_ms_ssim(name, p, t, weights=similarity.WEIGHTS, **attributes):
    size, sigma, k1, k2, data_range, rest = settings(**attributes)
    if name == "pytorch-msssim":
        return pytorch_msssim.ms_ssim(p, t, data_range, False, win=window_of(p, size, sigma), weights=list(weights),
                                      K=(k1, k2))
    if name == "piq":
        # Weights that are given are divided by their sum, the default ones, which sum to 1.0001, are not.
        given = None if tuple(weights) == similarity.WEIGHTS else torch.tensor(weights, dtype=torch.float64)
        return piq.multi_scale_ssim(p, t, size, sigma, data_range, "none", given, k1, k2)
    if name.startswith("torchmetrics"):
        return image_metrics.multiscale_structural_similarity_index_measure(
            p, t, True, sigma, size, "none", data_range, k1, k2, tuple(float(w) for w in weights),
            "simple" if name.endswith("simple") else "relu")
    if name == "pyiqa":
        row = similarity.weights_of(size, sigma)
        window = torch.outer(row, row).repeat(p.shape[1], 1, 1, 1)
        with doubles():
            return pyiqa_ssim.ms_ssim(p, t, win=window, data_range=data_range)
    return None


def pyiqa_module():
    """pyiqa's NLPD with its filters in double precision."""
    module = pyiqa_nlpd.NLPD()
    module.filt.data = laplacian.low_pass()
    for index, (top, left, right, bottom) in enumerate(laplacian.NEIGHBOURS):
        module.dn_filts[index].data = torch.tensor(
            [[0, top, 0], [left, 0, right], [0, bottom, 0]], dtype=torch.float64)[None, None]
        module.sigmas[index].data = torch.tensor(laplacian.SIGMAS[index], dtype=torch.float64)
    return module


def peer_nlpd(name, p, t, levels=6):
    """pyiqa's pyramid of each channel by itself: its own for three channels shuffles them into one another."""
    if name != "matlab":
        return None
    module = pyiqa_module()
    module.k = levels
    (count, channels), sides = p.shape[:2], p.shape[2:]
    levels = [module.pyramid(x.reshape(count * channels, 1, *sides)) for x in (p, t)]
    squares = torch.stack([((a - b) ** 2).mean((1, 2, 3)).reshape(count, channels).mean(1) for a, b in zip(*levels)])
    return torch.sqrt(squares).mean(0)
