import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@Suite struct NearestUpsamplingTests {
  private let tested = NearestUpsampling.self

  static func sample(_ label: String, _ shape: [Int], _ height: Int, _ width: Int) -> Sample {
    Sample(label, ["x": shape], ["factor": .array([.integer(height), .integer(width)])])
  }

  static let samples = [
    sample("one element", [1, 1, 1, 1], 1, 1), sample("a signal by 4, as experiment 004", [2, 3, 1, 17], 1, 4),
    sample("its last layer, by 2", [1, 5, 1, 33], 1, 2), sample("rows only", [2, 1, 5, 3], 3, 1),
    sample("primes", [1, 2, 7, 11], 5, 3),
  ]

  @Test(arguments: samples, [Fill.integers, .normals, .specials])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill, exact: fill == .integers)
  }

  /// <up(x), y> = <x, up^T(y)>.
  @Test func gradientIsTheTranspose() throws {
    let operationCase = try Self.samples[4].operationCase(of: tested, fill: .integers)
    try expectTranspose(of: tested, operationCase)
    try expectWholeJacobian(of: tested, operationCase)
  }

  @Test func byHand() {
    let x = Tensor<Float>([1, 2], shape: [1, 1, 1, 2])
    let expected: [Float] = [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]
    let factor = Extent(height: 2, width: 3)
    #expect(Fast.nearestUpsampling(x, factor: factor).elements == expected)
    #expect(Reference.nearestUpsampling(x, factor: factor).elements == expected)
  }

  @Test func refusesWhatDoesNotFit() async throws {
    for sample in [
      Self.sample("rank 3", [1, 2, 3], 1, 2), Self.sample("factor 0", [1, 1, 1, 2], 0, 2),
      Self.sample("empty", [1, 0, 1, 2], 1, 2), Sample("no factor", ["x": [1, 1, 1, 2]]),
    ] {
      #expect(throws: PerceptualError.self) { try sample.operationCase(of: tested, fill: .normals) }
    }
    let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.nearestUpsampling(Tensor(shape: [1, 2]), factor: 2)
    }
    #expect(stopped.stops(with: "x: shape [1, 2] given, [N, C, H, W] is needed"))
  }
}
