"""Hold the oracles to one another before anything is written: `python verify.py`; raises at the first disagreement."""

import numpy as np
import scipy.signal
import torch
import torch.nn.functional as F
import torchaudio

import bark
import laplacian as laplacians
import metrics
import page
import similarity as similarities
import transforms
import variants
import verify_compare
from fixture import Draw
from network import soft


def agree(name, actual, expected, allowed):
    actual, expected = (np.asarray(torch.as_tensor(v).detach(), np.float64) for v in (actual, expected))
    assert actual.shape == expected.shape, f"{name}: {actual.shape} and {expected.shape}"
    difference = np.abs(actual - expected).max() / max(np.abs(expected).max(), 1e-300)
    assert difference <= allowed, f"{name}: differ by {difference:.1e} of the greatest, allowed {allowed:.0e}"
    print(f"verify: {name}: {difference:.1e}")


def smooth(name, function, *inputs):
    """Autograd against central differences."""
    leaves = [torch.tensor(value, requires_grad=True) for value in inputs]
    assert torch.autograd.gradcheck(function, leaves, eps=1e-6, atol=1e-7, rtol=1e-6), name
    print(f"verify: {name}: gradient agrees with finite differences")


def network():
    draw = Draw("verify/network")
    x, w = draw.normal(1, 2, 9, 7), draw.normal(1, 2, 3, 4)
    plain = sum(scipy.signal.correlate(x[0, c], w[0, c], mode="valid", method="direct") for c in range(2))
    agree("convolution against SciPy", F.conv2d(torch.tensor(x), torch.tensor(w))[0, 0], plain, 1e-14)
    y = draw.normal(1, 1, 5, 3)
    down = F.conv2d(torch.tensor(x), torch.tensor(w), stride=2, padding=(1, 1))
    up = F.conv_transpose2d(torch.tensor(y), torch.tensor(w), stride=2, padding=(1, 1), output_padding=(0, 1))
    both = [(down * torch.tensor(y)).sum(), (up * torch.tensor(x)).sum()]
    agree("transposed convolution is the adjoint", both[1], both[0], 1e-13)
    image = draw.normal(1, 1, 5, 6)
    for aligned in (False, True):
        expected = image[0, 0]
        for axis, factor in enumerate((3, 4)):
            size = expected.shape[axis]
            i = np.arange(factor * size)
            position = i * (size - 1) / (factor * size - 1) if aligned else (i + 0.5) / factor - 0.5
            expected = np.apply_along_axis(lambda row: np.interp(position, np.arange(size), row), axis, expected)
        actual = F.interpolate(torch.tensor(image), scale_factor=(3, 4), mode="bilinear", align_corners=aligned)
        agree(f"bilinear upsampling against np.interp, aligned corners {aligned}", actual[0, 0], expected, 1e-14)
    z = torch.tensor(draw.normal(50, scale=0.3))
    agree("two centres are a tanh", soft(z, [-1.0, 1.0], 10), torch.tanh(20 * z), 1e-14)
    smooth("softQuantization", lambda x: soft(x, [-2.0, 0.25, 1.0], 3.0), draw.normal(7))


def similarity():
    draw = Draw("verify/similarity")
    prediction, target = (torch.tensor(v) for v in metrics.pair(draw, 2, 3, 33, 38))
    options = dict(windowSize=3, sigma=1.0)
    both = []
    for function in (metrics.defined_ms_ssim, metrics.peer_ms_ssim):
        leaf = prediction.clone().requires_grad_()
        value = function(leaf, target, **options)
        both.append((value, torch.autograd.grad(value.sum(), leaf)[0]))
    agree("MS-SSIM's definition against pytorch-msssim", both[0][0], both[1][0], 1e-14)
    agree("and its gradient", both[0][1], both[1][1], 1e-12)
    agree("SSIM as one scale without clamp", metrics.defined_ms_ssim(prediction, target, weights=[1]),
          metrics.peer_ssim(prediction, target), 1e-13)
    images = metrics.pair(draw, 1, 1, 13, 11)
    smooth("MS-SSIM, odd sizes dropped", lambda p, t: metrics.defined_ms_ssim(
        p, t, windowSize=3, sigma=1.0, weights=[0.4, 0.6], oddSizes="drop"), *images)


