import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct PixelNormalizationTests {
  private let tested = PixelNormalization.self

  static let samples = [
    Sample("one element", ["x": [1, 1]]), Sample("one past 4 positions", ["x": [2, 3, 5]]),
    Sample("one past 8 positions", ["x": [1, 4, 3, 3]]), Sample("one past 16 positions", ["x": [2, 5, 1, 17]]),
    Sample("one past a slice of positions", ["x": [1, 3, 129]]),
    Sample("a prime number of channels", ["x": [3, 31, 7]]),
    Sample("experiment 003's widest layer", ["x": [1, 512, 1, 20]]),
    Sample("an epsilon that matters", ["x": [2, 6, 19]], ["epsilon": 0.5]),
  ]

  @Test(arguments: samples, [Fill.integers, .normals, .specials])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    var operationCase = try sample.operationCase(of: tested, fill: fill)
    if fill == .specials {
      // A square beyond Float's range is infinite in Float alone.
      operationCase.inputs["x"] = operationCase.input("x").map { abs($0) > 1e18 && abs($0) < .infinity ? 3 : $0 }
    }
    try expectAgreement(tested, operationCase, matchingNonFinite: fill == .specials)
  }

  /// Without epsilon the mean square of a position's channels is 1, and the scale of x does not matter.
  @Test func normalizes() throws {
    let x = Tensor(noise(2 * 7 * 5, seed: "pixel norm"), shape: [2, 7, 5])
    let y = Reference.pixelNormalization(x, epsilon: 0)
    for n in 0..<2 {
      for p in 0..<5 {
        let mean = (0..<7).reduce(0) { $0 + y[n, $1, p] * y[n, $1, p] } / 7
        #expect(abs(mean - 1) <= 8 * Double.ulpOfOne)
      }
    }
    #expect(Reference.pixelNormalization(x.map { 4 * $0 }, epsilon: 0) == y)
    // The gradient knows: it has no part along x.
    let g = Reference.pixelNormalizationGradient(x, upstream: y, epsilon: 0)
    #expect(g.elements.allSatisfy { abs($0) <= 16 * Double.ulpOfOne })
  }

  @Test func silenceStaysSilent() {
    let x = Tensor<Float>(shape: [1, 3, 4])
    #expect(Fast.pixelNormalization(x) == x && Reference.pixelNormalization(x) == x)
  }

  @Test func refusesWhatDoesNotFit() async throws {
    for sample in [
      Sample("no channels", ["x": [3]]), Sample("empty", ["x": [3, 0, 2]]),
      Sample("negative epsilon", ["x": [3, 2]], ["epsilon": -1]),
    ] {
      #expect(throws: PerceptualError.self) { try sample.operationCase(of: tested, fill: .normals) }
    }
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.pixelNormalization(Tensor<Float>(shape: [3]))
    }
    #expect(fast.stops(with: "x: shape [3] given, a non-empty [N, C, ...] is needed"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.pixelNormalization(Tensor<Double>(shape: [3, 1]), epsilon: -1)
    }
    #expect(reference.stops(with: "epsilon: -1.0, at least 0 is needed"))
  }
}
