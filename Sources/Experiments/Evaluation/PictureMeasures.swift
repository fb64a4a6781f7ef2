import Foundation
import PerceptualCore

/// What the paper sees in its Figure 2, as numbers: does a reconstruction flatten, ring, smear strokes, keep vibrato?
///
/// With L[m, t] the natural logarithm that a picture stands for (low + (high - low) x) at band m and frame t, M bands
/// and T frames of 260 / 16000 s:
///
/// - **flatness**: the mean over frames of the spectral flatness, geometric over arithmetic mean of exp(L) over the
///   bands: 1 for a flat spectrum, towards 0 for a single peak;
/// - **modulation**: power of the bands' fluctuation in time. Each band's L less its mean, under a Hann window,
///   transformed; the squares summed over the modulation frequencies of a range and averaged over bands: 0.5 to 4 Hz
///   (notes), 4 to 8 Hz (vibrato, tremolo), above 8 Hz (strokes, and roughness that was not there), in nepers squared;
/// - **ripple**: the same along frequency, in each frame, from one cycle in 8 bands on: harmonics' fine structure, and
///   ringing;
/// - **onsetSharpness**: the root of the mean over frames of the squared rise, a rise being the mean over bands of
///   max(0, L[m, t] - L[m, t - 1]), in dB: a stroke in one frame counts more than the same rise spread over several.
///
/// They are compared with the input's own: a ratio of 1, or 0 dB, is a faithful reconstruction.
public struct PictureMeasures: Equatable, Sendable {
  public var flatness: Double
  public var slowModulation: Double
  public var vibratoModulation: Double
  public var fastModulation: Double
  public var ripple: Double
  public var onsetSharpness: Double

  /// Their keys in JSON, in order.
  static let keys: [(name: String, value: KeyPath<PictureMeasures, Double> & Sendable)] = [
    ("flatness", \.flatness), ("slowModulation", \.slowModulation), ("vibratoModulation", \.vibratoModulation),
    ("fastModulation", \.fastModulation), ("ripple", \.ripple), ("onsetSharpness", \.onsetSharpness),
  ]

  /// Of a picture [bands, frames], both powers of two, whose 0 and 1 stand for the logarithms `low` and `high`.
  public init(_ image: Tensor<Float>, low: Double, high: Double, secondsPerFrame: Double = 260.0 / 16_000) {
    require(image.rank == 2, "image: shape \(image.shape), [bands, frames] is needed")
    let (bands, frames) = (image.shape[0], image.shape[1])
    require(
      bands > 1 && bands & (bands - 1) == 0 && frames > 1 && frames & (frames - 1) == 0,
      "image: shape \(image.shape), powers of two are needed")
    let logarithms = image.elements.map { low + (high - low) * Double($0) }
    var flatness = 0.0
    var squares = 0.0
    for t in 0..<frames {
      var sum = 0.0
      var energy = 0.0
      var rise = 0.0
      for m in 0..<bands {
        let value = logarithms[m * frames + t]
        sum += value
        energy += exp(value)
        if t > 0 { rise += max(0, value - logarithms[m * frames + t - 1]) }
      }
      flatness += exp(sum / Double(bands)) / (energy / Double(bands))
      let decibels = rise / Double(bands) * 20 / log(10)
      squares += decibels * decibels
    }
    self.flatness = flatness / Double(frames)
    onsetSharpness = (squares / Double(frames - 1)).squareRoot()
    let inTime = Self.powers(logarithms, lines: bands, length: frames, stride: (frames, 1))
    func range(_ least: Double, _ most: Double) -> Double {
      inTime.indices.reduce(0) { sum, k in
        let frequency = Double(k) / (Double(frames) * secondsPerFrame)
        return frequency >= least && frequency < most ? sum + inTime[k] : sum
      }
    }
    slowModulation = range(0.5, 4)
    vibratoModulation = range(4, 8)
    fastModulation = range(8, .infinity)
    let inFrequency = Self.powers(logarithms, lines: frames, length: bands, stride: (1, frames))
    ripple = inFrequency[(bands / 8)...].reduce(0, +)
  }

  /// Mean over lines of the one-sided power spectrum of each line less its mean, under a Hann window, scaled so that a
  /// sine of amplitude a in the middle of the range gives a^2 / 2 in all.
  private static func powers(
    _ values: [Double], lines: Int, length: Int, stride: (line: Int, step: Int)
  ) -> [Double] {
    let window = (0..<length).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(length)) }
    let scale = 2 / (Double(length) * window.reduce(0) { $0 + $1 * $1 })
    var powers = [Double](repeating: 0, count: length / 2 + 1)
    func line(_ number: Int) -> [Double] {
      guard number < lines else { return [Double](repeating: 0, count: length) }
      let line = (0..<length).map { values[number * stride.line + $0 * stride.step] }
      let mean = line.reduce(0, +) / Double(length)
      return zip(line, window).map { ($0 - mean) * $1 }
    }
    // Two real lines in one complex transform: |A_k|^2 + |B_k|^2 = (|Z_k|^2 + |Z_(n-k)|^2) / 2.
    for first in Swift.stride(from: 0, to: lines, by: 2) {
      var real = line(first)
      var imaginary = line(first + 1)
      fourierTransform(&real, &imaginary)
      for k in 0...length / 2 {
        let mirror = (length - k) % length
        let both =
          real[k] * real[k] + imaginary[k] * imaginary[k] + real[mirror] * real[mirror]
          + imaginary[mirror] * imaginary[mirror]
        // The frequencies 0 and half the rate have no mirror image to be counted with.
        powers[k] += (k == 0 || 2 * k == length ? 0.5 : 1) * scale * both / 2
      }
    }
    return powers.map { $0 / Double(lines) }
  }

  /// In place, length a power of two, unscaled: Cooley and Tukey 1965.
  static func fourierTransform(_ real: inout [Double], _ imaginary: inout [Double]) {
    let count = real.count
    var reversed = 0
    for index in 1..<max(1, count) {
      var bit = count >> 1
      while reversed & bit != 0 {
        reversed ^= bit
        bit >>= 1
      }
      reversed ^= bit
      if index < reversed {
        real.swapAt(index, reversed)
        imaginary.swapAt(index, reversed)
      }
    }
    var half = 1
    while half < count {
      for offset in 0..<half {
        let angle = -Double.pi * Double(offset) / Double(half)
        let (c, s) = (cos(angle), sin(angle))
        for low in Swift.stride(from: offset, to: count, by: 2 * half) {
          let high = low + half
          let (re, im) = (c * real[high] - s * imaginary[high], c * imaginary[high] + s * real[high])
          (real[high], imaginary[high]) = (real[low] - re, imaginary[low] - im)
          (real[low], imaginary[low]) = (real[low] + re, imaginary[low] + im)
        }
      }
      half *= 2
    }
  }
}
