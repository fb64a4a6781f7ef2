import Fast
import PerceptualCHeader
import PerceptualConformance
import PerceptualCore

/// What `perceptual_plan` is.
private final class Plan {
  let plan: any ImageLossPlan

  init(_ plan: any ImageLossPlan) { self.plan = plan }

  /// The operations that C calls by shorter names.
  static let operations = [
    "mse": "meanSquaredError", "ssim": "structuralSimilarity", "ms-ssim": "multiScaleStructuralSimilarity",
    "nlpd": "normalizedLaplacianPyramidDistance",
  ]
}

/// Attributes in JSON, those of a preset first.
private func attributes(
  _ json: UnsafePointer<CChar>?, of operation: any Operation.Type
) throws(PerceptualError) -> Attributes {
  guard let json else { return Attributes() }
  let given = try Attributes(json: String(cString: json))
  guard let name = given["preset"] else { return given }
  guard let preset = operation.presets.first(where: { $0.name == name.string }) else {
    let names = operation.presets.map { $0.name }
    throw .usage(
      "preset: \(name.text) given, \(names.isEmpty ? "there are none" : names.joined(separator: ", ") + " are there")")
  }
  return Attributes(preset.attributes.merging(given.members.filter { $0.key != "preset" }) { $1 })
}

@c @implementation
public func perceptual_plan_make(
  _ loss: UnsafePointer<CChar>!, _ options: UnsafePointer<CChar>!, _ shape: UnsafePointer<Int64>!, _ threads: Int32,
  _ plan: UnsafeMutablePointer<OpaquePointer?>!
) -> Int32 {
  status { () throws(PerceptualError) in
    let place = try given(plan, "plan")
    let name = try text(loss, "loss")
    guard let operation = Plan.operations[name].flatMap({ operation(named: $0) }) else {
      throw .usage("loss: \"\(name)\" given, \(Plan.operations.keys.sorted().joined(separator: ", ")) are there")
    }
    let attributes = try attributes(options, of: operation)
    try operation.checkNames(attributes)
    let shape = try PerceptualC.shape(shape, rank: 4, "images")
    let execution = try execution(threads)
    // Of each thread: two pyramids, maps and their gradients, of all channels.
    let each = shape[1] * shape[2] * shape[3]
    try checkMemory(each * min(execution.threads, max(1, shape[0])), numbersEach: 64, "images")
    let made = try execution.run { () throws(PerceptualError) in
      try operation.plan(attributes, shape: shape)
    }
    place.pointee = handle(Plan(try given(made, "plan of \(name)")))
  }
}

@c @implementation
public func perceptual_plan_free(_ plan: OpaquePointer!) { release(plan, Plan.self) }

@c @implementation
public func perceptual_plan_value_count(_ plan: OpaquePointer!) -> Int64 {
  (try? object(plan, Plan.self, "plan")).map { Int64($0.plan.valueCount) } ?? 0
}

@c @implementation
public func perceptual_plan_evaluate(
  _ plan: OpaquePointer!, _ prediction: UnsafePointer<Float>!, _ prediction_strides: UnsafePointer<Int64>!,
  _ target: UnsafePointer<Float>!, _ target_strides: UnsafePointer<Int64>!, _ upstream: UnsafePointer<Float>!,
  _ values: UnsafeMutablePointer<Float>!, _ prediction_gradient: UnsafeMutablePointer<Float>!,
  _ target_gradient: UnsafeMutablePointer<Float>!
) -> Int32 {
  status { () throws(PerceptualError) in
    let plan = try object(plan, Plan.self, "plan").plan
    let prediction = try given(prediction, "prediction")
    let target = try given(target, "target")
    withRows(prediction, plan.shape, prediction_strides) { x in
      withRows(target, plan.shape, target_strides) { y in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * plan.valueCount) { room in
          guard let room = room.baseAddress else { return }
          let own = room + plan.valueCount
          own.initialize(repeating: 1, count: plan.valueCount)
          let upstream = upstream ?? UnsafePointer(own)
          if let gradient = prediction_gradient {
            plan.run(x, y, upstream: upstream, values: values ?? room, gradient: gradient)
          } else if let values {
            plan.run(x, y, upstream: nil, values: values, gradient: nil)
          }
          // The losses are symmetric; the values, whose rounding may not be, are those of the run above.
          if let gradient = target_gradient {
            plan.run(y, x, upstream: upstream, values: room, gradient: gradient)
          }
        }
      }
    }
  }
}

/// The elements row by row without gaps, where they lie or in memory of their own.
private func withRows(
  _ elements: UnsafePointer<Float>, _ shape: [Int], _ strides: UnsafePointer<Int64>?,
  _ body: (UnsafePointer<Float>) -> Void
) {
  if isContiguous(shape, strides) { return body(elements) }
  let rows = UnsafeMutablePointer<Float>.allocate(capacity: shape.reduce(1, *))
  defer { rows.deallocate() }
  gather(elements, shape, strides, into: rows)
  body(rows)
}
