import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@Suite struct TanhTests {
  private let tested = Tanh.self

  @Test(arguments: elementwiseSamples(), [Fill.integers, .normals, .specials])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill)
  }

  @Test func holdsItsAccuracyOverAllFloats() throws {
    let operationCase = OperationCase(
      inputs: ["x": floatSweep], cotangents: ["y": Tensor(repeating: -1.5, shape: floatSweep.shape)])
    try expectAgreement(tested, operationCase, matchingNonFinite: true)
  }

  /// The ends, where it is exactly +-1, and the middle, where it is x.
  @Test(arguments: [
    (-Float.infinity, Float(-1)), (-20, -1), (-1e-30, -1e-30), (-0.0, -0.0), (0, 0), (1e-30, 1e-30), (20, 1),
    (.greatestFiniteMagnitude, 1), (.infinity, 1),
  ])
  func endsAndMiddle(_ x: Float, _ y: Float) {
    for result in [Reference.tanh(Tensor([x]))[0], Fast.tanh(Tensor([x]))[0]] {
      #expect(result == y && result.sign == y.sign)
    }
  }

  /// The buffer forms may overwrite their argument, and take the output for the gradient.
  @Test func worksInPlace() {
    let x = Tensor(noise(37, seed: "tanh in place").map { Float($0) })
    let upstream = Tensor<Float>((0..<37).map { Float($0 - 18) })
    let results = inPlace(x, upstream: upstream) { y, gradient in
      Fast.tanh(y, y, count: 37)
      Fast.tanhGradient(y, upstream: gradient, gradient, count: 37)
    }
    #expect(results.y == Fast.tanh(x).elements)
    #expect(results.gradient == Fast.tanhGradient(x, upstream: upstream).elements)
  }

  @Test func callersStopWithASentence() async {
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.tanhGradient(Tensor<Double>(shape: [3]), upstream: Tensor(shape: [4]))
    }
    #expect(reference.stops(with: "upstream: shape [4], x has [3]"))
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.tanhGradient(Tensor<Float>(shape: [3]), upstream: Tensor(shape: [4]))
    }
    #expect(fast.stops(with: "upstream: shape [4] given"))
  }
}
