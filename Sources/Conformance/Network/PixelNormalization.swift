import Fast
import PerceptualCore
import Reference

enum PixelNormalization: Operation {
  static let name = "pixelNormalization"
  static let inputs = [InputDescription("x", "[N,C,...]")]
  static let attributes = [AttributeDescription("epsilon", default: "1e-7")]
  static let outputs = ["y"]
  static let gradients = ["x"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .bound(epsilons: 1, reason: "half of gamma_C for the sum of squares, as a root halves it, and four roundings") {
        operationCase throws(PerceptualError) in
        let x = operationCase.input("x")
        let roundings = Double(x.shape[1]) / 4 + 5
        let y = Reference.pixelNormalization(x, epsilon: try epsilon(operationCase.attributes))
        let least = side == .reference ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
        return y.map { abs($0) * roundings + least / side.epsilon }
      }
    case .gradient:
      .bound(epsilons: 1, reason: "three halves of gamma_C for the root's cube, gamma_C for the product, of magnitudes")
      {
        operationCase throws(PerceptualError) in
        let x = operationCase.input("x")
        let roundings = 1.25 * Double(x.shape[1]) + 8
        return terms(operationCase, try epsilon(operationCase.attributes)).map { roundings * $0 }
      }
    }
  }

  /// The magnitudes of the gradient's terms, |g| / r + |x| / r^3 mean |g x|.
  private static func terms(_ operationCase: OperationCase<Double>, _ epsilon: Double) -> Tensor<Double> {
    let (x, upstream) = (operationCase.input("x"), operationCase.cotangent("y"))
    let (channels, positions) = (x.shape[1], x.count / x.shape[0] / x.shape[1])
    var result = x
    for n in 0..<x.shape[0] {
      for p in 0..<positions {
        let places = (0..<channels).map { (n * channels + $0) * positions + p }
        let square = places.reduce(0) { $0 + x[$1] * x[$1] } / Double(channels) + epsilon
        let product = places.reduce(0) { $0 + abs(upstream[$1] * x[$1]) } / Double(channels)
        for i in places { result[i] = (abs(upstream[i]) + abs(x[i]) * product / square) / square.squareRoot() }
      }
    }
    return result
  }

  private static func epsilon(_ attributes: Attributes) throws(PerceptualError) -> Double {
    let epsilon = try attributes.number("epsilon", default: 1e-7)
    if !(epsilon >= 0 && epsilon.isFinite) {
      throw PerceptualError(.malformed, "attribute epsilon: a number of at least 0 was expected, found \(epsilon)")
    }
    return epsilon
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    let shape = given["x"]
    if shape.count < 2 || shape.contains(0) {
      throw PerceptualError(.malformed, "input.x has shape \(shape), a non-empty [N, C, ...] is needed")
    }
    _ = try epsilon(given.attributes)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["y": given["x"]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let x = operationCase.input("x")
    let epsilon = try epsilon(operationCase.attributes)
    var results = OperationResults(outputs: ["y": Reference.pixelNormalization(x, epsilon: epsilon)])
    if operationCase.asksForGradients {
      results.gradients["x"] = Reference.pixelNormalizationGradient(
        x, upstream: operationCase.cotangent("y"), epsilon: epsilon)
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let x = operationCase.input("x")
    let epsilon = try epsilon(operationCase.attributes)
    var results = OperationResults(outputs: ["y": Fast.pixelNormalization(x, epsilon: epsilon)])
    if operationCase.asksForGradients {
      results.gradients["x"] = Fast.pixelNormalizationGradient(
        x, upstream: operationCase.cotangent("y"), epsilon: epsilon)
    }
    return results
  }
}
