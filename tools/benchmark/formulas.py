"""SSIM, MS-SSIM and NLPD in the form that compilers do best with.

Arrays are PyTorch's or JAX's, [images, 1, height, width].

Four fields are filtered where pytorch-msssim filters five. A window is a sum of shifted slices or a pair of banded
matrices, whichever a compiler is faster with. NLPD's paddings, strides and interpolations are folded into its matrices.
"""

import functools

import numpy as np

WINDOW = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
WINDOW = [float(tap) for tap in WINDOW / WINDOW.sum()]
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
LOW_PASS = (0.05, 0.25, 0.4, 0.25, 0.05)
SIGMAS = (0.0248, 0.0185, 0.0179, 0.0191, 0.0220, 0.2782)
# Top, left, right, bottom.
NEIGHBOURS = (
    (0.1011, 0.1493, 0.1460, 0.1015), (0.0757, 0.1986, 0.1846, 0.0837), (0.0477, 0.2138, 0.2243, 0.0467),
    (0, 0.2503, 0.2616, 0), (0, 0.2598, 0.2552, 0), (0, 0.2215, 0.0717, 0))


def by_slices(x):
    count = len(WINDOW) - 1
    height, width = x.shape[-2] - count, x.shape[-1] - count
    x = sum(tap * x[..., k:k + height, :] for k, tap in enumerate(WINDOW))
    return sum(tap * x[..., k:k + width] for k, tap in enumerate(WINDOW))


def by_matrices(x):
    rows, columns = (window_matrix(side) for side in x.shape[-2:])
    return rows @ x @ columns.T


def window_matrix(side):
    return banded(np.arange(side), side, WINDOW)


def banded(places, side, taps, stride=1):
    """The matrix of a correlation with `taps` over the samples at `places` of a line of `side`."""
    matrix = np.zeros(((len(places) - len(taps)) // stride + 1, side), np.float32)
    for row in range(len(matrix)):
        for k, tap in enumerate(taps):
            matrix[row, places[row * stride + k]] += tap
    return matrix


def similarity(x, y, window):
    """SSIM of each image, and its contrast and structure alone."""
    mean_x, mean_y, squares, product = window(x), window(y), window(x * x + y * y), window(x * y)
    means, both = mean_x * mean_x + mean_y * mean_y, mean_x * mean_y
    contrast = (2 * (product - both) + 0.03**2) / (squares - means + 0.03**2)
    return ((2 * both + 0.01**2) / (means + 0.01**2) * contrast).mean((1, 2, 3)), contrast.mean((1, 2, 3))


def ssim(x, y, window):
    return similarity(x, y, window)[0]


def halved(x):
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def ms_ssim(x, y, window):
    value = 1
    for scale, weight in enumerate(SCALES):
        whole, contrast = similarity(x, y, window)
        value = value * (contrast if scale < 4 else whole).clip(0) ** weight
        x, y = halved(x), halved(y)
    return value


@functools.cache
def pyramid_matrices(side):
    """Low-pass and halve; double, aligned at the corners, and low-pass. Sides are even."""
    def reflected(before, after):
        places = np.abs(np.arange(-before, side + after))
        return np.where(places >= side, 2 * (side - 1) - places, places)

    position = np.arange(side) * (side // 2 - 1) / (side - 1)
    low = np.minimum(position.astype(int), side // 2 - 2)
    double = np.zeros((side, side // 2), np.float32)
    double[np.arange(side), low] = 1 - (position - low)
    double[np.arange(side), low + 1] = position - low
    return banded(reflected(1, 2), side, LOW_PASS, 2), banded(reflected(2, 2), side, LOW_PASS) @ double


def pyramid(x, matrices, concatenate):
    for sigma, (top, left, right, bottom) in zip(SIGMAS, NEIGHBOURS):
        down, up = matrices(x.shape[-1])
        smaller = down @ x @ down.T
        residual = x - up @ smaller @ up.T
        size = abs(residual)
        rows = concatenate([size[..., 1:2, :], size, size[..., -2:-1, :]], -2)
        columns = concatenate([size[..., 1:2], size, size[..., -2:-1]], -1)
        yield residual / (sigma + top * rows[..., :-2, :] + bottom * rows[..., 2:, :]
                          + left * columns[..., :-2] + right * columns[..., 2:])
        x = smaller


def nlpd(x, y, matrices, concatenate):
    roots = 0
    for a, b in zip(pyramid(x, matrices, concatenate), pyramid(y, matrices, concatenate)):
        roots = roots + ((a - b) ** 2).mean((1, 2, 3)) ** 0.3
    return roots ** (1 / 0.6)
