"""How near sound comes back: recordings to the paper's picture and back, and Griffin-Lim beside its peers.

    tools/benchmark/.venv/bin/python tools/benchmark/round_trip.py BINARY [DIR-OF-RECORDINGS | --peers]

Prints, for the sixteen clips of Tests/Fixtures/audio and for every second recording of DIR (4.208 s at 40 s), the spectral
convergence |S - S'| / |S| of uncentred magnitudes (Frobenius norms) and the log-spectral distance (root mean square over the
bins of a frame of 20 log10 |S| / |S'|, both no lower than 80 dB under the clip's greatest magnitude; mean over frames). Then
Griffin-Lim's 32 iterations from true magnitudes: ours, TorchAudio's, librosa's, all on the sixteen clips from phase 0, and
how far one rounding of the magnitudes moves each (`--peers`: that alone).
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import librosa
import numpy as np
import soundfile
import torch
import torchaudio
from safetensors.numpy import load_file, save_file

import works

RATE, WINDOW, HOP = works.RATE, works.WINDOW, works.HOP
SETTINGS = {
    "as the paper: 32 iterations, non-negative least squares, unit phasors": [],
    "minimum norm in its place": ["--inverse", "minimumNorm"],
    "start in the first quadrant": ["--start", "firstQuadrant"],
    "until a share of 1e-3 is gained, at most 1000": ["--iterations", "1000", "--tolerance", "0.001"],
}


def magnitudes(signal):
    window = torch.hann_window(WINDOW, dtype=torch.float64)
    frames = torch.as_tensor(signal, dtype=torch.float64).unfold(0, WINDOW, HOP) * window
    return torch.fft.rfft(frames).abs().numpy()


def distances(original, rebuilt):
    count = min(len(original), len(rebuilt))
    a, b = magnitudes(original[:count]), magnitudes(rebuilt[:count])
    floor = 1e-4 * a.max()
    ratio = 20 * np.log10(np.maximum(a, floor) / np.maximum(b, floor))
    return np.linalg.norm(a - b) / np.linalg.norm(a), np.sqrt((ratio**2).mean(1)).mean()


def round_trip(binary, clips):
    for what, options in SETTINGS.items():
        found = []
        with tempfile.TemporaryDirectory() as folder:
            for clip, rate in clips:
                source, result = f"{folder}/in.wav", f"{folder}/out.wav"
                soundfile.write(source, clip, rate, subtype="FLOAT")
                reply = json.loads(subprocess.run(
                    [binary, "resynthesize", source, result, "--json", *options], check=True, capture_output=True).stdout)
                mono = torchaudio.functional.resample(torch.tensor(clip.mean(1), dtype=torch.float32), rate, RATE).numpy()
                found.append(distances(mono, soundfile.read(result)[0] / reply["gain"]))
        convergence, distance = np.array(found).T
        print(f"  {what}: spectral convergence {convergence.mean():.3f} ({convergence.min():.3f} to "
              f"{convergence.max():.3f}), log-spectral distance {distance.mean():.2f} dB ({distance.min():.2f} to "
              f"{distance.max():.2f})", flush=True)


def recordings(folder):
    clips = []
    for file in sorted(pathlib.Path(folder).glob("*.ogg"))[::2]:
        with soundfile.SoundFile(file) as sound:
            if sound.frames >= 45 * sound.samplerate:
                sound.seek(40 * sound.samplerate)
                clips.append((sound.read(round(4.208 * sound.samplerate), always_2d=True), sound.samplerate))
    return clips


def by_binary(binary, magnitude):
    with tempfile.TemporaryDirectory() as folder:
        save_file({"magnitude": magnitude.numpy()}, f"{folder}/input.safetensors")
        subprocess.run([binary, "benchmark-worker", "griffin-lim", "--data", folder], check=True, input=b"",
                       capture_output=True)
        return load_file(f"{folder}/result.safetensors")["signal"]


def peers(binary):
    work = works.GriffinLim()
    wanted = work.magnitude.double()
    window = torch.hann_window(WINDOW, dtype=torch.float64)

    def in_double(magnitude):
        return torchaudio.functional.griffinlim(
            magnitude.double(), window, WINDOW, HOP, WINDOW, 1.0, 32, 0.99, None, False).numpy()

    sides = {
        "torchaudio in double precision": in_double,
        "ours": lambda magnitude: by_binary(binary, magnitude),
        works.TORCHAUDIO: lambda magnitude: work.transform(magnitude).numpy(),
        f"librosa {librosa.__version__}": lambda magnitude: np.stack([
            librosa.griffinlim(clip, n_iter=32, hop_length=HOP, win_length=WINDOW, n_fft=WINDOW, momentum=0.99, init=None,
                               pad_mode="reflect") for clip in magnitude.numpy()])}
    # Nine times: from the magnitudes as they are, then from such as differ by one rounding at random.
    draw = torch.Generator().manual_seed(0)
    starts = [work.magnitude] + [
        work.magnitude * (1 + 2.0**-23 * (torch.rand(work.magnitude.shape, generator=draw) - 0.5)) for _ in range(8)]
    for name, run in sides.items():
        found = []
        for magnitude in starts:
            had = torch.stft(torch.tensor(run(magnitude)).double(), WINDOW, HOP, window=window, return_complex=True).abs()
            found.append((had - wanted).flatten(1).norm(dim=1) / wanted.flatten(1).norm(dim=1))
        means = [each.mean() for each in found]
        print(f"  {name}: mean {means[0]:.7f}, worst {found[0].max():.7f}; mean from eight roundings of the magnitudes "
              f"{min(means[1:]):.7f} to {max(means[1:]):.7f}", flush=True)


def main():
    binary = sys.argv[1]
    if "--peers" in sys.argv:
        return peers(binary)
    clips = [(clip.T.numpy(), 48000) for clip in works.stereo()]
    print("Sixteen synthetic clips, there and back:")
    round_trip(binary, clips)
    if len(sys.argv) > 2:
        found = recordings(sys.argv[2])
        print(f"{len(found)} recordings, there and back:")
        round_trip(binary, found)
    print("Griffin-Lim, 32 iterations from phase 0, spectral convergence on the sixteen clips:")
    peers(binary)


main()
