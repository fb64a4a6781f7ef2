import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct LinearTests {
  private let tested = Linear.self

  static func sample(_ label: String, _ n: Int, _ i: Int, _ o: Int, bias: Bool = true) -> Sample {
    Sample(label, ["x": [n, i], "weight": [o, i]].merging(bias ? ["bias": [o]] : [:]) { $1 })
  }
  static let samples = [
    sample("one element", 1, 1, 1), sample("one past 4 and 8", 5, 9, 5),
    sample("one past the tile's columns", 3, 7, 49),
    sample("one past the tile's rows", 9, 17, 33, bias: false), sample("one past a stretch of the depth", 2, 257, 5),
    sample("two stretches and a rest", 3, 521, 19, bias: false),
    sample("experiment 003's latent", 32, 512, 128, bias: false),
    sample("more rows than a group of panels", 193, 11, 51),
  ]

  @Test(arguments: samples, [Fill.integers, .normals, .specials])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    var operationCase = try sample.operationCase(of: tested, fill: fill)
    if fill == .specials {
      for name in operationCase.inputs.keys {
        // Sums of the largest numbers overflow in one order and not in another.
        operationCase.inputs[name] = operationCase.input(name).map { abs($0) > 1e18 && abs($0) < .infinity ? 3 : $0 }
      }
    }
    try expectAgreement(tested, operationCase, exact: fill == .integers, matchingNonFinite: fill == .specials)
  }

  /// <W x, y> = <x, W^T y>, exactly on integers.
  @Test func gradientIsTheTranspose() throws {
    try expectTranspose(of: tested, try Self.samples[3].operationCase(of: tested, fill: .integers))
  }

  @Test func refusesWhatDoesNotFit() async throws {
    for sample in [
      Sample("other width", ["x": [2, 3], "weight": [4, 5]]), Sample("rank 3", ["x": [2, 3, 1], "weight": [4, 3]]),
      Sample("bias of another length", ["x": [2, 3], "weight": [4, 3], "bias": [3]]),
      Sample("empty", ["x": [0, 3], "weight": [4, 3]]),
    ] {
      #expect(throws: PerceptualError.self) { try sample.operationCase(of: tested, fill: .normals) }
    }
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.linear(Tensor(shape: [2, 3]), weight: Tensor(shape: [4, 5]))
    }
    #expect(fast.stops(with: "weight: shape [4, 5], [O, 3] is needed"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.linear(Tensor<Double>(shape: [2, 3]), weight: Tensor(shape: [4, 3]), bias: Tensor(shape: [1]))
    }
    #expect(reference.stops(with: "bias: shape [1], weight [4, 3] needs [4]"))
  }
}
