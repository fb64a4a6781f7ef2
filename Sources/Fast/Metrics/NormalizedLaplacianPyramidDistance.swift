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
  LaplacianPyramidPlan(family: family, levels: levels, pooling: pooling, shape: prediction.shape)
    .values(prediction, target)
}

/// The gradient of ``normalizedLaplacianPyramidDistance(_:target:family:levels:pooling:)``, 0 at its kinks: of a
/// magnitude at 0, and of a level where both images are alike. Shapes: upstream as the value; gradients as prediction
/// and target.
public func normalizedLaplacianPyramidDistanceGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6, pooling: LaplacianPyramidPooling = .image
) -> PairGradients<Float> {
  LaplacianPyramidPlan(family: family, levels: levels, pooling: pooling, shape: prediction.shape)
    .gradients(prediction, target, upstream)
}

/// ``normalizedLaplacianPyramidDistance(_:target:family:levels:pooling:)`` and its gradient with respect to the
/// prediction, for the work of one; pooled by batch, the images are compared twice.
public func normalizedLaplacianPyramidDistanceAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6, pooling: LaplacianPyramidPooling = .image
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  LaplacianPyramidPlan(family: family, levels: levels, pooling: pooling, shape: prediction.shape)
    .valuesAndGradient(prediction, target, upstream)
}
