import Fast
import PerceptualCore

/// Every strided convolution of the paper's network by itself, 128 channels, in channel blocks, in its three
/// directions.
let convolutionBenchmarks: [Benchmark] = [(3, 128), (6, 64), (9, 32), (13, 16), (16, 32), (19, 64), (22, 128)]
  .flatMap { layer, side in
    ConvolutionDirection.allCases.map { convolutionBenchmark(layer: layer, side: side, $0) }
  }

enum ConvolutionDirection: String, CaseIterable {
  case forward
  case inputGradient = "input-gradient"
  case weightGradient = "weight-gradient"
}

/// `layer` is the index in the Sequential of docs/paper.md (from 13 on transposed), `side` that of its input.
private func convolutionBenchmark(layer: Int, side: Int, _ direction: ConvolutionDirection) -> Benchmark {
  let (images, channels) = (4, 128)
  let isTransposed = layer >= 13
  let summary =
    "\(isTransposed ? "transposed " : "")convolution \(layer), \(channels) channels, \(side)x\(side), "
    + "\(images) images, \(direction.rawValue)"
  return Benchmark(name: "convolution-\(layer)-\(direction.rawValue)", summary: summary) {
    let shape = ConvolutionShape(
      Stage(isTransposed ? .transposed : .convolution, kernel: 4), images: images, inputChannels: channels,
      outputChannels: channels, height: side, width: side)
    let convolution = BlockConvolution(shape, isTransposed: isTransposed)
    let arena = Arena()
    func noise(_ count: Int, _ index: UInt64) -> UnsafeMutablePointer<Float> {
      let buffer = arena.floats(count)
      for (index, value) in uniformNoise(seed: 1, stream: .other, index: index, count: count).enumerated() {
        buffer[index] = value - 0.5
      }
      return buffer
    }
    let x = noise(shape.inputCount, 0)
    let y = noise(shape.outputCount, 1)
    let weight = noise(shape.weightCount, 2)
    let target = arena.floats(max(shape.inputCount, shape.outputCount))
    let (result, count) =
      switch direction {
      case .forward: (target, shape.outputCount)
      case .inputGradient: (target, shape.inputCount)
      case .weightGradient: (target, shape.weightCount)
      }
    let executed = convolution.executedOperations
    let isSynthesis = direction == .forward ? isTransposed : direction == .inputGradient && !isTransposed
    return Benchmark.Work(
      run: {
        switch direction {
        case .forward: convolution.forward(x, weight: weight, bias: nil, result)
        case .inputGradient: convolution.inputGradient(upstream: y, weight: weight, result)
        case .weightGradient: convolution.weightGradient(x, upstream: y, result)
        }
        // A part of the result is compared; keeping the arena is what matters.
        return withExtendedLifetime(arena) {
          [Tensor(stride(from: 0, to: count, by: max(1, count / 4096)).map { result[$0] })]
        }
      },
      amount: (isSynthesis ? executed.synthesis : executed.analysis) * 1e-9, unit: "GFLOP executed",
      directAmount: convolution.directOperations * 1e-9)
  }
}
