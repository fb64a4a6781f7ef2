import Fast
import PerceptualCore
import Reference

/// Normals with a given standard deviation.
enum NormalInitialization: InitializationOperation {
  static let name = "normalInitialization"
  static let spread = "deviation"

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ draw: InitialDraw) -> OperationResults<Scalar> {
    let values: Tensor<Scalar> = Reference.normalInitialization(
      shape: draw.shape, deviation: draw.spread, seed: draw.seed, index: draw.index)
    return OperationResults(outputs: ["values": values])
  }

  static func fast(_ given: OperationCase<Float>, _ draw: InitialDraw) -> OperationResults<Float> {
    let values = Fast.normalInitialization(
      shape: draw.shape, deviation: draw.spread, seed: draw.seed, index: draw.index)
    return OperationResults(outputs: ["values": values])
  }
}

/// The weights of one tensor.
struct InitialDraw {
  let shape: [Int]
  let spread: Double
  let seed: UInt64
  let index: UInt64
}

protocol InitializationOperation: OperationWithOptions where Options == InitialDraw {
  /// The attribute that scales the numbers.
  static var spread: String { get }
  static var leastRank: Int { get }
}

extension InitializationOperation {
  static var leastRank: Int { 1 }
  static var inputs: [InputDescription] { [] }
  static var attributes: [AttributeDescription] { ["shape", .init(spread), "seed", "index"] }
  static var outputs: [String] { ["values"] }
  static var gradients: [String] { [] }

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch side {
    case .reference:
      .ofLargest(epsilons: 16, reason: "a logarithm, a root and a cosine of a rounded angle of up to 2 pi")
    case .referenceFloat: .ofLargest(epsilons: 1, reason: "computed in Double and rounded once")
    case .fast: .ofLargest(epsilons: 2, reason: "a normal and the deviation are rounded, and their product")
    }
  }

  static func outputShapes(_ given: CaseShapes, _ draw: InitialDraw) -> [String: [Int]] { ["values": draw.shape] }

  static func options(_ attributes: Attributes) throws(PerceptualError) -> InitialDraw {
    let sizes = try attributes.numbers("shape")
    let most = Double(1 << 24)
    guard (leastRank...8).contains(sizes.count), sizes.reduce(1, *) <= most,
      sizes.allSatisfy({ $0 >= 1 && $0 <= most && $0 == $0.rounded() })
    else {
      throw .malformed(
        "attribute shape: \(leastRank) to 8 sizes of at least 1, at most 2^24 in product, were expected, found "
          + "\(sizes)"
      )
    }
    let scale = try attributes.number(spread)
    guard scale > 0 && scale <= 1e6 else {
      throw .malformed("attribute \(spread): a number above 0, at most 1e6, was expected, found \(scale)")
    }
    return InitialDraw(
      shape: sizes.map { Int($0) }, spread: scale, seed: UInt64(try attributes.integer("seed", atLeast: 0)),
      index: UInt64(try attributes.integer("index", atLeast: 0)))
  }
}
