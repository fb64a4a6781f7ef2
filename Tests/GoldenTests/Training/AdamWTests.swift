import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct AdamWTests {
  private let tested = AdamW.self

  static let settings: [(String, [String: JSONValue])] = [
    ("first step", ["step": 1, "learningRate": 0.001]),
    ("late step", ["step": 425, "learningRate": 0.001]),
    (
      "all settings large",
      ["step": 3, "learningRate": 0.1, "beta1": 0.5, "beta2": 0.75, "epsilon": 0.5, "weightDecay": 0.5]
    ),
    ("beta1 0", ["step": 2, "learningRate": 1e-4, "beta1": 0, "weightDecay": 0]),
    ("a large learning rate changes signs", ["step": 1, "learningRate": 3]),
  ]
  static let shapes = [[1], [5], [3, 3], [17], [33], [2, 65], [7, 31]]

  private func sample(_ label: String, _ shape: [Int], _ attributes: [String: JSONValue]) -> Sample {
    Sample(
      label, ["parameter": shape, "gradient": shape, "firstMoment": shape, "secondMoment": shape], attributes)
  }

  /// A second moment is a mean of squares; sums of the largest numbers are left out, whose squares overflow.
  @Test(arguments: settings, [Fill.integers, .normals, .specials])
  func agreesWithReference(_ setting: (String, [String: JSONValue]), _ fill: Fill) throws {
    for shape in Self.shapes {
      try expectAgreement(tested, sample("\(setting.0) \(shape)", shape, setting.1), fill: fill) {
        $0.inputs = $0.inputs.mapValues(\.withRoomToSum)
        $0.inputs["secondMoment"] = $0.inputs["secondMoment"]?.map { abs($0) }
      }
    }
  }

  @Test func agreesOverSeveralPiecesOfWork() throws {
    let pieces = sample("pieces", [2, 65_537], Self.settings[0].1)
    try expectAgreement(tested, pieces, fill: .normals) {
      $0.inputs["secondMoment"] = $0.inputs["secondMoment"]?.map { abs($0) }
    }
  }

  /// Kingma and Ba 2015, algorithm 1, for several steps; bit for bit.
  @Test func isAdamWithoutDecay() {
    var generator = SeededGenerator(name: "Adam")
    let gradients = (0..<4).map { _ in Fill.normals.tensor([23], &generator) }
    var p = Fill.normals.tensor([23], &generator)
    var state = AdamWOutput(parameter: p, firstMoment: Tensor(shape: [23]), secondMoment: Tensor(shape: [23]))
    var m = [Double](repeating: 0, count: 23)
    var v = m
    var (power1, power2) = (1.0, 1.0)
    for (index, gradient) in gradients.enumerated() {
      state = Reference.adamW(
        state.parameter, gradient: gradient, firstMoment: state.firstMoment, secondMoment: state.secondMoment,
        step: index + 1, learningRate: 0.125, beta1: 0.5, beta2: 0.75, weightDecay: 0)
      power1 *= 0.5
      power2 *= 0.75
      for i in 0..<23 {
        m[i] = 0.5 * m[i] + 0.5 * gradient[i]
        v[i] = 0.75 * v[i] + 0.25 * gradient[i] * gradient[i]
        p[i] -= 0.125 * (m[i] / (1 - power1)) / ((v[i] / (1 - power2)).squareRoot() + 1e-8)
      }
      #expect(state.parameter == p)
      #expect(state.firstMoment.elements == m)
      #expect(state.secondMoment.elements == v)
    }
  }

  /// From zero moments the first step is the learning rate against the gradient's sign, whatever its size.
  @Test func firstStepIsTheLearningRate() {
    let p = Tensor<Float>([1, 2, -3, 5])
    let g = Tensor<Float>([4, -8, 1024, 1])
    let zeros = Tensor<Float>(shape: [4])
    let expected: [Float] = [0.75, 2.25, -3.25, 4.75]
    let reference = Reference.adamW(
      p, gradient: g, firstMoment: zeros, secondMoment: zeros, step: 1, learningRate: 0.25, beta1: 0.5, beta2: 0.75,
      epsilon: 0, weightDecay: 0)
    let fast = Fast.adamW(
      p, gradient: g, firstMoment: zeros, secondMoment: zeros, step: 1, learningRate: 0.25, beta1: 0.5, beta2: 0.75,
      epsilon: 0, weightDecay: 0)
    #expect(reference.parameter.elements == expected)
    #expect(fast.parameter.elements == expected)
  }

  /// Without a gradient the decay is all that happens, and it is decoupled: the moments stay 0.
  @Test func decayIsDecoupled() {
    let p = Tensor<Float>([1, -2, 3, 0.5, 8])
    let zeros = Tensor<Float>(shape: [5])
    for output in [
      Reference.adamW(
        p, gradient: zeros, firstMoment: zeros, secondMoment: zeros, step: 1, learningRate: 0.5, weightDecay: 0.25),
      Fast.adamW(
        p, gradient: zeros, firstMoment: zeros, secondMoment: zeros, step: 1, learningRate: 0.5, weightDecay: 0.25),
    ] {
      #expect(output.parameter == p.map { 0.875 * $0 })
      #expect(output.firstMoment == zeros)
      #expect(output.secondMoment == zeros)
    }
  }

  static let refused: [(String, [String: [Int]], [String: JSONValue], String)] = [
    ("step 0", [:], ["step": 0, "learningRate": 1], "attribute step: an integer of at least 1"),
    ("no learning rate", [:], ["step": 1], "attribute learningRate of adamW is missing"),
    (
      "beta1 of 1", [:], ["step": 1, "learningRate": 1, "beta1": 1],
      "attribute beta1: a number of at least 0 and under 1"
    ),
    ("shapes", ["firstMoment": [4]], ["step": 1, "learningRate": 1], "input.firstMoment has shape [4], expected [3]"),
  ]

  @Test(arguments: refused)
  func refuses(
    _ label: String, _ shapes: [String: [Int]], _ attributes: [String: JSONValue], _ sentence: String
  ) throws {
    var all = ["parameter": [3], "gradient": [3], "firstMoment": [3], "secondMoment": [3]]
    all.merge(shapes) { $1 }
    expectError(saying: sentence) { try Sample(label, all, attributes).operationCase(of: tested, fill: .integers) }
  }

  @Test func callersStopWithASentence() async {
    let step = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let p = Tensor<Double>(shape: [3])
      _ = Reference.adamW(p, gradient: p, firstMoment: p, secondMoment: p, step: 0, learningRate: 1)
    }
    #expect(step.stops(with: "step: 0 given, steps count from 1"))
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let p = Tensor<Float>(shape: [3])
      _ = Fast.adamW(p, gradient: p, firstMoment: Tensor(shape: [2]), secondMoment: p, step: 1, learningRate: 1)
    }
    #expect(shape.stops(with: "firstMoment: shape [2] given, [3] is needed"))
  }
}
