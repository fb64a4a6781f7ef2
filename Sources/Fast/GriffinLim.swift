import Foundation
import PerceptualCore

/// A signal whose short-time magnitudes approach those given: Griffin and Lim's iteration with momentum.
///
///     angle = exp(i initialPhase); then, `iterations` times:
///     rebuilt = transform(inverse(magnitude angle))
///     c = rebuilt - m / (1 + m) previous rebuilt        (previous: 0 at first)
///     angle = c / (|c| + 1e-16)
///     at last: inverse(magnitude angle)
///
/// Shapes: magnitude and initialPhase (radians) [bins, frames] to [length], length = (frames - 1) hop, plus
/// windowLength if not centred. Sources: Griffin and Lim 1984; Perraudin, Balazs and Sondergaard 2013 (momentum m, as
/// used by `torchaudio.functional.griffinlim`).
public func griffinLim(
  _ magnitude: Tensor<Float>, initialPhase: Tensor<Float>, options: ShortTimeOptions = .init(), iterations: Int = 32,
  momentum: Double = 0.99
) -> Tensor<Float> {
  let sweep = GriffinLimSweep(
    magnitude, initialPhase, options: options, iterations: iterations, momentum: momentum)
  return sweep.run(magnitude, initialPhase, angles: { $0 % 2 }, moduli: { _ in 0 }) { _, _ in }
}

/// The gradients of ``griffinLim(_:initialPhase:options:iterations:momentum:)``, by a reverse sweep through its
/// iterations.
///
/// Backwards through angle = c / (|c| + e): with d = |c| + e, dc = (dangle - angle (dangle . angle) d / |c|) / d, the
/// dot product over real and imaginary part; dc = dangle / d at c = 0. Keeps the angles of all iterations: 12 bytes a
/// bin, frame and iteration.
public func griffinLimGradient(
  _ magnitude: Tensor<Float>, initialPhase: Tensor<Float>, upstream: Tensor<Float>,
  options: ShortTimeOptions = .init(), iterations: Int = 32, momentum: Double = 0.99
) -> GriffinLimGradients<Float> {
  let sweep = GriffinLimSweep(
    magnitude, initialPhase, options: options, iterations: iterations, momentum: momentum)
  require(upstream.shape == [sweep.length], "upstream: shape \(upstream.shape), the signal has [\(sweep.length)]")
  var gradients: (Tensor<Float>, Tensor<Float>)?
  _ = sweep.run(magnitude, initialPhase, angles: { $0 }, moduli: { $0 }) { angles, moduli in
    gradients = makeTensorPair(magnitude.shape) { magnitudeGradient, phaseGradient in
      upstream.withPointer { upstream in
        sweep.reverse(upstream, angles: angles, moduli: moduli, magnitudeGradient, phaseGradient)
      }
    }
  }
  let (ofMagnitude, ofPhase) = gradients ?? (Tensor(shape: [0]), Tensor(shape: [0]))
  return GriffinLimGradients(magnitude: ofMagnitude, initialPhase: ofPhase)
}

/// The iteration, on spectra frame by frame.
private struct GriffinLimSweep {
  let layout: ShortTimeFrames
  let reciprocals: [Float]
  /// Frame by frame, padded as the spectra are.
  let magnitudes: [Float]
  let iterations: Int
  let share: Float
  let length: Int

  init(
    _ magnitude: Tensor<Float>, _ initialPhase: Tensor<Float>, options: ShortTimeOptions, iterations: Int,
    momentum: Double
  ) {
    require(
      magnitude.rank == 2 && magnitude.shape[0] == options.bins && magnitude.shape[1] >= 1,
      "magnitude: shape \(magnitude.shape), expected [\(options.bins), frames]")
    require(
      initialPhase.shape == magnitude.shape,
      "initialPhase: shape \(initialPhase.shape), magnitude has \(magnitude.shape)")
    require(iterations >= 0, "iterations: \(iterations), 0 or more are needed")
    require(momentum >= 0, "momentum: \(momentum), 0 or more is needed")
    let frames = magnitude.shape[1]
    length = options.samples(frames: frames)
    require(
      length > options.margin && options.frames(samples: length) == frames,
      "magnitude: \(frames) frames, whose \(length) samples are not as many frames again")
    layout = ShortTimeFrames(options, frames: frames, execution: Execution.current)
    reciprocals = layout.envelopeReciprocals()
    self.iterations = iterations
    share = Float(momentum / (1 + momentum))
    let pairs = layout.pairs
    var columns = [Float](repeating: 0, count: frames * pairs)
    for k in 0..<options.bins {
      for t in 0..<frames { columns[t * pairs + k] = magnitude[k, t] }
    }
    magnitudes = columns
  }

