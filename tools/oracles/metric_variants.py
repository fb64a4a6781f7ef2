"""Fixtures of the metrics' variants: each peer says what its preset computes, wherever it is installable and its
gradients are finite; else the definitions of similarity.py and laplacian.py, which verify.py holds to the peers.

Images are small and inputs single precision, so that all of it stays under 1.5 MB. Automatic downsampling needs images
of 384 pixels a side, too large for a file: the tests hold it to numbers that peers.py prints.
"""

import numpy as np
import torch
import torch.nn.functional as F

import laplacian
import metrics
import similarity
import variants
from fixture import Suite

TORCH = metrics.TORCH
VERSIONS = {"pytorch-msssim": "pytorch-msssim 1.0.0 with a float64 window", "piq": "piq 0.8.0",
            "torchmetrics": "torchmetrics 1.9.0", "scikit-image": "scikit-image 0.26.0",
            "pyiqa": "pyiqa 0.1.16 with a float64 window"}
SIMILARITY = f"definition in {TORCH} (tools/oracles/similarity.py)"
LAPLACIAN = f"definition in {TORCH} (tools/oracles/laplacian.py)"
BOTH, FIRST = ("prediction", "target"), ("prediction",)


def oracle(peer):
    return next((f"{text}, {TORCH}" for name, text in VERSIONS.items() if peer and peer.startswith(name)), SIMILARITY)


# name: peer (None: the definition), shape, attributes, inputs whose gradients are stored. scikit-image has no gradient
# that holds near the border: its values alone are taken.
SSIMS = {
    "torchmetrics": ("torchmetrics", (1, 2, 17, 22), {"padding": "reflect"}, BOTH),
    "torchmetrics-smaller-than-its-window": ("torchmetrics", (2, 1, 6, 9), {"padding": "reflect"}, BOTH),
    "torchmetrics-uniform": ("torchmetrics", (1, 1, 12, 13),
                             {"padding": "reflect", "window": "uniform", "windowSize": 5}, BOTH),
    "scikit-image": ("scikit-image", (2, 3, 19, 23), {}, None),
    "scikit-image-default": ("scikit-image-default", (2, 2, 21, 18), variants.SSIM_PRESETS["scikit-image-default"],
                             None),
    "scikit-image-sample-gaussian": ("scikit-image", (1, 1, 23, 18), {"covariance": "sample"}, None),
    "uniform": (None, (1, 2, 15, 12), {"window": "uniform", "windowSize": 7}, BOTH),
    "sample-covariance": (None, (1, 2, 13, 16), {"covariance": "sample"}, BOTH),
    "sample-covariance-of-9-pixels": (None, (1, 1, 7, 9), {"covariance": "sample", "windowSize": 3, "sigma": 0.75},
                                      BOTH),
    "pyiqa": ("pyiqa", (1, 2, 17, 19), {"rectifiedContrast": True}, BOTH),
}

SMALL = {"windowSize": 3, "sigma": 1.0}
MS_SSIMS = {
    "piq": ("piq", (1, 2, 33, 38), SMALL | {"oddSizes": "replicateStart"}, FIRST),
    "piq-other-side-odd": ("piq", (1, 1, 38, 35), SMALL | {"oddSizes": "replicateStart"}, BOTH),
    "torchmetrics-simple": (None, (1, 2, 36, 39), SMALL | {
        "padding": "reflect", "oddSizes": "drop", "channels": "joint", "negativeContrast": "shift",
        "weights": [0.2, 0.3, 0.5]}, FIRST),
    "pyiqa": ("pyiqa", (1, 2, 33, 38), SMALL | {"negativeContrast": "reluMap", "channels": "joint"}, FIRST),
    "tensorflow": (None, (1, 2, 33, 38), SMALL | {"oddSizes": "symmetric"}, FIRST),
    "three-weights-symmetric": (None, (2, 1, 13, 14), SMALL | {"oddSizes": "symmetric", "weights": [0.2, 0.3, 0.5]},
                                BOTH),
    "joint": (None, (1, 3, 18, 17), SMALL | {"channels": "joint", "weights": [0.25, 0.75]}, BOTH),
    "reflect": (None, (1, 2, 14, 17), {"padding": "reflect", "oddSizes": "drop", "weights": [0.5, 0.5]}, BOTH),
    "uniform-sample": (None, (1, 2, 18, 17), SMALL | {"window": "uniform", "covariance": "sample",
                                                      "weights": [0.25, 0.75]}, BOTH),
}


