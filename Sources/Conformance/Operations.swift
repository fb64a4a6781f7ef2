/// Every operation, in the order of docs/fixtures.md.
public let operations: [any Operation.Type] = inOrder(
  networkOperations + metricOperations + optimizerOperations + audioOperations)

/// The operation of that name, nil if there is none.
public func operation(named name: String) -> (any Operation.Type)? { operations.first { $0.name == name } }

private let order = [
  "convolution2D", "transposedConvolution2D", "batchNormalization", "leakyReLU", "tanh", "sigmoid", "softQuantization",
  "hardQuantization", "gatedUnit", "pixelNormalization", "nearestUpsampling", "bilinearUpsampling", "linear",
  "muLawEncoding", "muLawDecoding", "meanSquaredError", "categoricalCrossEntropy",
  "peakSignalToNoiseRatio", "structuralSimilarity", "structuralSimilarityMap", "multiScaleStructuralSimilarity",
  "normalizedLaplacianPyramidDistance", "barkDistance", "maskedBarkDistance", "adamW",
  "resample", "shortTimeFourierTransform", "inverseShortTimeFourierTransform", "melFilterBank", "melSpectrogram",
  "logScaling", "inverseMelScale", "griffinLim", "auditoryFilterBank", "uniformNoise",
  "normalInitialization", "xavierNormalInitialization",
]

/// The families are listed by those who wrote them; an operation that the documented order lacks comes last.
private func inOrder(_ operations: [any Operation.Type]) -> [any Operation.Type] {
  func place(_ operation: any Operation.Type) -> Int { order.firstIndex(of: operation.name) ?? order.count }
  return operations.enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
    .map(\.element)
}
