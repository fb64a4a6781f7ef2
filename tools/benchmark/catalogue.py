"""The names of docs/command-line.md and what each stands for; imports nothing that takes long."""

DESCRIPTIONS = {
    "training-step": "one step of the paper's autoencoder, 4x4 kernels: batch 8 of 1x256x256, 128 channels, MSE, AdamW",
    "training-step-bf16": "the same with products in bf16",
    "training-step-k2": "the same step with kernels of 2x2",
    "training-step-k3": "with kernels of 3x3",
    "training-step-k5": "with kernels of 5x5",
    "training-step-nearest": "with 2x2 in the encoder, nearest upsampling and 3x3 in the decoder",
    "training-step-bilinear": "with 2x2 in the encoder, bilinear upsampling and 3x3 in the decoder",
    "inference": "the autoencoder of 4x4 kernels forwards, in evaluation mode",
    "inference-k2": "that of 2x2 kernels",
    "inference-bf16": "inference with products in bf16",
    "inference-k2-bf16": "that of 2x2 kernels",
    "ssim": "value and gradient of SSIM, 16 images of 256x256",
    "ms-ssim": "value and gradient of MS-SSIM, 16 images of 256x256",
    "nlpd": "value and gradient of NLPD, 16 images of 256x256",
    "mel": "mel-spectrograms of 16 clips of 67 328 samples",
    "resample": "48 to 16 kHz, 16 stereo clips of 4.208 s",
    "resample-kaiser": "the same by a Kaiser-windowed sinc: within 0.0001 dB to 0.91 of Nyquist, 120 dB down beyond it",
    "inverse-mel": "magnitudes from the mel-spectrograms of 16 clips, 259 frames each",
    "griffin-lim": "32 iterations, 16 clips, centred, phases 0 at the start",
    "griffin-lim-librosa": "the same for one clip",
    "bark": "value and gradient of the Bark loss, 8192 samples, 512 filters of 512 taps, both signals' features",
    "fit-generator": "one iteration of experiment 004 under that loss",
}
# Those of the network: --batch may change them, and they run on two threads unless told otherwise.
BATCHED = {name for name in DESCRIPTIONS if name.startswith(("training-step", "inference"))}
DEFAULT_THREADS = dict.fromkeys(BATCHED, 2)
