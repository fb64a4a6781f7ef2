import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct HardQuantizationTests {
  private let tested = HardQuantization.self

  @Test(arguments: [[-1, 1], [0.75], [1.5, -2, 0.1, 4, -0.25], [1, 1, 2]], [Fill.integers, .normals, .specials])
  func agreesWithReference(_ centres: [Double], _ fill: Fill) throws {
    for sample in elementwiseSamples(["centres": .array(centres.map { .number($0) })]) {
      let operationCase = try sample.operationCase(of: tested, fill: fill)
      try expectAgreement(tested, operationCase, matchingNonFinite: fill == .specials)
      let x = operationCase.input("x")
      #expect(
        Fast.hardQuantizationIndices(x.converted(), centres: centres)
          == Reference.hardQuantizationIndices(x, centres: centres))
    }
  }

  /// Ties, centres, ends and their neighbours.
  private static let edges: [(centres: [Double], x: Float, y: Float, index: Int)] = [
    ([-1, 1], 0, -1, 0), ([-1, 1], -0.0, -1, 0), ([-1, 1], .leastNonzeroMagnitude, 1, 1),
    ([1, -1], 0, -1, 0), ([-3, -1, 1, 3], 2, 1, 2), ([-3, -1, 1, 3], -2, -3, 0),
    ([-3, -1, 1, 3], Float(2).nextUp, 3, 3),
    ([-3, -1, 1, 3], .infinity, 3, 3), ([-3, -1, 1, 3], -.infinity, -3, 0), ([-3, -1, 1, 3], -1, -1, 1),
    ([0, 1, 2], .greatestFiniteMagnitude, 2, 2),
  ]

  @Test(arguments: edges) func byHand(_ centres: [Double], _ x: Float, _ y: Float, _ index: Int) {
    #expect(Reference.hardQuantization(Tensor([x]), centres: centres)[0] == y)
    #expect(Fast.hardQuantization(Tensor([x]), centres: centres)[0] == y)
    #expect(Reference.hardQuantizationIndices(Tensor([x]), centres: centres) == [index])
    #expect(Fast.hardQuantizationIndices(Tensor([x]), centres: centres) == [index])
  }

  @Test func isIdempotent() {
    var generator = SeededGenerator(name: "hard quantisation twice")
    let x: Tensor<Float> = Fill.normals.tensor([301], &generator).converted()
    let once = Fast.hardQuantization(x, centres: [-0.7, 0.1, 0.9])
    #expect(Fast.hardQuantization(once, centres: [-0.7, 0.1, 0.9]) == once)
  }

  @Test func refusesNoCentres() async throws {
    expectError(saying: "at least one finite number was expected, found []") {
      try Sample("none", ["x": [3]], ["centres": []]).operationCase(of: tested, fill: .integers)
    }
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.hardQuantization(Tensor<Double>([1]), centres: [])
    }
    #expect(reference.stops(with: "centres: none given, at least one is needed"))
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.hardQuantizationIndices(Tensor<Float>([1]), centres: [])
    }
    #expect(fast.stops(with: "centres: none given, at least one is needed"))
  }
}
