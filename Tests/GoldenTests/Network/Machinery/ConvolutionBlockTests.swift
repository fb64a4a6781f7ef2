import Fast
import PerceptualCore
import PerceptualTestSupport
import Testing

/// Fused blocks of every shape that they accept, forward and backward, beside the equations in Double.
///
/// The yardstick is single precision itself, as in ``InferenceTests``: the same equations in Float. Every result's root
/// mean square distance from the truth may be at most twice theirs, or twice a rounding of the result where theirs is
/// less.
@Suite struct ConvolutionBlockTests {
  static let chains: [BlockChain] = [
    .init(
      "a picture of odd sizes, 64 channels amid 32, output padding", [2, 1, 13, 11],
      [
        .convolution(to: 32), .convolution(to: 64), .transposed(to: 64),
        .transposed(to: 32, outputPadding: Extent(height: 1, width: 1)),
      ]),
    .init(
      "padding 0 and 3, 2 and 0, 0 and 2, 3 and 0", [1, 1, 10, 15],
      [
        .convolution(to: 32, padding: Extent(height: 0, width: 3)),
        .convolution(to: 32, padding: Extent(height: 2, width: 0)),
        .transposed(to: 32, padding: Extent(height: 0, width: 2)),
        .transposed(to: 32, padding: Extent(height: 3, width: 0)),
      ]),
    .init(
      "padding 3 and 2, 1 and 3, rows that the stride leaves unread", [1, 1, 17, 14],
      [
        .convolution(to: 32, padding: Extent(height: 3, width: 2)),
        .convolution(to: 32, padding: Extent(height: 1, width: 3)),
        .transposed(to: 32, padding: Extent(height: 2, width: 3), outputPadding: Extent(height: 1, width: 0)),
      ]),
    .init(
      "channel blocks given, three groups to two to four", [1, 96, 5, 7],
      [.transposed(to: 64), .convolution(to: 128), .transposed(to: 32)]),
    .init("a picture's convolution before the output, three pieces of rows", [1, 1, 37, 35], [.convolution(to: 64)]),
    .init(
      "a convolution of stored blocks before the output, one past 16 wide", [2, 32, 10, 67],
      [.convolution(to: 32), .convolution(to: 32)]),
    .init("stored blocks straight before the output", [2, 32, 5, 3], [.transposed(to: 32, padding: 2)]),
    .init(
      "two pieces of tile columns, of unequal size", [1, 32, 5, 279], [.convolution(to: 32), .transposed(to: 32)]),
    .init(
      "two pieces of tile rows, of unequal size", [1, 32, 47, 43],
      [.convolution(to: 32, padding: 0), .transposed(to: 32, outputPadding: Extent(height: 1, width: 0))]),
    .init(
      "2x2 from a picture of odd sizes to a last kernel of 1", [2, 1, 11, 13],
      [
        .convolution(to: 32, kernel: 2), .convolution(to: 64, kernel: 2), .transposed(to: 96, kernel: 2),
        .transposed(to: 32, kernel: 2, outputPadding: Extent(height: 1, width: 1)),
      ], lastKernel: 1),
    .init(
      "2x2 with padding 1 and 0, 0 and 1, several pieces", [1, 32, 21, 275],
      [
        .convolution(to: 32, kernel: 2, padding: Extent(height: 1, width: 0)),
        .transposed(to: 32, kernel: 2, padding: Extent(height: 0, width: 1)),
      ]),
    .init(
      "3x3, its last row and column the zeros of a 4x4", [2, 1, 14, 10],
      [
        .convolution(to: 32, kernel: 3), .convolution(to: 32, kernel: 3),
        .transposed(to: 64, kernel: 3, outputPadding: 1), .transposed(to: 32, kernel: 3),
      ]),
    .init(
      "4x4 before 2x2, nearest upsampling before kernels of 3 and 1", [2, 1, 12, 20],
      [
        .convolution(to: 32), .convolution(to: 64, kernel: 2), .nearest(to: 32), .nearest(to: 64, kernel: 1),
        .transposed(to: 32, kernel: 2),
      ]),
    .init("nearest upsampling of stored blocks straight before the output", [1, 64, 5, 27], [.nearest(to: 32)]),
  ]

