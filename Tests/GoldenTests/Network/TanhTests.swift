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
    let operationCase = try sample.operationCase(of: tested, fill: fill)
    #expect(try crossCheck(tested, operationCase, matchingNonFinite: fill == .specials) == [])
  }

  @Test func holdsItsAccuracyOverAllFloats() throws {
    let operationCase = OperationCase(
      inputs: ["x": floatSweep], cotangents: ["y": Tensor(repeating: -1.5, shape: floatSweep.shape)])
    #expect(try crossCheck(tested, operationCase, matchingNonFinite: true) == [])
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
    var generator = SeededGenerator(name: "tanh in place")
    let x = Tensor<Float>(Fill.normals.tensor([37], &generator).elements.map { Float($0) })
    let upstream = Tensor<Float>((0..<37).map { Float($0 - 18) })
    var buffer = x.elements
    var gradient = upstream.elements
    buffer.withUnsafeMutableBufferPointer { values in
      gradient.withUnsafeMutableBufferPointer { gradient in
        guard let y = values.baseAddress, let g = gradient.baseAddress else { return }
        Fast.tanh(y, y, count: 37)
        Fast.tanhGradient(y, upstream: g, g, count: 37)
      }
    }
    #expect(buffer == Fast.tanh(x).elements)
    #expect(gradient == Fast.tanhGradient(x, upstream: upstream).elements)
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
