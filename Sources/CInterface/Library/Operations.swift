import Fast
import PerceptualCHeader
import PerceptualConformance
import PerceptualCore
import PerceptualFiles

private let mostAxes = 8

/// A call of an operation as C gives it, checked.
private struct Call {
  let operation: any Operation.Type
  let inputs: [String: Entry]
  let attributes: Attributes
  /// Of the outputs.
  let shapes: [String: [Int]]

  /// Throws what is wrong of it, but for the inputs' elements, which are not read.
  init(
    _ name: UnsafePointer<CChar>?, _ attributes: UnsafePointer<CChar>?, _ inputs: UnsafePointer<perceptual_input>?,
    _ count: Int
  ) throws(PerceptualError) {
    let name = try text(name, "operation")
    guard let operation = PerceptualConformance.operation(named: name) else {
      throw .usage("operation: \"\(name)\" given, \(operations.map { $0.name }.joined(separator: ", ")) are there")
    }
    self.operation = operation
    self.inputs = try Self.entries(inputs, count, "input", of: name, known: operation.inputs.map(\.name))
    self.attributes =
      try attributes.map { text throws(PerceptualError) in
        try Attributes(json: String(cString: text))
      } ?? Attributes()
    let given = CaseShapes(inputs: self.inputs.mapValues(\.shape), attributes: self.attributes)
    try operation.checkNames(given)
    try operation.validate(given)
    shapes = try operation.outputShapes(given)
    for (name, shape) in shapes {
      guard let count = checkedProduct(shape) else {
        throw .usage("\(name): shape \(shape) would result, more than memory holds")
      }
      // In both precisions, with gradients and what lies between.
      try checkMemory(count, numbersEach: 32, name)
    }
  }

  /// An array as it is given, its name and shape looked at.
  struct Entry {
    let shape: [Int]
    let input: perceptual_input
  }

  static func entries(
    _ list: UnsafePointer<perceptual_input>?, _ count: Int, _ kind: String, of operation: String, known: [String]
  ) throws(PerceptualError) -> [String: Entry] {
    guard (0...64).contains(count) else { throw .usage("\(kind)s: \(count) given, at most 64 are possible") }
    var entries: [String: Entry] = [:]
    var total = 0
    for index in 0..<count {
      let entry = try PerceptualC.given(list, "\(kind)s")[index]
      let name = try text(entry.name, "the name of \(kind) \(index)")
      guard (0...mostAxes).contains(Int(entry.rank)) else {
        throw .usage("\(kind) \(name): \(entry.rank) axes given, 0 to \(mostAxes) are possible")
      }
      let shape = try PerceptualC.shape(entry.shape, rank: Int(entry.rank), "\(kind) \(name)")
      let size = shape.reduce(1, *)
      if !known.contains(name) {
        throw .usage("\(kind) \(name): \(operation) has \(known.isEmpty ? "none" : known.joined(separator: ", "))")
      }
      if size == 0 { throw .malformed("\(kind) \(name) of shape \(shape) is empty") }
      if entries[name] != nil { throw .usage("\(kind) \(name): given twice") }
      total += size
      entries[name] = Entry(shape: shape, input: entry)
    }
    try checkMemory(total, numbersEach: 32, "\(kind)s")
    return entries
  }

  static func tensors(_ entries: [String: Entry], _ kind: String) throws(PerceptualError) -> [String: Tensor<Float>] {
    var tensors: [String: Tensor<Float>] = [:]
    for (name, entry) in entries {
      let elements = try PerceptualC.given(entry.input.elements, "\(kind) \(name)")
      let size = entry.shape.reduce(1, *)
      tensors[name] = Tensor(
        [Float](unsafeUninitializedCapacity: size) { buffer, initialized in
          if let base = buffer.baseAddress { gather(elements, entry.shape, entry.input.strides, into: base) }
          initialized = size
        }, shape: entry.shape)
    }
    return tensors
  }

