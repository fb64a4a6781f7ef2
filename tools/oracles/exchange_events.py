"""Event files of --tensorboard read by TensorBoard, beside the logs of the same runs."""

import io
import json
import shutil

import numpy as np
import soundfile
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

EVERYTHING = {kind: 0 for kind in (
    event_accumulator.SCALARS, event_accumulator.IMAGES, event_accumulator.AUDIO, event_accumulator.TENSORS)}


def accumulator(folder):
    return event_accumulator.EventAccumulator(str(folder), size_guidance=EVERYTHING)


def flat(line, group=""):
    """The numbers of a line of a log by their tags."""
    for key, value in line.items():
        if isinstance(value, dict):
            yield from flat(value, f"{group}{key}/")
        elif isinstance(value, (int, float)) and group + key != "iteration":
            yield group + key, value


def compare(events, log, what, checks):
    """Every number of the log in the events and no other, each step once."""
    expected = {}
    for line in map(json.loads, log.read_text().splitlines()):
        for tag, value in flat(line):
            expected.setdefault(tag, []).append((line["iteration"], np.float32(value)))
    found = events.Tags()["scalars"]
    checks.true("TensorBoard's tags", sorted(found) == sorted(expected) and len(expected) > 0, f"{what}: {found}")
    checks.note("scalar tags", len(found))
    for tag in found:
        values = [(event.step, np.float32(event.value)) for event in events.Scalars(tag)]
        checks.true("TensorBoard's values", values == expected.get(tag), f"{what}, {tag}: {values}, expected "
                    f"{expected.get(tag)}")
        checks.note("scalar values", len(values))


def training(program, folder, checks):
    music, run = folder / "music", folder / "run"
    words = ["train", "--data", "noise", "--loss", "nlpd", "--batch", 2, "--size", 80, "--channels", 4, "--iterations", 60,
             "--checkpoint-every", 20, "--out", run]
    shown = ["--tensorboard", "--test", music, "--test-clips", 2]
    program(*words, *shown)
    watching = accumulator(run)
    watching.Reload()
    compare(watching, run / "log.jsonl", "a training", checks)
    for file in ("checkpoint", "optimizer"):
        for iteration in (40, 60):
            (run / f"{file}-{iteration:06}.safetensors").unlink()
    # What a kill after the last checkpoint leaves, cut off amid a record.
    first = sorted(run.glob("events*"))[0]
    first.write_bytes(first.read_bytes()[:-5])
    program(*words, *shown, "--resume")
    checks.true("a new file", len(list(run.glob("events*"))) == 2, "after --resume")
    fresh = accumulator(run)
    for events, what in ((fresh, "a training that went on"), (watching, "a training that went on, watched")):
        events.Reload()
        compare(events, run / "log.jsonl", what, checks)
    images = fresh.Images("test/spectrogram")
    checks.true("pictures", [image.step for image in images] == [20, 40, 60]
                and all(image.encoded_image_string[1:4] == b"PNG" and image.width > 512 for image in images), "steps")
    sounds = fresh.Audio("test/sound")
    lengths = [len(soundfile.read(io.BytesIO(sound.encoded_audio_string))[0]) for sound in sounds]
    checks.true("sounds", [sound.step for sound in sounds] == [20, 40, 60] and lengths == [255 * 260 + 1024] * 3
                and all(sound.sample_rate == 16000 for sound in sounds), f"{lengths} samples")
    steps = []
    for path in sorted(run.glob("events*")):
        for event in EventFileLoader(str(path)).Load():
            steps += [event.step] if event.HasField("summary") else []
    checks.true("steps of the files", steps == list(range(1, 61)), f"{steps}")
    # Neither a seed's weights nor what the log says of them depend on being shown.
    program(*words[:-1], folder / "plain")
    name = "checkpoint-000060.safetensors"
    checks.true("weights", (run / name).read_bytes() == (folder / "plain" / name).read_bytes(), "of a run not shown")


def check(program, folder, root, checks):
    music = folder / "music"
    music.mkdir()
    for path in sorted((root / "Tests/Fixtures/audio").glob("*.flac"))[:2]:
        shutil.copy(path, music)
    training(program, folder, checks)
    raw = folder / "raw"
    program("raw-autoencoder", "train", "--data", music, "--loss", "mse", "--out", raw, "--iterations", 6, "--batch", 2,
            "--channels", 4, "--latent", 4, "--checkpoint-every", 3, "--tensorboard")
    events = accumulator(raw)
    events.Reload()
    compare(events, raw / "log.jsonl", "experiment 003", checks)
    fit = folder / "fit"
    clip = next(iter(sorted(music.iterdir())))
    program("fit-generator", clip, "--loss", "mse", "--loss", "bark", "--out", fit, "--iterations", 21,
            "--checkpoint-every", 10, "--tensorboard")
    for loss in ("mse", "bark"):
        events = accumulator(fit / "tensorboard" / f"{clip.stem}-{loss}")
        events.Reload()
        compare(events, fit / f"{clip.stem}-{loss}.jsonl", f"experiment 004, {loss}", checks)
        checks.true("sounds", [sound.step for sound in events.Audio("sound")] == [10, 20], f"experiment 004, {loss}")
