import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import Fast

/// Outputs too large for the caches are written past them, which must change nothing but where they are.
@Suite struct LargeOutputTests {
  /// Eight images of 128x128 in 32 channels are as large as is still kept, 2^24 bytes; a ninth is too much.
  private static let kept = 8
  private static let images = 9

  @Test func theNinthImageIsTooLarge() {
    func blocks(_ images: Int) -> ChannelBlocks { ChannelBlocks(images: images, channels: 32, height: 128, width: 128) }
    #expect(!blocks(Self.kept).isLarge)
    #expect(blocks(Self.images).isLarge)
  }

  private func noise(_ shape: [Int], _ index: UInt64) -> Tensor<Float> {
    let elements = uniformNoise(seed: 4, stream: .other, index: index, count: shape.reduce(1, *))
    return Tensor(elements.map { $0 - 0.5 }, shape: shape)
  }

  private func first(_ images: Int, of x: Tensor<Float>) -> Tensor<Float> {
    Tensor(Array(x.elements[..<(x.count / x.shape[0] * images)]), shape: [images] + x.shape.dropFirst())
  }

  /// Both rows of kernels that can, of every length about a vector's, to the bit.
  @Test(arguments: InstructionSet.available) func rowsPastTheCachesAreTheSame(_ set: InstructionSet) throws {
    let kernels = try #require(set.kernels)
    let arena = Arena()
    for count in [1, 2, 3, 5, 17, 64, 131] {
      let x = noise([count * 16], 1).elements
      let (bias, pivot) = (noise([16], 2).elements, noise([16], 3).elements)
      func run(_ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        // One pixel more than is written, which must stay.
        let output = arena.floats((count + 1) * 16)
        output.update(repeating: 7, count: (count + 1) * 16)
        body(output)
        return Array(UnsafeBufferPointer(start: output, count: (count + 1) * 16))
      }
      func finished(_ streams: Bool) -> (output: [Float], sums: [Float]) {
        var sums = noise([32], 4).elements
        let output = run {
          kernels.finishBlockRow(x, count: count, bias: bias, pivot: pivot, sums: &sums, $0, streams: streams)
        }
        return (output, sums)
      }
      let past = finished(true)
      let kept = finished(false)
      #expect(past == kept)
      let expected = zip(x, (0..<count).flatMap { _ in bias }).map { $0 + $1 }
      #expect(past.output == expected + [Float](repeating: 7, count: 16))
      // What is not written at all is summed alike.
      var sums = noise([32], 4).elements
      kernels.momentsBlockRow(x, count: count, bias: bias, pivot: pivot, sums: &sums)
      #expect(sums == past.sums)
      for bias in [bias, nil] {
        func stored(_ streams: Bool) -> [Float] {
          run { output in
            guard let bias else { return kernels.addBlockBias(x, count: count, bias: nil, output, streams: streams) }
            kernels.addBlockBias(x, count: count, bias: bias, output, streams: streams)
          }
        }
        #expect(stored(true) == stored(false))
        #expect(stored(true) == (bias == nil ? x : expected) + [Float](repeating: 7, count: 16))
      }
    }
  }

  /// A convolution, from four times the channels so that its input is no larger than its output, and its transpose.
  @Test(arguments: [false, true], InstructionSet.available)
  func convolutionsAreThoseOfFewerImages(_ isTransposed: Bool, _ set: InstructionSet) {
    let x = noise([Self.images, 32, isTransposed ? 64 : 128, isTransposed ? 64 : 128], 0)
    let weight = noise(isTransposed ? [32, 32, 4, 4] : [128, 32, 4, 4], 1)
    let bias = noise([isTransposed ? 32 : 128], 2)
    let geometry = ConvolutionGeometry(stride: 2, padding: 1)
    Execution.$current.withValue(Execution(instructionSet: set)) {
      let past =
        isTransposed
        ? transposedConvolution2D(x, weight: weight, bias: bias, geometry: geometry)
        : convolution2D(x, weight: weight, bias: bias, geometry: geometry)
      let some = first(Self.kept, of: x)
      let kept =
        isTransposed
        ? transposedConvolution2D(some, weight: weight, bias: bias, geometry: geometry)
        : convolution2D(some, weight: weight, bias: bias, geometry: geometry)
      #expect(past.count == Self.images * 32 * 128 * 128)
      let isSame = first(Self.kept, of: past) == kept
      #expect(isSame)
    }
  }

  /// What a block stores, under either statistics; and the batch's statistics, beside those of a block that stores
  /// nothing.
  @Test(arguments: [false, true], InstructionSet.available)
  func blocksAreThoseOfFewerImages(_ isTransposed: Bool, _ set: InstructionSet) {
    let x = noise(isTransposed ? [Self.images, 32, 64, 64] : [Self.images, 1, 256, 256], 0)
    Execution.$current.withValue(Execution(instructionSet: set)) {
      for statistics in [ConvolutionBlock.Statistics.batch(momentum: 1), .running] {
        let past = forward(x, isTransposed: isTransposed, statistics)
        let kept = forward(first(Self.kept, of: x), isTransposed: isTransposed, statistics)
        #expect(past.convolved.count == Self.images * 32 * 128 * 128)
        let isSame = first(Self.kept, of: past.convolved) == kept.convolved
        #expect(isSame)
        if isTransposed, case .batch = statistics {
          let unstored = forward(x, isTransposed: true, statistics, recomputes: true)
          #expect(unstored.running == past.running)
          #expect(past.running != kept.running)
        }
      }
    }
  }

  private func forward(
    _ x: Tensor<Float>, isTransposed: Bool, _ statistics: ConvolutionBlock.Statistics, recomputes: Bool = false
  ) -> (convolved: Tensor<Float>, running: [Float]) {
    let geometry = ConvolutionGeometry(stride: 2, padding: 1)
    let shape =
      isTransposed
      ? ConvolutionShape(
        transposing: x.shape[0], inputChannels: 32, outputChannels: 32, height: 64, width: 64, kernelHeight: 4,
        kernelWidth: 4, geometry: geometry)
      : ConvolutionShape(
        convolving: x.shape[0], inputChannels: 1, outputChannels: 32, height: 256, width: 256, kernelHeight: 4,
        kernelWidth: 4, geometry: geometry)
    let arena = Arena()
    let workspace = BlockWorkspace(keepsForGradient: true, BatchShare(batch: x.shape[0]), arena: arena)
    let block = ConvolutionBlock(
      shape, isTransposed ? .transposed : .convolution, slope: 0.01, epsilon: 1e-5, arena: arena, workspace: workspace,
      recomputesOutput: recomputes)
    workspace.take()
    func memory(_ tensor: Tensor<Float>) -> UnsafeMutablePointer<Float> {
      let memory = arena.floats(tensor.count)
      tensor.withPointer { memory.update(from: $0, count: tensor.count) }
      return memory
    }
    let parameters = ConvolutionBlock.Parameters(
      weight: memory(noise([shape.weightCount], 1)), bias: memory(noise([32], 2)), gamma: memory(noise([32], 3)),
      beta: memory(noise([32], 5)))
    let running = memory(Tensor([Float](repeating: 1, count: 64)))
    block.forward(
      isTransposed ? .stored(memory(x)) : .picture(memory(x)), parameters, statistics: statistics, runningMean: running,
      runningVariance: running + 32)
    let count = recomputes ? 0 : shape.outputCount
    return (
      Tensor(
        Array(UnsafeBufferPointer(start: block.convolved, count: count)), shape: [x.shape[0], count / x.shape[0]]),
      Array(UnsafeBufferPointer(start: running, count: 64))
    )
  }
}
