import Fast
import Foundation
import PerceptualCore
import Reference

enum SoftQuantization: ElementOperation {
  static let name = "softQuantization"
  static let attributes: [AttributeDescription] = ["centres", "scale"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    let reason = "4 epsilons for the softmax and its sums, and what the roundings of its exponents move"
    return switch tensor {
    case .output:
      .bound(epsilons: 4, reason: reason) { given throws(PerceptualError) in
        try sensitivity(given, side).value
      }
    case .gradient:
      .bound(epsilons: 4, reason: reason) { given throws(PerceptualError) in
        var scale = try sensitivity(given, side).slope
        let upstream = given.cotangent("y")
        let largest = try options(given.attributes).centres.reduce(0) { max($0, abs($1)) }
        // The mean of the centres is itself rounded, which counts squared; and weights underflow.
        let factor = 2 * (try options(given.attributes).scale) * largest * largest
        let floor = factor * (16 * side.epsilon + side.least / side.epsilon) + side.least / side.epsilon
        for i in 0..<scale.count { scale[i] = abs(upstream[i]) * (scale[i] + floor) }
        return scale
      }
    }
  }

  typealias Options = (centres: [Double], scale: Double)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    let scale = try attributes.number("scale")
    if !(scale > 0 && scale.isFinite) {
      throw .malformed("attribute scale: a positive number was expected, found \(scale)")
    }
    return (try centres(attributes), scale)
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    unaryResults(
      given, Reference.softQuantization, gradient: Reference.softQuantizationGradient, options: options.centres,
      options.scale)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    unaryResults(
      given, Fast.softQuantization, gradient: Fast.softQuantizationGradient, options: options.centres, options.scale)
  }

  /// How far the value and the derivative move when everything rounded on the way moves by an epsilon.
  private static func sensitivity(
    _ given: OperationCase<Double>, _ side: Side
  ) throws(PerceptualError) -> (value: Tensor<Double>, slope: Tensor<Double>) {
    let (centres, scale) = try options(given.attributes)
    let largest = centres.reduce(0) { max($0, abs($1)) }
    let input = given.input("x")
    let rows = input.elements.map { x -> (value: Double, slope: Double) in
      let nearest = centres.reduce(centres[0]) { abs(x - $1) < abs(x - $0) ? $1 : $0 }
      let weights = centres.map { exp(2 * scale * ($0 - nearest) * (x - ($0 + nearest) / 2)) }
      let total = weights.reduce(0) { $0 + $1 }
      let y = zip(weights, centres).reduce(0) { $0 + $1.0 * $1.1 } / total
      var (value, slope) = (largest, 0.0)
      for (weight, c) in zip(weights, centres) {
        let (middle, difference) = ((c + nearest) / 2, abs(c - nearest))
        var moved = 2 * scale * difference * (2 * abs(x - middle) + abs(middle))
        if side == .reference {
          // Oracles compute the exponents as they stand, s (x - c)^2.
          moved += 2 * scale * ((x - c) * (x - c) + (x - nearest) * (x - nearest))
        } else {
          moved += 2 * scale * (rounding(c) * abs(x - c) + rounding(nearest) * abs(x - nearest))
        }
        let p = weight / total
        if p > 0 {
          value += p * abs(c - y) * moved
          slope += 2 * scale * p * (c - y) * (c - y) * (1 + moved)
        }
        // They also differentiate the softmax as it stands, where c - y cancels.
        if side == .reference { slope += 2 * scale * p * (abs(c) + abs(y)) * abs(x - c) }
      }
      return (value, slope)
    }
    return (Tensor(rows.map(\.value), shape: input.shape), Tensor(rows.map(\.slope), shape: input.shape))
  }
}

/// What Float loses of a centre, in epsilons.
private func rounding(_ centre: Double) -> Double { abs(Double(Float(centre)) - centre) / Double(Float.ulpOfOne) }

/// The centres of a quantiser: at least one, each finite.
func centres(_ attributes: Attributes) throws(PerceptualError) -> [Double] {
  let centres = try attributes.numbers("centres")
  if centres.isEmpty || !centres.allSatisfy(\.isFinite) {
    throw .malformed("attribute centres: at least one finite number was expected, found \(centres)")
  }
  return centres
}
