import Fast
import Foundation
import PerceptualCore
import Reference

enum AdamW: OperationWithOptions {
  static let name = "adamW"
  static let inputs: [InputDescription] = [
    .init("parameter", "any"), .init("gradient", "of parameter"), .init("firstMoment", "of parameter"),
    .init("secondMoment", "of parameter"),
  ]
  static let attributes: [AttributeDescription] = [
    "step", "learningRate", .init("beta1", default: "0.9"), .init("beta2", default: "0.999"),
    .init("epsilon", default: "1e-8"), .init("weightDecay", default: "0.01"),
  ]
  static let outputs = ["parameter", "firstMoment", "secondMoment"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    func bound(
      _ epsilons: Double, _ reason: String, _ scale: @escaping @Sendable (Settings, Element) -> Double
    ) -> Tolerance {
      .bound(epsilons: epsilons, reason: reason) { given throws(PerceptualError) in
        let settings = try options(given.attributes)
        let (p, g) = (given.input("parameter"), given.input("gradient"))
        let (m, v) = (given.input("firstMoment"), given.input("secondMoment"))
        var bounds = Tensor<Double>(shape: p.shape)
        for i in 0..<bounds.count {
          let element = Element(parameter: p[i], gradient: g[i], firstMoment: m[i], secondMoment: v[i])
          bounds[i] = scale(settings, element) + side.least / side.epsilon
        }
        return bounds
      }
    }
    return switch tensor {
    case .output("firstMoment"):
      bound(2, "two products of rounded coefficients and their sum, in terms of their magnitudes") { $0.first($1) }
    case .output("secondMoment"):
      bound(3, "a square, two products of rounded coefficients and their sum") { $0.second($1) }
    default:
      bound(6, "the decayed parameter, and a step of 12 roundings, in terms of their magnitudes") {
        let step =
          $0.learningRate * ($0.first($1) + side.least / side.epsilon) / $0.firstCorrection + side.least / side.epsilon
        return abs($1.parameter) + step / (($0.second($1) / $0.secondCorrection).squareRoot() + $0.epsilon)
      }
    }
  }

  typealias Options = Settings

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Settings { try Settings(attributes) }

  static func validate(_ given: CaseShapes, _ settings: Settings) throws(PerceptualError) {
    let shape = given["parameter"]
    for name in ["gradient", "firstMoment", "secondMoment"] { try given.checkShape(name, shape) }
  }

  static func outputShapes(_ given: CaseShapes, _ settings: Settings) -> [String: [Int]] {
    let shape = given["parameter"]
    return ["parameter": shape, "firstMoment": shape, "secondMoment": shape]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ settings: Options) -> OperationResults<Scalar> {
    Reference.adamW(
      given.input("parameter"), gradient: given.input("gradient"), firstMoment: given.input("firstMoment"),
      secondMoment: given.input("secondMoment"), step: settings.step, learningRate: settings.learningRate,
      beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, weightDecay: settings.weightDecay
    ).named
  }

  static func fast(_ given: OperationCase<Float>, _ settings: Options) -> OperationResults<Float> {
    Fast.adamW(
      given.input("parameter"), gradient: given.input("gradient"), firstMoment: given.input("firstMoment"),
      secondMoment: given.input("secondMoment"), step: settings.step, learningRate: settings.learningRate,
      beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, weightDecay: settings.weightDecay
    ).named
  }

  /// The attributes, and the magnitudes that the tolerances speak of.
  struct Settings {
    let step: Int
    let learningRate, beta1, beta2, epsilon, weightDecay: Double
    let firstCorrection, secondCorrection: Double

    init(_ attributes: Attributes) throws(PerceptualError) {
      step = try attributes.integer("step", atLeast: 1)
      learningRate = try attributes.number("learningRate")
      beta1 = try attributes.number("beta1", default: 0.9)
      beta2 = try attributes.number("beta2", default: 0.999)
      epsilon = try attributes.number("epsilon", default: 1e-8)
      weightDecay = try attributes.number("weightDecay", default: 0.01)
      firstCorrection = 1 - pow(beta1, Double(step))
      secondCorrection = 1 - pow(beta2, Double(step))
      for (name, beta) in [("beta1", beta1), ("beta2", beta2)] where !(beta >= 0 && beta < 1) {
        throw .malformed("attribute \(name): a number of at least 0 and under 1 was expected, found \(beta)")
      }
    }

    func first(_ element: Element) -> Double {
      beta1 * abs(element.firstMoment) + (1 - beta1) * abs(element.gradient)
    }
    func second(_ element: Element) -> Double {
      beta2 * abs(element.secondMoment) + (1 - beta2) * element.gradient * element.gradient
    }
  }

  struct Element {
    let parameter, gradient, firstMoment, secondMoment: Double
  }
}

extension AdamWOutput {
  /// By the names of fixtures.md.
  fileprivate var named: OperationResults<Scalar> {
    OperationResults(outputs: ["parameter": parameter, "firstMoment": firstMoment, "secondMoment": secondMoment])
  }
}
