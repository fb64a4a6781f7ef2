import Fast
import Foundation
import PerceptualCore

/// What stands for a listener: how a generated clip differs from its original, in numbers (docs/experiments.md).
///
/// Spectra: periodic Hann windows of 512 samples, hop 128, centred; decibels are floored 80 dB under the original's
/// loudest bin.
public struct ClipMeasures: Sendable, Equatable {
  /// Energy above a quarter of the rate over the original's: 1 where the highs are all there, above 1 where noise adds
  /// to them.
  public var highFrequencyEnergyRatio: Double
  /// The root mean square over frequencies of the difference in decibels, averaged over frames.
  public var logSpectralDistance: Double
  /// The geometric over the arithmetic mean of the power spectrum of output minus original: 0 for a tone, towards 1 for
  /// white noise.
  public var residualFlatness: Double
  /// The root of the sum of squared rises in decibels from one 5.8 ms of sound to the next, over the original's: below
  /// 1 where attacks are blurred, above 1 where the level flickers.
  public var onsetSharpness: Double
  /// Spectral convergence plus the mean magnitude of the difference of log magnitudes, averaged over windows of 256,
  /// 512 and 1024 samples (Yamamoto et al. 2020): of no loss that trains here.
  public var multiResolutionDistance: Double
  /// Of ``BarkDistanceOptions/clipGenerator``: -1 where equal.
  public var barkDistance: Double
  public var meanSquaredError: Double

  /// Their keys in JSON, in the order of tables.
  static let keys: [(name: String, value: KeyPath<ClipMeasures, Double> & Sendable)] = [
    ("highFrequencyEnergyRatio", \.highFrequencyEnergyRatio), ("logSpectralDistance", \.logSpectralDistance),
    ("residualFlatness", \.residualFlatness), ("onsetSharpness", \.onsetSharpness),
    ("multiResolutionDistance", \.multiResolutionDistance), ("barkDistance", \.barkDistance),
    ("meanSquaredError", \.meanSquaredError),
  ]

  /// All of them by their keys.
  public var named: [(name: String, value: Double)] { Self.keys.map { ($0.name, self[keyPath: $0.value]) } }

  /// Compares what of a clip can be heard, at the original's level, with an original that is not silent, both
  /// [samples]: both without what lies below 50 Hz, the clip times the factor that brings it nearest. The mean squared
  /// error is that of the clips as they are.
  ///
  /// For a loss that sees neither the level nor the lowest frequencies: a clip that is free there is judged elsewhere.
  public init(audible clip: Tensor<Float>, original: Tensor<Float>, rate: Double, barkDistance: Double) {
    let wanted = Self.audible(original, rate: rate)
    let found = Self.audible(clip, rate: rate)
    let (product, energy) = zip(found, wanted).reduce((0.0, 0.0)) { ($0.0 + $1.0 * $1.1, $0.1 + $1.0 * $1.0) }
    let level = energy > 0 ? product / energy : 0
    self.init(
      Tensor(found.map { Float(level * $0) }), original: Tensor(wanted.map { Float($0) }), barkDistance: barkDistance)
    meanSquaredError = Self.meanSquare(zip(clip.elements, original.elements).map { $0 - $1 })
  }

  /// A signal less what a low pass of 50 Hz lets through: a sinc of as many samples as 1/10 s holds, Blackman's window.
  private static func audible(_ signal: Tensor<Float>, rate: Double) -> [Double] {
    let half = Int(rate / 20)
    let cutoff = 2 * 50 / rate
    var response = (-half...half).map { n in
      let x = Double.pi * cutoff * Double(n)
      let turn = Double.pi * Double(n) / Double(half + 1)
      return (n == 0 ? 1 : sin(x) / x) * (0.42 + 0.5 * cos(turn) + 0.08 * cos(2 * turn))
    }
    let sum = response.reduce(0, +)
    for n in response.indices { response[n] /= -sum }
    response[half] += 1
    return signal.elements.indices.map { n in
      (max(0, n - half)...min(signal.count - 1, n + half)).reduce(0) {
        $0 + response[$1 - n + half] * Double(signal[$1])
      }
    }
  }

  private static func meanSquare(_ x: [Float]) -> Double {
    x.reduce(0) { $0 + Double($1) * Double($1) } / Double(x.count)
  }

