"""The definitions of docs/fixtures.md that no peer offers, in PyTorch so that gradients follow.

They work in whatever precision their inputs have; verify.py holds them to torch.istft and to
torchaudio's Griffin-Lim wherever those exist (centred, an envelope without zeros, phases all zero).
"""

import torch


def hann(length, like):
    return torch.hann_window(length, periodic=True, dtype=like.dtype)


def spectrum(signal, windowLength, hop, centred):
    return torch.stft(signal, windowLength, hop, window=hann(windowLength, signal), center=centred,
                      pad_mode="reflect", return_complex=True)


def overlapped(frames, hop):
    """Frames [windowLength, count] laid `hop` apart and added."""
    length, count = frames.shape
    positions = torch.arange(count)[None, :] * hop + torch.arange(length)[:, None]
    total = torch.zeros((count - 1) * hop + length, dtype=frames.dtype)
    return total.index_add(0, positions.flatten(), frames.flatten())


def inverse(spectrum, windowLength, hop, centred, length):
    """Overlapped windowed frames over the overlapped squared window; 0 where that is under 1e-10."""
    frames = torch.fft.irfft(spectrum, windowLength, dim=0)
    window = hann(windowLength, frames)[:, None]
    total = overlapped(frames * window, hop)
    envelope = overlapped((window**2).expand(frames.shape), hop)
    heard = envelope >= 1e-10
    signal = torch.where(heard, total / torch.where(heard, envelope, 1.0), 0.0)
    if centred:
        signal = signal[windowLength // 2:]
    missing = max(length - len(signal), 0)
    return torch.cat([signal, torch.zeros(missing, dtype=signal.dtype)])[:length]


def griffin_lim(magnitude, initialPhase, windowLength, hop, centred, iterations=32, momentum=0.99):
    """The signal, and the least modulus that was divided by, relative to the greatest."""
    share = momentum / (1 + momentum)
    length = (magnitude.shape[1] - 1) * hop + (0 if centred else windowLength)
    angle, previous, least = torch.polar(torch.ones_like(initialPhase), initialPhase), 0.0, 1.0
    for _ in range(iterations):
        signal = inverse(magnitude * angle, windowLength, hop, centred, length)
        rebuilt = spectrum(signal, windowLength, hop, centred)
        change = rebuilt - share * previous
        modulus = change.abs()
        least = min(least, (modulus.min() / modulus.max()).item())
        angle, previous = change / (modulus + 1e-16), rebuilt
    return inverse(magnitude * angle, windowLength, hop, centred, length), least


def log_scaling(mel, epsilon=0.001, form="add", range="clip"):
    log = torch.log(mel + epsilon if form == "add" else torch.clamp(mel, min=epsilon))
    if range == "clip":
        low, high = log.min(), log.max()
    else:
        low, high = (torch.tensor(float(value), dtype=mel.dtype) for value in range)
    image = (log - low) / (high - low) if high > low else torch.zeros_like(log)
    return {"image": image, "low": low.reshape(1), "high": high.reshape(1)}
