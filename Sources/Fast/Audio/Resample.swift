import PerceptualCore

/// Resampling by a rational ratio: y[n] = sum_j h(j/old - n/new) x[j], for every j where h is not 0.
///
/// Designs of h: `torchaudio`, its `sinc_interp_hann` of width 6 and rolloff 0.99; `kaiser`, which passes frequencies
/// up to 0.91 of the smaller Nyquist frequency within 0.0001 dB and holds those above the smaller Nyquist frequency at
/// least 120 dB down. Samples before and after the signal are 0. Shapes: [C, T] to [C, ceil(new T / old)]. Equal rates
/// give the signal itself. Rates in hertz, or any two integers of the same ratio. Where few streams take long filters,
/// as `kaiser` from 48 to 16 kHz, frames are transformed: an output's error then follows the largest sample of its
/// frame, and a sample that is not finite spoils two frames.
/// Sources: TorchAudio's `functional.resample`; Kaiser 1974.
public func resample(
  _ signal: Tensor<Float>, from oldRate: Int, to newRate: Int, design: ResamplingDesign = .kaiser
) -> Tensor<Float> {
  require(signal.rank == 2, "signal: shape \(signal.shape), expected [channels, samples]")
  let (old, new) = reducedRates(oldRate, newRate)
  if old == new { return signal }
  return ResamplingFilter.of(old: old, new: new, design: design)
    .apply(signal, count: resampledCount(signal.shape[1], from: old, to: new), execution: Execution.current)
}

/// The gradient of ``resample(_:from:to:design:)``, its transpose: g[j] = sum_n h(j/old - n/new) upstream[n].
///
/// Shapes: upstream [C, ceil(new T / old)] to [C, `samples` = T].
public func resampleGradient(
  upstream: Tensor<Float>, samples: Int, from oldRate: Int, to newRate: Int, design: ResamplingDesign = .kaiser
) -> Tensor<Float> {
  let (old, new) = reducedRates(oldRate, newRate)
  let count = resampledCount(samples, from: old, to: new)
  require(
    upstream.rank == 2 && upstream.shape[1] == count,
    "upstream: shape \(upstream.shape), expected [channels, \(count)] for \(samples) samples")
  if old == new { return upstream }
  return ResamplingFilter.of(old: old, new: new, design: design, isTransposed: true)
    .apply(upstream, count: samples, execution: Execution.current)
}

/// Why audio at `rate` hertz cannot be resampled to `target` hertz; nil if it can.
public func resamplingObstacle(from rate: Int, to target: Int) -> String? {
  if rate < 1 { return "a rate of \(rate) Hz" }
  if max(rate, target) / greatestCommonDivisor(rate, target) > largestResamplingRate {
    return "a rate of \(rate) Hz, which has too small a common divisor with \(target) Hz"
  }
  return nil
}
