"""Fixtures of the network's operations, computed by PyTorch in double precision."""

import numpy as np
import torch
import torch.nn.functional as F
import torchaudio

from fixture import Suite

ORACLE = f"PyTorch {torch.__version__.split('+')[0]}, float64"


def suite(root, operation, oracle=ORACLE):
    return Suite(root, operation, "network.py", oracle)


# name: x, weight, stride, padding, bias, fill. Every axis has its own size where the case allows it.
CONVOLUTIONS = {
    # The least there is.
    "smallest": ((1, 1, 1, 1), (1, 1, 1, 1), (1, 1), (0, 0), True, "normal"),
    # The paper's three kinds of layer: first encoder, inner encoder, last decoder convolution.
    "paper-first-4x2x1": ((2, 1, 12, 10), (7, 1, 4, 4), (2, 2), (1, 1), True, "normal"),
    "paper-inner-4x2x1": ((2, 3, 14, 10), (5, 3, 4, 4), (2, 2), (1, 1), True, "normal"),
    "paper-last-3x1x1": ((2, 5, 7, 9), (1, 5, 3, 3), (1, 1), (1, 1), True, "normal"),
    # An odd side under the paper's stride: its last row and column lie under one tap fewer.
    "odd-4x2x1": ((1, 2, 13, 11), (3, 2, 4, 4), (2, 2), (1, 1), True, "normal"),
    # The stride does not divide the way: the last columns and rows are never read, their gradient is 0.
    "ragged-stride": ((1, 2, 12, 14), (4, 2, 3, 3), (2, 3), (0, 0), True, "normal"),
    # A stride longer than the kernel leaves pixels out between the windows.
    "stride-beyond-kernel": ((2, 3, 8, 11), (2, 3, 2, 1), (3, 4), (0, 0), True, "normal"),
    # Whole windows lie in the padding: there the output is the bias.
    "padding-wider-than-image": ((1, 2, 3, 2), (3, 2, 4, 3), (1, 2), (5, 4), True, "normal"),
    # Kernel, stride and padding differ by axis: a swapped pair shows.
    "non-square": ((3, 2, 7, 11), (4, 2, 2, 5), (3, 1), (1, 2), True, "normal"),
    # The kernel covers the image: one output.
    "kernel-covers-image": ((2, 3, 5, 4), (6, 3, 5, 4), (1, 1), (0, 0), True, "normal"),
    "no-bias": ((2, 3, 6, 5), (4, 3, 3, 3), (1, 1), (1, 1), False, "normal"),
    # One past a SIMD width, in output columns, input channels or output channels.
    "one-past-16": ((1, 33, 3, 17), (17, 33, 3, 3), (1, 1), (1, 1), True, "normal"),
    "one-past-32": ((1, 17, 2, 33), (33, 17, 1, 3), (1, 1), (0, 1), True, "normal"),
    "one-past-64-columns": ((1, 2, 3, 65), (3, 2, 3, 3), (1, 1), (1, 1), True, "normal"),
    "one-past-64-channels": ((1, 3, 2, 4), (65, 3, 3, 2), (1, 1), (1, 0), True, "normal"),
    "one-past-16-4x2x1": ((1, 17, 4, 34), (19, 17, 4, 4), (2, 2), (1, 1), True, "normal"),
    # A signal is an image of one row.
    "one-dimensional": ((2, 3, 1, 29), (4, 3, 1, 8), (1, 4), (0, 2), True, "normal"),
    # Small integers: every sum is exact in single precision too, in any order.
    "integers-4x2x1": ((2, 3, 10, 8), (5, 3, 4, 4), (2, 2), (1, 1), True, "integers"),
    "integers-3x1x1": ((2, 5, 6, 7), (3, 5, 3, 3), (1, 1), (1, 1), True, "integers"),
    "integers-non-square": ((3, 2, 7, 11), (4, 2, 2, 5), (3, 1), (1, 2), True, "integers"),
    # Doubles with all their bits: a reference that is Double only by name fails.
    "all-53-bits": ((2, 3, 9, 8), (4, 3, 4, 4), (2, 2), (1, 1), True, "double"),
    # Stored in single precision.
    "stored-single": ((5, 2, 6, 8), (3, 2, 4, 4), (2, 2), (1, 1), True, "stored-single"),
}

