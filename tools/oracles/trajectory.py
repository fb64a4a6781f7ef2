"""Twenty training steps of a small autoencoder of the paper under each loss, by PyTorch.

Not fixtures of the contract: a step-by-step peer for the training loop. `initial.safetensors` holds
the weights all start from; each loss's file holds the losses, the first step's gradients and the
final weights and statistics of a double-precision run (the truth) and of a single-precision run. How far rounding alone carries
twenty steps is measured by NEARBY more single-precision runs, whose initial weights are moved by
one unit in the last place: a rounding error that carries an activation across the kink of a
LeakyReLU changes gradients by a thousandth at once, which happens in about every third run.
`losses.spread` is their largest distance from the truth at each step, `final.spread.NAME` the
largest relative L2 distance of the final tensor.

`fused-LOSS.safetensors` holds the same of a network of FUSED_CHANNELS channels, which Fast computes another way: its losses,
first gradients and final tensors of the double-precision run (rounded to float32), and the nearby runs' spread of all three.
`fused-k2-LOSS.safetensors` is that network with kernels of 2x2, also under NLPD's form "tensorflow", `stages-NAME.safetensors` are those of STAGES under MSE.
"""

import math
import pathlib

import numpy as np
import torch
from torch import nn

import laplacian
import metrics
import progress
from fixture import metadata_text, write_safetensors
from network import soft
from noise import uniform

SEED, STEPS, BATCH, SIDE, CHANNELS = 7, 20, 2, 176, 8
NEARBY, FUSED_CHANNELS = 12, 32
SETTINGS = {
    "seed": SEED, "steps": STEPS, "batch": BATCH, "side": SIDE, "channels": CHANNELS,
    "learningRate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01,
    "kernel": "4x2x1 four times, transposed 4x2x1 four times, 3x1x1", "leakyReLU": 0.01,
    "batchNormalization": {"epsilon": 1e-5, "momentum": 0.1, "mode": "training"},
    "centres": [-1, 1], "scale": 10,
    "noise": "step i, from 0: Philox key (seed, 0), counter (0, 0, i, 0), float32, [batch, 1, side, side]",
    "weights": "tensor i of the convolutions in order, weight then bias: Philox key (seed, 1), counter (0, 0, i, 0), "
               "float32(1 / sqrt(fan in)) * (2 u - 1) in float32",
}
ORACLE = f"PyTorch {torch.__version__.split('+')[0]}"
# Networks whose stages halve and double in other ways: kernels of odd side, upsampling, a latent of another width.
STAGES = {
    "kernel-3": {"channels": 32, "kernel": 3, "last": 1},
    "kernel-5": {"channels": 8, "kernel": 5, "last": 5},
    "nearest": {"channels": 32, "latent": 5, "kernel": 2, "decoder": "nearest"},
    "bilinear": {"channels": 8, "latent": 5, "kernel": 2, "decoder": "bilinear"},
}
STAGES_SIDE = 48
LOSSES = {
    "mse": lambda output, target: torch.nn.functional.mse_loss(output, target),
    "nlpd": lambda output, target: metrics.nlpd(output, target).mean(),
    "ms-ssim": lambda output, target: 1 - metrics.peer_ms_ssim(output, target).mean(),
}
# The form of NLPD that is trained on by default, and sees the level of a picture.
LEVELLED = {"nlpd-tensorflow": lambda output, target: laplacian.distance(output, target, "tensorflow").mean()}


class SoftQuantization(nn.Module):
    def forward(self, x):
        return soft(x, [-1.0, 1.0], 10)


