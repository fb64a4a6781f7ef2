import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@testable import Fast

/// The path of convolution2D and transposedConvolution2D that works on channel blocks.
@Suite struct MinimalFilteringTests {
  @Test(arguments: minimalFilteringSamples, [Fill.integers, .normals])
  func agreesWithReference(_ tested: (operation: String, sample: Sample), _ fill: Fill) throws {
    // How the work is cut shows in integers as well, and those need no bound, which takes long for large images and
    // many channels.
    let takesLong = tested.sample.label.contains("pieces") || tested.sample.label.contains("64 to 64")
    if takesLong && fill == .normals { return }
    let checked = try #require(operation(named: tested.operation))
    try expectAgreement(checked, try tested.sample.operationCase(of: checked, fill: fill), exact: fill == .integers)
  }

  /// In channel blocks, for those who keep their data so: the three directions, bit for bit on integers.
  @Test(arguments: minimalFilteringSamples)
  func blockConvolutionAgreesWithReference(_ tested: (operation: String, sample: Sample)) throws {
    let checked = try #require(operation(named: tested.operation))
    let operationCase = try tested.sample.operationCase(of: checked, fill: .integers)
    let expected = try checked.run(.reference, operationCase)
    let isTransposed = tested.operation == "transposedConvolution2D"
    let shape = try Self.convolutionShape(operationCase, isTransposed: isTransposed)
    let x: Tensor<Float> = operationCase.input("x").converted()
    let weight: Tensor<Float> = operationCase.input("weight").converted()
    let bias: Tensor<Float> = operationCase.input("bias").converted()
    let upstream: Tensor<Float> = operationCase.cotangent("y").converted()
    for set in InstructionSet.available {
      for threads in threadCounts {
        let found = Execution.$current.withValue(Execution(threads: threads, instructionSet: set)) {
          runInBlocks(
            BlockConvolution(shape, isTransposed: isTransposed), x, weight: weight, bias: bias, upstream: upstream)
        }
        #expect(found.y.converted() == expected.outputs["y"], "\(set), \(threads) threads")
        #expect(found.gradients.x.converted() == expected.gradients["x"], "\(set), \(threads) threads")
        #expect(found.gradients.weight.converted() == expected.gradients["weight"], "\(set), \(threads) threads")
      }
    }
  }

  /// The transforms would spread a value that is not finite, or very large: such data take the direct path.
  @Test(arguments: minimalFilteringSamples.filter { !$0.sample.label.contains("pieces") })
  func specialValuesTakeTheDirectPath(_ tested: (operation: String, sample: Sample)) throws {
    let checked = try #require(operation(named: tested.operation))
    try expectAgreementOnSpecialData(checked, try caseWithSpecialData(tested.sample, of: checked))
  }

  /// One such value, in whichever array, is enough. (An infinite weight meets the padding's zeros, which is NaN here.)
  @Test(arguments: minimalFilteringSamples.filter { $0.sample.label == "one tile" }, ["x", "weight", "upstream"])
  func oneSpecialValueTakesTheDirectPath(_ tested: (operation: String, sample: Sample), _ place: String) throws {
    let checked = try #require(operation(named: tested.operation))
    for value in place == "weight" ? [0x1p100] : [Double.infinity, 0x1p100] {
      var special = try tested.sample.operationCase(of: checked, fill: .normals)
      if place == "upstream" { special.cotangents["y"]?[7] = value } else { special.inputs[place]?[7] = value }
      try expectAgreementOnSpecialData(checked, special, "\(value)")
    }
  }

  /// What decides between the two: a row's largest magnitude, of every length about a vector's.
  @Test(arguments: InstructionSet.available) func largestMagnitudeSeesEveryElement(_ set: InstructionSet) throws {
    let kernels = try #require(set.kernels)
    for count in [0, 1, 4, 5, 8, 9, 16, 17, 33, 70] {
      let row = (0..<count).map { Float($0 % 7) - 3.5 }
      #expect(kernels.largestMagnitude(row, count: count) == (row.map(abs).max() ?? 0))
      for place in 0..<count {
        var changed = row
        changed[place] = -100
        #expect(kernels.largestMagnitude(changed, count: count) == 100)
        for strange in [Float.nan, .infinity, -.infinity] {
          changed[place] = strange
          #expect(kernels.largestMagnitude(changed, count: count).isNaN)
        }
      }
    }
  }

