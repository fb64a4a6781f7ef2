import Foundation
import PerceptualCore

/// Logarithmic scaling to [0, 1]: image = (L - low) / (high - low), L = ln(mel + epsilon) or ln(max(mel, epsilon)).
///
/// With range `clip`, low and high are this clip's least and greatest L; with `fixed`, those given (values outside
/// leave [0, 1]). Where high = low the image is 0. Shape: any, kept; low and high [1]. mel + epsilon must be positive.
/// Source: arXiv 2312.03455, section 2.3, which leaves form and range open.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func logScaling<Scalar: TensorElement>(
  _ mel: Tensor<Scalar>, epsilon: Double = PaperAudio.logEpsilon, form: LogForm = .add, range: LogRange = .clip
) -> LogScalingOutput<Scalar> {
  let logarithms = logarithms(mel, epsilon: epsilon, form: form)
  let (low, high) = limits(logarithms, range)
  let image = logarithms.map { high == low ? 0 : ($0 - low) / (high - low) }
  return LogScalingOutput(image: image, low: Tensor([low]), high: Tensor([high]))
}

/// The gradient of ``logScaling(_:epsilon:form:range:)`` with respect to mel, for upstream gradients of all three
/// outputs.
///
/// With R = high - low: dL = upstream / R; with range `clip`, the first least element also gets
/// low + sum upstream (image - 1) / R, the first greatest high - sum upstream image / R. Then dmel = dL / (mel +
/// epsilon), or for `clamp` dL / mel where mel > epsilon, else 0. Where high = low the image has no part.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func logScalingGradient<Scalar: TensorElement>(
  _ mel: Tensor<Scalar>, upstream: Tensor<Scalar>, low upstreamLow: Scalar = 0, high upstreamHigh: Scalar = 0,
  epsilon: Double = PaperAudio.logEpsilon, form: LogForm = .add, range: LogRange = .clip
) -> Tensor<Scalar> {
  require(upstream.shape == mel.shape, "upstream: shape \(upstream.shape), mel has \(mel.shape)")
  let logarithms = logarithms(mel, epsilon: epsilon, form: form)
  let (low, high) = limits(logarithms, range)
  var gradient = Tensor<Scalar>(shape: mel.shape)
  var lowSum = upstreamLow
  var highSum = upstreamHigh
  if high != low {
    for i in 0..<mel.count {
      let image = (logarithms[i] - low) / (high - low)
      gradient[i] = upstream[i] / (high - low)
      lowSum += upstream[i] * (image - 1) / (high - low)
      highSum -= upstream[i] * image / (high - low)
    }
  }
  if range == .clip {
    // Found by mel, which keeps apart what rounding makes one logarithm.
    if let least = mel.elements.min().flatMap(mel.elements.firstIndex(of:)) { gradient[least] += lowSum }
    if let greatest = mel.elements.max().flatMap(mel.elements.firstIndex(of:)) { gradient[greatest] += highSum }
  }
  for i in 0..<mel.count {
    switch form {
    case .add: gradient[i] /= mel[i] + Scalar(epsilon)
    case .clamp: gradient[i] = mel[i] > Scalar(epsilon) ? gradient[i] / mel[i] : 0
    }
  }
  return gradient
}

/// The inverse of ``logScaling(_:epsilon:form:range:)``: exp(low + image (high - low)), less epsilon for the form
/// `add`, and never under 0.
///
/// For `clamp`, what lay under epsilon comes back as epsilon. Shape: any, kept.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func inverseLogScaling<Scalar: TensorElement>(
  _ image: Tensor<Scalar>, low: Scalar, high: Scalar, epsilon: Double = PaperAudio.logEpsilon, form: LogForm = .add
) -> Tensor<Scalar> {
  image.map { value in
    let amplitude = Scalar(exp(Double(low + value * (high - low))))
    return form == .add ? max(0, amplitude - Scalar(epsilon)) : amplitude
  }
}

private func logarithms<Scalar>(_ mel: Tensor<Scalar>, epsilon: Double, form: LogForm) -> Tensor<Scalar> {
  require(mel.count > 0, "mel: shape \(mel.shape) holds nothing")
  require(epsilon >= 0, "epsilon: \(epsilon), 0 or more is needed")
  return mel.map { value in
    Scalar(log(Double(form == .add ? value + Scalar(epsilon) : max(value, Scalar(epsilon)))))
  }
}

private func limits<Scalar>(_ logarithms: Tensor<Scalar>, _ range: LogRange) -> (low: Scalar, high: Scalar) {
  switch range {
  case .clip: return logarithms.elements.reduce((logarithms[0], logarithms[0])) { (min($0.0, $1), max($0.1, $1)) }
  case .fixed(let low, let high):
    require(low <= high, "range: \(low) to \(high), low must not exceed high")
    return (Scalar(low), Scalar(high))
  }
}
