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

  /// The spectra of `frames` windowed frames, `hop` apart from `signal` on. Lanes beyond repeat the last frame or are 0.
  func forward(
    _ signal: UnsafePointer<Float>, hop: Int, frames: Int, window: UnsafePointer<Float>,
    _ spectrum: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    guard let tables else {
      return forwardByFFTW(signal, hop: hop, frames: frames, window: window, spectrum, scratch: scratch)
    }
    kernels.gatherFrames(signal, hop: hop, frames: frames, window: window, scratch, length: length)
    tables.withPointers { passes, packing, rows in
      kernels.fourierPasses(scratch, length: length / 2, twiddles: passes)
      kernels.unpackSpectrum(scratch, rows: rows, twiddles: packing, spectrum, length: length / 2)
    }
  }

  /// The moduli of the same spectra, or their squares, one row a bin. `spectrum` is room for a spectrum.
  func moduli(
    _ signal: UnsafePointer<Float>, hop: Int, frames: Int, window: UnsafePointer<Float>, squared: Bool,
    _ moduli: UnsafeMutablePointer<Float>, spectrum: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    guard let tables else {
      forwardByFFTW(signal, hop: hop, frames: frames, window: window, spectrum, scratch: scratch)
      return kernels.moduli(spectrum, squared: squared, moduli, bins: bins)
    }
    kernels.gatherFrames(signal, hop: hop, frames: frames, window: window, scratch, length: length)
    tables.withPointers { passes, packing, rows in
      kernels.fourierPasses(scratch, length: length / 2, twiddles: passes)
      kernels.unpackModuli(
        scratch, rows: rows, twiddles: packing, squared: squared, moduli, length: length / 2)
    }
  }

  /// Adds to `signal` the windowed frames, `hop` apart, whose spectra are given, times `length`. Imaginary parts at 0 Hz
  /// and at the Nyquist frequency are not read.
  func backward(
    _ spectrum: UnsafePointer<Float>, window: UnsafePointer<Float>, _ signal: UnsafeMutablePointer<Float>, hop: Int,
    frames: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    guard let tables else {
      return backwardByFFTW(spectrum, window: window, signal, hop: hop, frames: frames, scratch: scratch)
    }
    tables.withPointers { passes, packing, rows in
      kernels.packSpectrum(spectrum, twiddles: packing, scratch, length: length / 2)
      kernels.fourierPasses(scratch, length: length / 2, twiddles: passes)
      kernels.scatterFrames(
        scratch, rows: rows, window: window, signal, hop: hop, frames: frames, length: length)
    }
  }

  /// Rows whose spectra are `filters`, complex rows, times `spectrum`, complex numbers, and times `length`, handed on as the
  /// passes leave them: samples 2 c and 2 c + 1 are the second and the first row of complex number rows[c]. `length` must be
  /// a power of two of at least 16.
  func backwardRows(
    _ spectrum: UnsafePointer<Float>, filters: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>,
    _ body: (UnsafePointer<Int>) -> Void
  ) {
    require(tables != nil, "length: \(length), a power of two of at least 16 is needed")
    tables?.withPointers { passes, packing, rows in
      kernels.packProducts(spectrum, filters, twiddles: packing, z, length: length / 2)
      kernels.fourierPasses(z, length: length / 2, twiddles: passes)
      body(rows)
    }
  }

  /// The conjugate of `filters` times the spectra of rows, sample after sample, which are overwritten. `length` must be a
  /// power of two of at least 16.
  func forwardRows(
    _ samples: UnsafeMutablePointer<Float>, filters: UnsafePointer<Float>, _ products: UnsafeMutablePointer<Float>
  ) {
    require(tables != nil, "length: \(length), a power of two of at least 16 is needed")
    tables?.withPointers { passes, packing, rows in
      kernels.fourierPasses(samples, length: length / 2, twiddles: passes)
      kernels.unpackProducts(samples, filters, rows: rows, twiddles: packing, products, length: length / 2)
    }
  }

  private func forwardByFFTW(
    _ signal: UnsafePointer<Float>, hop: Int, frames: Int, window: UnsafePointer<Float>,
    _ spectrum: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
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
    _ spectrum: UnsafePointer<Float>, window: UnsafePointer<Float>, _ signal: UnsafeMutablePointer<Float>, hop: Int,
    frames: Int, scratch: UnsafeMutablePointer<Float>
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
  private let passes: [Float]
  private let packing: [Float]
  private let rows: [Int]

  private static let known = Cache<Tables>()

  static func of(pairs: Int) -> Tables { known.value(pairs) { Tables(pairs: pairs) } }

  private init(pairs: Int) {
    var passes: [Float] = []
    /// By row: which number of the transform the passes leave there.
    var numbers = [0]
    var length = pairs
    var parts = 1
    while length > 1 {
      let radix = length == 16 || length == 4 ? 4 : 8
      for j in 0..<length / radix {
        for q in 1..<radix {
          let angle = 2 * Double.pi * Double(j * q) / Double(length)
          passes.append(Float(cos(angle)))
          passes.append(Float(-sin(angle)))
        }
      }
      // Part q of a part holds the numbers that leave q when divided by the radix.
      numbers = numbers.flatMap { number in (0..<radix).map { number + $0 * parts } }
      parts *= radix
      length /= radix
    }
    var rows = [Int](repeating: 0, count: pairs)
    for (row, number) in numbers.enumerated() { rows[number] = row }
    self.passes = passes
    self.rows = rows
    packing = (0...pairs / 2).flatMap { k -> [Float] in
      let angle = Double.pi * Double(k) / Double(pairs)
      return [Float(cos(angle)), Float(sin(angle))]
    }
  }

  func withPointers(_ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Int>) -> Void) {
    passes.withUnsafeBufferPointer { passes in
      packing.withUnsafeBufferPointer { packing in
        rows.withUnsafeBufferPointer { rows in
          guard let passes = passes.baseAddress, let packing = packing.baseAddress, let rows = rows.baseAddress else {
            return
          }
          body(passes, packing, rows)
        }
      }
    }
  }
}
