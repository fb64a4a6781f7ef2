import PerceptualCore

/// The magnitudes behind mel values: for each frame the x >= 0 of least || mel - w^T x ||, w the filter bank.
///
/// Coordinate descent: every bin in turn takes the value that minimises the residual with the others kept,
///
///     x_k <- max(0, x_k + sum_m w[k, m] r_m / sum_m w[k, m]^2),   r = mel - w^T x,
///
/// until in a whole sweep no change exceeds 4 epsilon times the largest value, and for 10 000 sweeps at most. Starting from 0,
/// bins that no filter reads stay 0. The least residual is unique, the minimiser is not (several bins share two filters):
/// so the result is judged by its residual and has no gradient.
///
/// Shapes: [mels, frames] to [bins, frames]. Source: Franc, Hlavac and Navara 2005, algorithm 1.
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
  var magnitude = Tensor<Scalar>(shape: [options.bins, mel.shape[1]])
  for t in 0..<mel.shape[1] {
    var x = [Scalar](repeating: 0, count: options.bins)
    var residual = (0..<options.mels).map { mel[$0, t] }
    for _ in 0..<10_000 {
      var largest: Scalar = 0
      var largestChange: Scalar = 0
      for k in 0..<options.bins where squares[k] > 0 {
        var slope: Scalar = 0
        for m in 0..<options.mels { slope += bank[k, m] * residual[m] }
        let updated = max(0, x[k] + slope / squares[k])
        let change = updated - x[k]
        for m in 0..<options.mels { residual[m] -= bank[k, m] * change }
        x[k] = updated
        largest = max(largest, updated)
        largestChange = max(largestChange, abs(change))
      }
      if !(largestChange > 4 * Scalar.ulpOfOne * largest) { break }
    }
    for k in 0..<options.bins { magnitude[k, t] = x[k] }
  }
  return magnitude
}
