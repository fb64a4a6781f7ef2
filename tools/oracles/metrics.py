"""Fixtures of the loss functions: mean squared error, SSIM, MS-SSIM and NLPD.

SSIM and padded MS-SSIM are pytorch-msssim's, in double precision and with a window that is double
too (its own is built in single precision). It cannot drop odd rows, asks for large images whatever
the number of scales, and has NaN gradients at clamped terms: for those the definition stands here,
and verify.py holds it to pytorch-msssim where both exist. NLPD is written from its formula.
"""

import numpy as np
import pytorch_msssim
import torch
import torch.nn.functional as F

from fixture import Suite

TORCH = f"PyTorch {torch.__version__.split('+')[0]}, float64"
PEER = f"pytorch-msssim 1.0.0 with a float64 window, {TORCH}"
DEFINITION = f"definition in {TORCH} (tools/oracles/metrics.py)"
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def gaussian(size, sigma):
    distance = torch.arange(size) - (size - 1) / 2
    window = torch.exp(-(distance**2) / (2 * sigma**2))
    return window / window.sum()


def window_of(x, size, sigma):
    return gaussian(size, sigma).expand(x.shape[1], 1, 1, size).contiguous()


def peer_ssim(prediction, target, windowSize=11, sigma=1.5, k1=0.01, k2=0.03, dataRange=1):
    return pytorch_msssim.ssim(prediction, target, data_range=dataRange, size_average=False,
                               win=window_of(prediction, windowSize, sigma), K=(k1, k2))


def peer_ms_ssim(prediction, target, windowSize=11, sigma=1.5, k1=0.01, k2=0.03, dataRange=1, weights=WEIGHTS):
    return pytorch_msssim.ms_ssim(prediction, target, data_range=dataRange, size_average=False, weights=list(weights),
                                  win=window_of(prediction, windowSize, sigma), K=(k1, k2))


def moments(x, y, size, sigma):
    """Local means, biased variances and covariance over valid windows."""
    window = gaussian(size, sigma)
    kernel = torch.outer(window, window).expand(x.shape[1], 1, size, size)

    def blur(image):
        return F.conv2d(image, kernel, groups=x.shape[1])

    mean_x, mean_y = blur(x), blur(y)
    return mean_x, mean_y, blur(x * x) - mean_x**2, blur(y * y) - mean_y**2, blur(x * y) - mean_x * mean_y


def power_of_clamped(term, exponent):
    """max(term, 0)^exponent, whose derivative where it is clamped is 0 and not infinity times 0."""
    positive = term > 0
    return torch.where(positive, torch.where(positive, term, 1.0) ** exponent, 0.0)


