"""NLPD of the families "matlab", "laparra" and "tensorflow", written from public descriptions and code.

MATLAB's imfilter mirrors with the edge repeated where told "symmetric" and sees zeros where told nothing; its conv2
turns a filter round. TensorFlow 1's resize_images is bilinear with output i at i (small / large).
"""

import torch
import torch.nn.functional as F

from similarity import mirror

TAPS = (0.05, 0.25, 0.4, 0.25, 0.05)
SIGMAS = (0.0248, 0.0185, 0.0179, 0.0191, 0.0220, 0.2782)
# Top, left, right and bottom neighbour; centre and corners are 0.
NEIGHBOURS = (
    (0.1011, 0.1493, 0.1460, 0.1015), (0.0757, 0.1986, 0.1846, 0.0837), (0.0477, 0.2138, 0.2243, 0.0467),
    (0, 0.2503, 0.2616, 0), (0, 0.2598, 0.2552, 0), (0, 0.2215, 0.0717, 0))


def low_pass():
    taps = torch.tensor(TAPS, dtype=torch.float64)
    return torch.outer(taps, taps)[None, None]


def around(index, family):
    top, left, right, bottom = NEIGHBOURS[index]
    plain = torch.zeros(5, 5, dtype=torch.float64)
    plain[1, 2], plain[2, 1], plain[2, 3], plain[3, 2] = top, left, right, bottom
    if family == "laparra" and index == 0:
        plain[2, 4] = 0.0072
    return (plain if family == "tensorflow" else plain.flip(0, 1))[None, None]


def halved(j, family):
    wide = F.pad(j, (2,) * 4) if family == "tensorflow" else mirror(j, 2, 2)
    return F.conv2d(wide, low_pass().to(j.dtype), stride=2)


def enlarged(small, sides, family):
    if family == "tensorflow":
        for axis, side in zip((-2, -1), sides):
            size = small.shape[axis]
            place = torch.arange(side) * size
            lower = torch.div(place, side, rounding_mode="floor")
            share = ((place - lower * side).double() / side).to(small.dtype)
            share = share[:, None] if axis == -2 else share
            upper = torch.clamp(lower + 1, max=size - 1)
            small = small.index_select(axis, lower) * (1 - share) + small.index_select(axis, upper) * share
        return F.conv2d(F.pad(small, (2,) * 4), low_pass().to(small.dtype))
    wide = F.pad(small, (1,) * 4, mode="replicate")
    spread = torch.zeros(*wide.shape[:2], 2 * wide.shape[2], 2 * wide.shape[3], dtype=wide.dtype)
    spread[..., ::2, ::2] = 4 * wide
    filtered = F.conv2d(F.pad(spread, (2,) * 4), low_pass().to(spread.dtype))
    return filtered[..., 2:2 + sides[0], 2:2 + sides[1]]


def pyramid(image, levels, family):
    """Normalised levels and their residuals; every channel is filtered alike."""
    count, channels, *_ = image.shape
    j, result = image.flatten(0, 1)[:, None], []
    for k in range(levels):
        index, residual = k, j
        if k == levels - 1:
            index = len(SIGMAS) - 1
        else:
            small = halved(j, family)
            residual, j = j - enlarged(small, j.shape[-2:], family), small
        denominator = SIGMAS[index] + F.conv2d(F.pad(residual.abs(), (2,) * 4), around(index, family).to(residual.dtype))
        result.append(((residual / denominator).reshape(count, channels, *residual.shape[-2:]), residual))
    return result


def root(x):
    """The square root; its derivative at 0 is 0."""
    positive = x > 0
    return torch.where(positive, torch.where(positive, x, 1.0).sqrt(), 0.0)


def distance(prediction, target, family, levels=6, pooling="image"):
    """The mean over levels of root mean squares, over an image's channels and positions or over the whole batch's."""
    pairs = zip(pyramid(prediction, levels, family), pyramid(target, levels, family))
    squares = torch.stack([((a - b) ** 2).mean((1, 2, 3)) for (a, _), (b, _) in pairs])
    if pooling == "batch":
        squares = squares.mean(1, keepdim=True)
    return root(squares).mean(0)