# As above, with output padding before the bias.
TRANSPOSED = {
    "smallest": ((1, 1, 1, 1), (1, 1, 1, 1), (1, 1), (0, 0), (0, 0), True, "normal"),
    # The paper's decoder layer: exactly twice the resolution.
    "paper-decoder-4x2x1": ((2, 3, 7, 5), (3, 4, 4, 4), (2, 2), (1, 1), (0, 0), True, "normal"),
    # Output padding: rows and columns that only some taps reach.
    "output-padding": ((1, 2, 5, 4), (2, 3, 3, 3), (2, 2), (1, 1), (1, 1), True, "normal"),
    "output-padding-one-axis": ((2, 3, 4, 5), (3, 2, 2, 3), (3, 2), (0, 1), (2, 0), True, "normal"),
    # Stride 1 is a correlation with the flipped kernel; 3 is not a power of two.
    "stride-1": ((2, 3, 6, 5), (3, 4, 3, 2), (1, 1), (1, 0), (0, 0), True, "normal"),
    "stride-3": ((1, 4, 5, 3), (4, 2, 5, 4), (3, 3), (2, 1), (0, 0), True, "normal"),
    # A kernel under the stride: rows and columns between the windows hold the bias alone.
    "kernel-under-stride": ((2, 3, 4, 5), (3, 2, 2, 1), (3, 4), (0, 0), (1, 2), True, "normal"),
    "non-square": ((3, 2, 4, 7), (2, 5, 2, 5), (3, 1), (0, 2), (0, 0), True, "normal"),
    # Padding crops: more than half of what the kernels wrote is cut off.
    "padding-crops-most": ((1, 2, 5, 6), (2, 3, 4, 5), (1, 2), (3, 4), (0, 1), True, "normal"),
    "no-bias": ((2, 3, 4, 5), (3, 2, 4, 4), (2, 2), (1, 1), (0, 0), False, "normal"),
    "one-past-16": ((1, 33, 2, 9), (33, 17, 4, 4), (2, 2), (1, 1), (0, 0), True, "normal"),
    "one-past-32": ((1, 17, 2, 33), (17, 3, 3, 3), (1, 1), (1, 1), (0, 0), True, "normal"),
    "one-past-64-columns": ((1, 2, 3, 65), (2, 3, 2, 4), (2, 2), (0, 1), (0, 0), True, "normal"),
    "one-past-64-channels": ((1, 2, 2, 3), (2, 65, 2, 3), (1, 2), (0, 1), (0, 1), True, "normal"),
    "one-dimensional": ((2, 3, 1, 11), (3, 4, 1, 8), (1, 4), (0, 2), (0, 0), True, "normal"),
    "integers-4x2x1": ((2, 3, 5, 6), (3, 4, 4, 4), (2, 2), (1, 1), (0, 0), True, "integers"),
    "integers-output-padding": ((3, 2, 4, 5), (2, 3, 3, 2), (2, 3), (1, 0), (1, 2), True, "integers"),
    "all-53-bits": ((2, 3, 5, 6), (3, 4, 4, 4), (2, 2), (1, 1), (0, 0), True, "double"),
    "stored-single": ((4, 2, 3, 5), (2, 3, 4, 4), (2, 2), (1, 1), (0, 0), True, "stored-single"),
}


def fill(draw, kind, *shape):
    return {"integers": draw.integers, "double": draw.double}.get(kind, draw.normal)(*shape)


def write_convolution(writer, case, x, weight, outputs, bias, kind, attributes, compute):
    draw = writer.draw(case)
    inputs = {"x": fill(draw, kind, *x), "weight": fill(draw, kind, *weight)}
    if bias:
        inputs["bias"] = fill(draw, kind, outputs)
    shape = compute(*(torch.tensor(inputs.get(name, np.zeros(outputs))) for name in ("x", "weight", "bias"))).shape
    writer.write(case, draw, inputs, lambda x, weight, bias=None: {"y": compute(x, weight, bias)},
                 attributes, {"y": fill(draw, kind, *shape)}, compact=kind == "stored-single")


