"""Twenty steps of the two perceptual-audio-loss experiments' networks, by PyTorch.

Not fixtures of the contract but step-by-step peers for the training loops, as those of trajectory.py. The files hold the
losses, the first step's gradients and, for experiment 003, the final weights of a double-precision run (the truth), and how
far single-precision runs stray from it whose initial weights are moved by one unit in the last place. Of experiment 004's
network, whose weights take half a megabyte, the final clip stands for the weights.

Experiment 004's Adam has a first beta of 0: it moves every weight by about the learning rate, whatever the gradient's size,
so that where a gradient is smaller than its own rounding the sign decides. `losses.nudge` sets this beside a change of the
start: the largest distance of the losses of double-precision runs whose initial weights are moved by half a unit in the last
place of single precision. Since such a run says little after its first steps, `probed.*` hold the outputs of some steps of the
double-precision run, and at each the loss and its gradient, which an implementation can be held to.
"""

import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import bark
import progress
from fixture import metadata_text, write_safetensors

SEED, STEPS, NEARBY, CLIP_NEARBY = 11, 20, 6, 3
ORACLE = f"PyTorch {torch.__version__.split('+')[0]}"
CHANNELS, LATENT, BATCH, WINDOW = 8, 6, 3, 2048
SAMPLES, CLIP_LATENT = 8192, 128
PROBED = [1, 2, 3, 5, 8, 13, 20]


def draws(name, shape, scale):
    """Normals of one tensor, in single precision."""
    key = np.frombuffer(name.encode().ljust(16, b"_")[:16], dtype="<u8") + np.uint64(SEED)
    values = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, 0])).standard_normal(shape)
    return (scale * values).astype(np.float32)


def sound(samples, index):
    """Two decaying tones and noise, scaled to 1."""
    t = np.arange(samples) / 11025
    tones = sum(np.exp(-3 * t) * np.sin(2 * np.pi * f * t + index) for f in (220 + 90 * index, 1300 + 170 * index))
    signal = tones + 0.05 * draws(f"sound {index}", samples, 1.0)
    return (signal / np.abs(signal).max()).astype(np.float32)


class Bark:
    """The published loss with its filters kept; the bank in the precision of the signals."""

    def __init__(self, low, high, stride, factor, weighted, cosine):
        middles = bark.centres(low, high, 512)
        self.bank = torch.tensor(bark.responses(middles, bark.bandwidths(middles), 11025, 512))[:, None]
        self.weights = torch.tensor(bark.a_weights(middles) if weighted else np.ones(512))[:, None]
        self.stride, self.factor, self.cosine = stride, factor, cosine

    def features(self, signal):
        filtered = F.conv1d(signal[:, None], self.bank.to(signal), stride=self.stride, padding=512)
        return (torch.log(1 + self.factor * F.relu(filtered)) * self.weights.to(signal)).flatten(1)

    def __call__(self, output, target):
        with torch.no_grad():
            b = self.features(target)
        a = self.features(output)
        return -F.cosine_similarity(a, b).mean() if self.cosine else F.mse_loss(a, b)


class Gated(nn.Module):
    """tanh(norm(conv(x))) sigmoid(norm(gate(x))), or conv(x) sigmoid(gate(x)) where open."""

    def __init__(self, kind, inputs, outputs, *geometry, is_open=False):
        super().__init__()
        self.conv, self.gate = (kind(inputs, outputs, *geometry, bias=False) for _ in range(2))
        self.is_open = is_open

    def forward(self, x):
        def norm(y):
            return y / torch.sqrt((y**2).mean(1, keepdim=True) + 1e-7)

        a, b = self.conv(x), self.gate(x)
        return a * torch.sigmoid(b) if self.is_open else torch.tanh(norm(a)) * torch.sigmoid(norm(b))


class Plain(nn.Module):
    def __init__(self, *arguments):
        super().__init__()
        self.conv = nn.ConvTranspose1d(*arguments, bias=False)

    def forward(self, x):
        return self.conv(x)


def raw_autoencoder(levels):
    c, up, down = CHANNELS, nn.ConvTranspose1d, nn.Conv1d
    last = Gated(up, c, 1, 16, 8, 4, is_open=True) if levels == 1 else Plain(c, levels, 16, 8, 4)
    return nn.ModuleDict({
        "encoder": nn.Sequential(
            Gated(down, 1, c, 16, 8, 4, is_open=True), Gated(down, c, 2 * c, 8, 4, 2), Gated(down, 2 * c, 2 * c, 8, 4, 2),
            Gated(down, 2 * c, 2 * c, 8, 4, 2), Gated(down, 2 * c, 2 * c, 4, 2, 0), nn.Linear(2 * c, LATENT, bias=False)),
        "decoder": nn.Sequential(
            Gated(up, LATENT, 2 * c, 4, 2, 0), Gated(up, 2 * c, 2 * c, 8, 4, 2), Gated(up, 2 * c, 2 * c, 8, 4, 2),
            Gated(up, 2 * c, c, 8, 4, 2), last),
    })


