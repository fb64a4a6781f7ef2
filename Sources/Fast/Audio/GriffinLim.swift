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
  requirePhase(initialPhase, magnitude)
  return griffinLim(
    magnitude, initialAngle: phasors(initialPhase), options: options, iterations: iterations, momentum: momentum)
}

/// The same from any complex `initialAngle` [bins, frames], whose moduli need not be 1: TorchAudio's random start is
/// such.
public func griffinLim(
  _ magnitude: Tensor<Float>, initialAngle: Spectrum<Float>, options: ShortTimeOptions = .init(), iterations: Int = 32,
  momentum: Double = 0.99
) -> Tensor<Float> {
  let sweep = GriffinLimSweep(
    magnitude, initialAngle, options: options, iterations: iterations, momentum: momentum)
  return sweep.run(initialAngle).signal
}

/// Griffin-Lim until it converges: it ends after the iteration that brings the spectral convergence
/// || |transform(signal)| - magnitude || / || magnitude || down by less than `tolerance` times what it was, or up, or
/// after `iterations`.
///
/// A magnitude of 0 everywhere gives silence, whose convergence is 0. The rest as
/// ``griffinLim(_:initialAngle:options:iterations:momentum:)``.
public func convergingGriffinLim(
  _ magnitude: Tensor<Float>, initialAngle: Spectrum<Float>, options: ShortTimeOptions = .init(),
  iterations: Int = 1000, momentum: Double = 0.99, tolerance: Double = 1e-3
) -> GriffinLimOutput<Float> {
  require(tolerance >= 0, "tolerance: \(tolerance), 0 or more is needed")
  let sweep = GriffinLimSweep(
    magnitude, initialAngle, options: options, iterations: iterations, momentum: momentum)
  return sweep.run(initialAngle, tolerance: tolerance)
}

/// A random start for Griffin-Lim, [bins, frames]: stream `phases` of the generator under `seed`, number `index`.
///
/// Unit phasors take one draw u for each element, exp(2 pi i u); the first quadrant all real parts, then all imaginary
/// ones.
public func griffinLimStart(
  _ start: GriffinLimStart, seed: UInt64, index: UInt64 = 0, bins: Int, frames: Int
) -> Spectrum<Float> {
  let count = bins * frames
  switch start {
  case .unitPhasors:
    let draws = uniformNoise(seed: seed, stream: .phases, index: index, count: count)
    return phasors(Tensor(draws.map { 2 * Float.pi * $0 }, shape: [bins, frames]))
  case .firstQuadrant:
    let draws = uniformNoise(seed: seed, stream: .phases, index: index, count: 2 * count)
    return Spectrum(
      real: Tensor(Array(draws[..<count]), shape: [bins, frames]),
      imaginary: Tensor(Array(draws[count...]), shape: [bins, frames]))
  }
}

/// exp(i phase).
func phasors(_ phase: Tensor<Float>) -> Spectrum<Float> {
  let execution = Execution.current
  let (real, imaginary) = makeTensorPair(phase.shape) { real, imaginary in
    phase.withPointer { phase0 in
      execution.forEachPiece(of: phase.count, grain: 1 << 13) { first, count in
        for i in first..<first + count {
          real[i] = cos(phase0[i])
          imaginary[i] = sin(phase0[i])
        }
      }
    }
  }
  return Spectrum(real: real, imaginary: imaginary)
}

func requirePhase(_ initialPhase: Tensor<Float>, _ magnitude: Tensor<Float>) {
  require(
    initialPhase.shape == magnitude.shape,
    "initialPhase: shape \(initialPhase.shape), magnitude has \(magnitude.shape)")
}

