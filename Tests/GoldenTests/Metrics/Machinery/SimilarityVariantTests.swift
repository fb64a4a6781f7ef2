@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

/// The conventions that presets choose. The fixtures hold them to the peers; here are their properties.
@Suite struct SimilarityVariantTests {
  /// An image whose pixels are a formula of row and column.
  private static func formula(_ height: Int, _ width: Int, _ value: (Int, Int) -> Int) -> Tensor<Double> {
    Tensor((0..<height * width).map { Double(value($0 / width, $0 % width)) / 64 }, shape: [1, 1, height, width])
  }

  /// Numbers of piq 0.8.0, and of the definition in PyTorch for the authors' rule: tools/oracles/peers.py prints them.
  static let reduced: [(height: Int, width: Int, rule: String, value: Double)] = [
    (383, 400, "piq", 0.00415348825206166), (383, 400, "matlab", 0.004153488252061462),
    (384, 401, "piq", 0.026046482505399756), (384, 401, "matlab", 0.025987549630536563),
    (385, 387, "piq", 0.026143838016506837), (385, 387, "matlab", 0.026067456061318706),
    (640, 641, "piq", 0.029843896715242613), (640, 641, "matlab", 0.06757157005768816),
  ]

  /// 1 below 384 pixels, 2 above; at 640 one rule rounds 2.5 down and the other up.
  @Test(arguments: reduced) func reducesAsPublished(
    _ row: (height: Int, width: Int, rule: String, value: Double)
  ) throws {
    let tested = StructuralSimilarity.self
    let x = Self.formula(row.height, row.width) { (3 * $0 * $0 + 5 * $0 * $1 + 7 * $1) % 61 }
    let y = Self.formula(row.height, row.width) { ($0 * $0 + 11 * $1) % 53 }
    var operationCase = imageCase(x, y, ["downsampling": .string(row.rule)])
    operationCase.cotangents = [:]
    try expectResults(OperationResults(outputs: ["value": Tensor([row.value])]), of: tested, .reference, operationCase)
  }

  @Test func factors() {
    let sides = [1, 255, 383, 384, 639, 640, 641, 896, 1024]
    #expect(sides.map { SimilarityDownsampling.piq.factor(height: $0, width: 2000) } == [1, 1, 1, 2, 2, 2, 3, 4, 4])
    #expect(sides.map { SimilarityDownsampling.matlab.factor(height: 2000, width: $0) } == [1, 1, 1, 2, 2, 3, 3, 4, 4])
    #expect(sides.map { SimilarityDownsampling.none.factor(height: $0, width: $0) } == sides.map { _ in 1 })
    #expect(SimilarityDownsampling.piq.reduced(641, by: 3) == 213)
    #expect(SimilarityDownsampling.matlab.reduced(641, by: 3) == 214)
    #expect((1...5).map { SimilarityDownsampling.matlab.reach(of: $0) } == [0, 0, 1, 1, 2])
  }

