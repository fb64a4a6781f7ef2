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
/// Shapes: real and imaginary [bins, frames] to [length]. Source: Griffin and Lim 1984, eq. 6; docs/fixtures.md.
public func inverseShortTimeFourierTransform(
  _ spectrum: Spectrum<Float>, length: Int, options: ShortTimeOptions = .init()
) -> Tensor<Float> {
  let frames = options.checkedFrames(spectrum: spectrum.real.shape, length: length)
  options.check(spectrum, frames: frames, name: "spectrum")
  let layout = ShortTimeFrames(options, frames: frames, execution: Execution.current)
  return makeTensor([length]) { signal in
    ScratchPool.shared.withFloats(layout.spectraCount) { spectra in
      layout.join(spectrum, spectra)
      layout.inverse(spectra, length: length, envelope: layout.envelope(), signal)
    }
  }
}

/// The gradient of ``inverseShortTimeFourierTransform(_:length:options:)`` with respect to real and imaginary parts of
/// `frames` frames, its transpose: with g[i] = upstream[i] / sum_t w[i - t hop]^2 (0 where the signal is 0 by
/// definition), real (c_k / N) sum_n w[n] g[t hop + n] cos(2 pi k n / N), imaginary the same with -sin.
public func inverseShortTimeFourierTransformGradient(
  upstream: Tensor<Float>, frames: Int, options: ShortTimeOptions = .init()
) -> Spectrum<Float> {
  require(upstream.rank == 1, "upstream: shape \(upstream.shape), expected [samples]")
  _ = options.checkedFrames(spectrum: [options.bins, frames], length: upstream.count)
  let layout = ShortTimeFrames(options, frames: frames, execution: Execution.current)
  let (real, imaginary) = makeTensorPair([options.bins, frames]) { real, imaginary in
    ScratchPool.shared.withFloats(layout.spectraCount) { spectra in
      layout.inverseTransposed(upstream.elements, length: upstream.count, envelope: layout.envelope(), spectra)
      layout.split(spectra, real, imaginary)
    }
  }
  return Spectrum(real: real, imaginary: imaginary)
}
