"""The faults that tools/mutation/run plants, and the tests that must notice.

Each is an edit of one place: `old` must stand exactly once in the file. Faults of Fast and of Reference both: the first
are found by cross-checks with Reference and by fixtures, the second by fixtures and by gradient checks.
"""

# Which tests run: names of suites, as `swift test --filter` takes them. Fixtures are checked for every operation.
FIXTURES = r"FixtureTests/agrees"
TESTS = {
    "convolution2D": rf"Tests\.Convolution|{FIXTURES}",
    "transposedConvolution2D": rf"Tests\.TransposedConvolution|Tests\.ConvolutionGradient|{FIXTURES}",
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
]
