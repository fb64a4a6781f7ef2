import Foundation
import PerceptualCore

/// How a value is made of mean squares, in memory of the caller's.
struct LaplacianPyramidPool {
  /// A norm of the roots, or their mean.
  let isNorm: Bool

  init(_ family: LaplacianPyramidFamily) { isNorm = family == .hepburn }

  private var exponent: Double { LaplacianPyramid.levelExponent }

  /// (sum of r^0.6)^(1 / 0.6), or the mean of r, r being the roots of the mean squares.
  func value(_ squares: UnsafePointer<Double>, count: Int) -> Double {
    let sum = sum(squares, count)
    return isNorm ? pow(sum, 1 / exponent) : sum / Double(count)
  }

  /// Upstream times the derivatives of the value by the mean squares, in their place; by one that is 0, it is 0.
  func takeSlopes(_ squares: UnsafeMutablePointer<Double>, count: Int, upstream: Double) {
    let byNorm = isNorm ? pow(sum(squares, count), 1 / exponent - 1) : 0
    for k in 0..<count {
      let root = squares[k].squareRoot()
      if root == 0 || upstream == 0 {
        squares[k] = 0
      } else {
        let byRoot = isNorm ? byNorm * pow(root, exponent - 1) : 1 / Double(count)
        squares[k] = upstream * byRoot / (2 * root)
      }
    }
  }

  private func sum(_ squares: UnsafePointer<Double>, _ count: Int) -> Double {
    var sum = 0.0
    for k in 0..<count {
      let root = squares[k].squareRoot()
      sum += isNorm ? pow(root, exponent) : root
    }
    return sum
  }
}
