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
  return sweep.run(initialPhase) { _, _ in }
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
  _ = sweep.run(initialPhase, isKept: true) { angles, moduli in
    gradients = makeTensorPair(magnitude.shape) { magnitudeGradient, phaseGradient in
      upstream.withPointer { upstream in
        sweep.reverse(upstream, angles: angles, moduli: moduli, magnitudeGradient, phaseGradient)
      }
    }
  }
  let (ofMagnitude, ofPhase) = gradients ?? (Tensor(shape: [0]), Tensor(shape: [0]))
  return GriffinLimGradients(magnitude: ofMagnitude, initialPhase: ofPhase)
}

/// The iteration, on the spectra of a block of frames after the other.
private struct GriffinLimSweep {
  let layout: ShortTimeFrames
  let envelope: ShortTimeFrames.Envelope
  /// Block by block [bins, lanes].
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
    let layout = ShortTimeFrames(options, frames: frames, execution: Execution.current)
    envelope = layout.envelope()
    self.layout = layout
    self.iterations = iterations
    share = Float(momentum / (1 + momentum))
    let (bins, lanes) = (options.bins, layout.lanes)
    var columns = [Float](repeating: 0, count: layout.spectraCount / 2)
    magnitude.withPointer { magnitude in
      columns.withUnsafeMutableBufferPointer { columns in
        guard let columns = columns.baseAddress else { return }
        for block in 0..<layout.blocks {
          for k in 0..<bins {
            (columns + (block * bins + k) * lanes)
              .update(from: magnitude + k * frames + block * lanes, count: layout.frames(of: block))
          }
        }
      }
    }
    magnitudes = columns
  }

  /// The signal. If `isKept`, `body` sees the angles of all iterations + 1 and the moduli of all iterations.
  func run(
    _ initialPhase: Tensor<Float>, isKept: Bool = false,
    _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor<Float> {
    let count = layout.spectraCount
    let margin = layout.options.margin
    // The signal between its margins, the samples of all blocks, the spectra before, and what is kept.
    let room = (length + 2 * margin + 15) / 16 * 16
    let kept = isKept ? (iterations + 1) * count + iterations * count / 2 : 0
    return makeTensor([length]) { signal in
      ScratchPool.shared.withFloats(room + layout.samplesCount + count + kept) { extended in
        let samples = extended + room
        let previous = samples + layout.samplesCount
        let angles = previous + count
        let moduli = angles + (isKept ? (iterations + 1) * count : 0)
        previous.update(repeating: 0, count: count)
        begin(initialPhase, samples, angle: isKept ? angles : nil)
        for iteration in 0..<iterations {
          layout.join(samples, extended + margin, from: margin, count: length, envelope: envelope)
          layout.reflect(extended, samples: length)
          layout.forEachBlock(room: layout.blockCount) { block, spectrum, scratch in
            layout.analyse(extended, block, scratch: scratch, spectrum)
            let place = block * layout.blockCount
            withMagnitudes(block) { magnitude in
              layout.execution.kernels.renewAngles(
                spectrum, previous: previous + place, share: share, magnitude: magnitude,
                angle: isKept ? angles + (iteration + 1) * count + place : nil,
                moduli: isKept ? moduli + iteration * count / 2 + place / 2 : nil, bins: layout.options.bins)
            }
            layout.synthesise(spectrum, block, scratch: scratch, samples)
          }
        }
        layout.join(samples, signal, from: margin, count: length, envelope: envelope)
        body(angles, moduli)
      }
    }
  }

  private func withMagnitudes(_ block: Int, _ body: (UnsafePointer<Float>) -> Void) {
    magnitudes.withUnsafeBufferPointer { magnitudes in
      if let magnitudes = magnitudes.baseAddress { body(magnitudes + block * layout.blockCount / 2) }
    }
  }

  /// The samples of all blocks with the initial phase, whose unit phasors are written to `angle` if it is given.
  private func begin(
    _ initialPhase: Tensor<Float>, _ samples: UnsafeMutablePointer<Float>, angle: UnsafeMutablePointer<Float>?
  ) {
    let (lanes, frames) = (layout.lanes, layout.frames)
    initialPhase.withPointer { phase in
      layout.forEachBlock(room: layout.blockCount) { block, spectrum, scratch in
        let size = layout.frames(of: block)
        if size < lanes { spectrum.update(repeating: 0, count: layout.blockCount) }
        for k in 0..<layout.options.bins {
          let phases = phase + k * frames + block * lanes
          for i in 0..<size {
            spectrum[2 * k * lanes + i] = cos(phases[i])
            spectrum[(2 * k + 1) * lanes + i] = sin(phases[i])
          }
        }
        if let angle { layout.spectrum(angle, block).update(from: spectrum, count: layout.blockCount) }
        withMagnitudes(block) { magnitude in
          layout.execution.kernels.scaleBins(spectrum, by: magnitude, spectrum, bins: layout.options.bins)
        }
        layout.synthesise(spectrum, block, scratch: scratch, samples)
      }
    }
  }

  /// The gradients, from those of the signal back to those of magnitude and initial phase, both [bins, frames].
  func reverse(
    _ upstream: UnsafePointer<Float>, angles: UnsafeMutablePointer<Float>, moduli: UnsafeMutablePointer<Float>,
    _ magnitudeGradient: UnsafeMutablePointer<Float>, _ phaseGradient: UnsafeMutablePointer<Float>
  ) {
    let count = layout.spectraCount
    let (bins, frames, lanes) = (layout.options.bins, layout.frames, layout.lanes)
    magnitudeGradient.update(repeating: 0, count: bins * frames)
    ScratchPool.shared.withFloats(2 * count + length) { memory in
      let gradient = memory
      /// What the next iteration's momentum passes back to `rebuilt`.
      let fromNext = gradient + count
      let signalGradient = fromNext + count
      fromNext.update(repeating: 0, count: count)
      signalGradient.update(from: upstream, count: length)
      for iteration in (0...iterations).reversed() {
        layout.inverseTransposed(signalGradient, length: length, envelope: envelope, gradient)
        layout.forEachBlock { block, _, _ in
          let angle = layout.spectrum(angles + iteration * count, block)
          let own = layout.spectrum(gradient, block)
          let carried = layout.spectrum(fromNext, block)
          let modulus = moduli + max(0, iteration - 1) * count / 2 + block * layout.blockCount / 2
          for k in 0..<bins {
            for lane in 0..<layout.frames(of: block) {
              let (re, im) = (2 * k * lanes + lane, (2 * k + 1) * lanes + lane)
              let radial = own[re] * angle[re] + own[im] * angle[im]
              let tangential = own[im] * angle[re] - own[re] * angle[im]
              let magnitude = magnitudes[(block * bins + k) * lanes + lane]
              let place = k * frames + block * lanes + lane
              magnitudeGradient[place] += radial
              if iteration == 0 {
                phaseGradient[place] = magnitude * tangential
                continue
              }
              let size = modulus[k * lanes + lane]
              let divisor = size + 1e-16
              let radialShare = size == 0 ? 0 : radial * (divisor / size)
              let changeReal = magnitude * (own[re] - angle[re] * radialShare) / divisor
              let changeImaginary = magnitude * (own[im] - angle[im] * radialShare) / divisor
              own[re] = changeReal + carried[re]
              own[im] = changeImaginary + carried[im]
              carried[re] = -share * changeReal
              carried[im] = -share * changeImaginary
            }
          }
        }
        if iteration > 0 { layout.transformTransposed(gradient, samples: length, signalGradient) }
      }
    }
  }
}
