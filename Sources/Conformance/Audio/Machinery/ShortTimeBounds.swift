import Foundation
import PerceptualCore

/// How rounding errors of frames and spectra are bounded.
///
/// A sum of n products, term by term, errs by at most n/2 epsilon times the sum of magnitudes: the Reference's measure.
/// A fast Fourier transform errs by about log2(n)/2 epsilon times the root of the sum of squares, evenly over its
/// results: Fast's measure.
enum ErrorMeasure: Sendable {
  case sum
  case root

  init(_ side: Side) { self = side == .fast ? .root : .sum }

  func total(_ terms: some Sequence<Double>) -> Double {
    switch self {
    case .sum: terms.reduce(0) { $0 + abs($1) }
    case .root: terms.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
  }
}

/// Bounds of the errors of frames, for the operations built on them.
struct ShortTimeBounds {
  let options: ShortTimeOptions
  let measure: ErrorMeasure
  let window: [Double]
  /// How far the window itself may be off, in units of 32 epsilons: oracles take it from a cosine, whose error near the
  /// window's ends is not small beside the window. Reference in Float and Fast have it right to a rounding.
  let windowError: Double

  init(_ options: ShortTimeOptions, _ side: Side) {
    self.options = options
    measure = ErrorMeasure(side)
    windowError = side == .reference ? 1.0 / 32 : 0
    window = (0..<options.windowLength).map { n in
      let sine = sin(Double.pi * Double(n) / Double(options.windowLength))
      return sine * sine
    }
  }

  /// Where in the signal position i of the extended signal stands.
  private func source(_ i: Int, _ samples: Int) -> Int {
    let index = i - options.margin
    return index < 0 ? -index : index < samples ? index : 2 * (samples - 1) - index
  }

  /// For each frame, the measure of its windowed samples: any bin's error is a few epsilon of it.
  func transform(_ signal: Tensor<Double>) -> [Double] {
    (0..<options.frames(samples: signal.count)).map { t in
      measure.total(window.indices.map { window[$0] * signal[source(t * options.hop + $0, signal.count)] })
    }
  }

  /// For each sample, what its frames' spectra bring, given the measure of each frame's spectrum.
  func transformTransposed(_ frames: [Double], samples: Int) -> Tensor<Double> {
    var bounds = Tensor<Double>(shape: [samples])
    for (t, size) in frames.enumerated() {
      for n in window.indices { bounds[source(t * options.hop + n, samples)] += (window[n] + windowError) * size }
    }
    return bounds
  }

  /// The measure of each frame of a spectrum, bins weighed by `weight`.
  func sizes(_ real: Tensor<Double>, _ imaginary: Tensor<Double>, weight: (Int) -> Double = { _ in 1 }) -> [Double] {
    (0..<real.shape[1]).map { t in
      measure.total((0..<options.bins).flatMap { k in [weight(k) * real[k, t], weight(k) * imaginary[k, t]] })
    }
  }

  /// How often a bin stands in the whole spectrum, over the window's length.
  func share(_ k: Int) -> Double {
    (k == 0 || 2 * k == options.windowLength ? 1 : 2) / Double(options.windowLength)
  }

  func inverse(_ real: Tensor<Double>, _ imaginary: Tensor<Double>, length: Int) -> Tensor<Double> {
    let sizes = sizes(real, imaginary, weight: share)
    let (envelope, relative) = envelope(frames: real.shape[1])
    var sums = [Double](repeating: 0, count: envelope.count)
    for (t, size) in sizes.enumerated() {
      for n in window.indices {
        let i = t * options.hop + n
        sums[i] += (window[n] * (1 + relative[i]) + windowError) * size
      }
    }
    var bounds = Tensor<Double>(shape: [length])
    for i in 0..<length where i + options.margin < envelope.count {
      let divisor = envelope[i + options.margin]
      if divisor >= 1e-10 { bounds[i] = sums[i + options.margin] / divisor }
    }
    return bounds
  }

  func inverseTransposed(_ upstream: Tensor<Double>, frames: Int) -> Tensor<Double> {
    let (envelope, relative) = envelope(frames: frames)
    var quotient = [Double](repeating: 0, count: envelope.count)
    for i in 0..<upstream.count where i + options.margin < envelope.count {
      let divisor = envelope[i + options.margin]
      if divisor >= 1e-10 { quotient[i + options.margin] = upstream[i] / divisor }
    }
    var bounds = Tensor<Double>(shape: [options.bins, frames])
    for t in 0..<frames {
      let size = measure.total(
        window.indices.map { n in
          let i = t * options.hop + n
          return (window[n] * (1 + relative[i]) + windowError) * quotient[i]
        })
      for k in 0..<options.bins { bounds[k, t] = share(k) * size }
    }
    return bounds
  }

  /// The overlapped squared window and its relative error, in the same units.
  private func envelope(frames: Int) -> ([Double], relativeErrors: [Double]) {
    var sums = [Double](repeating: 0, count: (frames - 1) * options.hop + options.windowLength)
    var errors = sums
    for t in 0..<frames {
      for n in window.indices {
        sums[t * options.hop + n] += window[n] * window[n]
        errors[t * options.hop + n] += 2 * window[n] * windowError
      }
    }
    return (sums, sums.indices.map { sums[$0] < 1e-10 ? 0 : errors[$0] / sums[$0] })
  }
}