def structural_similarity(folder):
    writer = Suite(folder, "structuralSimilarity", "metric_variants.py", SIMILARITY)
    for case, (peer, shape, attributes, gradients) in SSIMS.items():
        draw = writer.draw(case)
        images = metrics.pair(draw, *shape)

        def compute(p, t, peer=peer, **options):
            return variants.peer_ssim(peer, p, t, **options) if peer else similarity.ssim(p, t, **options)

        metrics.losses(writer, case, draw, images, compute, attributes, gradients=gradients,
                       oracle=oracle(peer), cotangents=None if gradients else {})
    # Noise against its negative: most positions are rectified, none of the rest stands on the kink.
    draw = writer.draw("pyiqa-negative")
    image = draw.uniform(1, 1, 15, 17)
    metrics.losses(writer, "pyiqa-negative", draw, ((1 - image).astype(np.float32), image),
                   lambda p, t, **_: variants.peer_ssim("pyiqa", p, t), {"rectifiedContrast": True},
                   oracle=oracle("pyiqa"))


def multi_scale(folder):
    writer = Suite(folder, "multiScaleStructuralSimilarity", "metric_variants.py", SIMILARITY)
    for case, (peer, shape, attributes, gradients) in MS_SSIMS.items():
        draw = writer.draw(case)
        images = metrics.pair(draw, *shape)

        def compute(p, t, peer=peer, **options):
            return variants.peer_ms_ssim(peer, p, t, **options) if peer else similarity.ms_ssim(p, t, **options)

        metrics.losses(writer, case, draw, images, compute, attributes, gradients=gradients,
                       oracle=oracle(peer), cotangents=None if gradients else {})
    # torchmetrics asks for 16 times its window less one, whatever the number of scales: 176 pixels, values alone.
    draw = writer.draw("torchmetrics-177x183")
    metrics.losses(writer, "torchmetrics-177x183", draw, metrics.pair(draw, 1, 1, 177, 183),
                   lambda p, t, **options: variants.peer_ms_ssim("torchmetrics", p, t, **options),
                   variants.MS_SSIM_PRESETS["torchmetrics"], oracle=oracle("torchmetrics"), cotangents={})
    # An image against its negative, a term under 0 at every scale, by each rule.
    for rule, more in {"relu": {}, "floor": {"contrastFloor": 0.125}, "shift": {}, "reluMap": {}}.items():
        case = f"negative-{rule}"
        draw = writer.draw(case)
        image = draw.image(1, 2, 15, 13)
        prediction = image.copy()
        prediction[:, 0] = (1 - image[:, 0]).astype(np.float32)
        prediction[:, 1] = metrics.pair(draw, 1, 15, 13)[0]
        metrics.losses(writer, case, draw, (prediction, image), similarity.ms_ssim,
                       SMALL | {"weights": [0.25, 0.75], "negativeContrast": rule} | more)


# name: family, shape, levels, pooling, inputs whose gradients are stored.
NLPDS = {
    "matlab-33x42": ("matlab", (1, 1, 33, 42), 6, "image", BOTH),
    "matlab-channels": ("matlab", (2, 2, 17, 20), 4, "image", BOTH),
    "matlab-one-level": ("matlab", (1, 1, 5, 4), 1, "image", BOTH),
    "matlab-smallest": ("matlab", (2, 1, 2, 1), 2, "image", BOTH),
    "laparra-33x42": ("laparra", (1, 1, 33, 42), 6, "image", BOTH),
    "laparra-two-levels": ("laparra", (2, 1, 6, 7), 2, "image", BOTH),
    "tensorflow-33x42": ("tensorflow", (1, 1, 33, 42), 6, "image", BOTH),
    "tensorflow-channels": ("tensorflow", (2, 2, 13, 20), 4, "image", BOTH),
    "tensorflow-batch": ("tensorflow", (3, 1, 14, 13), 4, "batch", BOTH),
    "hepburn-batch": ("hepburn", (3, 1, 18, 17), 4, "batch", BOTH),
}


