import PerceptualCore

/// Logarithmic scaling to [0, 1]: image = (L - low) / (high - low), L = ln(mel + epsilon) or ln(max(mel, epsilon)).
///
/// With range `clip`, low and high are this clip's least and greatest L; with `fixed`, those given (values outside
/// leave [0, 1]). Where high = low the image is 0. Shape: any, kept; low and high [1]. mel + epsilon must be positive.
/// Source: arXiv 2312.03455, section 2.3, which leaves form and range open.
public func logScaling(
  _ mel: Tensor<Float>, epsilon: Double = PaperAudio.logEpsilon, form: LogForm = .add, range: LogRange = .clip
) -> LogScalingOutput<Float> {
  let execution = Execution.current
  let (logarithms, low, high) = logarithms(mel, epsilon: epsilon, form: form, range: range, execution)
  if low == high {
    return LogScalingOutput(image: Tensor(shape: mel.shape), low: Tensor([low]), high: Tensor([high]))
  }
  let image = makeTensor(mel.shape) { image in
    logarithms.withPointer { logarithms in
      execution.forEachPiece(of: mel.count) { offset, length in
        execution.kernels.normalise(logarithms + offset, low: low, range: high - low, image + offset, count: length)
      }
    }
  }
  return LogScalingOutput(image: image, low: Tensor([low]), high: Tensor([high]))
}

/// The gradient of ``logScaling(_:epsilon:form:range:)`` with respect to mel, for upstream gradients of all three
/// outputs.
///
/// With R = high - low: dL = upstream / R; with range `clip`, the first least element also gets
/// low + sum upstream (image - 1) / R, the first greatest high - sum upstream image / R. Then dmel = dL / (mel +
/// epsilon), or for `clamp` dL / mel where mel > epsilon, else 0. Where high = low the image has no part.
public func logScalingGradient(
  _ mel: Tensor<Float>, upstream: Tensor<Float>, low upstreamLow: Float = 0, high upstreamHigh: Float = 0,
  epsilon: Double = PaperAudio.logEpsilon, form: LogForm = .add, range: LogRange = .clip
) -> Tensor<Float> {
  require(upstream.shape == mel.shape, "upstream: shape \(upstream.shape), mel has \(mel.shape)")
  let execution = Execution.current
  let (logarithms, low, high) = logarithms(mel, epsilon: epsilon, form: form, range: range, execution)
  let count = mel.count
  let span = high - low
  let offset = Float(epsilon)
  // In Double, and piece by piece: the sums run over the whole clip.
  let grain = 1 << 14
  let lowSums = Lines<Double>((count + grain - 1) / grain)
  let highSums = Lines<Double>(lowSums.count)
  var gradient = makeTensor(mel.shape) { gradient in
    withPointers(mel, logarithms, upstream) { mel, logarithms, upstream in
      guard let upstream else { return }
      execution.forEachPiece(of: count, grain: grain) { start, length in
        var (lowSum, highSum) = (0.0, 0.0)
        for i in start..<start + length {
          var slope: Float = 0
          if span != 0 {
            lowSum += Double(upstream[i]) * Double((logarithms[i] - high) / span)
            highSum -= Double(upstream[i]) * Double((logarithms[i] - low) / span)
            slope = upstream[i] / span
          }
          gradient[i] = chained(slope, mel[i], offset, form)
        }
        (lowSums[start / grain], highSums[start / grain]) = (lowSum, highSum)
      }
    }
  }
  if range == .clip {
    // Found by mel, which keeps apart what rounding makes one logarithm.
    func atExtreme(_ value: Float?, _ sums: Lines<Double>, _ direct: Float) {
      guard let place = value.flatMap(mel.elements.firstIndex(of:)) else { return }
      let sum = span == 0 ? 0 : Float(sums.sum() / Double(span))
      gradient[place] += chained(direct + sum, mel[place], offset, form)
    }
    atExtreme(mel.elements.min(), lowSums, upstreamLow)
    atExtreme(mel.elements.max(), highSums, upstreamHigh)
  }
  return gradient
}

/// The inverse of ``logScaling(_:epsilon:form:range:)``: exp(low + image (high - low)), less epsilon for the form
/// `add`, and never under 0.
///
/// For `clamp`, what lay under epsilon comes back as epsilon. Shape: any, kept.
public func inverseLogScaling(
  _ image: Tensor<Float>, low: Float, high: Float, epsilon: Double = PaperAudio.logEpsilon, form: LogForm = .add
) -> Tensor<Float> {
  let execution = Execution.current
  return makeTensor(image.shape) { mel in
    image.withPointer { values in
      execution.forEachPiece(of: image.count) { offset, length in
        execution.kernels.exponentials(
          values + offset, low: low, range: high - low, epsilon: form == .add ? Float(epsilon) : 0, mel + offset,
          count: length)
      }
    }
  }
}

/// The slope of the logarithm times what comes from above.
private func chained(_ slope: Float, _ mel: Float, _ epsilon: Float, _ form: LogForm) -> Float {
  switch form {
  case .add: slope / (mel + epsilon)
  case .clamp: mel > epsilon ? slope / mel : 0
  }
}

private func logarithms(
  _ mel: Tensor<Float>, epsilon: Double, form: LogForm, range: LogRange, _ execution: Execution
) -> (Tensor<Float>, low: Float, high: Float) {
  require(mel.count > 0, "mel: shape \(mel.shape) holds nothing")
  require(epsilon >= 0, "epsilon: \(epsilon), 0 or more is needed")
  let count = mel.count
  let grain = 1 << 14
  let least = Lines<Float>((count + grain - 1) / grain)
  let greatest = Lines<Float>(least.count)
  let logarithms = makeTensor(mel.shape) { logarithms in
    mel.withPointer { mel in
      execution.forEachPiece(of: count, grain: grain) { offset, length in
        (least[offset / grain], greatest[offset / grain]) = execution.kernels.logarithms(
          mel + offset, epsilon: Float(epsilon), clamped: form == .clamp, logarithms + offset, count: length)
      }
    }
  }
  switch range {
  case .clip:
    let pieces = 0..<least.count
    return (
      logarithms, pieces.reduce(least[0]) { min($0, least[$1]) }, pieces.reduce(greatest[0]) { max($0, greatest[$1]) }
    )
  case .fixed(let low, let high):
    require(low <= high, "range: \(low) to \(high), low must not exceed high")
    return (logarithms, Float(low), Float(high))
  }
}
