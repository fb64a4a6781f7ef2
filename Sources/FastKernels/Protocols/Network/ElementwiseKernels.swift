/// Loops over single elements.
public protocol ElementwiseKernels: Sendable {
  /// y = x where x > 0 (or NaN), else slope x.
  static func leakyReLU(_ x: UnsafePointer<Float>, slope: Float, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// gradient = upstream where x > 0, else slope upstream.
  static func leakyReLUGradient(
    _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, slope: Float, _ gradient: UnsafeMutablePointer<Float>,
    count: Int)
  /// y = tanh(x).
  static func tanh(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// gradient = upstream (1 - y^2).
  static func tanhGradient(
    _ y: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int)
  /// y = 1 / (1 + exp(-x)).
  static func sigmoid(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// gradient = upstream y (1 - y).
  static func sigmoidGradient(
    _ y: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int)
  /// y = sum_j softmax_j(-scale (x - c_j)^2) c_j.
  static func softQuantization(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, centres: UnsafePointer<Float>,
    centreCount: Int, scale: Float)
  /// gradient = upstream 2 scale sum_j softmax_j (c_j - y)^2.
  static func softQuantizationGradient(
    _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int,
    centres: UnsafePointer<Float>, centreCount: Int, scale: Float)
  /// y = (x - mean) factor + offset.
  static func normalize(
    _ x: UnsafePointer<Float>, mean: Float, factor: Float, offset: Float, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// The sums over a row of (x - shift) and of its square.
  static func shiftedMoments(_ x: UnsafePointer<Float>, shift: Float, count: Int) -> (sum: Float, squares: Float)
  /// The sums over a row of g and of g (x - mean).
  static func gradientMoments(
    _ x: UnsafePointer<Float>, mean: Float, upstream: UnsafePointer<Float>, count: Int
  ) -> (sum: Float, product: Float)
  /// gradient = factor (upstream - a - (x - mean) b) + constant + (x - mean) slope.
  static func normalizationGradient(
    _ x: UnsafePointer<Float>, mean: Float, upstream: UnsafePointer<Float>, factor: Float, a: Float, b: Float,
    constant: Float, slope: Float, _ gradient: UnsafeMutablePointer<Float>, count: Int)
  /// One step of AdamW in place.
  static func adamW(
    _ parameter: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    firstMoment: UnsafeMutablePointer<Float>, secondMoment: UnsafeMutablePointer<Float>, count: Int,
    constants: AdamWConstants)
}

/// The numbers of an AdamW step that are the same for every parameter.
public struct AdamWConstants: Sendable {
  public var beta1: Float
  public var beta2: Float
  public var oneMinusBeta1: Float
  public var oneMinusBeta2: Float
  /// 1 - learning rate x weight decay.
  public var decay: Float
  /// learning rate / (1 - beta1^step).
  public var stepSize: Float
  /// 1 / sqrt(1 - beta2^step).
  public var secondCorrection: Float
  public var epsilon: Float

  public init(
    beta1: Float, beta2: Float, oneMinusBeta1: Float, oneMinusBeta2: Float, decay: Float, stepSize: Float,
    secondCorrection: Float, epsilon: Float
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.oneMinusBeta1 = oneMinusBeta1
    self.oneMinusBeta2 = oneMinusBeta2
    self.decay = decay
    self.stepSize = stepSize
    self.secondCorrection = secondCorrection
    self.epsilon = epsilon
  }
}
