import PerceptualCore
import PerceptualFiles

/// Which tolerance: of which tensor of which operation, on which side.
public struct ToleranceRow: Hashable, Sendable {
  public let operation: String
  public let tensor: ResultName
  public let side: Side

  public init(operation: String, tensor: ResultName, side: Side) {
    self.operation = operation
    self.tensor = tensor
    self.side = side
  }

  public init(_ checked: CheckedTensor) {
    self.init(operation: checked.operation, tensor: checked.tensor, side: checked.side)
  }

  /// A line of JSON: the row and the share of it that was used.
  public func line(share: Double) -> String {
    let document: JSONValue = [
      "operation": .string(operation), "tensor": .string("\(tensor)"), "side": .string(side.rawValue),
      "share": .number(share),
    ]
    return document.text + "\n"
  }

  /// The largest share of each row among such lines. Throws `.malformed` where a line is none.
  public static func largestShares(inLines bytes: [UInt8], of source: String) throws(PerceptualError) -> [Self: Double]
  {
    let rows = Dictionary(
      operations.flatMap { toleranceRows(of: $0) }.map { (["\($0.operation)", "\($0.tensor)", $0.side.rawValue], $0) },
      uniquingKeysWith: { first, _ in first })
    var shares: [Self: Double] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let document = try? JSONValue(parsing: line.utf8)
      let key = ["operation", "tensor", "side"].compactMap { document?[$0]?.string }
      guard let row = rows[key], let share = document?["share"]?.double else {
        throw .malformed("\(source): a share of an allowance was expected, found \"\(line)\"")
      }
      shares[row] = max(shares[row] ?? 0, share)
    }
    return shares
  }
}

extension Tolerance {
  /// How the allowance is computed, to be read by people; ε is the spacing of the side's precision at 1.
  public var formula: String {
    let factor = epsilons == epsilons.rounded() && epsilons < 1e15 ? "\(Int(epsilons))" : "\(epsilons)"
    return switch self {
    case .exact: "equal"
    case .relative: "\(factor) ε abs(expected)"
    case .ofLargest: "\(factor) ε max abs(expected)"
    case .bound: "\(factor) ε bound"
    case .judged: "residual of \(factor) ε"
    }
  }
}

/// Every tolerance of an operation: outputs, then gradients, each on every side.
public func toleranceRows(of operation: any Operation.Type) -> [ToleranceRow] {
  let tensors = operation.outputs.map { ResultName.output($0) } + operation.gradients.map { .gradient($0) }
  return tensors.flatMap { tensor in
    Side.allCases.map { ToleranceRow(operation: operation.name, tensor: tensor, side: $0) }
  }
}

/// The table of docs/tolerances.md, sides that share a tolerance in one row. The largest share of an allowance that was
/// seen to be used is `byFixtures` and `byCrossChecks`.
public func toleranceTable(
  byFixtures: [ToleranceRow: Double] = [:], byCrossChecks: [ToleranceRow: Double] = [:]
) -> String {
  var lines = [
    "| operation | tensor | side | allowed | fixtures use | cross-checks use | reason |",
    "|---|---|---|---|---|---|---|",
  ]
  for operation in operations {
    let rows = toleranceRows(of: operation)
    for tensor in rows.map(\.tensor).uniqued() {
      let sides = rows.filter { $0.tensor == tensor }
      func texts(_ row: ToleranceRow) -> [String] {
        let tolerance = operation.tolerance(row.tensor, row.side)
        return [tolerance.formula, tolerance.reason]
      }
      for text in sides.map(texts).uniqued() {
        let alike = sides.filter { texts($0) == text }
        let side = alike.count == sides.count ? "all" : alike.map(\.side.rawValue).joined(separator: ", ")
        func used(_ measured: [ToleranceRow: Double]) -> String {
          alike.compactMap { row in measured[row].map { "\(row.side.rawValue) \(percentage($0))" } }
            .joined(separator: ", ")
        }
        let cells = [
          operation.name, "\(tensor)", side, text[0], used(byFixtures), used(byCrossChecks), text[1],
        ]
        lines.append("| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |")
      }
    }
  }
  return lines.joined(separator: "\n")
}

extension Array where Element: Hashable {
  /// The elements without repetitions, each at its first place.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}

/// A share in per cent with two significant digits.
private func percentage(_ share: Double) -> String {
  if share == 0 { return "0 %" }
  guard share.isFinite else { return "beyond" }
  var value = 100 * share
  var scale = 1.0
  while value * scale < 10 { scale *= 10 }
  value = (value * scale).rounded() / scale
  return value == value.rounded() ? "\(Int(value)) %" : "\(value) %"
}
