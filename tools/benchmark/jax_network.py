"""The paper's autoencoder in JAX, compiled by XLA: channels last; kernels of 2x2 are matrix products."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from torch import nn

import network

LAYOUT = ("NHWC", "HWIO", "NHWC")


def convolution(x, weight, layer):
    """`weight` as PyTorch has it: [outputs, inputs, kernel, kernel]."""
    kernel, stride, padding = layer.kernel_size[0], layer.stride[0], layer.padding[0]
    if kernel == stride:
        n, height, width, inputs = x.shape
        blocks = x.reshape(n, height // kernel, kernel, width // kernel, kernel, inputs)
        return jnp.einsum("nyaxbi,oiab->nyxo", blocks, weight)
    return lax.conv_general_dilated(
        x, weight.transpose(2, 3, 1, 0), (stride, stride), [(padding, padding)] * 2, dimension_numbers=LAYOUT)


def transposed_convolution(x, weight, layer):
    """`weight` as PyTorch has it: [inputs, outputs, kernel, kernel]. Stride 2."""
    n, height, width, _ = x.shape
    outputs, kernel = weight.shape[1:3]
    if kernel == 2:
        return jnp.einsum("nyxi,ioab->nyaxbo", x, weight).reshape(n, 2 * height, 2 * width, outputs)
    # Kernels of 4x4: each parity of rows and of columns has its own 2x2 taps, all four in one convolution of 3x3.
    taps = weight.transpose(2, 3, 0, 1)
    parities = []
    for rows in ((3, 1, None), (None, 2, 0)):
        for columns in ((3, 1, None), (None, 2, 0)):
            parities.append(jnp.stack([jnp.stack([
                jnp.zeros_like(taps[0, 0]) if row is None or column is None else taps[row, column]
                for column in columns]) for row in rows]))
    y = lax.conv_general_dilated(x, jnp.concatenate(parities, -1), (1, 1), [(1, 1)] * 2, dimension_numbers=LAYOUT)
    y = y.reshape(n, height, width, 2, 2, outputs).transpose(0, 1, 3, 2, 4, 5)
    return y.reshape(n, 2 * height, 2 * width, outputs)


def forward(layers, state, x, training):
    """The picture, and the state with new running statistics."""
    state = dict(state)
    for index, layer in enumerate(layers):
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            function = transposed_convolution if isinstance(layer, nn.ConvTranspose2d) else convolution
            x = function(x, state[f"{index}.weight"], layer) + state[f"{index}.bias"]
        elif isinstance(layer, nn.BatchNorm2d):
            mean, variance = state[f"{index}.running_mean"], state[f"{index}.running_var"]
            if training:
                found_mean, found_variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
                unbiased = found_variance * (x.size // x.shape[-1]) / (x.size // x.shape[-1] - 1)
                state[f"{index}.running_mean"] = lax.stop_gradient(0.9 * mean + 0.1 * found_mean)
                state[f"{index}.running_var"] = lax.stop_gradient(0.9 * variance + 0.1 * unbiased)
                mean, variance = found_mean, found_variance
            scale = state[f"{index}.weight"] / jnp.sqrt(variance + layer.eps)
            x = (x - mean) * scale + state[f"{index}.bias"]
        elif isinstance(layer, nn.LeakyReLU):
            x = jnp.where(x > 0, x, layer.negative_slope * x)
        elif isinstance(layer, nn.Tanh):
            x = jnp.tanh(x)
        elif isinstance(layer, nn.Sigmoid):
            x = jax.nn.sigmoid(x)
        elif isinstance(layer, network.SoftQuantization):
            # Eq. 1 with the centres -1 and 1.
            x = jnp.tanh(20 * x)
        else:
            raise TypeError(f"{layer}: not written for JAX")
    return x, state


class JAXNetwork:
    """From the weights of a work of network.py."""

    def __init__(self, work):
        self.layers = list(work.model)
        self.state = {name: jnp.asarray(value) for name, value in work.inputs.items() if "." in name}
        self.step = 0


class JAXTrainingStep(JAXNetwork):
    def __init__(self, work):
        super().__init__(work)
        self.trained = [name for name in self.state if not name.endswith(("running_mean", "running_var"))]
        self.moments = [{name: jnp.zeros_like(self.state[name]) for name in self.trained} for _ in range(2)]
        self.compiled = jax.jit(self.update, donate_argnums=(0, 1))

    def update(self, state, moments, step, x):
        def loss(parameters):
            y, new_state = forward(self.layers, state | parameters, x, True)
            return ((y - x) ** 2).mean(), new_state

        parameters = {name: state[name] for name in self.trained}
        (value, state), gradients = jax.value_and_grad(loss, has_aux=True)(parameters)
        first, second = ({}, {})
        for name, g in gradients.items():
            first[name] = 0.9 * moments[0][name] + 0.1 * g
            second[name] = 0.999 * moments[1][name] + 0.001 * g * g
            root = jnp.sqrt(second[name] / (1 - 0.999**step)) + 1e-8
            state[name] = (1 - 1e-5) * parameters[name] - 1e-3 * (first[name] / (1 - 0.9**step)) / root
        return value, state, [first, second]

    def run(self):
        x = jnp.asarray(network.noise(self.step).permute(0, 2, 3, 1).numpy())
        self.step += 1
        value, self.state, self.moments = self.compiled(self.state, self.moments, float(self.step), x)
        return float(value)

    def first(self):
        return {"losses": np.array([self.run() for _ in range(network.COMPARED_STEPS)], dtype=np.float32)}


class JAXInference(JAXNetwork):
    def __init__(self, work):
        super().__init__(work)
        self.x = jnp.asarray(work.x.permute(0, 2, 3, 1).numpy())
        self.compiled = jax.jit(lambda state, x: forward(self.layers, state, x, False)[0])

    def run(self):
        return self.compiled(self.state, self.x).block_until_ready()

    def first(self):
        return {"y": np.asarray(self.run()).transpose(0, 3, 1, 2)}
