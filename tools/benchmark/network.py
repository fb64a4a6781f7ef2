"""The paper's autoencoder in PyTorch, channels last, from the same weights and on the same noise as ours."""

import numpy as np
import torch
from torch import nn

import floors
import peers

BATCH, SIDE, CHANNELS, SEED, COMPARED_STEPS = 8, 256, 128, 1, 3


class SoftQuantization(nn.Module):
    """Eq. 1: sum_j softmax_j(-s (z - c_j)^2) c_j."""

    def __init__(self):
        super().__init__()
        self.register_buffer("centres", torch.tensor([-1.0, 1.0]), persistent=False)

    def forward(self, z):
        weights = torch.softmax(-10 * (z[..., None] - self.centres) ** 2, dim=-1)
        return (weights * self.centres).sum(-1)


def autoencoder(kernel, decoder):
    """Four blocks encode, one layer quantises, four blocks decode, a convolution and a sigmoid finish."""
    padding, odd = (kernel - 1) // 2, kernel % 2
    torch.manual_seed(SEED)
    layers = []
    for level in range(4):
        layers += [nn.Conv2d(CHANNELS if level else 1, CHANNELS, kernel, 2, padding), nn.BatchNorm2d(CHANNELS)]
        layers += [nn.LeakyReLU(0.01) if level < 3 else nn.Tanh()]
    layers += [SoftQuantization()]
    for _ in range(4):
        if decoder == "transposed":
            layers += [nn.ConvTranspose2d(CHANNELS, CHANNELS, kernel, 2, padding, output_padding=odd)]
        else:
            layers += [nn.Upsample(scale_factor=2, mode=decoder), nn.Conv2d(CHANNELS, CHANNELS, 3, 1, 1)]
        layers += [nn.BatchNorm2d(CHANNELS), nn.LeakyReLU(0.01)]
    return nn.Sequential(*layers, nn.Conv2d(CHANNELS, 1, 3, 1, 1), nn.Sigmoid())


def noise(step):
    """Batch `step` of U(x), which both sides draw."""
    bits = np.random.Philox(key=np.array([SEED, 0], np.uint64), counter=np.array([0, 0, step, 0], np.uint64))
    values = np.random.Generator(bits).random(BATCH * SIDE * SIDE, dtype=np.float32)
    return torch.from_numpy(values.reshape(BATCH, 1, SIDE, SIDE))


class Network:
    peer = f"PyTorch {torch.__version__.split('+')[0]} channels_last"
    # Side of the kernels that halve and double, and how the decoder doubles.
    kernel, decoder = 4, "transposed"

    def __init__(self):
        self.model = autoencoder(self.kernel, self.decoder)
        self.inputs = {name: value.numpy().copy() for name, value in self.model.state_dict().items()
                       if not name.endswith("num_batches_tracked")}
        self.inputs["batch"] = np.array([BATCH], np.float32)
        self.model = self.model.to(memory_format=torch.channels_last)

    def operations(self):
        """Of the convolutions forwards, and of those whose inputs have no gradient.

        Kernels of 4x4, and of 3x3 as 4x4 with zeros, by minimal filtering F(3x3, 2x2): 16 products for 36.
        """
        side, total, first = SIDE, 0, None
        for layer in self.model:
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                transposed, stride = isinstance(layer, nn.ConvTranspose2d), layer.stride[0]
                side = side if transposed else side // stride
                kernel = layer.kernel_size[0]
                products = BATCH * layer.in_channels * layer.out_channels * side * side * kernel**2
                if stride == 2 and kernel in (3, 4) and layer.in_channels > 1:
                    products = products * 16 // kernel**2 * 16 // 36
                side = side * stride if transposed else side
                total += 2 * products
                first = first or 2 * products
        return total, first

    def floor(self, machine, threads):
        # Nearest upsampling folds into a kernel, bilinear is no convolution of these.
        if self.decoder != "transposed":
            return None
        forward, first = self.operations()
        return floors.binding(machine, threads, 3 * forward - first if self.model.training else forward)

    def compare(self, ours, peer):
        # Imported here: works.py imports this file.
        from works import Verdict
        assert ours.keys() == peer.keys(), f"ours computed {list(ours)}, the peer {list(peer)}"
        largest = max(float(np.abs(ours[name].astype(np.float64) - value).max() / np.abs(value).max())
                      for name, value in peer.items())
        return Verdict(largest, self.allowed, self.what)