def convolutions(root):
    writer = suite(root, "convolution2D")
    for case, (x, weight, stride, padding, bias, kind) in CONVOLUTIONS.items():
        attributes = {"stride": stride, "padding": padding}
        write_convolution(writer, case, x, weight, weight[0], bias, kind, attributes,
                          lambda x, w, b: F.conv2d(x, w, b, stride, padding))
    # Attributes left out take their defaults.
    write_convolution(writer, "defaults", (2, 3, 5, 6), (4, 3, 2, 3), 4, True, "normal", {}, F.conv2d)

    writer = suite(root, "transposedConvolution2D")
    for case, (x, weight, stride, padding, extra, bias, kind) in TRANSPOSED.items():
        attributes = {"stride": stride, "padding": padding, "outputPadding": extra}
        write_convolution(writer, case, x, weight, weight[1], bias, kind, attributes,
                          lambda x, w, b: F.conv_transpose2d(x, w, b, stride, padding, extra))
    write_convolution(writer, "defaults", (2, 3, 5, 4), (3, 4, 2, 3), 4, True, "normal", {}, F.conv_transpose2d)


# name: shape, epsilon, momentum, training, scale and offset of x.
BATCH_NORMS = {
    "training": ((3, 4, 5, 7), None, None, True, 1.0, 0.0),
    "inference": ((3, 4, 5, 7), None, None, False, 1.0, 0.0),
    # An epsilon large enough to matter: one left out, or put outside the root, shows.
    "training-large-epsilon": ((2, 3, 4, 5), 0.5, 0.25, True, 1.0, 0.0),
    "inference-large-epsilon": ((2, 3, 4, 5), 0.5, 0.25, False, 1.0, 0.0),
    # Two values a channel, the fewest that training allows: biased and unbiased variance differ twofold.
    "training-two-values": ((2, 3, 1, 1), 0.5, 0.75, True, 1.0, 0.0),
    "training-few-values": ((1, 5, 2, 3), 1e-2, 0.4, True, 2.0, 0.0),
    "inference-one-value": ((1, 3, 1, 1), 0.5, 0.1, False, 1.0, 0.0),
    # Momentum 1: the running values are the batch's.
    "training-momentum-one": ((2, 3, 4, 3), 1e-3, 1.0, True, 1.0, 0.0),
    # A mean far from 0: a variance computed as mean of squares minus squared mean loses digits.
    "training-offset": ((2, 3, 8, 9), 1e-5, 0.1, True, 1.0, 30.0),
    # Channels and positions one past the SIMD widths.
    "training-one-past-16": ((2, 17, 3, 11), 1e-2, 0.1, True, 1.0, 0.0),
    "training-one-past-64": ((1, 65, 1, 17), 1e-2, 0.1, True, 1.0, 0.0),
    "inference-one-past-32": ((1, 33, 3, 11), 1e-2, 0.1, False, 1.0, 0.0),
    "training-one-dimensional": ((3, 4, 1, 13), 1e-3, 0.2, True, 1.0, 0.0),
}


def batch_normalization(root):
    writer = suite(root, "batchNormalization")
    names = ("x", "gamma", "beta", "runningMean", "runningVariance")

    def write(case, draw, x, epsilon, momentum, training):
        channels = x.shape[1]
        values = (x, draw.normal(channels, offset=0.5), draw.normal(channels), draw.normal(channels),
                  draw.uniform(channels, low=0.25, high=2.0))
        attributes = {"training": training}
        if epsilon is not None:
            attributes |= {"epsilon": epsilon, "momentum": momentum}

        def compute(x, gamma, beta, runningMean, runningVariance):
            mean, variance = runningMean.detach().clone(), runningVariance.detach().clone()
            y = F.batch_norm(x, mean, variance, gamma, beta, training,
                             0.1 if momentum is None else momentum, 1e-5 if epsilon is None else epsilon)
            return {"y": y, "runningMean": mean, "runningVariance": variance}

        writer.write(case, draw, dict(zip(names, values)), compute, attributes,
                     {"y": draw.normal(*x.shape)}, ("x", "gamma", "beta"))

    for case, (shape, epsilon, momentum, training, scale, offset) in BATCH_NORMS.items():
        draw = writer.draw(case)
        write(case, draw, draw.normal(*shape, scale=scale, offset=offset), epsilon, momentum, training)
    # A constant channel: its variance is 0 and epsilon alone keeps the quotient finite.
    draw = writer.draw("training-constant-channel")
    x = draw.normal(2, 3, 4, 5)
    x[:, 1] = 3.0
    write("training-constant-channel", draw, x, 1e-2, 0.1, True)


