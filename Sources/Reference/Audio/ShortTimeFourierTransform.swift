import Foundation
import PerceptualCore

/// Short-time Fourier transform: X[k, t] = sum_n w[n] e[t hop + n] exp(-2 pi i k n / N), k = 0 ... floor(N / 2).
///
/// N is the window's length, w[n] = sin^2(pi n / N) the periodic Hann window, e the signal, extended by reflection
/// (edge not repeated) of floor(N / 2) samples on each side if centred. No normalisation; phase from each frame's
/// start.
///
/// Shapes: signal [T] to real and imaginary [bins, frames], frames as in `ShortTimeOptions.frames(samples:)`. Samples
/// that no frame reaches are not read. A signal must fill one frame, and be longer than the reflection.
/// Window, cosines and sines are computed in Double and rounded once. Source: fixtures.md; `torch.stft`.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func shortTimeFourierTransform<Scalar: TensorElement>(
  _ signal: Tensor<Scalar>, options: ShortTimeOptions = .init()
) -> Spectrum<Scalar> {
  require(signal.rank == 1, "signal: shape \(signal.shape), expected [samples]")
  let frames = options.checkedFrames(samples: signal.count)
  let length = options.windowLength
  let window: [Scalar] = hannWindow(length)
  let circle = UnitCircle<Scalar>(length)
  var real = Tensor<Scalar>(shape: [options.bins, frames])
  var imaginary = real
  for t in 0..<frames {
    let frame = (0..<length).map { n in
      window[n] * signal[sourceIndex(t * options.hop + n, samples: signal.count, margin: options.margin)]
    }
    for k in 0..<options.bins {
      var sumReal: Scalar = 0
      var sumImaginary: Scalar = 0
      var angle = 0
      for n in 0..<length {
        sumReal += frame[n] * circle.cosines[angle]
        sumImaginary -= frame[n] * circle.sines[angle]
        angle = (angle + k) % length
      }
      real[k, t] = sumReal
      imaginary[k, t] = sumImaginary
    }
  }
  return Spectrum(real: real, imaginary: imaginary)
}

/// The gradient of ``shortTimeFourierTransform(_:options:)`` with respect to a signal of `length` samples, its
/// transpose: every frame gives w[n] sum_k (real[k, t] cos(2 pi k n / N) - imaginary[k, t] sin(2 pi k n / N)) to the
/// sample it read.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func shortTimeFourierTransformGradient<Scalar: TensorElement>(
  upstream: Spectrum<Scalar>, length samples: Int, options: ShortTimeOptions = .init()
) -> Tensor<Scalar> {
  let frames = options.checkedFrames(samples: samples)
  options.check(upstream, frames: frames, name: "upstream")
  let length = options.windowLength
  let window: [Scalar] = hannWindow(length)
  let circle = UnitCircle<Scalar>(length)
  var gradient = Tensor<Scalar>(shape: [samples])
  for t in 0..<frames {
    for n in 0..<length {
      var sum: Scalar = 0
      var angle = 0
      for k in 0..<options.bins {
        sum += upstream.real[k, t] * circle.cosines[angle] - upstream.imaginary[k, t] * circle.sines[angle]
        angle = (angle + n) % length
      }
      gradient[sourceIndex(t * options.hop + n, samples: samples, margin: options.margin)] += window[n] * sum
    }
  }
  return gradient
}

/// The periodic Hann window: w[n] = sin^2(pi n / N) = (1 - cos(2 pi n / N)) / 2; the sine loses no digits near 0.
func hannWindow<Scalar: TensorElement>(_ length: Int) -> [Scalar] {
  (0..<length).map { n in
    let sine = sin(.pi * Double(n) / Double(length))
    return Scalar(sine * sine)
  }
}

/// cos(2 pi j / N) and sin(2 pi j / N) for j = 0 ... N - 1, exact at the quarters of the circle.
struct UnitCircle<Scalar: TensorElement> {
  var cosines: [Scalar] = []
  var sines: [Scalar] = []

  init(_ length: Int) {
    for j in 0..<length {
      let angle = 2 * Double.pi * Double(j) / Double(length)
      let quarter = 4 * j % length == 0 ? 4 * j / length : nil
      cosines.append(Scalar(quarter.map { [1, 0, -1, 0][$0] } ?? cos(angle)))
      sines.append(Scalar(quarter.map { [0, 1, 0, -1][$0] } ?? sin(angle)))
    }
  }
}

/// The sample of the signal that stands at `position` of the signal extended by reflection.
func sourceIndex(_ position: Int, samples: Int, margin: Int) -> Int {
  let index = position - margin
  if index < 0 { return -index }
  return index < samples ? index : 2 * (samples - 1) - index
}