def run_raw(model, x):
    encoder, decoder = model["encoder"], model["decoder"]
    latent = encoder[5](encoder[:5](x[:, None])[:, :, 0])
    return decoder(latent[:, :, None])


def mu_law(x):
    return ((torch.sign(x) * torch.log1p(255 * x.abs()) / math.log1p(255) + 1) / 2 * 255 + 0.5).long()


RAW_BARK = Bark(50, 5212.5, 2, 10000.0, False, False)
RAW_LOSSES = {
    "mse": lambda output, x: F.mse_loss(output[:, 0], x),
    "bark": lambda output, x: RAW_BARK(output[:, 0], x),
    "categorical": lambda output, x: F.cross_entropy(output, mu_law(x)),
}


def train_raw(initial, name, windows, precision):
    model = raw_autoencoder(256 if name == "categorical" else 1).to(precision)
    model.load_state_dict({key: torch.tensor(value) for key, value in initial.items()})
    adam = torch.optim.Adam(model.parameters(), lr=5e-5, foreach=False)
    losses, gradients = [], {}
    for step in range(STEPS):
        x = torch.tensor(windows[step]).to(precision)
        adam.zero_grad()
        loss = RAW_LOSSES[name](run_raw(model, x), x)
        loss.backward()
        if step == 0:
            gradients = {key: value.grad.numpy().copy() for key, value in model.named_parameters()}
        adam.step()
        losses.append(loss.item())
    return np.array(losses), gradients, {key: value.numpy() for key, value in model.state_dict().items()}


def generator():
    layers = []
    for outputs, kernel, factor in [(32, 3, 4), (32, 15, 4), (32, 25, 4), (32, 25, 4), (32, 25, 4), (32, 25, 4), (1, 25, 2)]:
        convolution = nn.Conv1d(32 if layers else CLIP_LATENT, outputs, kernel, padding=kernel // 2, bias=False)
        layers += [nn.Upsample(scale_factor=factor), convolution] + ([nn.LeakyReLU(0.2)] if outputs > 1 else [])
    return nn.Sequential(*layers)


CLIP_BARK = Bark(1, 5512.5, 1, 10.0, True, True)
CLIP_LOSSES = {"mse": F.mse_loss, "bark": CLIP_BARK}


def train_clip(initial, name, target, precision, outputs=None):
    model = generator().to(precision)
    model.load_state_dict({key: torch.tensor(value) for key, value in initial.items() if key != "latent"})
    latent = torch.tensor(initial["latent"]).to(precision).reshape(1, CLIP_LATENT, 1)
    target = torch.tensor(target).to(precision)[None]
    adam = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.0, 0.9), foreach=False)
    losses, gradients = [], {}
    for step in range(STEPS):
        adam.zero_grad()
        output = model(latent)[:, 0]
        loss = CLIP_LOSSES[name](output, target)
        loss.backward()
        if step == 0:
            gradients = {key: value.grad.numpy().copy() for key, value in model.named_parameters()}
        adam.step()
        losses.append(loss.item())
        if outputs is not None:
            outputs.append(output.detach())
    return np.array(losses), gradients, model(latent)[0, 0].detach().numpy()


def at_steps(name, outputs, target):
    """Loss and its gradient at the outputs of PROBED steps, rounded to single precision: what no trajectory can disturb."""
    clips = torch.cat([outputs[step - 1] for step in PROBED]).to(torch.float32)
    losses, gradients = [], []
    for clip in clips.double():
        clip = clip[None].requires_grad_()
        loss = CLIP_LOSSES[name](clip, torch.tensor(target).double()[None])
        gradients.append(torch.autograd.grad(loss, clip)[0][0])
        losses.append(loss.item())
    return {"probed.steps": np.array(PROBED, np.float64), "probed.clips": clips.numpy(), "probed.losses": np.array(losses),
            "probed.gradients": torch.stack(gradients).to(torch.float32).numpy()}


def moved(initial, run, share):
    """Every element moved by `share` units in the last place of single precision, up or down."""
    random = np.random.Generator(np.random.Philox(key=[SEED, 100 + run]))

    def move(value):
        sign = np.where(random.random(value.shape) < 0.5, -1.0, 1.0)
        result = value.astype(np.float64) + share * sign * np.spacing(np.abs(value)).astype(np.float64)
        return result.astype(np.float32) if share == 1 else result

    return {key: move(value) for key, value in initial.items()}


def relative(value, truth):
    return np.linalg.norm(value - truth) / max(np.linalg.norm(truth), 1e-300)


def distances(truth, run, runs=NEARBY):
    """The largest distances of single-precision runs: of losses and, relative in L2, of the other tensors."""
    losses, gradients, final = truth
    of_losses, of_gradients = np.zeros(STEPS), {key: 0.0 for key in gradients}
    of_final = {key: 0.0 for key in final} if isinstance(final, dict) else 0.0
    for index in range(runs):
        progress.report(f"run {index + 1} of {runs} from moved weights", at_most_every=10)
        rough_losses, rough_gradients, rough_final = run(index)
        of_losses = np.maximum(of_losses, np.abs(rough_losses - losses))
        for key in gradients:
            of_gradients[key] = max(of_gradients[key], relative(rough_gradients[key], gradients[key]))
        if isinstance(final, dict):
            of_final = {key: max(of_final[key], relative(rough_final[key], final[key])) for key in final}
        else:
            of_final = max(of_final, relative(rough_final, final))
    return of_losses, of_gradients, of_final


