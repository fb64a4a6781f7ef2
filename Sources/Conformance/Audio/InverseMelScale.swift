import Fast
import PerceptualCore
import Reference

enum InverseMelScale: Operation {
  static let name = "inverseMelScale"
  static let inputs: [InputDescription] = [.init("mel", "[mels, frames]")]
  static let attributes: [AttributeDescription] =
    ["sampleRate", "bins"] + Attributes.band + [.init("method", default: "\"nonNegativeLeastSquares\"")]
  static let outputs = ["magnitude"]
  /// None: the minimiser is not unique, so the result is not compared by value and has no gradient.
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .judged(
      epsilons: side == .reference ? 4096 : 840,
      reason: side == .reference
        ? "each frame's residual over its norm may exceed the least by the roundings of a decomposition of 230 columns"
        : "each frame's residual may exceed the least by 1e-4 of its norm, the contract; minimum norm errs by 4 ε at "
          + "most"
    ) { given, found, wanted throws(PerceptualError) in
      let mel = given.input("mel")
      let bank: Tensor<Double> = Reference.melFilterBank(try options(given.shapes))
      if found.elements.contains(where: { !($0 >= 0 && $0.isFinite) }) { return .infinity }
      if try method(given.attributes) == .minimumNorm {
        // That one is unique: compared by value, relative to its greatest, within 4 epsilons in single precision (the
        // pseudo-inverse and its sums are in Double).
        let greatest = wanted.elements.max() ?? 0
        let difference = zip(found.elements, wanted.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
        // Singular values down to 3e-5 of the largest magnify the roundings of an oracle's bank: 128 times more for
        // them.
        return (greatest == 0 ? difference : difference / greatest) * (side == .reference ? 1.0 / 128 : 840 / 4)
      }
      var worst = 0.0
      for t in 0..<mel.shape[1] {
        worst = max(worst, residual(found, mel, bank, frame: t) - residual(wanted, mel, bank, frame: t))
      }
      return worst
    }
  }

  /// || mel - w^T magnitude || / || mel || of one frame; where mel is 0, the numerator.
  static func residual(
    _ magnitude: Tensor<Double>, _ mel: Tensor<Double>, _ bank: Tensor<Double>, frame t: Int
  ) -> Double {
    var error = 0.0
    var norm = 0.0
    for m in 0..<mel.shape[0] {
      var sum = mel[m, t]
      for k in 0..<magnitude.shape[0] { sum -= bank[k, m] * magnitude[k, t] }
      error += sum * sum
      norm += mel[m, t] * mel[m, t]
    }
    return (norm == 0 ? error : error / norm).squareRoot()
  }

  private static func method(_ attributes: Attributes) throws(PerceptualError) -> InverseMelMethod {
    try attributes.choice("method", default: .nonNegativeLeastSquares)
  }

  private static func options(_ given: CaseShapes) throws(PerceptualError) -> MelFilterBankOptions {
    let bins = try given.attributes.integer("bins", atLeast: 2)
    return try given.attributes.melBank(bins: bins, mels: given["mel"][0])
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    try given.checkShape("mel", [nil, nil])
    _ = try options(given)
    _ = try method(given.attributes)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["magnitude": [try options(given).bins, given["mel"][1]]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>) throws(PerceptualError) -> OperationResults<Scalar> {
    let (bank, method) = (try options(given.shapes), try method(given.attributes))
    let magnitude = Reference.inverseMelScale(given.input("mel"), bank: bank, method: method)
    return OperationResults(outputs: ["magnitude": magnitude])
  }

  static func fast(_ given: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (bank, method) = (try options(given.shapes), try method(given.attributes))
    let magnitude = Fast.inverseMelScale(given.input("mel"), bank: bank, method: method)
    return OperationResults(outputs: ["magnitude": magnitude])
  }
}
