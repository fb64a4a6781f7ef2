import PerceptualCore

/// A linear map along one axis of an image: output i is the sum of weight x input over the entries of `outputs[i]`.
///
/// Padding, pooling, filtering and enlarging are such maps, along rows and columns alike; written as lists, each is its
/// definition, and its transpose is a change of the loop's target.
struct AxisMap {
  typealias Entry = (position: Int, weight: Double)
  let inputSize: Int
  let outputs: [[Entry]]

  var outputSize: Int { outputs.count }

  /// Reflection by `radius` on both sides, the edge not repeated.
  static func reflection(_ size: Int, radius: Int) -> AxisMap {
    AxisMap(inputSize: size, outputs: (-radius..<size + radius).map { [(reflected($0, size), 1)] })
  }

  /// Linear interpolation between the neighbours of each position numerator / denominator, the ends repeated beyond
  /// themselves. A neighbour of weight 0 is left out.
  static func interpolation(_ size: Int, at numerators: [Int], over denominator: Int) -> AxisMap {
    let outputs = numerators.map { numerator -> [Entry] in
      // Integer division keeps the position exact.
      let (position, rest) = min(max(numerator, 0), (size - 1) * denominator)
        .quotientAndRemainder(dividingBy: denominator)
      let shares = (Double(denominator - rest) / Double(denominator), Double(rest) / Double(denominator))
      return rest == 0 ? [(position, 1)] : [(position, shares.0), (position + 1, shares.1)]
    }
    return AxisMap(inputSize: size, outputs: outputs)
  }
}

/// The position inside 0 ..< size that reflection puts at `i`, the edge not repeated.
func reflected(_ i: Int, _ size: Int) -> Int { i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i }

/// The position inside 0 ..< size that a mirror at the edges puts at `i`, the edge repeated, as often as it takes.
func mirrored(_ i: Int, _ size: Int) -> Int {
  let place = ((i % (2 * size)) + 2 * size) % (2 * size)
  return place < size ? place : 2 * size - 1 - place
}

/// Maps along the rows' and along the columns' axis of images.
typealias PlaneMap = (rows: AxisMap, columns: AxisMap)

/// y[n, c, i, j] = sum over the rows of i of weight times sum over the columns of j of weight x[n, c, row, column].
func mapped<Scalar>(_ x: Tensor<Scalar>, _ map: PlaneMap) -> Tensor<Scalar> {
  let (rows, columns) = map
  let planes = x.shape[0] * x.shape[1]
  let (width, newWidth) = (columns.inputSize, columns.outputSize)
  var across = [Scalar](repeating: 0, count: planes * rows.inputSize * newWidth)
  for row in 0..<planes * rows.inputSize {
    for j in 0..<newWidth {
      for column in columns.outputs[j] {
        across[row * newWidth + j] += Scalar(column.weight) * x.elements[row * width + column.position]
      }
    }
  }
  var y = Tensor<Scalar>(shape: [x.shape[0], x.shape[1], rows.outputSize, newWidth])
  for plane in 0..<planes {
    for i in 0..<rows.outputSize {
      for row in rows.outputs[i] {
        let (to, from) = (plane * rows.outputSize + i, plane * rows.inputSize + row.position)
        let weight = Scalar(row.weight)
        for j in 0..<newWidth { y.elements[to * newWidth + j] += weight * across[from * newWidth + j] }
      }
    }
  }
  return y
}

/// The transpose of ``mapped(_:_:)``: the gradient of its input.
func mappedTransposed<Scalar>(_ upstream: Tensor<Scalar>, _ map: PlaneMap) -> Tensor<Scalar> {
  let (rows, columns) = map
  let planes = upstream.shape[0] * upstream.shape[1]
  let (width, newWidth) = (columns.inputSize, columns.outputSize)
  var across = [Scalar](repeating: 0, count: planes * rows.inputSize * newWidth)
  for plane in 0..<planes {
    for i in 0..<rows.outputSize {
      for row in rows.outputs[i] {
        let (to, from) = (plane * rows.outputSize + i, plane * rows.inputSize + row.position)
        let weight = Scalar(row.weight)
        for j in 0..<newWidth { across[from * newWidth + j] += weight * upstream.elements[to * newWidth + j] }
      }
    }
  }
  var gradient = Tensor<Scalar>(shape: [upstream.shape[0], upstream.shape[1], rows.inputSize, width])
  for row in 0..<planes * rows.inputSize {
    for j in 0..<newWidth {
      for column in columns.outputs[j] {
        gradient.elements[row * width + column.position] += Scalar(column.weight) * across[row * newWidth + j]
      }
    }
  }
  return gradient
}