def peers():
    """Every variant's formula against the peer that it is named after, three channels."""
    for shape in ((256, 256), (255, 255), (161, 193), (512, 384)):
        draw = Draw(f"verify/peers/{shape}")
        p, t = (torch.tensor(v) for v in metrics.pair(draw, 1, 3, *shape))
        size = "x".join(map(str, shape))
        for presets, ask, define, title in (
                (variants.SSIM_PRESETS, variants.peer_ssim, similarities.ssim, "SSIM"),
                (variants.MS_SSIM_PRESETS, variants.peer_ms_ssim, similarities.ms_ssim, "MS-SSIM")):
            for name, attributes in presets.items():
                # torchmetrics asks for more pixels than its formula.
                if not (title == "MS-SSIM" and name.startswith("torchmetrics") and min(shape) < 176):
                    expected = ask(name, p, t, **attributes)
                    if expected is not None:
                        agree(f"{title} {name}, {size}", define(p, t, **attributes), expected, 1e-12)
        agree(f"NLPD pyiqa, {size}", laplacians.distance(p, t, "matlab"), variants.peer_nlpd("matlab", p, t), 1e-12)
    draw = Draw("verify/variants")
    small = dict(windowSize=3, sigma=1.0, weights=[0.4, 0.6])
    for name, options in (("symmetric", dict(oddSizes="symmetric")),
                          ("replicateStart", dict(oddSizes="replicateStart")),
                          ("shift, joint, reflected", dict(negativeContrast="shift", channels="joint",
                                                           padding="reflect", oddSizes="drop"))):
        smooth(f"MS-SSIM, {name}", lambda p, t: similarities.ms_ssim(p, t, **small, **options),
               *metrics.pair(draw, 1, 2, 9, 10))
    for family in ("matlab", "laparra", "tensorflow"):
        smooth(f"NLPD, {family}", lambda p, t: laplacians.distance(p, t, family, 3),
               draw.normal(2, 1, 9, 10), draw.normal(2, 1, 9, 10))
    # One definition of MS-SSIM stands in metrics.py since before there were variants: hold them to each other.
    p, t = (torch.tensor(v) for v in metrics.pair(draw, 2, 3, 33, 38))
    agree("MS-SSIM's two definitions", similarities.ms_ssim(p, t, windowSize=3, sigma=1.0),
          metrics.defined_ms_ssim(p, t, windowSize=3, sigma=1.0), 1e-12)


