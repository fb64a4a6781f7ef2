import Fast
import PerceptualCore
import Reference

enum LogScaling: OperationWithOptions {
  static let name = "logScaling"
  static let inputs: [InputDescription] = [.init("mel", "[mels, frames]")]
  static let attributes: [AttributeDescription] = [
    .init("epsilon", default: "0.001"), .init("form", default: "\"add\""), .init("range", default: "\"clip\""),
  ]
  static let outputs = ["image", "low", "high"]
  static let gradients = ["mel"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(
      epsilons: 4,
      reason: "a logarithm errs by its argument's rounding and its own; image and slopes by those over the range"
    ) { given throws(PerceptualError) in
      let (epsilon, form, range) = try options(given.attributes)
      let mel = given.input("mel")
      let scaled = Reference.logScaling(mel, epsilon: epsilon, form: form, range: range)
      let ofLogarithm = 1 + max(abs(scaled.low[0]), abs(scaled.high[0]))
      let span = scaled.high[0] - scaled.low[0]
      // The relative error of 1 / span, in epsilons.
      let relative = span > 0 ? ofLogarithm / span : 0
      switch tensor {
      case .output("image"): return scaled.image.map { span > 0 ? relative * (1 + abs($0)) : 0 }
      case .output: return Tensor([ofLogarithm])
      case .gradient:
        let upstream = given.cotangent("image")
        var slopes = mel.map { _ in 0 }
        var sum = abs(given.cotangent("low")[0]) + abs(given.cotangent("high")[0])
        if span > 0 {
          for i in 0..<mel.count {
            slopes[i] = abs(upstream[i]) / span * (1 + relative)
            sum += slopes[i] * (2 + abs(scaled.image[i]))
          }
        }
        if range == .clip {
          let (least, greatest) = (mel.elements.min(), mel.elements.max())
          for i in 0..<mel.count where mel[i] == least || mel[i] == greatest { slopes[i] += sum }
        }
        for i in 0..<mel.count {
          slopes[i] /= form == .add ? mel[i] + epsilon : max(mel[i], epsilon)
        }
        return slopes
      }
    }
  }

  typealias Options = (epsilon: Double, form: LogForm, range: LogRange)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    let epsilon = try attributes.number("epsilon", default: PaperAudio.logEpsilon)
    guard epsilon >= 0, epsilon.isFinite else {
      throw .malformed("attribute epsilon: 0 or more was expected, found \(epsilon)")
    }
    return (epsilon, try attributes.choice("form", default: .add), try range(attributes))
  }

  private static func range(_ attributes: Attributes) throws(PerceptualError) -> LogRange {
    if attributes["range"] == nil || attributes["range"]?.string == "clip" { return .clip }
    guard attributes["range"]?.array != nil else {
      throw .malformed("attribute range: \"clip\" or [low, high] was expected")
    }
    let limits = try attributes.numbers("range")
    guard limits.count == 2, limits[0] <= limits[1] else {
      throw .malformed("attribute range: [low, high] with low <= high was expected, found \(limits)")
    }
    return .fixed(low: limits[0], high: limits[1])
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    try given.checkShape("mel", given["mel"].map { _ in nil })
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    ["image": given["mel"], "low": [1], "high": [1]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    let mel = given.input("mel")
    let (epsilon, form, range) = options
    return given.results(
      Reference.logScaling(mel, epsilon: epsilon, form: form, range: range).named,
      gradients: [
        "mel": Reference.logScalingGradient(
          mel, upstream: given.cotangent("image"), low: given.cotangent("low")[0], high: given.cotangent("high")[0],
          epsilon: epsilon, form: form, range: range)
      ])
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    let mel = given.input("mel")
    let (epsilon, form, range) = options
    return given.results(
      Fast.logScaling(mel, epsilon: epsilon, form: form, range: range).named,
      gradients: [
        "mel": Fast.logScalingGradient(
          mel, upstream: given.cotangent("image"), low: given.cotangent("low")[0], high: given.cotangent("high")[0],
          epsilon: epsilon, form: form, range: range)
      ])
  }
}

extension LogScalingOutput {
  var named: [String: Tensor<Scalar>] { ["image": image, "low": low, "high": high] }
}