  /// The value is the mean of the map, and windows of the reflected map that lie inside the image are the valid ones.
  @Test func theMapsMeanIsTheValue() throws {
    let tested = StructuralSimilarity.self
    let pair = try imageCase(imageSample("map", [2, 3, 17, 19]), .noisy, of: tested)
    let (x, y) = (pair.input("prediction"), pair.input("target"))
    let valid = Reference.structuralSimilarityMap(x, target: y)
    #expect(valid.shape == [2, 3, 7, 9])
    let reflected = Reference.structuralSimilarityMap(x, target: y, options: .init(padding: .reflect))
    #expect(reflected.shape == [2, 3, 17, 19])
    for n in 0..<2 {
      for c in 0..<3 {
        for i in 0..<7 { for j in 0..<9 { #expect(valid[n, c, i, j] == reflected[n, c, i + 5, j + 5]) } }
      }
    }
    for (map, options) in [(valid, .init()), (reflected, StructuralSimilarityOptions(padding: .reflect))] {
      let size = map.count / 2
      let means = (0..<2).map { map.elements[$0 * size..<($0 + 1) * size].reduce(0, +) / Double(size) }
      try expectResults(
        OperationResults(outputs: ["value": Reference.structuralSimilarity(x, target: y, options: options)]),
        of: tested, .reference, pair, found: OperationResults(outputs: ["value": Tensor(means)]))
    }
  }

  /// Presets that agree where sizes are even at each scale, and only there.
  @Test func oddSizesTellPresetsApart() throws {
    let small = { (oddSizes: OddSizes) in
      MultiScaleStructuralSimilarityOptions(
        scale: .init(windowSize: 3, sigma: 1), weights: [0.25, 0.75], oddSizes: oddSizes)
    }
    for (shape, count) in [([1, 1, 16, 18], 1), ([1, 1, 17, 20], 4)] {
      var operationCase = imageCase(Tensor(shape: shape), Tensor(shape: shape))
      PicturePair.noisy.fill(&operationCase, seed: "odd sizes")
      let values = Set(
        OddSizes.allCases.map {
          Reference.multiScaleStructuralSimilarity(
            operationCase.input("prediction"), target: operationCase.input("target"), options: small($0))[0]
        })
      #expect(values.count == count)
    }
  }

  /// All that sample covariance does.
  @Test func sampleCovarianceDividesC2() {
    let plain = StructuralSimilarityOptions(windowSize: 7, window: .uniform)
    let sample = StructuralSimilarityOptions(windowSize: 7, window: .uniform, covariance: .sample)
    #expect(sample.contrastConstant == plain.contrastConstant * 48 / 49)
    #expect(sample.luminanceConstant == plain.luminanceConstant)
  }

  @Test func presetsNameTheirConventions() {
    for preset in [StructuralSimilarityPreset.paper, .pytorchMSSSIM, .scikitImage, .tensorflow] {
      #expect(preset.options() == StructuralSimilarityOptions())
    }
    #expect(MultiScaleStructuralSimilarityPreset.pytorchMSSSIM.options() == MultiScaleStructuralSimilarityOptions())
    #expect(
      MultiScaleStructuralSimilarityPreset.paper.options() == MultiScaleStructuralSimilarityPreset.tensorflow.options())
    #expect(StructuralSimilarityPreset(rawValue: "pytorch-msssim")?.peerDataRange == .number(255))
    #expect(StructuralSimilarityPreset.piq.options(dataRange: 255).dataRange == 255)
    for preset in StructuralSimilarityPreset.allCases { #expect(preset.options().obstacle == nil) }
    for preset in MultiScaleStructuralSimilarityPreset.allCases { #expect(preset.options().obstacle == nil) }
  }

  /// The least side for each rule: that one passes and one less is refused with its number.
  @Test func smallestSides() {
    var sides: [String: Int] = [:]
    for preset in MultiScaleStructuralSimilarityPreset.allCases {
      let options = preset.options()
      let side = options.smallestSide
      sides[preset.rawValue] = side
      #expect(options.obstacle(forImages: [1, 1, side, side + 1]) == nil)
      #expect(options.obstacle(forImages: [1, 1, side + 1, side - 1])?.contains("need \(side) pixels a side") == true)
    }
    #expect(
      sides == [
        "paper": 161, "pytorch-msssim": 161, "piq": 161, "torchmetrics": 96, "torchmetrics-simple": 96,
        "tensorflow": 161, "pyiqa": 161,
      ])
    #expect(StructuralSimilarityPreset.torchmetrics.options().smallestSide == 6)
    #expect(StructuralSimilarityPreset.scikitImageDefault.options().smallestSide == 7)
    for family in LaplacianPyramidFamily.allCases {
      #expect(LaplacianPyramid.smallestSide(levels: 6, family: family) == (family == .hepburn ? 65 : 1))
    }
  }

  static let refused: [(String, Sample, String)] = [
    (
      "structuralSimilarity", imageSample("reflection", [1, 1, 5, 9], ["padding": "reflect"]),
      "sides of 5x9 given, reflection by 5 needs 6 pixels a side"
    ),
    (
      "structuralSimilarity", imageSample("reduced", [1, 1, 384, 384], ["downsampling": "piq", "windowSize": 193]),
      "sides of 192x192 given, after downsampling a window of 193 needs 193 pixels a side"
    ),
    (
      "structuralSimilarity", imageSample("window", [1, 1, 11, 11], ["window": "hann"]),
      "attribute window: \"gaussian\" or"
    ),
    (
      "structuralSimilarity", imageSample("sample", [1, 1, 3, 3], ["windowSize": 1, "covariance": "sample"]),
      "windowSize: 1 given, sample covariance needs more than one pixel"
    ),
    (
      "multiScaleStructuralSimilarity", imageSample("floor", [1, 1, 200, 200], ["contrastFloor": 0]),
      "contrastFloor: 0.0 given, a number above 0 and under 1"
    ),
    (
      "multiScaleStructuralSimilarity", imageSample("downsampling", [1, 1, 200, 200], ["downsampling": "piq"]),
      "unknown attribute downsampling"
    ),
    (
      "normalizedLaplacianPyramidDistance",
      imageSample("pooling", [2, 1, 65, 65], ["family": "matlab", "pooling": "batch"]),
      "pooling: \"batch\" given, family \"matlab\" has \"image\" alone"
    ),
  ]

  @Test(arguments: refused) func refuses(_ name: String, _ sample: Sample, _ sentence: String) throws {
    let tested = try #require(operation(named: name))
    expectError(saying: sentence) { try sample.operationCase(of: tested, fill: .picture) }
  }

  @Test func magnitudesAreNamed() throws {
    var x = Tensor<Float>(shape: [2, 1, 3, 4])
    try checkMagnitudes(prediction: x, target: x)
    x[1, 0, 2, 1] = -.infinity
    expectError(beginning: "target: -inf stands at [1, 0, 2, 1], a finite number") {
      try checkMagnitudes(prediction: Tensor<Float>(shape: x.shape), target: x)
    }
    expectError { try checkMagnitudes(prediction: Tensor([Float(1e20)]), target: Tensor([0])) }
    try checkMagnitudes(prediction: Tensor([1e20]), target: Tensor([0]))
  }

  /// NLPD of a batch: the norm of the images' distances, and one root for all images.
  @Test func batchPooling() throws {
    let tested = NormalizedLaplacianPyramidDistance.self
    let pair = try imageCase(imageSample("batch", [3, 1, 17, 18], ["levels": 4]), .noisy, of: tested)
    let (x, y) = (pair.input("prediction"), pair.input("target"))
    let each = Reference.normalizedLaplacianPyramidDistance(x, target: y, levels: 4)
    let both = Reference.normalizedLaplacianPyramidDistance(x, target: y, levels: 4, pooling: .batch)
    // The 0.6-norm over images of one repeated is 3^(1 / 0.6) times its own.
    #expect(both.shape == [1] && both[0] > each.elements.reduce(0, +))
    let root = Reference.normalizedLaplacianPyramidDistance(
      x, target: y, family: .tensorflow, levels: 4, pooling: .batch)
    let roots = Reference.normalizedLaplacianPyramidDistance(x, target: y, family: .tensorflow, levels: 4)
    #expect(root[0] >= roots.elements.reduce(0, +) / 3 && root[0] <= roots.elements.reduce(0, max))
  }

  /// 20 decibels for a tenth of the range; equal samples are infinitely far from noise, and have gradient 0.
  @Test func peakSignalToNoiseRatio() {
    let x = Tensor<Double>([0, 0.5, 1, 0.25], shape: [2, 2])
    let y = Tensor<Double>([0, 0.5, 0.75, 0.5], shape: [2, 2])
    let value = Reference.peakSignalToNoiseRatio(x, target: y, dataRange: 2.5)
    #expect(value.elements == [.infinity, 20])
    let gradients = Reference.peakSignalToNoiseRatioGradient(x, target: y, upstream: Tensor([1, 1]))
    #expect(
      gradients.prediction.elements[..<2] == [0, 0] && gradients.prediction[2] < 0 && gradients.prediction[3] > 0)
    // Squares of these differences are 0 in Float.
    let least = Reference.peakSignalToNoiseRatio(
      Tensor<Float>([1e-30], shape: [1, 1]), target: Tensor([0], shape: [1, 1]))
    #expect(least[0] == 600)
  }
}
