import PerceptualCore

/// The magnitudes behind mel values: for each frame the x >= 0 of least || mel - w^T x ||, w the filter bank.
///
/// Of the many minimisers (several bins share two filters) this one lies near that of least norm, which sounds
/// smoothest: a proximal-point method from 0, every step solved by Newton's method in the dual, where the bank's Gram
/// matrix is tridiagonal. The residual ends within 1e-4 of the least one, relative to the norm of mel; usually within
/// 1e-6. The result is judged by its residual and has no gradient. Bins that no filter reads are 0. A frame that holds
/// NaN or infinity gives NaN. With `minimumNorm` instead the x of least residual and, of those, least norm, then
/// without what is negative: TorchAudio's way, by a pseudo-inverse that is kept for later calls.
///
/// Shapes: [mels, frames] to [bins, frames].
/// Sources: Rockafellar 1976 (proximal point); Li, Sun and Toh 2018 (semismooth Newton in the dual).
public func inverseMelScale(
  _ mel: Tensor<Float>, bank options: MelFilterBankOptions = .init(),
  method: InverseMelMethod = .nonNegativeLeastSquares
) -> Tensor<Float> {
  require(mel.rank == 2 && mel.shape[0] == options.mels, "mel: shape \(mel.shape), expected [\(options.mels), frames]")
  let execution = Execution.current
  let bank = SparseMelBank.of(options)
  let (bins, mels, frames) = (options.bins, options.mels, mel.shape[1])
  if method == .minimumNorm { return MelPseudoInverse.of(bank).apply(mel, execution) }
  let lanes = execution.kernels.vectorWidth
  // A thousandth of a filter's mean square.
  let squares = bank.weights.reduce(0.0) { $0 + Double($1) * Double($1) }
  let regularisation = squares > 0 ? Float(squares / Double(mels) / 1000) : 1
  return makeTensor([bins, frames]) { magnitude in
    mel.withPointer { mel in
      execution.forEach((frames + lanes - 1) / lanes) { block in
        let first = block * lanes
        let count = min(lanes, frames - first)
        ScratchPool.shared.withFloats(lanes * (2 * bins + 6 * (mels + 1))) { memory in
          let values = memory + lanes * (mels + 1)
          memory.update(repeating: 0, count: lanes * (mels + 1))
          for m in 0..<mels { (memory + m * lanes).update(from: mel + m * frames + first, count: count) }
          execution.kernels.nonNegativeLeastSquares(
            mel: memory, magnitude: values, scratch: values + lanes * bins, first: bank.binFilters,
            weights: bank.binWeights, regularisation: regularisation, bins: bins, filters: mels)
          for k in 0..<bins { (magnitude + k * frames + first).update(from: values + k * lanes, count: count) }
        }
      }
    }
  }
}