  /// The shape of an output, or of a gradient.
  func shape(of result: String) throws(PerceptualError) -> [Int] {
    if let shape = shapes[result] { return shape }
    let gradients = operation.gradients.filter { inputs[$0] != nil }
    if let name = gradients.first(where: { "gradient.\($0)" == result }), let input = inputs[name] {
      return input.shape
    }
    let names = operation.outputs + gradients.map { "gradient.\($0)" }
    throw .usage("result: \"\(result)\" wanted, \(operation.name) has \(names.joined(separator: ", ")) of these inputs")
  }

  /// With its elements. Throws where one is none that the operation takes.
  func given() throws(PerceptualError) -> OperationCase<Float> {
    let given = OperationCase(inputs: try Self.tensors(inputs, "input"), attributes: attributes)
    try operation.validateElements(given)
    return given
  }

  /// Upstream gradients, with those that are not given.
  func complete(_ cotangents: [String: Tensor<Float>]) throws(PerceptualError) -> [String: Tensor<Float>] {
    for (name, tensor) in cotangents {
      guard let shape = shapes[name] else {
        throw .usage("cotangent: \"\(name)\" given, outputs are \(operation.outputs.joined(separator: ", "))")
      }
      if tensor.shape != shape {
        throw .malformed("cotangent \(name) has shape \(tensor.shape), the output has \(shape)")
      }
    }
    var all = cotangents
    for (name, shape) in shapes where cotangents[name] == nil {
      all[name] = Tensor(repeating: operation.isLoss ? 1 : 0, shape: shape)
    }
    return all
  }
}

@c @implementation
public func perceptual_operation_run(
  _ operation: UnsafePointer<CChar>!, _ attributes: UnsafePointer<CChar>!, _ inputs: UnsafePointer<perceptual_input>!,
  _ input_count: Int, _ cotangents: UnsafePointer<perceptual_input>!, _ cotangent_count: Int,
  _ outputs: UnsafePointer<perceptual_output>!, _ output_count: Int, _ threads: Int32
) -> Int32 {
  status { () throws(PerceptualError) in
    let execution = try execution(threads)
    let call = try Call(operation, attributes, inputs, input_count)
    guard (0...64).contains(output_count) else {
      throw .usage("outputs: \(output_count) given, at most 64 are possible")
    }
    var places: [(name: String, elements: UnsafeMutablePointer<Float>)] = []
    for index in 0..<output_count {
      let entry = try given(outputs, "outputs")[index]
      let name = try text(entry.name, "the name of output \(index)")
      let shape = try call.shape(of: name)
      if Int(entry.count) != shape.reduce(1, *) {
        throw .usage("output \(name): room for \(entry.count) numbers given, the result has shape \(shape)")
      }
      places.append((name, try given(entry.elements, "output \(name)")))
    }
    let upstream = try Call.tensors(
      try Call.entries(
        cotangents, cotangent_count, "cotangent", of: call.operation.name, known: call.operation.outputs), "cotangent")
    var given = try call.given()
    if places.contains(where: { $0.name.hasPrefix("gradient.") }) { given.cotangents = try call.complete(upstream) }
    if places.isEmpty { return }
    let results = try execution.run { () throws(PerceptualError) in try call.operation.fast(given) }
    for (name, elements) in places {
      let result = results.outputs[name] ?? results.gradients[String(name.dropFirst("gradient.".count))]
      try PerceptualC.given(result, "result \(name)").copy(to: elements)
    }
  }
}

@c @implementation
public func perceptual_operation_shape(
  _ operation: UnsafePointer<CChar>!, _ attributes: UnsafePointer<CChar>!, _ inputs: UnsafePointer<perceptual_input>!,
  _ input_count: Int, _ output: UnsafePointer<CChar>!, _ rank: UnsafeMutablePointer<Int32>!,
  _ shape: UnsafeMutablePointer<Int64>!
) -> Int32 {
  status { () throws(PerceptualError) in
    let call = try Call(operation, attributes, inputs, input_count)
    let found = try call.shape(of: try text(output, "output"))
    try given(rank, "rank").pointee = Int32(found.count)
    let place = try given(shape, "shape")
    for axis in found.indices { place[axis] = Int64(found[axis]) }
  }
}