def write_raw(folder, script):
    windows = [np.stack([sound(WINDOW, BATCH * step + i) for i in range(BATCH)]) for step in range(STEPS)]
    write_safetensors(folder / "raw-windows.safetensors", {"windows": np.stack(windows)}, metadata_text(
        oracle=f"NumPy {np.__version__}", generator=script, seed=str(SEED)))
    for name in RAW_LOSSES:
        if not progress.is_wanted(f"trajectory/raw-{name}.safetensors"):
            continue
        progress.report(f"trajectory/raw-{name}")
        state = raw_autoencoder(256 if name == "categorical" else 1).state_dict()
        # Larger than the published 0.02, at which eight channels would pass next to nothing on.
        initial = {key: draws(key, tuple(value.shape), 0.1) for key, value in state.items()}
        truth = train_raw(initial, name, windows, torch.float64)
        losses, gradients, final = truth
        spread = distances(truth, lambda run: train_raw(moved(initial, run, 1), name, windows, torch.float32))
        tensors = {"losses": losses, "losses.spread": spread[0]}
        tensors |= {f"initial.{key}": value for key, value in initial.items()}
        tensors |= {f"gradient.{key}": value.astype(np.float32) for key, value in gradients.items()}
        tensors |= {f"gradient.spread.{key}": np.array([value]) for key, value in spread[1].items()}
        # What the steps changed: the weights themselves hardly move.
        tensors |= {f"final.{key}": value.astype(np.float32) for key, value in final.items()}
        tensors |= {f"final.spread.{key}": np.array([value]) for key, value in spread[2].items()}
        write_safetensors(folder / f"raw-{name}.safetensors", tensors, metadata_text(
            oracle=f"{ORACLE}, float64 and float32, filters of {bark.SCIPY}", generator=script, loss=name, seed=str(SEED),
            settings={"channels": CHANNELS, "latent": LATENT, "batch": BATCH, "learningRate": 5e-5,
                      "windows": "raw-windows.safetensors, one batch a step"}))
        print(f"trajectory/raw-{name}: loss {losses[0]:.6f} to {losses[-1]:.6f}; single precision strays by "
              f"{(spread[0] / np.abs(losses)).max():.1e} of it, its first gradient by {max(spread[1].values()):.1e}")


def write_clip(folder, script):
    target = sound(SAMPLES, 3)
    state = generator().state_dict()
    gain = math.sqrt(2 / 1.04)
    initial = {key: draws(key, tuple(value.shape), (gain if value.shape[0] > 1 else 1) * math.sqrt(
        2 / ((value.shape[0] + value.shape[1]) * value.shape[2]))) for key, value in state.items()}
    initial["latent"] = draws("latent", (CLIP_LATENT,), 1.0)
    write_safetensors(folder / "clip-initial.safetensors", initial | {"target": target}, metadata_text(
        oracle=f"NumPy {np.__version__}", generator=script, seed=str(SEED)))
    for name in CLIP_LOSSES:
        if not progress.is_wanted(f"trajectory/clip-{name}.safetensors"):
            continue
        progress.report(f"trajectory/clip-{name}")
        outputs = []
        truth = train_clip(initial, name, target, torch.float64, outputs)
        losses, gradients, clip = truth
        spread = distances(truth, lambda run: train_clip(moved(initial, run, 1), name, target, torch.float32),
                           CLIP_NEARBY)
        nudge = np.zeros(STEPS)
        for run in range(CLIP_NEARBY):
            nudge = np.maximum(nudge, np.abs(train_clip(moved(initial, run, 0.5), name, target, torch.float64)[0] - losses))
        tensors = {"losses": losses, "losses.spread": spread[0], "losses.nudge": nudge, "clip": clip,
                   "clip.spread": np.array([spread[2]])}
        if name == "bark":
            tensors |= at_steps(name, outputs, target)
        tensors |= {f"gradient.{key}": value.astype(np.float32) for key, value in gradients.items()}
        tensors |= {f"gradient.spread.{key}": np.array([value]) for key, value in spread[1].items()}
        write_safetensors(folder / f"clip-{name}.safetensors", tensors, metadata_text(
            oracle=f"{ORACLE}, float64 and float32, filters of {bark.SCIPY}", generator=script, loss=name, seed=str(SEED),
            settings={"learningRate": 1e-4, "beta1": 0, "beta2": 0.9}))
        print(f"trajectory/clip-{name}: loss {losses[0]:.6f} to {losses[-1]:.6f}; single precision strays by "
              f"{(spread[0] / np.abs(losses)).max():.1e} of it, double precision nudged by {(nudge / np.abs(losses)).max():.1e}")


def write_all(root):
    folder, script = pathlib.Path(root) / "trajectory", f"tools/oracles/experiments.py, seed {SEED}"
    write_raw(folder, script)
    write_clip(folder, script)
