"""Write the fixtures, the trajectories and the manifest into a folder: `generate.py FOLDER [NAME...]` (see `regenerate`).

Each NAME is the beginning of a path, such as convolution2D or trajectory/fused; without one everything is written.
Generators that write nothing asked for do not run, and verify.py then holds only the oracles that do.
"""

import pathlib
import sys

import audio
import bark
import experiments
import mel
import metric_variants
import metrics
import network
import noise
import progress
import trajectory
import verify
import verify_compare
from manifest import manifest, recorded

COMMITTED = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures"

# Module, the beginnings of the paths that it may write, the checks of verify.py that its oracles answer to.
GENERATORS = (
    (network, """convolution2D/ transposedConvolution2D/ batchNormalization/ tanh/ sigmoid/ leakyReLU/ softQuantization/
        hardQuantization/ adamW/ nearestUpsampling/ bilinearUpsampling/ gatedUnit/ pixelNormalization/ linear/
        muLawEncoding/ muLawDecoding/ categoricalCrossEntropy/""", (verify.network,)),
    (metrics, """meanSquaredError/ structuralSimilarity/ multiScaleStructuralSimilarity/
        normalizedLaplacianPyramidDistance/""", (verify.similarity, verify.laplacian)),
    (metric_variants, """structuralSimilarity/ multiScaleStructuralSimilarity/ normalizedLaplacianPyramidDistance/
        structuralSimilarityMap/ peakSignalToNoiseRatio/""", (verify.peers, verify.laplacian)),
    (audio, "resample/ shortTimeFourierTransform/ inverseShortTimeFourierTransform/ griffinLim/", (verify.audio,)),
    (mel, "melFilterBank/ melSpectrogram/ logMelSpectrogram/ logScaling/ inverseMelScale/", (verify.audio,)),
    (bark, "auditoryFilterBank/ barkDistance/ maskedBarkDistance/", (verify.barks,)),
    (noise, "uniformNoise/ normalInitialization/ xavierNormalInitialization/", ()),
    (experiments, "trajectory/raw- trajectory/clip-", (verify.barks,)),
    (trajectory, "trajectory/", (verify.network, verify.similarity, verify.laplacian)),
)


def may_write(paths, parts):
    return not parts or any(path.startswith(part) or part.startswith(path) for path in paths for part in parts)


def main():
    root, parts = pathlib.Path(sys.argv[1]), sys.argv[2:]
    generators = [row for row in GENERATORS if may_write(row[1].split(), parts)]
    checks = dict.fromkeys(check for _, _, checks in generators for check in checks)
    steps = len(checks) + len(generators)
    progress.begin(parts, len(recorded(COMMITTED, parts).splitlines()))
    verify_compare.verify_all()
    for step, check in enumerate(checks, 1):
        progress.report(f"step {step} of {steps}, verify {check.__name__}")
        check()
    for step, (module, paths, _) in enumerate(generators, len(checks) + 1):
        progress.report(f"step {step} of {steps}, {module.__name__}.py")
        before = len(progress.written)
        module.write_all(root)
        for name in progress.written[before:]:
            assert name.startswith(tuple(paths.split())), f"{name} is missing in generate.py's row of {module.__name__}"
    progress.report("done")
    (root / "MANIFEST.sha256").write_text(manifest(root))


if __name__ == "__main__":
    main()
