import PerceptualCore

/// Normalised Laplacian pyramid distance (NLPD) of each image, or of the batch, 0 for equal images.
///
/// Both images are taken apart into levels, each divided by sigma plus its neighbours' magnitudes; the distance pools
/// the root mean square difference of the levels: by the norm of order 0.6 in the family "hepburn", else by their mean.
/// Pooling by batch, the norm goes over levels and images together in "hepburn", and the mean square over images too in
/// "tensorflow". Reference has the equations.
///
/// Shapes: prediction and target [N, C, H, W], H and W at least `LaplacianPyramid.smallestSide`: 2^levels + 1 in the
/// family "hepburn", 1 in the others; value [N], or [1] pooled by batch. Units: the constants expect a data range of 1;
/// magnitudes above 2^60 give NaN. NaN and infinities in an image make its value NaN. Work is shared among threads by
/// images, and where there are few, by the rows of one. Accuracy: values within 8 epsilons, relative, gradients within
/// 128 of their largest element, measured under 1e-6 in the L2 norm however alike the images are. In "hepburn" a
/// residual that single precision does not tell from 0 gets its sign from double precision; in the other families that
/// sign, and so the gradient of a few pixels, follows the rounding. Settings or shapes that make no sense are a
/// caller's bug. Source: Laparra, Ballé, Berardino and Simoncelli 2016 and the codes named in
/// `LaplacianPyramidFamily`. ``LaplacianPyramidPlan`` does the same in the caller's memory.
public func normalizedLaplacianPyramidDistance(
  _ prediction: Tensor<Float>, target: Tensor<Float>, family: LaplacianPyramidFamily = .hepburn, levels: Int = 6,
  pooling: LaplacianPyramidPooling = .image
) -> Tensor<Float> {
  LaplacianPyramidPlan(family: family, levels: levels, pooling: pooling, for: prediction, target).value(
    prediction, target)
}

/// The gradient of ``normalizedLaplacianPyramidDistance(_:target:family:levels:pooling:)``, 0 at its kinks: of a
/// magnitude at 0, and of a level where both images are alike. Shapes: upstream as the value; gradients as prediction
/// and target.
public func normalizedLaplacianPyramidDistanceGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6, pooling: LaplacianPyramidPooling = .image
) -> PairGradients<Float> {
  let plan = LaplacianPyramidPlan(family: family, levels: levels, pooling: pooling, for: prediction, target)
  // The distance is symmetric in its arguments.
  return PairGradients(
    prediction: plan.valueAndGradient(prediction, target, upstream).gradient,
    target: plan.valueAndGradient(target, prediction, upstream).gradient)
}

/// ``normalizedLaplacianPyramidDistance(_:target:family:levels:pooling:)`` and its gradient with respect to the
/// prediction, for the work of one; pooled by batch, the images are compared twice.
public func normalizedLaplacianPyramidDistanceAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6, pooling: LaplacianPyramidPooling = .image
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  LaplacianPyramidPlan(family: family, levels: levels, pooling: pooling, for: prediction, target)
    .valueAndGradient(prediction, target, upstream)
}

extension LaplacianPyramidPlan {
  fileprivate init(
    family: LaplacianPyramidFamily, levels: Int, pooling: LaplacianPyramidPooling, for prediction: Tensor<Float>,
    _ target: Tensor<Float>
  ) {
    self.init(family: family, levels: levels, pooling: pooling, shape: prediction.shape)
    checkPair(prediction, target, obstacle: nil, upstream: nil)
  }

  fileprivate func value(_ prediction: Tensor<Float>, _ target: Tensor<Float>) -> Tensor<Float> {
    makeTensor([valueCount]) { values in
      withPointers(prediction, target, nil) { x, y, _ in run(x, y, upstream: nil, values: values, gradient: nil) }
    }
  }

  fileprivate func valueAndGradient(
    _ prediction: Tensor<Float>, _ target: Tensor<Float>, _ upstream: Tensor<Float>
  ) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
    let unit = pooling == .image ? "an image" : "a batch"
    require(
      upstream.shape == [valueCount], "upstream: shape \(upstream.shape), one number \(unit) is [\(valueCount)]")
    var gradient = Tensor<Float>([])
    let value = makeTensor([valueCount]) { values in
      gradient = makeTensor(shape) { gradient in
        withPointers(prediction, target, upstream) { x, y, upstream in
          run(x, y, upstream: upstream, values: values, gradient: gradient)
        }
      }
    }
    return (value, gradient)
  }
}
