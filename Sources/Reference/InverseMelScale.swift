import PerceptualCore

/// The magnitudes behind mel values: for each frame the x >= 0 of least || mel - w^T x ||, w the filter bank.
///
/// Coordinate descent: every bin in turn moves towards the value that minimises the residual with the others kept,
///
///     x_k <- max(0, x_k + sum_m w[k, m] r_m / (sum_m w[k, m]^2 + d)),   r = mel - w^T x,
///
/// until in a whole sweep no change exceeds 8 epsilon times the largest value, and for 1000 sweeps at most. d is a thousandth
/// of the largest sum_m w[k, m]^2: without it, a bin at the very edge of a filter, where rounding leaves a weight of 1e-16,
/// would be given magnitudes of 1e5 to mend residuals that other bins mend better. Starting from 0, bins that no filter reads
/// stay 0. The least residual is unique, the minimiser is not (several bins share two filters): so the result is judged by its
/// residual and has no gradient.
///
/// Shapes: [mels, frames] to [bins, frames]. Source: Franc, Hlavac and Navara 2005, algorithm 1,
/// with Grippo and Sciandrone's proximal term d (2000).
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func inverseMelScale<Scalar: BinaryFloatingPoint & Sendable>(
  _ mel: Tensor<Scalar>, bank options: MelFilterBankOptions = .init()
) -> Tensor<Scalar> {
  require(
    mel.rank == 2 && mel.shape[0] == options.mels, "mel: shape \(mel.shape), expected [\(options.mels), frames]")
  let bank: Tensor<Scalar> = melFilterBank(options)
  let squares = (0..<options.bins).map { k in
    (0..<options.mels).reduce(Scalar(0)) { $0 + bank[k, $1] * bank[k, $1] }
  }
  let damping = (squares.max() ?? 0) / 1000
  var magnitude = Tensor<Scalar>(shape: [options.bins, mel.shape[1]])
  for t in 0..<mel.shape[1] {
    var x = [Scalar](repeating: 0, count: options.bins)
    var residual = (0..<options.mels).map { mel[$0, t] }
    for _ in 0..<1000 {
      var largest: Scalar = 0
      var largestChange: Scalar = 0
      for k in 0..<options.bins where squares[k] > 0 {
        var slope: Scalar = 0
        for m in 0..<options.mels { slope += bank[k, m] * residual[m] }
        let updated = max(0, x[k] + slope / (squares[k] + damping))
        let change = updated - x[k]
        for m in 0..<options.mels { residual[m] -= bank[k, m] * change }
        x[k] = updated
        largest = max(largest, updated)
        largestChange = max(largestChange, abs(change))
      }
      if !(largestChange > 8 * Scalar.ulpOfOne * largest) { break }
    }
    for k in 0..<options.bins { magnitude[k, t] = x[k] }
  }
  return magnitude
}
