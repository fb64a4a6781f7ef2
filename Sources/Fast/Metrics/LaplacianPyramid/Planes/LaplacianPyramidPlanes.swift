import PerceptualCore
import PerceptualKernels

/// The families "matlab", "laparra" and "tensorflow" of one size of image, plane after plane, in scratch memory.
///
/// As in ``LaplacianPyramidRows``, the target's pyramid is built beside that of the difference between the images, and
/// the gradient is made for each level before the factor of its squares is known. Steps along columns are steps along
/// rows of the transposed image.
struct LaplacianPyramidPlanes: Sendable {
  struct Level: Sendable {
    let height: Int
    let width: Int
    let isLowPass: Bool
    let rows: LaplacianSide
    let columns: LaplacianSide
    let sigma: Float
    let neighbours: [(down: Int, right: Int, weight: Float)]
    /// Floats from row to row.
    let stride: Int
    /// Places of planes: the target, later the gradient of the image; the difference, later that of the halved image;
    /// and, one a channel, the residual's gradient.
    let target: Int
    let difference: Int
    let residualGradient: Int
  }

  /// Zeros around planes whose neighbours are weighed.
  static let margin = 16

  let kernels: any KernelSet.Type
  let levels: [Level]
  let channels: Int
  let channelCount: Int
  /// Places shared by the levels. Planes: residuals of the target, of the prediction and of the difference; u and, with
  /// zeros around, p as in ``LaplacianPyramidKernels``, the magnitudes of both residuals and their difference; two for
  /// the steps. Numbers: each row's sum of squares, in double precision.
  let targetResidual: Int
  let predictionResidual: Int
  let differenceResidual: Int
  let slope: Int
  let product: Int
  let magnitudes: [Int]
  let first: Int
  let second: Int
  let squares: Int
  /// Floats from one to the next of three rows, in memory of their own.
  let sumStride: Int
  let planesCount: Int
  let rowsCount: Int

  init(
    _ kernels: any KernelSet.Type, channels: Int, height: Int, width: Int, levels count: Int,
    family: LaplacianPyramidFamily
  ) {
    self.kernels = kernels
    self.channels = channels
    var layout = ScratchLayout()
    var kept = ScratchLayout()
    var levels: [Level] = []
    var (h, w) = (height, width)
    for k in 0..<count {
      let constants = LaplacianPyramid.constants(ofLevel: k, of: count, family: family)
      let stride = roundedToVectors(w) + Self.margin
      levels.append(
        Level(
          height: h, width: w, isLowPass: family.endsInLowPass && k == count - 1,
          rows: LaplacianSide(size: h, family: family), columns: LaplacianSide(size: w, family: family),
          sigma: Float(LaplacianPyramid.sigmas[constants]),
          neighbours: LaplacianPyramid.neighbourhood(constants, family: family).map {
            ($0.down, $0.right, Float($0.weight))
          },
          stride: stride, target: layout.take(h * stride), difference: layout.take(h * stride),
          residualGradient: kept.take(h * stride)))
      (h, w) = ((h + 1) / 2, (w + 1) / 2)
    }
    self.levels = levels
    channelCount = kept.count
    let stride = levels[0].stride
    func plane() -> Int { layout.take(height * stride) }
    func bordered() -> Int { layout.take((height + 2) * stride + 2 * Self.margin) + Self.margin + stride }
    targetResidual = plane()
    predictionResidual = plane()
    differenceResidual = plane()
    slope = plane()
    product = bordered()
    magnitudes = [bordered(), bordered(), bordered()]
    // Of either orientation.
    let tall = max(height * stride, width * (roundedToVectors(height) + Self.margin))
    first = layout.take(tall)
    second = layout.take(tall)
    squares = layout.take(2 * height)
    sumStride = stride
    planesCount = channels * kept.count + layout.count
    rowsCount = 3 * stride
  }

  /// The work on one picture.
  struct Work {
    let planes: LaplacianPyramidPlanes
    /// Planes of each channel, one after the other, and those that channels and levels share.
    let kept: MutableFloats
    let shared: MutableFloats
    let sharing: LaplacianRowSharing
  }
}

extension LaplacianPyramidPlanes: LaplacianPyramidComparison {
  func elements(_ level: Int) -> Int { channels * levels[level].height * levels[level].width }

  func compare(
    _ prediction: Floats, _ target: Floats, squares: UnsafeMutablePointer<Double>, withGradient: Bool,
    _ planes: MutableFloats, _ sharing: LaplacianRowSharing
  ) {
    work(planes, sharing).compare(prediction, target, squares: squares, withGradient: withGradient)
  }

  func gradient(_ gradient: MutableFloats, factors: Floats, _ planes: MutableFloats, _ sharing: LaplacianRowSharing) {
    work(planes, sharing).gradient(gradient, factors: factors)
  }

  private func work(_ planes: MutableFloats, _ sharing: LaplacianRowSharing) -> Work {
    Work(planes: self, kept: planes, shared: planes + channels * channelCount, sharing: sharing)
  }
}
