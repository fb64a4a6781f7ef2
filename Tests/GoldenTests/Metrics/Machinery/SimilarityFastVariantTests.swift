import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// The conventions that presets choose, Fast beside Reference, and plans beside the functions.
@Suite struct SimilarityFastVariantTests {
  typealias Settings = [String: JSONValue]
  static let reflected: Settings = ["padding": "reflect"]
  static let uniform: Settings = ["window": "uniform", "windowSize": 7, "covariance": "sample"]

  static let single = [
    imageSample("reflected, the least side", [1, 1, 6, 6], reflected),
    imageSample("reflected, the least side and one past a vector", [1, 2, 6, 17], reflected),
    imageSample("reflected, ragged groups of rows", [2, 1, 13, 35], reflected),
    imageSample("reflected, another window", [1, 1, 9, 12], ["padding": "reflect", "windowSize": 5, "sigma": 1]),
    imageSample("uniform, sample covariance: scikit-image's own", [2, 1, 15, 18], uniform),
    imageSample("uniform window of 11: kernels of the published size", [1, 1, 17, 21], ["window": "uniform"]),
    imageSample("rectified contrast", [1, 2, 18, 23], ["rectifiedContrast": .bool(true)]),
    imageSample(
      "rectified and reflected, another window", [1, 1, 12, 9],
      ["rectifiedContrast": .bool(true), "padding": "reflect", "windowSize": 3, "sigma": 1]),
    imageSample("reduced by 2, what makes no block dropped", [1, 1, 385, 387], ["downsampling": "piq"]),
    imageSample("reduced by 2 as the authors do", [1, 1, 385, 387], ["downsampling": "matlab"]),
  ]

  @Test(arguments: single, [PicturePair.noisy, .noise])
  func ssimAgreesWithReference(_ sample: Sample, _ kind: PicturePair) throws {
    try expectAgreement(StructuralSimilarity.self, sample, kind)
  }

  @Test(arguments: single.filter { !$0.label.hasPrefix("reduced") }, [PicturePair.noisy, .noise])
  func mapAgreesWithReference(_ sample: Sample, _ kind: PicturePair) throws {
    try expectAgreement(StructuralSimilarityMap.self, sample, kind)
  }

  static func small(_ more: Settings) -> Settings { ["windowSize": 3, "sigma": 1].merging(more) { $1 } }
  static let multiple = [
    imageSample(
      "the last row and column repeated, odd at each scale", [1, 2, 33, 35], small(["oddSizes": "symmetric"])),
    imageSample("repeated in one direction only", [1, 1, 34, 47], small(["oddSizes": "symmetric"])),
    imageSample("the first row and column repeated", [1, 1, 33, 35], small(["oddSizes": "replicateStart"])),
    imageSample("repeated though that side is even", [2, 1, 36, 47], small(["oddSizes": "replicateStart"])),
    imageSample("floor", [1, 2, 34, 37], small(["negativeContrast": "floor", "contrastFloor": 0.5])),
    imageSample("shift", [1, 2, 34, 37], small(["negativeContrast": "shift"])),
    imageSample("rectified map", [1, 2, 34, 37], small(["negativeContrast": "reluMap"])),
    imageSample("joint channels", [2, 3, 34, 37], small(["channels": "joint"])),
    imageSample(
      "torchmetrics", [2, 3, 49, 50], small(["channels": "joint", "padding": "reflect", "oddSizes": "drop"])),
    imageSample(
      "torchmetrics, the published window", [1, 2, 97, 99],
      ["channels": "joint", "padding": "reflect", "oddSizes": "drop", "negativeContrast": "shift"]),
    imageSample("piq, the published window", [1, 1, 161, 164], ["oddSizes": "replicateStart"]),
  ]

  @Test(arguments: multiple, [PicturePair.noisy, .noise])
  func msSSIMAgreesWithReference(_ sample: Sample, _ kind: PicturePair) throws {
    try expectAgreement(MultiScaleStructuralSimilarity.self, sample, kind)
  }

  @Test(arguments: [
    Sample("one value a sample", ["prediction": [3, 1], "target": [3, 1]], [:]),
    Sample("two pictures", ["prediction": [2, 1, 9, 7], "target": [2, 1, 9, 7]], ["dataRange": 255]),
    Sample("one past a vector", ["prediction": [1, 33], "target": [1, 33]], [:]),
  ])
  func psnrAgreesWithReference(_ sample: Sample) throws {
    try expectAgreement(PeakSignalToNoiseRatio.self, sample, fill: .normals)
  }

  /// A plan gives the functions' bits, time after time, into the caller's memory.
  @Test(arguments: [1, 2]) func plansGiveTheSameBits(_ threads: Int) throws {
    let shape = [2, 3, 37, 41]
    let options = MultiScaleStructuralSimilarityOptions(scale: .init(windowSize: 3, sigma: 1), oddSizes: .symmetric)
    let tested = StructuralSimilarity.self
    let pair = try imageCase(imageSample("plan", shape), .noisy, of: tested)
    let (x, y) = (pair.input("prediction").converted(to: Float.self), pair.input("target").converted(to: Float.self))
    let upstream = Tensor<Float>([0.5, -2])
    Execution.$current.withValue(Execution(threads: threads)) {
      let plans = [SimilarityPlan(options, shape: shape), SimilarityPlan(StructuralSimilarityOptions(), shape: shape)]
      let expected = [
        multiScaleStructuralSimilarityAndGradient(x, target: y, upstream: upstream, options: options),
        structuralSimilarityAndGradient(x, target: y, upstream: upstream),
      ]
      for (plan, expected) in zip(plans, expected) {
        for _ in 0..<2 { #expect(PlanResults(plan, x, y, upstream: upstream) == PlanResults(expected)) }
      }
    }
  }

  @Test func plansRefuseOtherSizes() async {
    let small = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      SimilarityPlan(StructuralSimilarityOptions(), shape: [1, 1, 11, 12]).compareZeros(131, values: 1)
    }
    #expect(small.stops(with: "prediction: 131 elements given, shape [1, 1, 11, 12] needs 132"))
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = SimilarityPlan(MultiScaleStructuralSimilarityOptions(), shape: [1, 1, 160, 200])
    }
    #expect(shape.stops(with: "sides of 160x200 given"))
  }
}
