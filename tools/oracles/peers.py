"""Print what docs/metrics.md shows: which preset equals which peer, how far the peers lie apart, and where they fail.

    $ORACLES_VENV/bin/python peers.py [presets] [apart] [hostile] [failures] [reduced]
"""

import sys
import warnings

import numpy as np
import torch

import laplacian
import metrics
import similarity
import variants
from fixture import Draw
from peers_import import pytorch_msssim, pyiqa_nlpd, pyiqa_ssim, piq, skimage, torchmetrics

warnings.filterwarnings("ignore")
SIZES = ((256, 256), (255, 255), (161, 193), (512, 384))
SSIM_PEERS = ("pytorch-msssim", "piq", "torchmetrics", "scikit-image", "scikit-image-default", "pyiqa")
MS_SSIM_PEERS = ("pytorch-msssim", "piq", "torchmetrics", "torchmetrics-simple", "pyiqa")


def images(height, width, channels=3):
    draw = Draw(f"peers/{height}x{width}")
    return [torch.tensor(image) for image in metrics.pair(draw, 1, channels, height, width)]


def attempt(function, *arguments, **options):
    """The value, or the kind of error."""
    try:
        return function(*arguments, **options)
    except (AssertionError, ValueError, RuntimeError, IndexError) as error:
        return type(error).__name__


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*cells):
    row(*cells)
    row(*("---" for _ in cells))


def rows(peers, ask, define, presets):
    for name in peers:
        cells = []
        for height, width in SIZES:
            p, t = images(height, width)
            value = attempt(ask, name, p, t, **presets[name])
            cells.append(value if isinstance(value, str)
                         else f"{abs(value - define(p, t, **presets[name])).max().item():.0e}")
        yield name, cells


def presets():
    print("Difference of a preset's formula and its peer, three channels, double precision.\n")
    head("metric", "preset", *(f"{h}x{w}" for h, w in SIZES))
    for name, cells in rows(SSIM_PEERS, variants.peer_ssim, similarity.ssim, variants.SSIM_PRESETS):
        row("SSIM", name, *cells)
    for name, cells in rows(MS_SSIM_PEERS, variants.peer_ms_ssim, similarity.ms_ssim, variants.MS_SSIM_PRESETS):
        row("MS-SSIM", name, *cells)
    cells = []
    for height, width in SIZES:
        p, t = images(height, width)
        cells.append(f"{abs(variants.peer_nlpd('matlab', p, t) - laplacian.distance(p, t, 'matlab')).max().item():.0e}")
    row("NLPD", "matlab (pyiqa)", *cells)


def value_of(value):
    return value if isinstance(value, str) else f"{value[0].item():.7f}"


def apart():
    print("\nThe same pair of images: what each says.\n")
    head("metric", "implementation", *(f"{h}x{w}" for h, w in SIZES))
    pairs = [images(*size) for size in SIZES]
    for name, attributes in variants.SSIM_PRESETS.items():
        ask = (lambda p, t: variants.peer_ssim(name, p, t, **attributes)) if name in SSIM_PEERS else (
            lambda p, t: similarity.ssim(p, t, **attributes))
        row("SSIM", name, *(value_of(attempt(ask, p, t)) for p, t in pairs))
    for name, attributes in variants.MS_SSIM_PRESETS.items():
        ask = (lambda p, t: variants.peer_ms_ssim(name, p, t, **attributes)) if name in MS_SSIM_PEERS else (
            lambda p, t: similarity.ms_ssim(p, t, **attributes))
        row("MS-SSIM", name, *(value_of(attempt(ask, p, t)) for p, t in pairs))
    row("NLPD", "hepburn", *(value_of(metrics.nlpd(p, t)) for p, t in pairs))
    for family in ("matlab", "laparra", "tensorflow"):
        row("NLPD", family, *(value_of(laplacian.distance(p, t, family)) for p, t in pairs))
    print("\nAs called, without a word on data range, window or colour (one channel; pyiqa's classes on three):\n")
    p, t = images(256, 256)
    gray = (p[:, :1], t[:, :1])
    head("call", "value at 256x256")
    row("pytorch_msssim.ssim(x, y)", f"{pytorch_msssim.ssim(*gray).item():.7f}")
    row("piq.ssim(x, y)", f"{piq.ssim(*gray).item():.7f}")
    tm = torchmetrics.functional.image
    row("torchmetrics structural_similarity_index_measure(x, y)",
        f"{tm.structural_similarity_index_measure(*gray).item():.7f}")
    row("skimage structural_similarity(x, y, data_range=1)", f"""{skimage.metrics.structural_similarity(
        gray[0][0, 0].numpy(), gray[1][0, 0].numpy(), data_range=1):.7f}""")
    row("pyiqa SSIM()(x, y), luma of three channels", f"{pyiqa_ssim.SSIM()(p, t).item():.7f}")
    row("pyiqa NLPD()(x, y), single precision filters", f"{pyiqa_nlpd.NLPD().double()(p, t).item():.7f}")


