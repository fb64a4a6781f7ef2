import Foundation
import PerceptualCore

/// The gradients of ``griffinLim(_:initialPhase:options:iterations:momentum:)``, by a reverse sweep through its
/// iterations, all in Double and rounded once: a phase of a small modulus moves by its spectrum's error over that
/// modulus, so that three iterations in single precision lose two digits of the gradient.
///
/// Backwards through angle = c / (|c| + e): with d = |c| + e, dc = (dangle - angle (dangle . angle) d / |c|) / d, the
/// dot product over real and imaginary part; dc = dangle / d at c = 0. Keeps the angles of all iterations: 24 bytes a
/// bin, frame and iteration.
public func griffinLimGradient(
  _ magnitude: Tensor<Float>, initialPhase: Tensor<Float>, upstream: Tensor<Float>,
  options: ShortTimeOptions = .init(), iterations: Int = 32, momentum: Double = 0.99
) -> GriffinLimGradients<Float> {
  magnitude.checkPhase(initialPhase)
  options.checkGriffinLim(magnitude: magnitude.shape, iterations: iterations, momentum: momentum)
  let length = options.samples(frames: magnitude.shape[1])
  require(upstream.shape == [length], "upstream: shape \(upstream.shape), the signal has [\(length)]")
  let sweep = GriffinLimTrace(magnitude, initialPhase, options: options, iterations: iterations, momentum: momentum)
  let (ofMagnitude, ofPhase) = makeTensorPair(magnitude.shape) { magnitudeGradient, phaseGradient in
    sweep.reverse(upstream, magnitudeGradient, phaseGradient)
  }
  return GriffinLimGradients(magnitude: ofMagnitude, initialPhase: ofPhase)
}

/// The iteration with all that its reverse needs. Spectra are complex numbers, frame by frame [frames, bins].
private struct GriffinLimTrace {
  let layout: ExactFrames
  let iterations: Int
  let share: Double
  let magnitudes: Lines<Double>
  /// `iterations` + 1 spectra, the first from the initial phase.
  let angles: Lines<Double>
  /// |c| of each iteration.
  let moduli: Lines<Double>

  /// Complex numbers in a spectrum of all frames.
  private var count: Int { layout.frames * layout.bins }

  init(
    _ magnitude: Tensor<Float>, _ initialPhase: Tensor<Float>, options: ShortTimeOptions, iterations: Int,
    momentum: Double
  ) {
    let layout = ExactFrames(options, frames: magnitude.shape[1])
    let (frames, bins) = (layout.frames, layout.bins)
    let count = frames * bins
    let share = momentum / (1 + momentum)
    let (magnitudes, moduli) = (Lines<Double>(count), Lines<Double>(max(1, iterations) * count))
    let angles = Lines<Double>((iterations + 1) * 2 * count)
    let (spectrum, previous) = (Lines<Double>(2 * count), Lines<Double>(2 * count))
    withPointers(magnitude, initialPhase, nil) { magnitude, phase, _ in
      layout.execution.forEach(frames) { t in
        for k in 0..<bins {
          let (i, place) = (t * bins + k, k * frames + t)
          magnitudes[i] = Double(magnitude[place])
          angles[2 * i] = cos(Double(phase[place]))
          angles[2 * i + 1] = sin(Double(phase[place]))
        }
      }
    }
    for iteration in 0..<iterations {
      let angle = angles.start + iteration * 2 * count
      layout.execution.forEach(frames) { t in
        for i in t * bins..<(t + 1) * bins {
          spectrum[2 * i] = magnitudes[i] * angle[2 * i]
          spectrum[2 * i + 1] = magnitudes[i] * angle[2 * i + 1]
        }
      }
      layout.transform(layout.inverse(spectrum), spectrum)
      let (next, modulus) = (angle + 2 * count, moduli.start + iteration * count)
      layout.execution.forEach(frames) { t in
        for i in t * bins..<(t + 1) * bins {
          let real = spectrum[2 * i] - share * previous[2 * i]
          let imaginary = spectrum[2 * i + 1] - share * previous[2 * i + 1]
          modulus[i] = (real * real + imaginary * imaginary).squareRoot()
          next[2 * i] = real / (modulus[i] + 1e-16)
          next[2 * i + 1] = imaginary / (modulus[i] + 1e-16)
          previous[2 * i] = spectrum[2 * i]
          previous[2 * i + 1] = spectrum[2 * i + 1]
        }
      }
    }
    (self.layout, self.iterations, self.share) = (layout, iterations, share)
    (self.magnitudes, self.angles, self.moduli) = (magnitudes, angles, moduli)
  }

  /// The gradients, from those of the signal back to those of magnitude and initial phase, both [bins, frames].
  func reverse(_ upstream: Tensor<Float>, _ magnitudeGradient: MutableFloats, _ phaseGradient: MutableFloats) {
    let (frames, bins) = (layout.frames, layout.bins)
    let (gradient, sums) = (Lines<Double>(2 * count), Lines<Double>(count))
    // What the next iteration's momentum passes back to `rebuilt`.
    let carried = Lines<Double>(2 * count)
    var signalGradient = Lines<Double>(upstream.count)
    for i in 0..<upstream.count { signalGradient[i] = Double(upstream[i]) }
    for iteration in (0...iterations).reversed() {
      layout.inverseTransposed(signalGradient, gradient)
      let angle = angles.start + iteration * 2 * count
      let modulus = moduli.start + max(0, iteration - 1) * count
      layout.execution.forEach(frames) { t in
        for i in t * bins..<(t + 1) * bins {
          let (re, im) = (2 * i, 2 * i + 1)
          let radial = gradient[re] * angle[re] + gradient[im] * angle[im]
          sums[i] += radial
          if iteration == 0 {
            let tangential = gradient[im] * angle[re] - gradient[re] * angle[im]
            let place = (i - t * bins) * frames + t
            magnitudeGradient[place] = Float(sums[i])
            phaseGradient[place] = Float(magnitudes[i] * tangential)
            continue
          }
          let divisor = modulus[i] + 1e-16
          let radialShare = modulus[i] == 0 ? 0 : radial * (divisor / modulus[i])
          let changeReal = magnitudes[i] * (gradient[re] - angle[re] * radialShare) / divisor
          let changeImaginary = magnitudes[i] * (gradient[im] - angle[im] * radialShare) / divisor
          gradient[re] = changeReal + carried[re]
          gradient[im] = changeImaginary + carried[im]
          carried[re] = -share * changeReal
          carried[im] = -share * changeImaginary
        }
      }
      if iteration > 0 { signalGradient = layout.transformTransposed(gradient) }
    }
  }
}