def activations(root):
    # Any rank; 67 values go one past four vectors of 16 and leave a tail of 3.
    shapes = {"rank-1": (67,), "rank-2": (3, 11), "rank-4": (2, 3, 5, 7), "one-value": (1,)}
    for operation, function in (("tanh", torch.tanh), ("sigmoid", torch.sigmoid)):
        writer = suite(root, operation)
        for case, shape in shapes.items():
            draw = writer.draw(case)
            writer.write(case, draw, {"x": draw.normal(*shape, scale=2.0)}, lambda x: {"y": function(x)})
        # From where the function is its argument to where it is 1: both tails and both signs of 0.
        draw = writer.draw("tails")
        tails = np.array([0.0, -0.0, 1e-30, -1e-30, 1e-4, -1e-4, 0.5, -0.5, 9.0, -9.0, 20.0, -20.0, 80.0, -80.0])
        tails = tails.astype(np.float32).astype(np.float64)
        writer.write("tails", draw, {"x": tails}, lambda x: {"y": function(x)}, cotangents={})

    writer = suite(root, "leakyReLU")
    for case, shape in shapes.items():
        draw = writer.draw(case)
        writer.write(case, draw, {"x": draw.normal(*shape)}, lambda x: {"y": F.leaky_relu(x)})
    for case, slope in (("slope-0.2", 0.2), ("slope-0", 0.0), ("slope-above-1", 1.5)):
        draw = writer.draw(case)
        writer.write(case, draw, {"x": draw.normal(3, 2, 5)}, lambda x: {"y": F.leaky_relu(x, slope)}, {"slope": slope})
    # At 0 PyTorch's derivative is the slope, for either sign of the zero.
    draw = writer.draw("at-zero")
    writer.write("at-zero", draw, {"x": np.array([0.0, -0.0, 1.0, -1.0])},
                 lambda x: {"y": F.leaky_relu(x, 0.25)}, {"slope": 0.25})


# name: centres, scale. The paper has two centres and a scale of 10.
QUANTIZERS = {
    "paper": ([-1, 1], 10),
    "soft-scale": ([-1, 1], 0.5),
    "three-centres": ([-1.0, 0.0, 1.0], 4.0),
    "uneven-centres": ([-2.0, -0.25, 0.125, 1.5, 4.0], 3.0),
    "one-centre": ([0.75], 2.0),
    "six-even-centres": ([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], 25.0),
}


def soft(x, centres, scale):
    centres = torch.tensor(centres, dtype=x.dtype)
    return torch.softmax(-scale * (x[..., None] - centres) ** 2, -1) @ centres


def quantization(root):
    writer = suite(root, "softQuantization", ORACLE + ": softmax")
    for case, (centres, scale) in QUANTIZERS.items():
        centres, draw = [float(c) for c in centres], writer.draw(case)
        x = draw.normal(2, 3, 5, 7, scale=0.3 if case == "paper" else 1.5)
        writer.write(case, draw, {"x": x}, lambda x: {"y": soft(x, centres, scale)},
                     {"centres": centres, "scale": scale})
    # So far from the centres that exp underflows without the greatest exponent taken out first.
    draw, far = writer.draw("far"), np.array([-40.0, -9.0, 0.0, 9.0, 40.0, 1e4, -1e4])
    writer.write("far", draw, {"x": far}, lambda x: {"y": soft(x, [-1.0, 1.0], 10)},
                 {"centres": [-1, 1], "scale": 10}, cotangents={})

    writer = suite(root, "hardQuantization", f"NumPy {np.__version__} argmin: the first of equals")

    def write(case, draw, x, centres):
        nearest = np.argmin(np.abs(x[..., None] - np.array(centres)), axis=-1)
        writer.store(case, draw, {"input.x": x, "expected.y": np.array(centres, np.float64)[nearest]},
                     {"centres": centres})

    for case, (centres, _) in QUANTIZERS.items():
        draw = writer.draw(case)
        write(case, draw, draw.normal(2, 3, 5, 7, scale=2.0), centres)
    # Ties, exact in binary, go to the lower centre; neighbours of the tie in single precision do not.
    ties = np.array([0.0, -0.0, 2.0, -2.0, 0.5, -0.5])
    around = np.nextafter(np.float32([2, 2, -2, -2]), np.float32([3, 1, -1, -3])).astype(np.float64)
    write("ties-two-centres", writer.draw("ties-two-centres"), np.array([0.0, -0.0, 2.0**-20, -(2.0**-20)]), [-1, 1])
    write("ties-five-centres", writer.draw("ties-five-centres"), np.concatenate([ties, around]), [-3, -1, 1, 3, 5])


