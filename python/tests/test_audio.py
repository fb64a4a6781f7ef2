"""The front end against librosa and SciPy, recordings, and trained models."""

import json
import warnings

import numpy as np
import pytest
from conftest import FIXTURES, peer, read_safetensors, relative

import perceptual_losses as pl
from perceptual_losses import audio


def signal(seed=50, count=6000, channels=()):
    generator = np.random.default_rng(seed)
    time = np.arange(count) / 16000
    tones = sum(np.sin(2 * np.pi * f * time + generator.random()) for f in (220, 440, 1750, 5300))
    return (0.1 * (tones + generator.standard_normal((*channels, count)))).astype(np.float32)


STFT = [
    dict(n_fft=512), dict(n_fft=512, hop_length=100), dict(n_fft=511), dict(n_fft=256, center=False),
    dict(n_fft=512, pad_mode="reflect"),
    dict(n_fft=400, hop_length=160), dict(n_fft=512, pad_mode="edge"), {}, dict(n_fft=512, win_length=512),
]


@pytest.mark.parametrize("options", STFT, ids=str)
@pytest.mark.parametrize("channels", [(), (2,), (2, 3)], ids=str)
def test_stft(options, channels):
    librosa = peer("librosa")
    y = signal(channels=channels)
    actual, expected = audio.stft(y, **options), librosa.stft(y, **options)
    assert actual.shape == expected.shape and actual.dtype == np.complex64
    assert np.abs(actual - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("options", [dict(n_fft=512), dict(n_fft=512, hop_length=100), dict(n_fft=400, hop_length=80)],
                         ids=str)
@pytest.mark.parametrize("center", [True, False])
def test_istft(options, center):
    librosa = peer("librosa")
    y = signal(channels=(2,))
    spectrum = audio.stft(y, center=center, **options)
    hop = options.get("hop_length")
    actual = audio.istft(spectrum, hop_length=hop, center=center)
    expected = librosa.istft(spectrum, hop_length=hop, center=center)
    assert actual.shape == expected.shape
    inside = slice(options["n_fft"], -options["n_fft"])
    assert relative(actual[..., inside], expected[..., inside]) < 1e-5
    if center:
        again = audio.istft(spectrum, hop_length=hop, length=y.shape[-1])
        assert again.shape == y.shape and relative(again, y) < 1e-5


MEL = [
    {}, dict(htk=True), dict(norm=None), dict(htk=True, norm=None, n_mels=40), dict(fmin=300, fmax=7000),
    dict(n_mels=256, n_fft=1024),
]


@pytest.mark.parametrize("options", MEL, ids=str)
def test_mel_filter_bank(options):
    librosa = peer("librosa")
    options = {"sr": 16000, "n_fft": 512, **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = librosa.filters.mel(**options)
    actual = audio.mel_filter_bank(**options)
    assert actual.shape == expected.shape and relative(actual, expected) < 1e-6


@pytest.mark.parametrize("options", [
    {}, dict(power=1), dict(center=False), dict(n_fft=1024, hop_length=200, n_mels=64), dict(htk=True, norm=None),
    dict(pad_mode="reflect"), dict(fmin=100, fmax=5000, sr=16000)], ids=str)
@pytest.mark.parametrize("channels", [(), (2,)], ids=str)
def test_mel_spectrogram(options, channels):
    librosa = peer("librosa")
    y = signal(channels=channels)
    actual, expected = audio.mel_spectrogram(y=y, **options), librosa.feature.melspectrogram(y=y, **options)
    assert actual.shape == expected.shape and relative(actual, expected) < 1e-5


@pytest.mark.parametrize("form", ["add", "clamp"])
def test_log_mel(form):
    y = signal()
    mel = audio.mel_spectrogram(y=y, power=1).astype(np.float64)
    logarithms = np.log(mel + 1e-3) if form == "add" else np.log(np.maximum(mel, 1e-3))
    image, low, high = audio.log_mel(y=y, form=form)
    assert (low, high) == pytest.approx((logarithms.min(), logarithms.max()), rel=1e-4)
    assert np.abs(image - (logarithms - low) / (high - low)).max() < 1e-4
    fixed = audio.log_mel(y=y, form=form, range=(-7.0, 3.0))
    assert (fixed.low, fixed.high) == (-7.0, 3.0) and np.abs(fixed.image - (logarithms + 7) / 10).max() < 1e-4


def test_gradient_of_a_picture():
    """By `operation`: the gradient of a log-mel picture with respect to the waveform."""
    y = signal(count=2048)
    attributes = {"sampleRate": 16000, "windowLength": 512, "hop": 128, "mels": 32}
    ones = np.ones((32, 13), np.float32)
    gradient = pl.operation(
        "logMelSpectrogram", {"signal": y}, {**attributes, "range": [-7, 3]}, "gradient.signal", {"image": ones}
    )["gradient.signal"]
    step = 1e-3 * gradient / np.linalg.norm(gradient)
    ends = [
        pl.operation("logMelSpectrogram", {"signal": y + sign * step}, {**attributes, "range": [-7, 3]}, "image")
        ["image"].sum(dtype=np.float64) for sign in (-1, 1)]
    assert (ends[1] - ends[0]) / 2e-3 == pytest.approx(np.linalg.norm(gradient), rel=2e-2)


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("method", ["nonNegativeLeastSquares", "minimumNorm"])
def test_inverse_mel(power, method):
    librosa = peer("librosa")
    mel = audio.mel_spectrogram(y=signal(), sr=16000, n_fft=512, n_mels=40, power=power)
    magnitude = audio.inverse_mel(mel, sr=16000, n_fft=512, power=power, method=method)
    assert magnitude.shape == (257, mel.shape[1]) and (magnitude >= 0).all()
    if method == "nonNegativeLeastSquares":
        bank = librosa.filters.mel(sr=16000, n_fft=512, n_mels=40)
        assert relative(bank @ magnitude.astype(np.float64) ** power, mel) < 1e-3


@pytest.mark.parametrize("momentum", [0.0, 0.99])
@pytest.mark.parametrize("iterations", [0, 1, 8])
def test_griffin_lim(momentum, iterations):
    librosa = peer("librosa")
    magnitude = np.abs(audio.stft(signal(), n_fft=512, pad_mode="reflect"))
    actual = audio.griffin_lim(magnitude, n_iter=iterations, momentum=momentum, init=None)
    expected = librosa.griffinlim(
        magnitude.astype(np.float64), n_iter=iterations, momentum=momentum, init=None, pad_mode="reflect",
        dtype=np.float64)
    assert actual.shape == expected.shape and relative(actual, expected) < 1e-4


def test_griffin_lim_starts():
    magnitude = np.abs(audio.stft(signal(), n_fft=256, pad_mode="reflect"))
    first, second = (audio.griffin_lim(magnitude, random_state=seed) for seed in (1, 1))
    np.testing.assert_array_equal(first, second)
    other = audio.griffin_lim(magnitude, random_state=2)
    assert not np.array_equal(first, other)
    phase = 2 * np.pi * np.random.default_rng(1).random(magnitude.shape)
    np.testing.assert_array_equal(first, audio.griffin_lim(magnitude, initial_phase=phase))


@pytest.mark.parametrize("rates", [(48000, 16000), (16000, 44100), (8000, 11025), (16000, 16000)], ids=str)
@pytest.mark.parametrize("res_type", ["kaiser", "torchaudio"])
def test_resample(rates, res_type):
    orig, target = rates
    count = orig // 4
    y = np.sin(2 * np.pi * 500 * np.arange(count) / orig)
    actual = audio.resample(np.stack([y, -y]), orig_sr=orig, target_sr=target, res_type=res_type)
    assert actual.shape == (2, -(-count * target // orig))
    expected = np.sin(2 * np.pi * 500 * np.arange(actual.shape[1]) / target)
    inside = slice(target // 20, -target // 20)
    assert np.abs(actual[0, inside] - expected[inside]).max() < 2e-3
    np.testing.assert_array_equal(actual[1], -actual[0])


def test_resample_along_an_axis():
    y = signal(channels=(2, 3))
    last = audio.resample(y, orig_sr=16000, target_sr=8000)
    first = audio.resample(np.moveaxis(y, -1, 0), orig_sr=16000, target_sr=8000, axis=0)
    np.testing.assert_array_equal(np.moveaxis(first, 0, -1), last)


REFUSED = {
    "window": lambda y: audio.stft(y, window="hamming"), "win_length": lambda y: audio.stft(y, win_length=100),
    "length": lambda y: audio.stft(y, n_fft=0), "no hop": lambda y: audio.stft(y, hop_length=0),
    "hop of a half": lambda y: audio.stft(y, hop_length=0.5), "short": lambda y: audio.stft(y[:10], center=False),
    "short to reflect": lambda y: audio.stft(y[:10], pad_mode="reflect"), "no samples": lambda y: audio.stft(y[:0]),
    "no signals": lambda y: audio.stft(np.zeros((0, 4096))), "a number": lambda y: audio.stft(1.0),
    "bins": lambda y: audio.istft(np.zeros((257, 3)), n_fft=1024), "vector": lambda y: audio.istft(y),
    "norm": lambda y: audio.mel_filter_bank(sr=16000, n_fft=512, norm="no"),
    "no mels": lambda y: audio.mel_filter_bank(sr=16000, n_fft=512, n_mels=0),
    "frequencies": lambda y: audio.mel_filter_bank(sr=16000, n_fft=512, fmin=9000),
    "power": lambda y: audio.mel_spectrogram(y=y, power=-1), "two signals": lambda y: audio.log_mel(y=np.stack([y, y])),
    "no epsilon": lambda y: audio.log_mel(y=y, epsilon=0), "form": lambda y: audio.log_mel(y=y, form="no"),
    "range": lambda y: audio.log_mel(y=y, range=(3.0, -7.0)),
    "method": lambda y: audio.inverse_mel(np.ones((40, 3)), sr=16000, n_fft=512, method="no"),
    "vector of mels": lambda y: audio.inverse_mel(np.ones(40), sr=16000, n_fft=512),
    "init": lambda y: audio.griffin_lim(np.ones((129, 9)), init="no"),
    "phases": lambda y: audio.griffin_lim(np.ones((129, 9)), initial_phase=np.ones((129, 8))),
    "iterations": lambda y: audio.griffin_lim(np.ones((129, 9)), n_iter=-1),
    "no rate": lambda y: audio.resample(y, orig_sr=0, target_sr=16000),
    "ratio": lambda y: audio.resample(y, orig_sr=1000003, target_sr=999983),
    "design": lambda y: audio.resample(y, orig_sr=2, target_sr=1, res_type="no"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    with pytest.raises(ValueError) as caught:
        REFUSED[case](signal())
    assert str(caught.value).strip()


# Recordings


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_recordings(tmp_path, suffix, channels):
    y = np.clip(signal(channels=(channels,)), -0.9, 0.9)
    path = tmp_path / f"sound{suffix}"
    audio.write(path, y, 16000)
    samples, rate = audio.read(path)
    assert rate == 16000 and samples.shape == y.shape and np.abs(samples - y).max() < 2e-4
    assert audio.information(path) == (16000, channels, y.shape[1])
    part, _ = audio.read(path, offset=0.1, duration=0.05)
    np.testing.assert_array_equal(part, samples[:, 1600:2400])
    mean, rate = audio.read(str(path), mono=True, sr=8000)
    assert mean.shape == (3000,) and rate == 8000


def test_containers():
    if not FIXTURES.is_dir():
        pytest.skip("the repository's fixtures are not here")
    for path in sorted((FIXTURES / "containers").glob("tone.*")):
        samples, rate = audio.read(path)
        assert samples.size and rate > 0 and np.abs(samples).max() <= 1.001


@pytest.mark.parametrize("call, error", [
    (lambda d: audio.read(d / "none.wav"), FileNotFoundError), (lambda d: audio.read(d / "text.wav"), ValueError),
    (lambda d: audio.read(d / "sound.wav", offset=9), ValueError),
    (lambda d: audio.read(d / "sound.wav", offset=-1), ValueError),
    (lambda d: audio.read(d / "sound.wav", duration=float("nan")), ValueError),
    (lambda d: audio.read(str(d / "sound.wav") + "\0"), ValueError),
    (lambda d: audio.write(d / "no" / "sound.wav", [0.0], 8000), OSError),
    (lambda d: audio.write(d / "sound.xyz", [0.0], 8000), ValueError),
    (lambda d: audio.write(d / "sound.wav", [], 8000), ValueError),
    (lambda d: audio.write(d / "sound.wav", [float("nan")], 8000), (ValueError, FloatingPointError)),
    (lambda d: audio.write(d / "sound.wav", [0.0], 0), ValueError),
    (lambda d: audio.write(d / "sound.wav", [0.0], 2**33), ValueError),
    (lambda d: audio.write(d / "sound.wav", np.zeros((1, 1, 4)), 8000), ValueError),
    (lambda d: pl.Model(d / "none.safetensors"), FileNotFoundError), (lambda d: pl.Model(d / "text.wav"), ValueError),
], ids=range(15))
def test_recordings_refused(tmp_path, call, error):
    audio.write(tmp_path / "sound.wav", np.zeros(800), 8000)
    (tmp_path / "text.wav").write_text("This is no sound, and no network either.")
    with pytest.raises(error) as caught:
        call(tmp_path)
    assert str(caught.value).strip()


# Models


@pytest.fixture(scope="module")
def model():
    path = FIXTURES / "weights" / "noise-mse.safetensors"
    if not path.exists():
        pytest.skip("the repository's fixtures are not here")
    return pl.Model(path)


def test_reconstruct(model):
    """As PyTorch, by the code of docs/network.md."""
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    page = (FIXTURES.parents[1] / "docs" / "network.md").read_text()
    namespace = {}
    exec(page.split("```python\n")[1].split("ramp =")[0], namespace)
    network = namespace["network"](FIXTURES / "weights" / "noise-mse.safetensors")
    x = np.random.default_rng(60).random((2, 1, 64, 96)).astype(np.float32)
    y = model.reconstruct(x)
    with namespace["torch"].no_grad():
        np.testing.assert_allclose(y, network(namespace["torch"].tensor(x)), atol=1e-4)
    np.testing.assert_array_equal(y, model.reconstruct(x, threads=1))
    assert not np.array_equal(y, model.reconstruct(x, statistics="batch"))
    assert not np.array_equal(y, model.reconstruct(x, quantisation="hard"))


def test_encode_and_decode(model, tmp_path):
    audio.write(tmp_path / "in.wav", signal(count=20000), 16000)
    model.encode(tmp_path / "in.wav", tmp_path / "code")
    model.decode(tmp_path / "code", tmp_path / "out.wav")
    before, after = (audio.read(tmp_path / name) for name in ("in.wav", "out.wav"))
    assert after[1] == before[1] and abs(after[0].shape[1] - before[0].shape[1]) <= 512
    assert 0 < (tmp_path / "code").stat().st_size < (tmp_path / "in.wav").stat().st_size / 4


@pytest.mark.parametrize("call", [
    lambda model: model.reconstruct(np.zeros((1, 1, 17, 16))),
    lambda model: model.reconstruct(np.zeros((1, 3, 16, 16))),
    lambda model: model.reconstruct(np.zeros((0, 1, 16, 16))), lambda model: model.reconstruct(np.zeros((16, 16))),
    lambda model: model.reconstruct(np.zeros((1, 1, 16, 16)), statistics="no"),
    lambda model: model.reconstruct(np.zeros((1, 1, 16, 16)), statistics="batch"),
    lambda model: model.reconstruct(np.zeros((1, 1, 16, 16)), quantisation="no"),
], ids=range(7))
def test_model_refuses(model, call):
    with pytest.raises(ValueError):
        call(model)


# The training loop of docs/python.md against this project's trajectories


def page_code():
    page = FIXTURES.parents[1] / "docs" / "python.md"
    if not page.exists():
        pytest.skip("the repository's pages are not here")
    blocks = page.read_text().split("```python\n")[1:]
    return [block.split("```")[0] for block in blocks]


def test_page_runs(capsys):
    """Every block of the page, in order, in one namespace; the loop for two steps."""
    pytest.importorskip("torch")
    namespace = {"__name__": "page"}
    for block in page_code():
        exec(compile(block, "docs/python.md", "exec"), namespace)
    losses = namespace["train"](channels=4, batch=2, side=176, iterations=3)
    assert len(losses) == 3 and np.isfinite(losses).all()


@pytest.mark.parametrize("name, file", [
    ("ms-ssim", "fused-k2-ms-ssim"), ("nlpd", "fused-k2-nlpd-tensorflow"), ("mse", "fused-k2-mse")])
def test_trajectory(name, file):
    """Twenty steps from the same weights and noise as the fixtures' double-precision run."""
    torch = pytest.importorskip("torch")
    if not FIXTURES.is_dir():
        pytest.skip("the repository's fixtures are not here")
    namespace = {"__name__": "page"}
    for block in page_code():
        exec(compile(block, "docs/python.md", "exec"), namespace)
    expected, metadata = read_safetensors(FIXTURES / "trajectory" / f"{file}.safetensors")
    initial, _ = read_safetensors(FIXTURES / "trajectory" / "initial.safetensors")
    settings = json.loads(metadata["settings"])
    small = namespace["autoencoder"](8, kernel=4)
    namespace["initialise"](small, settings["seed"])
    for key, value in small.state_dict().items():
        if key in initial:
            assert torch.equal(value, torch.tensor(initial[key], dtype=torch.float32)), key
    model = namespace["autoencoder"](settings["channels"])
    namespace["initialise"](model, settings["seed"])
    losses = namespace["train"](
        model=model, loss=name, batch=settings["batch"], side=settings["side"], iterations=settings["steps"],
        seed=settings["seed"])
    allowed = 3 * expected["losses.spread"] + 1e-6
    assert (np.abs(np.array(losses) - expected["losses"]) <= allowed).all()
