import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct GatedUnitTests {
  private let tested = GatedUnit.self

  static func both(_ sample: Sample, _ activation: String) -> Sample {
    Sample(
      "\(sample.label), \(activation)", ["x": sample.shapes["x"] ?? [], "gate": sample.shapes["x"] ?? []],
      ["activation": .string(activation)])
  }
  static let samples = elementwiseSamples().flatMap { [both($0, "tanh"), both($0, "identity")] }

  @Test(arguments: samples, [Fill.integers, .normals, .specials])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill)
  }

  /// It is the product of what it is made of.
  @Test func isTanhTimesSigmoid() throws {
    let operationCase = try Self.samples[8].operationCase(of: tested, fill: .normals)
    let (x, gate) = (operationCase.input("x"), operationCase.input("gate"))
    let y = Reference.gatedUnit(x, gate: gate)
    let expected = zip(Reference.tanh(x).elements, Reference.sigmoid(gate).elements).map { $0 * $1 }
    #expect(y.elements == expected)
    let open = Reference.gatedUnit(x, gate: Tensor(repeating: 0, shape: x.shape), activation: .identity)
    #expect(open.elements == x.elements.map { 0.5 * $0 })
  }

  /// The gradients may be written over the arguments and over upstream.
  @Test(arguments: GatedActivation.allCases) func worksInPlace(_ activation: GatedActivation) {
    let values = (noise(111, seed: "gated unit in place")).map { Float($0) }
    let (x, gate, upstream) = (
      Tensor(Array(values[0..<37])), Tensor(Array(values[37..<74])), Tensor(Array(values[74...]))
    )
    let expected = Fast.gatedUnitGradient(x, gate: gate, upstream: upstream, activation: activation)
    var (a, b, g) = (x.elements, gate.elements, upstream.elements)
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        g.withUnsafeMutableBufferPointer { g in
          guard let a = a.baseAddress, let b = b.baseAddress, let g = g.baseAddress else { return }
          Fast.gatedUnitGradient(
            a, gate: b, upstream: g, activation: activation, xGradient: g, gateGradient: b, count: 37)
        }
      }
    }
    #expect(g == expected.x.elements && b == expected.gate.elements)
  }

  @Test func refusesWhatDoesNotFit() async throws {
    for sample in [
      Sample("other shape", ["x": [3], "gate": [4]]), Sample("no gate", ["x": [3]]),
      Sample("unknown activation", ["x": [3], "gate": [3]], ["activation": "relu"]),
    ] {
      #expect(throws: PerceptualError.self) { try sample.operationCase(of: tested, fill: .normals) }
    }
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.gatedUnit(Tensor<Float>(shape: [3]), gate: Tensor(shape: [4]))
    }
    #expect(fast.stops(with: "gate: shape [4] given, x has [3]"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.gatedUnit(Tensor<Double>(shape: [3]), gate: Tensor(shape: [4]))
    }
    #expect(reference.stops(with: "gate: shape [4], x has [3]"))
  }
}
