"""SSIM and MS-SSIM of every published variant, written from their conventions, in double precision.

The attributes are those of docs/fixtures.md. verify.py holds each variant to the peer that it is named after.
"""

import math

import torch
import torch.nn.functional as F

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def weights_of(size, sigma, window="gaussian"):
    if window == "uniform":
        return torch.full((size,), 1.0 / size, dtype=torch.float64)
    distance = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    bell = torch.exp(-(distance**2) / (2 * sigma**2))
    return bell / bell.sum()


def power_of_clamped(term, exponent):
    """max(term, 0)^exponent, whose derivative where it is clamped is 0 and not infinity times 0."""
    positive = term > 0
    return torch.where(positive, torch.where(positive, term, 1.0) ** exponent, 0.0)


def mirror(x, before, after):
    """Extend both axes by pixels mirrored at the edge, which is repeated."""
    for axis in (-2, -1):
        size = x.shape[axis]
        places = torch.arange(-before, size + after) % (2 * size)
        x = x.index_select(axis, torch.where(places < size, places, 2 * size - 1 - places))
    return x


def reduce(x, rule):
    """Automatic downsampling by f = the smaller side over 256, rounded."""
    ratio = min(x.shape[-2:]) / 256
    factor = max(1, {"none": 1, "piq": round(ratio), "matlab": math.floor(ratio + 0.5)}[rule])
    if factor == 1:
        return x
    if rule == "piq":
        return F.avg_pool2d(x, factor)
    # A mean around every f-th pixel: of an even number one more after it than before.
    before = (factor - 1) // 2
    sums = F.avg_pool2d(mirror(x, before, factor - 1 - before), factor, stride=1)
    return sums[..., ::factor, ::factor]


def terms(x, y, windowSize=11, sigma=1.5, k1=0.01, k2=0.03, dataRange=1, window="gaussian",
          covariance="population", padding="valid", rectifiedContrast=False):
    """Luminance and contrast at every position of the window."""
    if padding == "reflect":
        reach = windowSize // 2
        x, y = (F.pad(image, (reach,) * 4, mode="reflect") for image in (x, y))
    row = weights_of(windowSize, sigma, window)

    def blur(image):
        planes = image.flatten(0, 1)[:, None]
        planes = F.conv2d(F.conv2d(planes, row.reshape(1, 1, 1, -1)), row.reshape(1, 1, -1, 1))
        return planes.reshape(*image.shape[:2], *planes.shape[-2:])

    mean_x, mean_y = blur(x), blur(y)
    # Of values near 0, mean x^2 - mean^2 cancels least; the moments do not depend on where 0 lies.
    x, y = x - x.detach().mean(), y - y.detach().mean()
    near_x, near_y = blur(x), blur(y)
    factor = windowSize**2 / (windowSize**2 - 1) if covariance == "sample" else 1
    spread = factor * (blur(x * x) - near_x**2 + blur(y * y) - near_y**2)
    shared = factor * (blur(x * y) - near_x * near_y)
    c1, c2 = (k1 * dataRange) ** 2, (k2 * dataRange) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    contrast = (2 * shared + c2) / (spread + c2)
    return luminance, power_of_clamped(contrast, 1) if rectifiedContrast else contrast


def ssim_map(prediction, target, downsampling="none", **attributes):
    luminance, contrast = terms(reduce(prediction, downsampling), reduce(target, downsampling), **attributes)
    return luminance * contrast


def ssim(prediction, target, **attributes):
    return ssim_map(prediction, target, **attributes).mean((1, 2, 3))


def pooled(x, oddSizes):
    height, width = x.shape[-2:]
    if oddSizes == "pad":
        return F.avg_pool2d(x, 2, padding=(height % 2, width % 2))
    if oddSizes == "symmetric":
        x = F.pad(x, (0, width % 2, 0, height % 2), mode="replicate")
    elif oddSizes == "replicateStart":
        odd = max(height % 2, width % 2)
        x = F.pad(x, (odd, 0, odd, 0), mode="replicate")
    return F.avg_pool2d(x, 2)


def ms_ssim(prediction, target, weights=WEIGHTS, oddSizes="pad", negativeContrast="relu", contrastFloor=1e-4,
            channels="separate", padding="valid", **attributes):
    x, y, product = prediction, target, 1.0
    for scale, weight in enumerate(weights):
        last = scale == len(weights) - 1
        luminance, contrast = terms(x, y, padding=padding if last else "valid",
                                    rectifiedContrast=negativeContrast == "reluMap", **attributes)
        term = (luminance * contrast if last else contrast).mean((-2, -1))
        if channels == "joint":
            term = term.mean(1, keepdim=True)
        if negativeContrast == "shift":
            term = (1 + term) / 2
        elif negativeContrast == "floor":
            term = torch.where(term > contrastFloor, term, contrastFloor)
        product = product * power_of_clamped(term, weight)
        if not last:
            x, y = pooled(x, oddSizes), pooled(y, oddSizes)
    return product.mean(1)
