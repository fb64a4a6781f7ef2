import PerceptualCFFTW3
import PerceptualCore
import Synchronization

/// Real Fourier transforms of one length, by FFTW in single precision.
///
/// Buffers must be aligned as ``withFourierBuffer(_:_:)`` gives them: the plans were made for such. Plans are
/// estimated, not measured (measured ones differ from run to run, and so would the last bits), and kept for the
/// process's life. Only executing them is thread-safe, so they are made under one lock.
struct FourierPlan: @unchecked Sendable {
  let length: Int
  /// Complex numbers in a spectrum: floor(length / 2) + 1.
  var bins: Int { length / 2 + 1 }
  private let forwardPlan: fftwf_plan?
  private let backwardPlan: fftwf_plan?

  private static let plans = Mutex<[Int: FourierPlan]>([:])

  static func of(length: Int) -> FourierPlan {
    plans.withLock { plans in
      if let known = plans[length] { return known }
      let plan = FourierPlan(length: length)
      plans[length] = plan
      return plan
    }
  }

  private init(length: Int) {
    self.length = length
    var made: (fftwf_plan?, fftwf_plan?)
    withFourierBuffer(length) { signal in
      withFourierBuffer(2 * (length / 2 + 1)) { spectrum in
        let complex = UnsafeMutableRawPointer(spectrum).assumingMemoryBound(to: fftwf_complex.self)
        made.0 = fftwf_plan_dft_r2c_1d(Int32(length), signal, complex, FFTW_ESTIMATE)
        made.1 = fftwf_plan_dft_c2r_1d(Int32(length), complex, signal, FFTW_ESTIMATE)
      }
    }
    require(made.0 != nil && made.1 != nil, "FFTW: no plan for a real transform of length \(length)")
    forwardPlan = made.0
    backwardPlan = made.1
  }

  /// spectrum[k] = sum_n signal[n] exp(-2 pi i k n / length), real and imaginary parts in turn. `signal` is
  /// overwritten.
  func forward(_ signal: UnsafeMutablePointer<Float>, _ spectrum: UnsafeMutablePointer<Float>) {
    fftwf_execute_dft_r2c(
      forwardPlan, signal, UnsafeMutableRawPointer(spectrum).assumingMemoryBound(to: fftwf_complex.self))
  }

  /// The inverse, times length. Imaginary parts at 0 Hz and Nyquist are ignored. `spectrum` is overwritten.
  func backward(_ spectrum: UnsafeMutablePointer<Float>, _ signal: UnsafeMutablePointer<Float>) {
    fftwf_execute_dft_c2r(
      backwardPlan, UnsafeMutableRawPointer(spectrum).assumingMemoryBound(to: fftwf_complex.self), signal)
  }
}

/// Memory for `count` floats, uninitialised, aligned for any vector, for the duration of `body`.
func withFourierBuffer(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
  defer { memory.deallocate() }
  body(memory.bindMemory(to: Float.self, capacity: count))
}
