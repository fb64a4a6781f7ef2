import PerceptualCore

/// A-priori error bounds of batch normalisation, in units u = epsilon / 2, divided by it.
///
/// For each channel of n values: summing one after another, a sum's error is under n u sum |x|; Fast sums differences
/// from the first value, 1024 / 4 to a lane at most. The error of the mean, that of the variance, and the roundings of
/// the formula are then followed to each result by first-order perturbation.
struct BatchNormalizationAnalysis {
  private struct Channel {
    var mean, variance, beta: Double
    /// 1 / sqrt(variance + epsilon), and |gamma| times that.
    var inverse, factor: Double
    /// Errors in units u: of the mean, of the biased variance, and of the inverse deviation relative to itself.
    var meanError, varianceError, inverseError: Double
  }

  private let operationCase: OperationCase<Double>
  private let options: BatchNormalization.Options
  private let least: Double
  /// Additions that a term of a sum goes through.
  private let depth: Double
  private let unit: Double
  private let x: Tensor<Double>
  private let n: Double
  private var channels: [Channel] = []

  init(_ operationCase: OperationCase<Double>, _ options: BatchNormalization.Options, _ side: Side) {
    self.operationCase = operationCase
    self.options = options
    x = operationCase.input("x")
    n = Double(x.count / x.shape[1])
    unit = side.epsilon / 2
    least = side.least / unit
    depth = side == .fast ? min(n, 1024 / 4) + 4 : n
    for c in 0..<x.shape[1] { channels.append(analyse(c, side)) }
  }

  private func indices(_ channel: Int) -> [Int] {
    let pixels = x.shape[2] * x.shape[3]
    return (0..<x.shape[0]).flatMap { image in
      let row = (image * x.shape[1] + channel) * pixels
      return row..<row + pixels
    }
  }

  private func analyse(_ c: Int, _ side: Side) -> Channel {
    let gamma = operationCase.input("gamma")[c]
    let beta = operationCase.input("beta")[c]
    var mean = operationCase.input("runningMean")[c]
    var variance = operationCase.input("runningVariance")[c]
    var (meanError, varianceError) = (0.0, 0.0)
    if options.training {
      let places = indices(c)
      mean = places.reduce(0) { $0 + x[$1] } / n
      variance = places.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / n
      let shift = side == .fast ? x[places[0]] : 0
      let spread = places.reduce(0) { $0 + abs(x[$1] - shift) } / n
      meanError = (depth + 2) * spread + 2 * abs(mean)
      // Squares around a mean that is off by d add d^2; each difference and square is rounded.
      varianceError = (depth + 6) * variance + unit * meanError * meanError
    }
    let squared = variance + options.epsilon
    let inverse = 1 / squared.squareRoot()
    return Channel(
      mean: mean, variance: variance, beta: beta, inverse: inverse, factor: abs(gamma) * inverse, meanError: meanError,
      varianceError: varianceError, inverseError: varianceError / squared + 4)
  }

  /// The bound of a result in units u; the row allows half an epsilon of it.
  func bound(_ name: ResultName) -> Tensor<Double> {
    let perChannel: Bool
    switch name {
    case .output("y"), .gradient("x"): perChannel = false
    default: perChannel = true
    }
    var bounds = Tensor<Double>(shape: perChannel ? [x.shape[1]] : x.shape)
    for (c, channel) in channels.enumerated() {
      switch name {
      case .output("y"): boundY(c, channel, &bounds)
      case .output("runningMean"):
        bounds[c] = boundRunning(
          old: operationCase.input("runningMean")[c], batch: channel.meanError + 4 * abs(channel.mean))
      case .output:
        bounds[c] = boundRunning(
          old: operationCase.input("runningVariance")[c],
          batch: n / (n - 1) * (channel.varianceError + 6 * channel.variance))
      case .gradient(let input): boundGradient(input, c, channel, &bounds)
      }
    }
    return bounds.map { $0 + least }
  }

  /// Of (1 - momentum) old + momentum batch; in inference of old, rounded to the scalar.
  private func boundRunning(old: Double, batch: Double) -> Double {
    if !options.training { return abs(old) }
    return 4 * abs(1 - options.momentum) * abs(old) + options.momentum * batch
  }

  private func boundY(_ c: Int, _ channel: Channel, _ bounds: inout Tensor<Double>) {
    for i in indices(c) {
      let d = abs(x[i] - channel.mean)
      let shifted = channel.meanError + 2 * abs(channel.mean)
      bounds[i] = channel.factor * (shifted + d * (channel.inverseError + 6)) + 3 * abs(channel.beta)
    }
  }

  private func boundGradient(_ input: String, _ c: Int, _ channel: Channel, _ bounds: inout Tensor<Double>) {
    let upstream = operationCase.cotangent("y")
    let places = indices(c)
    let size = places.reduce(0) { $0 + abs(upstream[$1]) }
    let product = places.reduce(0) { $0 + abs(upstream[$1] * (x[$1] - channel.mean)) }
    let meanError = channel.meanError + 2 * abs(channel.mean)
    let sumError = (depth + 3) * size
    let productError = (depth + 6) * product + meanError * size
    switch input {
    case "beta": bounds[c] = sumError
    case "gamma": bounds[c] = channel.inverse * (productError + product * channel.inverseError)
    default:
      let extra = options.momentum * abs(operationCase.cotangent("runningMean")[c]) / n
      let slope = 2 * options.momentum * abs(operationCase.cotangent("runningVariance")[c]) / (n - 1)
      let square = channel.inverse * channel.inverse / n
      for i in places {
        let (g, d) = (abs(upstream[i]), abs(x[i] - channel.mean))
        var bound = channel.factor * g * (channel.inverseError + 8)
        if options.training {
          // g - sum / n - d product / (n s^2), times gamma / s; and what flows back from the running values.
          let throughMean = size / n * (channel.inverseError + 8) + sumError / n
          let throughVariance =
            square * (d * product * (3 * channel.inverseError + 12) + d * productError + meanError * product)
          bound += channel.factor * (throughMean + throughVariance) + 4 * extra + slope * (meanError + 8 * d)
        }
        bounds[i] = bound
      }
    }
  }
}
