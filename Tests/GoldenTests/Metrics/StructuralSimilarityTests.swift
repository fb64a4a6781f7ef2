import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@Suite struct StructuralSimilarityTests {
  private let tested = StructuralSimilarity.self

  static let samples = [
    imageSample("one window", [1, 1, 11, 11]),
    imageSample("one window wide", [1, 1, 14, 11]),
    imageSample("one past 4 windows", [1, 1, 12, 15]),
    imageSample("one past 8 windows, two channels", [1, 2, 13, 19]),
    imageSample("one past 16 windows, three images", [3, 1, 14, 27]),
    imageSample("one past 32 windows, two images of three channels", [2, 3, 12, 43]),
    imageSample("prime sides", [1, 1, 37, 29]),
    imageSample("window of 7", [1, 2, 17, 22], ["windowSize": 7, "sigma": 1]),
    imageSample("window of 3", [1, 1, 5, 18], ["windowSize": 3, "sigma": 0.75]),
    imageSample("window larger than a vector", [1, 1, 40, 41], ["windowSize": 33, "sigma": 6]),
    imageSample("data range of 255", [1, 1, 20, 24], ["dataRange": 255]),
    imageSample("constants that matter", [1, 1, 16, 18], ["k1": 0.5, "k2": 0.25]),
  ]

  @Test(arguments: samples, PicturePair.allCases)
  func agreesWithReference(_ sample: Sample, _ kind: PicturePair) throws {
    try expectAgreement(tested, sample, kind)
  }

  /// Variances are 0 and luminance alone counts.
  @Test func agreesWithAWindowOfOnePixel() throws {
    try expectAgreement(tested, imageSample("window of 1", [1, 1, 5, 18], ["windowSize": 1]), .noise)
  }

  @Test func agreesAtThePapersSize() throws {
    try expectAgreement(tested, imageSample("paper", [1, 1, 256, 256]), .noisy)
  }

  @Test func notANumberReachesItsWindowsOnly() throws {
    var operationCase = try imageCase(imageSample("not a number", [2, 1, 30, 33]), .noisy, of: tested)
    operationCase.inputs["prediction"]?[0, 0, 3, 4] = .nan
    operationCase.inputs["target"]?[1, 0, 29, 32] = .infinity
    try expectAgreement(tested, operationCase, matchingNonFinite: true)
    let gradient = try #require(try tested.run(.fast, operationCase).gradients["prediction"])
    #expect(gradient[0, 0, 13, 14].isNaN)
    #expect(gradient[0, 0, 14, 14].isFinite)
    #expect(gradient[1, 0, 18, 32].isFinite)
  }

  @Test(arguments: Side.allCases)
  func equalImagesAreOneWithGradientZero(_ side: Side) throws {
    for image in [
      picture([2, 1, 15, 20]), Tensor(shape: [1, 1, 12, 12]), Tensor(repeating: 1, shape: [1, 1, 12, 12]),
    ] {
      let results = try tested.run(side, imageCase(image, image))
      #expect(results.outputs["value"]?.elements.allSatisfy { abs($0 - 1) <= 32 * side.epsilon } == true)
      #expect(results.inputsWithoutEffect == ["prediction", "target"])
    }
  }

  /// Constant images: contrast is 1, luminance alone counts: C1 / (1 + C1) for 0 against 1.
  @Test(arguments: Side.allCases)
  func constantImages(_ side: Side) throws {
    let operationCase = imageCase(Tensor(shape: [1, 1, 13, 14]), Tensor(repeating: 1, shape: [1, 1, 13, 14]))
    let results = try tested.run(side, operationCase)
    let expected = Tensor([1e-4 / (1 + 1e-4)])
    try expectResults(OperationResults(outputs: ["value": expected]), of: tested, side, operationCase, found: results)
    #expect(results.gradients.values.allSatisfy { $0.elements.allSatisfy { $0.isFinite } })
  }

  @Test func negativeImageHasNegativeSimilarity() throws {
    let x = coarse(picture([1, 1, 24, 24]))
    let operationCase = imageCase(negative(x), x)
    try expectAgreement(tested, operationCase)
    #expect(try tested.run(.fast, operationCase).outputs["value"]?[0] ?? 1 < 0)
  }

  @Test func onePixelDifferent() throws {
    var x = coarse(picture([1, 1, 24, 26]))
    let y = x
    x[0, 0, 12, 12] += 0.25
    let operationCase = imageCase(x, y)
    try expectAgreement(tested, operationCase)
    let gradient = try #require(try tested.run(.reference, operationCase).gradients["prediction"])
    #expect(gradient[0, 0, 12, 12] < 0)
    // No window holds both the pixel and the corner.
    #expect(gradient[0, 0, 0, 0] == 0)
  }

  @Test(arguments: [Side.reference, .fast])
  func isSymmetric(_ side: Side) throws {
    try expectSymmetry(of: tested, side, try imageCase(Self.samples[5], .noisy, of: tested))
  }

  /// Images and data range times a power of two: the same bits, and gradients divided by it.
  @Test(arguments: [Side.reference, .fast])
  func followsTheDataRange(_ side: Side) throws {
    let one = try imageCase(Self.samples[4], .noisy, of: tested)
    var scaled = one
    scaled.inputs = one.inputs.mapValues { $0.map { 256 * $0 } }
    scaled.attributes["dataRange"] = .integer(256)
    let a = try tested.run(side, one)
    let b = try tested.run(side, scaled)
    #expect(a.outputs == b.outputs)
    #expect(a.gradients == b.gradients.mapValues { $0.map { 256 * $0 } })
  }

  @Test func valueAndGradientTogetherAreTheSame() throws {
    try expectTheSame(
      together: { Fast.structuralSimilarityAndGradient($0, target: $1, upstream: $2) }, as: tested,
      try imageCase(Self.samples[5], .noisy, of: tested))
  }

  @Test(arguments: [
    (imageSample("too small", [1, 1, 11, 10]), "a window of 11 needs 11 pixels a side"),
    (imageSample("rank", [1, 11, 11]), "a non-empty [N, C, H, W] is needed"),
    (imageSample("empty", [0, 1, 11, 11]), "a non-empty [N, C, H, W] is needed"),
    (imageSample("even window", [1, 1, 11, 11], ["windowSize": 8]), "windowSize: 8 given, an odd size"),
    (imageSample("no window", [1, 1, 11, 11], ["windowSize": -1]), "windowSize: -1 given, an odd size"),
    (imageSample("sigma", [1, 1, 11, 11], ["sigma": 0]), "sigma: 0.0 given, a positive number"),
    (imageSample("k1", [1, 1, 11, 11], ["k1": -1]), "k1: -1.0 given, a positive number"),
    (imageSample("range", [1, 1, 11, 11], ["dataRange": 0]), "dataRange: 0.0 given, a positive number"),
    (
      Sample("shapes differ", ["prediction": [1, 1, 12, 11], "target": [1, 1, 11, 12]]),
      "input.target has shape [1, 1, 11, 12]"
    ),
  ])
  func refuses(_ sample: Sample, _ sentence: String) throws {
    expectError(saying: sentence) { try sample.operationCase(of: tested, fill: .picture) }
  }

  @Test func stopsWithASentence() async {
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Float>(shape: [1, 1, 10, 12])
      _ = Fast.structuralSimilarity(x, target: x)
    }
    #expect(fast.stops(with: "prediction: sides of 10x12 given, a window of 11 needs 11 pixels a side"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Double>(shape: [1, 1, 12, 12])
      _ = Reference.structuralSimilarity(x, target: x, options: .init(windowSize: 4))
    }
    #expect(reference.stops(with: "windowSize: 4 given, an odd size is needed"))
    let upstream = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Float>(shape: [1, 1, 12, 12])
      _ = Fast.structuralSimilarityGradient(x, target: x, upstream: Tensor([1, 1]))
    }
    #expect(upstream.stops(with: "upstream: shape [2], one number an image is [1]"))
  }
}