def optimizer(root):
    """torch.optim.AdamW itself, its state set as after `step` - 1 steps."""
    writer = suite(root, "adamW", f"torch.optim.AdamW of {ORACLE}")
    cases = {
        "first-step": ((3, 5, 7), dict(step=1, learningRate=1e-3)),
        "second-step": ((67,), dict(step=2, learningRate=1e-3)),
        "late-step": ((2, 33), dict(step=425, learningRate=1e-3)),
        # Every setting off its default and large enough to matter.
        "all-settings": ((4, 3, 5), dict(step=3, learningRate=0.1, beta1=0.5, beta2=0.75, epsilon=0.5,
                                         weightDecay=0.5)),
        "no-decay": ((17,), dict(step=7, learningRate=1e-2, weightDecay=0)),
        # Experiment 004's first beta.
        "beta1-zero": ((2, 9), dict(step=5, learningRate=1e-4, beta1=0, beta2=0.9, weightDecay=0)),
        # No gradient, no moments: the parameter only decays.
        "zero-gradient": ((5,), dict(step=1, learningRate=1e-2, weightDecay=0.1)),
    }
    for case, (shape, settings) in cases.items():
        draw = writer.draw(case)
        inputs = {"parameter": draw.normal(*shape), "gradient": draw.normal(*shape)}
        inputs["firstMoment"], inputs["secondMoment"] = draw.normal(*shape, scale=0.5), draw.uniform(*shape, low=0.1)
        if settings["step"] == 1:
            inputs["firstMoment"], inputs["secondMoment"] = np.zeros(shape), np.zeros(shape)
        if case == "zero-gradient":
            inputs["gradient"] = np.zeros(shape)

        def compute(parameter, gradient, firstMoment, secondMoment):
            parameter = torch.nn.Parameter(parameter.clone())
            adam = torch.optim.AdamW(
                [parameter], lr=settings["learningRate"], eps=settings.get("epsilon", 1e-8),
                betas=(float(settings.get("beta1", 0.9)), settings.get("beta2", 0.999)),
                weight_decay=settings.get("weightDecay", 0.01), foreach=False)
            state = {"step": torch.tensor(settings["step"] - 1.0), "exp_avg": firstMoment.clone(),
                     "exp_avg_sq": secondMoment.clone()}
            adam.state[parameter] = state
            parameter.grad = gradient
            adam.step()
            return {"parameter": parameter, "firstMoment": state["exp_avg"], "secondMoment": state["exp_avg_sq"]}

        writer.write(case, draw, inputs, compute, settings, cotangents={})


# name: shape, factor.
UPSAMPLINGS = {
    "smallest": ((1, 1, 1, 1), (1, 1)),
    # Experiment 004's layers: by 4, and by 2 the last time.
    "signal-by-4": ((2, 3, 1, 9), (1, 4)),
    "signal-by-2": ((1, 5, 1, 33), (1, 2)),
    "image": ((2, 3, 4, 5), (3, 2)),
}


def upsampling(root):
    writer = suite(root, "nearestUpsampling")
    for case, (shape, factor) in UPSAMPLINGS.items():
        draw = writer.draw(case)
        writer.write(case, draw, {"x": draw.normal(*shape)},
                     lambda x: {"y": F.interpolate(x, scale_factor=factor, mode="nearest")}, {"factor": factor})