  /// `angles(i)` and `moduli(i)` say in which of the kept spectra iteration i's stand; `body` sees them all.
  func run(
    _ magnitude: Tensor<Float>, _ initialPhase: Tensor<Float>, angles angleSlot: (Int) -> Int,
    moduli modulusSlot: (Int) -> Int, _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor<Float> {
    let count = layout.spectraCount
    let angleSlots = (0...iterations).map(angleSlot).max().map { $0 + 1 } ?? 1
    let modulusSlots = (0...iterations).map(modulusSlot).max().map { $0 + 1 } ?? 1
    return makeTensor([length]) { signal in
      withFourierBuffer(angleSlots * count + modulusSlots * count / 2 + 3 * count) { memory in
        let angles = memory
        let moduli = angles + angleSlots * count
        let product = moduli + modulusSlots * count / 2
        var rebuilt = product + count
        var previous = rebuilt + count
        previous.update(repeating: 0, count: count)
        begin(initialPhase, angles + angleSlot(0) * count)
        for iteration in 0..<iterations {
          let angle = angles + angleSlot(iteration) * count
          let next = angles + angleSlot(iteration + 1) * count
          let modulus = moduli + modulusSlot(iteration) * count / 2
          multiply(angle, product)
          layout.inverse(product, length: length, reciprocals: reciprocals, signal)
          layout.transform(signal, samples: length, rebuilt)
          layout.forEachFrame { t, _ in
            layout.execution.kernels.renewAngles(
              rebuilt: layout.spectrum(rebuilt, t), previous: layout.spectrum(previous, t), share: share,
              layout.spectrum(next, t), moduli: modulus + t * layout.pairs, pairs: layout.pairs)
          }
          swap(&rebuilt, &previous)
        }
        multiply(angles + angleSlot(iterations) * count, product)
        layout.inverse(product, length: length, reciprocals: reciprocals, signal)
        body(angles, moduli)
      }
    }
  }

  /// The unit phasors of the initial phase.
  private func begin(_ initialPhase: Tensor<Float>, _ angle: UnsafeMutablePointer<Float>) {
    initialPhase.withPointer { phase in
      layout.forEachFrame { t, _ in
        let spectrum = layout.spectrum(angle, t)
        spectrum.update(repeating: 0, count: 2 * layout.pairs)
        for k in 0..<layout.options.bins {
          spectrum[2 * k] = cos(phase[k * layout.frames + t])
          spectrum[2 * k + 1] = sin(phase[k * layout.frames + t])
        }
      }
    }
  }

  private func multiply(_ angle: UnsafeMutablePointer<Float>, _ product: UnsafeMutablePointer<Float>) {
    magnitudes.withUnsafeBufferPointer { magnitudes in
      guard let magnitudes = magnitudes.baseAddress else { return }
      layout.forEachFrame { t, _ in
        layout.execution.kernels.scalePairs(
          layout.spectrum(angle, t), by: magnitudes + t * layout.pairs, layout.spectrum(product, t),
          pairs: layout.pairs)
      }
    }
  }

  /// The gradients, from those of the signal back to those of magnitude and initial phase, both [bins, frames].
  func reverse(
    _ upstream: UnsafePointer<Float>, angles: UnsafeMutablePointer<Float>, moduli: UnsafeMutablePointer<Float>,
    _ magnitudeGradient: UnsafeMutablePointer<Float>, _ phaseGradient: UnsafeMutablePointer<Float>
  ) {
    let count = layout.spectraCount
    let (bins, frames, pairs) = (layout.options.bins, layout.frames, layout.pairs)
    magnitudeGradient.update(repeating: 0, count: bins * frames)
    withFourierBuffer(2 * count + length) { memory in
      let gradient = memory
      /// What the next iteration's momentum passes back to `rebuilt`.
      let fromNext = gradient + count
      let signalGradient = fromNext + count
      fromNext.update(repeating: 0, count: count)
      signalGradient.update(from: upstream, count: length)
      for iteration in (0...iterations).reversed() {
        layout.inverseTransposed(signalGradient, length: length, reciprocals: reciprocals, gradient)
        layout.forEachFrame { t, _ in
          let angle = layout.spectrum(angles + iteration * count, t)
          let own = layout.spectrum(gradient, t)
          let carried = layout.spectrum(fromNext, t)
          let modulus = moduli + max(0, iteration - 1) * count / 2 + t * pairs
          for k in 0..<bins {
            let (real, imaginary) = (angle[2 * k], angle[2 * k + 1])
            let radial = own[2 * k] * real + own[2 * k + 1] * imaginary
            let tangential = own[2 * k + 1] * real - own[2 * k] * imaginary
            let magnitude = magnitudes[t * pairs + k]
            magnitudeGradient[k * frames + t] += radial
            if iteration == 0 {
              phaseGradient[k * frames + t] = magnitude * tangential
              continue
            }
            let divisor = modulus[k] + 1e-16
            let radialShare = modulus[k] == 0 ? 0 : radial * (divisor / modulus[k])
            let changeReal = magnitude * (own[2 * k] - real * radialShare) / divisor
            let changeImaginary = magnitude * (own[2 * k + 1] - imaginary * radialShare) / divisor
            own[2 * k] = changeReal + carried[2 * k]
            own[2 * k + 1] = changeImaginary + carried[2 * k + 1]
            carried[2 * k] = -share * changeReal
            carried[2 * k + 1] = -share * changeImaginary
          }
        }
        if iteration > 0 { layout.transformTransposed(gradient, samples: length, signalGradient) }
      }
    }
  }
}