  @Test(arguments: chains) func trainsAsTheEquations(_ chain: BlockChain) {
    let given = chain.given
    let truth = chain.equations(given)
    let single = given.converted(to: Float.self)
    let plain = chain.equations(single)
    for set in InstructionSet.available {
      var first: [String: Tensor<Float>]?
      for threads in threadCounts {
        let results = Execution.$current.withValue(Execution(threads: threads, instructionSet: set)) {
          FusedChain(chain, single, keepsForGradient: true).train()
        }
        if let first {
          let isSame = results == first
          #expect(isSame, "\(set): \(threads) threads give other bits")
          continue
        }
        first = results
        for (name, expected) in truth {
          let failure = failure(results[name], plain[name], expected)
          #expect(failure == nil, "\(set) \(name): \(failure ?? "")")
        }
        // Batch normalisation takes any bias off again.
        for number in chain.layers.indices {
          #expect(results["\(number).biasGradient"]?.elements.allSatisfy { $0 == 0 } == true)
        }
        #expect(results.count == truth.count + chain.layers.count)
      }
      guard chain.layers.last?.kind != .convolution else { continue }
      let recomputed = Execution.$current.withValue(Execution(threads: 3, instructionSet: set)) {
        FusedChain(chain, single, keepsForGradient: true, recomputes: true).train()
      }
      let isSame = recomputed == first
      #expect(isSame, "\(set): computed again, the output is another")
    }
  }

  @Test(arguments: chains) func evaluatesAsTheEquations(_ chain: BlockChain) {
    let given = chain.given
    let truth = chain.evaluationEquations(given)
    let single = given.converted(to: Float.self)
    let plain = chain.evaluationEquations(single)
    for set in InstructionSet.available {
      var first: Tensor<Float>?
      for threads in threadCounts {
        let output = Execution.$current.withValue(Execution(threads: threads, instructionSet: set)) {
          FusedChain(chain, single, keepsForGradient: false).evaluate()
        }
        if first == nil {
          let failure = failure(output, plain, truth)
          #expect(failure == nil, "\(set): \(failure ?? "")")
        }
        #expect(output == first ?? output, "\(set): \(threads) threads give other bits")
        first = output
      }
    }
  }

  /// Why a result is too far from the truth; nil if it is not.
  private func failure(_ actual: Tensor<Float>?, _ plain: Tensor<Float>?, _ truth: Tensor<Double>) -> String? {
    guard let actual, let plain, actual.shape == truth.shape else { return "no result of shape \(truth.shape)" }
    let ours = rootMeanSquareDistance(actual, truth)
    let size = rootMeanSquareDistance(Tensor<Float>(shape: truth.shape), truth)
    let theirs = max(rootMeanSquareDistance(plain, truth), Double(Float.ulpOfOne) * size)
    // NaN fails too.
    if ours <= InferenceTests.allowance * theirs { return nil }
    return "\(ours) from Double, the equations in Float \(theirs)"
  }

  static let refused: [(channels: Int, outputs: Int, kernel: Int, ConvolutionGeometry, transposed: Bool, String)] = [
    (1, 33, 4, .init(stride: 2, padding: 1), false, "33 channels, a multiple of 32 is needed"),
    (1, 32, 4, .init(stride: 2, padding: 1), true, "1 and 32 channels, multiples of 32 are needed"),
    (48, 32, 4, .init(stride: 2, padding: 1), false, "32 and 48 channels, multiples of 32 are needed"),
    (32, 16, 4, .init(stride: 2, padding: 1), true, "32 and 16 channels, multiples of 32 are needed"),
    (32, 32, 6, .init(stride: 2, padding: 2), false, "the kernel is 6x6, at most 4x4 is needed"),
    (32, 32, 2, .init(stride: 2, padding: 2), false, "the padding is 2x2, less than the kernel's 2 is needed"),
    (1, 32, 4, .init(stride: 1, padding: 1), false, "the stride is 1x1, 2x2 is needed"),
    (1, 32, 4, .init(stride: 2, padding: 4), false, "the padding is 4x4, less than the kernel's 4 is needed"),
  ]

  @Test(arguments: refused) func obstaclesAreNamed(
    _ channels: Int, outputs: Int, kernel: Int, geometry: ConvolutionGeometry, isTransposed: Bool, sentence: String
  ) {
    let shape =
      isTransposed
      ? ConvolutionShape(
        transposing: 1, inputChannels: channels, outputChannels: outputs, height: 9, width: 9, kernelHeight: kernel,
        kernelWidth: kernel, geometry: geometry)
      : ConvolutionShape(
        convolving: 1, inputChannels: channels, outputChannels: outputs, height: 9, width: 9, kernelHeight: kernel,
        kernelWidth: kernel, geometry: geometry)
    #expect(ConvolutionBlock.obstacle(shape, isTransposed ? .transposed : .convolution) == sentence)
  }

  @Test func aBlockThatCannotBeStopsWithTheReason() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let shape = ConvolutionShape(
        convolving: 1, inputChannels: 1, outputChannels: 48, height: 9, width: 9, kernelHeight: 4, kernelWidth: 4,
        geometry: ConvolutionGeometry(stride: 2, padding: 1))
      let arena = Arena()
      _ = ConvolutionBlock(
        shape, .convolution, slope: 0.01, epsilon: 1e-5, arena: arena,
        workspace: BlockWorkspace(keepsForGradient: true, BatchShare(batch: 1), arena: arena))
    }
    #expect(result.stops(with: "shape: 48 channels, a multiple of 32 is needed"))
  }
}
