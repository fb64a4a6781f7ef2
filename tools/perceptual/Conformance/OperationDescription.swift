import PerceptualConformance
import PerceptualFiles

extension PerceptualConformance.Operation {
  /// What `fixtures list --json` prints.
  static var json: JSONValue {
    [
      "operation": .string(name),
      "inputs": .array(
        inputs.map { ["name": .string($0.name), "shape": .string($0.shape), "optional": .bool($0.isOptional)] }),
      "attributes": .array(
        attributes.map {
          ["name": .string($0.name), "default": $0.defaultText.map { .string($0) } ?? .null]
        }),
      "outputs": .array(outputs.map { .string($0) }),
      "gradients": .array(gradients.map { .string($0) }),
      "tolerances": .array(
        toleranceRows(of: self).map { row in
          [
            "tensor": .string("\(row.tensor)"), "side": .string(row.side.rawValue),
            "epsilons": .number(tolerance(row.tensor, row.side).epsilons),
            "allowed": .string(tolerance(row.tensor, row.side).formula),
            "reason": .string(tolerance(row.tensor, row.side).reason),
          ]
        }),
    ]
  }

  /// What `fixtures list` prints.
  static var text: String {
    let inputTexts = inputs.map { "\($0.name) \($0.shape)\($0.isOptional ? " (optional)" : "")" }
    let attributeTexts = attributes.map { attribute in
      attribute.name + (attribute.defaultText.map { "=\($0)" } ?? "")
    }
    func list(_ texts: [String]) -> String { texts.isEmpty ? "none" : texts.joined(separator: ", ") }
    return """
      \(name)
        inputs      \(list(inputTexts))
        attributes  \(list(attributeTexts))
        outputs     \(list(outputs))
        gradients   \(list(gradients))
      """
  }
}