# name: shape, factor, aligned corners, fill.
BILINEAR_UPSAMPLINGS = {
    "smallest": ((1, 1, 1, 1), (1, 1), False, "normal"),
    # A decoder's layer, twice the resolution.
    "doubled": ((2, 3, 6, 5), (2, 2), False, "normal"),
    "doubled-aligned": ((2, 3, 6, 5), (2, 2), True, "normal"),
    # Odd and even factors; by an odd one every f-th output is an input.
    "unequal-factors": ((2, 3, 4, 5), (3, 2), False, "normal"),
    "unequal-factors-aligned": ((2, 3, 4, 5), (3, 2), True, "normal"),
    "large-factors": ((1, 2, 3, 2), (5, 7), False, "normal"),
    "large-factors-aligned": ((1, 2, 3, 2), (5, 7), True, "normal"),
    "signal-by-4": ((2, 3, 1, 9), (1, 4), False, "normal"),
    # Input and output are one row: PyTorch takes the scale 0 where the quotient would be 0/0.
    "signal-by-4-aligned": ((2, 3, 1, 9), (1, 4), True, "normal"),
    # One row, enlarged; one column.
    "height-1": ((1, 2, 1, 6), (3, 2), False, "normal"),
    "height-1-aligned": ((1, 2, 1, 6), (3, 2), True, "normal"),
    "width-1": ((2, 2, 7, 1), (2, 4), False, "normal"),
    "width-1-aligned": ((2, 2, 7, 1), (2, 4), True, "normal"),
    "one-element-aligned": ((2, 2, 1, 1), (2, 3), True, "normal"),
    # Factor 1 leaves the image as it is.
    "factor-1": ((2, 1, 3, 4), (1, 1), False, "normal"),
    "factor-1-aligned": ((2, 1, 3, 4), (1, 1), True, "normal"),
    # One past a SIMD width, in pairs of columns and in rows of them.
    "one-past-16": ((1, 2, 3, 18), (2, 2), False, "normal"),
    "one-past-32": ((1, 1, 2, 33), (2, 2), False, "normal"),
    # Positions of some size: an oracle's roundings of them show.
    "long": ((1, 1, 2, 301), (2, 3), False, "normal"),
    # Weights of fourths and eighths: exact in single precision too.
    "integers": ((2, 3, 5, 7), (2, 4), False, "integers"),
    "all-53-bits": ((2, 2, 5, 4), (2, 3), False, "double"),
}


def bilinear_upsampling(root):
    writer = suite(root, "bilinearUpsampling")
    for case, (shape, factor, aligned, kind) in BILINEAR_UPSAMPLINGS.items():
        draw = writer.draw(case)

        def compute(x):
            return {"y": F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=aligned)}

        # The default of alignCorners is left to speak for itself.
        attributes = {"factor": factor, "alignCorners": True} if aligned else {"factor": factor}
        size = (*shape[:2], shape[2] * factor[0], shape[3] * factor[1])
        writer.write(case, draw, {"x": fill(draw, kind, *shape)}, compute, attributes,
                     {"y": fill(draw, kind, *size)})


# name: shape of x and gate, activation.
GATED_UNITS = {
    "smallest": ((1,), "tanh"), "signal": ((2, 3, 1, 37), "tanh"), "first-layer": ((2, 3, 1, 37), "identity"),
    "one-past-64": ((65,), "tanh"),
}


def gates(root):
    writer = suite(root, "gatedUnit")

    def compute(x, gate, activation):
        return {"y": (torch.tanh(x) if activation == "tanh" else x) * torch.sigmoid(gate)}

    for case, (shape, activation) in GATED_UNITS.items():
        draw = writer.draw(case)
        inputs = {"x": draw.normal(*shape, scale=1.5), "gate": draw.normal(*shape, scale=2.0)}
        writer.write(case, draw, inputs, lambda x, gate: compute(x, gate, activation), {"activation": activation})
    # Both tails of both, and the default activation.
    draw = writer.draw("tails")
    x = np.array([0.0, -0.0, 1e-4, -30.0, 30.0, 0.5, 9.0, -9.0])
    gate = np.array([0.0, 40.0, -40.0, -80.0, 20.0, -0.0, -9.0, 1e-4])
    inputs = {name: value.astype(np.float32).astype(np.float64) for name, value in (("x", x), ("gate", gate))}
    writer.write("tails", draw, inputs, lambda x, gate: compute(x, gate, "tanh"))


# name: shape, epsilon, scale of x.
PIXEL_NORMS = {
    "smallest": ((1, 1), None, 1.0),
    # An epsilon large enough to matter: one left out, or put outside the root, shows.
    "large-epsilon": ((2, 5, 1, 19), 0.5, 1.0),
    "experiment-003": ((2, 64, 1, 17), None, 0.05),
    "image": ((2, 7, 3, 5), 1e-3, 1.0),
    "vectors": ((3, 33), None, 1.0),
    # So small that epsilon is most of the root.
    "under-epsilon": ((1, 6, 1, 9), None, 1e-5),
}


