import Foundation
import PerceptualCFFTW3
import PerceptualCore

/// The transforms of ``ShortTimeFrames`` in Double, frame by frame through FFTW: for what rounding would spoil.
///
/// Spectra are complex numbers [frames, bins]. Frames are spread over the threads, overlaps are added in their order.
struct ExactFrames {
  let options: ShortTimeOptions
  let frames: Int
  let execution = Execution.current
  private let plan: ExactFourierPlan
  private let window: [Double]
  /// 1 / the overlapped squared window, 0 where that is under 1e-10.
  private let reciprocals: [Double]
  /// The windowed frames, then the samples that they cover.
  private let framed: Lines<Double>
  private let extended: Lines<Double>

  var bins: Int { options.bins }
  private var size: Int { options.windowLength }
  private var length: Int { options.samples(frames: frames) }
  private var covered: Int { (frames - 1) * options.hop + size }
  /// Bins that the inverse counts twice, once for their mirror image.
  private var inner: Range<Int> { 1..<max(1, (size + 1) / 2) }

  init(_ options: ShortTimeOptions, frames: Int) {
    self.options = options
    self.frames = frames
    let (size, hop) = (options.windowLength, options.hop)
    plan = ExactFourierPlan.of(length: size)
    let window = hannWindow(size)
    let covered = (frames - 1) * hop + size
    var squares = [Double](repeating: 0, count: covered)
    for t in 0..<frames { for n in 0..<size { squares[t * hop + n] += window[n] * window[n] } }
    self.window = window
    reciprocals = squares.map { $0 < 1e-10 ? 0 : 1 / $0 }
    framed = Lines<Double>(frames * size)
    extended = Lines<Double>(max(covered, options.samples(frames: frames) + 2 * options.margin))
  }

  /// The inverse transform. `spectrum` is not changed.
  func inverse(_ spectrum: Lines<Double>) -> Lines<Double> {
    synthesise(spectrum)
    let signal = Lines<Double>(length)
    for i in 0..<min(length, covered - options.margin) {
      let place = i + options.margin
      signal[i] = extended[place] * reciprocals[place] / Double(size)
    }
    return signal
  }

  func transform(_ signal: Lines<Double>, _ spectrum: Lines<Double>) {
    let (margin, length) = (options.margin, length)
    (extended.start + margin).update(from: signal.start, count: length)
    for i in 0..<margin {
      extended[i] = extended[2 * margin - i]
      extended[margin + length + i] = extended[margin + length - 2 - i]
    }
    analyse(spectrum)
  }

  /// The transpose of ``inverse(_:)``.
  func inverseTransposed(_ upstream: Lines<Double>, _ spectrum: Lines<Double>) {
    extended.clear()
    for i in 0..<min(length, covered - options.margin) {
      let place = i + options.margin
      extended[place] = upstream[i] * reciprocals[place] / Double(size)
    }
    analyse(spectrum)
    scaleInner(spectrum, by: 2)
  }

  /// The transpose of ``transform(_:_:)``. `spectrum` is overwritten.
  func transformTransposed(_ spectrum: Lines<Double>) -> Lines<Double> {
    let (margin, length) = (options.margin, length)
    scaleInner(spectrum, by: 0.5)
    synthesise(spectrum)
    let gradient = Lines<Double>(length)
    gradient.start.update(from: extended.start + margin, count: length)
    for i in 0..<margin {
      gradient[margin - i] += extended[i]
      gradient[length - 2 - i] += extended[margin + length + i]
    }
    return gradient
  }

  /// The spectra of the windowed frames of `extended`.
  private func analyse(_ spectrum: Lines<Double>) {
    execution.forEach(frames) { t in
      let (frame, samples) = (framed.start + t * size, extended.start + t * options.hop)
      for n in 0..<size { frame[n] = window[n] * samples[n] }
      plan.forward(frame, spectrum.start + 2 * t * bins)
    }
  }

  /// `extended` becomes the sum of the windowed frames of these spectra, times the window's length.
  private func synthesise(_ spectrum: Lines<Double>) {
    let (size, hop) = (size, options.hop)
    execution.forEach(frames) { t in
      let frame = framed.start + t * size
      plan.backward(spectrum.start + 2 * t * bins, frame)
      for n in 0..<size { frame[n] *= window[n] }
    }
    extended.clear()
    execution.forEachPiece(of: covered, grain: 4096) { first, count in
      for t in max(0, (first - size + hop) / hop)..<frames where t * hop < first + count {
        let (from, to) = (max(first, t * hop), min(first + count, t * hop + size))
        for i in from..<max(from, to) { extended[i] += framed[t * size + i - t * hop] }
      }
    }
  }

  private func scaleInner(_ spectrum: Lines<Double>, by factor: Double) {
    execution.forEach(frames) { t in
      for i in 2 * (t * bins + inner.lowerBound)..<2 * (t * bins + inner.upperBound) { spectrum[i] *= factor }
    }
  }
}

/// ``FourierPlan`` in double precision, for memory of any alignment. Arguments are not overwritten. Unchecked, since
/// FFTW's plan is a pointer: any thread may execute it, and it is never changed.
final class ExactFourierPlan: @unchecked Sendable {
  private let length: Int
  private let forwardPlan: fftw_plan?
  private let backwardPlan: fftw_plan?

  private static let plans = Cache<Int, ExactFourierPlan> { 32 * $0.length }

  static func of(length: Int) -> ExactFourierPlan { plans.value(length) { ExactFourierPlan(length: length) } }

  private init(length: Int) {
    self.length = length
    let (signal, spectrum) = (Lines<Double>(length), Lines<Double>(2 * (length / 2 + 1)))
    let flags = FFTW_ESTIMATE | FFTW_UNALIGNED | FFTW_PRESERVE_INPUT
    let complex = UnsafeMutableRawPointer(spectrum.start).assumingMemoryBound(to: fftw_complex.self)
    var plans: (fftw_plan?, fftw_plan?)
    fourierPlanner.withLock { _ in
      plans.0 = fftw_plan_dft_r2c_1d(Int32(length), signal.start, complex, flags)
      plans.1 = fftw_plan_dft_c2r_1d(Int32(length), complex, signal.start, flags)
    }
    (forwardPlan, backwardPlan) = plans
    require(forwardPlan != nil && backwardPlan != nil, "FFTW: no plan for a real transform of length \(length)")
  }

  deinit {
    fourierPlanner.withLock { _ in
      fftw_destroy_plan(forwardPlan)
      fftw_destroy_plan(backwardPlan)
    }
  }

  func forward(_ signal: UnsafeMutablePointer<Double>, _ spectrum: UnsafeMutablePointer<Double>) {
    fftw_execute_dft_r2c(
      forwardPlan, signal, UnsafeMutableRawPointer(spectrum).assumingMemoryBound(to: fftw_complex.self))
  }

  func backward(_ spectrum: UnsafeMutablePointer<Double>, _ signal: UnsafeMutablePointer<Double>) {
    fftw_execute_dft_c2r(
      backwardPlan, UnsafeMutableRawPointer(spectrum).assumingMemoryBound(to: fftw_complex.self), signal)
  }
}
