import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct CategoricalCrossEntropyTests {
  private let tested = CategoricalCrossEntropy.self

  static let samples = [
    Sample("one class", ["logits": [1, 1, 1]]), Sample("one past 4 positions", ["logits": [2, 3, 5]]),
    Sample("one past 16 positions", ["logits": [1, 5, 1, 17]]), Sample("one past a slice", ["logits": [2, 4, 257]]),
    Sample("mu-law classes", ["logits": [1, 256, 2, 19]]), Sample("no positions", ["logits": [5, 7]]),
  ]

  /// Classes from the name, whole and within range.
  static func operationCase(_ sample: Sample, _ fill: Fill, scale: Double = 1) throws -> OperationCase<Double> {
    let tested = CategoricalCrossEntropy.self
    let logits = sample.shapes["logits"] ?? []
    let whole = Sample(sample.label, ["logits": logits, "classes": [logits[0]] + logits.dropFirst(2)])
    return try whole.operationCase(of: tested, fill: fill) { operationCase in
      var generator = SeededGenerator(name: "classes \(sample.label)")
      operationCase.inputs["classes"] = operationCase.input("classes").map { _ in
        Double(Int.random(in: 0..<logits[1], using: &generator))
      }
      operationCase.inputs["logits"] = operationCase.input("logits").map { Double(Float(scale * $0)) }
    }
  }

  @Test(arguments: samples, [Fill.integers, .normals])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    for scale in [1.0, 50, 1e-3] {
      try expectAgreement(tested, try Self.operationCase(sample, fill, scale: scale))
    }
  }

  /// Equal logits give ln K; a shift of all logits changes nothing; a gradient's classes sum to 0.
  @Test func properties() throws {
    let classes = Tensor<Float>([3, 0], shape: [1, 2])
    let equal = Fast.categoricalCrossEntropy(Tensor(repeating: 7, shape: [1, 16, 2]), classes: classes)
    let logarithm = Reference.categoricalCrossEntropy(Tensor<Double>(shape: [1, 16]), classes: Tensor([0]))
    #expect(equal[0] == Float(logarithm[0]))
    let operationCase = try Self.operationCase(Self.samples[3], .integers)
    let (logits, own) = (operationCase.input("logits"), operationCase.input("classes"))
    let value = Reference.categoricalCrossEntropy(logits, classes: own)
    let shifted = Reference.categoricalCrossEntropy(logits.map { $0 + 1024 }, classes: own)
    #expect(zip(value.elements, shifted.elements).allSatisfy { abs($0 - $1) <= 4096 * Double.ulpOfOne })
    let gradient = Reference.categoricalCrossEntropyGradient(logits, classes: own, upstream: Tensor([1, 1]))
    for p in 0..<257 {
      #expect(abs((0..<4).reduce(0) { $0 + gradient[0, $1, p] }) <= Double.ulpOfOne)
    }
  }

  /// Logits so far apart that their exponentials overflow.
  @Test func certainty() {
    let logits = Tensor<Float>([1e4, -1e4], shape: [1, 2, 1])
    let right = Tensor<Float>([0], shape: [1, 1])
    let wrong = Tensor<Float>([1], shape: [1, 1])
    #expect(Fast.categoricalCrossEntropy(logits, classes: right)[0] == 0)
    #expect(Fast.categoricalCrossEntropy(logits, classes: wrong)[0] == 2e4)
    #expect(Reference.categoricalCrossEntropy(logits, classes: wrong)[0] == 2e4)
    let gradient = Fast.categoricalCrossEntropyGradient(logits, classes: wrong, upstream: Tensor([1]))
    #expect(gradient.elements == [1, -1])
    let spoilt = Tensor<Float>([.nan, 0], shape: [1, 2, 1])
    #expect(Fast.categoricalCrossEntropy(spoilt, classes: right)[0].isNaN)
    #expect(Reference.categoricalCrossEntropy(spoilt, classes: right)[0].isNaN)
  }

  @Test func refusesWhatDoesNotFit() async throws {
    let logits = Tensor<Double>(shape: [2, 3, 2])
    for classes in [
      Tensor<Double>(shape: [2, 3]), Tensor([0, 1, 2, 3], shape: [2, 2]), Tensor([0, 1, 0.5, 0], shape: [2, 2]),
      Tensor([0, -1, 0, 0], shape: [2, 2]), Tensor([0, .nan, 0, 0], shape: [2, 2]),
    ] {
      let operationCase = OperationCase(inputs: ["logits": logits, "classes": classes])
      #expect(throws: PerceptualError.self) { try tested.validate(operationCase) }
    }
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.categoricalCrossEntropy(Tensor(shape: [1, 3, 1]), classes: Tensor([3], shape: [1, 1]))
    }
    #expect(fast.stops(with: "classes: 3.0 stands at [0, 0], a whole number of 0 to 2 is needed"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.categoricalCrossEntropy(Tensor<Double>(shape: [3]), classes: Tensor(shape: [3]))
    }
    #expect(reference.stops(with: "logits: shape [3], a non-empty [N, K, ...] is needed"))
  }
}
