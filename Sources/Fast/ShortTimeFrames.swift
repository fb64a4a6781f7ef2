import Foundation
import PerceptualCore

/// Overlapping windowed frames of a signal and their spectra: the transform, its inverse, and the transposes of both.
///
/// Spectra stand frame by frame, each `pairs` complex numbers (real and imaginary part in turn; the bins, then zeros up
/// to a multiple of 16). Frames are dealt with 16 at a time, overlaps added in the order of the frames.
struct ShortTimeFrames {
  let options: ShortTimeOptions
  let frames: Int
  let execution: Execution
  /// Complex numbers from one spectrum to the next.
  let pairs: Int
  private let plan: FourierPlan
  private let window: [Float]
  /// The window over its length: FFTW's inverse is not normalised.
  private let synthesisWindow: [Float]
  /// Floats from one frame to the next, a multiple of 16 so that each is aligned.
  private let frameStride: Int

  init(_ options: ShortTimeOptions, frames: Int, execution: Execution) {
    let length = options.windowLength
    self.options = options
    self.frames = frames
    self.execution = execution
    pairs = (options.bins + 15) / 16 * 16
    frameStride = (length + 15) / 16 * 16
    plan = FourierPlan.of(length: length)
    let exact = ShortTimeFrames.hann(length)
    window = exact.map { Float($0) }
    synthesisWindow = exact.map { Float($0 / Double(length)) }
  }

  /// sin^2(pi n / N).
  private static func hann(_ length: Int) -> [Double] {
    (0..<length).map { n in
      let sine = sin(.pi * Double(n) / Double(length))
      return sine * sine
    }
  }

  /// Floats of all spectra.
  var spectraCount: Int { frames * 2 * pairs }
  /// Samples that the frames cover, margins included.
  var covered: Int { (frames - 1) * options.hop + options.windowLength }

  func spectrum(_ spectra: UnsafeMutablePointer<Float>, _ t: Int) -> UnsafeMutablePointer<Float> {
    spectra + t * 2 * pairs
  }

  /// Runs `body(t)` for all frames, 16 in a piece of work, with room for one frame.
  func forEachFrame(_ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
    execution.forEach((frames + 15) / 16) { block in
      withFourierBuffer(frameStride) { scratch in
        for t in block * 16..<min(frames, block * 16 + 16) { body(t, scratch) }
      }
    }
  }

  /// Frame t of a signal that already has its margins, and its spectrum.
  func analyse(
    _ extended: UnsafePointer<Float>, _ t: Int, scratch: UnsafeMutablePointer<Float>,
    _ spectrum: UnsafeMutablePointer<Float>
  ) {
    window.withUnsafeBufferPointer { window in
      guard let window = window.baseAddress else { return }
      execution.kernels.multiplyElements(extended + t * options.hop, window, scratch, count: options.windowLength)
    }
    plan.forward(scratch, spectrum)
    (spectrum + 2 * options.bins).update(repeating: 0, count: 2 * (pairs - options.bins))
  }

  /// Calls `body` with the signal extended by reflection.
  func withExtended(_ signal: UnsafePointer<Float>, samples: Int, _ body: (UnsafePointer<Float>) -> Void) {
    let margin = options.margin
    if margin == 0 { return body(signal) }
    withFourierBuffer(samples + 2 * margin) { extended in
      (extended + margin).update(from: signal, count: samples)
      for i in 0..<margin {
        extended[i] = signal[margin - i]
        extended[margin + samples + i] = signal[samples - 2 - i]
      }
      body(extended)
    }
  }

  /// The transform of `samples` samples.
  func transform(_ signal: UnsafePointer<Float>, samples: Int, _ spectra: UnsafeMutablePointer<Float>) {
    withExtended(signal, samples: samples) { extended in
      forEachFrame { t, scratch in analyse(extended, t, scratch: scratch, spectrum(spectra, t)) }
    }
  }

