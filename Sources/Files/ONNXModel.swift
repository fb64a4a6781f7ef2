import PerceptualCore

/// A graph of ONNX's operators as it is put together, and its file: a ModelProto of operator set 17.
///
/// Values, weights among them, are known by their names. Nodes stand in the order of the calls, which must be that of
/// the computation. Source: onnx.proto and Operators.md of ONNX 1.12.
package struct ONNXModel {
  package static let operatorSet = 17
  /// The version of the format itself that came with that operator set.
  static let formatVersion = 8

  /// What a tensor's elements are, by their number in TensorProto.DataType.
  package enum Element: Int {
    case float = 1
    case int64 = 7
  }

  /// An axis of an input or output: so many elements, or any number under a name.
  package enum Axis: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    case fixed(Int)
    case named(String)

    package init(integerLiteral count: Int) { self = .fixed(count) }
    package init(stringLiteral name: String) { self = .named(name) }
  }

  /// An attribute of a node.
  package enum Attribute {
    case number(Float)
    case integer(Int)
    case text(String)
    case integers([Int])
  }

  private var nodes: [ProtocolBuffer] = []
  private var weights: [ProtocolBuffer] = []
  private var inputs: [ProtocolBuffer] = []
  private var outputs: [ProtocolBuffer] = []

  package init() {}

  /// Adds numbers that the graph holds, and returns their name.
  package mutating func weight(_ name: String, _ tensor: Tensor<Float>) -> String {
    weight(name, .float, tensor.shape, tensor.elements)
  }

  /// Adds a list of integers that the graph holds, and returns its name.
  package mutating func weight(_ name: String, _ integers: [Int]) -> String {
    weight(name, .int64, [integers.count], integers.map { Int64($0) })
  }

  private mutating func weight<Number: BitwiseCopyable>(
    _ name: String, _ element: Element, _ shape: [Int], _ elements: [Number]
  ) -> String {
    weights.append(
      ProtocolBuffer { tensor in
        tensor.packed(1, shape)
        tensor.integer(2, element.rawValue)
        tensor.text(8, name)
        // Little-endian, as in memory (FileBytes.swift).
        tensor.data(9, elements.withUnsafeBytes { Array($0) })
      })
    return name
  }

  /// Adds a node with one output, and returns the output's name, by which the node goes too.
  package mutating func node(
    _ operation: String, _ inputs: [String], _ attributes: KeyValuePairs<String, Attribute> = [:], to output: String
  ) -> String {
    nodes.append(
      ProtocolBuffer { node in
        for input in inputs { node.text(1, input) }
        node.text(2, output)
        node.text(3, output)
        node.text(4, operation)
        for (name, value) in attributes { node.message(5, Self.attribute(name, value)) }
      })
    return output
  }

  private static func attribute(_ name: String, _ value: Attribute) -> ProtocolBuffer {
    ProtocolBuffer { attribute in
      attribute.text(1, name)
      let type: Int
      switch value {
      case .number(let number):
        attribute.float(2, number)
        type = 1
      case .integer(let integer):
        attribute.integer(3, integer)
        type = 2
      case .text(let text):
        attribute.text(4, text)
        type = 3
      case .integers(let integers):
        for integer in integers { attribute.integer(8, integer) }
        type = 7
      }
      attribute.integer(20, type)
    }
  }

  /// Declares what the graph takes; `text` says what it is and in which unit.
  package mutating func input(_ name: String, _ axes: [Axis], of element: Element = .float, _ text: String) {
    inputs.append(Self.value(name, element, axes, text))
  }

  /// Declares that a value is what the graph gives.
  package mutating func output(_ name: String, _ axes: [Axis], of element: Element = .float, _ text: String) {
    outputs.append(Self.value(name, element, axes, text))
  }

  private static func value(_ name: String, _ element: Element, _ axes: [Axis], _ text: String) -> ProtocolBuffer {
    let shape = ProtocolBuffer { shape in
      for axis in axes {
        shape.message(1) {
          switch axis {
          case .fixed(let count): $0.integer(1, count)
          case .named(let name): $0.text(2, name)
          }
        }
      }
    }
    return ProtocolBuffer { value in
      value.text(1, name)
      value.message(2) { type in
        type.message(1) { tensor in
          tensor.integer(1, element.rawValue)
          tensor.message(2, shape)
        }
      }
      value.text(3, text)
    }
  }

  /// The file's bytes; the same for the same calls. `text` describes the model, `metadata` goes with it.
  package func bytes(name: String, text: String, metadata: [String: String] = [:]) -> [UInt8] {
    let graph = ProtocolBuffer { graph in
      for node in nodes { graph.message(1, node) }
      graph.text(2, name)
      for tensor in weights { graph.message(5, tensor) }
      for input in inputs { graph.message(11, input) }
      for output in outputs { graph.message(12, output) }
    }
    return ProtocolBuffer { model in
      model.integer(1, Self.formatVersion)
      model.text(2, "perceptual")
      model.text(3, packageVersion)
      model.text(6, text)
      model.message(7, graph)
      model.message(8) { $0.integer(2, Self.operatorSet) }
      for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
        model.message(14) {
          $0.text(1, key)
          $0.text(2, value)
        }
      }
    }.bytes
  }
}
