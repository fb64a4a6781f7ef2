import Fast
import PerceptualCore
import Reference

enum CategoricalCrossEntropy: OperationWithOptions {
  static let name = "categoricalCrossEntropy"
  static let inputs: [InputDescription] = [.init("logits", "[N,K,...]"), .init("classes", "[N,...]")]
  static let outputs = ["value"]
  static let gradients = ["logits"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .referenceFloat):
      .bound(epsilons: 1, reason: "positions summed in single precision, one after the other") {
        given throws(PerceptualError) in
        let terms = Double(given.input("classes").count / given.input("logits").shape[0])
        return try scales(given).map { (terms / 2 + 4) * $0 }
      }
    case (.output, _):
      .bound(epsilons: 6, reason: "a difference of logits and a logarithm of a sum of exponentials for each position") {
        given throws(PerceptualError) in
        // Oracles sum positions in Double too.
        let terms = side == .reference ? Double(given.input("classes").count) : 0
        return try scales(given).map { (1 + terms / 16) * $0 }
      }
    case (.gradient, _):
      .bound(epsilons: 4, reason: "a probability p whose exponent is rounded, p (1 + |exponent|), and 1 at the class") {
        given throws(PerceptualError) in
        let (logits, classes) = (given.input("logits"), given.input("classes"))
        let upstream = given.cotangent("value")
        let none = Reference.categoricalCrossEntropyGradient(logits, classes: classes, upstream: upstream.magnitude)
        let (samples, levels) = (logits.shape[0], logits.shape[1])
        let positions = classes.count / samples
        var bound = none
        for n in 0..<samples {
          for p in 0..<positions {
            let scale = abs(upstream[n]) / Double(positions)
            let places = (0..<levels).map { (n * levels + $0) * positions + p }
            let greatest = places.reduce(0) { max($0, abs(logits[$1])) }
            for (k, i) in places.enumerated() {
              let isClass = k == Int(classes[n * positions + p])
              let probability = none[i] + (isClass ? scale : 0)
              bound[i] =
                probability * (4 + 2 * greatest) + (isClass ? scale : 0) + (scale + 1) * side.least / side.epsilon
            }
          }
        }
        return bound
      }
    }
  }

  /// For each sample 1 + ln K + the mean over positions of the greatest |logit|.
  private static func scales(_ given: OperationCase<Double>) throws(PerceptualError) -> Tensor<Double> {
    let logits = given.input("logits")
    let (samples, levels) = (logits.shape[0], logits.shape[1])
    let positions = logits.count / samples / levels
    return Tensor(
      (0..<samples).map { n in
        let greatest = (0..<positions).reduce(0.0) { sum, p in
          sum + (0..<levels).reduce(0) { max($0, abs(logits[(n * levels + $1) * positions + p])) }
        }
        return 6 + 2 * greatest / Double(positions)
      })
  }

  static func validate(_ given: CaseShapes, _ options: Void) throws(PerceptualError) {
    let obstacle = categoricalObstacle(logits: given["logits"], classes: given["classes"])
    if let obstacle { throw .malformed("input.\(obstacle)") }
  }

  static func validateElements<Scalar>(_ given: OperationCase<Scalar>) throws(PerceptualError) {
    let obstacle = categoricalObstacle(logits: given.input("logits").shape, classes: given.input("classes"))
    if let obstacle { throw .malformed("input.\(obstacle)") }
  }

  static func outputShapes(_ given: CaseShapes, _ options: Void) -> [String: [Int]] { ["value": [given["logits"][0]]] }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Void) -> OperationResults<Scalar> {
    let (logits, classes) = (given.input("logits"), given.input("classes"))
    return given.results(
      ["value": Reference.categoricalCrossEntropy(logits, classes: classes)],
      gradients: [
        "logits": Reference.categoricalCrossEntropyGradient(
          logits, classes: classes, upstream: given.cotangent("value"))
      ])
  }

  static func fast(_ given: OperationCase<Float>, _ options: Void) -> OperationResults<Float> {
    let (logits, classes) = (given.input("logits"), given.input("classes"))
    return given.results(
      ["value": Fast.categoricalCrossEntropy(logits, classes: classes)],
      gradients: [
        "logits": Fast.categoricalCrossEntropyGradient(logits, classes: classes, upstream: given.cotangent("value"))
      ])
  }
}