  /// The transpose of ``transform(_:samples:_:)``; `spectra` is overwritten.
  func transformTransposed(
    _ spectra: UnsafeMutablePointer<Float>, samples: Int, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let inner = 1..<(options.windowLength + 1) / 2
    let margin = options.margin
    withFourierBuffer(frames * frameStride) { buffer in
      forEachFrame { t, _ in
        // FFTW's inverse counts these bins twice, once for their mirror image.
        let spectrum = spectrum(spectra, t)
        for i in 2 * inner.lowerBound..<2 * inner.upperBound { spectrum[i] *= 0.5 }
        synthesise(spectrum, buffer + t * frameStride, window)
      }
      let extendedCount = max(covered, samples + 2 * margin)
      withFourierBuffer(extendedCount) { extended in
        overlapAdd(buffer, extended, count: extendedCount)
        gradient.update(from: extended + margin, count: samples)
        for i in 0..<margin {
          gradient[margin - i] += extended[i]
          gradient[samples - 2 - i] += extended[margin + samples + i]
        }
      }
    }
  }

  /// The inverse transform, `length` samples; `spectra` is overwritten.
  func inverse(
    _ spectra: UnsafeMutablePointer<Float>, length: Int, reciprocals: [Float], _ signal: UnsafeMutablePointer<Float>
  ) {
    withFourierBuffer(frames * frameStride) { buffer in
      forEachFrame { t, _ in synthesise(spectrum(spectra, t), buffer + t * frameStride, synthesisWindow) }
      let count = max(covered, length + options.margin)
      withFourierBuffer(count) { extended in
        overlapAdd(buffer, extended, count: count)
        let heard = min(length, covered - options.margin)
        signal.update(repeating: 0, count: length)
        reciprocals.withUnsafeBufferPointer { reciprocals in
          guard let base = reciprocals.baseAddress, heard > 0 else { return }
          execution.kernels.multiplyElements(
            extended + options.margin, base + options.margin, signal, count: heard)
        }
      }
    }
  }

  /// The transpose of ``inverse(_:length:reciprocals:_:)``.
  func inverseTransposed(
    _ upstream: UnsafePointer<Float>, length: Int, reciprocals: [Float], _ spectra: UnsafeMutablePointer<Float>
  ) {
    let size = options.windowLength
    let inner = 1..<(size + 1) / 2
    withFourierBuffer(covered) { quotient in
      quotient.update(repeating: 0, count: covered)
      let heard = min(length, covered - options.margin)
      reciprocals.withUnsafeBufferPointer { reciprocals in
        guard let base = reciprocals.baseAddress, heard > 0 else { return }
        execution.kernels.multiplyElements(
          upstream, base + options.margin, quotient + options.margin, count: heard)
      }
      forEachFrame { t, scratch in
        let spectrum = spectrum(spectra, t)
        analyse(quotient, t, scratch: scratch, spectrum)
        let scale = 1 / Float(size)
        for i in 0..<2 * options.bins { spectrum[i] *= scale }
        for i in 2 * inner.lowerBound..<2 * inner.upperBound { spectrum[i] *= 2 }
      }
    }
  }

  /// 1 / sum_t w[i - t hop]^2 for every covered sample, 0 where the sum is under 1e-10.
  func envelopeReciprocals() -> [Float] {
    let squares = ShortTimeFrames.hann(options.windowLength).map { $0 * $0 }
    var sums = [Double](repeating: 0, count: covered)
    for t in 0..<frames {
      for n in 0..<squares.count { sums[t * options.hop + n] += squares[n] }
    }
    return sums.map { $0 < 1e-10 ? 0 : Float(1 / $0) }
  }

  private func synthesise(
    _ spectrum: UnsafeMutablePointer<Float>, _ frame: UnsafeMutablePointer<Float>, _ window: [Float]
  ) {
    plan.backward(spectrum, frame)
    window.withUnsafeBufferPointer { window in
      guard let window = window.baseAddress else { return }
      execution.kernels.multiplyElements(frame, window, frame, count: options.windowLength)
    }
  }

  /// Lays the frames `hop` apart and adds them, in their order; zeros beyond.
  private func overlapAdd(
    _ buffer: UnsafePointer<Float>, _ sum: UnsafeMutablePointer<Float>, count: Int
  ) {
    let (hop, length) = (options.hop, options.windowLength)
    execution.forEachPiece(of: count, grain: 4096) { offset, size in
      (sum + offset).update(repeating: 0, count: size)
      let first = max(0, (offset - length + hop) / hop)
      let last = min(frames - 1, (offset + size - 1) / hop)
      if first > last { return }
      for t in first...last {
        let from = max(offset, t * hop)
        let to = min(offset + size, t * hop + length)
        if from >= to { continue }
        execution.kernels.accumulate(buffer + t * frameStride + from - t * hop, sum + from, count: to - from)
      }
    }
  }
}