def pixel_normalization(root):
    writer = suite(root, "pixelNormalization")
    for case, (shape, epsilon, scale) in PIXEL_NORMS.items():
        draw = writer.draw(case)
        writer.write(case, draw, {"x": draw.normal(*shape, scale=scale)},
                     lambda x: {"y": x / torch.sqrt((x**2).mean(1, keepdim=True) + (1e-7 if epsilon is None else epsilon))},
                     {} if epsilon is None else {"epsilon": epsilon})


# name: samples, inputs, outputs, bias.
LINEARS = {
    "smallest": (1, 1, 1, True), "experiment-003": (3, 64, 16, False), "one-past-16": (17, 33, 17, True),
    "one-past-64": (2, 65, 67, False), "deep": (2, 517, 3, True), "integers": (5, 19, 7, True),
}


def linears(root):
    writer = suite(root, "linear")
    for case, (samples, inputs, outputs, bias) in LINEARS.items():
        draw = writer.draw(case)
        values = {name: fill(draw, case, *shape) for name, shape in (
            ("x", (samples, inputs)), ("weight", (outputs, inputs)), ("bias", (outputs,))) if bias or name != "bias"}
        writer.write(case, draw, values, lambda x, weight, bias=None: {"y": F.linear(x, weight, bias)}, {},
                     {"y": fill(draw, case, samples, outputs)})


def mu_law(root):
    """torchaudio's companding; between its classes' borders, and at the ends."""
    oracle = f"torchaudio {torchaudio.__version__.split('+')[0]}, float64"
    writer = suite(root, "muLawEncoding", oracle)
    for case, levels in (("default", 256), ("two-levels", 2), ("odd-levels", 33), ("many-levels", 4096)):
        draw = writer.draw(case)
        x = np.concatenate([draw.uniform(200, low=-1.0, high=1.0), draw.normal(57, scale=0.01), [0.0, -0.0, 1.0, -1.0]])
        x = np.clip(x, -1, 1)
        y = torchaudio.functional.mu_law_encoding(torch.tensor(x), levels).numpy().astype(np.float64)
        writer.store(case, draw, {"input.x": x, "expected.y": y}, {} if case == "default" else {"levels": levels})
    # Beyond the ends the limits hold: the definition.
    writer.store("beyond-the-ends", None, {"input.x": np.array([1.5, -1.5, 100.0, -1e30]),
                                           "expected.y": np.array([255.0, 0.0, 255.0, 0.0])}, {})
    writer = suite(root, "muLawDecoding", oracle)
    for case, levels in (("default", 256), ("two-levels", 2), ("odd-levels", 33)):
        y = np.arange(levels, dtype=np.float64)
        x = torchaudio.functional.mu_law_decoding(torch.tensor(y), levels).numpy()
        writer.store(case, None, {"input.y": y, "expected.x": x}, {} if case == "default" else {"levels": levels})


# name: samples, levels, positions, scale of the logits.
CATEGORICALS = {
    "smallest": (1, 1, (1,), 1.0), "two-levels": (2, 2, (5,), 1.0), "mu-law": (2, 256, (1, 19), 2.0),
    "image": (2, 5, (3, 7), 1.0), "vectors": (4, 17, (), 1.0),
    # Without the greatest taken out first these exponentials overflow; some classes are nearly certain.
    "steep": (2, 9, (33,), 60.0),
}


def categoricals(root):
    writer = suite(root, "categoricalCrossEntropy")
    for case, (samples, levels, positions, scale) in CATEGORICALS.items():
        draw = writer.draw(case)
        logits = draw.normal(samples, levels, *positions, scale=scale)
        classes = draw.integers(samples, *positions, least=0, greatest=levels - 1)

        def compute(logits, classes):
            value = F.cross_entropy(logits, classes.long(), reduction="none")
            return {"value": value.reshape(samples, -1).mean(1)}

        writer.write(case, draw, {"logits": logits, "classes": classes}, compute, gradients=("logits",))


def write_all(root):
    convolutions(root)
    batch_normalization(root)
    activations(root)
    quantization(root)
    optimizer(root)
    upsampling(root)
    bilinear_upsampling(root)
    gates(root)
    pixel_normalization(root)
    linears(root)
    mu_law(root)
    categoricals(root)
