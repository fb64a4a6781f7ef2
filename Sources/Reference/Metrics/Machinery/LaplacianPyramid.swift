import PerceptualCore

/// How many levels, and of which family.
struct LaplacianPyramidShape {
  let levels: Int
  let family: LaplacianPyramidFamily

  /// Whether level k has the low-pass image itself for its residual.
  func isLowPass(_ k: Int) -> Bool { family.endsInLowPass && k == levels - 1 }

  /// The weighted neighbours of level k.
  func neighbourhood(_ k: Int) -> [(down: Int, right: Int, weight: Double)] {
    LaplacianPyramid.neighbourhood(LaplacianPyramid.constants(ofLevel: k, of: levels, family: family), family: family)
  }

  func sigma(_ k: Int) -> Double {
    LaplacianPyramid.sigmas[LaplacianPyramid.constants(ofLevel: k, of: levels, family: family)]
  }
}

/// One level of an image's pyramid; all of shape [N, C, h, w].
struct LaplacianPyramidLevel<Scalar: TensorElement> {
  var residual: Tensor<Scalar>
  var denominator: Tensor<Scalar>
  var normalised: Tensor<Scalar>
}

func pyramid<Scalar>(_ image: Tensor<Scalar>, _ shape: LaplacianPyramidShape) -> [LaplacianPyramidLevel<Scalar>] {
  var result: [LaplacianPyramidLevel<Scalar>] = []
  var j = image
  for k in 0..<shape.levels {
    var residual = j
    if !shape.isLowPass(k) {
      let steps = LaplacianPyramidSteps(j.shape, shape.family)
      let smaller = steps.smaller(j)
      let enlarged = steps.enlarged(smaller)
      for i in 0..<j.count { residual[i] = j[i] - enlarged[i] }
      j = smaller
    }
    let denominator = denominator(residual, shape, k)
    var normalised = residual
    for i in 0..<residual.count { normalised[i] = residual[i] / denominator[i] }
    result.append(LaplacianPyramidLevel(residual: residual, denominator: denominator, normalised: normalised))
  }
  return result
}

/// The gradient of the image from those of its normalised levels.
func pyramidGradient<Scalar>(
  _ levels: [LaplacianPyramidLevel<Scalar>], _ shape: LaplacianPyramidShape, upstream: [Tensor<Scalar>]
) -> Tensor<Scalar> {
  var byJ = Tensor<Scalar>(shape: [0])
  for k in levels.indices.reversed() {
    let level = levels[k]
    var byDenominator = upstream[k]
    for i in 0..<byDenominator.count {
      byDenominator[i] = -upstream[k][i] * level.normalised[i] / level.denominator[i]
    }
    let byMagnitude = denominatorTransposed(byDenominator, shape, k)
    var byResidual = upstream[k]
    for i in 0..<byResidual.count {
      let residual = level.residual[i]
      let sign: Scalar = residual > 0 ? 1 : residual < 0 ? -1 : residual
      byResidual[i] = upstream[k][i] / level.denominator[i] + sign * byMagnitude[i]
    }
    if shape.isLowPass(k) {
      byJ = byResidual
      continue
    }
    let steps = LaplacianPyramidSteps(byResidual.shape, shape.family)
    var bySmaller = steps.enlargedTransposed(byResidual)
    for i in 0..<bySmaller.count { bySmaller[i] = (k == levels.count - 1 ? 0 : byJ[i]) - bySmaller[i] }
    byJ = steps.smallerTransposed(bySmaller)
    for i in 0..<byJ.count { byJ[i] += byResidual[i] }
  }
  return byJ
}

/// The linear steps of one level, each along rows and columns: halving, and enlarging with its filter.
struct LaplacianPyramidSteps {
  private let halving: PlaneMap
  private let enlarging: [PlaneMap]

  init(_ shape: [Int], _ family: LaplacianPyramidFamily) {
    let (height, width) = (shape[2], shape[3])
    halving = (.lowPass(height, step: 2, family), .lowPass(width, step: 2, family))
    switch family {
    case .hepburn, .tensorflow:
      enlarging = [
        (.bilinear(to: height, family), .bilinear(to: width, family)),
        (.lowPass(height, step: 1, family), .lowPass(width, step: 1, family)),
      ]
    case .matlab, .laparra: enlarging = [(.zeroInsertion(to: height), .zeroInsertion(to: width))]
    }
  }

