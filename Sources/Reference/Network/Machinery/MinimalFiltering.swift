import PerceptualCore

/// Minimal filtering F(3x3, 2x2): 3x3 outputs y[i][j] = sum over k, l in 0...1 of g[k][l] d[i + k][j + l] of a tile d
/// of 4x4 from 16 products where the sum has 36,
///
///     y = A^T [ (G g G^T) (B^T d B) ] A                      (the inner product element by element)
///
///           1  1  1  0           1    0            1  0 -1  0
///     A^T = 0  1 -1  0     G =  1/2  1/2    B^T =  0  1  1  0
///           0  1  1  1          1/2 -1/2           0 -1  1  0
///                                0    1            0 -1  0  1
///
/// A 4x4 convolution of stride 2 relates a coarse image and a fine one, weight [coarse channels, fine channels, 4, 4]:
/// fine row = 2 coarse row - padding + kernel row. Split by the parity of the kernel's rows and columns it is four
/// convolutions of 2x2 filters and stride 1 over the fine image's four phases, and so is its transpose, for the fine
/// image's four parities.
///
/// With `magnitudes` every operand and every coefficient is replaced by its magnitude: times gamma_n, n the longest
/// chain of roundings, that bounds the error of the filtering in floating point, as the sum of |x||w| does for the
/// direct sum.
///
/// With `precision` bf16 both factors of each product, the transformed tile and the transformed filter or upstream
/// gradient, are rounded to it.
///
/// Source: Winograd 1980; Lavin and Gray 2016; the points are 0, 1, -1 and infinity.
public struct MinimalFiltering: Sendable {
  public let padding: Extent
  public let magnitudes: Bool
  public let precision: ProductPrecision

  public init(padding: Extent, magnitudes: Bool = false, precision: ProductPrecision = .fp32) {
    self.padding = padding
    self.magnitudes = magnitudes
    self.precision = precision
  }

  private static let inputs = [[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]
  private static let filters = [[1.0, 0], [0.5, 0.5], [0.5, -0.5], [0, 1]]
  private static let outputs = [[1.0, 1, 1, 0], [0, 1, -1, 0], [0, 1, 1, 1]]
  private static let tile = 3

  /// M x M^T.
  private func transform(_ x: [[Double]], _ matrix: [[Double]]) -> [[Double]] {
    var m = matrix
    if magnitudes { m = matrix.map { row in row.map { abs($0) } } }
    return product(product(m, x), transposed(m))
  }

  /// A transformed array as the products take it.
  private func factor(_ x: [[Double]]) -> [[Double]] {
    precision == .bf16 ? x.map { row in row.map { bfloat16($0) } } : x
  }

  private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    var result = [[Double]](repeating: [Double](repeating: 0, count: b[0].count), count: a.count)
    for i in a.indices {
      for j in b[0].indices {
        for k in b.indices { result[i][j] += a[i][k] * b[k][j] }
      }
    }
    return result
  }

  private func transposed(_ matrix: [[Double]]) -> [[Double]] {
    matrix[0].indices.map { j in matrix.map { $0[j] } }
  }

  /// An element of an image, 0 beyond its border.
  private func element(_ x: Tensor<Double>, _ n: Int, _ c: Int, _ row: Int, _ column: Int) -> Double {
    let isInside = row >= 0 && row < x.shape[2] && column >= 0 && column < x.shape[3]
    let value = isInside ? x[n, c, row, column] : 0
    return magnitudes ? abs(value) : value
  }

  /// G g G^T of every pair of channels, [coarse][fine].
  private func filters(_ weight: Tensor<Double>, _ at: (Int, Int) -> (Int, Int)) -> [[[[Double]]]] {
    (0..<weight.shape[0]).map { o in
      (0..<weight.shape[1]).map { c in
        var g = [[0.0, 0.0], [0.0, 0.0]]
        for k in 0..<2 {
          for l in 0..<2 {
            let (row, column) = at(k, l)
            g[k][l] = magnitudes ? abs(weight[o, c, row, column]) : weight[o, c, row, column]
          }
        }
        return factor(transform(g, Self.filters))
      }
    }
  }

  /// sums += a b, element by element.
  private func add(_ a: [[Double]], _ b: [[Double]], to sums: inout [[Double]]) {
    for i in 0..<4 {
      for j in 0..<4 { sums[i][j] += a[i][j] * b[i][j] }
    }
  }

  private let zeros = [[Double]](repeating: [0, 0, 0, 0], count: 4)

  /// The four-by-four tiles of a fine image's phase (p, q), B^T d B.
  private func fineTile(_ fine: Tensor<Double>, _ n: Int, _ c: Int, _ p: Int, _ q: Int, _ a: Int, _ b: Int)
    -> [[Double]]
  {
    let d = (0..<4).map { i in
      (0..<4).map { j in
        element(fine, n, c, 2 * (Self.tile * a + i) + p - padding.height, 2 * (Self.tile * b + j) + q - padding.width)
      }
    }
    return factor(transform(d, Self.inputs))
  }

