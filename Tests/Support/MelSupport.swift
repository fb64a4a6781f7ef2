import PerceptualCore

/// w^T x, [bins, mels] and [bins, frames] to [mels, frames].
public func bankTransposed(_ bank: Tensor<Double>, _ spectrum: Tensor<Double>) -> Tensor<Double> {
  var mel = Tensor<Double>(shape: [bank.shape[1], spectrum.shape[1]])
  for m in 0..<bank.shape[1] {
    for t in 0..<spectrum.shape[1] {
      for k in 0..<bank.shape[0] { mel[m, t] += bank[k, m] * spectrum[k, t] }
    }
  }
  return mel
}

/// || mel - w^T magnitude ||^2 of one frame.
public func squaredResidual(
  _ bank: Tensor<Double>, _ magnitude: Tensor<Double>, _ mel: Tensor<Double>, frame t: Int
) -> Double {
  var sum = 0.0
  for m in 0..<mel.shape[0] {
    var rest = mel[m, t]
    for k in 0..<bank.shape[0] { rest -= bank[k, m] * magnitude[k, t] }
    sum += rest * rest
  }
  return sum
}

/// max(0, w (w^T w)^-1 mel), for a bank whose filters are independent: by Gaussian elimination.
public func clippedMinimumNorm(_ bank: Tensor<Double>, _ mel: Tensor<Double>) -> Tensor<Double> {
  let (bins, mels, frames) = (bank.shape[0], mel.shape[0], mel.shape[1])
  var gram = Tensor<Double>(shape: [mels, mels])
  for i in 0..<mels {
    for j in 0..<mels { for k in 0..<bins { gram[i, j] += bank[k, i] * bank[k, j] } }
  }
  var sources = mel
  for i in 0..<mels {
    for row in i + 1..<max(mels, i + 1) {
      let factor = gram[row, i] / gram[i, i]
      for j in i..<mels { gram[row, j] -= factor * gram[i, j] }
      for t in 0..<frames { sources[row, t] -= factor * sources[i, t] }
    }
  }
  for i in (0..<mels).reversed() {
    for t in 0..<frames {
      for j in i + 1..<max(mels, i + 1) { sources[i, t] -= gram[i, j] * sources[j, t] }
      sources[i, t] /= gram[i, i]
    }
  }
  var magnitude = Tensor<Double>(shape: [bins, frames])
  for k in 0..<bins {
    for t in 0..<frames {
      for m in 0..<mels { magnitude[k, t] += bank[k, m] * sources[m, t] }
      magnitude[k, t] = max(0, magnitude[k, t])
    }
  }
  return magnitude
}