class TrainingStep(Network):
    # Single precision alone carries the trajectories of Tests/Fixtures/trajectory apart by as much within twenty steps.
    allowed, what = 1e-3, f"losses of the first {COMPARED_STEPS} steps, relative"

    def __init__(self):
        super().__init__()
        self.model.train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.step = 0

    def run(self):
        x = noise(self.step).contiguous(memory_format=torch.channels_last)
        self.step += 1
        self.optimizer.zero_grad()
        loss = self.loss(x)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def loss(self, x):
        return nn.functional.mse_loss(self.model(x), x)

    @property
    def others(self):
        more = {"torch.compile": lambda: peers.compiled_training(self)}
        if self.kernel in (2, 4) and self.decoder == "transposed":
            more[peers.JAX] = lambda: peers.jax_network(self, "JAXTrainingStep")
        return more | {"oneDNN's convolutions alone": lambda: peers.convolutions(self, True)}

    def sample(self):
        return noise(0).contiguous(memory_format=torch.channels_last)

    def first(self):
        return {"losses": np.array([self.run() for _ in range(COMPARED_STEPS)], dtype=np.float32)}


class TrainingStepBF16(TrainingStep):
    """Ours multiplies in bf16 and keeps all else in single precision; the peer's autocast holds its activations in bf16 too."""

    peer = f"PyTorch {torch.__version__.split('+')[0]} bf16 autocast, channels_last"

    def __init__(self):
        super().__init__()
        # Where single precision goes from the same weights, which a second network would not draw.
        exact = TrainingStep()
        exact.model.load_state_dict(self.model.state_dict())
        self.exact = exact.first()["losses"]

    @property
    def others(self):
        return {"torch.compile": lambda: peers.compiled_training(self)}

    def floor(self, machine, threads):
        # machine.c measures no products in bf16.
        return None

    def loss(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = self.model(x)
        return nn.functional.mse_loss(y.float(), x)

    def compare(self, ours, peer):
        from works import Verdict
        def distance(losses):
            return float(np.abs(losses.astype(np.float64) / self.exact - 1).max())
        # One rounding to bf16, or as far as the peer goes.
        allowed = max(2**-8, distance(peer["losses"]))
        what = (f"losses of the first {COMPARED_STEPS} steps from PyTorch's in single precision, relative; "
                f"the peer's own in bf16: {distance(peer['losses']):.1e}")
        return Verdict(distance(ours["losses"]), allowed, what)


class Inference(Network):
    # A latent near 0 is magnified tenfold by the quantiser; sums of 2048 products stay within 1e-5.
    allowed, what = 1e-3, "largest difference of a pixel over the largest pixel"

    def __init__(self):
        super().__init__()
        self.model.eval()
        self.x = noise(0)
        self.inputs["x"] = self.x.numpy()

    @property
    def others(self):
        return {"torch.compile": lambda: peers.compiled_inference(self),
                peers.JAX: lambda: peers.jax_network(self, "JAXInference"),
                "oneDNN's convolutions alone": lambda: peers.convolutions(self, False)}

    def sample(self):
        return self.x.contiguous(memory_format=torch.channels_last)

    def answer(self):
        return self.model(self.x.contiguous(memory_format=torch.channels_last))

    def run(self):
        with torch.inference_mode():
            return self.answer()

    def first(self):
        return {"y": self.run().contiguous().numpy()}


class TrainingStepK2(TrainingStep):
    kernel = 2


class TrainingStepK3(TrainingStep):
    kernel = 3


class TrainingStepK5(TrainingStep):
    kernel = 5


class TrainingStepNearest(TrainingStep):
    kernel, decoder = 2, "nearest"


class TrainingStepBilinear(TrainingStep):
    kernel, decoder = 2, "bilinear"


class InferenceK2(Inference):
    kernel = 2


class InferenceBF16(Inference):
    """Ours multiplies in bf16 and keeps all else in single precision; the peer's autocast holds its activations in bf16 too."""

    peer = TrainingStepBF16.peer

    def __init__(self):
        super().__init__()
        with torch.inference_mode():
            self.exact = self.model(self.x).numpy()

    @property
    def others(self):
        return {"torch.compile": lambda: peers.compiled_inference(self)}

    def floor(self, machine, threads):
        return None

    def answer(self):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return super().answer()

    def first(self):
        return {"y": self.run().float().contiguous().numpy()}

    def compare(self, ours, peer):
        from works import Verdict
        def distance(result):
            return float(np.sqrt(((result["y"] - self.exact) ** 2).mean() / (self.exact ** 2).mean()))
        # One rounding to bf16, or as far as the peer goes.
        what = ("norm of the difference from PyTorch in single precision over the norm; "
                f"the peer's own in bf16: {distance(peer):.1e}")
        return Verdict(distance(ours), max(2**-8, distance(peer)), what)


class InferenceK2BF16(InferenceBF16):
    kernel = 2
