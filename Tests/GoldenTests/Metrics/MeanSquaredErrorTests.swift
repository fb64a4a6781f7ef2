import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@Suite struct MeanSquaredErrorTests {
  private let tested = MeanSquaredError.self

  static let samples = [
    imageSample("one value", [1, 1]),
    imageSample("rank 1: samples of one value", [5]),
    imageSample("one past each SIMD width", [5, 9, 17]),
    imageSample("primes", [3, 7, 11, 13]),
    imageSample("one past a run of 64 wide vectors", [2, 1025]),
    imageSample("more than one piece of work", [2, 65_537]),
  ]

  @Test(arguments: samples, [Fill.normals, .picture, .integers])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill)
  }

  /// Sums of small squares are exact, and so are quotients by a power of two.
  @Test func isExactOnIntegers() throws {
    for shape in [[3, 4, 16], [1, 1], [2, 8, 128]] {
      let sample = imageSample("power of two \(shape)", shape)
      try expectAgreement(tested, try sample.operationCase(of: tested, fill: .integers), exact: true)
    }
  }

  @Test func notANumberStaysInItsSample() throws {
    var operationCase = try imageSample("non-finite", [3, 21]).operationCase(of: tested, fill: .normals) {
      $0.inputs["prediction"]?[30] = .nan
      $0.inputs["target"]?[62] = .infinity
    }
    try expectAgreement(tested, operationCase, matchingNonFinite: true)
    operationCase.cotangents = [:]
    let value = try tested.run(.fast, operationCase).outputs["value"]
    #expect(value?[0].isFinite == true)
    #expect(value?[1].isNaN == true)
    #expect(value?[2] == .infinity)
  }

  @Test func handRows() {
    let x = Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [2, 3])
    let y = Tensor<Float>([1, 0, 3, 4, 5, 3], shape: [2, 3])
    #expect(Fast.meanSquaredError(x, target: y).elements == [4 / 3, 3])
    #expect(Reference.meanSquaredError(x, target: y).elements == [4 / 3, 3])
    let upstream = Tensor<Float>([3, -1])
    let gradients = Fast.meanSquaredErrorGradient(x, target: y, upstream: upstream)
    #expect(gradients.prediction.elements == [0, 4, 0, 0, 0, -2])
    #expect(gradients.target.elements == [0, -4, 0, 0, 0, 2])
    #expect(Fast.meanSquaredError(x, target: x).elements == [0, 0])
    #expect(Fast.meanSquaredErrorGradient(x, target: x, upstream: upstream).prediction.elements.allSatisfy { $0 == 0 })
  }

  @Test func valueAndGradientTogetherAreTheSame() throws {
    try expectTheSame(
      together: { Fast.meanSquaredErrorAndGradient($0, target: $1, upstream: $2) }, as: tested,
      try Self.samples[3].operationCase(of: tested, fill: .normals))
  }

  @Test func refusesWhatDoesNotFit() throws {
    for (prediction, target) in [([2, 3], [3, 2]), ([0, 3], [0, 3]), ([], []), ([2, 0], [2, 0])] as [([Int], [Int])] {
      let sample = Sample("refused", ["prediction": prediction, "target": target])
      #expect(throws: PerceptualError.self) { try sample.operationCase(of: tested, fill: .normals) }
    }
  }

  @Test func stopsWithASentence() async {
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.meanSquaredError(Tensor<Float>(shape: [2, 3]), target: Tensor<Float>(shape: [3, 2]))
    }
    #expect(fast.stops(with: "target: shape [3, 2], prediction has [2, 3]"))
    let upstream = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Double>(shape: [2, 3])
      _ = Reference.meanSquaredErrorGradient(x, target: x, upstream: x)
    }
    #expect(upstream.stops(with: "upstream: shape [2, 3], one number a sample is [2]"))
    let empty = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.meanSquaredError(Tensor<Float>(shape: [0, 3]), target: Tensor<Float>(shape: [0, 3]))
    }
    #expect(empty.stops(with: "prediction: shape [0, 3] given, a non-empty [N, ...] is needed"))
  }
}
