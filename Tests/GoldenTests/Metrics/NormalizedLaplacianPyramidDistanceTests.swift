import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@Suite struct NormalizedLaplacianPyramidDistanceTests {
  private let tested = NormalizedLaplacianPyramidDistance.self

  static let samples = [
    imageSample("smallest for six levels", [1, 1, 65, 65]),
    imageSample("odd and even sides", [1, 1, 66, 71]),
    imageSample("prime sides, two images of three channels", [2, 3, 67, 73]),
    imageSample("three images", [3, 1, 70, 96]),
    imageSample("smallest for one level", [1, 1, 3, 3], ["levels": 1]),
    imageSample("even sides, one level", [2, 1, 4, 6], ["levels": 1]),
    imageSample("smallest for two levels", [1, 1, 5, 5], ["levels": 2]),
    imageSample("one past 8 even columns", [1, 2, 9, 18], ["levels": 2]),
    imageSample("one past 16 even columns", [1, 1, 10, 34], ["levels": 3]),
    imageSample("one past 32 even columns", [1, 1, 17, 66], ["levels": 4, "family": "hepburn"]),
    imageSample("wide and low", [1, 1, 33, 260], ["levels": 5]),
  ]

  @Test(arguments: samples, PicturePair.allCases)
  func agreesWithReference(_ sample: Sample, _ kind: PicturePair) throws {
    try expectAgreement(tested, sample, kind)
  }

  @Test func agreesAtThePapersSize() throws {
    try expectAgreement(tested, imageSample("paper", [1, 1, 256, 256]), .noisy)
  }

  @Test func notANumberStaysInItsImage() throws {
    var operationCase = try imageCase(imageSample("not a number", [3, 1, 65, 66]), .noisy, of: tested)
    operationCase.inputs["prediction"]?[0, 0, 64, 65] = .nan
    operationCase.inputs["target"]?[1, 0, 5, 7] = .infinity
    try expectAgreement(tested, operationCase, matchingNonFinite: true)
    let value = try tested.run(.fast, operationCase).outputs["value"]
    #expect(value?[0].isNaN == true && value?[1].isNaN == true && value?[2].isFinite == true)
  }

  @Test(arguments: Side.allCases)
  func equalImagesAreZeroWithGradientZero(_ side: Side) throws {
    for image in [
      picture([2, 1, 65, 70]), Tensor(shape: [1, 1, 65, 66]), Tensor(repeating: 1, shape: [1, 1, 66, 65]),
    ] {
      let results = try tested.run(side, imageCase(image, image))
      #expect(results.outputs["value"]?.elements.allSatisfy { $0 == 0 } == true)
      #expect(results.inputsWithoutEffect == ["prediction", "target"])
    }
  }

  /// All levels are band-pass: a constant costs nothing, up to rounding, and black against white neither.
  @Test(arguments: Side.allCases)
  func constantOffsetCostsNothing(_ side: Side) throws {
    let black = Tensor<Double>(shape: [1, 1, 65, 65])
    let white = Tensor(repeating: 1.0, shape: [1, 1, 65, 65])
    let results = try tested.run(side, imageCase(black, white))
    // Residuals of order epsilon over sigma, six levels under the norm of order 0.6.
    #expect(results.outputs["value"]?[0] ?? 1 < 4096 * side.epsilon)
    #expect(results.gradients.values.allSatisfy { $0.elements.allSatisfy { $0.isFinite } })
  }

  @Test func onePixelDifferent() throws {
    for pixel in [0, 65 * 66 - 1, 30 * 66 + 33] {
      var x = picture([1, 1, 65, 66])
      let y = x
      x[pixel] += 0.25
      let operationCase = imageCase(x, y)
      try expectAgreement(tested, operationCase)
      #expect(try tested.run(.fast, operationCase).gradients["prediction"]?[pixel] ?? 0 > 0)
    }
  }

  /// The negative has the same residuals with the other sign: each level differs by twice the level.
  @Test func negativeImage() throws {
    let x = coarse(picture([1, 1, 70, 65]))
    try expectAgreement(tested, imageCase(negative(x), x))
  }

  @Test func equalImageBesideADifferentOne() throws {
    var operationCase = try imageCase(imageSample("equal beside different", [2, 1, 65, 65]), .noisy, of: tested)
    let size = 65 * 65
    let target = operationCase.input("target")
    for i in 0..<size { operationCase.inputs["prediction"]?[i] = target[i] }
    try expectAgreement(tested, operationCase)
    let gradient = try #require(try tested.run(.fast, operationCase).gradients["prediction"])
    #expect(gradient.elements[..<size].allSatisfy { $0 == 0 })
    #expect(gradient.elements[size...].contains { $0 != 0 })
  }

  @Test(arguments: [Side.reference, .fast])
  func isSymmetric(_ side: Side) throws {
    try expectSymmetry(of: tested, side, try imageCase(Self.samples[2], .noisy, of: tested))
  }

  /// A channel more of the same content leaves each level's mean, and so the distance, as it was.
  @Test(arguments: [Side.reference, .fast])
  func meansGoOverChannels(_ side: Side) throws {
    var one = try imageCase(Self.samples[0], .noisy, of: tested)
    one.cotangents = [:]
    var three = one
    three.inputs = one.inputs.mapValues { Tensor($0.elements + $0.elements + $0.elements, shape: [1, 3, 65, 65]) }
    try expectResults(try tested.run(side, one), of: tested, side, one, found: try tested.run(side, three))
  }

  @Test func valueAndGradientTogetherAreTheSame() throws {
    try expectTheSame(
      together: { Fast.normalizedLaplacianPyramidDistanceAndGradient($0, target: $1, upstream: $2) }, as: tested,
      try imageCase(Self.samples[2], .noisy, of: tested))
  }

  @Test func smallestSides() {
    #expect((1...6).map { LaplacianPyramid.smallestSide(levels: $0) } == [3, 5, 9, 17, 33, 65])
  }

  @Test(arguments: [
    (imageSample("too small", [1, 1, 64, 65]), "prediction: sides of 64x65 given, 6 levels need 65 pixels a side"),
    (
      imageSample("too small for two", [1, 1, 5, 4], ["levels": 2]),
      "prediction: sides of 5x4 given, 2 levels need 5 pixels a side"
    ),
    (imageSample("no levels", [1, 1, 65, 65], ["levels": 0]), "levels: 0 given, from 1 to 6"),
    (imageSample("seven levels", [1, 1, 200, 200], ["levels": 7]), "levels: 7 given, from 1 to 6"),
    (imageSample("family", [1, 1, 65, 65], ["family": "wavelet"]), "attribute family: \"hepburn\""),
    (imageSample("rank", [65, 65]), "a non-empty [N, C, H, W] is needed"),
  ])
  func refuses(_ sample: Sample, _ sentence: String) throws {
    expectError(saying: sentence) { try sample.operationCase(of: tested, fill: .picture) }
  }

  @Test func stopsWithASentence() async {
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Float>(shape: [1, 1, 64, 64])
      _ = Fast.normalizedLaplacianPyramidDistance(x, target: x)
    }
    #expect(fast.stops(with: "prediction: sides of 64x64 given, 6 levels need 65 pixels a side"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Double>(shape: [1, 1, 64, 64])
      _ = Reference.normalizedLaplacianPyramidDistance(x, target: x, levels: 7)
    }
    #expect(reference.stops(with: "levels: 7 given, from 1 to 6 have published constants"))
  }
}