def autoencoder(channels=CHANNELS, kernel=4, decoder="transposed", last=3, latent=None):
    """Four blocks encode, one layer quantises, four blocks decode, a convolution and a sigmoid finish."""
    padding, widths = (kernel - 1) // 2, [1, channels, channels, channels, latent or channels]
    layers = []
    for level in range(4):
        layers += [nn.Conv2d(widths[level], widths[level + 1], kernel, 2, padding), nn.BatchNorm2d(widths[level + 1])]
        layers += [nn.LeakyReLU(0.01) if level < 3 else nn.Tanh()]
    layers += [SoftQuantization()]
    for level in range(4):
        inputs = channels if level else widths[4]
        if decoder == "transposed":
            layers += [nn.ConvTranspose2d(inputs, channels, kernel, 2, padding, output_padding=kernel % 2)]
        else:
            layers += [nn.Upsample(scale_factor=2, mode=decoder), nn.Conv2d(inputs, channels, 3, 1, 1)]
        layers += [nn.BatchNorm2d(channels), nn.LeakyReLU(0.01)]
    return nn.Sequential(*layers, nn.Conv2d(channels, 1, last, 1, last // 2), nn.Sigmoid())


def biases_without_effect(model):
    """Batch normalisation takes these away again: their gradient is 0, of which the oracle has the rounding."""
    return [f"{index}.bias" for index, layer in enumerate(model) if isinstance(model[min(index + 1, len(model) - 1)], nn.BatchNorm2d)]


def initial_state(model):
    """PyTorch's default distribution, drawn from the counter-based generator."""
    state = {name: value.numpy().astype(np.float32) for name, value in model.state_dict().items()
             if not name.endswith("num_batches_tracked")}
    count = 0
    for index, layer in enumerate(model):
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            fan_in = layer.weight.shape[1] * layer.weight.shape[2] * layer.weight.shape[3]
            bound = np.float32(1 / math.sqrt(fan_in))
            for name in ("weight", "bias"):
                shape = state[f"{index}.{name}"].shape
                u = uniform((SEED, 1), (0, 0, count, 0), math.prod(shape))
                state[f"{index}.{name}"] = (bound * (np.float32(2) * u - np.float32(1))).reshape(shape)
                count += 1
    return state


def train(initial, loss_function, precision, shape, side=SIDE):
    """`shape`: what autoencoder takes."""
    model = autoencoder(**shape).to(precision)
    model.load_state_dict({name: torch.tensor(value) for name, value in initial.items()})
    adam = torch.optim.AdamW(model.parameters(), lr=1e-3, foreach=False)
    losses, gradients = [], {}
    for step in range(STEPS):
        noise = uniform((SEED, 0), (0, 0, step, 0), BATCH * side * side).reshape(BATCH, 1, side, side)
        target = torch.tensor(noise).to(precision)
        adam.zero_grad()
        loss = loss_function(model(target), target)
        loss.backward()
        if step == 0:
            gradients = {name: value.grad.numpy().copy() for name, value in model.named_parameters()}
        adam.step()
        losses.append(loss.item())
    final = {name: value.numpy() for name, value in model.state_dict().items()
             if not name.endswith("num_batches_tracked")}
    return np.array(losses), gradients, final


def nearby(initial, run):
    """The initial weights with every element moved by one unit in the last place, up or down."""
    random = np.random.Generator(np.random.Philox(key=[SEED, 100 + run]))
    return {name: np.nextafter(value, np.where(random.random(value.shape) < 0.5, -np.inf, np.inf).astype(np.float32))
            for name, value in initial.items()}


def largest_distances(so_far, rough, truth):
    """The largest relative L2 distance of each tensor."""
    for name, value in truth.items():
        distance = np.linalg.norm(rough[name] - value) / max(np.linalg.norm(value), 1e-300)
        so_far[name] = max(so_far[name], distance)


def spread(initial, loss_function, losses, final, shape, gradients=None, side=SIDE):
    """The largest distances of the nearby single-precision runs from the truth."""
    of_losses, of_final = np.zeros(STEPS), {name: 0.0 for name in final}
    gradients = gradients or {}
    of_gradients = {name: 0.0 for name in gradients}
    for run in range(NEARBY):
        progress.report(f"run {run + 1} of {NEARBY} from moved weights", at_most_every=10)
        rough_losses, rough_gradients, rough_final = train(
            nearby(initial, run), loss_function, torch.float32, shape, side)
        of_losses = np.maximum(of_losses, np.abs(rough_losses - losses))
        largest_distances(of_final, rough_final, final)
        largest_distances(of_gradients, rough_gradients, gradients)
    tensors = {"losses.spread": of_losses}
    tensors |= {f"gradient.spread.{name}": np.array([value]) for name, value in of_gradients.items()}
    return tensors | {f"final.spread.{name}": np.array([value]) for name, value in of_final.items()}


def write_fused(folder, generator, file, loss, shape, side=SIDE):
    """The run of a network that Fast computes another way; the tensors in float32, for their size."""
    if not progress.is_wanted(f"trajectory/{file}.safetensors"):
        return
    progress.report(f"trajectory/{file}")
    model = autoencoder(**shape)
    initial = initial_state(model)
    function = (LOSSES | LEVELLED)[loss]
    losses, gradients, final = train(initial, function, torch.float64, shape, side)
    without = biases_without_effect(model)
    gradients = {key: value for key, value in gradients.items() if key not in without}
    tensors = {"losses": losses} | spread(initial, function, losses, final, shape, gradients, side)
    tensors |= {f"gradient.{key}": value.astype(np.float32) for key, value in gradients.items()}
    tensors |= {f"final.{key}": value.astype(np.float32) for key, value in final.items()}
    settings = SETTINGS | {"channels": shape["channels"]}
    if len(shape) > 1:
        settings = SETTINGS | {"side": side} | shape
    write_safetensors(folder / f"{file}.safetensors", tensors, metadata_text(
        oracle=f"{ORACLE}, float64" + (", pytorch-msssim 1.0.0" if loss == "ms-ssim" else ""),
        generator=generator, loss=loss, seed=str(SEED), settings=settings))
    print(f"trajectory/{file}: loss {losses[0]:.6f} to {losses[-1]:.6f}")


def write_all(root):
    folder, generator = pathlib.Path(root) / "trajectory", f"tools/oracles/trajectory.py, seed {SEED}"
    shape = {"channels": CHANNELS}
    initial = initial_state(autoencoder(**shape))
    write_safetensors(folder / "initial.safetensors", initial, metadata_text(
        oracle=f"NumPy {np.__version__}, float32", generator=generator, seed=str(SEED), settings=SETTINGS))
    for name, loss_function in LOSSES.items():
        if not progress.is_wanted(f"trajectory/{name}.safetensors"):
            continue
        progress.report(f"trajectory/{name}")
        losses, gradients, final = train(initial, loss_function, torch.float64, shape)
        greatest = max(np.abs(value).max() for value in gradients.values())
        for key in biases_without_effect(autoencoder(**shape)):
            assert np.abs(gradients[key]).max() < 1e-13 * greatest, f"{key} has an effect"
            gradients[key][:] = 0
        rough_losses, _, rough_final = train(initial, loss_function, torch.float32, shape)
        tensors = {"losses": losses, "losses.float32": rough_losses}
        tensors |= {f"gradient.{key}": value for key, value in gradients.items()}
        tensors |= {f"final.{key}": value for key, value in final.items()}
        tensors |= {f"final.float32.{key}": value for key, value in rough_final.items()}
        tensors |= spread(initial, loss_function, losses, final, shape)
        write_safetensors(folder / f"{name}.safetensors", tensors, metadata_text(
            oracle=f"{ORACLE}, float64 and float32" + (", pytorch-msssim 1.0.0" if name == "ms-ssim" else ""),
            generator=generator, loss=name, seed=str(SEED), settings=SETTINGS))
        print(f"trajectory/{name}: loss {losses[0]:.6f} to {losses[-1]:.6f}; single precision differs by at most "
              f"{np.abs(rough_losses / losses - 1).max():.1e} of it")
    for loss in LOSSES:
        write_fused(folder, generator, f"fused-{loss}", loss, {"channels": FUSED_CHANNELS})
    for loss in LOSSES | LEVELLED:
        write_fused(folder, generator, f"fused-k2-{loss}", loss, {"channels": FUSED_CHANNELS, "kernel": 2})
    for name, shape in STAGES.items():
        write_fused(folder, generator, f"stages-{name}", "mse", shape, STAGES_SIDE)
