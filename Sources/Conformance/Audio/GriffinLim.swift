import Fast
import PerceptualCore
import Reference

enum GriffinLim: Operation {
  static let name = "griffinLim"
  static let inputs = [
    InputDescription("magnitude", "[bins, frames]"), InputDescription("initialPhase", "[bins, frames]"),
  ]
  static let attributes =
    Attributes.shortTime + [
      AttributeDescription("iterations", default: "32"), AttributeDescription("momentum", default: "0.99"),
    ]
  static let outputs = ["signal"]
  static let gradients = ["magnitude", "initialPhase"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    if case .gradient = tensor, side == .fast {
      return .bound(
        epsilons: 1,
        reason: "computed in Double, whose rounding the iteration magnifies 29 bits lower, and rounded once"
      ) { operationCase throws(PerceptualError) in
        try response(of: tensor, operationCase, share: 16 * Side.reference.epsilon / Side.fast.epsilon)
      }
    }
    return .bound(
      epsilons: 16,
      reason:
        "the iteration magnifies rounding as it magnifies any change of its inputs: so much as that does, measured"
    ) { operationCase throws(PerceptualError) in
      try response(of: tensor, operationCase, share: 1)
    }
  }

  /// How much the result moves for a change of the inputs, per unit: of each magnitude in units of its frame's root
  /// mean square, of each phase in radians. `share` of the largest of three such changes with signs from a fixed
  /// sequence, plus the largest element; one number for all elements.
  private static func response(
    of tensor: ResultName, _ operationCase: OperationCase<Double>, share: Double
  ) throws(PerceptualError) -> Tensor<Double> {
    func result(_ input: OperationCase<Double>) throws(PerceptualError) -> Tensor<Double> {
      switch tensor {
      case .output(let name):
        var forward = input
        forward.cotangents = [:]
        return try reference(forward).outputs[name] ?? Tensor([])
      case .gradient(let name): return try reference(input).gradients[name] ?? Tensor([])
      }
    }
    let magnitude = operationCase.input("magnitude")
    let (bins, frames) = (magnitude.shape[0], magnitude.shape[1])
    let sizes = (0..<frames).map { t in
      ((0..<bins).reduce(0) { $0 + magnitude[$1, t] * magnitude[$1, t] } / Double(bins)).squareRoot()
    }
    let step = 1e-9
    let base = try result(operationCase)
    var largest = 0.0
    var bits: UInt64 = 0x9e37_79b9_7f4a_7c15
    for _ in 0..<3 {
      var moved = operationCase
      for k in 0..<bins {
        for t in 0..<frames {
          bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          moved.inputs["magnitude"]?[k, t] += bits >> 63 == 0 ? step * sizes[t] : -step * sizes[t]
          moved.inputs["initialPhase"]?[k, t] += bits >> 62 & 1 == 0 ? step : -step
        }
      }
      let other = try result(moved)
      for i in 0..<base.count { largest = max(largest, abs(other[i] - base[i]) / step) }
    }
    let greatest = base.elements.reduce(0) { max($0, abs($1)) }
    return base.map { _ in share * largest + greatest }
  }

  private struct Settings {
    var shortTime: ShortTimeOptions
    var iterations: Int
    var momentum: Double
    init(_ attributes: Attributes) throws(PerceptualError) {
      shortTime = try attributes.shortTime()
      iterations = try attributes.integer("iterations", default: 32, atLeast: 0)
      momentum = try attributes.number("momentum", default: 0.99)
      guard momentum >= 0, momentum.isFinite else {
        throw PerceptualError(.malformed, "attribute momentum: 0 or more was expected, found \(momentum)")
      }
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    let options = try Settings(given.attributes).shortTime
    try given.checkShape("magnitude", [options.bins, nil])
    let frames = given["magnitude"][1]
    try given.checkShape("initialPhase", [options.bins, frames])
    let length = options.samples(frames: frames)
    guard length > options.margin, options.frames(samples: length) == frames else {
      throw PerceptualError(
        .malformed, "input.magnitude has \(frames) frames, whose \(length) samples are not as many frames again")
    }
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let options = try Settings(given.attributes).shortTime
    return ["signal": [options.samples(frames: given["magnitude"][1])]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (magnitude, phase) = (operationCase.input("magnitude"), operationCase.input("initialPhase"))
    let settings = try Settings(operationCase.attributes)
    var results = OperationResults(outputs: [
      "signal": Reference.griffinLim(
        magnitude, initialPhase: phase, options: settings.shortTime, iterations: settings.iterations,
        momentum: settings.momentum)
    ])
    if operationCase.asksForGradients {
      let gradients = Reference.griffinLimGradient(
        magnitude, initialPhase: phase, upstream: operationCase.cotangent("signal"), options: settings.shortTime,
        iterations: settings.iterations, momentum: settings.momentum)
      results.gradients = ["magnitude": gradients.magnitude, "initialPhase": gradients.initialPhase]
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (magnitude, phase) = (operationCase.input("magnitude"), operationCase.input("initialPhase"))
    let settings = try Settings(operationCase.attributes)
    var results = OperationResults(outputs: [
      "signal": Fast.griffinLim(
        magnitude, initialPhase: phase, options: settings.shortTime, iterations: settings.iterations,
        momentum: settings.momentum)
    ])
    if operationCase.asksForGradients {
      let gradients = Fast.griffinLimGradient(
        magnitude, initialPhase: phase, upstream: operationCase.cotangent("signal"), options: settings.shortTime,
        iterations: settings.iterations, momentum: settings.momentum)
      results.gradients = ["magnitude": gradients.magnitude, "initialPhase": gradients.initialPhase]
    }
    return results
  }
}