def verdict(function, p, t):
    """finite, NaN or the error of value and gradient."""
    p, t = p.clone().requires_grad_(), t.clone().requires_grad_()
    try:
        value = function(p, t)
        if value is None:
            return "-"
        if not torch.isfinite(value).all():
            return f"value {value.reshape(-1)[0].item()}"
        if not value.requires_grad:
            return "finite"
        gradients = torch.autograd.grad(value.sum(), (p, t), allow_unused=True)
        bad = sum((~torch.isfinite(g)).sum().item() for g in gradients if g is not None)
        return f"gradient NaN at {bad} of {2 * p.numel()}" if bad else "finite"
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is what is shown
        text = str(error).split("\n")[0]
        return f"{type(error).__name__}: {text[:60]}"


def hostile_pairs():
    x = images(176, 192, 1)[1]
    noise = torch.tensor(Draw("peers/noise").uniform(1, 1, 176, 192))
    flat = torch.full_like(x, 0.5)
    one = torch.zeros_like(x)
    one[..., 80, 80] = 1
    yield "equal", x, x
    yield "equal constants", flat, flat
    yield "both all 0", 0 * x, 0 * x
    yield "0 against 1", 0 * x, 0 * x + 1
    yield "zero contrast against a picture", flat, x
    yield "noise against grey", noise, flat
    yield "x against 1 - x", 1 - x, x
    yield "noise against 1 - noise", 1 - noise, noise
    yield "x against -x", -x, x
    yield "a white pixel on black against black", one, 0 * one
    yield "a checkerboard against its negative", *(torch.tensor(
        (np.indices((176, 192)).sum(0) + k) % 2.0)[None, None] for k in (0, 1))
    yield "subnormals against 0", 0 * x + 1e-310, 0 * x
    yield "noise of 2^40", noise * 2**40, x * 2**40
    nan = x.clone()
    nan[..., 3, 4] = float("nan")
    yield "NaN in one pixel", nan, x
    yield "infinity in one pixel", torch.where(torch.isnan(nan), float("inf"), nan), x
    yield "shapes that differ", x[..., :175], x
    yield "channels that would broadcast", x.expand(1, 3, -1, -1), x
    yield "no image", x[:0], x[:0]
    yield "10 x 10", x[..., :10, :10], noise[..., :10, :10]
    yield "one pixel", x[..., :1, :1], noise[..., :1, :1]


def hostile():
    print("\nHostile images, one channel, double precision.\n")
    ask_ms = {name: (lambda p, t, name=name: variants.peer_ms_ssim(name, p, t)) for name in
              ("pytorch-msssim", "piq", "torchmetrics", "pyiqa")}
    ask = {name: (lambda p, t, name=name: variants.peer_ssim(name, p, t)) for name in
           ("pytorch-msssim", "piq", "torchmetrics", "scikit-image", "pyiqa")}
    head("images", *(f"SSIM, {name}" for name in ask), *(f"MS-SSIM, {name}" for name in ask_ms), "NLPD, pyiqa")
    for label, p, t in hostile_pairs():
        row(label, *(verdict(f, p, t) for f in (*ask.values(), *ask_ms.values())),
            verdict(lambda p, t: variants.peer_nlpd("matlab", p, t), p, t))


