import PerceptualCore

/// The mean of a signal's channels: y[t] = (1/C) sum_c x[c, t].
///
/// Shape: [C, T] to [T]. A single channel is kept as it is.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func downmix<Scalar: TensorElement>(_ signal: Tensor<Scalar>) -> Tensor<Scalar> {
  require(signal.rank == 2 && signal.shape[0] > 0, "signal: shape \(signal.shape), expected [channels, samples]")
  let channels = signal.shape[0]
  var mixed = Tensor<Scalar>(shape: [signal.shape[1]])
  for t in 0..<signal.shape[1] {
    var sum: Scalar = 0
    for c in 0..<channels { sum += signal[c, t] }
    mixed[t] = sum / Scalar(channels)
  }
  return mixed
}
