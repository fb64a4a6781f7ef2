import PerceptualCFFTW3
import PerceptualCore

/// Real Fourier transforms of one length, by FFTW in single precision.
///
/// Buffers must begin on a cache line, as ``ScratchPool`` gives them: the plans were made for such. Plans are
/// estimated, not measured (measured ones differ from run to run, and so would the last bits). Unchecked, since FFTW's
/// plan is a pointer: any thread may execute it, and it is never changed.
final class FourierPlan: @unchecked Sendable {
  let length: Int
  /// Complex numbers in a spectrum: floor(length / 2) + 1.
  var bins: Int { length / 2 + 1 }
  private let forwardPlan: fftwf_plan?
  private let backwardPlan: fftwf_plan?

  private static let plans = Cache<Int, FourierPlan> { 16 * $0.length }

  static func of(length: Int) -> FourierPlan { plans.value(length) { FourierPlan(length: length) } }

  private init(length: Int) {
    self.length = length
    let (signal, spectrum) = (Lines<Float>(length), Lines<Float>(2 * (length / 2 + 1)))
    let complex = UnsafeMutableRawPointer(spectrum.start).assumingMemoryBound(to: fftwf_complex.self)
    var plans: (fftwf_plan?, fftwf_plan?)
    fourierPlanner.withLock { _ in
      plans.0 = fftwf_plan_dft_r2c_1d(Int32(length), signal.start, complex, FFTW_ESTIMATE)
      plans.1 = fftwf_plan_dft_c2r_1d(Int32(length), complex, signal.start, FFTW_ESTIMATE)
    }
    (forwardPlan, backwardPlan) = plans
    require(forwardPlan != nil && backwardPlan != nil, "FFTW: no plan for a real transform of length \(length)")
  }

  deinit {
    fourierPlanner.withLock { _ in
      fftwf_destroy_plan(forwardPlan)
      fftwf_destroy_plan(backwardPlan)
    }
  }

  /// spectrum[k] = sum_n signal[n] exp(-2 pi i k n / length), real and imaginary parts in turn. `signal` is
  /// overwritten.
  func forward(_ signal: MutableFloats, _ spectrum: MutableFloats) {
    fftwf_execute_dft_r2c(
      forwardPlan, signal, UnsafeMutableRawPointer(spectrum).assumingMemoryBound(to: fftwf_complex.self))
  }

  /// The inverse, times length. Imaginary parts at 0 Hz and Nyquist are ignored. `spectrum` is overwritten.
  func backward(_ spectrum: MutableFloats, _ signal: MutableFloats) {
    fftwf_execute_dft_c2r(
      backwardPlan, UnsafeMutableRawPointer(spectrum).assumingMemoryBound(to: fftwf_complex.self), signal)
  }
}

/// FFTW makes and destroys plans on one thread at a time.
let fourierPlanner = Guarded<Void>(())
