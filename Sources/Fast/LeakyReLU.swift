import PerceptualCore

/// LeakyReLU: y = x where x > 0, else slope x.
///
/// Shape: any, kept. Accuracy: equal to the rounded formula. NaN stays NaN. Source: Maas et al. 2013.
public func leakyReLU(_ x: Tensor<Float>, slope: Double = 0.01) -> Tensor<Float> {
  let execution = Execution.current
  let count = x.count
  return makeTensor(x.shape) { y in
    x.withPointer { x in
      execution.forEachPiece(of: count) { offset, length in
        execution.kernels.leakyReLU(x + offset, slope: Float(slope), y + offset, count: length)
      }
    }
  }
}

/// The gradient of ``leakyReLU(_:slope:)``: upstream where x > 0, else slope upstream; at 0 the slope.
public func leakyReLUGradient(
  _ x: Tensor<Float>, upstream: Tensor<Float>, slope: Double = 0.01
) -> Tensor<Float> {
  require(upstream.shape == x.shape, "upstream: shape \(upstream.shape), x has \(x.shape)")
  let execution = Execution.current
  let count = x.count
  return makeTensor(x.shape) { gradient in
    x.withPointer { x in
      upstream.withPointer { upstream in
        execution.forEachPiece(of: count) { offset, length in
          execution.kernels.leakyReLUGradient(
            x + offset, upstream: upstream + offset, slope: Float(slope), gradient + offset, count: length)
        }
      }
    }
  }
}
