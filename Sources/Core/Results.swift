// What operations with more than one result return. Fields are named as in docs/fixtures.md.

/// Gradients of a convolution or transposed convolution.
public struct ConvolutionGradients<Scalar: TensorElement>: Sendable {
  public var x: Tensor<Scalar>
  public var weight: Tensor<Scalar>
  public var bias: Tensor<Scalar>
  public init(x: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>) {
    self.x = x
    self.weight = weight
    self.bias = bias
  }
}

/// Output of batch normalisation and the running statistics after it.
public struct BatchNormalizationOutput<Scalar: TensorElement>: Sendable {
  public var y: Tensor<Scalar>
  public var runningMean: Tensor<Scalar>
  public var runningVariance: Tensor<Scalar>
  public init(y: Tensor<Scalar>, runningMean: Tensor<Scalar>, runningVariance: Tensor<Scalar>) {
    self.y = y
    self.runningMean = runningMean
    self.runningVariance = runningVariance
  }
}

/// Gradients of batch normalisation.
public struct BatchNormalizationGradients<Scalar: TensorElement>: Sendable {
  public var x: Tensor<Scalar>
  public var gamma: Tensor<Scalar>
  public var beta: Tensor<Scalar>
  public init(x: Tensor<Scalar>, gamma: Tensor<Scalar>, beta: Tensor<Scalar>) {
    self.x = x
    self.gamma = gamma
    self.beta = beta
  }
}

/// Gradients of a loss or similarity with respect to its two arguments.
public struct PairGradients<Scalar: TensorElement>: Sendable {
  public var prediction: Tensor<Scalar>
  public var target: Tensor<Scalar>
  public init(prediction: Tensor<Scalar>, target: Tensor<Scalar>) {
    self.prediction = prediction
    self.target = target
  }
}

/// A parameter after a step of AdamW, and its moments.
public struct AdamWOutput<Scalar: TensorElement>: Sendable {
  public var parameter: Tensor<Scalar>
  public var firstMoment: Tensor<Scalar>
  public var secondMoment: Tensor<Scalar>
  public init(parameter: Tensor<Scalar>, firstMoment: Tensor<Scalar>, secondMoment: Tensor<Scalar>) {
    self.parameter = parameter
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
  }
}

/// A short-time spectrum: real and imaginary parts, each [windowLength / 2 + 1, frames].
public struct Spectrum<Scalar: TensorElement>: Sendable {
  public var real: Tensor<Scalar>
  public var imaginary: Tensor<Scalar>
  public init(real: Tensor<Scalar>, imaginary: Tensor<Scalar>) {
    self.real = real
    self.imaginary = imaginary
  }
}

/// A log-scaled picture of a mel-spectrogram and the logarithms that became 0 and 1.
public struct LogScalingOutput<Scalar: TensorElement>: Sendable {
  /// [mels, frames], (log - low) / (high - low).
  public var image: Tensor<Scalar>
  /// [1], natural logarithm.
  public var low: Tensor<Scalar>
  /// [1], natural logarithm.
  public var high: Tensor<Scalar>
  public init(image: Tensor<Scalar>, low: Tensor<Scalar>, high: Tensor<Scalar>) {
    self.image = image
    self.low = low
    self.high = high
  }
}

/// Gradients of Griffin-Lim's signal.
public struct GriffinLimGradients<Scalar: TensorElement>: Sendable {
  public var magnitude: Tensor<Scalar>
  public var initialPhase: Tensor<Scalar>
  public init(magnitude: Tensor<Scalar>, initialPhase: Tensor<Scalar>) {
    self.magnitude = magnitude
    self.initialPhase = initialPhase
  }
}

/// What Griffin-Lim made where it ran until it converged.
public struct GriffinLimOutput<Scalar: TensorElement>: Sendable {
  /// [samples].
  public var signal: Tensor<Scalar>
  /// || |transform(signal)| - magnitude || / || magnitude || of the signal after 0, 1, 2 ... iterations; the last is
  /// that of `signal`.
  public var convergence: [Double]
  public var iterations: Int { convergence.count - 1 }
  public init(signal: Tensor<Scalar>, convergence: [Double]) {
    self.signal = signal
    self.convergence = convergence
  }
}
