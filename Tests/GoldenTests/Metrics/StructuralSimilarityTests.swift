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
    imageSample("window of 7", [1, 2, 17, 22], ["windowSize": .integer(7), "sigma": .number(1)]),
    imageSample("window of 3", [1, 1, 5, 18], ["windowSize": .integer(3), "sigma": .number(0.75)]),
    imageSample("window larger than a vector", [1, 1, 40, 41], ["windowSize": .integer(33), "sigma": .number(6)]),
    imageSample("data range of 255", [1, 1, 20, 24], ["dataRange": .integer(255)]),
    imageSample("constants that matter", [1, 1, 16, 18], ["k1": .number(0.5), "k2": .number(0.25)]),
  ]

  @Test(arguments: samples, PicturePair.allCases)
  func agreesWithReference(_ sample: Sample, _ kind: PicturePair) throws {
    try expectAgreement(tested, try imageCase(sample, kind, of: tested))
  }

  /// Variances are 0 and luminance alone counts.
  @Test func agreesWithAWindowOfOnePixel() throws {
    let sample = imageSample("window of 1", [1, 1, 5, 18], ["windowSize": .integer(1)])
    try expectAgreement(tested, try imageCase(sample, .noise, of: tested))
  }

  @Test func agreesAtThePapersSize() throws {
    try expectAgreement(tested, try imageCase(imageSample("paper", [1, 1, 256, 256]), .noisy, of: tested))
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
      #expect(results.gradients["prediction"]?.elements.allSatisfy { $0 == 0 } == true)
      #expect(results.gradients["target"]?.elements.allSatisfy { $0 == 0 } == true)
    }
  }

  /// Constant images: contrast is 1, luminance alone counts: C1 / (1 + C1) for 0 against 1.
  @Test(arguments: Side.allCases)
  func constantImages(_ side: Side) throws {
    let operationCase = imageCase(Tensor(shape: [1, 1, 13, 14]), Tensor(repeating: 1, shape: [1, 1, 13, 14]))
    let results = try tested.run(side, operationCase)
    let expected = Tensor([1e-4 / (1 + 1e-4)])
    let checked = try tested.judge(
      results, against: OperationResults(outputs: ["value": expected]), of: operationCase, side: side)
    #expect(failures(checked, count: 1) == [])
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
    let operationCase = try imageCase(Self.samples[5], .noisy, of: tested)
    let there = try tested.run(side, operationCase)
    let back = try tested.run(side, exchanged(operationCase))
    let mirrored = OperationResults(
      outputs: back.outputs,
      gradients: [
        "prediction": try #require(back.gradients["target"]), "target": try #require(back.gradients["prediction"]),
      ])
    let checked = try tested.judge(there, against: mirrored, of: operationCase, side: side)
    #expect(failures(checked, count: 3) == [])
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
    let float = try imageCase(Self.samples[5], .noisy, of: tested).converted(to: Float.self)
    let (prediction, target, upstream) = (float.input("prediction"), float.input("target"), float.cotangent("value"))
    let both = Fast.structuralSimilarityAndGradient(prediction, target: target, upstream: upstream)
    #expect(both.value == Fast.structuralSimilarity(prediction, target: target))
    #expect(
      both.gradient
        == Fast.structuralSimilarityGradient(prediction, target: target, upstream: upstream).prediction)
  }

  static let refused: [(Sample, String)] = [
    (imageSample("too small", [1, 1, 11, 10]), "a window of 11 needs 11 pixels a side"),
    (imageSample("rank", [1, 11, 11]), "a non-empty [N, C, H, W] is needed"),
    (imageSample("empty", [0, 1, 11, 11]), "a non-empty [N, C, H, W] is needed"),
    (imageSample("even window", [1, 1, 11, 11], ["windowSize": .integer(8)]), "windowSize: 8 given, an odd size"),
    (imageSample("no window", [1, 1, 11, 11], ["windowSize": .integer(-1)]), "windowSize: -1 given, an odd size"),
    (imageSample("sigma", [1, 1, 11, 11], ["sigma": .number(0)]), "sigma: 0.0 given, a positive number"),
    (imageSample("k1", [1, 1, 11, 11], ["k1": .number(-1)]), "k1: -1.0 given, a positive number"),
    (imageSample("range", [1, 1, 11, 11], ["dataRange": .number(0)]), "dataRange: 0.0 given, a positive number"),
    (
      Sample("shapes differ", ["prediction": [1, 1, 12, 11], "target": [1, 1, 11, 12]]),
      "input.target has shape [1, 1, 11, 12]"
    ),
  ]

  @Test(arguments: refused)
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
