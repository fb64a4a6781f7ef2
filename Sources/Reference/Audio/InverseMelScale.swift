import PerceptualCore

/// The magnitudes behind mel values: for each frame the x >= 0 of least || mel - w^T x ||, w the filter bank.
///
/// The active-set method of Lawson and Hanson: x starts at 0; the bin along which the residual falls fastest becomes
/// free; the free bins take their least-squares values, or as much of the way there as keeps them positive, and those
/// that reach 0 are no longer free; until along no bin the residual falls by more than 16 epsilon |w| |mel|. Bins that
/// no filter reads, or only with a weight of that order (rounding leaves 1e-16 at the edge of a filter), are 0.
///
/// The least residual is unique, the minimiser is not (several bins share two filters): so the result is judged by its
/// residual and has no gradient. With `minimumNorm` instead max(0, (w^T)^+ mel), ^+ the pseudo-inverse: the x of least
/// residual and, of those, least norm, then without what is negative (see `melPseudoInverse`).
///
/// Shapes: [mels, frames] to [bins, frames].
/// Sources: Lawson and Hanson 1974, Solving Least Squares Problems, algorithm 23.10; TorchAudio's `InverseMelScale`.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func inverseMelScale<Scalar: TensorElement>(
  _ mel: Tensor<Scalar>, bank options: MelFilterBankOptions = .init(),
  method: InverseMelMethod = .nonNegativeLeastSquares
) -> Tensor<Scalar> {
  require(mel.rank == 2 && mel.shape[0] == options.mels, "mel: shape \(mel.shape), expected [\(options.mels), frames]")
  if method == .minimumNorm {
    let inverse = melPseudoInverse(options)
    var magnitude = Tensor<Scalar>(shape: [options.bins, mel.shape[1]])
    for k in 0..<options.bins {
      for t in 0..<mel.shape[1] {
        var sum = 0.0
        for m in 0..<options.mels { sum += inverse[k, m] * Double(mel[m, t]) }
        magnitude[k, t] = Scalar(max(0, sum))
      }
    }
    return magnitude
  }
  let bank: Tensor<Scalar> = melFilterBank(options)
  let columns = (0..<options.bins).map { k in (0..<options.mels).map { bank[k, $0] } }
  var magnitude = Tensor<Scalar>(shape: [options.bins, mel.shape[1]])
  for t in 0..<mel.shape[1] {
    let x = nonNegativeLeastSquares(columns, (0..<options.mels).map { mel[$0, t] })
    for k in 0..<options.bins { magnitude[k, t] = x[k] }
  }
  return magnitude
}

/// The pseudo-inverse of w^T, [bins, mels]: with w = U S V^T, that is U S^-1 V^T over the singular values above 1e-6 of
/// the largest. Of the paper's bank 230 are, the least of them 3.3e-5; the others are 0 but for rounding.
///
/// Hestenes' one-sided Jacobi method: columns of w are turned in pairs until all stand at right angles; then they are
/// U S, and the turns together V. In Double, whatever the signal's precision. Source: Hestenes 1958.
func melPseudoInverse(_ options: MelFilterBankOptions) -> Tensor<Double> {
  let bank: Tensor<Double> = melFilterBank(options)
  let (bins, mels) = (options.bins, options.mels)
  var u = (0..<mels).map { m in (0..<bins).map { bank[$0, m] } }
  var v = (0..<mels).map { m in (0..<mels).map { $0 == m ? 1.0 : 0.0 } }
  var isTurning = true
  while isTurning {
    isTurning = false
    for i in 0..<mels {
      for j in i + 1..<max(mels, i + 1) {
        let (a, b, c) = (dot(u[i], u[i]), dot(u[j], u[j]), dot(u[i], u[j]))
        if abs(c) <= 4 * Double.ulpOfOne * (a * b).squareRoot() || a * b < 1e-60 { continue }
        isTurning = true
        let half = (b - a) / (2 * c)
        let tangent = (half < 0 ? -1 : 1) / (abs(half) + (1 + half * half).squareRoot())
        let cosine = 1 / (1 + tangent * tangent).squareRoot()
        turn(&u, i, j, cosine, cosine * tangent)
        turn(&v, i, j, cosine, cosine * tangent)
      }
    }
  }
  let values = u.map(norm)
  let least = 1e-6 * (values.max() ?? 0)
  var inverse = Tensor<Double>(shape: [bins, mels])
  for j in 0..<mels where values[j] > least {
    for k in 0..<bins {
      for m in 0..<mels { inverse[k, m] += u[j][k] / (values[j] * values[j]) * v[j][m] }
    }
  }
  return inverse
}

