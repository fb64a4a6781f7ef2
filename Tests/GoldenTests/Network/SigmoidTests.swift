import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@Suite struct SigmoidTests {
  private let tested = Sigmoid.self

  @Test(arguments: elementwiseSamples(), [Fill.integers, .normals, .specials])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill)
  }

  @Test func holdsItsAccuracyOverAllFloats() throws {
    let operationCase = OperationCase(
      inputs: ["x": floatSweep], cotangents: ["y": Tensor(repeating: -1.5, shape: floatSweep.shape)])
    try expectAgreement(tested, operationCase, matchingNonFinite: true)
  }

  @Test(arguments: [
    (-Float.infinity, Float(0)), (-.greatestFiniteMagnitude, 0), (-0.0, 0.5), (0, 0.5), (20, 1), (.infinity, 1),
  ])
  func endsAndMiddle(_ x: Float, _ y: Float) {
    #expect(Reference.sigmoid(Tensor([x]))[0] == y)
    #expect(Fast.sigmoid(Tensor([x]))[0] == y)
  }

  /// The buffer forms may overwrite their argument, and take the output for the gradient.
  @Test func worksInPlace() {
    let x = Tensor(noise(37, seed: "sigmoid in place").map { Float($0) })
    let upstream = Tensor<Float>((0..<37).map { Float($0 - 18) })
    let results = inPlace(x, upstream: upstream) { y, gradient in
      Fast.sigmoid(y, y, count: 37)
      Fast.sigmoidGradient(y, upstream: gradient, gradient, count: 37)
    }
    #expect(results.y == Fast.sigmoid(x).elements)
    #expect(results.gradient == Fast.sigmoidGradient(x, upstream: upstream).elements)
  }

  @Test func callersStopWithASentence() async {
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.sigmoidGradient(Tensor<Double>(shape: [3]), upstream: Tensor(shape: [4]))
    }
    #expect(reference.stops(with: "upstream: shape [4], x has [3]"))
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.sigmoidGradient(Tensor<Float>(shape: [3]), upstream: Tensor(shape: [4]))
    }
    #expect(fast.stops(with: "upstream: shape [4] given"))
  }
}
