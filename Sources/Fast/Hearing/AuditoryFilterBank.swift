import Foundation
import PerceptualCore

/// The centre of each band in hertz: equally spaced in bark = 6 asinh(f / 600), mel = 1127 ln(1 + f / 700), or ln f,
/// from the lowest to the highest frequency, both included.
public func auditoryCentres(_ options: AuditoryFilterOptions) -> [Double] {
  require(noObstacle: options.obstacle)
  let forwards: (Double) -> Double
  let backwards: (Double) -> Double
  switch options.scale {
  case .bark: (forwards, backwards) = ({ 6 * asinh($0 / 600) }, { 600 * sinh($0 / 6) })
  case .mel: (forwards, backwards) = ({ 1127 * log1p($0 / 700) }, { 700 * expm1($0 / 1127) })
  case .geometric: (forwards, backwards) = ({ log($0) }, { exp($0) })
  }
  let low = forwards(options.lowFrequency)
  let step = options.bands == 1 ? 0 : (forwards(options.highFrequency) - low) / Double(options.bands - 1)
  return (0..<options.bands).map { backwards(low + step * Double($0)) }
}

/// The width of each band in hertz: 0.108 f + 24.7, or for the geometric scale the ratio times the centre.
public func auditoryBandwidths(_ options: AuditoryFilterOptions) -> [Double] {
  let isGeometric = options.scale == .geometric
  return auditoryCentres(options).map { isGeometric ? options.bandwidthRatio * $0 : 0.108 * $0 + 24.7 }
}

/// The weight 1 + dB(f) - the least dB for each centre f, dB(f) = 2 + 20 log10 of the A curve's response
/// (docs/fixtures.md). Centres must lie above 0 Hz.
public func aWeights(centres: [Double]) -> [Double] {
  require(centres.allSatisfy { $0 > 0 }, "centres: A-weighting has no value at 0 Hz, centres above 0 are needed")
  func decibels(_ f: Double) -> Double {
    let s = f * f
    let upper = 12_200.0 * 12_200.0
    let lower = (s + 20.6 * 20.6) * (s + upper) * ((s + 107.7 * 107.7) * (s + 737.9 * 737.9)).squareRoot()
    return 2 + 20 * log10(upper * s * s / lower)
  }
  let all = centres.map(decibels)
  let least = all.min() ?? 0
  return all.map { 1 + ($0 - least) }
}

/// The bank of impulse responses, [bands, taps]: Gaussian gains over each band, by frequency sampling with a Hamming
/// window, each equal to `scipy.signal.firwin2` (docs/fixtures.md).
///
/// Accuracy: computed in Double and rounded once.
public func auditoryFilterBank(_ options: AuditoryFilterOptions) -> Tensor<Float> {
  Tensor(auditoryResponses(options).map { Float($0) }, shape: [options.bands, options.taps])
}

/// The bank in Double, one response after the other.
func auditoryResponses(_ options: AuditoryFilterOptions) -> [Double] {
  let (taps, intervals, nyquist) = (options.taps, options.gridSize - 1, options.sampleRate / 2)
  // Every angle is a multiple of pi / (2 intervals).
  let cosines = (0..<4 * intervals).map { cos(Double.pi * Double($0) / Double(2 * intervals)) }
  let window = (0..<taps).map { n -> Double in 0.54 - 0.46 * cos(2 * Double.pi * Double(n) / Double(taps - 1)) }
  let gaussian = (0..<100).map { i -> Double in
    let distance = Double(i) - 49.5
    return exp(-distance * distance / 18)
  }
  var responses = [Double](repeating: 0, count: options.bands * taps)
  for (band, (centre, width)) in zip(auditoryCentres(options), auditoryBandwidths(options)).enumerated() {
    let start = max(0, centre - width / 2)
    let stop = min(nyquist, centre + width / 2)
    var places = (0..<100).map { i -> Double in start + (stop - start) * Double(i) / 100 }
    var gains = gaussian
    if start == 0 { gains[0] = 0 } else { (places, gains) = ([0] + places, [0] + gains) }
    places.append(nyquist)
    gains.append(0)
    // (number on the grid, gain) where the gain is not 0.
    var sampled: [(Int, Double)] = []
    var upper = 1
    for k in 0...intervals {
      let frequency = nyquist * Double(k) / Double(intervals)
      while upper < places.count - 1 && places[upper] < frequency { upper += 1 }
      let share = (frequency - places[upper - 1]) / (places[upper] - places[upper - 1])
      let gain = gains[upper - 1] + (gains[upper] - gains[upper - 1]) * share
      if gain != 0 { sampled.append((k, k == 0 || k == intervals ? gain : 2 * gain)) }
    }
    for n in 0..<(taps + 1) / 2 {
      var sum = 0.0
      let delay = 4 * intervals - (taps - 1 - 2 * n) % (4 * intervals)
      for (k, gain) in sampled { sum += gain * cosines[k * delay % (4 * intervals)] }
      let tap = window[n] * sum / Double(2 * intervals)
      responses[band * taps + n] = tap
      responses[band * taps + taps - 1 - n] = tap
    }
  }
  return responses
}
