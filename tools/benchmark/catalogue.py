"""The names of docs/command-line.md and what each stands for; imports nothing that takes long."""

DESCRIPTIONS = {
    "training-step": "one step of the paper's autoencoder: batch 8 of 1x256x256, 128 channels, MSE, AdamW",
    "training-step-bf16": "the same with products in bf16",
    "inference": "the same autoencoder forwards, in evaluation mode",
    "ssim": "value and gradient of SSIM, 16 images of 256x256",
    "ms-ssim": "value and gradient of MS-SSIM, 16 images of 256x256",
    "nlpd": "value and gradient of NLPD, 16 images of 256x256",
    "mel": "mel-spectrograms of 16 clips of 67 328 samples",
    "resample": "48 to 16 kHz, 16 stereo clips of 4.208 s",
    "inverse-mel": "magnitudes from the mel-spectrograms of 16 clips, 259 frames each",
    "griffin-lim": "32 iterations, 16 clips, centred, phases 0 at the start",
    "griffin-lim-librosa": "the same for one clip",
    "bark": "value and gradient of the Bark loss, 8192 samples, 512 filters of 512 taps, both signals' features",
    "fit-generator": "one iteration of experiment 004 under that loss",
}
DEFAULT_THREADS = {"training-step": 2, "training-step-bf16": 2, "inference": 2}
# Those that --batch may change.
BATCHED = {"training-step", "training-step-bf16", "inference"}
