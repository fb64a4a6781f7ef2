import PerceptualCore

/// Short-time Fourier transform: X[k, t] = sum_n w[n] e[t hop + n] exp(-2 pi i k n / N), k = 0 ... floor(N / 2).
///
/// N is the window's length, w[n] = sin^2(pi n / N) the periodic Hann window, e the signal, extended by reflection
/// (edge not repeated) of floor(N / 2) samples on each side if centred. No normalisation; phase from each frame's
/// start.
///
/// Shapes: signal [T] to real and imaginary [bins, frames], frames as in `ShortTimeOptions.frames(samples:)`. Samples
/// that no frame reaches are not read. A signal must fill one frame, and be longer than the reflection.
public func shortTimeFourierTransform(_ signal: Tensor<Float>, options: ShortTimeOptions = .init()) -> Spectrum<Float> {
  require(signal.rank == 1, "signal: shape \(signal.shape), expected [samples]")
  let frames = options.checkedFrames(samples: signal.count)
  let layout = ShortTimeFrames(options, frames: frames, execution: Execution.current)
  let (real, imaginary) = makeTensorPair([options.bins, frames]) { real, imaginary in
    ScratchPool.shared.withFloats(layout.spectraCount) { spectra in
      layout.transform(signal.elements, samples: signal.count, spectra)
      layout.split(spectra, real, imaginary)
    }
  }
  return Spectrum(real: real, imaginary: imaginary)
}

/// The gradient of ``shortTimeFourierTransform(_:options:)`` with respect to a signal of `length` samples, its
/// transpose: every frame gives w[n] sum_k (real[k, t] cos(2 pi k n / N) - imaginary[k, t] sin(2 pi k n / N)) to the
/// sample it read.
public func shortTimeFourierTransformGradient(
  upstream: Spectrum<Float>, length samples: Int, options: ShortTimeOptions = .init()
) -> Tensor<Float> {
  let frames = options.checkedFrames(samples: samples)
  options.check(upstream, frames: frames, name: "upstream")
  let layout = ShortTimeFrames(options, frames: frames, execution: Execution.current)
  return makeTensor([samples]) { gradient in
    ScratchPool.shared.withFloats(layout.spectraCount) { spectra in
      layout.join(upstream, spectra)
      layout.transformTransposed(spectra, samples: samples, gradient)
    }
  }
}

extension ShortTimeFrames {
  /// Spectra block by block to the planes [bins, frames].
  func split(_ spectra: Floats, _ real: MutableFloats, _ imaginary: MutableFloats) {
    execution.forEachPiece(of: options.bins, grain: 16) { first, count in
      for block in 0..<blocks {
        let (own, size) = (spectra + block * blockCount, frames(of: block))
        for k in first..<first + count {
          let place = k * frames + block * lanes
          (real + place).update(from: own + 2 * k * lanes, count: size)
          (imaginary + place).update(from: own + (2 * k + 1) * lanes, count: size)
        }
      }
    }
  }

  /// The reverse of ``split(_:_:_:)``.
  func join(_ planes: Spectrum<Float>, _ spectra: MutableFloats) {
    withPointers(planes.real, planes.imaginary, nil) { real, imaginary, _ in
      execution.forEach(blocks) { join(real, imaginary, $0, spectrum(spectra, $0)) }
    }
  }

  /// The same of one block.
  func join(_ real: Floats, _ imaginary: Floats, _ block: Int, _ spectrum: MutableFloats) {
    let size = frames(of: block)
    if size < lanes { spectrum.update(repeating: 0, count: blockCount) }
    for k in 0..<options.bins {
      let place = k * frames + block * lanes
      (spectrum + 2 * k * lanes).update(from: real + place, count: size)
      (spectrum + (2 * k + 1) * lanes).update(from: imaginary + place, count: size)
    }
  }
}