  /// The filtering as its equation, in Double, is the convolution.
  @Test func referenceIsTheConvolution() {
    var generator = SeededGenerator(name: "minimal filtering")
    let fine = Fill.integers.tensor([2, 3, 11, 14], &generator)
    let weight = Fill.integers.tensor([2, 3, 4, 4], &generator)
    for padding in [Extent(1), 0, Extent(height: 2, width: 3)] {
      let geometry = ConvolutionGeometry(stride: 2, padding: padding)
      let filtering = Reference.MinimalFiltering(padding: padding)
      let y = Reference.convolution2D(fine, weight: weight, geometry: geometry)
      #expect(filtering.analysis(fine, weight: weight, height: y.shape[2], width: y.shape[3]) == y)
      let upstream = Fill.integers.tensor(y.shape, &generator)
      let gradients = Reference.convolution2DGradient(fine, weight: weight, upstream: upstream, geometry: geometry)
      #expect(filtering.synthesis(upstream, weight: weight, height: 11, width: 14) == gradients.x)
      #expect(filtering.weightGradient(fine: fine, coarse: upstream) == gradients.weight)
    }
  }

  /// Every sample above takes the path it is meant for.
  @Test(arguments: minimalFilteringSamples) func isChosen(_ tested: (operation: String, sample: Sample)) throws {
    let path = try path(of: tested.sample, operation: tested.operation)
    #expect(path == .minimalFiltering)
  }

  /// And those whose labels say so do not.
  @Test func othersTakeTheDirectPath() throws {
    let samples =
      convolution2DSamples.map { ("convolution2D", $0) }
      + transposedConvolution2DSamples.map { ("transposedConvolution2D", $0) }
    let refused = samples.filter { $0.1.label.contains("which minimal filtering refuses") }
    #expect(refused.count == 4)
    for (operation, sample) in refused {
      let path = try path(of: sample, operation: operation)
      #expect(path == .correlation, "\(sample)")
    }
  }

  private func path(of sample: Sample, operation name: String) throws -> ConvolutionPath? {
    let checked = try #require(operation(named: name))
    let isTransposed = name == "transposedConvolution2D"
    let shape = try Self.convolutionShape(
      try sample.operationCase(of: checked, fill: .integers), isTransposed: isTransposed)
    return ConvolutionPath.choices(shape, isTransposed: isTransposed).first { $0.obstacle == nil }?.path
  }

  static func convolutionShape(_ given: OperationCase<Double>, isTransposed: Bool) throws -> ConvolutionShape {
    let (x, weight) = (given.input("x").shape, given.input("weight").shape)
    let geometry = ConvolutionGeometry(
      stride: try given.attributes.extent("stride", default: 1, atLeast: 1),
      padding: try given.attributes.extent("padding", default: 0, atLeast: 0),
      outputPadding: try given.attributes.extent("outputPadding", default: 0, atLeast: 0))
    return isTransposed
      ? ConvolutionShape(
        transposing: x[0], inputChannels: x[1], outputChannels: weight[1], height: x[2], width: x[3],
        kernelHeight: weight[2], kernelWidth: weight[3], geometry: geometry)
      : ConvolutionShape(
        convolving: x[0], inputChannels: x[1], outputChannels: weight[0], height: x[2], width: x[3],
        kernelHeight: weight[2], kernelWidth: weight[3], geometry: geometry)
  }

  static let refused: [(String, channels: Int, outputs: Int, kernel: Int, ConvolutionGeometry, String)] = [
    ("kernel", 32, 32, 3, .init(stride: 2, padding: 1), "the kernel is 3x3, 4x4 is needed"),
    ("stride", 32, 32, 4, .init(stride: 1, padding: 1), "the stride is 1x1, 2x2 is needed"),
    ("padding", 32, 32, 4, .init(stride: 2, padding: 4), "the padding is 4x4, less than the kernel's 4 is needed"),
    ("inputs", 48, 32, 4, .init(stride: 2, padding: 1), "32 and 48 channels, multiples of 32 are needed"),
    ("outputs", 32, 1, 4, .init(stride: 2, padding: 1), "1 and 32 channels, multiples of 32 are needed"),
  ]

  @Test(arguments: refused)
  func obstaclesAreNamed(
    _ label: String, channels: Int, outputs: Int, kernel: Int, geometry: ConvolutionGeometry, sentence: String
  ) {
    let shape = ConvolutionShape(
      convolving: 1, inputChannels: channels, outputChannels: outputs, height: 16, width: 16, kernelHeight: kernel,
      kernelWidth: kernel, geometry: geometry)
    #expect(ConvolutionPath.minimalFiltering.obstacle(shape, isTransposed: false) == sentence)
    #expect(ConvolutionPath.correlation.obstacle(shape, isTransposed: false) == nil)
  }
}
