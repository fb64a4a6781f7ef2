import PerceptualCore

/// Inverse short-time Fourier transform: overlapped windowed frames over the overlapped squared window.
///
///     f_t[n] = (1/N) sum_k c_k (real[k, t] cos(2 pi k n / N) - imaginary[k, t] sin(2 pi k n / N))
///     y[i] = sum_t w[i - t hop] f_t[i - t hop] / sum_t w[i - t hop]^2
///
/// N is the window's length, w the periodic Hann window, c_k = 1 at k = 0 and k = N / 2, else 2. Imaginary parts at 0
/// Hz and at the Nyquist frequency have no part in it. Where the denominator is under 1e-10, and past the last frame, y
/// is 0. If centred, the first floor(N / 2) samples of y are dropped; then `length` samples are kept.
///
/// Of a signal's own transform this gives the signal back except near the ends of an uncentred one, where a single
/// frame's window falls to 0: the quotient divides by w, so that rounding errors grow as 1 / w, until w^2 < 1e-10 gives
/// 0.
/// Shapes: real and imaginary [bins, frames] to [length]. Source: Griffin and Lim 1984, eq. 6; fixtures.md.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func inverseShortTimeFourierTransform<Scalar: TensorElement>(
  _ spectrum: Spectrum<Scalar>, length: Int, options: ShortTimeOptions = .init()
) -> Tensor<Scalar> {
  let frames = options.checkedFrames(spectrum: spectrum.real.shape, length: length)
  options.check(spectrum, frames: frames, name: "spectrum")
  let size = options.windowLength
  let window: [Scalar] = hannWindow(size)
  let envelope: [Scalar] = squaredWindows(frames: frames, options: options)
  let circle = UnitCircle<Scalar>(size)
  var overlapped = [Scalar](repeating: 0, count: envelope.count)
  for t in 0..<frames {
    for n in 0..<size {
      var sum: Scalar = 0
      var angle = 0
      for k in 0..<options.bins {
        let term = spectrum.real[k, t] * circle.cosines[angle] - spectrum.imaginary[k, t] * circle.sines[angle]
        sum += occurrences(ofBin: k, in: size) * term
        angle = (angle + n) % size
      }
      overlapped[t * options.hop + n] += window[n] * sum / Scalar(size)
    }
  }
  var signal = Tensor<Scalar>(shape: [length])
  for i in 0..<length where i + options.margin < envelope.count {
    let divisor = envelope[i + options.margin]
    signal[i] = divisor < 1e-10 ? 0 : overlapped[i + options.margin] / divisor
  }
  return signal
}

/// The gradient of ``inverseShortTimeFourierTransform(_:length:options:)`` with respect to real and imaginary parts of
/// `frames` frames, its transpose: with g[i] = upstream[i] / sum_t w[i - t hop]^2 (0 where the signal is 0 by
/// definition), real (c_k / N) sum_n w[n] g[t hop + n] cos(2 pi k n / N), imaginary the same with -sin.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func inverseShortTimeFourierTransformGradient<Scalar: TensorElement>(
  upstream: Tensor<Scalar>, frames: Int, options: ShortTimeOptions = .init()
) -> Spectrum<Scalar> {
  require(upstream.rank == 1, "upstream: shape \(upstream.shape), expected [samples]")
  _ = options.checkedFrames(spectrum: [options.bins, frames], length: upstream.count)
  let size = options.windowLength
  let window: [Scalar] = hannWindow(size)
  let envelope: [Scalar] = squaredWindows(frames: frames, options: options)
  let circle = UnitCircle<Scalar>(size)
  var quotient = [Scalar](repeating: 0, count: envelope.count)
  for i in 0..<upstream.count where i + options.margin < envelope.count {
    let divisor = envelope[i + options.margin]
    quotient[i + options.margin] = divisor < 1e-10 ? 0 : upstream[i] / divisor
  }
  var real = Tensor<Scalar>(shape: [options.bins, frames])
  var imaginary = real
  for t in 0..<frames {
    for k in 0..<options.bins {
      var sumReal: Scalar = 0
      var sumImaginary: Scalar = 0
      var angle = 0
      for n in 0..<size {
        let sample = window[n] * quotient[t * options.hop + n]
        sumReal += sample * circle.cosines[angle]
        sumImaginary -= sample * circle.sines[angle]
        angle = (angle + k) % size
      }
      let factor: Scalar = occurrences(ofBin: k, in: size) / Scalar(size)
      real[k, t] = factor * sumReal
      imaginary[k, t] = factor * sumImaginary
    }
  }
  return Spectrum(real: real, imaginary: imaginary)
}

/// sum_t w[i - t hop]^2 over all positions that `frames` frames reach.
private func squaredWindows<Scalar: TensorElement>(frames: Int, options: ShortTimeOptions) -> [Scalar] {
  let window: [Scalar] = hannWindow(options.windowLength)
  var sums = [Scalar](repeating: 0, count: (frames - 1) * options.hop + options.windowLength)
  for t in 0..<frames {
    for n in 0..<options.windowLength { sums[t * options.hop + n] += window[n] * window[n] }
  }
  return sums
}

/// How often a bin of a real signal's spectrum stands in the whole spectrum: once at 0 Hz and Nyquist, else twice.
private func occurrences<Scalar: TensorElement>(ofBin k: Int, in size: Int) -> Scalar {
  k == 0 || 2 * k == size ? 1 : 2
}