/// Turns columns i and j of a matrix in their plane.
private func turn(_ columns: inout [[Double]], _ i: Int, _ j: Int, _ cosine: Double, _ sine: Double) {
  for k in columns[i].indices {
    let (x, y) = (columns[i][k], columns[j][k])
    columns[i][k] = cosine * x - sine * y
    columns[j][k] = sine * x + cosine * y
  }
}

/// The x >= 0 of least || target - sum_k x_k columns_k ||.
private func nonNegativeLeastSquares<Scalar: TensorElement>(_ columns: [[Scalar]], _ target: [Scalar]) -> [Scalar] {
  var x = [Scalar](repeating: 0, count: columns.count)
  var free = FreeColumns<Scalar>(target)
  let largest = columns.map(norm).max() ?? 0
  let threshold = 16 * Scalar.ulpOfOne * largest * norm(target)
  // A bin that could not be freed is not tried again until x has moved.
  var barred: Set<Int> = []
  for _ in 0..<3 * columns.count {
    var residual = target
    for k in free.indices { for m in target.indices { residual[m] -= x[k] * columns[k][m] } }
    var best: Int?
    var steepest = threshold
    for k in columns.indices where !free.indices.contains(k) && !barred.contains(k) {
      let slope = dot(columns[k], residual)
      if slope > steepest { (best, steepest) = (k, slope) }
    }
    guard let entering = best else { break }
    guard free.append(entering, columns[entering]), (free.solution().last ?? 0) > 0 else {
      free.remove([entering], from: columns)
      barred.insert(entering)
      continue
    }
    barred = []
    while true {
      let wanted = free.solution()
      var share: Scalar = 1
      for (k, value) in zip(free.indices, wanted) where value <= 0 { share = min(share, x[k] / (x[k] - value)) }
      for (k, value) in zip(free.indices, wanted) { x[k] += share * (value - x[k]) }
      if share == 1 { break }
      let bound = zip(free.indices, wanted).filter { $0.1 <= 0 && !(x[$0.0] > 0) }.map(\.0)
      // Rounding may leave the one that bounds the step a little above 0.
      let least = zip(free.indices, wanted).filter { $0.1 <= 0 }.min { x[$0.0] < x[$1.0] }.map(\.0)
      let leaving = Set(bound + [least].compactMap { $0 })
      for k in leaving { x[k] = 0 }
      free.remove(leaving, from: columns)
    }
  }
  return x
}

/// The free columns as Q R (modified Gram and Schmidt, twice), and the least-squares solution on them.
private struct FreeColumns<Scalar: TensorElement> {
  private(set) var indices: [Int] = []
  private var orthonormal: [[Scalar]] = []
  /// Column j of R: j + 1 elements.
  private var triangle: [[Scalar]] = []
  private var target: [Scalar]

  init(_ target: [Scalar]) { self.target = target }

  /// False if the column is a combination of those there.
  mutating func append(_ index: Int, _ column: [Scalar]) -> Bool {
    var rest = column
    var coefficients = [Scalar](repeating: 0, count: orthonormal.count)
    for _ in 0..<2 {
      for (j, unit) in orthonormal.enumerated() {
        let projection = dot(unit, rest)
        coefficients[j] += projection
        for m in rest.indices { rest[m] -= projection * unit[m] }
      }
    }
    let length = norm(rest)
    if length <= 32 * Scalar.ulpOfOne * norm(column) { return false }
    indices.append(index)
    orthonormal.append(rest.map { $0 / length })
    triangle.append(coefficients + [length])
    return true
  }

  mutating func remove(_ leaving: Set<Int>, from columns: [[Scalar]]) {
    let staying = indices.filter { !leaving.contains($0) }
    if staying.count == indices.count { return }
    (indices, orthonormal, triangle) = ([], [], [])
    for k in staying { _ = append(k, columns[k]) }
  }

  /// R s = Q^T target, from the last row up.
  func solution() -> [Scalar] {
    var s = orthonormal.map { dot($0, target) }
    for j in s.indices.reversed() {
      s[j] /= triangle[j][j]
      for i in 0..<j { s[i] -= triangle[j][i] * s[j] }
    }
    return s
  }
}

private func dot<Scalar: TensorElement>(_ a: [Scalar], _ b: [Scalar]) -> Scalar {
  var sum: Scalar = 0
  for i in a.indices { sum += a[i] * b[i] }
  return sum
}

private func norm<Scalar: TensorElement>(_ a: [Scalar]) -> Scalar { dot(a, a).squareRoot() }
