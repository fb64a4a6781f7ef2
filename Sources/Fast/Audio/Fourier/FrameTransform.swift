import Foundation
import PerceptualCore
import PerceptualKernels

/// Real Fourier transforms of frames that stand side by side, one in each lane of a vector.
///
/// Powers of two from 16 on are transformed in the lanes themselves; other lengths one frame after the other by FFTW.
/// Spectra are complex rows (see `FourierKernels`), bins 0 ... floor(length / 2).
struct FrameTransform: Sendable {
  let length: Int
  let lanes: Int
  private let kernels: any KernelSet.Type
  /// Nil where FFTW does it.
  private let tables: Tables?

  var bins: Int { length / 2 + 1 }
  /// Floats that the transforms need beside their arguments.
  var scratchCount: Int { tables == nil ? (length + 15) / 16 * 16 + 2 * bins : length * lanes }

  init(length: Int, execution: Execution) {
    self.length = length
    kernels = execution.kernels
    lanes = kernels.vectorWidth
    tables = length >= 16 && length & (length - 1) == 0 ? Tables.of(pairs: length / 2) : nil
  }

  /// The spectra of `frames` windowed frames, `hop` apart from `signal` on. Lanes beyond repeat the last frame or are
  /// 0.
  func forward(
    _ signal: Floats, hop: Int, frames: Int, window: Floats, _ spectrum: MutableFloats, scratch: MutableFloats
  ) {
    guard let tables else {
      return forwardByFFTW(signal, hop: hop, frames: frames, window: window, spectrum, scratch: scratch)
    }
    kernels.gatherFrames(signal, hop: hop, frames: frames, window: window, scratch, length: length)
    kernels.fourierPasses(scratch, length: length / 2, twiddles: tables.twiddles.start)
    kernels.unpackSpectrum(
      scratch, rows: tables.rows.start, twiddles: tables.packing.start, spectrum, length: length / 2)
  }

  /// The moduli of the same spectra, or their squares, one row a bin. `spectrum` is room for a spectrum.
  func moduli(
    _ signal: Floats, hop: Int, frames: Int, window: Floats, squared: Bool, _ moduli: MutableFloats,
    spectrum: MutableFloats, scratch: MutableFloats
  ) {
    guard let tables else {
      forwardByFFTW(signal, hop: hop, frames: frames, window: window, spectrum, scratch: scratch)
      return kernels.moduli(spectrum, squared: squared, moduli, bins: bins)
    }
    kernels.gatherFrames(signal, hop: hop, frames: frames, window: window, scratch, length: length)
    kernels.fourierPasses(scratch, length: length / 2, twiddles: tables.twiddles.start)
    kernels.unpackModuli(
      scratch, rows: tables.rows.start, twiddles: tables.packing.start, squared: squared, moduli,
      length: length / 2)
  }

  /// Adds to `signal` the windowed frames, `hop` apart, whose spectra are given, times `length`. Imaginary parts at 0
  /// Hz and at the Nyquist frequency are not read.
  func backward(
    _ spectrum: Floats, window: Floats, _ signal: MutableFloats, hop: Int, frames: Int, scratch: MutableFloats
  ) {
    guard let tables else {
      return backwardByFFTW(spectrum, window: window, signal, hop: hop, frames: frames, scratch: scratch)
    }
    kernels.packSpectrum(spectrum, twiddles: tables.packing.start, scratch, length: length / 2)
    kernels.fourierPasses(scratch, length: length / 2, twiddles: tables.twiddles.start)
    kernels.scatterFrames(
      scratch, rows: tables.rows.start, window: window, signal, hop: hop, frames: frames, length: length)
  }

  private func forwardByFFTW(
    _ signal: Floats, hop: Int, frames: Int, window: Floats, _ spectrum: MutableFloats, scratch: MutableFloats
  ) {
    let plan = FourierPlan.of(length: length)
    let own = scratch + (length + 15) / 16 * 16
    spectrum.update(repeating: 0, count: 2 * bins * lanes)
    for lane in 0..<frames {
      let frame = signal + lane * hop
      for n in 0..<length { scratch[n] = frame[n] * window[n] }
      plan.forward(scratch, own)
      for i in 0..<2 * bins { spectrum[i * lanes + lane] = own[i] }
    }
  }

  private func backwardByFFTW(
    _ spectrum: Floats, window: Floats, _ signal: MutableFloats, hop: Int, frames: Int, scratch: MutableFloats
  ) {
    let plan = FourierPlan.of(length: length)
    let own = scratch + (length + 15) / 16 * 16
    for lane in 0..<frames {
      for i in 0..<2 * bins { own[i] = spectrum[i * lanes + lane] }
      plan.backward(own, scratch)
      let frame = signal + lane * hop
      for n in 0..<length { frame[n] += scratch[n] * window[n] }
    }
  }
}

/// What the kernels look up for a complex transform of `pairs` numbers and the real one of twice that.
private final class Tables: Sendable {
  let twiddles: Lines<Float>
  let rows: Lines<Int>
  let packing: Lines<Float>

  private static let known = Cache<Int, Tables> {
    4 * ($0.twiddles.count + $0.packing.count) + 8 * $0.rows.count
  }

  static func of(pairs: Int) -> Tables { known.value(pairs) { Tables(pairs: pairs) } }

  private init(pairs: Int) {
    let passes = FourierPasses(length: pairs)
    twiddles = Lines(passes.twiddles)
    rows = Lines(passes.rows)
    packing = Lines(
      (0...pairs / 2).flatMap { k -> [Float] in
        let angle = Double.pi * Double(k) / Double(pairs)
        return [Float(cos(angle)), Float(sin(angle))]
      })
  }
}
