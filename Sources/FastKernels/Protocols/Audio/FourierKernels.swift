/// Fourier transforms of as many frames side by side as a vector has lanes, and what stands between them.
///
/// A row is one vector: the same element of all frames. A complex number takes two rows, the real part first. No lane
/// ever mixes with another, so that a frame's result does not depend on its neighbours, and no shuffles are needed but
/// for laying frames side by side.
public protocol FourierKernels: Sendable {
  /// Frames `hop` apart, windowed, side by side: row n, lane l is window[n] x[min(l, frames - 1) hop + n]. `length` is
  /// a multiple of the vector's width.
  static func gatherFrames(
    _ x: UnsafePointer<Float>, hop: Int, frames: Int, window: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    length: Int)
  /// The reverse, added: y[l hop + n] += window[n] x[n, l] for the first `frames` lanes. Samples 2 c and 2 c + 1 are
  /// the second and the first row of complex number rows[c].
  static func scatterFrames(
    _ x: UnsafePointer<Float>, rows: UnsafePointer<Int>, window: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, hop: Int, frames: Int, length: Int)

  /// Complex transform in place, by decimation in frequency: radix 8 while `length` divides by 8 and is not 16, else 4.
  ///
  /// Results are left in the order in which the passes make them. `twiddles`: for each pass of `length` L and radix r,
  /// the cosines and minus sines of 2 pi j q / L for j = 0 ..< L / r and q = 1 ..< r; then those of length L / r.
  static func fourierPasses(_ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>)
  /// The same transform by the transposed passes in reverse: from the order in which `fourierPasses` leaves its results
  /// to that in which it takes its arguments.
  static func transposedFourierPasses(_ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>)
  /// The first pass alone, of radix 8, for a `length` that divides by 8 and is more than 16; and the last transposed
  /// one.
  static func fourierPassOfEight(_ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>)
  static func transposedFourierPassOfEight(
    _ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>)

  /// The spectrum of 2 `length` real samples from the complex transform of neighbouring pairs: bins 0 ... length.
  ///
  /// Complex number k of the transform is at rows[k]. `twiddles`: cosine and sine of pi k / length, k = 0 ... length/2.
  static func unpackSpectrum(
    _ z: UnsafePointer<Float>, rows: UnsafePointer<Int>, twiddles: UnsafePointer<Float>,
    _ spectrum: UnsafeMutablePointer<Float>, length: Int)
  /// The same, but moduli (or their squares), one row a bin.
  static func unpackModuli(
    _ z: UnsafePointer<Float>, rows: UnsafePointer<Int>, twiddles: UnsafePointer<Float>, squared: Bool,
    _ moduli: UnsafeMutablePointer<Float>, length: Int)
  /// What transforms into 2 `length` times the samples of a spectrum; imaginary parts come first, so that the forward
  /// transform inverts. Imaginary parts of the first and last bin are not read.
  static func packSpectrum(
    _ spectrum: UnsafePointer<Float>, twiddles: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>, length: Int)

  /// y = |x|, or |x|^2 if `squared`, of complex rows.
  static func moduli(_ x: UnsafePointer<Float>, squared: Bool, _ y: UnsafeMutablePointer<Float>, bins: Int)
  /// y = r x for complex x and real r.
  static func scaleBins(
    _ x: UnsafePointer<Float>, by r: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, bins: Int)
  /// Griffin-Lim's step: c = rebuilt - share previous; angle = c / (|c| + 1e-16); rebuilt = magnitude angle; previous =
  /// what rebuilt was.
  static func renewAngles(
    _ rebuilt: UnsafeMutablePointer<Float>, previous: UnsafeMutablePointer<Float>, share: Float,
    magnitude: UnsafePointer<Float>, bins: Int)
}
