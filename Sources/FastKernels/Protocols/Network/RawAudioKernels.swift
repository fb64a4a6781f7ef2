/// What the autoencoder of raw samples needs beyond convolutions.
public protocol RawAudioKernels: Sendable {
  /// y = activation(x) sigmoid(gate); the activation is tanh, or none.
  static func gatedUnit(
    _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>, isTanh: Bool, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// The gradients of x and of the gate; both may be written over their arguments, and over upstream.
  static func gatedUnitGradient(
    _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>, upstream: UnsafePointer<Float>, isTanh: Bool,
    xGradient: UnsafeMutablePointer<Float>, gateGradient: UnsafeMutablePointer<Float>, count: Int)

  /// y = x / sqrt(mean over channels of x^2 + epsilon) for `count` positions whose channels lie `stride` apart. y may
  /// be x.
  static func pixelNormalization(
    _ x: UnsafePointer<Float>, channels: Int, stride: Int, epsilon: Float, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// The gradient; it may be written over upstream.
  static func pixelNormalizationGradient(
    _ x: UnsafePointer<Float>, channels: Int, stride: Int, epsilon: Float, upstream: UnsafePointer<Float>,
    _ gradient: UnsafeMutablePointer<Float>, count: Int)

  /// For `count` positions whose `levels` logits lie `stride` apart: the greatest, and the logarithm of the sum of the
  /// exponentials of what exceeds it.
  static func logSums(
    _ logits: UnsafePointer<Float>, levels: Int, stride: Int, greatest: UnsafeMutablePointer<Float>,
    _ logarithms: UnsafeMutablePointer<Float>, count: Int)
  /// gradient = scale exp(logits - greatest - logarithms).
  static func scaledSoftmax(
    _ logits: UnsafePointer<Float>, levels: Int, stride: Int, greatest: UnsafePointer<Float>,
    logarithms: UnsafePointer<Float>, scale: Float, _ gradient: UnsafeMutablePointer<Float>, count: Int)
}