  /// Compares a clip with an original that is not silent, both [samples].
  public init(_ clip: Tensor<Float>, original: Tensor<Float>, barkDistance: Double) {
    let options = ShortTimeOptions(windowLength: 512, hop: 128, centred: true)
    let found = Self.magnitudes(clip, options)
    let wanted = Self.magnitudes(original, options)
    let residual = Tensor(zip(clip.elements, original.elements).map { $0 - $1 }, shape: original.shape)

    let half = options.bins / 2
    func energy(_ spectrum: Tensor<Double>) -> Double {
      (half..<options.bins).reduce(0) { sum, k in
        (0..<spectrum.shape[1]).reduce(sum) { $0 + spectrum[k, $1] * spectrum[k, $1] }
      }
    }
    highFrequencyEnergyRatio = energy(found) / max(energy(wanted), 1e-30)
    logSpectralDistance = Self.logSpectralDistance(found, wanted)
    residualFlatness = Self.flatness(Self.magnitudes(residual, options))
    onsetSharpness = Self.rises(clip, original) / max(Self.rises(original, original), 1e-30)
    multiResolutionDistance = [256, 512, 1024].reduce(0) { sum, window in
      let options = ShortTimeOptions(windowLength: window, hop: window / 4, centred: true)
      return sum
        + Self.resolutionDistance(Self.magnitudes(clip, options), Self.magnitudes(original, options)) / 3
    }
    self.barkDistance = barkDistance
    meanSquaredError = Self.meanSquare(residual.elements)
  }

  private static func magnitudes(_ signal: Tensor<Float>, _ options: ShortTimeOptions) -> Tensor<Double> {
    let spectrum = shortTimeFourierTransform(signal, options: options)
    return Tensor(
      zip(spectrum.real.elements, spectrum.imaginary.elements).map { hypot(Double($0), Double($1)) },
      shape: spectrum.real.shape)
  }

  private static func logSpectralDistance(_ found: Tensor<Double>, _ wanted: Tensor<Double>) -> Double {
    let floor = 1e-4 * (wanted.elements.max() ?? 0)
    let (bins, frames) = (wanted.shape[0], wanted.shape[1])
    var sum = 0.0
    for t in 0..<frames {
      var squares = 0.0
      for k in 0..<bins {
        let difference = 20 * log10(max(found[k, t], floor) / max(wanted[k, t], floor))
        squares += difference * difference
      }
      sum += (squares / Double(bins)).squareRoot()
    }
    return sum / Double(frames)
  }

  private static func flatness(_ spectrum: Tensor<Double>) -> Double {
    let (bins, frames) = (spectrum.shape[0], spectrum.shape[1])
    var logarithms = 0.0
    var sum = 0.0
    // 0 Hz and Nyquist hold half of what the others do.
    for k in 1..<bins - 1 {
      let power = (0..<frames).reduce(0) { $0 + spectrum[k, $1] * spectrum[k, $1] } / Double(frames)
      logarithms += log(max(power, 1e-30))
      sum += power
    }
    let count = Double(bins - 2)
    return sum > 0 ? exp(logarithms / count) / (sum / count) : 0
  }

  /// Rises of the level, floored 50 dB under the original's mean.
  private static func rises(_ signal: Tensor<Float>, _ original: Tensor<Float>) -> Double {
    let size = 64
    func energy(_ x: Tensor<Float>, _ frame: Int) -> Double {
      (frame * size..<(frame + 1) * size).reduce(0) { $0 + Double(x[$1]) * Double(x[$1]) }
    }
    let frames = original.count / size
    let mean = (0..<frames).reduce(0) { $0 + energy(original, $1) } / Double(frames)
    let levels = (0..<frames).map { 10 * log10(energy(signal, $0) + 1e-5 * mean + 1e-30) }
    let squares = zip(levels, levels.dropFirst()).reduce(0) { $0 + ($1.1 > $1.0 ? ($1.1 - $1.0) * ($1.1 - $1.0) : 0) }
    return squares.squareRoot()
  }

  private static func resolutionDistance(_ found: Tensor<Double>, _ wanted: Tensor<Double>) -> Double {
    let floor = 1e-5 * (wanted.elements.max() ?? 0) + 1e-30
    var (difference, norm, logarithms) = (0.0, 0.0, 0.0)
    for (a, b) in zip(found.elements, wanted.elements) {
      difference += (a - b) * (a - b)
      norm += b * b
      logarithms += abs(log(max(a, floor) / max(b, floor)))
    }
    return (difference / max(norm, 1e-30)).squareRoot() + logarithms / Double(wanted.count)
  }
}
