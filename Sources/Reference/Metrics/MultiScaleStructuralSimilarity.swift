import Foundation
import PerceptualCore

/// Multi-scale structural similarity (MS-SSIM) of each image, 1 for equal images.
///
/// Between scales, 2x2 average pooling. With the luminance and contrast terms of
/// ``structuralSimilarity(_:target:options:)``, one mean over positions for each channel c and scale s:
///
///     term[c, s] = mean of contrast, at the last scale of luminance x contrast
///     value[n] = mean over c of product over s of max(term[c, s], 0)^weight[s]
///
/// Options choose what pooling does with odd sizes, another rule for negative terms, and whether channels are averaged
/// already in term[s]: see `MultiScaleStructuralSimilarityOptions`. Shapes: prediction and target [N, C, H, W], H and
/// W at least `options.smallestSide`; value [N]. NaN and infinities in an image make its value NaN. Settings or shapes
/// that make no sense are a caller's bug. Source: Wang, Simoncelli and Bovik 2003, equation 7 with equal exponents; the
/// order of means and powers as in pytorch-msssim 1.0.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func multiScaleStructuralSimilarity<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, options: MultiScaleStructuralSimilarityOptions = .init()
) -> Tensor<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let terms = scaleTerms(scales(of: prediction, options), scales(of: target, options), options)
  let groups = terms.shape[1]
  var value = Tensor<Scalar>(shape: [terms.shape[0]])
  for n in 0..<value.count {
    for g in 0..<groups {
      var product: Scalar = 1
      for s in options.weights.indices { product *= factor(terms[n, g, s], s, options) }
      value[n] += product / Scalar(groups)
    }
  }
  return value
}

/// The gradient of ``multiScaleStructuralSimilarity(_:target:options:)``.
///
/// A channel's product changes with term s by weight[s] term^(weight[s] - 1) times the other factors; by a term that is
/// clamped, by 0. Pooling hands a quarter of its gradient to each of its four pixels. Shapes: upstream [N]; gradients
/// as prediction and target.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func multiScaleStructuralSimilarityGradient<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>,
  options: MultiScaleStructuralSimilarityOptions = .init()
) -> PairGradients<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let images = prediction.shape[0]
  let channels = prediction.shape[1]
  require(upstream.shape == [images], "upstream: shape \(upstream.shape), one number an image is [\(images)]")
  let predictions = scales(of: prediction, options)
  let targets = scales(of: target, options)
  let terms = scaleTerms(predictions, targets, options)
  let last = options.weights.count - 1

  var coarser: PairGradients<Scalar>?
  for s in options.weights.indices.reversed() {
    let pair = WindowedPair(predictions[s], targets[s], options.scaleOptions(isLast: s == last))
    var gradients = pair.gradients(withLuminance: s == last) { n, c in
      let g = options.channels == .joint ? 0 : c
      var byTerm = factorDerivative(terms[n, g, s], s, options)
      for t in options.weights.indices where t != s { byTerm *= factor(terms[n, g, t], t, options) }
      let each = upstream[n] / Scalar(channels) * byTerm / Scalar(pair.positions)
      return { _, _ in each }
    }
    if let coarser {
      let pooling = pooling(predictions[s].shape, options)
      add(mappedTransposed(coarser.prediction, pooling), to: &gradients.prediction)
      add(mappedTransposed(coarser.target, pooling), to: &gradients.target)
    }
    coarser = gradients
  }
  return coarser ?? PairGradients(prediction: prediction, target: target)
}

private typealias Options = MultiScaleStructuralSimilarityOptions

/// A term to its power, after the rule for negative ones. NaN stays NaN.
private func factor<Scalar: TensorElement>(_ term: Scalar, _ s: Int, _ options: Options) -> Scalar {
  let base = ruled(term, options)
  return base <= 0 ? 0 : Scalar(pow(Double(base), options.weights[s]))
}

/// The derivative of ``factor`` by the term, 0 where the rule clamps it. NaN stays NaN.
private func factorDerivative<Scalar: TensorElement>(_ term: Scalar, _ s: Int, _ options: Options) -> Scalar {
  let base = ruled(term, options)
  if base <= 0 || options.negativeContrast == .floor && Double(term) <= options.contrastFloor { return 0 }
  let slope = options.negativeContrast == .shift ? 0.5 : 1
  return Scalar(slope * options.weights[s] * pow(Double(base), options.weights[s] - 1))
}

/// The term that the power is taken of.
private func ruled<Scalar: TensorElement>(_ term: Scalar, _ options: Options) -> Scalar {
  switch options.negativeContrast {
  case .relu, .reluMap: term <= 0 ? 0 : term
  case .floor: Double(term) <= options.contrastFloor ? Scalar(options.contrastFloor) : term
  case .shift: (1 + term) / 2
  }
}

/// The image at every scale, finest first.
private func scales<Scalar>(of image: Tensor<Scalar>, _ options: Options) -> [Tensor<Scalar>] {
  var scales = [image]
  for _ in 1..<options.weights.count {
    let fine = scales[scales.count - 1]
    scales.append(mapped(fine, pooling(fine.shape, options)))
  }
  return scales
}

/// [N, G, scales]: the mean over positions of each scale's term; G is the number of channels, or 1 where they are
/// joint.
private func scaleTerms<Scalar>(
  _ predictions: [Tensor<Scalar>], _ targets: [Tensor<Scalar>], _ options: Options
) -> Tensor<Scalar> {
  let last = options.weights.count - 1
  let images = predictions[0].shape[0]
  let channels = predictions[0].shape[1]
  let isJoint = options.channels == .joint
  var terms = Tensor<Scalar>(shape: [images, isJoint ? 1 : channels, last + 1])
  for s in 0...last {
    let pair = WindowedPair(predictions[s], targets[s], options.scaleOptions(isLast: s == last))
    for n in 0..<images {
      for c in 0..<channels {
        let means = pair.means(n, c)
        let term = s == last ? means.similarity : means.contrast
        if isJoint { terms[n, 0, s] += term / Scalar(channels) } else { terms[n, c, s] = term }
      }
    }
  }
  return terms
}

/// 2x2 average pooling of images of that shape, along rows and along columns.
private func pooling(_ shape: [Int], _ options: Options) -> PlaneMap {
  func axis(_ side: Int, _ other: Int) -> AxisMap {
    let offset = options.firstOffset(ofSide: side, other: other)
    let outputs = (0..<options.pooledSide(side)).map { i in
      [2 * i - offset, 2 * i - offset + 1].compactMap { position in
        options.pooledPosition(position, side: side).map { (position: $0, weight: 0.5) }
      }
    }
    return AxisMap(inputSize: side, outputs: outputs)
  }
  return (axis(shape[2], shape[3]), axis(shape[3], shape[2]))
}

private func add<Scalar>(_ x: Tensor<Scalar>, to sum: inout Tensor<Scalar>) {
  for i in 0..<sum.count { sum[i] += x[i] }
}
