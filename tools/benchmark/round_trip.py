"""How near sound comes back: recordings to the paper's picture and back, and Griffin-Lim beside its peers.

    tools/benchmark/.venv/bin/python tools/benchmark/round_trip.py BINARY [DIR-OF-RECORDINGS]

Prints, for the sixteen clips of Tests/Fixtures/audio and for every second recording of DIR (4.208 s at 40 s), the spectral
convergence |S - S'| / |S| of uncentred magnitudes (Frobenius norms) and the log-spectral distance (root mean square over the
bins of a frame of 20 log10 |S| / |S'|, both no lower than 80 dB under the clip's greatest magnitude; mean over frames). Then
Griffin-Lim's 32 iterations from true magnitudes: ours, TorchAudio's, librosa's, all on the sixteen clips from phase 0.
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


def peers(binary):
    work = works.GriffinLim()
    with tempfile.TemporaryDirectory() as folder:
        save_file(work.inputs, f"{folder}/input.safetensors")
        subprocess.run([binary, "benchmark-worker", "griffin-lim", "--data", folder], check=True, input=b"",
                       capture_output=True)
        ours = load_file(f"{folder}/result.safetensors")["signal"]
    theirs = {
        "ours": ours, works.TORCHAUDIO: work.run()["signal"].numpy(),
        f"librosa {librosa.__version__}": np.stack([
            librosa.griffinlim(clip, n_iter=32, hop_length=HOP, win_length=WINDOW, n_fft=WINDOW, momentum=0.99, init=None,
                               pad_mode="reflect") for clip in work.magnitude.numpy()])}
    window = torch.hann_window(WINDOW, dtype=torch.float64)
    wanted = work.magnitude.double()
    for name, signals in theirs.items():
        had = torch.stft(torch.tensor(signals).double(), WINDOW, HOP, window=window, return_complex=True).abs()
        each = (had - wanted).flatten(1).norm(dim=1) / wanted.flatten(1).norm(dim=1)
        print(f"  {name}: mean {each.mean():.6f}, worst {each.max():.6f}")


def main():
    binary = sys.argv[1]
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