  func smaller<Scalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> { mapped(x, halving) }
  func smallerTransposed<Scalar>(_ gradient: Tensor<Scalar>) -> Tensor<Scalar> { mappedTransposed(gradient, halving) }
  func enlarged<Scalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> { enlarging.reduce(x) { mapped($0, $1) } }
  func enlargedTransposed<Scalar>(_ gradient: Tensor<Scalar>) -> Tensor<Scalar> {
    enlarging.reversed().reduce(gradient) { mappedTransposed($0, $1) }
  }
}

extension AxisMap {
  /// The five taps at every `step`th position. Reflection reaches back by 2, but by 1 where a stride of 2 meets an even
  /// size; the other borders always reach back by 2.
  static func lowPass(_ size: Int, step: Int, _ family: LaplacianPyramidFamily) -> AxisMap {
    let before = family == .hepburn && step == 2 && size % 2 == 0 ? 1 : 2
    let outputs = (0..<(size + step - 1) / step).map { i in
      LaplacianPyramid.lowPass.enumerated().compactMap { a, tap -> Entry? in
        let position = step * i + a - before
        return switch family {
        case .hepburn: (reflected(position, size), tap)
        case .matlab, .laparra: (mirrored(position, size), tap)
        case .tensorflow: (0..<size).contains(position) ? (position, tap) : nil
        }
      }
    }
    return AxisMap(inputSize: size, outputs: outputs)
  }

  /// Bilinear enlarging of ceil(size / 2) values: output i lies at i (small - 1) / (size - 1) in "hepburn", at i (small
  /// / size) in "tensorflow", where what lies beyond the last value is the last value.
  static func bilinear(to size: Int, _ family: LaplacianPyramidFamily) -> AxisMap {
    let small = (size + 1) / 2
    let (numerator, denominator) = family == .hepburn ? (small - 1, size - 1) : (small, size)
    return .interpolation(small, at: (0..<size).map { $0 * numerator }, over: denominator)
  }

  /// A zero between ceil(size / 2) values whose first and last are repeated once beyond the ends, then twice the five
  /// taps.
  static func zeroInsertion(to size: Int) -> AxisMap {
    let small = (size + 1) / 2
    let outputs = (0..<size).map { i in
      LaplacianPyramid.lowPass.enumerated().compactMap { a, tap -> Entry? in
        (i + a) % 2 == 0 ? (min(max((i + a) / 2 - 1, 0), small - 1), 2 * tap) : nil
      }
    }
    return AxisMap(inputSize: small, outputs: outputs)
  }
}

/// sigma + the weighted sum of the neighbours' magnitudes.
private func denominator<Scalar>(
  _ residual: Tensor<Scalar>, _ shape: LaplacianPyramidShape, _ k: Int
) -> Tensor<Scalar> {
  var y = Tensor(repeating: Scalar(shape.sigma(k)), shape: residual.shape)
  forEachNeighbour(residual.shape, shape, k) { place, neighbour, weight in
    y[place] += weight * abs(residual[neighbour])
  }
  return y
}

/// The transpose of the neighbours' sum: the gradient of the magnitudes.
private func denominatorTransposed<Scalar>(
  _ upstream: Tensor<Scalar>, _ shape: LaplacianPyramidShape, _ k: Int
) -> Tensor<Scalar> {
  var gradient = Tensor<Scalar>(shape: upstream.shape)
  forEachNeighbour(upstream.shape, shape, k) { place, neighbour, weight in
    gradient[neighbour] += weight * upstream[place]
  }
  return gradient
}

/// Calls `body(place, neighbour, weight)` for each flat position and its neighbours': reflected ones in "hepburn", else
/// those inside the image.
@inline(__always)
private func forEachNeighbour<Scalar: TensorElement>(
  _ size: [Int], _ shape: LaplacianPyramidShape, _ k: Int, _ body: (Int, Int, Scalar) -> Void
) {
  let (height, width) = (size[2], size[3])
  for (down, right, weight) in shape.neighbourhood(k) {
    for plane in 0..<size[0] * size[1] {
      for i in 0..<height {
        for j in 0..<width {
          var (row, column) = (i + down, j + right)
          if shape.family == .hepburn { (row, column) = (reflected(row, height), reflected(column, width)) }
          if (0..<height).contains(row) && (0..<width).contains(column) {
            body((plane * height + i) * width + j, (plane * height + row) * width + column, Scalar(weight))
          }
        }
      }
    }
  }
}
