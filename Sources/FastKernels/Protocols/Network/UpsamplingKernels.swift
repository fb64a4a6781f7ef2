/// Rows of bilinear upsampling and of its transpose. Exactly the elements named are read and written.
public protocol UpsamplingKernels: Sendable {
  /// y = sum over k of weights[k] times the row at x + k pitch, for one row or more. A single row of weight 1 is copied
  /// bit for bit.
  static func weightedSum(
    _ x: UnsafePointer<Float>, pitch: Int, weights: UnsafePointer<Float>, rows: Int, _ y: UnsafeMutablePointer<Float>,
    count: Int)
  /// A row of 2 count elements from one of count, the ends repeated beyond themselves:
  ///
  ///     y[2j] = x[j - 1] / 4 + 3 x[j] / 4,  y[2j + 1] = 3 x[j] / 4 + x[j + 1] / 4
  static func doubledRow(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// Its transpose, from 2 count elements. The element before the first of `upstream` must repeat it, and the one after
  /// the last the last:
  ///
  ///     gradient[j] = (upstream[2j - 1] + upstream[2j + 2]) / 4 + 3 (upstream[2j] + upstream[2j + 1]) / 4
  static func doubledRowGradient(
    upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int)
}
