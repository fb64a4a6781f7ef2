import Fast
import Foundation
import PerceptualCore
import Reference

enum LogScaling: Operation {
  static let name = "logScaling"
  static let inputs = [InputDescription("mel", "[mels, frames]")]
  static let attributes = [
    AttributeDescription("epsilon", default: "0.001"), AttributeDescription("form", default: "\"add\""),
    AttributeDescription("range", default: "\"clip\""),
  ]
  static let outputs = ["image", "low", "high"]
  static let gradients = ["mel"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(
      epsilons: 4,
      reason: "a logarithm errs by its argument's rounding and its own; image and slopes by those over the range"
    ) { operationCase throws(PerceptualError) in
      let settings = try Settings(operationCase.attributes)
      let mel = operationCase.input("mel")
      let scaled = Reference.logScaling(mel, epsilon: settings.epsilon, form: settings.form, range: settings.range)
      let ofLogarithm = 1 + max(abs(scaled.low[0]), abs(scaled.high[0]))
      let span = scaled.high[0] - scaled.low[0]
      // The relative error of 1 / span, in epsilons.
      let relative = span > 0 ? ofLogarithm / span : 0
      switch tensor {
      case .output("image"): return scaled.image.map { span > 0 ? relative * (1 + abs($0)) : 0 }
      case .output: return Tensor([ofLogarithm])
      case .gradient:
        let upstream = operationCase.cotangent("image")
        var slopes = mel.map { _ in 0 }
        var sum = abs(operationCase.cotangent("low")[0]) + abs(operationCase.cotangent("high")[0])
        if span > 0 {
          for i in 0..<mel.count {
            slopes[i] = abs(upstream[i]) / span * (1 + relative)
            sum += slopes[i] * (2 + abs(scaled.image[i]))
          }
        }
        if settings.range == .clip {
          let (least, greatest) = (mel.elements.min(), mel.elements.max())
          for i in 0..<mel.count where mel[i] == least || mel[i] == greatest { slopes[i] += sum }
        }
        for i in 0..<mel.count {
          slopes[i] /= settings.form == .add ? mel[i] + settings.epsilon : max(mel[i], settings.epsilon)
        }
        return slopes
      }
    }
  }

  struct Settings {
    var epsilon: Double
    var form: LogForm
    var range: LogRange
    init(_ attributes: Attributes) throws(PerceptualError) {
      epsilon = try attributes.number("epsilon", default: PaperAudio.logEpsilon)
      form = try attributes.choice("form", default: .add)
      guard epsilon >= 0, epsilon.isFinite else {
        throw PerceptualError(.malformed, "attribute epsilon: 0 or more was expected, found \(epsilon)")
      }
      if attributes["range"] == nil || attributes["range"]?.string == "clip" {
        range = .clip
        return
      }
      guard attributes["range"]?.array != nil else {
        throw PerceptualError(.malformed, "attribute range: \"clip\" or [low, high] was expected")
      }
      let limits = try attributes.numbers("range")
      guard limits.count == 2, limits[0] <= limits[1] else {
        throw PerceptualError(.malformed, "attribute range: [low, high] with low <= high was expected, found \(limits)")
      }
      range = .fixed(low: limits[0], high: limits[1])
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    try given.checkShape("mel", given["mel"].map { _ in nil })
    _ = try Settings(given.attributes)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["image": given["mel"], "low": [1], "high": [1]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let mel = operationCase.input("mel")
    let settings = try Settings(operationCase.attributes)
    let scaled = Reference.logScaling(mel, epsilon: settings.epsilon, form: settings.form, range: settings.range)
    var results = OperationResults(outputs: ["image": scaled.image, "low": scaled.low, "high": scaled.high])
    if operationCase.asksForGradients {
      results.gradients["mel"] = Reference.logScalingGradient(
        mel, upstream: operationCase.cotangent("image"), low: operationCase.cotangent("low")[0],
        high: operationCase.cotangent("high")[0], epsilon: settings.epsilon, form: settings.form, range: settings.range)
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let mel = operationCase.input("mel")
    let settings = try Settings(operationCase.attributes)
    let scaled = Fast.logScaling(mel, epsilon: settings.epsilon, form: settings.form, range: settings.range)
    var results = OperationResults(outputs: ["image": scaled.image, "low": scaled.low, "high": scaled.high])
    if operationCase.asksForGradients {
      results.gradients["mel"] = Fast.logScalingGradient(
        mel, upstream: operationCase.cotangent("image"), low: operationCase.cotangent("low")[0],
        high: operationCase.cotangent("high")[0], epsilon: settings.epsilon, form: settings.form, range: settings.range)
    }
    return results
  }
}
