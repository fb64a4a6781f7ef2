import Foundation
import PerceptualCore
import PerceptualFiles

/// Attributes of a transform.
public func shortTime(_ window: Int, _ hop: Int, centred: Bool = false) -> [String: JSONValue] {
  ["windowLength": .integer(window), "hop": .integer(hop), "centred": .bool(centred)]
}

/// cos(2 pi f t + phase), f in hertz, at `rate` hertz.
public func tone(_ frequency: Double, rate: Double, count: Int, phase: Double = 0) -> [Double] {
  (0..<count).map { cos(2 * Double.pi * frequency * Double($0) / rate + phase) }
}

/// Normals of the generator of that name, exact in Float.
public func noise(_ count: Int, seed: String) -> [Double] {
  var generator = SeededGenerator(name: seed)
  return Fill.normals.tensor([count], &generator).elements
}

/// 20 log10 of an amplitude.
public func decibels(_ amplitude: Double) -> Double { 20 * log10(max(amplitude, 1e-300)) }

/// Norm of the difference of `a` and `b` over that of `b`, over the given range; the first alone where `b` is 0.
public func relativeDistance(_ a: [Double], _ b: [Double], _ range: Range<Int>) -> Double {
  var difference = 0.0
  var norm = 0.0
  for i in range {
    difference += (a[i] - b[i]) * (a[i] - b[i])
    norm += b[i] * b[i]
  }
  return norm > 0 ? (difference / norm).squareRoot() : difference.squareRoot()
}

/// The number of columns of [rows, columns] that are not combinations of others: orthogonalised in turn, the longest
/// rest first, until the rest is under `threshold` times the first.
public func numericalRank(_ matrix: Tensor<Double>, threshold: Double = 1e-9) -> Int {
  let (rows, columns) = (matrix.shape[0], matrix.shape[1])
  var rest = (0..<columns).map { c in (0..<rows).map { matrix[$0, c] } }
  var rank = 0
  var first = 0.0
  while !rest.isEmpty {
    let norms = rest.map { column in column.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    guard let longest = norms.indices.max(by: { norms[$0] < norms[$1] }) else { break }
    if rank == 0 { first = norms[longest] }
    if norms[longest] <= threshold * first { break }
    let unit = rest.remove(at: longest).map { $0 / norms[longest] }
    for c in rest.indices {
      var projection = 0.0
      for r in 0..<rows { projection += rest[c][r] * unit[r] }
      for r in 0..<rows { rest[c][r] -= projection * unit[r] }
    }
    rank += 1
  }
  return rank
}

/// The moduli of a spectrum.
public func moduli(_ spectrum: Spectrum<Double>) -> Tensor<Double> {
  var result = spectrum.real
  for i in 0..<result.count {
    result[i] = (spectrum.real[i] * spectrum.real[i] + spectrum.imaginary[i] * spectrum.imaginary[i]).squareRoot()
  }
  return result
}

/// The largest difference of two lists.
public func largestDifference(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Double {
  zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// The phase of a complex number in radians.
public func angle(_ real: Double, _ imaginary: Double) -> Double { atan2(imaginary, real) }

/// The delay of `a` behind `b` at which the two are nearest, and how near, over the last 2000 samples of `a`.
public func leastDelayedDistance(_ a: [Double], _ b: [Double], delays: Range<Int>) -> (distance: Double, delay: Int) {
  var best = (distance: Double.infinity, delay: 0)
  for delay in delays {
    let range = max(delay, a.count - 2000)..<a.count
    let distance = relativeDistance(Array(a[range]), range.map { b[$0 - delay] }, 0..<range.count)
    if distance < best.distance { best = (distance, delay) }
  }
  return best
}
