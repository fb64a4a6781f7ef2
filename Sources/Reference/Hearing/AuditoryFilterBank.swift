import Foundation
import PerceptualCore

/// The centre of each band in hertz (`AuditoryScale`): `bands` values from the lowest to the highest frequency, both
/// ends included.
///
/// Sources: Traunmüller's bark in the form 6 asinh(f / 600) (Wang, Sekey and Gersho 1992); O'Shaughnessy's mel; zounds.
public func auditoryCentres(_ options: AuditoryFilterOptions) -> [Double] {
  require(noObstacle: options.obstacle)
  let (low, high) = (position(options.lowFrequency, options.scale), position(options.highFrequency, options.scale))
  return (0..<options.bands).map { band in
    let share = options.bands == 1 ? 0 : Double(band) / Double(options.bands - 1)
    return frequency(low + (high - low) * share, options.scale)
  }
}

/// The width of each band in hertz: the equivalent rectangular bandwidth 0.108 f + 24.7, or for the geometric scale the
/// ratio times the centre.
public func auditoryBandwidths(_ options: AuditoryFilterOptions) -> [Double] {
  auditoryCentres(options).map { centre in
    options.scale == .geometric ? options.bandwidthRatio * centre : 0.108 * centre + 24.7
  }
}

/// Weights of the A curve (IEC 61672) as zounds takes them, for centres f in hertz:
///
///     dB(f) = 2 + 20 log10(12200^2 f^4 / ((f^2 + 20.6^2) sqrt((f^2 + 107.7^2)(f^2 + 737.9^2)) (f^2 + 12200^2)))
///     weight = 1 + dB(f) - the least dB of all bands
///
/// A centre at 0 Hz has dB -infinity: the sentence stops a caller who asks for it.
public func aWeights(centres: [Double]) -> [Double] {
  require(centres.allSatisfy { $0 > 0 }, "centres: A-weighting has no value at 0 Hz, centres above 0 are needed")
  let decibels = centres.map { f in
    let square = f * f
    let low = (square + 20.6 * 20.6) * ((square + 107.7 * 107.7) * (square + 737.9 * 737.9)).squareRoot()
    return 2 + 20 * log10(12200.0 * 12200.0 * square * square / (low * (square + 12200.0 * 12200.0)))
  }
  let least = decibels.min() ?? 0
  return decibels.map { 1 + $0 - least }
}

/// A finite impulse response by frequency sampling, equal to `scipy.signal.firwin2(taps, frequencies, gains, fs: 2
/// nyquist)`.
///
/// The gains are interpolated linearly onto K + 1 = 1 + 2^ceil(log2 taps) frequencies from 0 to Nyquist; with G_k
/// these,
///
///     h[n] = w[n] / (2 K) (G_0 + 2 sum_(k = 1)^(K - 1) G_k cos(pi k m / K) + G_K cos(pi m)),  m = n - (taps - 1) / 2
///
/// w[n] = 0.54 - 0.46 cos(2 pi n / (taps - 1)) the symmetric Hamming window. Frequencies rise from 0 to `nyquist`; with
/// an even number of taps the gain there must be 0, or the response would not be symmetric. Source: Oppenheim and
/// Schafer, Discrete-Time Signal Processing, section 7.4.
public func frequencySamplingFilter(
  frequencies: [Double], gains: [Double], taps: Int, gridSize: Int, nyquist: Double
) -> [Double] {
  require(frequencies.count == gains.count && frequencies.count >= 2, "gains: one for each frequency is needed")
  require(zip(frequencies, frequencies.dropFirst()).allSatisfy { $0 < $1 }, "frequencies: they must rise")
  require(taps % 2 == 1 || gains[gains.count - 1] == 0, "gains: 0 at Nyquist is needed with \(taps) taps")
  let intervals = gridSize - 1
  let sampled = (0...intervals).map { k in
    interpolated(at: nyquist * Double(k) / Double(intervals), frequencies, gains)
  }
  let middle = Double(taps - 1) / 2
  return (0..<taps).map { n in
    var sum = sampled[0] + sampled[intervals] * cos(Double.pi * (Double(n) - middle))
    for k in 1..<intervals {
      sum += 2 * sampled[k] * cos(Double.pi * Double(k) * (Double(n) - middle) / Double(intervals))
    }
    let window = 0.54 - 0.46 * cos(2 * Double.pi * Double(n) / Double(taps - 1))
    return window * sum / Double(2 * intervals)
  }
}

/// The bank: for each band the response whose gain is a Gaussian over the band and 0 elsewhere, [bands, taps].
///
/// The Gaussian has 100 points, exp(-(i - 49.5)^2 / 18), spread over [max(0, start), min(nyquist, stop)), where start
/// and stop are the centre -+ half the width. A first point at 0 Hz is left out: its gain is 7.6e-60, and 0 Hz is
/// given. Computed in Double and rounded once. Source: zounds, `FilterBank`.
public func auditoryFilterBank<Scalar: TensorElement>(
  _ options: AuditoryFilterOptions, as type: Scalar.Type = Scalar.self
) -> Tensor<Scalar> {
  let nyquist = options.sampleRate / 2
  var bank = Tensor<Scalar>(shape: [options.bands, options.taps])
  let bands = zip(auditoryCentres(options), auditoryBandwidths(options))
  for (band, (centre, width)) in bands.enumerated() {
    let start = max(0, centre - width / 2)
    let stop = min(nyquist, centre + width / 2)
    var frequencies = [0.0]
    var gains = [0.0]
    for i in 0..<100 where start > 0 || i > 0 {
      frequencies.append(start + (stop - start) * Double(i) / 100)
      gains.append(exp(-(Double(i) - 49.5) * (Double(i) - 49.5) / 18))
    }
    frequencies.append(nyquist)
    gains.append(0)
    let response = frequencySamplingFilter(
      frequencies: frequencies, gains: gains, taps: options.taps, gridSize: options.gridSize, nyquist: nyquist)
    for n in 0..<options.taps { bank[band, n] = Scalar(response[n]) }
  }
  return bank
}

/// The gain at a frequency on the line between its neighbours.
private func interpolated(at frequency: Double, _ frequencies: [Double], _ gains: [Double]) -> Double {
  var i = 1
  while i < frequencies.count - 1 && frequency > frequencies[i] { i += 1 }
  let slope = (gains[i] - gains[i - 1]) / (frequencies[i] - frequencies[i - 1])
  return gains[i - 1] + slope * (frequency - frequencies[i - 1])
}

private func position(_ frequency: Double, _ scale: AuditoryScale) -> Double {
  switch scale {
  case .bark: 6 * asinh(frequency / 600)
  case .mel: 1127 * log(1 + frequency / 700)
  case .geometric: log(frequency)
  }
}

private func frequency(_ position: Double, _ scale: AuditoryScale) -> Double {
  switch scale {
  case .bark: 600 * sinh(position / 6)
  case .mel: 700 * (exp(position / 1127) - 1)
  case .geometric: exp(position)
  }
}
