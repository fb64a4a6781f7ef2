"""The faults that tools/mutation/run plants, and the tests that must notice.

Each is an edit of one place: `old` must stand exactly once in the file. Faults of Fast and of Reference both: the first
are found by cross-checks with Reference and by fixtures, the second by fixtures and by gradient checks.
"""

# Which tests run: names of suites or of their tests, as `swift test --filter` takes them. A test that runs several
# operations would notice the faults of all: name the operation's own. Fixtures are checked for every operation.
TESTS = {
    "convolution2D": r"(Tests|Checks)\.Convolution",
    "transposedConvolution2D": r"Tests\.TransposedConvolution|Checks\.ConvolutionGradient",
    "batchNormalization": r"(Tests|Checks)\.BatchNormalization",
    "minimalFiltering": r"Tests\.(MinimalFiltering|ConvolutionBlock|LargeOutput|Trajectory|Autoencoder|Inference|Bitstream|TrainingQuantisation)",
    "productPrecision": r"Tests\.(ProductPrecision|TileProducts)",
    "leakyReLU": r"(Tests|Checks)\.LeakyReLU",
    "tanh": r"Tests\.Tanh|Checks\.WholeJacobianTests/tanh",
    "sigmoid": r"Tests\.Sigmoid|Checks\.WholeJacobianTests/sigmoid",
    "softQuantization": r"(Tests|Checks)\.SoftQuantization",
    "hardQuantization": r"(Tests|Checks)\.HardQuantization",
    "gatedUnit": r"Tests\.GatedUnit|Checks\.WholeJacobianTests/gatedUnit",
    "pixelNormalization": r"Tests\.PixelNormalization|Checks\.WholeJacobianTests/pixelNormalization",
    "linear": r"Tests\.Linear|Checks\.WholeJacobianTests/linear",
    "nearestUpsampling": r"Tests\.NearestUpsampling|Checks\.WholeJacobianTests/nearestUpsampling",
    "bilinearUpsampling": r"(Tests|Checks)\.BilinearUpsampling",
    "meanSquaredError": r"Tests\.MeanSquaredError|Checks\.WholeJacobianTests/meanSquaredError",
    "peakSignalToNoiseRatio":
        r"Tests\.SimilarityFastVariantTests/psnr|Checks\.WholeJacobianTests/peakSignalToNoiseRatio",
    "categoricalCrossEntropy":
        r"Tests\.CategoricalCrossEntropy|Checks\.WholeJacobianTests/categoricalCrossEntropy",
    "structuralSimilarityMap":
        r"Tests\.SimilarityFastVariantTests/map|Checks\.WholeJacobianTests/structuralSimilarityMap",
    "structuralSimilarity": r"(Tests|Checks)\.(Multi\w*)?StructuralSimilarity",
    "multiScaleStructuralSimilarity": r"(Tests|Checks)\.MultiScale",
    "normalizedLaplacianPyramidDistance": r"(Tests|Checks)\.NormalizedLaplacian",
    "barkDistance": r"(Tests|Checks)\.(Bark|MaskedBark)",
    "maskedBarkDistance": r"Tests\.MaskedBark|Checks\.BarkDistanceGradientTests/underMasking",
    "auditoryFilterBank": r"Tests\.AuditoryFilterBank",
    "adamW": r"(Tests|Checks)\.AdamW",
    "uniformNoise": r"(Tests|Checks)\.UniformNoise",
    "normalInitialization": r"Tests\.NormalInitialization",
    "xavierNormalInitialization": r"Tests\.NormalInitialization",
    "shortTimeFourierTransform":
        r"Tests\.(ShortTime|InverseShortTime)|Checks\.AudioGradientTests/shortTime",
    "inverseShortTimeFourierTransform":
        r"Tests\.InverseShortTime|Checks\.AudioGradientTests/inverseShortTime",
    "griffinLim": r"Tests\.GriffinLim|Checks\.AudioGradientTests/griffinLim",
    "melSpectrogram": r"Tests\.MelSpectrogram|Checks\.AudioGradientTests/melSpectrogram",
    "melFilterBank": r"Tests\.MelFilterBank",
    "logScaling": r"Tests\.LogScaling|Checks\.AudioGradientTests/logScaling",
    "logMelSpectrogram": r"Tests\.LogMel|Checks\.AudioGradientTests/logMelSpectrogram",
    "inverseMelScale": r"Tests\.InverseMelScale",
    "muLawEncoding": r"Tests\.MuLaw",
    "muLawDecoding": r"Tests\.MuLaw",
    "resample": r"Tests\.Resample|Checks\.AudioGradientTests/resample",
    "files": r"Tests\.(FileSink|AppendingFile|DirectoryLock|FilePath|TrainingLog|CheckpointDamage|Safetensors|Interruption|Stream|AudioContainer|AudioFile|AudioRefusal|RawAutoencoder)",
    "ranks": r"Tests\.Ranks",
    "memory": r"Tests\.(Memory|Allocation)",
    "sweep": r"Tests\.Sweep",
    "exchange": r"Tests\.(ProtocolBuffer|EventLog|ONNXExport|ExchangeCommand)",
}


def faults(operation, file, *edits):
    return [dict(operation=operation, file=file, fault=fault, old=old, new=new) for fault, old, new in edits]