def failures():
    print("\nKnown failures, reproduced.\n")
    x = images(176, 192, 1)[1]
    head("fault", "what happens")
    single = x.float()
    row("pytorch-msssim 7, 11: MS-SSIM of x against 1 - x, data range 1, single precision",
        verdict(lambda p, t: pytorch_msssim.ms_ssim(p, t, 1, False), 1 - single, single))
    noise = torch.tensor(Draw("peers/noise").uniform(1, 1, 176, 192))
    row("the same, noise against 1 - noise", verdict(
        lambda p, t: pytorch_msssim.ms_ssim(p, t, 1, False), 1 - noise.float(), noise.float()))
    for side in (10, 128, 160):
        row(f"pytorch-msssim 13, 28, 40: MS-SSIM of {side}x{side}",
            verdict(lambda p, t: pytorch_msssim.ms_ssim(p, t, 1), x[..., :side, :side], noise[..., :side, :side]))
    row("pytorch-msssim: SSIM of 10x10 computes something",
        value_of(pytorch_msssim.ssim(x[..., :10, :10], noise[..., :10, :10], 1, False)))
    # tf.image.ssim_multiscale takes relu, then the power, whose derivative at 0 is infinite; relu's is 0 there.
    at_zero = torch.tensor(0.0)
    row("tensorflow 50400: d relu(c)^0.0448 / dc at c = -0.1 by the chain rule, factor by factor",
        (0.0448 * at_zero ** (0.0448 - 1) * 0.0).item())
    row("the rule before pytorch-msssim had its relu: (-0.1)^0.0448", (torch.tensor(-0.1) ** 0.0448).item())
    p, t = images(64, 64, 1)
    a, b = (image[0, 0].numpy() for image in (p, t))
    _, gradient = skimage.metrics.structural_similarity(
        a, b, data_range=1, gradient=True, gaussian_weights=True, use_sample_covariance=False)
    # Its gradient is that of the second image.
    leaf = t.clone().requires_grad_()
    right = torch.autograd.grad(similarity.ssim(p, leaf).sum(), leaf)[0][0, 0].numpy()
    inside = np.zeros(a.shape, bool)
    inside[11:-11, 11:-11] = True
    for label, where in (("within 11 pixels of the border", ~inside), ("further inside", inside)):
        scale = gradient[inside] @ right[inside] / (right[inside] @ right[inside])
        error = np.linalg.norm((gradient / scale - right)[where]) / np.linalg.norm(right[where])
        row(f"scikit-image's gradient, {label} (its scale, {scale:.3f} of the right one, taken out)", f"{error:.1e}")
    row("NLPD's root at equal images: pyiqa", verdict(lambda p, t: variants.peer_nlpd("matlab", p, t), x, x))
    row("pyiqa's NLPD of one channel, and of three alike", "{:.6f} and {:.6f}".format(*(
        mixed(p, t) for p, t in ((p, t), (p.expand(-1, 3, -1, -1), t.expand(-1, 3, -1, -1))))))
    tm = torchmetrics.functional.image
    row("torchmetrics' MS-SSIM of 161x161, which it says suffices", verdict(
        lambda p, t: tm.multiscale_structural_similarity_index_measure(p, t, data_range=1.0),
        x[..., :161, :161], noise[..., :161, :161]))
    row("torchmetrics' MS-SSIM, normalize=None, x against 1 - x", verdict(
        lambda p, t: tm.multiscale_structural_similarity_index_measure(p, t, data_range=1.0, normalize=None), 1 - x, x))
    window = pytorch_msssim.ssim(p, t, 1) - similarity.ssim(p, t)
    row("pytorch-msssim's window in single precision moves SSIM of doubles by", f"{abs(window).item():.1e}")


def mixed(p, t):
    module = pyiqa_nlpd.NLPD(channels=p.shape[1], test_y_channel=p.shape[1] == 1)
    pyramids = [module.double().pyramid(image) for image in (p, t)]
    return np.mean([torch.sqrt(((a - b) ** 2).mean()).item() for a, b in zip(*pyramids)])


def reduced():
    """The numbers that Tests/GoldenTests/Metrics/SimilarityVariantTests.swift holds downsampling to."""
    print("\nSSIM of formula images, x = ((3 i^2 + 5 i j + 7 j) mod 61) / 64, y = ((i^2 + 11 j) mod 53) / 64.\n")
    head("size", "rule", "oracle", "value")
    for height, width in ((383, 400), (384, 401), (385, 387), (640, 641)):
        i, j = np.indices((height, width))
        x = torch.tensor(((3 * i * i + 5 * i * j + 7 * j) % 61) / 64.0)[None, None]
        y = torch.tensor(((i * i + 11 * j) % 53) / 64.0)[None, None]
        row(f"{height}x{width}", "piq", "piq", repr(variants.peer_ssim("piq", x, y, downsampling="piq").item()))
        row(f"{height}x{width}", "matlab", "definition", repr(similarity.ssim(x, y, downsampling="matlab").item()))


if __name__ == "__main__":
    for name in sys.argv[1:] or ("presets", "apart", "hostile", "failures", "reduced"):
        globals()[name]()