def plain_nlpd(x, y, levels):
    """NLPD of one-channel images once more, in NumPy, from the formula: loops and an interpolation matrix."""
    taps = np.array([0.05, 0.25, 0.4, 0.25, 0.05])

    def interpolation(small, large):
        matrix = np.zeros((large, small))
        for i in range(large):
            position = i * (small - 1) / (large - 1)
            lower = min(int(position), small - 2)
            matrix[i, lower], matrix[i, lower + 1] = 1 - (position - lower), position - lower
        return matrix

    def levels_of(j):
        for k in range(levels):
            pads = []
            for side in j.shape:
                total = max((-(-side // 2) - 1) * 2 + 5 - side, 0)
                pads.append((total // 2, total - total // 2))
            low_pass = np.outer(taps, taps)
            small = scipy.signal.correlate(np.pad(j, pads, mode="reflect"), low_pass, mode="valid")[::2, ::2]
            large = interpolation(small.shape[0], j.shape[0]) @ small @ interpolation(small.shape[1], j.shape[1]).T
            residual = j - scipy.signal.correlate(np.pad(large, 2, mode="reflect"), low_pass, mode="valid")
            magnitude, (top, left, right, bottom) = np.pad(np.abs(residual), 1, mode="reflect"), metrics.NEIGHBOURS[k]
            denominator = metrics.SIGMAS[k] + (top * magnitude[:-2, 1:-1] + bottom * magnitude[2:, 1:-1]
                                               + left * magnitude[1:-1, :-2] + right * magnitude[1:-1, 2:])
            yield residual / denominator
            j = small

    distances = [np.sqrt(np.mean((a - b) ** 2)) for a, b in zip(levels_of(x), levels_of(y))]
    return sum(d**0.6 for d in distances) ** (1 / 0.6)


def laplacian():
    draw = Draw("verify/laplacian")
    for shape in ((65, 65), (70, 93)):
        images = metrics.pair(draw, 2, 1, *shape)
        expected = [plain_nlpd(p[0], t[0], 6) for p, t in zip(*images)]
        agree(f"NLPD twice, {shape}", metrics.nlpd(*(torch.tensor(v) for v in images)), expected, 1e-12)
    smooth("NLPD", lambda p, t: metrics.nlpd(p, t, levels=3), draw.normal(2, 1, 9, 10), draw.normal(2, 1, 9, 10))


def audio():
    draw = Draw("verify/audio")
    value = torch.complex(torch.tensor(draw.normal(9, 7)), torch.tensor(draw.normal(9, 7)))
    peer = torch.istft(value, 16, 5, window=transforms.hann(16, value.real), length=32)
    agree("inverse transform against torch.istft", transforms.inverse(value, 16, 5, True, 32), peer, 1e-13)
    magnitude = torch.tensor(draw.uniform(9, 7, low=0.5, high=2.0))
    mine, _ = transforms.griffin_lim(magnitude, torch.zeros(9, 7), 16, 4, True, iterations=5)
    window = transforms.hann(16, magnitude)
    peer = torchaudio.functional.griffinlim(magnitude, window, 16, 4, 16, 1.0, 5, 0.99, None, False)
    agree("Griffin-Lim against torchaudio", mine, peer, 1e-11)
    smooth("inverse transform, uncentred", lambda re, im: transforms.inverse(torch.complex(re, im), 8, 3, False, 15),
           draw.normal(5, 4), draw.normal(5, 4))
    smooth("Griffin-Lim", lambda m, p: transforms.griffin_lim(m, p, 8, 3, False, iterations=2)[0],
           draw.uniform(5, 4, low=0.5, high=2.0), draw.normal(5, 4))
    smooth("logarithmic scaling", lambda m: tuple(transforms.log_scaling(m).values()), draw.uniform(3, 5, low=0.1))


def barks():
    """The filters' design by its sum of cosines, the distances' gradients by differences, masking by hand."""
    middles = bark.centres(300, 3500, 5)
    taps, grid = 48, 64
    for h, middle, width in zip(bark.responses(middles, bark.bandwidths(middles), 8000, taps), middles,
                                bark.bandwidths(middles)):
        start, stop = max(0, middle - width / 2), min(4000, middle + width / 2)
        places = np.linspace(start, stop, 100, endpoint=False)
        gains = np.interp(np.linspace(0, 4000, grid + 1), np.r_[0, places, 4000],
                          np.r_[0, np.exp(-((np.arange(100) - 49.5) ** 2) / 18), 0])
        n, k = np.arange(taps)[:, None], np.arange(1, grid)
        plain = gains[0] + 2 * (gains[1:-1] * np.cos(np.pi * k * (n - (taps - 1) / 2) / grid)).sum(1)
        plain *= np.hamming(taps) / (2 * grid)
        agree(f"filter at {middle:.0f} Hz", h, plain, 1e-12)
    draw = Draw("verify/bark")
    settings = dict(sampleRate=8000, lowFrequency=1500, highFrequency=3700, bands=5, taps=40, stride=1, aWeighting=True)
    pair = draw.normal(1, 23), draw.normal(1, 23)
    for kind in ("cosine", "meanSquaredError"):
        smooth(f"Bark distance, {kind}", lambda p, t: bark.distance(p, t, logFactor=10, distance=kind, **settings), *pair)
        smooth(f"masked Bark distance, {kind}", lambda p: bark.distance(
            p, torch.tensor(pair[1]), distance=kind, frame=5, **settings), pair[0])
    one = torch.tensor([[[3.0, -4.0, 0.0, 0.0, 0.1]]])
    found = bark.masking_thresholds(one, np.array([1000.0]), 2, 10.0, 96.0)[0, 0]
    quiet = 0.5 * 10 ** ((3.64 - 6.5 * np.exp(-0.6 * 2.3**2) + 1e-3 - 96) / 10)
    agree("masking thresholds of one band", found, [1.25, 1.25, quiet, quiet, 1e-3], 1e-12)


def verify_all():
    verify_compare.verify_all()
    network()
    barks()
    similarity()
    laplacian()
    peers()
    audio()
    page.network()


if __name__ == "__main__":
    verify_all()
