import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import Reference
import Testing

/// An ONNX model read back, and computed in Double by Reference.
struct ONNXGraph {
  struct Node {
    let operation: String
    let inputs: [String]
    let output: String
    let attributes: [String: ProtocolBufferFields]

    func integers(_ name: String) throws -> [Int] { try #require(attributes[name]).integers(8) }
    func integer(_ name: String) throws -> Int { try #require(try attributes[name]?.integers(3).first) }
    func number(_ name: String) throws -> Float { try #require(attributes[name]?.float(2)) }
    func text(_ name: String) throws -> String { try #require(attributes[name]?.texts(4).first) }
  }

  /// An input or an output.
  struct Port: Equatable {
    let name: String
    /// 1 is float, 7 int64.
    let element: Int
    let axes: [String]
  }

  let formatVersion: Int?
  let producer: [String]
  let operatorSets: [Int]
  let metadata: [String: String]
  let nodes: [Node]
  let weights: [String: Tensor<Float>]
  let integers: [String: [Int]]
  let inputs: [Port]
  let outputs: [Port]
  let descriptions: [String]

  init(_ bytes: [UInt8]) throws {
    let model = try ProtocolBufferFields(bytes)
    formatVersion = try model.integers(1).first
    producer = model.texts(2) + model.texts(3)
    operatorSets = try model.messages(8).flatMap { try $0.integers(2) }
    metadata = Dictionary(
      uniqueKeysWithValues: try model.messages(14).map { ($0.texts(1).first ?? "", $0.texts(2).first ?? "") })
    let graph = try model.message(7)
    nodes = try graph.messages(1).map { node in
      let attributes = try node.messages(5).map { ($0.texts(1).first ?? "", $0) }
      return Node(
        operation: try #require(node.texts(4).first), inputs: node.texts(1), output: try #require(node.texts(2).first),
        attributes: Dictionary(uniqueKeysWithValues: attributes))
    }
    var (weights, integers) = ([String: Tensor<Float>](), [String: [Int]]())
    for tensor in try graph.messages(5) {
      let (name, raw) = (try #require(tensor.texts(8).first), try #require(tensor.data(9).first))
      let isFloat = try tensor.integers(2) == [1]
      if isFloat {
        let elements = raw.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        weights[name] = Tensor(elements, shape: try tensor.integers(1))
      } else {
        #expect(try tensor.integers(2) == [7])
        integers[name] = raw.withUnsafeBytes { $0.bindMemory(to: Int64.self).map { Int($0) } }
      }
    }
    (self.weights, self.integers) = (weights, integers)
    func ports(_ field: Int) throws -> [Port] {
      try graph.messages(field).map { value in
        let tensor = try value.message(2).message(1)
        let axes = try tensor.message(2).messages(1).map { axis in
          try axis.integers(1).first.map { "\($0)" } ?? axis.texts(2).first ?? ""
        }
        return Port(
          name: try #require(value.texts(1).first), element: try #require(try tensor.integers(1).first), axes: axes)
      }
    }
    inputs = try ports(11)
    outputs = try ports(12)
    descriptions = model.texts(6) + (try graph.messages(11) + graph.messages(12)).flatMap { $0.texts(3) }
  }

  /// The values of the outputs for those of the inputs, by name.
  func callAsFunction(_ given: [String: Tensor<Double>]) throws -> [String: Tensor<Double>] {
    var values = given
    for (name, tensor) in weights { values[name] = tensor.converted() }
    for node in nodes {
      let inputs = node.inputs.map { values[$0] ?? Tensor<Double>(shape: [0]) }
      for name in node.inputs where !name.isEmpty { #expect(values[name] != nil || integers[name] != nil, "\(name)") }
      #expect(values.updateValue(try result(of: node, inputs), forKey: node.output) == nil)
    }
    return Dictionary(uniqueKeysWithValues: try outputs.map { ($0.name, try #require(values[$0.name])) })
  }

  private func result(of node: Node, _ inputs: [Tensor<Double>]) throws -> Tensor<Double> {
    let x = inputs[0]
    switch node.operation {
    case "Conv", "ConvTranspose":
      #expect(try node.integers("kernel_shape") == Array(inputs[1].shape[2...]))
      let (pads, strides) = (try node.integers("pads"), try node.integers("strides"))
      #expect(Array(pads[..<2]) == Array(pads[2...]))
      var geometry = ConvolutionGeometry(
        stride: Extent(height: strides[0], width: strides[1]), padding: Extent(height: pads[0], width: pads[1]))
      if node.operation == "Conv" {
        return Reference.convolution2D(x, weight: inputs[1], bias: inputs[2], geometry: geometry)
      }
      let further = try node.integers("output_padding")
      geometry.outputPadding = Extent(height: further[0], width: further[1])
      return Reference.transposedConvolution2D(x, weight: inputs[1], bias: inputs[2], geometry: geometry)
    case "BatchNormalization":
      return Reference.batchNormalization(
        x, gamma: inputs[1], beta: inputs[2], runningMean: inputs[3], runningVariance: inputs[4],
        epsilon: Double(try node.number("epsilon")), training: false
      ).y
    case "LeakyRelu": return Reference.leakyReLU(x, slope: Double(try node.number("alpha")))
    case "Tanh": return Reference.tanh(x)
    case "Sigmoid": return Reference.sigmoid(x)
    case "Resize":
      #expect(inputs[2].elements == [1, 1, 2, 2])
      let way = [try node.text("mode"), try node.text("coordinate_transformation_mode")]
      if way == ["linear", "half_pixel"] { return Reference.bilinearUpsampling(x, factor: 2) }
      #expect(way == ["nearest", "asymmetric"])
      #expect(try node.text("nearest_mode") == "floor")
      return Reference.nearestUpsampling(x, factor: 2)
    case "Unsqueeze":
      #expect(integers[node.inputs[1]] == [-1])
      return x.reshaped(x.shape + [1])
    case "Squeeze":
      #expect(integers[node.inputs[1]] == [-1] && x.shape.last == 1)
      return x.reshaped(Array(x.shape.dropLast()))
    case "Mul": return broadcast(x, inputs[1]) { $0 * $1 }
    case "Add": return broadcast(x, inputs[1]) { $0 + $1 }
    case "Greater": return broadcast(x, inputs[1]) { $0 > $1 ? 1 : 0 }
    case "Cast":
      #expect(try node.integer("to") == 7)
      return x
    case "Softmax":
      #expect(try node.integer("axis") == -1)
      return rows(x) { row in
        let greatest = row.max() ?? 0
        let powers = row.map { exp($0 - greatest) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
      }
    case "ReduceSum":
      #expect(integers[node.inputs[1]] == [-1])
      #expect(try node.integer("keepdims") == 0)
      let sums = rows(x) { [$0.reduce(0, +)] }
      return sums.reshaped(Array(sums.shape.dropLast()))
    case "MatMul":
      #expect(inputs[1].shape == [x.shape.last, 1])
      return rows(x) { row in [zip(row, inputs[1].elements).reduce(0) { $0 + $1.0 * $1.1 }] }
    case "Gather": return inputs[1].map { x[Int($0)] }
    default:
      Issue.record("\(node.operation) is none of the operators expected")
      return x
    }
  }

  /// Along the last axis, which x has L of, or 1.
  private func broadcast(
    _ x: Tensor<Double>, _ list: Tensor<Double>, _ operation: (Double, Double) -> Double
  ) -> Tensor<Double> {
    rows(x) { row in list.elements.indices.map { operation(row.count == 1 ? row[0] : row[$0], list[$0]) } }
  }

  private func rows(_ x: Tensor<Double>, _ body: ([Double]) -> [Double]) -> Tensor<Double> {
    let length = x.shape.last ?? 1
    let rows = stride(from: 0, to: x.count, by: length).map { body(Array(x.elements[$0..<$0 + length])) }
    return Tensor(rows.flatMap { $0 }, shape: Array(x.shape.dropLast()) + [rows.first?.count ?? 0])
  }
}
