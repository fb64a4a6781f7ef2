import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct SoftQuantizationTests {
  private let tested = SoftQuantization.self

  static let quantizers: [(String, [Double], Double)] = [
    ("the paper's", [-1, 1], 10), ("one centre", [0.75], 2), ("three soft centres", [-1, 0, 1], 0.5),
    ("uneven, unsorted centres", [1.5, -2, 0.1, 4, -0.25], 3), ("a centre twice", [1, 1, 2], 4),
    ("steep", [-1, 1], 1000), ("centres on one side, far off", [100, 101], 1),
  ]

  private func attributes(_ centres: [Double], _ scale: Double) -> [String: JSONValue] {
    ["centres": .array(centres.map { .number($0) }), "scale": .number(scale)]
  }

  @Test(arguments: quantizers, [Fill.integers, .normals, .specials])
  func agreesWithReference(_ quantizer: (String, [Double], Double), _ fill: Fill) throws {
    for sample in elementwiseSamples(attributes(quantizer.1, quantizer.2)).dropLast() {
      try expectAgreement(tested, sample, fill: fill)
    }
  }

  @Test(arguments: quantizers)
  func holdsItsAccuracyOverAllFloats(_ quantizer: (String, [Double], Double)) throws {
    let x = Tensor(floatSweep.elements.enumerated().filter { $0.offset % 37 == 0 }.map(\.element) + [.infinity, .nan])
    let operationCase = OperationCase(
      inputs: ["x": x], attributes: Attributes(attributes(quantizer.1, quantizer.2)),
      cotangents: ["y": Tensor(repeating: -1.5, shape: x.shape)])
    try expectAgreement(tested, operationCase, matchingNonFinite: true)
  }

  @Test func agreesOverSeveralPiecesOfWork() throws {
    try expectAgreement(tested, Sample("pieces", ["x": [2, 65_537]], attributes([-1, 1], 10)), fill: .normals)
  }

  /// For the centres -1 and 1 the softmax is a hyperbolic tangent of 2 s x.
  @Test(arguments: [0.5, 10, 37])
  func isTheHyperbolicTangentForTwoCentres(_ scale: Double) throws {
    let sample = Sample("tanh", ["x": [997]], attributes([-1, 1], scale))
    let operationCase = try sample.operationCase(of: tested, fill: .normals)
    let angle = operationCase.input("x").map { 2 * scale * $0 }
    let y = Reference.tanh(angle)
    let gradient = Reference.tanhGradient(angle, upstream: operationCase.cotangent("y").map { 2 * scale * $0 })
    let expected = OperationResults(outputs: ["y": y], gradients: ["x": gradient])
    for side in [Side.reference, .fast] {
      try expectResults(expected, of: tested, side, operationCase)
    }
  }

  /// With a steep softmax only the nearest centre counts, away from the midpoints.
  @Test func tendsToHardQuantization() {
    let centres = [-2, -0.25, 0.125, 1.5]
    let x = Tensor<Double>(stride(from: -4 + 1.0 / 256, to: 4, by: 0.0703125).map { $0 })
    let hard = Reference.hardQuantization(x, centres: centres)
    #expect(Reference.softQuantization(x, centres: centres, scale: 1e6) == hard)
    #expect(Fast.softQuantization(x.converted(), centres: centres, scale: 1e6) == hard.converted())
    let distance = [1.0, 10, 100].map { scale in
      zip(Reference.softQuantization(x, centres: centres, scale: scale).elements, hard.elements)
        .reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    #expect(distance[0] > distance[1] && distance[1] > distance[2])
  }

  /// The midpoint of two centres goes to itself, whatever the scale, with the steepest slope s (c2 - c1)^2 / 2.
  @Test(arguments: [0.5, 10.0, 1000])
  func midpointStays(_ scale: Double) {
    #expect(Reference.softQuantization(Tensor([0.5]), centres: [-1, 2], scale: scale)[0] == 0.5)
    #expect(Fast.softQuantization(Tensor([0.5]), centres: [-1, 2], scale: scale)[0] == 0.5)
    let one = Tensor<Double>([1])
    let slope = Reference.softQuantizationGradient(Tensor([0.5]), upstream: one, centres: [-1, 2], scale: scale)
    #expect(slope.elements == [scale * 4.5])
    let fast = Fast.softQuantizationGradient(
      Tensor([0.5]), upstream: one.converted(), centres: [-1, 2], scale: scale)
    #expect(fast.elements == [Float(scale * 4.5)])
  }

  @Test func worksInPlace() {
    let x = Tensor<Float>((0..<37).map { Float($0 - 18) / 32 })
    let upstream = Tensor<Float>((0..<37).map { Float($0 - 7) })
    let results = inPlace(x, upstream: upstream) { x, gradient in
      Fast.softQuantizationGradient(x, upstream: gradient, gradient, count: 37, centres: [-1, 1], scale: 3)
      Fast.softQuantization(x, x, count: 37, centres: [-1, 1], scale: 3)
    }
    #expect(results.y == Fast.softQuantization(x, scale: 3).elements)
    #expect(results.gradient == Fast.softQuantizationGradient(x, upstream: upstream, scale: 3).elements)
  }

  static let refused: [(String, [String: JSONValue], String)] = [
    ("no centres", ["centres": [], "scale": 1], "at least one finite number was expected, found []"),
    ("centres missing", ["scale": 1], "attribute centres of softQuantization is missing and has no default"),
    ("scale missing", ["centres": [1]], "attribute scale of softQuantization is missing"),
    ("scale 0", ["centres": [1], "scale": 0], "a positive number was expected, found 0.0"),
  ]

  @Test(arguments: refused)
  func refuses(_ label: String, _ attributes: [String: JSONValue], _ sentence: String) throws {
    expectError(saying: sentence) {
      try Sample(label, ["x": [3]], attributes).operationCase(of: tested, fill: .integers)
    }
  }

  @Test func callersStopWithASentence() async {
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.softQuantization(Tensor<Double>([1]), centres: [])
    }
    #expect(reference.stops(with: "centres: none given, at least one is needed"))
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.softQuantization(Tensor<Float>([1]), centres: [])
    }
    #expect(fast.stops(with: "centres: none given, at least one is needed"))
    let scale = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.softQuantization(Tensor<Float>([1]), scale: -1)
    }
    #expect(scale.stops(with: "scale: -1.0 given, a positive number is needed"))
  }
}
