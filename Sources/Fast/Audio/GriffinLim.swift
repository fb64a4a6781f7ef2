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
  magnitude.checkPhase(initialPhase)
  return griffinLim(
    magnitude, initialAngle: phasors(initialPhase), options: options, iterations: iterations, momentum: momentum)
}

/// The same from any complex `initialAngle` [bins, frames], whose moduli need not be 1: TorchAudio's random start is
/// such.
public func griffinLim(
  _ magnitude: Tensor<Float>, initialAngle: Spectrum<Float>, options: ShortTimeOptions = .init(), iterations: Int = 32,
  momentum: Double = 0.99
) -> Tensor<Float> {
  let sweep = GriffinLimSweep(magnitude, initialAngle, options: options, iterations: iterations, momentum: momentum)
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
  let sweep = GriffinLimSweep(magnitude, initialAngle, options: options, iterations: iterations, momentum: momentum)
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

/// The iteration, on the spectra of a block of frames after the other.
private struct GriffinLimSweep {
  let layout: ShortTimeFrames
  let envelope: Lines<Float>
  /// Block by block [bins, lanes].
  let magnitudes: Lines<Float>
  let iterations: Int
  let share: Float
  let length: Int

  init(
    _ magnitude: Tensor<Float>, _ start: Spectrum<Float>, options: ShortTimeOptions, iterations: Int, momentum: Double
  ) {
    options.checkGriffinLim(magnitude: magnitude.shape, iterations: iterations, momentum: momentum)
    magnitude.checkAngle(start)
    let frames = magnitude.shape[1]
    length = options.samples(frames: frames)
    let layout = ShortTimeFrames(options, frames: frames, execution: Execution.current)
    envelope = layout.envelope()
    self.layout = layout
    self.iterations = iterations
    share = Float(momentum / (1 + momentum))
    let (bins, lanes) = (options.bins, layout.lanes)
    magnitudes = Lines(layout.spectraCount / 2)
    magnitude.withPointer { magnitude in
      for block in 0..<layout.blocks {
        for k in 0..<bins {
          (magnitudes.start + (block * bins + k) * lanes)
            .update(from: magnitude + k * frames + block * lanes, count: layout.frames(of: block))
        }
      }
    }
  }

  /// The signal; its convergence after each iteration only with a `tolerance`, which may also end it.
  func run(_ start: Spectrum<Float>, tolerance: Double? = nil) -> GriffinLimOutput<Float> {
    var convergence: [Double] = []
    let norm =
      tolerance == nil
      ? 0
      : (0..<magnitudes.count).reduce(0.0) { $0 + Double(magnitudes[$1]) * Double(magnitudes[$1]) }.squareRoot()
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
            let distance = norm == 0 ? 0 : squaredDistance(extended).squareRoot() / norm
            convergence.append(distance)
            let before = convergence.dropLast().last ?? .infinity
            if iteration == iterations || distance == 0 || before - distance < tolerance * before { break }
          }
          layout.forEachBlock(room: layout.blockCount) { block, spectrum, scratch in
            layout.analyse(extended, block, scratch: scratch, spectrum)
            layout.execution.kernels.renewAngles(
              spectrum, previous: previous + block * layout.blockCount, share: share, magnitude: magnitude(block),
              bins: layout.options.bins)
            layout.synthesise(spectrum, block, scratch: scratch, samples)
          }
        }
        layout.join(samples, signal, from: margin, count: length, envelope: envelope)
      }
    }
    return GriffinLimOutput(signal: signal, convergence: convergence)
  }

  /// The squared distance of the moduli from the magnitudes, summed block by block.
  private func squaredDistance(_ extended: Floats) -> Double {
    let (bins, lanes) = (layout.options.bins, layout.lanes)
    let distances = Lines<Double>(layout.blocks)
    layout.forEachBlock(room: 3 * bins * lanes) { block, spectrum, scratch in
      let moduli = spectrum + 2 * bins * lanes
      layout.moduli(extended, block, squared: false, scratch: scratch, spectrum: spectrum, moduli)
      let magnitude = magnitude(block)
      var sum = 0.0
      for k in 0..<bins {
        for lane in 0..<layout.frames(of: block) {
          let difference = Double(moduli[k * lanes + lane] - magnitude[k * lanes + lane])
          sum += difference * difference
        }
      }
      distances[block] = sum
    }
    return distances.sum()
  }

  private func magnitude(_ block: Int) -> Floats { UnsafePointer(magnitudes.start + block * layout.blockCount / 2) }

  /// The samples of all blocks with the first angles.
  private func begin(_ start: Spectrum<Float>, _ samples: MutableFloats) {
    withPointers(start.real, start.imaginary, nil) { real, imaginary, _ in
      layout.forEachBlock(room: layout.blockCount) { block, spectrum, scratch in
        layout.join(real, imaginary, block, spectrum)
        layout.execution.kernels.scaleBins(spectrum, by: magnitude(block), spectrum, bins: layout.options.bins)
        layout.synthesise(spectrum, block, scratch: scratch, samples)
      }
    }
  }
}
