import Fast
import PerceptualCore
import Reference

enum GriffinLim: OperationWithOptions {
  static let name = "griffinLim"
  static let inputs: [InputDescription] = [
    .init("magnitude", "[bins, frames]"), .init("initialPhase", "[bins, frames]"),
  ]
  static let attributes: [AttributeDescription] =
    Attributes.shortTime + [.init("iterations", default: "32"), .init("momentum", default: "0.99")]
  static let outputs = ["signal"]
  static let gradients = ["magnitude", "initialPhase"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    if case .gradient = tensor, side == .fast {
      return .bound(
        epsilons: 1,
        reason: "computed in Double, whose rounding the iteration magnifies 29 bits lower, and rounded once"
      ) { given throws(PerceptualError) in
        try response(of: tensor, given, share: 16 * Side.reference.epsilon / Side.fast.epsilon)
      }
    }
    return .bound(
      epsilons: 16,
      reason:
        "the iteration magnifies rounding as it magnifies any change of its inputs: so much as that does, measured"
    ) { given throws(PerceptualError) in
      try response(of: tensor, given, share: 1)
    }
  }

  /// How much the result moves for a change of the inputs: of each magnitude in units of its frame's root mean square,
  /// of each phase in radians. `share` of that, plus the largest element.
  private static func response(
    of tensor: ResultName, _ given: OperationCase<Double>, share: Double
  ) throws(PerceptualError) -> Tensor<Double> {
    let magnitude = given.input("magnitude")
    let (bins, frames) = (magnitude.shape[0], magnitude.shape[1])
    let sizes = (0..<frames).map { t in
      ((0..<bins).reduce(0) { $0 + magnitude[$1, t] * magnitude[$1, t] } / Double(bins)).squareRoot()
    }
    return try response(of: tensor, given, share: share) { moved, step, signs in
      for k in 0..<bins {
        for t in 0..<frames {
          let bits = signs.next()
          moved.inputs["magnitude"]?[k, t] += bits >> 63 == 0 ? step * sizes[t] : -step * sizes[t]
          moved.inputs["initialPhase"]?[k, t] += bits >> 62 & 1 == 0 ? step : -step
        }
      }
    }
  }

  typealias Options = (shortTime: ShortTimeOptions, iterations: Int, momentum: Double)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    let momentum = try attributes.number("momentum", default: 0.99)
    guard momentum >= 0, momentum.isFinite else {
      throw .malformed("attribute momentum: 0 or more was expected, found \(momentum)")
    }
    return (try attributes.shortTime(), try attributes.integer("iterations", default: 32, atLeast: 0), momentum)
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    let shortTime = options.shortTime
    try given.checkShape("magnitude", [shortTime.bins, nil])
    let frames = given["magnitude"][1]
    try given.checkShape("initialPhase", [shortTime.bins, frames])
    let length = shortTime.samples(frames: frames)
    guard length > shortTime.margin, shortTime.frames(samples: length) == frames else {
      throw .malformed("input.magnitude has \(frames) frames, whose \(length) samples are not as many frames again")
    }
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    ["signal": [options.shortTime.samples(frames: given["magnitude"][1])]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    pairResults(
      given, Reference.griffinLim, gradient: Reference.griffinLimGradient, options: options.shortTime,
      options.iterations, options.momentum)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    pairResults(
      given, Fast.griffinLim, gradient: Fast.griffinLimGradient, options: options.shortTime, options.iterations,
      options.momentum)
  }
}

extension GriffinLimGradients: NamedGradients {
  var named: [String: Tensor<Scalar>] { ["magnitude": magnitude, "initialPhase": initialPhase] }
}
