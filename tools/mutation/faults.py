"""The faults that tools/mutation/run plants, and the tests that must notice.

Each is an edit of one place: `old` must stand exactly once in the file. Faults of Fast and of Reference both: the first
are found by cross-checks with Reference and by fixtures, the second by fixtures and by gradient checks.
"""

# Which tests run: names of suites, as `swift test --filter` takes them. Fixtures are checked for every operation.
FIXTURES = r"FixtureTests/agrees"
TESTS = {
    "convolution2D": rf"(Tests|Checks)\.Convolution|{FIXTURES}",
    "transposedConvolution2D": rf"Tests\.TransposedConvolution|Checks\.ConvolutionGradient|{FIXTURES}",
    "batchNormalization": rf"(Tests|Checks)\.BatchNormalization|{FIXTURES}",
    "minimalFiltering": r"Tests\.(MinimalFiltering|ConvolutionBlock|LargeOutput|Trajectory|Autoencoder|Inference|TrainingQuantisation)",
    "productPrecision": r"Tests\.(ProductPrecision|TileProducts)",
    "leakyReLU": rf"(Tests|Checks)\.LeakyReLU|{FIXTURES}",
    "tanh": rf"(Tests|Checks)\.Tanh|{FIXTURES}",
    "sigmoid": rf"(Tests|Checks)\.Sigmoid|{FIXTURES}",
    "softQuantization": rf"(Tests|Checks)\.SoftQuantization|{FIXTURES}",
    "hardQuantization": rf"(Tests|Checks)\.HardQuantization|{FIXTURES}",
    "bilinearUpsampling": rf"(Tests|Checks)\.BilinearUpsampling|{FIXTURES}",
    "meanSquaredError": rf"(Tests|Checks)\.MeanSquaredError|{FIXTURES}",
    "structuralSimilarity": rf"(Tests|Checks)\.(Multi\w*)?StructuralSimilarity|{FIXTURES}",
    "multiScaleStructuralSimilarity": rf"(Tests|Checks)\.MultiScale|{FIXTURES}",
    "normalizedLaplacianPyramidDistance": rf"(Tests|Checks)\.NormalizedLaplacian|{FIXTURES}",
    "barkDistance": rf"(Tests|Checks)\.(Bark|MaskedBark)|{FIXTURES}",
    "adamW": rf"(Tests|Checks)\.AdamW|{FIXTURES}",
    "uniformNoise": rf"(Tests|Checks)\.UniformNoise|{FIXTURES}",
    "shortTimeFourierTransform": rf"(Tests|Checks)\.(ShortTime|InverseShortTime|Audio)|{FIXTURES}",
    "griffinLim": rf"(Tests|Checks)\.(GriffinLim|Audio)|{FIXTURES}",
    "melSpectrogram": rf"(Tests|Checks)\.(Mel|LogMel|Audio)|{FIXTURES}",
    "inverseMelScale": rf"Tests\.InverseMelScale|{FIXTURES}",
    "resample": rf"(Tests|Checks)\.(Resample|Audio)|{FIXTURES}",
}


def faults(operation, file, *edits):
    return [dict(operation=operation, file=file, fault=fault, old=old, new=new) for fault, old, new in edits]


