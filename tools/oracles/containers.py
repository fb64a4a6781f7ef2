"""Writes Tests/Fixtures/containers: the same quarter of a second in every container that libsndfile writes.

    tools/oracles/.venv/bin/python tools/oracles/containers.py Tests/Fixtures/containers

Left channel: 0.5 sin(2 pi 440 n / rate); right: 0.25 sin(2 pi 1000 n / rate), rounded to 16 bits. Not part of
`regenerate`: Ogg streams carry a random serial number. The encoders are those of soundfile's libsndfile.
"""

import pathlib
import sys

import numpy as np
import soundfile

FRAMES = 11025 // 2
KINDS = {
    "tone.wav": ("WAV", "PCM_16", 44100), "tone.w64": ("W64", "PCM_16", 44100), "tone.rf64": ("RF64", "PCM_16", 44100),
    "tone.aiff": ("AIFF", "PCM_16", 44100), "tone.au": ("AU", "PCM_16", 44100), "tone.caf": ("CAF", "PCM_16", 44100),
    "tone.flac": ("FLAC", "PCM_16", 44100), "tone.ogg": ("OGG", "VORBIS", 44100), "tone.opus": ("OGG", "OPUS", 48000),
    "tone.mp3": ("MP3", "MPEG_LAYER_III", 44100),
}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (container, encoding, rate) in KINDS.items():
        time = np.arange(FRAMES) / rate
        tones = np.stack([0.5 * np.sin(2 * np.pi * 440 * time), 0.25 * np.sin(2 * np.pi * 1000 * time)], axis=1)
        samples = np.round(tones * 32767).astype(np.int16)
        # libsndfile's MP3 encoder takes 16-bit samples for louder than they are.
        if container == "MP3":
            samples = samples / 32768
        soundfile.write(folder / name, samples, rate, format=container, subtype=encoding)


main(pathlib.Path(sys.argv[1]))
