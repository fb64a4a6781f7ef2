/// Loops over single elements.
public protocol ElementwiseKernels: Sendable {
  /// y = x where x > 0 (or NaN), else slope x.
  static func leakyReLU(_ x: UnsafePointer<Float>, slope: Float, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// gradient = upstream where x > 0, else slope upstream.
  static func leakyReLUGradient(
    _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, slope: Float, _ gradient: UnsafeMutablePointer<Float>,
    count: Int)
}