FAULTS = [
    *faults(
        "convolution2D", "Sources/Reference/Convolution2D.swift",
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
        "convolution2D", "Sources/Fast/Convolution2D.swift",
        ("rows left over by the stride get no gradient",
         "height: (shape.height + 2 * shape.geometry.padding.height - shape.kernelHeight) % shape.geometry.stride.height",
         "height: 0"),
        ("bias gradient missing", "  if let bias {\n    correlationBiasGradient(", "  if let bias, bias[0] != 0 {\n    correlationBiasGradient("),
    ),
    *faults(
        "convolution2D", "Sources/Fast/CorrelationPlan.swift",
        ("first tap of the kernel dropped", "for kx in 0..<shape.kernelWidth {", "for kx in min(1, shape.kernelWidth - 1)..<shape.kernelWidth {"),
        ("taps of a strided row mixed up", "let phase = (ky % stride.height) * stride.width + kx % stride.width",
         "let phase = (ky % stride.height) * stride.width + (kx + 1) % stride.width"),
        ("kernel flipped", "taps.append(Tap(channel: c, kernelRow: ky, kernelColumn: kx, offset: offset))",
         "taps.append(Tap(channel: c, kernelRow: shape.kernelHeight - 1 - ky, kernelColumn: kx, offset: offset))"),
        ("padding off by one", "    leading = shape.geometry.padding\n",
         "    leading = Extent(height: shape.geometry.padding.height, width: max(0, shape.geometry.padding.width - 1))\n"),
    ),
    *faults(
        "convolution2D", "Sources/Fast/CorrelationPlanes.swift",
        ("last column of an odd row lost", "for i in pairs..<max(pairs, evenCount) { even[evenStart + i] = x[2 * i] }",
         "for i in pairs..<max(pairs, evenCount) { even[evenStart + i] = 0 }"),
        ("row above the picture read", "if y < 0 || y >= height {", "if y < 0 || y > height {"),
    ),
    *faults(
        "convolution2D", "Sources/Fast/Correlation.swift",
        ("bias missing", "bias: bias?[from + r] ?? 0, channel)", "bias: 0, channel)"),
        ("bias of the wrong channel", "bias: bias?[from + r] ?? 0, channel)", "bias: bias?[from] ?? 0, channel)"),
        ("one column too few written", "let used = min(length, plan.gridWidth - column)",
         "let used = min(length, max(1, plan.gridWidth - 1) - column)"),
    ),
    *faults(
        "convolution2D", "Sources/FastKernels/Source/Correlation.swift",
        ("tail of a row without bias", "output[i &+ lane] = x[i &+ lane] + bias", "output[i &+ lane] = x[i &+ lane]"),
        ("one vector from the wrong place", "let x2 = load(x + 2 &* width)\n      first", "let x2 = load(x + width)\n      first"),
        ("one product left out where one channel comes out",
         "a7 = multiplyAdd(a7, load(x + 7 &* width), weight)\n      tap", "a7 = load(x + 7 &* width)\n      tap"),
        ("tail of a sum left out", "sums += load(x + i, count: lanes)", "_ = lanes"),
    ),
    *faults(
        "convolution2D", "Sources/Fast/CorrelationGradient.swift",
        ("gradient of the last image only", "* tapCount + group * tapsAtOnce + t] += sum", "* tapCount + group * tapsAtOnce + t] = sum"),
        ("padding of rows not zeroed", "    padded.update(repeating: 0, count: rowPitch)\n", "    padded.update(repeating: 1, count: rowPitch)\n"),
    ),
    *faults(
        "convolution2D", "Sources/FastKernels/Source/CorrelationGradient.swift",
        ("one row of upstream used twice", "let g3 = load(g + 3 &* rowPitch)", "let g3 = load(g + 2 &* rowPitch)"),
    ),
    *faults(
        "transposedConvolution2D", "Sources/Reference/TransposedConvolution2D.swift",
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
        "transposedConvolution2D", "Sources/Fast/CorrelationPlan.swift",
        ("parities exchanged", "let first = (parity + padding) % stride", "let first = (parity + padding + 1) % stride"),
        ("shift of one input pixel", "let shift = (parity + padding) / stride", "let shift = (parity + padding) / stride + 1"),
        ("kernel walked in the wrong direction", "map { (kernel: $1, shift: shift - $0) })", "map { (kernel: $1, shift: shift + $0) })"),
        ("last tap of each parity dropped", "Swift.stride(from: first, to: kernel, by: stride).enumerated()",
         "Swift.stride(from: first, to: max(first + 1, kernel - 1), by: stride).enumerated()"),
    ),
    *faults(
        "transposedConvolution2D", "Sources/Fast/Correlation.swift",
        ("even and odd columns exchanged", "kernels.interleave(sums, sums + parityPitch,", "kernels.interleave(sums + parityPitch, sums,"),
        ("last column of an odd width without bias", "target[2 * pairs] = sums[pairs] + bias", "target[2 * pairs] = sums[pairs]"),
        ("output padding cut off", "if used > 0 && outputRow < plan.outputHeight {", "if used > 0 && outputRow < plan.outputHeight - 1 {"),
    ),
    *faults(
        "transposedConvolution2D", "Sources/FastKernels/Source/Correlation.swift",
        ("bias added to every second column only", "both.oddHalf = load(odd + i) + bias", "both.oddHalf = load(odd + i)"),
    ),
    *faults(
        "batchNormalization", "Sources/Reference/BatchNormalization.swift",
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
        "batchNormalization", "Sources/Fast/BatchNormalization.swift",
        ("running variance biased", "let unbiased = moments.variance * Double(values) / Double(values - 1)", "let unbiased = moments.variance"),
        ("gradient through the mean missing", "let a = sum / count + residual * b", "let a = residual * b"),
        ("inference with the moments of the batch", "? rows.moments(x) : (mean: Double(runningMean[channel]), variance: Double(runningVariance[channel]))",
         "? rows.moments(x) : rows.moments(x)"),
        ("second segment of a row left out", "while offset < pixels {", "while offset < min(pixels, 1) {"),
        ("beta missing", "let offset = Float(beta + (Double(center) - mean) * factor)", "let offset = Float((Double(center) - mean) * factor)"),
        ("gradient through the running mean missing", "let constant = extra.mean + residual * extra.variance", "let constant = residual * extra.variance"),
    ),
    *faults(
        "batchNormalization", "Sources/FastKernels/Source/BatchNormalization.swift",
        ("tail of the gradient's sums adds the mean",
         "load(x + i, count: lanes, filler: mean) - m)", "load(x + i, count: lanes) - m) + m"),
        ("tail of the moments counts the filler", "let d = load(x + i, count: lanes, filler: shift) - s", "let d = load(x + i, count: lanes) - s"),
        ("sign of the gradient through the variance", "let minusB = Vector(repeating: -b)", "let minusB = Vector(repeating: b)"),
    ),
    *faults(
        "leakyReLU", "Sources/Reference/LeakyReLU.swift",
        ("slope on the wrong side", "x.map { $0 > 0 ? $0 : Scalar(slope) * $0 }", "x.map { $0 < 0 ? $0 : Scalar(slope) * $0 }"),
        ("plain ReLU", "x.map { $0 > 0 ? $0 : Scalar(slope) * $0 }", "x.map { $0 > 0 ? $0 : 0 * $0 }"),
        ("sign of the gradient", "gradient[i] = x[i] > 0 ? upstream[i]", "gradient[i] = x[i] > 0 ? -upstream[i]"),
        ("gradient at 0 is 1", "gradient[i] = x[i] > 0", "gradient[i] = x[i] >= 0"),
        ("gradient below 0 is 0", ": Scalar(slope) * upstream[i]", ": 0 * upstream[i]"),
    ),
    *faults(
        "leakyReLU", "Sources/FastKernels/Source/LeakyReLU.swift",
        ("tail without slope", "store((v * slope).replacing(with: v, where: v .> 0), y + i, count: lanes)", "store(v, y + i, count: lanes)"),
        ("gradient at 0 is 1", "where: load(x + i) .> 0), gradient + i)", "where: load(x + i) .>= 0), gradient + i)"),
        ("gradient's tail reads the wrong operand", "where: load(x + i, count: lanes) .> 0)", "where: load(upstream + i, count: lanes) .> 0)"),
        ("NaN becomes finite", "store((v * slope).replacing(with: v, where: v .> 0), y + i)",
         "store((v * slope).replacing(with: v, where: v .> 0).replacing(with: 0, where: v .!= v), y + i)"),
    ),
    *faults(
        "leakyReLU", "Sources/Fast/LeakyReLU.swift",
        ("second piece of work reads the first", "execution.kernels.leakyReLU(x + offset,", "execution.kernels.leakyReLU(x,"),
    ),
    *faults(
        "tanh", "Sources/Reference/Tanh.swift",
        ("sigmoid in its place", "Scalar(Foundation.tanh(Double($0)))", "Scalar(Foundation.tanh(Double($0) / 2))"),
        ("gradient of the square root", "1 / (cosine * cosine)", "1 / cosine"),
        ("sign of the gradient", "gradient[i] = upstream[i] * Scalar(1", "gradient[i] = -upstream[i] * Scalar(1"),
    ),
    *faults(
        "tanh", "Sources/FastKernels/Source/Exponential.swift",
        ("sign lost far from 0", "far.replace(with: -far, where: negative)", "far.replace(with: far, where: negative)"),
        ("polynomial used too far out", "where: magnitude .< 0.3)", "where: magnitude .< 0.6)"),
        ("a term of the polynomial wrong", "p = multiplyAdd(Vector(repeating: 2.0 / 15), p, square)", "p = multiplyAdd(Vector(repeating: 2.0 / 16), p, square)"),
        ("gradient 1 - y", "g * ((1 - y) * (1 + y))", "g * (1 - y)"),
        ("tail not written", "    } partial: { i, lanes in\n      store(body(load(x + i, count: lanes)), y + i, count: lanes)",
         "    } partial: { i, lanes in\n      store(body(load(x + i, count: lanes)), y + i, count: lanes &- 1)"),
    ),
    *faults(
        "sigmoid", "Sources/Reference/Sigmoid.swift",
        ("sign of the exponent", "Scalar(1 / (1 + exp(-Double($0))))", "Scalar(1 / (1 + exp(Double($0))))"),
        ("sign of the gradient", "gradient[i] = upstream[i] * Scalar(y * rest)", "gradient[i] = -upstream[i] * Scalar(y * rest)"),
        ("gradient without the second factor", "Scalar(y * rest)", "Scalar(y)"),
    ),
    *faults(
        "sigmoid", "Sources/FastKernels/Source/Exponential.swift",
        ("negative side wrong", "return t.replacing(with: one, where: x .>= 0) / (one + t)", "return one / (one + t)"),
        ("gradient without the second factor", "g * (y * (1 - y))", "g * y"),
        ("exponential less exact", "p = multiplyAdd(Vector(repeating: 1.0 / 24), p, r)", "p = multiplyAdd(Vector(repeating: 1.0 / 25), p, r)"),
        ("exponential's small end cut off", "let least = Vector(repeating: -104)", "let least = Vector(repeating: -30)"),
    ),
    *faults(
        "softQuantization", "Sources/Reference/SoftQuantization.swift",
        ("scale missing", "let exponents = centres.map { scale * $0 * (2 * x - $0) }", "let exponents = centres.map { $0 * (2 * x - $0) }"),
        ("distance not squared", "scale * $0 * (2 * x - $0)", "scale * $0 * (x - $0)"),
        ("weights not normalised", "return weights.map { $0 / total }", "return weights.map { $0 / max(1, total / 2) }"),
        ("factor 2 of the gradient missing", "Scalar(2 * scale * variance)", "Scalar(scale * variance)"),
        ("sign of the gradient", "gradient[i] = upstream[i] * Scalar(2", "gradient[i] = -upstream[i] * Scalar(2"),
    ),
    *faults(
        "softQuantization", "Sources/FastKernels/Source/SoftQuantization.swift",
        ("first centre left out of the sums", "    j = 0\n    while j < centreCount {\n      let w = exponential(",
         "    j = centreCount > 1 ? 1 : 0\n    while j < centreCount {\n      let w = exponential("),
        ("gradient around 0 in place of the mean", "let distance = Vector(repeating: centres[j]) - mean", "let distance = Vector(repeating: centres[j])"),
        ("factor 2 of the gradient missing", "return g * (2 * scale) *", "return g * scale *"),
        ("factor 2 of the exponent missing", "(x - (other + centre) * 0.5) * ((centre - other) * (2 * scale))", "(x - (other + centre) * 0.5) * ((centre - other) * scale)"),
        ("last centre never the nearest", "    var j = 1\n    while j < centreCount {", "    var j = 1\n    while j < centreCount &- 1 {"),
    ),
    *faults(
        "hardQuantization", "Sources/Reference/HardQuantization.swift",
        ("ties go to the upper centre", "Double(x) > (ascending[j - 1] + ascending[j]) / 2", "Double(x) >= (ascending[j - 1] + ascending[j]) / 2"),
        ("boundary at the centre", "Double(x) > (ascending[j - 1] + ascending[j]) / 2", "Double(x) > ascending[j]"),
        ("last centre never chosen", "for j in ascending.indices.dropFirst() where", "for j in ascending.indices.dropFirst().dropLast() where"),
    ),
    *faults(
        "hardQuantization", "Sources/Fast/HardQuantization.swift",
        ("ties go to the upper centre", "Double(x) > (sorted[j - 1] + sorted[j]) / 2", "Double(x) >= (sorted[j - 1] + sorted[j]) / 2"),
        ("boundary at the centre", "Double(x) > (sorted[j - 1] + sorted[j]) / 2", "Double(x) > sorted[j]"),
        ("NaN becomes a centre", "y[i] = x[i].isNaN ? x[i] : values", "y[i] = values"),
        ("centres not sorted", "let values = sorted.map { Float($0) }", "let values = centres.reversed().map { Float($0) }"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/Reference/BilinearUpsampling.swift",
        ("half a pixel off", "outputs.map { 2 * $0 + 1 - factor }", "outputs.map { 2 * $0 + 2 - factor }"),
        ("corners aligned to the next pixel", "over: max(1, factor * size - 1))", "over: factor * size)"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/Reference/AxisMap.swift",
        ("shares exchanged", "[(position, shares.0), (position + 1, shares.1)]",
         "[(position, shares.1), (position + 1, shares.0)]"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/Fast/WeightedRuns.swift",
        ("an element of weight 0 takes part", "if rest > 0 { weights.append",
         "if rest > 0 || position + 1 < size { weights.append"),
        ("the transpose loses an element's last output", "while i < count && firsts[i] <= j {",
         "while i < count - 1 && firsts[i] <= j {"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/Fast/BilinearUpsampling.swift",
        ("odd and even rows exchanged", "let isOdd = first % 2 == 1", "let isOdd = first % 2 == 0"),
        ("the end not repeated", "upstream[newWidth] = upstream[newWidth - 1]", "upstream[newWidth] = 0"),
        ("doubling with aligned corners as without", "if factor == 2 && !alignCorners {", "if factor == 2 {"),
    ),
    *faults(
        "bilinearUpsampling", "Sources/FastKernels/Source/BilinearUpsampling.swift",
        ("tail of a doubled row exchanged", "between[2 &* j] = 0.75 * x[j] + 0.25 * x[j &+ 1]",
         "between[2 &* j] = 0.25 * x[j] + 0.75 * x[j &+ 1]"),
        ("a tail's rows not weighted", "sum = multiplyAdd(sum, used", "sum = multiplyAdd(sum * 0, used"),
        ("neighbours of the gradient's vector exchanged", "(lower.even + upper.odd) * far, lower.odd + upper.even",
         "(lower.odd + upper.even) * far, lower.even + upper.odd"),
    ),
    *faults(
        "meanSquaredError", "Sources/Reference/MeanSquaredError.swift",
        ("absolute difference", "sum += difference * difference", "sum += abs(difference)"),
        ("not divided by the size", "value[n] = sum / Scalar(size)", "value[n] = sum"),
        ("factor 2 of the gradient missing", "let gradient = 2 * (prediction[i] - target[i])", "let gradient = (prediction[i] - target[i])"),
        ("sign of the target's gradient", "gradients.target[i] = -gradient", "gradients.target[i] = gradient"),
        ("upstream of the first sample for all", "(prediction[i] - target[i]) * upstream[n]", "(prediction[i] - target[i]) * upstream[0]"),
    ),
    *faults(
        "meanSquaredError", "Sources/Fast/MeanSquaredError.swift",
        ("sign of the target's gradient", "target: gradientOfPrediction(prediction, target, upstream, sign: -1))", "target: gradientOfPrediction(prediction, target, upstream, sign: 1))"),
        ("divided by the whole batch", "Float(sum / Double(size))", "Float(sum / Double(size * samples))"),
    ),
    *faults(
        "meanSquaredError", "Sources/FastKernels/Source/MeanSquaredError.swift",
        ("tail left out", "let difference = load(a + start + i, count: count) - load(b + start + i, count: count)", "let difference = Vector.zero"),
        ("tail's gradient of the wrong sign", "store((load(a + i, count: lanes) - load(b + i, count: lanes)) * scale", "store((load(b + i, count: lanes) - load(a + i, count: lanes)) * scale"),
        ("second run of a row reads the first", "let difference = load(a + start + i) - load(b + start + i)", "let difference = load(a + i) - load(b + i)"),
    ),
    *faults(
        "adamW", "Sources/Reference/AdamW.swift",
        ("second moment without the square", "Scalar(1 - beta2) * g * g", "Scalar(1 - beta2) * g"),
        ("bias correction missing", "(m / firstCorrection) / divisor", "m / divisor"),
        ("epsilon under the root", "(v / secondCorrection).squareRoot() + Scalar(epsilon)", "(v / secondCorrection + Scalar(epsilon)).squareRoot()"),
        ("decay coupled to no learning rate", "Scalar(1 - learningRate * weightDecay)", "Scalar(1 - weightDecay)"),
        ("step up the gradient", "output.parameter[i] = decayed - Scalar(learningRate)", "output.parameter[i] = decayed + Scalar(learningRate)"),
    ),
    *faults(
        "adamW", "Sources/Fast/AdamW.swift",
        ("steps counted from 0", "secondCorrection: Float(1 / (1 - pow(beta2, Double(step))).squareRoot())", "secondCorrection: Float(1 / (1 - pow(beta2, Double(step + 1))).squareRoot())"),
        ("decay missing", "decay: Float(1 - learningRate * weightDecay)", "decay: 1"),
    ),
    *faults(
        "adamW", "Sources/FastKernels/Source/BatchNormalization.swift",
        ("epsilon missing", "squareRoots(second) * constants.secondCorrection + constants.epsilon", "squareRoots(second) * constants.secondCorrection"),
        ("moments exchanged in the tail",
         "load(UnsafePointer(firstMoment + i), count: lanes), load(UnsafePointer(secondMoment + i), count: lanes))",
         "load(UnsafePointer(secondMoment + i), count: lanes), load(UnsafePointer(firstMoment + i), count: lanes))"),
        ("first moment not stored", "      store(m, firstMoment + i)\n", "      _ = m\n"),
    ),
    *faults(
        "uniformNoise", "Sources/Reference/UniformNoise.swift",
        ("nine rounds", "for _ in 0..<10 {", "for _ in 0..<9 {"),
        ("high half first", "for half in [word & 0xFFFF_FFFF, word >> 32]", "for half in [word >> 32, word & 0xFFFF_FFFF]"),
        ("25 bits", "Float(half >> 8) / 16_777_216", "Float(half >> 7) / 33_554_432"),
        ("counter raised after the block", "var state = counter\n", "var state = counter\n  state[0] &-= 1\n"),
        ("no carry", "if state[index] != 0 { break }  // no carry into the next word", "break"),
    ),
    *faults(
        "uniformNoise", "Sources/Fast/UniformNoise.swift",
        ("nine rounds", "for round in 0..<10 {", "for round in 0..<9 {"),
        ("pieces start at the wrong block", "by: UInt64(offset / 8))", "by: UInt64(offset / 4))"),
        ("carry lost in the third word", "if carry { c.3 &+= 1 }", "if carry { c.3 &+= 0 }"),
        ("last values of a draw exchanged", "words[place / 2] >> UInt64(place % 2 * 32)", "words[place / 2] >> UInt64((1 - place % 2) * 32)"),
        ("second key never raised", "k.1 &+= 0xBB67_AE85_84CA_A73B", "k.1 &+= 0"),
    ),
    *faults(
        "structuralSimilarity", "Sources/Reference/SimilarityWindow.swift",
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
        "structuralSimilarity", "Sources/FastKernels/Source/StructuralSimilarity.swift",
        ("variance of the columns' means missing",
         "multiplyAdd(load(at + 3 * segment), d, d), tap)", "load(at + 3 * segment), tap)"),
        ("offset missing from the luminance", "let wholeM = meanM + constants.offset", "let wholeM = meanM"),
        ("wrong sign of the second map", "constant - byDifference * load(difference + i)",
         "constant + byDifference * load(difference + i)"),
        ("transposed filter off by one", "var at = i &- (window &- 1)", "var at = i &- window"),
        ("windows past the row counted", "return firstLanes(deficit, lanes)", "return deficit"),
    ),
    *faults(
        "structuralSimilarity", "Sources/FastKernels/Source/SimilarityGroup.swift",
        ("a row's share of the third window lost", "  mean.addLast(x12, t.t0, t.t1)\n", "  mean.addLast(x12, t.t1)\n"),
        ("transposed filter off by one", "let at = maps + (i &- 10)", "let at = maps + (i &- 9)"),
        ("fourth row about another pixel", "centreM: centreM, centreD: centreD, sumM: m.mean.sum3",
         "centreM: centreM, centreD: centreM, sumM: m.mean.sum3"),
    ),
    *faults(
        "structuralSimilarity", "Sources/Fast/WindowedSimilarityTerm.swift",
        ("one row of windows lost", "let below = min(row, windows - 1)", "let below = max(above, min(row, windows - 2))"),
        ("mean over pixels", "Double(positions(ofScale: index))", "Double(scale.height * scale.width)"),
        ("stale rows of maps below the image", "filtered.update(repeating: 0, count: ringStride)",
         "filtered.update(repeating: 0, count: 0)"),
    ),
    *faults(
        "multiScaleStructuralSimilarity", "Sources/Reference/MultiScaleStructuralSimilarity.swift",
        ("luminance at the finest scale", "let term = s == last ? means.similarity", "let term = s == 0 ? means.similarity"),
        ("derivative without its exponent", "slope * options.weights[s] * pow(", "slope * pow("),
        ("pooled elements not means", "(position: $0, weight: 0.5)", "(position: $0, weight: 1)"),
    ),
    *faults(
        "multiScaleStructuralSimilarity", "Sources/Fast/WindowedSimilarity.swift",
        ("padding is the offset's zero", "coarse, padding: -offsets.mid)", "coarse, padding: 0)"),
        ("coarser row off by one", "let coarseIndex = (index + rowOffset) / 2", "let coarseIndex = index / 2"),
        ("dropped column has a gradient", "    coarseRow[coarse.width] = 0\n", "    coarseRow[coarse.width] = 1\n"),
    ),
    *faults(
        "multiScaleStructuralSimilarity", "Sources/Fast/SimilarityPlan.swift",
        ("clamped term has a gradient", "term <= options.contrastFloor { return 0 }",
         "term <= options.contrastFloor { return 1 }"),
        ("shifted term without its half", "? 0.5 : 1", "? 1 : 1"),
        ("joint channels not averaged", "own) / Double(planes)", "own) / Double(1)"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Reference/LaplacianPyramid.swift",
        ("padding the same for even sizes", "step == 2 && size % 2 == 0 ? 1 : 2", "step == 2 && size % 2 == 0 ? 2 : 2"),
        ("wrong sign through the magnitude", "+ sign * byMagnitude[i]", "- sign * byMagnitude[i]"),
        ("corners not onto corners", "? (small - 1, size - 1) : (small, size)", "? (small - 1, size) : (small, size)"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/LaplacianSide.swift",
        ("mirrored at the wrong place", "place < 0 ? -1 - place", "place < 0 ? -place"),
        ("zeros repeated beyond the ends", "min(max((i + t) / 2 - 1, 0), half - 1)", "min(max((i + t) / 2, 0), half - 1)"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/LaplacianPyramidPlanesForward.swift",
        ("neighbours not turned round", "transposed ? row - offset : row + offset", "row + offset"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Reference/AxisMap.swift",
        ("edge repeated", "i >= size ? 2 * (size - 1) - i : i", "i >= size ? 2 * size - 1 - i : i"),
        ("the last value not repeated", "min(max(numerator, 0), (size - 1) * denominator)",
         "min(max(numerator, 0), size * denominator)"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/LaplacianPyramidWork.swift",
        ("reflection of the neighbours' gradient lost", "let above = y == 0 ? 0 : bottom + (y == 1 ? top : 0)",
         "let above = y == 0 ? 0 : bottom"),
        ("the row above a piece not made", "max(slopesNeeded.lowerBound - 1, 0)", "slopesNeeded.lowerBound"),
        ("a halved row without an owner", "let ownHalves = (piece.lowerBound + 1) / 2", "let ownHalves = (piece.lowerBound + 3) / 2"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/LaplacianPyramidWorkGradient.swift",
        ("a piece starts a halved row late", "var shrunkCount = max(", "var shrunkCount = min(piece.lowerBound, 1) + max("),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/LaplacianExactResidual.swift",
        ("signs settled the wrong way", "residual < 0 ? -1 : 1 : 0", "residual < 0 ? 1 : -1 : 0"),
        ("the wrong image for the centre", "plane(k - 1)[row * level.width + column]", "plane(k)[row * level.halfWidth + column]"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/Fast/LaplacianPyramidPlan.swift",
        ("the batch's share forgotten", "joins ? 1 / Double(images) : 1", "1"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance",
        "Sources/FastKernels/Source/NormalizedLaplacianPyramidDistanceGradient.swift",
        ("last column's fold lost", "    y[width &- 3] += taps[0] * last\n", ""),
        ("first column's fold lost for even sizes", "      y[1] += taps[0] * columns[0]\n", ""),
        ("signs that were left out never settled", "return total(leftOut) > 0 || isFoldLeftOut", "return false"),
    ),
    *faults(
        "normalizedLaplacianPyramidDistance", "Sources/FastKernels/Source/NormalizedLaplacianPyramidDistance.swift",
        ("turned signs forgotten", "store(lesser(across, away), ", "store(away, "),
        ("change of the denominator missing", "let lost = Vector() - load(here + at) * change", "let lost = Vector()"),
        ("signs in doubt believed",
         "let told = wherePositive(prediction, multiplyAdd(size + whole, magnitudes, share))", "let told = prediction"),
        ("even sizes filtered as odd ones", "let far = width & 1 == 0 ? 0 : segment - 1", "let far = segment - 1"),
    ),
    *faults(
        "shortTimeFourierTransform", "Sources/FastKernels/Source/Fourier.swift",
        ("a turn the wrong way", "@inline(__always) get { Complex(imaginary, -real) }",
         "@inline(__always) get { Complex(-imaginary, real) }"),
        ("the middle bin not packed", "    while 2 &* k <= length {\n      let low = Complex(at: spectrum",
         "    while 2 &* k < length {\n      let low = Complex(at: spectrum"),
        ("the Nyquist bin's sign", "length, Complex(first.real - first.imaginary, .zero))",
         "length, Complex(first.real + first.imaginary, .zero))"),
    ),
    *faults(
        "shortTimeFourierTransform", "Sources/Fast/ShortTimeFrames.swift",
        ("reflection repeats the edge", "extended[margin + samples + i] = extended[margin + samples - 2 - i]",
         "extended[margin + samples + i] = extended[margin + samples - 1 - i]"),
        ("envelope of one frame too few", "let last = min(frames - 1, i / hop)", "let last = min(frames - 2, i / hop)"),
        ("inner bins counted twice in the gradient", "for i in inner { spectrum[i] *= 0.5 }", "for i in inner { spectrum[i] *= 1 }"),
    ),
    *faults(
        "griffinLim", "Sources/FastKernels/Source/ShortTimeFourierTransform.swift",
        ("momentum added", "let minusShare = Vector(repeating: -share)", "let minusShare = Vector(repeating: share)"),
        ("the spectrum before forgotten", "      new.store(at: previous + place)\n".replace("store(at:", "write(to:"), ""),
    ),
    *faults(
        "griffinLim", "Sources/Fast/GriffinLim.swift",
        ("the last gain not asked for", "before - distance < tolerance * before", "before - distance < 2 * tolerance * before"),
        ("the magnitudes of the first block for all", "body(magnitudes + block * layout.blockCount / 2)", "body(magnitudes)"),
    ),
    *faults(
        "melSpectrogram", "Sources/Fast/MelSpectrogram.swift",
        ("the upper filter's gradient lost", " + bank.binWeights[2 * k + 1] * above[lanes + i]", ""),
        ("moduli for energies", "squared: power == 2, scratch", "squared: false, scratch"),
    ),
    *faults(
        "inverseMelScale", "Sources/Fast/MelPseudoInverse.swift",
        ("negative values kept", "Float(sums[t] < 0 ? 0 : sums[t])", "Float(sums[t])"),
        ("turned the wrong way", "x[k] = cosine * p - sine * q", "x[k] = cosine * p + sine * q"),
    ),
    *faults(
        "resample", "Sources/Fast/StreamingResampler.swift",
        ("given before it is known", "received / old - filter.greatestShift)", "received / old)"),
        ("history forgotten too early", "max(0, given + filter.leastShift)", "max(0, given)"),
    ),
    *faults(
        "resample", "Sources/Fast/ResamplingFilter.swift",
        ("the cut-off of one design for both", "case .kaiser: (90.0, 0.955)", "case .kaiser: (90.0, 0.99)"),
    ),
    *faults(
        "minimalFiltering", "Sources/FastKernels/Source/MinimalFiltering.swift",
        ("a transform's sign", "Four(v0 - v2, v1 + v2, v2 - v1, v3 - v1)", "Four(v0 - v2, v1 + v2, v1 - v2, v3 - v1)"),
        ("the middle output's sign", "store(m.v1 - m.v2, to + columnPitch)", "store(m.v2 - m.v1, to + columnPitch)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/MinimalFilter.swift",
        ("the transposed filter not turned", "gather(isFlipped: true)", "gather(isFlipped: false)"),
        ("parts of the gradient forgotten", "for part in 1..<max(1, parts)", "for part in 1..<max(1, parts - 1)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/MinimalFiltering.swift",
        ("padding forgotten", "let row = 2 * tile * tileRows.lowerBound - padding.height",
         "let row = 2 * tile * tileRows.lowerBound"),
        ("a fine row of the wrong parity", "let from = sums + (padded % 2 * 2 + side) * parityPitch",
         "let from = sums + ((padded + 1) % 2 * 2 + side) * parityPitch"),
        ("2x2: every second column read twice", "kernels.copyPixels(from, pitch: 2 * Self.lanes,",
         "kernels.copyPixels(from, pitch: Self.lanes,"),
        ("earlier channels overwritten", "let accumulates = depths.lowerBound > 0", "let accumulates = false"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/MinimalFilter.swift",
        ("2x2: parities' filters exchanged", "(to + parity * pitch).update(from: kernel + parity * panel, count: panel)",
         "(to + parity * pitch).update(from: kernel + (parity ^ 1) * panel, count: panel)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/KernelEmbedding.swift",
        ("upsampling rounded towards zero", "let shifted = a + k - padding + 2 * side\n          rows[a + padding - 2 * (shifted / 2 - side)]",
         "let shifted = a + k - padding\n          rows[a + padding - 2 * (shifted / 2)]"),
        ("a gradient of one row alone", "to[k * side + l] += from[i * evenSide + j]", "to[k * side + l] = from[i * evenSide + j]"),
        ("channels not exchanged", "isFineFirst = kind == .nearest", "isFineFirst = false"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/PictureConvolution.swift",
        ("taps of another kernel", "depth: taps, rows: pitch, weights:", "depth: 4, rows: pitch, weights:"),
    ),
    *faults(
        "minimalFiltering", "Sources/Experiments/PaddedLatent.swift",
        ("the wrong axis widened", "? 0 : 1]", "? 1 : 0]"),
        ("blocks of sixteen channels forgotten", "(image * (width / 16) + channel / 16)", "(image * (width / 16))"),
    ),
    *faults(
        "minimalFiltering", "Sources/Experiments/BlockPass.swift",
        ("running statistics of a widened latent kept back", "if updatesRunning { padded.returnStatistics() }", ""),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/BlockStatistics.swift",
        ("running variance biased", "momentum * self.variance[channel] * unbiased", "momentum * self.variance[channel]"),
        ("pieces' means not joined", "squares += pieceSquares + difference * difference * total * count / joined",
         "squares += pieceSquares"),
    ),
    *faults(
        "minimalFiltering", "Sources/FastKernels/Source/OutputConvolution.swift",
        ("a tap of the last convolution dropped", "third = multiplyAdd(third, load(c + 2 &* rowFloats), w.v8)\n", ""),
        ("the kink ignored", "let h = leakyGradient(multiplyAdd(o, d, f), upstream: w.spread(u, rowPitch), slope: s)",
         "let h = w.spread(u, rowPitch)"),
        ("the fused output's taps mirrored", "store(multiplyAdd(multiplyAdd(multiplyAdd(load(sums), left, v6), middle, v7), right, v8), sums)",
         "store(multiplyAdd(multiplyAdd(multiplyAdd(load(sums), left, v8), middle, v7), right, v6), sums)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/OutputBlock.swift",
        ("the row above a piece not joined", "for row in max(0, area.rows.lowerBound - 1)..<min(",
         "for row in max(0, area.rows.lowerBound)..<min("),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/ConvolutionBlock.swift",
        ("filters of old weights used", "if isPacked && memcmp(packedWeight, weight, count * MemoryLayout<Float>.stride) == 0 { return }",
         "if isPacked { return }"),
        ("a part keeps its last piece only", "accumulates: index > range.lowerBound)", "accumulates: false)"),
        ("the first image computed again for all", "if loaded.image != image {", "if loaded.image < 0 {"),
        ("records planned for the output block alone", "      MinimalFiltering.mostPieces(reading: output, BlockProducts(precision, execution)), OutputBlock",
         "      OutputBlock"),
    ),
    *faults(
        "minimalFiltering", "Sources/Fast/BlockConvolution.swift",
        ("a part alone keeps its last piece only", "accumulates: index > range.lowerBound)", "accumulates: false)"),
    ),
    *faults(
        "minimalFiltering", "Sources/Experiments/Trainer.swift",
        ("live latents under the nominal scale", "centres: network.options.centres,\n      scale: scale)",
         "centres: network.options.centres,\n      scale: network.options.scale)"),
        ("a failed step keeps its statistics",
         "      statistics.values.update(from: earlierStatistics.values, count: statistics.count)\n", ""),
    ),
    *faults(
        "productPrecision", "Sources/FastKernels/Source/BlockPairs.swift",
        ("a factor cut off in place of rounded", "perceptual_pair8(perceptual_rounded8(a),", "perceptual_pair8(perceptual_high8(a),"),
        ("the instruction's vectors exchanged", "perceptual_native_neighbours16(load(x + index), load(x + (index &+ width)))",
         "perceptual_native_neighbours16(load(x + (index &+ width)), load(x + index))"),
        ("a row beyond the last", "let hasSecond = row &+ 1 < rows", "let hasSecond = true"),
        ("lower halves multiplied twice", "Vector(repeating: high), highHalves(w))", "Vector(repeating: low), lowHalves(w))"),
    ),
    *faults(
        "productPrecision", "Sources/Fast/MinimalFiltering.swift",
        ("one block's factors for all", "gradientFactors + point * pointPitch + depthBlock * products.words(pitch))",
         "gradientFactors + point * pointPitch)"),
    ),
    *faults(
        "productPrecision", "Sources/Fast/BlockProducts.swift",
        ("an odd tile left out", "rows: (rows + 1) / 2, depth", "rows: rows / 2, depth"),
        ("AMX: half of the depths in the other's place", "output + index / 2 * Self.tileWords, index % 2, rowPitch(blocks)",
         "output + index / 2 * Self.tileWords, 1 - index % 2, rowPitch(blocks)"),
        ("AMX: the last tiles' gradient left out", "(rows + tilesMultiple - 1) / tilesMultiple, accumulates",
         "max(1, rows / tilesMultiple), accumulates"),
    ),
    *faults(
        "productPrecision", "Sources/Fast/MinimalFilter.swift",
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
        "productPrecision", "Sources/Reference/BFloat16.swift",
        ("rounded towards zero", ".rounded(.toNearestOrEven)", ".rounded(.towardZero)"),
    ),
    *faults(
        "productPrecision", "Sources/Experiments/Checkpoint.swift",
        ("the precision not kept", 'if options.precision != .fp32 { settings["products"]', 'if options.iterations < 0 { settings["products"]'),
    ),
    *faults(
        "barkDistance", "Sources/FastKernels/Source/BarkDistance.swift",
        ("the mirrored filters not conjugated", "high(7, y.7)", "low(7, y.7)"),
        ("no logarithm of what rounding left", "multiplyAdd(result, rest, inverse)", "result"),
        ("a doubtful lane overlooked", "          least.2 = lesser(excess(i &+ 2, real), least.2)\n", ""),
        ("the last positions passed over", "  while i < positions.count {\n    var a = logarithm(i)",
         "  while i &+ 1 < positions.count {\n    var a = logarithm(i)"),
        ("rows without a position kept", "    while i < positions.rowCount {", "    while i &+ 1 < positions.rowCount {"),
    ),
    *faults(
        "barkDistance", "Sources/FastKernels/Source/Fourier.swift",
        ("a transposed pass's factors beside their numbers",
         "eight(at: place, step: step)\n      write(isTransposed ? transformed(twiddled(x, by: t))",
         "eight(at: place, step: step)\n      write(isTransposed ? twiddled(transformed(x), by: t)"),
    ),
    *faults(
        "barkDistance", "Sources/Fast/BarkPlan.swift",
        ("a position of the next segment served twice", "served < step && position", "served <= step && position"),
    ),
    *faults(
        "barkDistance", "Sources/FastKernels/Source/Lanes.swift",
        ("rows summed in another order", "joinedRows(pair(i), pair(i &+ half / 2))", "joinedRows(pair(i &+ half / 2), pair(i))"),
    ),
    *faults(
        "barkDistance", "Sources/Fast/BarkPasses.swift",
        ("a segment begins late", "let first = segment * step * options.stride - taps\n    var squares",
         "let first = segment * step * options.stride - taps + 1\n    var squares"),
        ("doubtful signs left", "    settleSigns(side, leaf)\n", ""),
        ("the second's doubts judged by the first's", "side.tolerances[row % 2 * lanes + lane]", "side.tolerances[lane]"),
        ("too little held for doubtful", "let tolerance = 8 * Float", "let tolerance = 0.5 * Float"),
        ("spectra rounded beside the loudest", "joined[2 * k] = Float(a - d)", "joined[2 * k] = (Float(a - d) + 64) - 64"),
        ("a pair's levels exchanged", "scales[2 * pair + half] = half == 0", "scales[2 * pair + 1 - half] = half == 1"),
        ("the first group counted twice", "for group in 0..<groups {", "for group in [0] + Array(0..<groups) {"),
    ),
]

# Operations that share code of Fast, of its kernels or of Reference's AxisMap: their faults there are never planted
# together.
SHARED = [
    {"convolution2D", "transposedConvolution2D"},
    {"tanh", "sigmoid", "softQuantization"},
    {"bilinearUpsampling", "normalizedLaplacianPyramidDistance"},
    {"structuralSimilarity", "multiScaleStructuralSimilarity"},
    {"shortTimeFourierTransform", "griffinLim", "melSpectrogram", "barkDistance"},
]