def least_residual(images, family, levels):
    if family == "hepburn":
        return metrics.least_residual(*images, levels=levels)
    pyramids = (laplacian.pyramid(torch.tensor(image), levels, family) for image in images)
    return min(residual.abs().min().item() for levels in pyramids for _, residual in levels)


def laplacian_distance(folder):
    writer = Suite(folder, "normalizedLaplacianPyramidDistance", "metric_variants.py", LAPLACIAN)
    for case, (family, shape, levels, pooling, gradients) in NLPDS.items():
        for attempt in range(100):
            draw = writer.draw(case, attempt)
            images = metrics.pair(draw, *shape)
            if least_residual(images, family, levels) > 2e-6:
                break
        else:
            raise AssertionError(f"{case}: every attempt has a residual near 0")
        attributes = {"family": family} | ({} if levels == 6 else {"levels": levels})
        attributes |= {} if pooling == "image" else {"pooling": pooling}

        def compute(p, t, family=family, levels=levels, pooling=pooling, **_):
            if family == "hepburn":
                # Norms of norms: (sum over images of d^0.6)^(1 / 0.6).
                return metrics.nlpd(p, t, levels=levels).pow(0.6).sum(0, keepdim=True) ** (1 / 0.6)
            if family == "matlab" and min(p.shape[-2:]) > 2:
                return variants.peer_nlpd("matlab", p, t, levels)
            return laplacian.distance(p, t, family, levels, pooling)

        named = metrics.DEFINITION if family == "hepburn" else oracle("pyiqa") if family == "matlab" else LAPLACIAN
        named = LAPLACIAN if family == "matlab" and min(shape[-2:]) <= 2 else named.replace("window", "filter")
        metrics.losses(writer, case, draw, images, compute, attributes, gradients=gradients, oracle=named)
    # Equal images beside different ones: the gradient of the equal ones' roots is 0.
    for family in ("matlab", "tensorflow"):
        case = f"{family}-equal-beside-different"
        draw = writer.draw(case)
        prediction, target = metrics.pair(draw, 2, 1, 12, 11)
        prediction[0] = target[0]
        metrics.losses(writer, case, draw, (prediction, target),
                       lambda p, t, family, levels: laplacian.distance(p, t, family, levels),
                       {"family": family, "levels": 3})


def similarity_map(folder):
    writer = Suite(folder, "structuralSimilarityMap", "metric_variants.py", SIMILARITY)
    for case, (shape, attributes) in {
            "default": ((1, 2, 17, 23), {}), "one-position": ((2, 1, 11, 11), {}),
            "window-3": ((2, 2, 8, 13), {"windowSize": 3, "sigma": 0.75}),
            "reflect": ((1, 1, 12, 15), {"padding": "reflect"}),
            "uniform-sample": ((1, 2, 13, 12), {"window": "uniform", "covariance": "sample", "windowSize": 7}),
            "rectified": ((1, 1, 14, 15), {"rectifiedContrast": True})}.items():
        draw = writer.draw(case)
        inputs = dict(zip(("prediction", "target"), metrics.pair(draw, *shape)))
        writer.write(case, draw, inputs, lambda prediction, target: {
            "map": similarity.ssim_map(prediction, target, **attributes)}, attributes, compact=True)


def peak_signal_to_noise_ratio(folder):
    writer = Suite(folder, "peakSignalToNoiseRatio", "metric_variants.py", TORCH)
    for case, shape, attributes in (("one-value", (1, 1), {}), ("rank-2", (3, 67), {}),
                                    ("rank-4", (2, 3, 5, 7), {}), ("data-range-255", (2, 1, 9, 8), {"dataRange": 255})):
        draw = writer.draw(case)
        metrics.losses(
            writer, case, draw, (draw.normal(*shape), draw.normal(*shape)),
            lambda p, t, dataRange=1.0: 10 * torch.log10(
                dataRange**2 / F.mse_loss(p, t, reduction="none").reshape(len(p), -1).mean(1)), attributes)


def write_all(folder):
    structural_similarity(folder)
    multi_scale(folder)
    laplacian_distance(folder)
    similarity_map(folder)
    peak_signal_to_noise_ratio(folder)
