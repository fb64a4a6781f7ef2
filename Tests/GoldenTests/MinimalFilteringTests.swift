import Fast
import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

/// The path of convolution2D and transposedConvolution2D that works on channel blocks.
@Suite struct MinimalFilteringTests {
  @Test(arguments: minimalFilteringSamples, [Fill.integers, .normals])
  func agreesWithReference(_ tested: (operation: String, sample: Sample), _ fill: Fill) throws {
    // How the work is cut shows in integers as well, and those need no bound, which takes long for large images.
    if tested.sample.label.contains("pieces") && fill == .normals { return }
    let checked = try #require(operation(named: tested.operation))
    let operationCase = try tested.sample.operationCase(of: checked, fill: fill)
    let failures = try crossCheck(checked, operationCase, exact: fill == .integers)
    #expect(failures == [], "\(failures.joined(separator: "\n"))")
  }

  /// The transforms would spread a value that is not finite, or very large: such data take the direct path.
  @Test(arguments: minimalFilteringSamples.filter { !$0.sample.label.contains("pieces") })
  func specialValuesTakeTheDirectPath(_ tested: (operation: String, sample: Sample)) throws {
    let checked = try #require(operation(named: tested.operation))
    let special = try caseWithSpecialData(tested.sample, of: checked)
    let failures = try crossCheckSpecialData(checked, special)
    #expect(failures == [], "\(failures.joined(separator: "\n"))")
  }

  /// One such value, in whichever array, is enough. (An infinite weight meets the padding's zeros, which is NaN here.)
  @Test(arguments: minimalFilteringSamples.filter { $0.sample.label == "one tile" }, ["x", "weight", "upstream"])
  func oneSpecialValueTakesTheDirectPath(_ tested: (operation: String, sample: Sample), _ place: String) throws {
    let checked = try #require(operation(named: tested.operation))
    for value in place == "weight" ? [0x1p100] : [Double.infinity, 0x1p100] {
      var special = try tested.sample.operationCase(of: checked, fill: .normals)
      if place == "upstream" { special.cotangents["y"]?[7] = value } else { special.inputs[place]?[7] = value }
      let failures = try crossCheckSpecialData(checked, special)
      #expect(failures == [], "\(value): \(failures.joined(separator: "\n"))")
    }
  }

  /// Outputs too large for the caches are written past them: nine images at a time as each by itself.
  @Test func largeOutputsAreTheImagesOneByOne() {
    let image = 32 * 64 * 64
    let x = uniformNoise(seed: 4, stream: .other, index: 0, count: 9 * image)
    let weight = Tensor(uniformNoise(seed: 4, stream: .other, index: 1, count: 32 * 32 * 16), shape: [32, 32, 4, 4])
    let bias = Tensor(uniformNoise(seed: 4, stream: .other, index: 2, count: 32))
    let geometry = ConvolutionGeometry(stride: 2, padding: 1)
    func output(_ elements: ArraySlice<Float>) -> [Float] {
      let shape = [elements.count / image, 32, 64, 64]
      return Fast.transposedConvolution2D(
        Tensor(Array(elements), shape: shape), weight: weight, bias: bias, geometry: geometry).elements
    }
    let all = output(x[...])
    #expect(all.count * 4 > 1 << 24)
    for n in 0..<9 { #expect(all[4 * n * image..<4 * (n + 1) * image] == output(x[n * image..<(n + 1) * image])[...]) }
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
    let x = try #require(tested.sample.shapes["x"])
    let weight = try #require(tested.sample.shapes["weight"])
    let isTransposed = tested.operation == "transposedConvolution2D"
    let checked = try #require(operation(named: tested.operation))
    let attributes = try tested.sample.operationCase(of: checked, fill: .integers).attributes
    let geometry = ConvolutionGeometry(
      stride: try attributes.extent("stride", default: 1, atLeast: 1),
      padding: try attributes.extent("padding", default: 0, atLeast: 0),
      outputPadding: try attributes.extent("outputPadding", default: 0, atLeast: 0))
    let shape =
      isTransposed
      ? ConvolutionShape(
        transposing: x[0], inputChannels: x[1], outputChannels: weight[1], height: x[2], width: x[3], kernelHeight: 4,
        kernelWidth: 4, geometry: geometry)
      : ConvolutionShape(
        convolving: x[0], inputChannels: x[1], outputChannels: weight[0], height: x[2], width: x[3], kernelHeight: 4,
        kernelWidth: 4, geometry: geometry)
    let choices = ConvolutionPath.choices(shape, isTransposed: isTransposed)
    #expect(choices.first { $0.obstacle == nil }?.path == .minimalFiltering)
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