func requireGriffinLim(_ magnitude: Tensor<Float>, _ options: ShortTimeOptions, iterations: Int, momentum: Double) {
  require(
    magnitude.rank == 2 && magnitude.shape[0] == options.bins && magnitude.shape[1] >= 1,
    "magnitude: shape \(magnitude.shape), expected [\(options.bins), frames]")
  require(iterations >= 0, "iterations: \(iterations), 0 or more are needed")
  require(momentum >= 0, "momentum: \(momentum), 0 or more is needed")
  let frames = magnitude.shape[1]
  let length = options.samples(frames: frames)
  require(
    length > options.margin && options.frames(samples: length) == frames,
    "magnitude: \(frames) frames, whose \(length) samples are not as many frames again")
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
    _ magnitude: Tensor<Float>, _ start: Spectrum<Float>, options: ShortTimeOptions, iterations: Int, momentum: Double
  ) {
    requireGriffinLim(magnitude, options, iterations: iterations, momentum: momentum)
    require(
      start.real.shape == magnitude.shape && start.imaginary.shape == magnitude.shape,
      "initialAngle: shapes \(start.real.shape) and \(start.imaginary.shape), magnitude has \(magnitude.shape)")
    let frames = magnitude.shape[1]
    length = options.samples(frames: frames)
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

  /// The signal; its convergence after each iteration only with a `tolerance`, which may also end it.
  func run(_ start: Spectrum<Float>, tolerance: Double? = nil) -> GriffinLimOutput<Float> {
    var convergence: [Double] = []
    let norm = tolerance == nil ? 0 : magnitudes.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    var distances = [Double](repeating: 0, count: layout.blocks)
    let count = layout.spectraCount
    let margin = layout.options.margin
    // The signal between its margins, the samples of all blocks, and the spectra before.
    let room = (length + 2 * margin + 15) / 16 * 16
    let signal = makeTensor([length]) { signal in
      ScratchPool.shared.withFloats(room + layout.samplesCount + count) { extended in
        let samples = extended + room
        let previous = samples + layout.samplesCount
        previous.update(repeating: 0, count: count)
        begin(start, samples)
        // To know how far the last signal is takes its transform.
        for iteration in 0..<(tolerance == nil ? iterations : iterations + 1) {
          layout.join(samples, extended + margin, from: margin, count: length, envelope: envelope)
          layout.reflect(extended, samples: length)
          if let tolerance {
            measure(extended, &distances)
            let distance = norm == 0 ? 0 : distances.reduce(0, +).squareRoot() / norm
            convergence.append(distance)
            let before = convergence.dropLast().last ?? .infinity
            if iteration == iterations || distance == 0 || before - distance < tolerance * before { break }
          }
          layout.forEachBlock(room: layout.blockCount) { block, spectrum, scratch in
            layout.analyse(extended, block, scratch: scratch, spectrum)
            let place = block * layout.blockCount
            withMagnitudes(block) { magnitude in
              layout.execution.kernels.renewAngles(
                spectrum, previous: previous + place, share: share, magnitude: magnitude,
                bins: layout.options.bins)
            }
            layout.synthesise(spectrum, block, scratch: scratch, samples)
          }
        }
        layout.join(samples, signal, from: margin, count: length, envelope: envelope)
      }
    }
    return GriffinLimOutput(signal: signal, convergence: convergence)
  }

  /// The squared distance of each block's moduli from the magnitudes.
  private func measure(_ extended: UnsafePointer<Float>, _ distances: inout [Double]) {
    let (bins, lanes) = (layout.options.bins, layout.lanes)
    distances.withUnsafeMutableBufferPointer { distances in
      layout.forEachBlock(room: 3 * bins * lanes) { block, spectrum, scratch in
        let moduli = spectrum + 2 * bins * lanes
        layout.moduli(extended, block, squared: false, scratch: scratch, spectrum: spectrum, moduli)
        var sum = 0.0
        withMagnitudes(block) { magnitude in
          for k in 0..<bins {
            for lane in 0..<layout.frames(of: block) {
              let difference = Double(moduli[k * lanes + lane] - magnitude[k * lanes + lane])
              sum += difference * difference
            }
          }
        }
        distances[block] = sum
      }
    }
  }

  private func withMagnitudes(_ block: Int, _ body: (UnsafePointer<Float>) -> Void) {
    magnitudes.withUnsafeBufferPointer { magnitudes in
      if let magnitudes = magnitudes.baseAddress { body(magnitudes + block * layout.blockCount / 2) }
    }
  }

  /// The samples of all blocks with the first angles.
  private func begin(_ start: Spectrum<Float>, _ samples: UnsafeMutablePointer<Float>) {
    let (lanes, frames) = (layout.lanes, layout.frames)
    withPointers(start.real, start.imaginary, nil) { real, imaginary, _ in
      layout.forEachBlock(room: layout.blockCount) { block, spectrum, scratch in
        let size = layout.frames(of: block)
        if size < lanes { spectrum.update(repeating: 0, count: layout.blockCount) }
        for k in 0..<layout.options.bins {
          let place = k * frames + block * lanes
          (spectrum + 2 * k * lanes).update(from: real + place, count: size)
          (spectrum + (2 * k + 1) * lanes).update(from: imaginary + place, count: size)
        }
        withMagnitudes(block) { magnitude in
          layout.execution.kernels.scaleBins(spectrum, by: magnitude, spectrum, bins: layout.options.bins)
        }
        layout.synthesise(spectrum, block, scratch: scratch, samples)
      }
    }
  }
}
