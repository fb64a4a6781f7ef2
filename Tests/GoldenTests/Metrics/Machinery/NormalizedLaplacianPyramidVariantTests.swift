import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

/// The other families and pooling by batch, of Fast.
@Suite struct NormalizedLaplacianPyramidVariantTests {
  private let tested = NormalizedLaplacianPyramidDistance.self

  /// Sides from one pixel on: whatever lies beyond the border is then mirrored or zero many times over.
  static let shapes: [(label: String, shape: [Int])] = [
    ("one pixel", [1, 1, 1, 1]), ("one row of two images", [2, 1, 1, 7]), ("one column, two channels", [1, 2, 6, 1]),
    ("two pixels a side", [1, 1, 2, 2]), ("three and four", [1, 1, 3, 4]),
    ("prime sides, two images of three channels", [2, 3, 37, 41]), ("one past 16 columns", [1, 1, 18, 17]),
    ("one past 32 columns", [1, 1, 34, 33]), ("one past 64 columns", [1, 1, 66, 65]),
    ("wide and low", [1, 1, 5, 140]),
  ]
  static let samples = ["matlab", "laparra", "tensorflow"].flatMap { family in
    shapes.map { imageSample("\(family), \($0.label)", $0.shape, ["family": .string(family)]) } + [
      imageSample("\(family), the low-pass level alone", [2, 1, 9, 20], ["family": .string(family), "levels": 1]),
      imageSample("\(family), two levels", [1, 1, 35, 19], ["family": .string(family), "levels": 2]),
    ]
  }
  static let batches = [
    imageSample("hepburn, one image", [1, 1, 65, 66], ["pooling": "batch"]),
    imageSample("hepburn, three images", [3, 1, 67, 70], ["pooling": "batch"]),
    imageSample("hepburn, two levels, channels", [2, 3, 9, 21], ["pooling": "batch", "levels": 2]),
    imageSample("tensorflow, one image", [1, 1, 20, 33], ["family": "tensorflow", "pooling": "batch"]),
    imageSample("tensorflow, three images", [3, 2, 33, 18], ["family": "tensorflow", "pooling": "batch"]),
  ]

  @Test(arguments: samples + batches, PicturePair.allCases)
  func agreesWithReference(_ sample: Sample, _ kind: PicturePair) throws {
    try expectAgreement(tested, sample, kind)
  }

  @Test(arguments: ["matlab", "laparra", "tensorflow"]) func agreesAtThePapersSize(_ family: String) throws {
    try expectAgreement(tested, imageSample("paper", [1, 1, 256, 256], ["family": .string(family)]), .noisy)
  }

  @Test(arguments: LaplacianPyramidFamily.allCases) func equalImagesAreZero(_ family: LaplacianPyramidFamily) {
    let x = picture([2, 1, 65, 70]).converted() as Tensor<Float>
    for pooling in LaplacianPyramidPooling.allCases
    where LaplacianPyramid.obstacle(levels: 6, family: family, pooling: pooling) == nil {
      let upstream = Tensor<Float>(repeating: 1, shape: [pooling == .batch ? 1 : 2])
      let both = Fast.normalizedLaplacianPyramidDistanceAndGradient(
        x, target: x, upstream: upstream, family: family, pooling: pooling)
      #expect(both.value.elements.allSatisfy { $0 == 0 } && both.gradient.elements.allSatisfy { $0 == 0 })
    }
  }

  /// Where an image equals its target in a batch, its roots are 0 and so is its gradient.
  @Test func equalImageInABatch() throws {
    var operationCase = try imageCase(Self.batches[1], .noisy, of: tested)
    let size = 67 * 70
    let target = operationCase.input("target")
    for i in size..<2 * size { operationCase.inputs["prediction"]?[i] = target[i] }
    try expectAgreement(tested, operationCase)
    let gradient = try #require(try tested.run(.fast, operationCase).gradients["prediction"])
    #expect(gradient.elements[size..<2 * size].allSatisfy { $0 == 0 })
    #expect(gradient.elements[..<size].contains { $0 != 0 })
  }

  @Test(arguments: hostileMetrics.filter { $0.operation == "normalizedLaplacianPyramidDistance" })
  func finiteOrRefused(_ metric: HostileMetric) {
    #expect(hostilePairs.compactMap { hostileFailure(.fast, metric, $0) } == [])
  }

  @Test func valueAndGradientTogetherAreTheSame() throws {
    for sample in [Self.samples[5], Self.batches[1], Self.batches[4]] {
      let operationCase = try imageCase(sample, .noisy, of: tested)
      let (family, _, pooling) = try tested.options(operationCase.attributes)
      try expectTheSame(
        together: {
          Fast.normalizedLaplacianPyramidDistanceAndGradient(
            $0, target: $1, upstream: $2, family: family, pooling: pooling)
        }, as: tested, operationCase)
    }
  }

  @Test func stopsWithASentence() async {
    let upstream = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Float>(shape: [2, 1, 4, 4])
      _ = Fast.normalizedLaplacianPyramidDistanceGradient(
        x, target: x, upstream: Tensor([1, 1]), family: .tensorflow, pooling: .batch)
    }
    #expect(upstream.stops(with: "upstream: shape [2], one number a batch is [1]"))
    let pooling = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Float>(shape: [2, 1, 4, 4])
      _ = Fast.normalizedLaplacianPyramidDistance(x, target: x, family: .laparra, pooling: .batch)
    }
    #expect(pooling.stops(with: "pooling: \"batch\" given, family \"laparra\" has \"image\" alone"))
  }
}