  /// Fine to coarse: the convolution, [N, fine channels, ...] to [N, coarse channels, height, width].
  public func analysis(_ fine: Tensor<Double>, weight: Tensor<Double>, height: Int, width: Int) -> Tensor<Double> {
    var y = Tensor<Double>(shape: [fine.shape[0], weight.shape[0], height, width])
    let filters = (0..<4).map { phase in self.filters(weight) { (2 * $0 + phase / 2, 2 * $1 + phase % 2) } }
    for n in 0..<y.shape[0] {
      for a in 0..<(height + Self.tile - 1) / Self.tile {
        for b in 0..<(width + Self.tile - 1) / Self.tile {
          var sums = [[[Double]]](repeating: zeros, count: weight.shape[0])
          for c in 0..<weight.shape[1] {
            for p in 0..<2 {
              for q in 0..<2 {
                let d = fineTile(fine, n, c, p, q, a, b)
                for o in sums.indices { add(filters[2 * p + q][o][c], d, to: &sums[o]) }
              }
            }
          }
          for o in sums.indices {
            let outputs = transform(sums[o], Self.outputs)
            for i in 0..<min(Self.tile, height - Self.tile * a) {
              for j in 0..<min(Self.tile, width - Self.tile * b) {
                y[n, o, Self.tile * a + i, Self.tile * b + j] = outputs[i][j]
              }
            }
          }
        }
      }
    }
    return y
  }

  /// Coarse to fine: the transposed convolution, [N, coarse channels, ...] to [N, fine channels, height, width].
  public func synthesis(_ coarse: Tensor<Double>, weight: Tensor<Double>, height: Int, width: Int) -> Tensor<Double> {
    var y = Tensor<Double>(shape: [coarse.shape[0], weight.shape[1], height, width])
    let span = 2 * Self.tile
    // The later output meets the earlier row of the kernel.
    let filters = (0..<4).map { parity in
      self.filters(weight) { (2 * (1 - $0) + parity / 2, 2 * (1 - $1) + parity % 2) }
    }
    for n in 0..<y.shape[0] {
      for a in 0..<(height + padding.height + span - 1) / span {
        for b in 0..<(width + padding.width + span - 1) / span {
          let tiles = (0..<coarse.shape[1]).map { o in
            factor(
              transform(
                (0..<4).map { i in
                  (0..<4).map { j in element(coarse, n, o, Self.tile * a - 1 + i, Self.tile * b - 1 + j) }
                }, Self.inputs))
          }
          for c in 0..<weight.shape[1] {
            for p in 0..<2 {
              for q in 0..<2 {
                var sums = zeros
                for o in tiles.indices { add(filters[2 * p + q][o][c], tiles[o], to: &sums) }
                let outputs = transform(sums, Self.outputs)
                for i in 0..<Self.tile {
                  for j in 0..<Self.tile {
                    let row = span * a + 2 * i + p - padding.height
                    let column = span * b + 2 * j + q - padding.width
                    if row >= 0 && row < height && column >= 0 && column < width {
                      y[n, c, row, column] = outputs[i][j]
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return y
  }

  /// The weight's gradient for the two images that the convolution relates, one of them an upstream gradient:
  /// G^T [ (B^T d B) (A e A^T) ] G, summed over all tiles d of the fine image and e of the coarse one.
  public func weightGradient(fine: Tensor<Double>, coarse: Tensor<Double>) -> Tensor<Double> {
    let (height, width) = (coarse.shape[2], coarse.shape[3])
    var gradient = Tensor<Double>(shape: [coarse.shape[1], fine.shape[1], 4, 4])
    let expanded = (0..<coarse.shape[0]).map { n in
      (0..<coarse.shape[1]).map { o in
        (0..<(height + Self.tile - 1) / Self.tile).map { a in
          (0..<(width + Self.tile - 1) / Self.tile).map { b in
            let e = (0..<Self.tile).map { i in
              (0..<Self.tile).map { j in element(coarse, n, o, Self.tile * a + i, Self.tile * b + j) }
            }
            return factor(transform(e, transposed(Self.outputs)))
          }
        }
      }
    }
    for c in 0..<fine.shape[1] {
      for p in 0..<2 {
        for q in 0..<2 {
          var sums = [[[Double]]](repeating: zeros, count: coarse.shape[1])
          for n in 0..<fine.shape[0] {
            for a in 0..<(height + Self.tile - 1) / Self.tile {
              for b in 0..<(width + Self.tile - 1) / Self.tile {
                let d = fineTile(fine, n, c, p, q, a, b)
                for o in sums.indices { add(expanded[n][o][a][b], d, to: &sums[o]) }
              }
            }
          }
          for o in sums.indices {
            let g = transform(sums[o], transposed(Self.filters))
            for k in 0..<2 {
              for l in 0..<2 { gradient[o, c, 2 * k + p, 2 * l + q] = g[k][l] }
            }
          }
        }
      }
    }
    return gradient
  }
}
