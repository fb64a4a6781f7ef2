import PerceptualCore
import Synchronization

/// The pseudo-inverse of a filter bank: [bins, mels], from the eigenvectors of the tridiagonal Gram matrix's blocks.
///
/// Filters that share no bin with their successor end a block; a block of the paper's bank has one filter or, from the
/// first two that overlap on, all the rest. Within one, one-sided Jacobi turns make the filters orthogonal, which keeps
/// small singular values accurate; those under 1e-6 of the largest are taken for 0.
final class MelPseudoInverse: Sendable {
  private let bins: Int
  private let mels: Int
  /// Row by row, in Double and of the bank before its rounding: they reach 30 000 times the filters' size, and magnify
  /// what a bank rounded to single precision errs by to 2e-5 of the largest magnitude.
  private let rows: [Double]

  private static let known = Cache<MelFilterBankOptions, MelPseudoInverse> { 8 * $0.rows.count }

  static func of(_ bank: SparseMelBank) -> MelPseudoInverse { known.value(bank.options) { MelPseudoInverse(bank) } }

  private init(_ bank: SparseMelBank) {
    let (bins, mels) = (bank.options.bins, bank.options.mels)
    // Each filter's row of weights, then its row of the turns.
    let width = bins + mels
    let columns = Lines<Double>(mels * width)
    var next = 0
    for m in 0..<mels {
      for j in 0..<bank.counts[m] { columns[m * width + bank.first[m] + j] = bank.exactWeights[next + j] }
      columns[m * width + bins + m] = 1
      next += bank.counts[m]
    }
    var rows = [Double](repeating: 0, count: bins * mels)
    while MelPseudoInverse.sweep(columns, bins: bins, mels: mels) {}
    let squares = (0..<mels).map { m in
      MelPseudoInverse.dot(columns.start + m * width, columns.start + m * width, bins)
    }
    let least = 1e-12 * (squares.max() ?? 0)
    for j in 0..<mels where squares[j] > least {
      let own = columns.start + j * width
      for k in 0..<bins where own[k] != 0 {
        let factor = own[k] / squares[j]
        for m in 0..<mels { rows[k * mels + m] += factor * own[bins + m] }
      }
    }
    self.bins = bins
    self.mels = mels
    self.rows = rows
  }

  /// Turns every pair of columns that are not orthogonal; false if there was none.
  private static func sweep(_ columns: Lines<Double>, bins: Int, mels: Int) -> Bool {
    let width = bins + mels
    var hasTurned = false
    for i in 0..<mels {
      let x = columns.start + i * width
      for j in i + 1..<max(mels, i + 1) {
        let y = columns.start + j * width
        let product = dot(x, y, bins)
        if product == 0 { continue }
        let (a, b) = (dot(x, x, bins), dot(y, y, bins))
        if product * product <= 1e-30 * a * b || a * b < 1e-60 { continue }
        hasTurned = true
        let half = (b - a) / (2 * product)
        let tangent = (half < 0 ? -1 : 1) / (abs(half) + (1 + half * half).squareRoot())
        let cosine = 1 / (1 + tangent * tangent).squareRoot()
        let sine = cosine * tangent
        for k in 0..<width {
          let (p, q) = (x[k], y[k])
          x[k] = cosine * p - sine * q
          y[k] = sine * p + cosine * q
        }
      }
    }
    return hasTurned
  }

  /// Eight sums side by side, joined in a fixed order.
  private static func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
    var sums = SIMD8<Double>()
    var k = 0
    while k + 8 <= count {
      sums +=
        UnsafeRawPointer(x + k).loadUnaligned(as: SIMD8<Double>.self)
        * UnsafeRawPointer(y + k).loadUnaligned(as: SIMD8<Double>.self)
      k += 8
    }
    var sum = sums.sum()
    while k < count {
      sum += x[k] * y[k]
      k += 1
    }
    return sum
  }

  /// max(0, rows mel), [mels, frames] to [bins, frames].
  func apply(_ mel: Tensor<Float>, _ execution: Execution) -> Tensor<Float> {
    let frames = mel.shape[1]
    return makeTensor([bins, frames]) { magnitude in
      mel.withPointer { mel in
        execution.forEachPiece(of: bins, grain: 16) { first, count in
          var sums = [Double](repeating: 0, count: frames)
          for k in first..<first + count {
            for t in 0..<frames { sums[t] = 0 }
            for m in 0..<mels {
              let weight = rows[k * mels + m]
              if weight == 0 { continue }
              let row = mel + m * frames
              for t in 0..<frames { sums[t] += weight * Double(row[t]) }
            }
            for t in 0..<frames { magnitude[k * frames + t] = Float(sums[t] < 0 ? 0 : sums[t]) }
          }
        }
      }
    }
  }
}
