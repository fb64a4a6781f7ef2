import PerceptualCore

/// The magnitudes behind mel values: for each frame the x >= 0 of least || mel - w^T x ||, w the filter bank.
///
/// Coordinate descent,
///
///     x_k <- max(0, x_k + sum_m w[k, m] r_m / (sum_m w[k, m]^2 + d)),   r = mel - w^T x,
///
/// with d a thousandth of the largest sum of squares, started from the regularised solution of least norm clipped at 0, and
/// ended when in a sweep over the bins no value changes by more than 2e-6 of the frame's largest (after 400 sweeps at most; a
/// few dozen are usual). The residual ends within 1e-4 of the least one, relative to the norm of mel. The least residual is unique, the minimiser is
/// not (several bins share two filters): so the result is judged by its residual and has no gradient. Bins that no filter
/// reads are 0.
///
/// Shapes: [mels, frames] to [bins, frames]. Source: Franc, Hlavac and Navara 2005, algorithm 1,
/// with Grippo and Sciandrone's proximal term d (2000).
public func inverseMelScale(_ mel: Tensor<Float>, bank options: MelFilterBankOptions = .init()) -> Tensor<Float> {
  require(
    mel.rank == 2 && mel.shape[0] == options.mels, "mel: shape \(mel.shape), expected [\(options.mels), frames]")
  let execution = Execution.current
  let bank = SparseMelBank.of(options)
  let (bins, mels, frames) = (options.bins, options.mels, mel.shape[1])
  let lanes = execution.kernels.vectorWidth
  let squares = (0..<bins).map { k -> Float in
    let (a, b) = (bank.binWeights[2 * k], bank.binWeights[2 * k + 1])
    return a * a + b * b
  }
  // Without damping, a bin at the very edge of a filter, where rounding leaves a weight of 1e-16, would be given enormous
  // magnitudes to mend residuals that other bins mend better.
  let damping = (squares.max() ?? 0) / 1000
  let inverseSquares = squares.map { $0 > 0 ? 1 / ($0 + damping) : 0 }
  let (pivots, couplings) = bank.gramFactors()
  return makeTensor([bins, frames]) { magnitude in
    mel.withPointer { mel in
      execution.forEach((frames + lanes - 1) / lanes) { block in
        let first = block * lanes
        let count = min(lanes, frames - first)
        withFourierBuffer(lanes * (mels + 1)) { residual in
          withFourierBuffer(lanes * (bins + mels + 1)) { values in
            residual.update(repeating: 0, count: lanes * (mels + 1))
            for m in 0..<mels {
              (residual + m * lanes).update(from: mel + m * frames + first, count: count)
            }
            execution.kernels.nonNegativeLeastSquares(
              residual: residual, magnitude: values, first: bank.binFilters, weights: bank.binWeights,
              inverseSquares: inverseSquares, pivots: pivots, couplings: couplings, bins: bins, filters: mels)
            for k in 0..<bins {
              (magnitude + k * frames + first).update(from: values + k * lanes, count: count)
            }
          }
        }
      }
    }
  }
}

extension SparseMelBank {
  /// L D L^T = w^T w + d, d a thousandth of the mean square of a filter: 1 / D, and L's entries under the diagonal.
  fileprivate func gramFactors() -> (pivots: [Float], couplings: [Float]) {
    let mels = options.mels
    var diagonal = [Double](repeating: 0, count: mels)
    var below = [Double](repeating: 0, count: mels)
    for k in 0..<options.bins {
      let m = binFilters[k]
      let (a, b) = (Double(binWeights[2 * k]), Double(binWeights[2 * k + 1]))
      diagonal[m] += a * a
      if b != 0 {
        diagonal[m + 1] += b * b
        below[m + 1] += a * b
      }
    }
    let mean = diagonal.reduce(0, +) / Double(mels)
    let regularisation = mean > 0 ? mean / 1000 : 1
    var pivots: [Float] = []
    var couplings: [Float] = []
    var previous = 1.0
    for m in 0..<mels {
      let coupling = m == 0 ? 0 : below[m] / previous
      let pivot = diagonal[m] + regularisation - coupling * (m == 0 ? 0 : below[m])
      pivots.append(Float(1 / pivot))
      couplings.append(Float(coupling))
      previous = pivot
    }
    return (pivots, couplings)
  }
}