def defined_ms_ssim(prediction, target, windowSize=11, sigma=1.5, k1=0.01, k2=0.03, dataRange=1,
                    weights=WEIGHTS, oddSizes="pad"):
    x, y, c1, c2 = prediction, target, (k1 * dataRange) ** 2, (k2 * dataRange) ** 2
    product = 1.0
    for scale, weight in enumerate(weights):
        mean_x, mean_y, variance_x, variance_y, covariance = moments(x, y, windowSize, sigma)
        term = (2 * covariance + c2) / (variance_x + variance_y + c2)
        if scale == len(weights) - 1:
            term = term * (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
        product = product * power_of_clamped(term.mean((-2, -1)), weight)
        padding = [side % 2 for side in x.shape[-2:]] if oddSizes == "pad" else [0, 0]
        if scale < len(weights) - 1:
            x, y = F.avg_pool2d(x, 2, padding=padding), F.avg_pool2d(y, 2, padding=padding)
    return product.mean(1)


SIGMAS = (0.0248, 0.0185, 0.0179, 0.0191, 0.0220, 0.2782)
# Top, left, right and bottom neighbour; centre and corners are 0.
NEIGHBOURS = (
    (0.1011, 0.1493, 0.1460, 0.1015), (0.0757, 0.1986, 0.1846, 0.0837), (0.0477, 0.2138, 0.2243, 0.0467),
    (0, 0.2503, 0.2616, 0), (0, 0.2598, 0.2552, 0), (0, 0.2215, 0.0717, 0))


def reflected(x, before, after):
    return F.pad(x, (before[1], after[1], before[0], after[0]), mode="reflect")


def pyramid(image, levels):
    """Normalised levels and their band-pass residuals; every channel is filtered alike."""
    count, channels, *_ = image.shape
    j, result = image.flatten(0, 1)[:, None], []
    taps = torch.tensor([0.05, 0.25, 0.4, 0.25, 0.05], dtype=image.dtype)
    low_pass = torch.outer(taps, taps)[None, None]
    for sigma, (top, left, right, bottom) in list(zip(SIGMAS, NEIGHBOURS))[:levels]:
        sides = j.shape[-2:]
        total = [max((-(-side // 2) - 1) * 2 + 5 - side, 0) for side in sides]
        before = [padding // 2 for padding in total]
        after = [padding - first for padding, first in zip(total, before)]
        smaller = F.conv2d(reflected(j, before, after), low_pass, stride=2)
        larger = F.interpolate(smaller, size=tuple(sides), mode="bilinear", align_corners=True)
        residual = j - F.conv2d(reflected(larger, (2, 2), (2, 2)), low_pass)
        around = torch.tensor([[0, top, 0], [left, 0, right], [0, bottom, 0]], dtype=image.dtype)[None, None]
        denominator = sigma + F.conv2d(reflected(residual.abs(), (1, 1), (1, 1)), around)
        result.append(((residual / denominator).reshape(count, channels, *sides), residual))
        j = smaller
    return result


def root(x):
    """The square root; its derivative at 0 is 0."""
    positive = x > 0
    return torch.where(positive, torch.where(positive, x, 1.0).sqrt(), 0.0)


def nlpd(prediction, target, levels=6, family="hepburn"):
    """Per image: each level's root mean square over all channels and positions, then the 0.6-norm over levels."""
    pairs = zip(pyramid(prediction, levels), pyramid(target, levels))
    distances = torch.stack([root(((a - b) ** 2).mean((1, 2, 3))) for (a, _), (b, _) in pairs])
    return power_of_clamped(power_of_clamped(distances, 0.6).sum(0), 1 / 0.6)


def least_residual(*images, levels=6):
    return min(residual.abs().min().item() for image in images for _, residual in pyramid(torch.tensor(image), levels))


def pair(draw, *shape):
    """A target and a prediction that resembles it."""
    target = draw.image(*shape)
    difference = draw.normal(*shape, scale=0.1)
    return np.clip(target + difference, 0.0, 1.0).astype(np.float32).astype(np.float64), target


def losses(writer, case, draw, images, function, attributes=None, **options):
    inputs = dict(zip(("prediction", "target"), images))
    attributes = attributes or {}
    writer.write(case, draw, inputs, lambda prediction, target: {"value": function(prediction, target, **attributes)},
                 attributes, compact=True, **options)


def mean_squared_error(root_folder):
    writer = Suite(root_folder, "meanSquaredError", "metrics.py", TORCH)
    for case, shape in {"one-value": (1, 1), "rank-1": (5,), "rank-2": (3, 67), "rank-3": (2, 3, 17),
                        "rank-4": (3, 2, 5, 7)}.items():
        draw = writer.draw(case)
        losses(writer, case, draw, (draw.normal(*shape), draw.normal(*shape)),
               lambda p, t: F.mse_loss(p, t, reduction="none").reshape(len(p), -1).mean(1))


# name: shape, attributes.
SSIMS = {
    "smallest": ((1, 1, 11, 11), {}),
    "non-square": ((2, 1, 17, 23), {}),
    "three-channels": ((2, 3, 19, 16), {}),
    "odd": ((1, 1, 29, 13), {}),
    "window-7": ((2, 1, 15, 18), {"windowSize": 7, "sigma": 1.0}),
    "window-3": ((1, 2, 5, 4), {"windowSize": 3, "sigma": 0.75}),
    # One column is too few for windows to move: the height alone slides.
    "one-window-wide": ((1, 1, 20, 11), {}),
    "data-range-255": ((1, 1, 14, 20), {"dataRange": 255}),
    "data-range-2": ((1, 1, 14, 20), {"dataRange": 2.0}),
    # Constants large enough to matter.
    "large-constants": ((1, 2, 16, 13), {"k1": 0.5, "k2": 0.25}),
    "one-past-64": ((1, 1, 13, 75), {}),
}


def structural_similarity(folder):
    writer = Suite(folder, "structuralSimilarity", "metrics.py", PEER)
    for case, (shape, attributes) in SSIMS.items():
        draw = writer.draw(case)
        images = pair(draw, *shape)
        if case == "data-range-255":
            images = tuple(np.round(image * 255) for image in images)
        losses(writer, case, draw, images, peer_ssim, attributes)
    draw = writer.draw("noise-against-noise")
    losses(writer, "noise-against-noise", draw, (draw.uniform(1, 1, 21, 18), draw.uniform(1, 1, 21, 18)), peer_ssim)
    draw = writer.draw("negative")
    image = draw.image(1, 1, 18, 15)
    losses(writer, "negative", draw, ((1 - image).astype(np.float32), image), peer_ssim)
    # Constant images: variances and covariance are 0, luminance alone counts. The oracle takes differences
    # of moments, off by a rounding beside a C2 of 0.0009; the expected value is the exact one.
    draw = writer.draw("constant")
    exact = (2 * 0.25 * 0.75 + 0.01**2) / (0.25**2 + 0.75**2 + 0.01**2)
    losses(writer, "constant", draw, (np.full((1, 1, 13, 12), 0.25), np.full((1, 1, 13, 12), 0.75)), peer_ssim,
           cotangents={}, override={"expected.value": np.array([exact])}, tolerance={"relative": 1e-11, "absolute": 0})
    # Equal images: the value is 1 and the gradient 0, which the oracle has to 1e-15.
    draw = writer.draw("equal")
    image = draw.image(2, 1, 16, 19)
    losses(writer, "equal", draw, (image, image), peer_ssim, cotangents={}, override={"expected.value": np.ones(2)})
    zero = {f"expected.gradient.{name}": np.zeros(image.shape) for name in ("prediction", "target")}
    losses(writer, "equal-gradient", draw, (image, image), peer_ssim, tolerance={"relative": 0, "absolute": 1e-6},
           override={"expected.value": np.ones(2)} | zero)


# name: shape, attributes, oracle, inputs whose gradients are stored. Single-precision inputs and few
# target gradients keep the files small.
BOTH, FIRST = ("prediction", "target"), ("prediction",)
MS_SSIMS = {
    # The smallest image for five scales under padding, and a second side that is odd at every scale.
    "161x193": ((1, 1, 161, 193), {}, "peer", FIRST),
    # Even at every scale: pad and drop agree, 176 is the smallest side for drop.
    "176x176": ((1, 1, 176, 176), {}, "peer", None),
    "paper-256x256": ((1, 1, 256, 256), {}, "peer", None),
    "drop-177x183": ((1, 1, 177, 183), {"oddSizes": "drop"}, "definition", None),
    # A small window allows small images: channels, batch, both gradients, odd at each scale.
    "three-channels": ((2, 3, 33, 37), {"windowSize": 3, "sigma": 1.0}, "peer", BOTH),
    "window-5": ((1, 2, 65, 71), {"windowSize": 5, "sigma": 1.25}, "peer", BOTH),
    "three-weights": ((2, 1, 45, 51), {"weights": [0.2, 0.3, 0.5]}, "definition", BOTH),
    "three-weights-drop": ((2, 1, 47, 53), {"weights": [0.2, 0.3, 0.5], "oddSizes": "drop"}, "definition", BOTH),
    "one-weight": ((1, 2, 13, 17), {"weights": [1]}, "definition", BOTH),
    "weights-that-sum-to-two": ((1, 1, 24, 26), {"weights": [0.75, 1.25]}, "definition", BOTH),
    "data-range-255": ((1, 1, 34, 36), {"windowSize": 3, "sigma": 1.0, "dataRange": 255}, "peer", BOTH),
    "large-constants": ((1, 1, 35, 40), {"windowSize": 3, "sigma": 1.0, "k1": 0.5, "k2": 0.25}, "peer", BOTH),
}


def multi_scale(folder):
    writer = Suite(folder, "multiScaleStructuralSimilarity", "metrics.py", PEER)
    for case, (shape, attributes, oracle, gradients) in MS_SSIMS.items():
        draw = writer.draw(case)
        images = pair(draw, *shape)
        if case == "data-range-255":
            images = tuple(np.round(image * 255) for image in images)
        losses(writer, case, draw, images, peer_ms_ssim if oracle == "peer" else defined_ms_ssim, attributes,
               gradients=gradients, oracle=None if oracle == "peer" else DEFINITION,
               cotangents=None if gradients else {})
    # The image against its negative: a clamped contrast makes the value 0 and the gradient 0 with it.
    attributes = {"windowSize": 3, "sigma": 1.0}
    draw = writer.draw("negative")
    image = draw.image(2, 1, 34, 39)
    losses(writer, "negative", draw, ((1 - image).astype(np.float32), image), defined_ms_ssim, attributes,
           oracle=DEFINITION)
    # One channel negative, one alike: the clamped channel gives 0, the other its share of the mean.
    draw = writer.draw("negative-channel")
    prediction, target = pair(draw, 2, 2, 33, 38)
    prediction[:, 0] = (1 - target[:, 0]).astype(np.float32)
    losses(writer, "negative-channel", draw, (prediction, target), defined_ms_ssim, attributes, oracle=DEFINITION)
    draw = writer.draw("equal")
    image = draw.image(1, 1, 40, 33)
    losses(writer, "equal", draw, (image, image), peer_ms_ssim, attributes, cotangents={},
           override={"expected.value": np.ones(1)})


# name: shape, levels, inputs whose gradients are stored.
NLPDS = {
    "smallest-65x65": ((2, 1, 65, 65), 6, BOTH),
    "67x93": ((1, 1, 67, 93), 6, BOTH),
    "128x176": ((1, 1, 128, 176), 6, FIRST),
    # Channels are filtered each by itself; an image's level has one mean over all of them.
    "three-channels": ((1, 3, 66, 71), 6, BOTH),
    # The smallest side falls with the levels: reflection by 2 asks for 3 at the last one.
    "three-levels": ((3, 1, 9, 14), 3, BOTH),
    "two-levels": ((2, 2, 8, 7), 2, BOTH),
    "one-level": ((2, 1, 3, 5), 1, BOTH),
}


def laplacian(folder):
    operation = "normalizedLaplacianPyramidDistance"
    writer = Suite(folder, operation, "metrics.py", DEFINITION)
    for case, (shape, levels, gradients) in NLPDS.items():
        for attempt in range(100):
            draw = writer.draw(case, attempt)
            images = pair(draw, *shape)
            # |R| has a kink at 0: no residual may change its sign by single-precision rounding.
            if least_residual(*images, levels=levels) > 2e-6:
                break
        else:
            raise AssertionError(f"{case}: every attempt has a residual near 0")
        attributes = {} if levels == 6 else {"levels": levels, "family": "hepburn"}
        losses(writer, case, draw, images, nlpd, attributes, gradients=gradients)
    # Equal images beside different ones: the value and the gradient of the equal ones are exactly 0.
    draw = writer.draw("equal-beside-different")
    prediction, target = pair(draw, 2, 1, 20, 17)
    prediction[0] = target[0]
    losses(writer, "equal-beside-different", draw, (prediction, target), nlpd, {"levels": 3})


def write_all(folder):
    mean_squared_error(folder)
    structural_similarity(folder)
    multi_scale(folder)
    laplacian(folder)