FAULTS = [
    *faults(
        "convolution2D", "Sources/Reference/Network/Convolution2D.swift",
        ("bias missing", "var sum = bias?[o] ?? 0", "var sum: Scalar = 0"),
        ("kernel flipped along its rows", "sum += weight[o, c, k, l]", "sum += weight[o, c, weight.shape[2] - 1 - k, l]"),
        ("kernel flipped along its columns", "sum += weight[o, c, k, l]",
         "sum += weight[o, c, k, weight.shape[3] - 1 - l]"),
        ("padding off by one",
         """          for c in 0..<x.shape[1] {
            for k in 0..<weight.shape[2] {
              for l in 0..<weight.shape[3] {
                let row = i * stride.height - padding.height + k
                let column = j * stride.width - padding.width + l
                let isInside = row >= 0 && row < height && column >= 0 && column < width
                sum +=""",
         """          for c in 0..<x.shape[1] {
            for k in 0..<weight.shape[2] {
              for l in 0..<weight.shape[3] {
                let row = i * stride.height - padding.height + k
                let column = j * stride.width - padding.width + l + 1
                let isInside = row >= 0 && row < height && column >= 0 && column < width
                sum +="""),
        ("last tap dropped",
         """              for l in 0..<weight.shape[3] {
                let row = i * stride.height - padding.height + k
                let column = j * stride.width - padding.width + l
                let isInside = row >= 0 && row < height && column >= 0 && column < width
                sum +=""",
         """              for l in 0..<max(1, weight.shape[3] - 1) {
                let row = i * stride.height - padding.height + k
                let column = j * stride.width - padding.width + l
                let isInside = row >= 0 && row < height && column >= 0 && column < width
                sum +="""),
        ("sign of the weight's gradient", "weightGradient[o, c, k, l] += g *", "weightGradient[o, c, k, l] -= g *"),
        ("sign of the input's gradient", "xGradient[n, c, row, column] += weight", "xGradient[n, c, row, column] -= weight"),
        ("bias gradient of one image only", "biasGradient[o] += g", "if n == 0 { biasGradient[o] += g }"),
        ("gradient through the kernel transposed", "{ xGradient[n, c, row, column] += weight[o, c, k, l] * g }",
         "{ xGradient[n, c, row, column] += weight[o, c, weight.shape[2] - 1 - k, l] * g }"),
    ),
    *faults(
        "convolution2D", "Sources/Fast/Network/Convolution2D.swift",
        ("rows left over by the stride get no gradient",
         "height: (shape.height + 2 * shape.geometry.padding.height - shape.kernelHeight) % shape.geometry.stride.height",
         "height: 0"),
    ),
    *faults(
        "convolution2D", "Sources/Fast/Network/Correlation/ConvolutionPasses.swift",
        ("bias gradient missing", "  if let bias {\n    correlationBiasGradient(", "  if let bias, bias[0] != 0 {\n    correlationBiasGradient("),
    ),
    *faults(
        "convolution2D", "Sources/Fast/Network/Correlation/CorrelationPlan.swift",
        ("first tap of the kernel dropped", "for kx in 0..<shape.kernelWidth {", "for kx in min(1, shape.kernelWidth - 1)..<shape.kernelWidth {"),
        ("taps of a strided row mixed up", "let phase = (ky % stride.height) * stride.width + kx % stride.width",
         "let phase = (ky % stride.height) * stride.width + (kx + 1) % stride.width"),
        ("kernel flipped", "taps.append(Tap(channel: c, kernelRow: ky, kernelColumn: kx, offset: offset))",
         "taps.append(Tap(channel: c, kernelRow: shape.kernelHeight - 1 - ky, kernelColumn: kx, offset: offset))"),
        ("padding off by one", "    leading = shape.geometry.padding\n",
         "    leading = Extent(height: shape.geometry.padding.height, width: max(0, shape.geometry.padding.width - 1))\n"),
    ),
    *faults(
        "convolution2D", "Sources/Fast/Network/Correlation/CorrelationPlanes.swift",
        ("last column of an odd row lost", "for i in pairs..<max(pairs, evenCount) { even[evenStart + i] = x[2 * i] }",
         "for i in pairs..<max(pairs, evenCount) { even[evenStart + i] = 0 }"),
        ("row above the picture read", "if y < 0 || y >= height {", "if y < 0 || y > height {"),
    ),
    *faults(
        "convolution2D", "Sources/Fast/Network/Correlation/Correlation.swift",
        ("bias missing", "bias: bias?[from + r] ?? 0, channel)", "bias: 0, channel)"),
        ("bias of the wrong channel", "bias: bias?[from + r] ?? 0, channel)", "bias: bias?[from] ?? 0, channel)"),
        ("one column too few written", "let used = min(length, plan.gridWidth - column)",
         "let used = min(length, max(1, plan.gridWidth - 1) - column)"),
    ),
    *faults(
        "convolution2D", "Sources/FastKernels/Source/Network/Correlation/Correlation.swift",
        ("a row without bias", "map(x, output, count: count) { $0 + bias }", "map(x, output, count: count) { $0 }"),
        ("one vector from the wrong place", "let x2 = load(x + 2 &* width)\n      first", "let x2 = load(x + width)\n      first"),
        ("one product left out where one channel comes out",
         "a7 = multiplyAdd(a7, load(x + 7 &* width), weight)\n      tap", "a7 = load(x + 7 &* width)\n      tap"),
        ("tail of a sum left out", "sums += load(x + i, count: lanes)", "_ = lanes"),
    ),
    *faults(
        "convolution2D", "Sources/Fast/Network/Correlation/CorrelationGradient.swift",
        ("gradient of the last image only", "* tapCount + group * tapsAtOnce + t] += sum", "* tapCount + group * tapsAtOnce + t] = sum"),
        ("padding of rows not zeroed", "    padded.update(repeating: 0, count: rowPitch)\n", "    padded.update(repeating: 1, count: rowPitch)\n"),
    ),
    *faults(
        "convolution2D", "Sources/FastKernels/Source/Network/Correlation/CorrelationGradient.swift",
        ("one row of upstream used twice", "let g3 = load(g + 3 &* rowPitch)", "let g3 = load(g + 2 &* rowPitch)"),
    ),
    *faults(
        "transposedConvolution2D", "Sources/Reference/Network/TransposedConvolution2D.swift",
        ("bias missing", "y[n, o, row, column] = bias?[o] ?? 0 }", "y[n, o, row, column] = 0 }"),
        ("kernel flipped", "x[n, c, i, j] * weight[c, o, k, l]\n", "x[n, c, i, j] * weight[c, o, k, weight.shape[3] - 1 - l]\n"),
        ("padding off by one",
         """                let column = j * stride.width - padding.width + l
                if row >= 0 && row < y.shape[2]""",
         """                let column = j * stride.width - padding.width + l + 1
                if row >= 0 && row < y.shape[2]"""),
        ("overwrites in place of adding", "y[n, o, row, column] += x", "y[n, o, row, column] = x"),
        ("sign of the input's gradient", "xGradient[n, c, i, j] += weight", "xGradient[n, c, i, j] -= weight"),
        ("sign of the weight's gradient", "weightGradient[c, o, k, l] += x", "weightGradient[c, o, k, l] -= x"),
        ("bias gradient without the last row", "for row in 0..<shape[2] {", "for row in 0..<max(1, shape[2] - 1) {"),
    ),
    *faults(
        "transposedConvolution2D", "Sources/Fast/Network/Correlation/CorrelationPlan.swift",
        ("parities exchanged", "let first = (parity + padding) % stride", "let first = (parity + padding + 1) % stride"),
        ("shift of one input pixel", "let shift = (parity + padding) / stride", "let shift = (parity + padding) / stride + 1"),
        ("kernel walked in the wrong direction", "map { (kernel: $1, shift: shift - $0) })", "map { (kernel: $1, shift: shift + $0) })"),
        ("last tap of each parity dropped", "Swift.stride(from: first, to: kernel, by: stride).enumerated()",
         "Swift.stride(from: first, to: max(first + 1, kernel - 1), by: stride).enumerated()"),
    ),
    *faults(
        "transposedConvolution2D", "Sources/Fast/Network/Correlation/Correlation.swift",
        ("even and odd columns exchanged", "kernels.interleave(sums, sums + parityPitch,", "kernels.interleave(sums + parityPitch, sums,"),
        ("last column of an odd width without bias", "target[2 * pairs] = sums[pairs] + bias", "target[2 * pairs] = sums[pairs]"),
        ("output padding cut off", "if used > 0 && outputRow < plan.outputHeight {", "if used > 0 && outputRow < plan.outputHeight - 1 {"),
    ),
    *faults(
        "transposedConvolution2D", "Sources/FastKernels/Source/Network/Correlation/Correlation.swift",
        ("bias added to every second column only", "both.oddHalf = load(odd + i) + bias", "both.oddHalf = load(odd + i)"),
    ),
    *faults(
        "batchNormalization", "Sources/Reference/Network/BatchNormalization.swift",
        ("running variance biased", "rate * variance * n / (n - 1)", "rate * variance"),
        ("epsilon missing in the output", "let deviation = (variance + Scalar(epsilon)).squareRoot()", "let deviation = variance.squareRoot()"),
        ("beta missing", "gamma[c] * (x[$0] - mean) / deviation + beta[c] }", "gamma[c] * (x[$0] - mean) / deviation }"),
        ("momentum on the wrong side", "(1 - rate) * runningMean[c] + rate * mean", "rate * runningMean[c] + (1 - rate) * mean"),
        ("sign of the gradient through the variance", "(g - sum / n - d * product / (n * squared))", "(g - sum / n + d * product / (n * squared))"),
        ("gradient through the mean missing", "(g - sum / n - d * product / (n * squared))", "(g - d * product / (n * squared))"),
        ("epsilon missing in the gradient", "let squared = variance + Scalar(epsilon)", "let squared = variance"),
        ("gradient of gamma not normalised", "gradients.gamma[c] = product / deviation", "gradients.gamma[c] = product"),
    ),
    *faults(
        "batchNormalization", "Sources/Fast/Network/BatchNormalization.swift",
        ("running variance biased", "let unbiased = moments.variance * Double(values) / Double(values - 1)", "let unbiased = moments.variance"),
        ("gradient through the mean missing", "let a = sum / count + residual * b", "let a = residual * b"),
        ("inference with the moments of the batch", "? rows.moments(x) : (mean: Double(runningMean[channel]), variance: Double(runningVariance[channel]))",
         "? rows.moments(x) : rows.moments(x)"),
        ("second segment of a row left out", "while offset < pixels {", "while offset < min(pixels, 1) {"),
        ("beta missing", "let offset = Float(beta + (Double(center) - mean) * factor)", "let offset = Float((Double(center) - mean) * factor)"),
        ("gradient through the running mean missing", "let constant = extra.mean + residual * extra.variance", "let constant = residual * extra.variance"),
    ),
    *faults(
        "batchNormalization", "Sources/FastKernels/Source/Network/BatchNormalization.swift",
        ("tail of the gradient's sums adds the mean",
         "load(x + i, count: lanes, filler: mean) - m)", "load(x + i, count: lanes) - m) + m"),
        ("tail of the moments counts the filler", "let d = load(x + i, count: lanes, filler: shift) - s", "let d = load(x + i, count: lanes) - s"),
        ("sign of the gradient through the variance", "let minusB = Vector(repeating: -b)", "let minusB = Vector(repeating: b)"),
    ),
    *faults(
        "leakyReLU", "Sources/Reference/Network/LeakyReLU.swift",
        ("slope on the wrong side", "x.map { $0 > 0 ? $0 : Scalar(slope) * $0 }", "x.map { $0 < 0 ? $0 : Scalar(slope) * $0 }"),
        ("plain ReLU", "x.map { $0 > 0 ? $0 : Scalar(slope) * $0 }", "x.map { $0 > 0 ? $0 : 0 * $0 }"),
        ("sign of the gradient", "gradient[i] = x[i] > 0 ? upstream[i]", "gradient[i] = x[i] > 0 ? -upstream[i]"),
        ("gradient at 0 is 1", "gradient[i] = x[i] > 0", "gradient[i] = x[i] >= 0"),
        ("gradient below 0 is 0", ": Scalar(slope) * upstream[i]", ": 0 * upstream[i]"),
    ),
    *faults(
        "leakyReLU", "Sources/FastKernels/Source/Network/LeakyReLU.swift",
        ("slope taken twice", "(v * slope)", "(v * slope * slope)"),
        ("gradient at 0 is 1", "replacing(with: g, where: v .> 0)", "replacing(with: g, where: v .>= 0)"),
        ("gradient reads the wrong operand", "replacing(with: g, where: v .> 0)", "replacing(with: g, where: g .> 0)"),
        ("NaN becomes finite", "(v * slope).replacing(with: v, where: v .> 0)",
         "(v * slope).replacing(with: v, where: v .> 0).replacing(with: 0, where: v .!= v)"),
    ),
    *faults(
        "leakyReLU", "Sources/Fast/Network/LeakyReLU.swift",
        ("second piece of work reads the first", "kernels.leakyReLU(x + offset,", "kernels.leakyReLU(x,"),
    ),
    *faults(
        "tanh", "Sources/Reference/Network/Tanh.swift",
        ("sigmoid in its place", "Scalar(Foundation.tanh(Double($0)))", "Scalar(Foundation.tanh(Double($0) / 2))"),
        ("gradient of the square root", "1 / (cosine * cosine)", "1 / cosine"),
        ("sign of the gradient", "gradient[i] = upstream[i] * Scalar(1", "gradient[i] = -upstream[i] * Scalar(1"),
    ),
    *faults(
        "tanh", "Sources/FastKernels/Source/Vectors/Exponential.swift",
        ("sign lost far from 0", "far.replace(with: -far, where: negative)", "far.replace(with: far, where: negative)"),
        ("polynomial used too far out", "where: magnitude .< 0.3)", "where: magnitude .< 0.6)"),
        ("a term of the polynomial wrong", "p = multiplyAdd(Vector(repeating: 2.0 / 15), p, square)", "p = multiplyAdd(Vector(repeating: 2.0 / 16), p, square)"),
        ("gradient 1 - y", "g * ((1 - y) * (1 + y))", "g * (1 - y)"),
        ("tail not written", "    } partial: { i, lanes in\n      store(body(load(x + i, count: lanes)), y + i, count: lanes)",
         "    } partial: { i, lanes in\n      store(body(load(x + i, count: lanes)), y + i, count: lanes &- 1)"),
    ),
    *faults(
        "sigmoid", "Sources/Reference/Network/Sigmoid.swift",
        ("sign of the exponent", "Scalar(1 / (1 + exp(-Double($0))))", "Scalar(1 / (1 + exp(Double($0))))"),
        ("sign of the gradient", "gradient[i] = upstream[i] * Scalar(y * rest)", "gradient[i] = -upstream[i] * Scalar(y * rest)"),
        ("gradient without the second factor", "Scalar(y * rest)", "Scalar(y)"),
    ),
    *faults(
        "sigmoid", "Sources/FastKernels/Source/Vectors/Exponential.swift",
        ("negative side wrong", "return t.replacing(with: one, where: x .>= 0) / (one + t)", "return one / (one + t)"),
        ("gradient without the second factor", "g * (y * (1 - y))", "g * y"),
        ("exponential less exact", "p = multiplyAdd(Vector(repeating: 1.0 / 24), p, r)", "p = multiplyAdd(Vector(repeating: 1.0 / 25), p, r)"),
        ("exponential's small end cut off", "let least = Vector(repeating: -104)", "let least = Vector(repeating: -30)"),
    ),
    *faults(
        "softQuantization", "Sources/Reference/Network/SoftQuantization.swift",
        ("scale missing", "let exponents = centres.map { scale * $0 * (2 * x - $0) }", "let exponents = centres.map { $0 * (2 * x - $0) }"),
        ("distance not squared", "scale * $0 * (2 * x - $0)", "scale * $0 * (x - $0)"),
        ("weights not normalised", "return weights.map { $0 / total }", "return weights.map { $0 / max(1, total / 2) }"),
        ("factor 2 of the gradient missing", "Scalar(2 * scale * variance)", "Scalar(scale * variance)"),
        ("sign of the gradient", "gradient[i] = upstream[i] * Scalar(2", "gradient[i] = -upstream[i] * Scalar(2"),
    ),
    *faults(
        "softQuantization", "Sources/FastKernels/Source/Network/SoftQuantization.swift",
        ("first centre left out of the sums", "    j = 0\n    while j < centreCount {\n      let w = exponential(",
         "    j = centreCount > 1 ? 1 : 0\n    while j < centreCount {\n      let w = exponential("),
        ("gradient around 0 in place of the mean", "let distance = Vector(repeating: centres[j]) - mean", "let distance = Vector(repeating: centres[j])"),
        ("factor 2 of the gradient missing", "return g * (2 * scale) *", "return g * scale *"),
        ("factor 2 of the exponent missing", "(x - (other + centre) * 0.5) * ((centre - other) * (2 * scale))", "(x - (other + centre) * 0.5) * ((centre - other) * scale)"),
        ("last centre never the nearest", "    var j = 1\n    while j < centreCount {", "    var j = 1\n    while j < centreCount &- 1 {"),
    ),
    *faults(
        "hardQuantization", "Sources/Reference/Network/HardQuantization.swift",
        ("ties go to the upper centre", "Double(x) > (ascending[j - 1] + ascending[j]) / 2", "Double(x) >= (ascending[j - 1] + ascending[j]) / 2"),
        ("boundary at the centre", "Double(x) > (ascending[j - 1] + ascending[j]) / 2", "Double(x) > ascending[j]"),
        ("last centre never chosen", "for j in ascending.indices.dropFirst() where", "for j in ascending.indices.dropFirst().dropLast() where"),
    ),
    *faults(
        "hardQuantization", "Sources/Fast/Network/HardQuantization.swift",
        ("ties go to the upper centre", "Double(x) > (sorted[j - 1] + sorted[j]) / 2", "Double(x) >= (sorted[j - 1] + sorted[j]) / 2"),
        ("boundary at the centre", "Double(x) > (sorted[j - 1] + sorted[j]) / 2", "Double(x) > sorted[j]"),
        ("NaN becomes a centre", "y[i] = x[i].isNaN ? x[i] : values", "y[i] = values"),
        ("centres not sorted", "let values = sorted.map { Float($0) }", "let values = centres.reversed().map { Float($0) }"),
    ),
    *faults(
        "gatedUnit", "Sources/Reference/Network/GatedUnit.swift",
        ("gate's gradient without the signal", "toGate[i] = upstream[i] * signal[i]", "toGate[i] = upstream[i]"),
    ),
    *faults(
        "gatedUnit", "Sources/Fast/Network/GatedUnit.swift",
        ("second piece of work opened by the first", "gate: gate + offset, isTanh: activation == .tanh, y + offset",
         "gate: gate, isTanh: activation == .tanh, y + offset"),
    ),
    *faults(
        "gatedUnit", "Sources/FastKernels/Source/Network/GatedUnit.swift",
        ("gate's gradient without its second factor", "(g * x) * (s * (1 - s))", "(g * x) * s"),
        ("signal and gate exchanged in the tail", "gradients(load(x + i, count: lanes), load(gate + i, count: lanes),",
         "gradients(load(gate + i, count: lanes), load(x + i, count: lanes),"),
    ),
    *faults(
        "pixelNormalization", "Sources/Reference/Network/PixelNormalization.swift",
        ("epsilon outside the root", "(sum / Scalar(channels) + Scalar(epsilon)).squareRoot()",
         "(sum / Scalar(channels)).squareRoot() + Scalar(epsilon)"),
        ("gradient's share over the root, not its square", "/ (norm * norm)", "/ norm"),
    ),
    *faults(
        "pixelNormalization", "Sources/Fast/Network/PixelNormalization.swift",
        ("second image begins at a plane", "image * channels * positions + slice * grain",
         "image * positions + slice * grain"),
    ),
    *faults(
        "pixelNormalization", "Sources/FastKernels/Source/Network/PixelNormalization.swift",
        ("sum of the squares, not their mean", "squareRoots(squares * (1 / Float(channels)) + epsilon)",
         "squareRoots(squares + epsilon)"),
        ("sign of the gradient's share",
         "take(upstream + c &* stride + i, lanes) - take(x + c &* stride + i, lanes) * share",
         "take(upstream + c &* stride + i, lanes) + take(x + c &* stride + i, lanes) * share"),
    ),
    *faults(
        "linear", "Sources/Reference/Network/Linear.swift",
        ("bias missing", "var sum = bias?[o] ?? 0", "var sum: Scalar = 0"),
        ("weight's gradient of the last sample alone", "gradients.weight[o, i] += g * x[n, i]",
         "gradients.weight[o, i] = g * x[n, i]"),
    ),
    *faults(
        "linear", "Sources/Fast/Network/Linear.swift",
        ("bias overwritten", "adds: bias != nil", "adds: false"),
        ("bias gradient of the first sample for all", "bias[o] += upstream[n, o]", "bias[o] += upstream[0, o]"),
    ),
    *faults(
        "linear", "Sources/Fast/Network/Correlation/MatrixProduct.swift",
        ("last stretch of the depth alone", "let accumulates = adds || first > 0", "let accumulates = adds"),
    ),
    *faults(
        "nearestUpsampling", "Sources/Reference/Network/NearestUpsampling.swift",
        ("a row late", "x[n, c, i / factor.height, j / factor.width]",
         "x[n, c, max(0, i - 1) / factor.height, j / factor.width]"),
        ("gradient of the last copy alone", "j / factor.width] += upstream[n, c, i, j]",
         "j / factor.width] = upstream[n, c, i, j]"),
    ),
    *faults(
        "nearestUpsampling", "Sources/Fast/Network/NearestUpsampling.swift",
        ("rows repeated, not their elements",
         "for j in 0..<width { (first + j * factor.width).update(repeating: row[j], count: factor.width) }",
         "for j in 0..<newWidth { first[j] = row[j % width] }"),
        ("mean of the copies' gradients", "row[j] = sum", "row[j] = sum / Float(factor.height * factor.width)"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/Reference/Network/BilinearUpsampling.swift",
        ("half a pixel off", "outputs.map { 2 * $0 + 1 - factor }", "outputs.map { 2 * $0 + 2 - factor }"),
        ("corners aligned to the next pixel", "over: max(1, factor * size - 1))", "over: factor * size)"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/Reference/Metrics/Machinery/AxisMap.swift",
        ("shares exchanged", "[(position, shares.0), (position + 1, shares.1)]",
         "[(position, shares.1), (position + 1, shares.0)]"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/Fast/Network/Correlation/WeightedRuns.swift",
        ("an element of weight 0 takes part", "if rest > 0 { weights.append",
         "if rest > 0 || position + 1 < size { weights.append"),
        ("the transpose loses an element's last output", "while i < count && firsts[i] <= j {",
         "while i < count - 1 && firsts[i] <= j {"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/Fast/Network/BilinearUpsampling.swift",
        ("odd and even rows exchanged", "let isOdd = first % 2 == 1", "let isOdd = first % 2 == 0"),
        ("the end not repeated", "upstream[newWidth] = upstream[newWidth - 1]", "upstream[newWidth] = 0"),
        ("doubling with aligned corners as without", "if factor == 2 && !alignCorners {", "if factor == 2 {"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/FastKernels/Source/Network/BilinearUpsampling.swift",
        ("tail of a doubled row exchanged", "between[2 &* j] = 0.75 * x[j] + 0.25 * x[j &+ 1]",
         "between[2 &* j] = 0.25 * x[j] + 0.75 * x[j &+ 1]"),
        ("a tail's rows not weighted", "sum = multiplyAdd(sum, used", "sum = multiplyAdd(sum * 0, used"),
        ("neighbours of the gradient's vector exchanged", "(lower.even + upper.odd) * far, lower.odd + upper.even",
         "(lower.odd + upper.even) * far, lower.even + upper.odd"),
    ),
    *faults(
        "meanSquaredError", "Sources/Reference/Metrics/MeanSquaredError.swift",
        ("absolute difference", "sum += difference * difference", "sum += abs(difference)"),
        ("not divided by the size", "value[n] = sum / Scalar(size)", "value[n] = sum"),
        ("factor 2 of the gradient missing", "gradient[i] = 2 * (prediction[i] - target[i])", "gradient[i] = (prediction[i] - target[i])"),
        ("sign of the target's gradient", "target: gradient.map { -$0 }", "target: gradient"),
        ("upstream of the first sample for all", "(prediction[i] - target[i]) * upstream[n]", "(prediction[i] - target[i]) * upstream[0]"),
    ),
    *faults(
        "meanSquaredError", "Sources/Fast/Metrics/MeanSquaredError.swift",
        ("divided by the whole batch", "Float(sum / Double(size))", "Float(sum / Double(size * samples))"),
    ),
    *faults(
        "meanSquaredError", "Sources/Fast/Engine/ImageLossPlan.swift",
        ("target's gradient is the prediction's", "target: valuesAndGradient(target, prediction, upstream).gradient)", "target: valuesAndGradient(prediction, target, upstream).gradient)"),
    ),
    *faults(
        "meanSquaredError", "Sources/FastKernels/Source/Metrics/MeanSquaredError.swift",
        ("tail left out", "let difference = load(a + start + i, count: count) - load(b + start + i, count: count)", "let difference = Vector.zero"),
        ("gradient of the wrong sign", "{ ($0 - $1) * scale }", "{ ($1 - $0) * scale }"),
        ("second run of a row reads the first", "let difference = load(a + start + i) - load(b + start + i)", "let difference = load(a + i) - load(b + i)"),
    ),
    *faults(
        "adamW", "Sources/Reference/Training/AdamW.swift",
        ("second moment without the square", "Scalar(1 - beta2) * g * g", "Scalar(1 - beta2) * g"),
        ("bias correction missing", "(m / firstCorrection) / divisor", "m / divisor"),
        ("epsilon under the root", "(v / secondCorrection).squareRoot() + Scalar(epsilon)", "(v / secondCorrection + Scalar(epsilon)).squareRoot()"),
        ("decay coupled to no learning rate", "Scalar(1 - learningRate * weightDecay)", "Scalar(1 - weightDecay)"),
        ("step up the gradient", "output.parameter[i] = decayed - Scalar(learningRate)", "output.parameter[i] = decayed + Scalar(learningRate)"),
    ),
    *faults(
        "adamW", "Sources/Fast/Training/AdamW.swift",
        ("steps counted from 0", "secondCorrection: Float(1 / (1 - pow(beta2, Double(step))).squareRoot())", "secondCorrection: Float(1 / (1 - pow(beta2, Double(step + 1))).squareRoot())"),
        ("decay missing", "decay: Float(1 - learningRate * weightDecay)", "decay: 1"),
    ),
    *faults(
        "adamW", "Sources/FastKernels/Source/Network/BatchNormalization.swift",
        ("epsilon missing", "squareRoots(second) * constants.secondCorrection + constants.epsilon", "squareRoots(second) * constants.secondCorrection"),
        ("moments exchanged in the tail",
         "load(UnsafePointer(firstMoment + i), count: lanes), load(UnsafePointer(secondMoment + i), count: lanes))",
         "load(UnsafePointer(secondMoment + i), count: lanes), load(UnsafePointer(firstMoment + i), count: lanes))"),
        ("first moment not stored", "      store(m, firstMoment + i)\n", "      _ = m\n"),
    ),
    *faults(
        "uniformNoise", "Sources/Reference/Training/UniformNoise.swift",
        ("nine rounds", "for _ in 0..<10 {", "for _ in 0..<9 {"),
        ("high half first", "for half in [word & 0xFFFF_FFFF, word >> 32]", "for half in [word >> 32, word & 0xFFFF_FFFF]"),
        ("25 bits", "Float(half >> 8) / 16_777_216", "Float(half >> 7) / 33_554_432"),
        ("counter raised after the block", "var state = counter\n", "var state = counter\n  state[0] &-= 1\n"),
        ("no carry", "if state[index] != 0 { break }  // no carry into the next word", "break"),
    ),
    *faults(
        "uniformNoise", "Sources/Fast/Training/UniformNoise.swift",
        ("nine rounds", "for round in 0..<10 {", "for round in 0..<9 {"),
        ("pieces start at the wrong block", "by: UInt64(offset / 8))", "by: UInt64(offset / 4))"),
        ("carry lost in the third word", "if carry { c.3 &+= 1 }", "if carry { c.3 &+= 0 }"),
        ("last values of a draw exchanged", "words[place / 2] >> UInt64(place % 2 * 32)", "words[place / 2] >> UInt64((1 - place % 2) * 32)"),
        ("second key never raised", "k.1 &+= 0xBB67_AE85_84CA_A73B", "k.1 &+= 0"),
    ),
    *faults(
        "peakSignalToNoiseRatio", "Sources/Reference/Metrics/PeakSignalToNoiseRatio.swift",
        ("10 for 20", "20 * (log10(dataRange) - log10(Double(largest)))",
         "10 * (log10(dataRange) - log10(Double(largest)))"),
        ("sign of the target's gradient", "gradients.target[i] = -gradient", "gradients.target[i] = gradient"),
    ),
    *faults(
        "peakSignalToNoiseRatio", "Sources/Fast/Metrics/PeakSignalToNoiseRatio.swift",
        ("data range not squared", "20 * log10(dataRange) - 10 * log10(Double(error))",
         "10 * log10(dataRange) - 10 * log10(Double(error))"),
        ("gradient of nepers", "-10 / log(10.0) * Double(upstream[n])", "-10 / log10(10.0) * Double(upstream[n])"),
    ),
    *faults(
        "categoricalCrossEntropy", "Sources/Reference/Metrics/CategoricalCrossEntropy.swift",
        ("sum over positions, not their mean", "value[n] = sum / Scalar(positions)", "value[n] = sum"),
        ("class not taken off the gradient", "(probability - isClass)", "probability"),
    ),
    *faults(
        "categoricalCrossEntropy", "Sources/Fast/Metrics/CategoricalCrossEntropy.swift",
        ("upstream of the first sample for all", "let scale = upstream[n] / Float(positions)",
         "let scale = upstream[0] / Float(positions)"),
        ("classes of the first slice for all", "let own = classes + n * positions + first",
         "let own = classes + n * positions"),
    ),
    *faults(
        "categoricalCrossEntropy", "Sources/FastKernels/Source/Network/PixelNormalization.swift",
        ("the least logit taken out", "where: most .> value)", "where: most .< value)"),
    ),
    *faults(
        "structuralSimilarityMap", "Sources/Reference/Metrics/StructuralSimilarity.swift",
        ("contrast alone", "= pair.window.luminance(m) * pair.window.contrast(m)", "= pair.window.contrast(m)"),
        ("upstream of the first image for all", "{ n, c in { upstream[n, c, $0, $1] } }",
         "{ _, c in { upstream[0, c, $0, $1] } }"),
    ),
    *faults(
        "structuralSimilarityMap", "Sources/Fast/Metrics/StructuralSimilarity.swift",
        ("target's gradient is the prediction's", "target: gradient(target, prediction))",
         "target: gradient(prediction, target))"),
    ),
    *faults(
        "structuralSimilarityMap", "Sources/Fast/Metrics/Similarity/SimilarityPlan.swift",
        ("upstream of the first plane for all", "upstream: work.mapUpstream.map { $0 + plane * positions })",
         "upstream: work.mapUpstream)"),
    ),
    *faults(
        "structuralSimilarityMap", "Sources/Fast/Metrics/Similarity/WindowedSimilarityGroups.swift",
        ("deficits for similarities", "map[start + j] = 1 - deficits[j * lanes + lane]",
         "map[start + j] = deficits[j * lanes + lane]"),
    ),
    *faults(
        "normalInitialization", "Sources/Reference/Training/NormalInitialization.swift",
        ("sine first", "(i % 2 == 0 ? cos(angle) : sin(angle))", "(i % 2 == 0 ? sin(angle) : cos(angle))"),
        ("deviation taken for a variance", "Scalar(deviation * radius", "Scalar(deviation.squareRoot() * radius"),
    ),
    *faults(
        "normalInitialization", "Sources/Fast/Training/NormalInitialization.swift",
        ("radius without its 2", "(-2 * log(1 - Double(uniforms[2 * pair]))).squareRoot()",
         "(-log(1 - Double(uniforms[2 * pair]))).squareRoot()"),
        ("numbers of another stream", "stream: .weights,", "stream: .other,"),
    ),
    *faults(
        "xavierNormalInitialization", "Sources/Reference/Training/XavierNormalInitialization.swift",
        ("fans without the kernel", "(shape[1] * area, shape[0] * area)", "(shape[1], shape[0])"),
        ("fan of the inputs alone", "Double(fanIn + fanOut)", "Double(2 * fanIn)"),
    ),
    *faults(
        "xavierNormalInitialization", "Sources/Fast/Training/XavierNormalInitialization.swift",
        ("the uniform distribution's 6", "gain * (2 / Double(", "gain * (6 / Double("),
        ("gain under the root", "gain * (2 / Double((shape[0] + shape[1]) * area)).squareRoot()",
         "(2 * gain / Double((shape[0] + shape[1]) * area)).squareRoot()"),
    ),
    *faults(
        "structuralSimilarity", "Sources/Reference/Metrics/Machinery/SimilarityWindow.swift",
        ("covariance not doubled", "(2 * m.covariance + c2)", "(m.covariance + c2)"),
        ("C1 for C2", "c2 = Scalar(options.contrastConstant)", "c2 = Scalar(options.luminanceConstant)"),
        ("window off its centre", "Double(options.windowSize - 1) / 2", "Double(options.windowSize) / 2"),
        ("wrong sign of the other image's share",
         "weight * (byMeanX + 2 * byVariance * fromMeanX + byCovariance * fromMeanY)",
         "weight * (byMeanX + 2 * byVariance * fromMeanX - byCovariance * fromMeanY)"),
        ("luminance missing from the target's gradient",
         "byMeanY = each * contrast(m) * (2", "byMeanY = 0 * contrast(m) * (2"),
    ),
    *faults(
        "structuralSimilarity", "Sources/FastKernels/Source/Metrics/StructuralSimilarity.swift",
        ("variance of the columns' means missing",
         "multiplyAdd(load(at + 3 * segment), d, d), tap)", "load(at + 3 * segment), tap)"),
        ("offset missing from the luminance", "let wholeM = meanM + constants.offset", "let wholeM = meanM"),
        ("wrong sign of the second map", "constant - byDifference * load(difference + i)",
         "constant + byDifference * load(difference + i)"),
        ("transposed filter off by one", "var at = i &- (window &- 1)", "var at = i &- window"),
        ("windows past the row counted", "return firstLanes(deficit, lanes)", "return deficit"),
    ),
    *faults(
        "structuralSimilarity", "Sources/FastKernels/Source/Metrics/Machinery/SimilarityGroup.swift",
        ("a place's share of the third window lost", "x9, x10, x11, x12)", "x9, x10, x11, x11)"),
        ("transposed filter off by one", "takeMaps(maps + 3 &* (i &- 10) &* lanes", "takeMaps(maps + 3 &* (i &- 9) &* lanes"),
        ("fourth window's variance from the third", "squaresM.sum3, squaresD.sum3)", "squaresM.sum3, squaresD.sum2)"),
        ("windows past the row counted", "if place < end { sum += deficit }", "sum += deficit"),
        ("stale rows of maps below the image", "var row = windows\n", "var row = lanes\n"),
        ("a row of maps above the group lost", "while k < 30 {", "while k < 27 {"),
    ),
    *faults(
        "structuralSimilarity", "Sources/Fast/Metrics/Similarity/WindowedSimilarityGroups.swift",
        ("windows taken before their columns", "max(0, end - window + 1) / 4 * 4", "max(0, end - 4) / 4 * 4"),
        ("stale maps after the row", "count: 3 * (10 + 16) * lanes)", "count: 0)"),
        ("rows above a piece not made", "max(0, piece.lowerBound - above)", "piece.lowerBound"),
    ),
    *faults(
        "structuralSimilarity", "Sources/Fast/Metrics/Similarity/WindowedSimilarityRows.swift",
        ("one row of windows lost", "let below = min(row, windows - 1)", "let below = max(above, min(row, windows - 2))"),
    ),
    *faults(
        "structuralSimilarity", "Sources/Fast/Metrics/Similarity/WindowedSimilarityTerm.swift",
        ("mean over pixels", "Double(positions(ofScale: index))", "Double(scale.height * scale.width)"),
    ),
    *faults(
        "multiScaleStructuralSimilarity", "Sources/Reference/Metrics/MultiScaleStructuralSimilarity.swift",
        ("luminance at the finest scale", "let term = s == last ? means.similarity", "let term = s == 0 ? means.similarity"),
        ("derivative without its exponent", "slope * options.weights[s] * pow(", "slope * pow("),
        ("pooled elements not means", "(position: $0, weight: 0.5)", "(position: $0, weight: 1.0)"),
    ),
    *faults(
        "multiScaleStructuralSimilarity", "Sources/Fast/Metrics/Similarity/WindowedSimilarity.swift",
        ("padding is the offset's zero", "coarse, padding: -offsets.mid)", "coarse, padding: 0)"),
        ("coarser row off by one", "let coarseIndex = (index + rowOffset) / 2", "let coarseIndex = index / 2"),
        ("dropped column has a gradient", "    coarseRow[coarse.width] = 0\n", "    coarseRow[coarse.width] = 1\n"),
    ),
    *faults(
        "multiScaleStructuralSimilarity", "Sources/Fast/Metrics/Similarity/SimilarityPlan.swift",
        ("clamped term has a gradient", "term <= options.contrastFloor { return 0 }",
         "term <= options.contrastFloor { return 1 }"),
        ("shifted term without its half", "? 0.5 : 1", "? 1.0 : 1"),
        ("joint channels not averaged", "own) / Double(planes)", "own) / Double(1)"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Reference/Metrics/Machinery/LaplacianPyramid.swift",
        ("padding the same for even sizes", "step == 2 && size % 2 == 0 ? 1 : 2", "step == 2 && size % 2 == 0 ? 2 : 2"),
        ("wrong sign through the magnitude", "+ sign * byMagnitude[i]", "- sign * byMagnitude[i]"),
        ("corners not onto corners", "? (small - 1, size - 1) : (small, size)", "? (small - 1, size) : (small, size)"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/Metrics/LaplacianPyramid/Planes/LaplacianSide.swift",
        ("mirrored at the wrong place", "place < 0 ? -1 - place", "place < 0 ? -place"),
        ("zeros repeated beyond the ends", "min(max((i + t) / 2 - 1, 0), half - 1)", "min(max((i + t) / 2, 0), half - 1)"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/Metrics/LaplacianPyramid/Planes/LaplacianPyramidPlanesForward.swift",
        ("neighbours not turned round", "transposed ? row - offset : row + offset", "row + offset"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Reference/Metrics/Machinery/AxisMap.swift",
        ("edge repeated", "i >= size ? 2 * (size - 1) - i : i", "i >= size ? 2 * size - 1 - i : i"),
        ("the last value not repeated", "min(max(numerator, 0), (size - 1) * denominator)",
         "min(max(numerator, 0), size * denominator)"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/Metrics/LaplacianPyramid/Rows/LaplacianPyramidWork.swift",
        ("reflection of the neighbours' gradient lost", "let above = y == 0 ? 0 : bottom + (y == 1 ? top : 0)",
         "let above = y == 0 ? 0 : bottom"),
        ("the row above a piece not made", "max(slopesNeeded.lowerBound - 1, 0)", "slopesNeeded.lowerBound"),
        ("a halved row without an owner", "let ownHalves = (piece.lowerBound + 1) / 2", "let ownHalves = (piece.lowerBound + 3) / 2"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/Metrics/LaplacianPyramid/Rows/LaplacianPyramidWorkGradient.swift",
        ("a piece starts a halved row late", "var shrunkCount = max(", "var shrunkCount = min(piece.lowerBound, 1) + max("),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/Metrics/LaplacianPyramid/Rows/LaplacianExactResidual.swift",
        ("signs settled the wrong way", "residual < 0 ? -1 : 1 : 0", "residual < 0 ? 1 : -1 : 0"),
        ("the wrong image for the centre", "plane(k - 1)[row * level.width + column]", "plane(k)[row * level.halfWidth + column]"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/Metrics/LaplacianPyramid/LaplacianPyramidPlan.swift",
        ("the batch's share forgotten", "joins ? 1 / Double(images) : 1", "1"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance",
        "Sources/FastKernels/Source/Metrics/Machinery/NormalizedLaplacianPyramidDistanceGradient.swift",
        ("last column's fold lost", "    y[width &- 3] += taps[0] * last\n", ""),
        ("first column's fold lost for even sizes", "      y[1] += taps[0] * columns[0]\n", ""),
        ("signs that were left out never settled", "return total(leftOut) > 0 || isFoldLeftOut", "return false"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/FastKernels/Source/Metrics/NormalizedLaplacianPyramidDistance.swift",
        ("turned signs forgotten", "store(lesser(across, away), ", "store(away, "),
        ("change of the denominator missing", "let lost = Vector() - load(here + at) * change", "let lost = Vector()"),
        ("signs in doubt believed",
         "let told = wherePositive(prediction, multiplyAdd(size + whole, magnitudes, share))", "let told = prediction"),
        ("even sizes filtered as odd ones", "let far = width & 1 == 0 ? 0 : segment - 1", "let far = segment - 1"),
    ),
    *faults(
        "shortTimeFourierTransform", "Sources/FastKernels/Source/Audio/Machinery/Fourier.swift",
        ("a turn the wrong way", "@inline(__always) get { Complex(imaginary, -real) }",
         "@inline(__always) get { Complex(-imaginary, real) }"),
        ("the middle bin not packed", "    while 2 &* k <= length {\n      let low = Complex(at: spectrum",
         "    while 2 &* k < length {\n      let low = Complex(at: spectrum"),
        ("the Nyquist bin's sign", "length, Complex(first.real - first.imaginary, .zero))",
         "length, Complex(first.real + first.imaginary, .zero))"),
    ),
    *faults(
        "shortTimeFourierTransform", "Sources/Fast/Audio/Fourier/ShortTimeFrames.swift",
        ("reflection repeats the edge", "extended[margin + samples + i] = extended[margin + samples - 2 - i]",
         "extended[margin + samples + i] = extended[margin + samples - 1 - i]"),
        ("envelope of one frame too few", "let last = min(frames - 1, i / hop)", "let last = min(frames - 2, i / hop)"),
        ("inner bins counted twice in the gradient", "for i in inner { spectrum[i] *= 0.5 }", "for i in inner { spectrum[i] *= 1 }"),
    ),
    *faults(
        "inverseShortTimeFourierTransform", "Sources/Reference/Audio/InverseShortTimeFourierTransform.swift",
        ("sign of the imaginary part", "- spectrum.imaginary[k, t] * circle.sines[angle]",
         "+ spectrum.imaginary[k, t] * circle.sines[angle]"),
        ("gradient not over the length", "= occurrences(ofBin: k, in: size) / Scalar(size)",
         "= occurrences(ofBin: k, in: size)"),
    ),
    *faults(
        "inverseShortTimeFourierTransform", "Sources/Fast/Audio/Fourier/ShortTimeFrames.swift",
        ("inner bins counted once in the gradient", "for i in inner { spectrum[i] *= 2 }",
         "for i in inner { spectrum[i] *= 1 }"),
        ("margin kept", "join(buffer, signal, from: options.margin,", "join(buffer, signal, from: 0,"),
        ("samples of little overlap silenced", "sum < 1e-10 ? 0", "sum < 1e-3 ? 0"),
    ),
    *faults(
        "griffinLim", "Sources/FastKernels/Source/Audio/ShortTimeFourierTransform.swift",
        ("momentum added", "let minusShare = Vector(repeating: -share)", "let minusShare = Vector(repeating: share)"),
        ("the spectrum before forgotten", "      new.store(at: previous + place)\n".replace("store(at:", "write(to:"), ""),
    ),
    *faults(
        "griffinLim", "Sources/Fast/Audio/GriffinLim.swift",
        ("the last gain not asked for", "before - distance < tolerance * before", "before - distance < 2 * tolerance * before"),
        ("the magnitudes of the first block for all", "magnitudes.start + block * layout.blockCount / 2", "magnitudes.start"),
    ),
    *faults(
        "melSpectrogram", "Sources/Fast/Audio/MelSpectrogram.swift",
        ("the upper filter's gradient lost", " + bank.binWeights[2 * k + 1] * above[lanes + i]", ""),
        ("moduli for energies", "squared: power == 2, scratch", "squared: false, scratch"),
    ),
    *faults(
        "melSpectrogram", "Sources/Reference/Audio/MelSpectrogram.swift",
        ("gradient not over the modulus", "raised(size, to: power - 1) / size", "raised(size, to: power - 1)"),
    ),
    *faults(
        "melSpectrogram", "Sources/FastKernels/Source/Audio/MelSpectrogram.swift",
        ("every filter begins at the first bin", "var row = x + first[m] &* width", "var row = x"),
    ),
    *faults(
        "melFilterBank", "Sources/Reference/Audio/MelFilterBank.swift",
        ("falling edge as wide as the rising", "/ (edges[m + 2] - edges[m + 1])", "/ (edges[m + 1] - edges[m])"),
        ("Nyquist a bin too late", "/ Double(options.bins - 1)", "/ Double(options.bins)"),
    ),
    *faults(
        "melFilterBank", "Sources/Fast/Audio/MelFilterBank.swift",
        ("norm without its 2", "height * 2 / (high - low)", "height / (high - low)"),
        ("last bin of a filter lost", "Int(min(high / step, Double(bins))) + 3)",
         "Int(min(high / step, Double(bins))))"),
    ),
    *faults(
        "logScaling", "Sources/Reference/Audio/LogScaling.swift",
        ("clamped elements have a slope", "mel[i] > Scalar(epsilon) ? gradient[i] / mel[i] : 0",
         "gradient[i] / max(mel[i], Scalar(epsilon))"),
        ("epsilon missing in the gradient", "gradient[i] /= mel[i] + Scalar(epsilon)", "gradient[i] /= mel[i]"),
    ),
    *faults(
        "logScaling", "Sources/Fast/Audio/LogScaling.swift",
        ("sign of the greatest's gradient", "highSum -=", "highSum +="),
        ("ties go to the last", "value.flatMap(mel.elements.firstIndex(of:))",
         "value.flatMap(mel.elements.lastIndex(of:))"),
    ),
    *faults(
        "logScaling", "Sources/FastKernels/Source/Audio/LogScaling.swift",
        ("idle lanes among the least", "count: lanes, filler: x[i]))", "count: lanes))"),
    ),
    *faults(
        "logMelSpectrogram", "Sources/Reference/Audio/LogMelSpectrogram.swift",
        ("form forgotten", "bank: bank, power: power), epsilon: epsilon, form: form, range: range)",
         "bank: bank, power: power), epsilon: epsilon, range: range)"),
        ("gradients of low and high exchanged", "low: low, high: high, epsilon", "low: high, high: low, epsilon"),
    ),
    *faults(
        "logMelSpectrogram", "Sources/Fast/Audio/LogMelSpectrogram.swift",
        ("power forgotten", "bank: bank, power: power), epsilon", "bank: bank), epsilon"),
        ("range forgotten in the gradient", "low: low, high: high, epsilon: epsilon, form: form, range: range)",
         "low: low, high: high, epsilon: epsilon, form: form)"),
    ),
    *faults(
        "muLawEncoding", "Sources/Reference/Audio/MuLaw.swift",
        ("classes rounded down", "(compressed + 1) / 2 * mu + 0.5)", "(compressed + 1) / 2 * mu)"),
        ("logarithm of mu", "/ log1p(mu) * (x < 0", "/ log(mu) * (x < 0"),
    ),
    *faults(
        "muLawEncoding", "Sources/Fast/Audio/MuLaw.swift",
        ("samples not limited", "log1p(mu * min(abs(Double(x)), 1))", "log1p(mu * abs(Double(x)))"),
        ("sign lost", "(x < 0 ? -compressed : compressed)", "compressed"),
    ),
    *faults(
        "muLawDecoding", "Sources/Reference/Audio/MuLaw.swift",
        ("classes not limited", "2 * min(max(Double(y), 0), mu) / mu - 1", "2 * Double(y) / mu - 1"),
        ("growth of mu", "expm1(abs(z) * log1p(mu))", "expm1(abs(z) * log(mu))"),
    ),
    *faults(
        "muLawDecoding", "Sources/Fast/Audio/MuLaw.swift",
        ("not over mu", "expm1(abs(z) * growth) / mu", "expm1(abs(z) * growth)"),
        ("middles of as many intervals as levels", "2 * min(max(Double(y), 0), mu) / mu - 1",
         "(2 * min(max(Double(y), 0), mu) + 1) / (mu + 1) - 1"),
    ),
    *faults(
        "inverseMelScale", "Sources/Fast/Audio/FrontEnd/MelPseudoInverse.swift",
        ("negative values kept", "Float(sums[t] < 0 ? 0 : sums[t])", "Float(sums[t])"),
        ("turned the wrong way", "x[k] = cosine * p - sine * q", "x[k] = cosine * p + sine * q"),
    ),
    *faults(
        "inverseMelScale", "Sources/Reference/Audio/InverseMelScale.swift",
        ("over the singular value, not its square", "u[j][k] / (values[j] * values[j])", "u[j][k] / values[j]"),
    ),
    *faults(
        "inverseMelScale", "Sources/FastKernels/Source/Audio/InverseMelScale.swift",
        ("a frame's size not given back", "let factor = size.replacing(with: .nan,",
         "let factor = Vector(repeating: 1).replacing(with: .nan,"),
    ),
    *faults(
        "resample", "Sources/Fast/Audio/FrontEnd/StreamingResampler.swift",
        ("given before it is known", "received / old - filter.lookAhead)", "received / old)"),
        ("given in parts of a pair of frames", "/ filter.partElements * filter.partElements", "/ 1"),
        ("history forgotten too early", "max(0, given + filter.leastShift)", "max(0, given)"),
    ),
    *faults(
        "resample", "Sources/Fast/Audio/FrontEnd/ResamplingFilter.swift",
        ("the cut-off of one design for both", "? 0.99 : 0.955", "? 0.99 : 0.99"),
    ),
    *faults(
        "resample", "Sources/Fast/Audio/FrontEnd/SpectralStreams.swift",
        ("frames of which the wrapped part is kept", "max(0, length - span) /", "max(0, length - span / 2) /"),
        ("the mirrored half not conjugated", "(isMirrored ? 1 : -1)", "-1"),
        ("a part's first frame not moved on", "(firstElement + element + leastShift)", "(element + leastShift)"),
        ("the look-ahead of the taps alone", "length + leastShift - hop", "length - hop - hop"),
    ),
    *faults(
        "resample", "Sources/FastKernels/Source/Audio/Resample.swift",
        ("real and imaginary parts not exchanged", "Complex(imaginary, real).write", "Complex(real, imaginary).write"),
        ("one stream too far", "number &-= afterLast &- 1", "number &-= afterLast &- 2"),
    ),
    *faults(
        "minimalFiltering", "Sources/FastKernels/Source/Network/Blocks/MinimalFiltering.swift",
        ("a transform's sign", "Four(v0 - v2, v1 + v2, v2 - v1, v3 - v1)", "Four(v0 - v2, v1 + v2, v1 - v2, v3 - v1)"),
        ("the middle output's sign", "store(m.v1 - m.v2, to + columnPitch)", "store(m.v2 - m.v1, to + columnPitch)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/Network/MinimalFiltering/MinimalFilter.swift",
        ("the transposed filter not turned", "gather(isFlipped: isSynthesis)", "gather(isFlipped: false)"),
    ),
    *faults(
        "ranks", "Sources/Fast/Engine/BatchShare.swift",
        ("parts of the gradient forgotten", "for step in steps {", "for step in steps.dropLast() {"),
        ("a rank's branches sent in another order", "for place in places {", "for place in places.reversed() {"),
    ),
    *faults(
        "ranks", "Sources/Experiments/Training/TrainingData.swift",
        ("every rank draws the first images", "[UInt64(images.lowerBound * height * width / 8), 0,", "[0, 0,"),
    ),
    *faults(
        "ranks", "Sources/Experiments/Training/TrainingRun.swift",
        ("a resumed state kept from the other ranks", "    trainer.shareState()\n", ""),
        ("every rank writes", "if isWriter { try body() }", "try body()"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/Network/MinimalFiltering/MinimalFiltering.swift",
        ("padding forgotten", "let row = 2 * tile * tileRows.lowerBound - padding.height",
         "let row = 2 * tile * tileRows.lowerBound"),
        ("a fine row of the wrong parity", "let from = sums + (padded % 2 * 2 + side) * parityPitch",
         "let from = sums + ((padded + 1) % 2 * 2 + side) * parityPitch"),
        ("2x2: every second column read twice", "kernels.copyPixels(from, pitch: 2 * Self.lanes,",
         "kernels.copyPixels(from, pitch: Self.lanes,"),
        ("earlier channels overwritten", "let accumulates = depths.lowerBound > 0", "let accumulates = false"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/Network/MinimalFiltering/MinimalFilter.swift",
        ("2x2: parities' filters exchanged", "(to + parity * pitch).update(from: kernel + parity * panel, count: panel)",
         "(to + parity * pitch).update(from: kernel + (parity ^ 1) * panel, count: panel)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/Network/MinimalFiltering/KernelEmbedding.swift",
        ("upsampling rounded towards zero", "let shifted = a + k - padding + 2 * side\n          rows[a + padding - 2 * (shifted / 2 - side)]",
         "let shifted = a + k - padding\n          rows[a + padding - 2 * (shifted / 2)]"),
        ("a gradient of one row alone", "to[k * side + l] += from[i * evenSide + j]", "to[k * side + l] = from[i * evenSide + j]"),
        ("channels not exchanged", "isFineFirst = kind == .nearest", "isFineFirst = false"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/Network/Blocks/PictureConvolution.swift",
        ("taps of another kernel", "depth: taps, rows: pitch, weights:", "depth: 4, rows: pitch, weights:"),
    ),
    *faults(
        "minimalFiltering", "Sources/Experiments/Autoencoder/PaddedLatent.swift",
        ("the wrong axis widened", "? 0 : 1]", "? 1 : 0]"),
        ("blocks of sixteen channels forgotten", "(image * (width / 16) + channel / 16)", "(image * (width / 16))"),
    ),
    *faults(
        "minimalFiltering", "Sources/Experiments/Autoencoder/BlockPass.swift",
        ("running statistics of a widened latent kept back", "if updatesRunning { padded.returnStatistics() }", ""),
        ("a widened latent left as it was found", "arena.zeros(latentShape.outputCount)",
         "arena.floats(latentShape.outputCount)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/Network/Blocks/BlockStatistics.swift",
        ("running variance biased", "momentum * self.variance[channel] * unbiased", "momentum * self.variance[channel]"),
        ("pieces' means not joined", "squares += other.squares + difference * difference * count * other.count / joined",
         "squares += other.squares"),
    ),
    *faults(
        "minimalFiltering", "Sources/FastKernels/Source/Network/Blocks/OutputConvolution.swift",
        ("a tap of the last convolution dropped", "third = multiplyAdd(third, load(c + 2 &* rowFloats), w.v8)\n", ""),
        ("the kink ignored", "let h = leakyGradient(multiplyAdd(o, d, f), upstream: w.spread(u, rowPitch), slope: s)",
         "let h = w.spread(u, rowPitch)"),
        ("the fused output's taps mirrored", "store(multiplyAdd(multiplyAdd(multiplyAdd(load(sums), left, v6), middle, v7), right, v8), sums)",
         "store(multiplyAdd(multiplyAdd(multiplyAdd(load(sums), left, v8), middle, v7), right, v6), sums)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/Network/Blocks/OutputBlock.swift",
        ("the row above a piece not joined", "for row in max(0, area.rows.lowerBound - 1)..<min(",
         "for row in max(0, area.rows.lowerBound)..<min("),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/Network/Blocks/ConvolutionBlock.swift",
        ("filters of old weights used", "if isPacked && memcmp(packedWeight, weight, count * MemoryLayout<Float>.stride) == 0 { return }",
         "if isPacked { return }"),
        ("a part keeps its last piece only", "accumulates: piece > range.lowerBound)", "accumulates: false)"),
        ("the first image computed again for all", "let upstream = upstream.loaded(image: image, memory)",
         "let upstream = upstream.loaded(image: 0, memory)"),
        ("records planned for the output block alone", "      MinimalFiltering.mostPieces(reading: output, BlockProducts(precision, execution)), OutputBlock",
         "      OutputBlock"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/Network/MinimalFiltering/BlockConvolution.swift",
        ("a part alone keeps its last piece only", "accumulates: piece > range.lowerBound)", "accumulates: false)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Experiments/Training/Trainer.swift",
        ("live latents under the nominal scale", "centres: network.options.centres,\n      scale: scale, ranks)",
         "centres: network.options.centres,\n      scale: network.options.scale, ranks)"),
        ("a failed step keeps its statistics",
         "      statistics.values.update(from: earlierStatistics.values, count: statistics.count)\n", ""),
    ),
    *faults(
        "productPrecision", "Sources/FastKernels/Source/Network/Blocks/BlockPairs.swift",
        ("a factor cut off in place of rounded", "perceptual_pair(perceptual_rounded(a),", "perceptual_pair(perceptual_high(a),"),
        ("the instruction's vectors exchanged", "perceptual_native_neighbours16(load(x + index), load(x + (index &+ width)))",
         "perceptual_native_neighbours16(load(x + (index &+ width)), load(x + index))"),
        ("a row beyond the last", "let hasSecond = row &+ 1 < rows", "let hasSecond = true"),
        ("lower halves multiplied twice", "Vector(repeating: high), highHalves(w))", "Vector(repeating: low), lowHalves(w))"),
    ),
    *faults(
        "productPrecision", "Sources/Fast/Network/MinimalFiltering/MinimalFiltering.swift",
        ("one block's factors for all", "gradientFactors + point * pointPitch + depthBlock * products.words(pitch))",
         "gradientFactors + point * pointPitch)"),
    ),
    *faults(
        "productPrecision", "Sources/Fast/Network/MinimalFiltering/BlockProducts.swift",
        ("an odd tile left out", "rows: (rows + 1) / 2, depth", "rows: rows / 2, depth"),
        ("AMX: half of the depths in the other's place", "output + index / 2 * Self.tileWords, index % 2, rowPitch(blocks)",
         "output + index / 2 * Self.tileWords, 1 - index % 2, rowPitch(blocks)"),
        ("AMX: the last tiles' gradient left out", "(rows + tilesMultiple - 1) / tilesMultiple, accumulates",
         "max(1, rows / tilesMultiple), accumulates"),
    ),
    *faults(
        "productPrecision", "Sources/Fast/Network/MinimalFiltering/MinimalFilter.swift",
        ("AMX: the gradient's tiles not turned", "(place / ChannelBlocks.lanes, place % ChannelBlocks.lanes)",
         "(place % ChannelBlocks.lanes, place / ChannelBlocks.lanes)"),
    ),
    *faults(
        "productPrecision", "Sources/CTiles/Tiles.c",
        ("AMX: numbers beyond the last row", "return index < rows ? _mm512_load_ps", "return index <= rows ? _mm512_load_ps"),
        ("AMX: the last row of tiles left out", "for (long m = 0; m < rows; m += 2)", "for (long m = 0; m + 1 < rows; m += 2)"),
        ("AMX: the second columns of the first", "multiplyPair(a0, a0 + aPitch, b0, b0 + bPitch,", "multiplyPair(a0, a0 + aPitch, b0, b0,"),
        ("AMX: pairs the wrong way round", "_mm512_cvtne2ps_pbh(second, first)", "_mm512_cvtne2ps_pbh(first, second)"),
        ("AMX: sums not begun anew", "    _tile_zero(0);\n", ""),
    ),
    *faults(
        "productPrecision", "Sources/Reference/Network/Machinery/BFloat16.swift",
        ("rounded towards zero", ".rounded(.toNearestOrEven)", ".rounded(.towardZero)"),
    ),
    *faults(
        "productPrecision", "Sources/Experiments/Autoencoder/Checkpoint.swift",
        ("the precision not kept", 'if options.precision != .fp32 { settings["products"]', 'if options.iterations < 0 { settings["products"]'),
    ),
    *faults(
        "barkDistance", "Sources/FastKernels/Source/Hearing/BarkDistance.swift",
        ("the mirrored filters not conjugated", "high(7, y.7)", "low(7, y.7)"),
        ("no logarithm of what rounding left", "multiplyAdd(result, rest, inverse)", "result"),
        ("a doubtful lane overlooked", "          least.2 = lesser(excess(i &+ 2, real), least.2)\n", ""),
        ("the last positions passed over", "  while i < positions.count {\n    var a = logarithm(i)",
         "  while i &+ 1 < positions.count {\n    var a = logarithm(i)"),
        ("rows without a position kept", "    while i < positions.rowCount {", "    while i &+ 1 < positions.rowCount {"),
    ),
    *faults(
        "barkDistance", "Sources/FastKernels/Source/Audio/Machinery/Fourier.swift",
        ("a transposed pass's factors beside their numbers",
         "eight(at: place, step: step)\n      write(isTransposed ? transformed(twiddled(x, by: t))",
         "eight(at: place, step: step)\n      write(isTransposed ? twiddled(transformed(x), by: t)"),
    ),
    *faults(
        "barkDistance", "Sources/Fast/Hearing/Bark/BarkPlan.swift",
        ("a position of the next segment served twice", "served < step && position", "served <= step && position"),
    ),
    *faults(
        "barkDistance", "Sources/FastKernels/Source/Vectors/Lanes.swift",
        ("rows summed in another order", "joinedRows(pair(i), pair(i &+ half / 2))", "joinedRows(pair(i &+ half / 2), pair(i))"),
    ),
    *faults(
        "barkDistance", "Sources/Fast/Hearing/Bark/BarkPasses.swift",
        ("a segment begins late", "let first = segment * step * options.stride - taps\n    var squares",
         "let first = segment * step * options.stride - taps + 1\n    var squares"),
        ("doubtful signs left", "    settleSigns(side, leaf)\n", ""),
        ("the second's doubts judged by the first's", "side.tolerances[row % 2 * lanes + lane]", "side.tolerances[lane]"),
        ("too little held for doubtful", "let tolerance = 8 * Float", "let tolerance = 0.5 * Float"),
        ("spectra rounded beside the loudest", "joined[2 * k] = Float(a - d)", "joined[2 * k] = (Float(a - d) + 64) - 64"),
        ("a pair's levels exchanged", "scales[2 * pair + half] = half == 0", "scales[2 * pair + 1 - half] = half == 1"),
        ("the first group counted twice", "for group in 0..<groups {", "for group in [0] + Array(0..<groups) {"),
    ),
    *faults(
        "maskedBarkDistance", "Sources/Reference/Hearing/BarkMasking.swift",
        ("offset added", "pow(10, -masking.offset / 10) * sum", "pow(10, masking.offset / 10) * sum"),
        ("masking in the wrong direction", "maskingSpread(places[b] - places[m])",
         "maskingSpread(places[m] - places[b])"),
    ),
    *faults(
        "maskedBarkDistance", "Sources/Fast/Hearing/BarkMasking.swift",
        ("a short last frame's power over a whole one", "sums[frame * lanes + lane] / Float(count)",
         "sums[frame * lanes + lane] / Float(max(count, masking.framePositions))"),
    ),
    *faults(
        "maskedBarkDistance", "Sources/Fast/Hearing/Bark/BarkEvaluation.swift",
        ("the wrong signal masks in the target's gradient", "plan.fillFactors(isMaskedByOwn ? own : other,",
         "plan.fillFactors(other,"),
    ),
    *faults(
        "maskedBarkDistance", "Sources/FastKernels/Source/Hearing/BarkDistance.swift",
        ("power of a frame's last position", "store(multiplyAdd(load(sum), x, x), sum)", "store(x * x, sum)"),
    ),
    *faults(
        "auditoryFilterBank", "Sources/Reference/Hearing/AuditoryFilterBank.swift",
        ("Hann window", "let window = 0.54 - 0.46 * cos(", "let window = 0.5 - 0.5 * cos("),
        ("Gaussian half a point off", "exp(-(Double(i) - 49.5) * (Double(i) - 49.5) / 18)",
         "exp(-(Double(i) - 50) * (Double(i) - 50) / 18)"),
    ),
    *faults(
        "auditoryFilterBank", "Sources/Fast/Hearing/AuditoryFilterBank.swift",
        ("delayed by half a tap", "(taps - 1 - 2 * n) %", "(taps - 2 * n) %"),
        ("middle of an odd number of taps lost", "for n in 0..<(taps + 1) / 2 {", "for n in 0..<taps / 2 {"),
    ),
    *faults(
        "files", "Sources/Experiments/Training/TrainingLog.swift",
        ("a line that was cut off kept", "if line.endIndex == bytes.endIndex { break }", "if line.isEmpty { break }"),
        ("what comes again kept", "      if found > iteration { break }\n", ""),
        ("the order not asked", "guard let found, found > last else", "guard let found, found > 0 else"),
        ("missing lines not told", "if last < iteration {", "if last < 0 {"),
    ),
    *faults(
        "files", "Sources/Experiments/Training/CheckpointPair.swift",
        ("files of two trainings taken for a pair", "wanted != weights.checksum || optimizer.checksum == nil", "wanted == optimizer.checksum"),
        ("weights that are no numbers gone on from", "    if !isFinite {\n      throw .malformed(\n        \"\\(weights",
         "    if optimizer.names.isEmpty {\n      throw .malformed(\n        \"\\(weights"),
        ("weights that are no numbers written", "if !isFinite {\n      let newest", "if iteration < 0 {\n      let newest"),
    ),
    *faults(
        "files", "Sources/Experiments/Training/TrainingRun.swift",
        ("the directory not taken", "    lock = try DirectoryLock(directory)\n", ""),
        ("the checkpoint before the line", "      let members = trainer.logMembers(",
         "      if isCheckpoint { try writeCheckpoint() }\n      let members = trainer.logMembers("),
    ),
    *faults(
        "exchange", "Sources/Files/EventLog.swift",
        ("older events left", "?? step <= step {", "?? step <= step + 1 {"),
        ("the checksum not masked", "&+ 0xA282_EAD8", "&+ 0xA282_EAD7"),
        ("files of others cut", "name.hasPrefix(prefix), ", ""),
    ),
    *faults(
        "exchange", "Sources/Files/ProtocolBuffer.swift",
        ("the high bit at 128 missing", "while rest >= 0x80 {", "while rest > 0x80 {"),
    ),
    *faults(
        "exchange", "Sources/Experiments/Autoencoder/ONNXExport.swift",
        ("midpoints rounded up", "Double(nearest) > value ? nearest.nextDown : nearest", "Double(nearest) < value ? nearest.nextUp : nearest"),
        ("padding at the near sides alone", '.integers(padding + padding)', '.integers(padding + [0, 0])'),
        ("the squares of the centres missing", "Float($0 - greatest)", "Float(0 * $0 - greatest)"),
        ("the latent's activation that of the others", "layer.activationIsTanh\n      ? model.node", "!layer.activationIsTanh\n      ? model.node"),
    ),
    *faults(
        "files", "Sources/Files/Safetensors.swift",
        ("the checksum not compared", "if found != expected {", "if found == expected + expected {"),
        ("the metadata not in the checksum", '      checksum.add(metadata[key] ?? "")\n', ""),
        ("the data not in the checksum", "      checksum.add(tensor.bytes)\n", ""),
    ),
    *faults(
        "files", "Sources/Files/FileSink.swift",
        ("the mode not kept", "fchmod(descriptor, status.st_mode & 0o7777)", "fchmod(descriptor, 0o644)"),
        ("links replaced", "let resolved = try FilePath.followingLinks(path)", "let resolved = path"),
        ("leftovers kept", "if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { FilePath.remove(path) }", "_ = flock(descriptor, LOCK_EX | LOCK_NB)"),
    ),
    *faults(
        "files", "Sources/Files/FilePath.swift",
        ("bytes taken for UTF-8", "rest = rest.dropFirst()\n", "rest = rest.dropFirst(2)\n"),
    ),
    *faults(
        "files", "Sources/Files/DirectoryLock.swift",
        ("the lock left behind", "    FilePath.remove(path)\n", ""),
    ),
    *faults(
        "files", "Sources/Files/AudioPromise.swift",
        ("a pipe's size believed", "size >= 0x7FFF_0000 && size > source.count - position", "size >= 0x7FFF_FFFF"),
        ("W64: the chunk's own head counted", "max(0, size - 24)", "max(0, size)"),
    ),
    *faults(
        "files", "Sources/Files/AudioSource.swift",
        ("another thread's reason for a refusal",
         """    let reason = opening.withLock { _ in
      file = sf_open_virtual(&callbacks, Int32(mode), &info, user)
      return file == nil ? sentence(sf_strerror(nil)) : ""
    }
""",
         """    file = sf_open_virtual(&callbacks, Int32(mode), &info, user)
    let reason = file == nil ? sentence(sf_strerror(nil)) : ""
"""),
    ),
    *faults(
        "files", "tools/perceptual/Terminal/Interruption.swift",
        ("a second signal ends the process", "if !isAwaited.load(ordering: .sequentiallyConsistent) {",
         "if !isAwaited.load(ordering: .sequentiallyConsistent) || received.load(ordering: .relaxed) != 0 {"),
        ("nohup overruled", "        Foundation.signal(number, SIG_IGN)\n", ""),
    ),
    *faults(
        "files", "tools/perceptual/Terminal/Output.swift",
        ("a closed pipe ends the process", "    signal(SIGPIPE, SIG_IGN)\n", ""),
        ("notes written into files", "{ _ = open(\"/dev/null\", O_RDONLY) }", "{}"),
        ("lost notes forgotten", "code == 0 && hasLostNotes", "code == 1 && hasLostNotes"),
    ),
    *faults(
        "memory", "Sources/Fast/Engine/Scratch.swift",
        ("free blocks kept for ever", "while floats > most {", "while floats < 0 {"),
        ("a plan's blocks not reserved", "$0.reserved += floats", "$0.reserved += 0 * floats"),
        ("reserved for ever", "contents.reserved -= floats", "contents.reserved -= 0 * floats"),
        ("one that is too large drives others out", "blocks.firstIndex { $0.count > most } ?? 0", "0"),
    ),
    *faults(
        "memory", "Sources/Fast/Engine/Cache.swift",
        ("the newest leaves", "contents.entries.min(by:", "contents.entries.max(by:"),
        ("nothing leaves", "contents.bytes += bytes", "contents.bytes += 0 * bytes"),
        ("too large values kept", "      if bytes > most { return value }\n", ""),
    ),
    *faults(
        "sweep", "Sources/Experiments/Sweep/RecipeTable.swift",
        ("deviation of a population", "squares / Double(values.count - 1)", "squares / Double(values.count)"),
        ("a shared model under each recipe", "recipes($0).first == row.recipe", "recipes($0).contains(row.recipe)"),
    ),
]

# What the autoencoder and its training run, and the suites that hold both to Reference and to PyTorch. The other
# programs' tests compare a program with itself.
NETWORK = [
    "convolution2D", "transposedConvolution2D", "batchNormalization", "leakyReLU", "tanh", "sigmoid", "softQuantization",
    "hardQuantization", "bilinearUpsampling", "nearestUpsampling", "uniformNoise",
]
TRAINING = [
    "meanSquaredError", "structuralSimilarity", "multiScaleStructuralSimilarity", "normalizedLaplacianPyramidDistance",
    "adamW",
]
PROGRAMS = ["minimalFiltering", "productPrecision", "exchange"]

# Operations whose tests notice each other's faults: one runs the other's code, or a suite tests both. Such faults are
# never planted together. The first families share what lies in Sources/Reference, the second what lies elsewhere.
SHARED = {
    "Reference": [
        {"gatedUnit", "tanh"},
        {"gatedUnit", "sigmoid"},
        # SimilarityWindow, StructuralSimilarity and AxisMap.
        {"bilinearUpsampling", "normalizedLaplacianPyramidDistance", "structuralSimilarity",
         "multiScaleStructuralSimilarity", "structuralSimilarityMap"},
        {"uniformNoise", "normalInitialization", "xavierNormalInitialization"},
        {"barkDistance", "maskedBarkDistance", "auditoryFilterBank"},
        {"shortTimeFourierTransform", "inverseShortTimeFourierTransform", "griffinLim"},
        {"shortTimeFourierTransform", "melSpectrogram", "logMelSpectrogram"},
        {"melFilterBank", "melSpectrogram", "logMelSpectrogram"},
        {"melFilterBank", "inverseMelScale"},
        {"logScaling", "logMelSpectrogram"},
        {"muLawEncoding", "muLawDecoding"},
        {"minimalFiltering", "productPrecision"},
        *({"exchange", operation} for operation in NETWORK),
    ],
    "elsewhere": [
        {"convolution2D", "transposedConvolution2D", "linear"},
        {"tanh", "sigmoid", "softQuantization", "gatedUnit"},
        {"tanh", "sigmoid", "logScaling", "categoricalCrossEntropy"},
        {"tanh", "sigmoid", "logScaling", "logMelSpectrogram"},
        {"bilinearUpsampling", "normalizedLaplacianPyramidDistance"},
        {"structuralSimilarity", "multiScaleStructuralSimilarity", "structuralSimilarityMap"},
        # ImageLossPlan.
        *({"meanSquaredError", loss} for loss in [
            "peakSignalToNoiseRatio", "structuralSimilarity", "multiScaleStructuralSimilarity",
            "normalizedLaplacianPyramidDistance"]),
        {"uniformNoise", "normalInitialization", "xavierNormalInitialization"},
        {"uniformNoise", "griffinLim"},
        {"barkDistance", "maskedBarkDistance", "auditoryFilterBank"},
        {"shortTimeFourierTransform", "inverseShortTimeFourierTransform", "griffinLim"},
        # The kernels of Fourier transforms.
        *({"shortTimeFourierTransform", "barkDistance", operation} for operation in [
            "inverseShortTimeFourierTransform", "griffinLim", "melSpectrogram", "logMelSpectrogram",
            "maskedBarkDistance", "resample"]),
        {"melFilterBank", "melSpectrogram", "logMelSpectrogram"},
        {"melFilterBank", "inverseMelScale"},
        {"muLawEncoding", "muLawDecoding"},
        set(PROGRAMS),
        *({program, operation} for program in PROGRAMS for operation in NETWORK),
        *({program, operation} for program in ["minimalFiltering", "productPrecision"] for operation in TRAINING),
    ],
}
