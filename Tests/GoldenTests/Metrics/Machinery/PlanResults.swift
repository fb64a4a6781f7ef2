import Fast
import PerceptualCore

extension ImageLossPlan {
  /// Compares so many zeros with themselves, into room for so many values.
  func compareZeros(_ count: Int, values: Int) {
    let image = [Float](repeating: 0, count: count)
    var results = [Float](repeating: 0, count: values)
    image.withUnsafeBufferPointer { image in
      results.withUnsafeMutableBufferPointer { evaluate(prediction: image, target: image, values: $0) }
    }
  }
}

/// The bits that a plan writes, its buffers NaN before.
struct PlanResults: Equatable {
  let values: [UInt32]
  /// Asked for without a gradient.
  let onlyValues: [UInt32]
  let gradient: [UInt32]

  init(_ both: (value: Tensor<Float>, gradient: Tensor<Float>)) {
    values = both.value.elements.map(\.bitPattern)
    onlyValues = values
    gradient = both.gradient.elements.map(\.bitPattern)
  }

  init(_ plan: some ImageLossPlan, _ x: Tensor<Float>, _ y: Tensor<Float>, upstream: Tensor<Float>) {
    var values = [Float](repeating: .nan, count: plan.valueCount)
    var onlyValues = values
    var gradient = [Float](repeating: .nan, count: x.count)
    x.elements.withUnsafeBufferPointer { x in
      y.elements.withUnsafeBufferPointer { y in
        upstream.elements.withUnsafeBufferPointer { upstream in
          values.withUnsafeMutableBufferPointer { values in
            gradient.withUnsafeMutableBufferPointer { gradient in
              plan.evaluate(prediction: x, target: y, upstream: upstream, values: values, gradient: gradient)
            }
          }
        }
        onlyValues.withUnsafeMutableBufferPointer { plan.evaluate(prediction: x, target: y, values: $0) }
      }
    }
    self.values = values.map(\.bitPattern)
    self.onlyValues = onlyValues.map(\.bitPattern)
    self.gradient = gradient.map(\.bitPattern)
  }
}
