import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct MultiScaleStructuralSimilarityTests {
  private let tested = MultiScaleStructuralSimilarity.self

  static let small: [String: JSONValue] = ["windowSize": 3, "sigma": 1]
  static func small(_ more: [String: JSONValue]) -> [String: JSONValue] { small.merging(more) { $1 } }

  static let samples = [
    imageSample("smallest for five scales, odd at every one", [1, 1, 33, 33], small),
    imageSample("one dimension even, one odd", [1, 1, 34, 47], small),
    imageSample("two images of three channels", [2, 3, 36, 35], small),
    imageSample("three images", [3, 1, 33, 64], small),
    imageSample("odd sizes dropped", [1, 2, 55, 61], small(["oddSizes": "drop"])),
    imageSample("smallest dropped", [1, 1, 48, 48], small(["oddSizes": "drop"])),
    imageSample("data range of 255", [1, 1, 40, 37], small(["dataRange": 255])),
    imageSample("constants that matter", [1, 1, 37, 40], small(["k1": 0.5, "k2": 0.25])),
    imageSample("one scale", [1, 2, 13, 17], ["weights": [1]]),
    imageSample("three scales", [2, 1, 41, 59], ["weights": [0.2, 0.3, 0.5]]),
    imageSample("weights above 1", [1, 1, 24, 25], ["weights": [0.5, 1.5]]),
  ]

  @Test(arguments: samples, PicturePair.allCases)
  func agreesWithReference(_ sample: Sample, _ kind: PicturePair) throws {
    try expectAgreement(tested, sample, kind)
  }

  @Test(arguments: [
    imageSample("smallest as published", [1, 1, 161, 165]),
    imageSample("smallest as published, odd sizes dropped", [1, 1, 177, 176], ["oddSizes": "drop"]),
    imageSample("the paper's size", [1, 1, 256, 256]),
  ])
  func agreesAsPublished(_ sample: Sample) throws {
    try expectAgreement(tested, sample, .noisy)
  }

  @Test func notANumberStaysInItsImage() throws {
    var operationCase = try imageCase(imageSample("not a number", [2, 1, 33, 40], Self.small), .noisy, of: tested)
    operationCase.inputs["prediction"]?[0, 0, 5, 7] = .nan
    try expectAgreement(tested, operationCase, matchingNonFinite: true)
    #expect(try tested.run(.fast, operationCase).outputs["value"]?[0].isNaN == true)
  }

  @Test(arguments: Side.allCases)
  func equalImagesAreOneWithGradientZero(_ side: Side) throws {
    for image in [
      picture([2, 1, 37, 34]), Tensor(shape: [1, 1, 33, 33]), Tensor(repeating: 1, shape: [1, 1, 33, 34]),
    ] {
      let results = try tested.run(side, imageCase(image, image, Self.small))
      #expect(results.outputs["value"]?.elements.allSatisfy { abs($0 - 1) <= 128 * side.epsilon } == true)
      #expect(results.inputsWithoutEffect == ["prediction", "target"])
    }
  }

  /// An image against its negative: a term is clamped, and so is everything, without NaN.
  @Test(arguments: Side.allCases)
  func clampedTermsHaveGradientZero(_ side: Side) throws {
    let x = coarse(picture([1, 1, 40, 36]))
    let results = try tested.run(side, imageCase(negative(x), x, Self.small))
    #expect(results.outputs["value"]?.elements == [0])
    #expect(results.inputsWithoutEffect == ["prediction", "target"])
  }

  /// A clamped channel gives 0 to the mean and nothing to the gradient; the other is not touched by it.
  @Test func clampedChannelLeavesTheOtherAlone() throws {
    let sample = imageSample("clamped channel", [1, 2, 36, 38], Self.small)
    var operationCase = try imageCase(sample, .noisy, of: tested)
    let rough = coarse(try imageCase(sample, .noise, of: tested).input("target"))
    let plane = 36 * 38
    for i in 0..<plane {
      operationCase.inputs["target"]?[i] = rough[i]
      operationCase.inputs["prediction"]?[i] = 1 - rough[i]
    }
    try expectAgreement(tested, operationCase)
    let gradient = try #require(try tested.run(.fast, operationCase).gradients["prediction"])
    #expect(gradient.elements[..<plane].allSatisfy { $0 == 0 })
    #expect(gradient.elements[plane...].contains { $0 != 0 })
  }

  /// Constant images have contrast 1 at every scale; padding by zeros only reaches the odd sizes.
  @Test func constantImages() throws {
    let dark = Tensor(repeating: 0.25, shape: [1, 1, 48, 48])
    let bright = Tensor(repeating: 0.75, shape: [1, 1, 48, 48])
    let operationCase = imageCase(dark, bright, Self.small)
    try expectAgreement(tested, operationCase)
    let luminance = (2 * 0.25 * 0.75 + 1e-4) / (0.0625 + 0.5625 + 1e-4)
    let expected = OperationResults(outputs: ["value": Tensor([luminance.squareRoot()])])
    // One scale of weight 1/2 is the root of SSIM.
    var one = operationCase
    one.attributes["weights"] = .array([0.5])
    one.cotangents = [:]
    for side in Side.allCases {
      try expectResults(expected, of: tested, side, one)
    }
  }

  @Test func blackAgainstWhiteIsFinite() throws {
    let operationCase = imageCase(
      Tensor(shape: [1, 1, 33, 35]), Tensor(repeating: 1, shape: [1, 1, 33, 35]), Self.small)
    for side in Side.allCases {
      let results = try tested.run(side, operationCase)
      #expect(results.outputs["value"]?[0].isFinite == true)
      #expect(results.gradients.values.allSatisfy { $0.elements.allSatisfy { $0.isFinite } })
    }
  }

  /// One scale of weight 1 is SSIM where that is positive.
  @Test(arguments: [Side.reference, .fast])
  func oneScaleIsSSIM(_ side: Side) throws {
    let single = StructuralSimilarity.self
    let operationCase = try imageCase(Self.samples[8], .noisy, of: tested)
    var plain = operationCase
    plain.attributes = .init()
    try expectResults(try single.run(side, plain), of: tested, side, operationCase)
  }

  @Test(arguments: [Side.reference, .fast])
  func isSymmetric(_ side: Side) throws {
    let operationCase = try imageCase(Self.samples[2], .noisy, of: tested)
    let there = try tested.run(side, operationCase).outputs
    let back = try tested.run(side, exchanged(operationCase)).outputs
    try expectResults(
      OperationResults(outputs: back), of: tested, side, operationCase, found: OperationResults(outputs: there))
  }

  @Test func valueAndGradientTogetherAreTheSame() throws {
    let options = MultiScaleStructuralSimilarityOptions(scale: .init(windowSize: 3, sigma: 1))
    try expectTheSame(
      together: {
        Fast.multiScaleStructuralSimilarityAndGradient($0, target: $1, upstream: $2, options: options)
      }, as: tested, try imageCase(Self.samples[2], .noisy, of: tested))
  }

  @Test func smallestSides() {
    #expect(MultiScaleStructuralSimilarityOptions().smallestSide == 161)
    #expect(MultiScaleStructuralSimilarityOptions(oddSizes: .drop).smallestSide == 176)
    #expect(MultiScaleStructuralSimilarityOptions(scale: .init(windowSize: 3)).smallestSide == 33)
    #expect(MultiScaleStructuralSimilarityOptions(weights: [1]).smallestSide == 11)
  }

  static let refused: [(Sample, String)] = [
    (
      imageSample("too small", [1, 1, 200, 160]),
      "5 scales with a window of 11 and oddSizes \"pad\" need 161 pixels a side"
    ),
    (
      imageSample("too small to drop", [1, 1, 175, 200], ["oddSizes": "drop"]),
      "5 scales with a window of 11 and oddSizes \"drop\" need 176 pixels a side"
    ),
    (imageSample("no weights", [1, 1, 33, 33], small(["weights": []])), "weights: 0 given"),
    (imageSample("weight 0", [1, 1, 33, 33], small(["weights": [1, 0]])), "weights: 0.0 given, positive numbers"),
    (imageSample("odd sizes", [1, 1, 33, 33], small(["oddSizes": "wrap"])), "attribute oddSizes"),
    (imageSample("contrast", [1, 1, 33, 33], small(["negativeContrast": "abs"])), "negativeContrast"),
    (imageSample("rank", [1, 33, 33], small), "a non-empty [N, C, H, W] is needed"),
  ]

  @Test(arguments: refused)
  func refuses(_ sample: Sample, _ sentence: String) throws {
    expectError(saying: sentence) { try sample.operationCase(of: tested, fill: .picture) }
  }

  @Test func stopsWithASentence() async {
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Float>(shape: [1, 1, 256, 160])
      _ = Fast.multiScaleStructuralSimilarity(x, target: x)
    }
    #expect(fast.stops(with: "prediction: sides of 256x160 given, 5 scales with a window of 11"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Double>(shape: [1, 1, 256, 256])
      _ = Reference.multiScaleStructuralSimilarity(x, target: x, options: .init(weights: []))
    }
    #expect(reference.stops(with: "weights: 0 given, from 1 to 32 are needed"))
  }
}
