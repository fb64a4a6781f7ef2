import Fast
import PerceptualCore
import Reference

enum PixelNormalization: ElementOperation {
  static let name = "pixelNormalization"
  static let inputs: [InputDescription] = [.init("x", "[N,C,...]")]
  static let attributes: [AttributeDescription] = [.init("epsilon", default: "1e-7")]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .bound(epsilons: 1, reason: "half of gamma_C for the sum of squares, as a root halves it, and four roundings") {
        given throws(PerceptualError) in
        let x = given.input("x")
        let roundings = Double(x.shape[1]) / 4 + 5
        let y = Reference.pixelNormalization(x, epsilon: try options(given.attributes))
        return y.map { abs($0) * roundings + side.least / side.epsilon }
      }
    case .gradient:
      .bound(epsilons: 1, reason: "three halves of gamma_C for the root's cube, gamma_C for the product, of magnitudes")
      {
        given throws(PerceptualError) in
        let x = given.input("x")
        let roundings = 1.25 * Double(x.shape[1]) + 8
        return terms(given, try options(given.attributes)).map { roundings * $0 }
      }
    }
  }

  /// The magnitudes of the gradient's terms, |g| / r + |x| / r^3 mean |g x|.
  private static func terms(_ given: OperationCase<Double>, _ epsilon: Double) -> Tensor<Double> {
    let (x, upstream) = (given.input("x"), given.cotangent("y"))
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

  /// Epsilon.
  static func options(_ attributes: Attributes) throws(PerceptualError) -> Double {
    let epsilon = try attributes.number("epsilon", default: 1e-7)
    if !(epsilon >= 0 && epsilon.isFinite) {
      throw .malformed("attribute epsilon: a number of at least 0 was expected, found \(epsilon)")
    }
    return epsilon
  }

  static func validate(_ given: CaseShapes, _ epsilon: Double) throws(PerceptualError) {
    let shape = given["x"]
    if shape.count < 2 || shape.contains(0) {
      throw .malformed("input.x has shape \(shape), a non-empty [N, C, ...] is needed")
    }
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ epsilon: Double) -> OperationResults<Scalar> {
    unaryResults(given, Reference.pixelNormalization, gradient: Reference.pixelNormalizationGradient, options: epsilon)
  }

  static func fast(_ given: OperationCase<Float>, _ epsilon: Double) -> OperationResults<Float> {
    unaryResults(given, Fast.pixelNormalization, gradient: Fast.pixelNormalizationGradient, options: epsilon)
  }
}
