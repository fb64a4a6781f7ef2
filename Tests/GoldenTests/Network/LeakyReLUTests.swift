import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@Suite struct LeakyReLUTests {
  static let samples = [
    Sample("one element", ["x": [1]]),
    Sample("one past each SIMD width", ["x": [5, 9, 17]]),
    Sample("more than one piece of work", ["x": [2, 65_537]], ["slope": 0.2]),
    Sample("slope 0 is ReLU", ["x": [31]], ["slope": 0]),
  ]

  @Test(arguments: samples, [Fill.integers, .normals, .specials])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(LeakyReLU.self, sample, fill: fill)
  }

  /// The kink: at both zeros the slope counts.
  static let rowsByHand: [(Float, Float, Float)] = [
    (0, 0, 0.25), (-0.0, -0.0, 0.25), (.leastNonzeroMagnitude, .leastNonzeroMagnitude, 1), (-8, -2, 0.25), (8, 8, 1),
    (.infinity, .infinity, 1), (-Float.infinity, -Float.infinity, 0.25),
  ]

  @Test(arguments: rowsByHand)
  func byHand(_ x: Float, _ y: Float, _ derivative: Float) {
    let one = Tensor<Float>([1])
    #expect(Reference.leakyReLU(Tensor([x]), slope: 0.25)[0] == y)
    #expect(Fast.leakyReLU(Tensor([x]), slope: 0.25)[0] == y)
    #expect(Reference.leakyReLUGradient(Tensor([x]), upstream: one, slope: 0.25)[0] == derivative)
    #expect(Fast.leakyReLUGradient(Tensor([x]), upstream: one, slope: 0.25)[0] == derivative)
  }

  @Test func callersStopWithASentence() async {
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.leakyReLUGradient(Tensor<Double>(shape: [3]), upstream: Tensor(shape: [4]))
    }
    #expect(reference.stops(with: "upstream: shape [4], x has [3]"))
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.leakyReLUGradient(Tensor<Float>(shape: [3]), upstream: Tensor(shape: [4]))
    }
    #expect(fast.stops(with: "upstream: shape [4] given"))
  }
}
