// Positions lie in the lanes, so that nothing is summed across them: a position's result does not depend on its
// neighbours.

/// A vector, or the first lanes of one.
@inline(__always)
private func take(_ pointer: UnsafePointer<Float>, _ lanes: Int) -> Vector {
  lanes == Vector.scalarCount ? load(pointer) : load(pointer, count: lanes)
}

@inline(__always)
private func put(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>, _ lanes: Int) {
  if lanes == Vector.scalarCount { store(vector, pointer) } else { store(vector, pointer, count: lanes) }
}

extension Kernels {
  public static func pixelNormalization(
    _ x: UnsafePointer<Float>, channels: Int, stride: Int, epsilon: Float, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    var i = 0
    while i < count {
      let lanes = min(Vector.scalarCount, count &- i)
      let inverse = inverseNorm(x + i, channels, stride, epsilon, lanes)
      var c = 0
      while c < channels {
        put(take(x + c &* stride + i, lanes) * inverse, y + c &* stride + i, lanes)
        c &+= 1
      }
      i &+= lanes
    }
  }

  public static func pixelNormalizationGradient(
    _ x: UnsafePointer<Float>, channels: Int, stride: Int, epsilon: Float, upstream: UnsafePointer<Float>,
    _ gradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    var i = 0
    while i < count {
      let lanes = min(Vector.scalarCount, count &- i)
      let inverse = inverseNorm(x + i, channels, stride, epsilon, lanes)
      var products = Vector.zero
      var c = 0
      while c < channels {
        products = multiplyAdd(products, take(x + c &* stride + i, lanes), take(upstream + c &* stride + i, lanes))
        c &+= 1
      }
      let share = products * (1 / Float(channels)) * inverse * inverse
      c = 0
      while c < channels {
        let difference = take(upstream + c &* stride + i, lanes) - take(x + c &* stride + i, lanes) * share
        put(difference * inverse, gradient + c &* stride + i, lanes)
        c &+= 1
      }
      i &+= lanes
    }
  }

  /// 1 / sqrt(mean of squares + epsilon).
  @inline(__always)
  private static func inverseNorm(
    _ x: UnsafePointer<Float>, _ channels: Int, _ stride: Int, _ epsilon: Float, _ lanes: Int
  ) -> Vector {
    var squares = Vector.zero
    var c = 0
    while c < channels {
      let value = take(x + c &* stride, lanes)
      squares = multiplyAdd(squares, value, value)
      c &+= 1
    }
    return 1 / squareRoots(squares * (1 / Float(channels)) + epsilon)
  }

  public static func logSums(
    _ logits: UnsafePointer<Float>, levels: Int, stride: Int, greatest: UnsafeMutablePointer<Float>,
    _ logarithms: UnsafeMutablePointer<Float>, count: Int
  ) {
    var i = 0
    while i < count {
      let lanes = min(Vector.scalarCount, count &- i)
      var most = take(logits + i, lanes)
      var k = 1
      while k < levels {
        let value = take(logits + k &* stride + i, lanes)
        most = value.replacing(with: most, where: most .> value)
        k &+= 1
      }
      var sum = Vector.zero
      k = 0
      while k < levels {
        sum += exponential(take(logits + k &* stride + i, lanes) - most)
        k &+= 1
      }
      put(most, greatest + i, lanes)
      put(logarithm(sum), logarithms + i, lanes)
      i &+= lanes
    }
  }

  public static func scaledSoftmax(
    _ logits: UnsafePointer<Float>, levels: Int, stride: Int, greatest: UnsafePointer<Float>,
    logarithms: UnsafePointer<Float>, scale: Float, _ gradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    var i = 0
    while i < count {
      let lanes = min(Vector.scalarCount, count &- i)
      let most = take(greatest + i, lanes)
      let offset = take(logarithms + i, lanes)
      var k = 0
      while k < levels {
        let value = take(logits + k &* stride + i, lanes)
        put(exponential(value - most - offset) * scale, gradient + k &* stride + i, lanes)
        k &+= 1
      }
      i &+= lanes
    }
  }
}
