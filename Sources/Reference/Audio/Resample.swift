import Foundation
import PerceptualCore

/// Resampling by a rational ratio: y[n] = sum_j h(j/old - n/new) x[j], for every j where h is not 0.
///
/// With `old` and `new` divided by their greatest common divisor, times t in periods of the old rate times `old`:
/// - `torchaudio` (its `sinc_interp_hann`): b = 0.99 min(old, new), u = b t, h = (b/old) sinc(u) cos^2(pi u / 12) for
///   |u| < 6, else 0;
/// - `kaiser`: b = 0.955 min(old, new), v = min(old, new) t / 90, h = (b/old) sinc(b t) I0(12.5 sqrt(1 - v^2)) /
/// I0(12.5)
///   for |v| < 1, else 0. It passes frequencies up to 0.91 of the smaller Nyquist frequency within 0.0001 dB and holds
///   those above the smaller Nyquist frequency at least 120 dB down.
///
/// sinc(u) = sin(pi u) / (pi u). Samples before and after the signal are 0. Shapes: [C, T] to [C, ceil(new T / old)].
/// Equal rates give the signal itself. Rates in hertz, or any two integers of the same ratio. The filter is computed in
/// Double and rounded once. Sources: TorchAudio's `functional.resample`; Kaiser 1974 for the window.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func resample<Scalar: TensorElement>(
  _ signal: Tensor<Scalar>, from oldRate: Int, to newRate: Int, design: ResamplingDesign = .kaiser
) -> Tensor<Scalar> {
  require(signal.rank == 2, "signal: shape \(signal.shape), expected [channels, samples]")
  let filter = ResamplingFilter(from: oldRate, to: newRate, design: design)
  if filter.old == filter.new { return signal }
  let samples = signal.shape[1]
  let count = resampledCount(samples, from: filter.old, to: filter.new)
  var resampled = Tensor<Scalar>(shape: [signal.shape[0], count])
  let taps: [[Scalar]] = filter.phases()
  for c in 0..<signal.shape[0] {
    for n in 0..<count {
      let first = filter.firstInput(of: n)
      var sum: Scalar = 0
      for (offset, tap) in taps[n % filter.new].enumerated() {
        let j = first + offset
        if j >= 0 && j < samples { sum += tap * signal[c, j] }
      }
      resampled[c, n] = sum
    }
  }
  return resampled
}

/// The gradient of ``resample(_:from:to:design:)``, its transpose: g[j] = sum_n h(j/old - n/new) upstream[n].
///
/// Shapes: upstream [C, ceil(new T / old)] to [C, `samples` = T].
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func resampleGradient<Scalar: TensorElement>(
  upstream: Tensor<Scalar>, samples: Int, from oldRate: Int, to newRate: Int, design: ResamplingDesign = .kaiser
) -> Tensor<Scalar> {
  let filter = ResamplingFilter(from: oldRate, to: newRate, design: design)
  let count = resampledCount(samples, from: filter.old, to: filter.new)
  require(
    upstream.rank == 2 && upstream.shape[1] == count,
    "upstream: shape \(upstream.shape), expected [channels, \(count)] for \(samples) samples")
  if filter.old == filter.new { return upstream }
  var gradient = Tensor<Scalar>(shape: [upstream.shape[0], samples])
  let taps: [[Scalar]] = filter.phases()
  for c in 0..<upstream.shape[0] {
    for n in 0..<count {
      let first = filter.firstInput(of: n)
      for (offset, tap) in taps[n % filter.new].enumerated() {
        let j = first + offset
        if j >= 0 && j < samples { gradient[c, j] += tap * upstream[c, n] }
      }
    }
  }
  return gradient
}

/// The continuous low-pass filter h and where it is not 0.
struct ResamplingFilter {
  let old: Int
  let new: Int
  let design: ResamplingDesign

  init(from oldRate: Int, to newRate: Int, design: ResamplingDesign) {
    (old, new) = reducedRates(oldRate, newRate)
    self.design = design
  }

  /// The cut-off, 1 standing for one cycle in two periods of a rate of 1.
  var cutoff: Double { Double(min(old, new)) * (design == .torchaudio ? 0.99 : 0.955) }

  /// Input samples on each side of an output that its filter may reach.
  var reach: Int {
    switch design {
    case .torchaudio: Int((6 * Double(old) / cutoff).rounded(.up))
    case .kaiser: Int((90 * Double(old) / Double(min(old, new))).rounded(.up))
    }
  }

  /// The first input that output n reads, possibly before the signal.
  func firstInput(of n: Int) -> Int { n * old / new - reach }

  /// h at the inputs firstInput ... firstInput + 2 reach + 1, for each of the `new` positions of an output between
  /// inputs.
  func phases<Scalar: TensorElement>() -> [[Scalar]] {
    (0..<new).map { phase in
      (0..<2 * reach + 2).map { offset in
        // Exact in integers before the one division.
        let numerator = (firstInput(of: phase) + offset) * new - phase * old
        return Scalar(response(Double(numerator) / Double(old * new)))
      }
    }
  }

  /// h(t).
  func response(_ t: Double) -> Double {
    let u = cutoff * t
    let sinc = u == 0 ? 1 : sin(.pi * u) / (.pi * u)
    switch design {
    case .torchaudio:
      if abs(u) >= 6 { return 0 }
      let taper = cos(.pi * u / 12)
      return cutoff / Double(old) * sinc * taper * taper
    case .kaiser:
      let v = Double(min(old, new)) * t / 90
      if abs(v) >= 1 { return 0 }
      return cutoff / Double(old) * sinc * bessel(12.5 * (1 - v * v).squareRoot()) / bessel(12.5)
    }
  }

  /// I0(x) = sum_k ((x/2)^k / k!)^2.
  private func bessel(_ x: Double) -> Double {
    var term = 1.0
    var sum = 1.0
    for k in 1...60 {
      term *= (x / 2 / Double(k)) * (x / 2 / Double(k))
      sum += term
    }
    return sum
  }
}
