"""ONNX models of `export-onnx` beside onnx.checker, PyTorch in double precision and the command line itself."""

import numpy as np
import onnx
import onnxruntime
import safetensors
import soundfile
import torch
import torch.nn.functional as F

ALLOWED = 1e-5
# Frames of the recordings: under a clip, a clip less some columns, a clip, more than one.
FRAMES = (48, 250, 256, 272)
HOP, WINDOW = 260, 1024

# Networks that the shipped ones are not: what `train` is told.
SHAPES = {
    "kernel 3, last 1": "--kernel 3 --last-kernel 1",
    "kernel 4, last 5": "--kernel 4 --last-kernel 5",
    "encoder 5, decoder 6": "--encoder-kernel 5 --decoder-kernel 6 --latent-channels 3",
    "encoder 6, decoder 5": "--encoder-kernel 6 --decoder-kernel 5 --slope 0.2",
    "nearest": "--decoder nearest --levels 3",
    "nearest 1": "--decoder nearest --decoder-kernel 1 --levels 1",
    "bilinear": "--decoder bilinear --last-kernel 1 --levels 4 --scale 6",
    "bilinear 5": "--decoder bilinear --decoder-kernel 5 --kernel 3 --latent-channels 9 --levels 5",
}


class Network:
    """The network of a checkpoint, from its equations, in double precision."""

    def __init__(self, path):
        with safetensors.safe_open(path, "pt") as file:
            self.settings = file.metadata()
            self.tensors = {name: file.get_tensor(name).double() for name in file.keys()}
        self.centres = torch.tensor([float(c) for c in self.settings["centres"].split()], dtype=torch.float64)
        self.midpoints = (self.centres[1:] + self.centres[:-1]) / 2
        self.scale, self.decoder = float(self.settings["scale"]), self.settings["decoder"]

    def block(self, x, index, kind):
        weight, bias = self.tensors[f"{index}.weight"], self.tensors[f"{index}.bias"]
        padding = (weight.shape[-1] - 1) // 2
        if kind == "convolution":
            x = F.conv2d(x, weight, bias, stride=2, padding=padding)
        elif kind == "transposed":
            x = F.conv_transpose2d(x, weight, bias, stride=2, padding=padding, output_padding=weight.shape[-1] % 2)
        else:
            more = dict(align_corners=False) if kind == "bilinear" else {}
            x = F.conv2d(F.interpolate(x, scale_factor=2, mode=kind, **more), weight, bias, padding=padding)
        mean, variance, gamma, beta = (
            self.tensors[f"{index + 1}.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
        x = F.batch_norm(x, mean, variance, gamma, beta, eps=float(self.settings["epsilon"]))
        return torch.tanh(x) if index == 9 else F.leaky_relu(x, float(self.settings["slope"]))

    def latent(self, x):
        x = torch.as_tensor(x).double()
        for index in (0, 3, 6, 9):
            x = self.block(x, index, "convolution")
        return x

    def soft(self, latent):
        z = torch.as_tensor(latent).double()[..., None]
        return (torch.softmax(-self.scale * (z - self.centres) ** 2, -1) * self.centres).sum(-1)

    def code(self, latent):
        return (torch.as_tensor(latent).double()[..., None] > self.midpoints).sum(-1)

    def is_decided(self, latent):
        """Where the latent is further than ALLOWED from every midpoint."""
        distance = (torch.as_tensor(latent).double()[..., None] - self.midpoints).abs()
        return (distance > ALLOWED).all(-1).numpy()

    def decode(self, quantised):
        x = torch.as_tensor(quantised).double()
        first, step = (13, 3) if self.decoder == "transposed" else (14, 4)
        for index in range(first, first + 4 * step, step):
            x = self.block(x, index, self.decoder)
        name = 25 if self.decoder == "transposed" else 29
        last = self.tensors[f"{name}.weight"]
        x = F.conv2d(x, last, self.tensors[f"{name}.bias"], padding=last.shape[-1] // 2)
        return torch.sigmoid(x)


PORTS = {
    ("encoder", "soft"): (["picture"], ["latent", "quantised"]), ("encoder", "hard"): (["picture"], ["latent", "code"]),
    ("decoder", "soft"): (["quantised"], ["reconstruction"]), ("decoder", "hard"): (["code"], ["reconstruction"]),
    ("whole", "soft"): (["picture"], ["reconstruction"]), ("whole", "hard"): (["picture"], ["reconstruction"]),
}


def exported(program, checkpoint, folder, checks):
    """A session for each part and quantisation."""
    sessions = {}
    for (part, quantisation), (inputs, outputs) in PORTS.items():
        path = folder / f"{part}-{quantisation}.onnx"
        program("export-onnx", checkpoint, path, "--part", part, "--quantisation", quantisation)
        what = f"{checkpoint.name}, {part}, {quantisation}"
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        checks.true("onnx.checker", [s.version for s in model.opset_import] == [17] and model.ir_version == 8, what)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [i.name for i in session.get_inputs()], [o.name for o in session.get_outputs()]
        free = all(isinstance(axis, str) for port in session.get_inputs() for axis in port.shape[:1] + port.shape[2:])
        checks.true("inputs and outputs", names == (inputs, outputs) and free, f"{what}: {names}, free axes {free}")
        sessions[part, quantisation] = lambda x, session=session, name=inputs[0]: session.run(None, {name: x})
    return sessions


def against_torch(sessions, network, pictures, what, checks):
    """Every part on a batch of pictures [N, 1, H, W]."""
    what = f"{what}, {list(pictures.shape)}"
    truth = network.latent(pictures)
    latent, quantised = sessions["encoder", "soft"](pictures)
    checks.near("latent, onnxruntime and PyTorch", latent, truth, ALLOWED, what)
    checks.near("soft quantiser of one latent, onnxruntime and PyTorch", quantised, network.soft(latent), ALLOWED, what)
    again, code = sessions["encoder", "hard"](pictures)
    checks.true("latent of both encoders", np.array_equal(latent, again), what)
    checks.true("code of one latent, onnxruntime and PyTorch", np.array_equal(code, network.code(latent)), what)
    decided = network.is_decided(truth)
    checks.true("code, onnxruntime and PyTorch", np.array_equal(code[decided], network.code(truth).numpy()[decided]), what)
    checks.note("latents within 1e-5 of a midpoint, not held to PyTorch", int((~decided).sum()))
    checks.near("decoder, onnxruntime and PyTorch", sessions["decoder", "soft"](quantised)[0],
                network.decode(quantised), ALLOWED, what)
    hard = network.decode(network.centres.float()[code])
    checks.near("decoder of codes, onnxruntime and PyTorch", sessions["decoder", "hard"](code)[0], hard, ALLOWED, what)
    checks.near("whole, onnxruntime and PyTorch", sessions["whole", "soft"](pictures)[0],
                network.decode(network.soft(truth)), ALLOWED, what)
    checks.near("whole hard, onnxruntime and PyTorch", sessions["whole", "hard"](pictures)[0], hard, ALLOWED, what)


def codes_of(path, count, bits):
    """The indices of a code file with a single clip (docs/bitstream.md)."""
    packed = np.unpackbits(np.frombuffer(path.read_bytes(), np.uint8)[48 + 8:])[:count * bits].reshape(count, bits)
    return packed.astype(np.int64) @ (1 << np.arange(bits)[::-1])


def against_the_command_line(program, sessions, network, checkpoint, recordings, folder, what, checks):
    """Recordings of one length, as one batch of onnxruntime's and one after the other of ours."""
    padded, wholes, hards, codes = [], [], [], []
    frames = recordings[0][1].shape[1]
    width = -(-frames // 16) * 16
    for recording, picture in recordings:
        padded.append(np.pad(picture, ((0, 0), (0, width - frames)), mode="edge")[None])
        program("reconstruct", checkpoint, recording, folder / "out.npy")
        wholes.append(np.load(folder / "out.npy"))
        if frames <= 256:
            # Code is made with the baseline's loops always.
            program("reconstruct", checkpoint, recording, folder / "out.npy", "--quantisation", "hard",
                    "--instruction-set", "baseline")
            hards.append(np.load(folder / "out.npy"))
            program("encode", checkpoint, recording, folder / "out.code")
            shape = int(network.settings["latentChannels"]), 16, width // 16
            bits = max(1, (len(network.centres) - 1).bit_length()) if len(network.centres) > 1 else 0
            code = codes_of(folder / "out.code", int(np.prod(shape)), bits) if bits else np.zeros(np.prod(shape), int)
            codes.append(code.reshape(shape))
    what = f"{what}, {len(recordings)} recordings of {frames} frames"
    batch = np.stack(padded).astype(np.float32)
    answer = sessions["whole", "soft"](batch)[0][:, 0, :, :frames]
    checks.near("whole, onnxruntime and `reconstruct`", answer, np.stack(wholes), ALLOWED, what)
    if not codes:
        return
    codes = np.stack(codes)
    latent, code = sessions["encoder", "hard"](batch)
    decided = network.is_decided(latent)
    checks.true("code, onnxruntime and `encode`", np.array_equal(code[decided], codes[decided]), what)
    checks.note("latents compared with `encode`", int(decided.sum()))
    checks.note("latents within 1e-5 of a midpoint, not held to `encode`", int((~decided).sum()))
    checks.note("of these with another code than `encode`'s", int((code[~decided] != codes[~decided]).sum()))
    answer = sessions["decoder", "hard"](codes.astype(np.int64))[0][:, 0, :, :frames]
    checks.near("decoder of `encode`'s code, onnxruntime and `reconstruct`", answer, np.stack(hards), ALLOWED, what)


def recordings(program, root, folder, frames, count):
    """Recordings at 16 kHz of so many frames, and their pictures [256, frames]."""
    result = []
    for number, source in enumerate(sorted((root / "Tests/Fixtures/audio").glob("*.flac"))[:count]):
        samples, _ = soundfile.read(source)
        # Every third sample: aliases do not matter here. A long recording is the clip twice.
        mono = np.tile(samples.mean(axis=1)[::3], 2)[:WINDOW + HOP * (frames - 1)]
        path = folder / f"{number}-{frames}.wav"
        soundfile.write(path, mono, 16000, subtype="PCM_16")
        program("spectrogram", path, folder / "picture.npy")
        result.append((path, np.load(folder / "picture.npy")))
    return result


def check(program, folder, root, checks):
    torch.set_num_threads(2)
    music = {frames: recordings(program, root, folder, frames, 3) for frames in FRAMES}
    clip = np.stack([picture[None] for _, picture in music[256]]).astype(np.float32)
    draw = np.random.Generator(np.random.Philox(24))
    noise = [draw.random(shape, dtype=np.float32) for shape in ((1, 1, 16, 16), (5, 1, 48, 32), (2, 1, 64, 272))]
    shipped = sorted((root / "Tests/Fixtures/weights").glob("*.safetensors"))
    checks.true("shipped weights", len(shipped) == 6, f"{len(shipped)} found")
    for checkpoint in shipped:
        sessions, network = exported(program, checkpoint, folder, checks), Network(checkpoint)
        for pictures in [*noise, clip, clip[:1, :, :, :80]]:
            against_torch(sessions, network, pictures, checkpoint.stem, checks)
        for frames in FRAMES:
            against_the_command_line(
                program, sessions, network, checkpoint, music[frames], folder, checkpoint.stem, checks)
    for name, options in SHAPES.items():
        out = folder / name.replace(" ", "-").replace(",", "")
        program("train", "--data", "noise", "--loss", "mse", "--out", out, "--iterations", 1, "--batch", 2, "--size", 32,
                "--channels", 6, *options.split())
        checkpoint = out / "checkpoint-000001.safetensors"
        sessions, network = exported(program, checkpoint, folder, checks), Network(checkpoint)
        for pictures in [*noise, clip[:2]]:
            against_torch(sessions, network, pictures, name, checks)
        against_the_command_line(program, sessions, network, checkpoint, music[250][:2], folder, name, checks)
