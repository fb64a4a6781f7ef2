import PerceptualCore

/// The magnitudes behind mel values: for each frame the x >= 0 of least || mel - w^T x ||, w the filter bank.
///
/// Coordinate descent, started from the regularised solution of least norm clipped at 0, and ended when in a sweep over the
/// bins no value changes by more than 2e-6 of the frame's largest (after 400 sweeps at most; a few dozen are usual).
/// For mel values of a real spectrum the residual ends under 1e-5 of their norm. The least residual is unique, the minimiser is
/// not (several bins share two filters): so the result is judged by its residual and has no gradient. Bins that no filter
/// reads are 0.
///
/// Shapes: [mels, frames] to [bins, frames]. Source: Franc, Hlavac and Navara 2005, algorithm 1.
public func inverseMelScale(_ mel: Tensor<Float>, bank options: MelFilterBankOptions = .init()) -> Tensor<Float> {
  require(
    mel.rank == 2 && mel.shape[0] == options.mels, "mel: shape \(mel.shape), expected [\(options.mels), frames]")
  let execution = Execution.current
  let bank = SparseMelBank.of(options)
  let (bins, mels, frames) = (options.bins, options.mels, mel.shape[1])
  let lanes = execution.kernels.vectorWidth
  let inverseSquares = (0..<bins).map { k -> Float in
    let (a, b) = (bank.binWeights[2 * k], bank.binWeights[2 * k + 1])
    let square = a * a + b * b
    return square > 0 ? 1 / square : 0
  }
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
