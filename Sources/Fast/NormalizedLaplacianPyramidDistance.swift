import Foundation
import PerceptualCore
import PerceptualKernels

/// Normalised Laplacian pyramid distance (NLPD) of each image, 0 for equal images.
///
/// Both images are taken apart into band-pass levels, each divided by sigma plus its neighbours' magnitudes; the
/// distance is the norm of order 0.6 over levels of the root mean square difference. Reference has the equations.
///
/// Shapes: prediction and target [N, C, H, W], H and W at least 2^levels + 1; value [N]. Units: the constants expect a
/// data range of 1. NaN and infinities in an image make its value NaN. Work is shared among threads by images.
/// Accuracy: values within 8 epsilons, relative, gradients within 128 of their largest element, measured near 1e-6 in
/// the L2 norm however alike the images are; where a residual is 0 but for rounding, as in flat areas, its sign and so
/// that element's gradient are arbitrary. Settings or shapes that make no sense are a caller's bug. Source: Laparra,
/// Ballé, Berardino and Simoncelli 2016, in the form of A. Hepburn's PyTorch code, for each image.
public func normalizedLaplacianPyramidDistance(
  _ prediction: Tensor<Float>, target: Tensor<Float>, family: LaplacianPyramidFamily = .hepburn, levels: Int = 6
) -> Tensor<Float> {
  distance(prediction, target, levels, upstream: nil).value
}

/// The gradient of ``normalizedLaplacianPyramidDistance(_:target:family:levels:)``, 0 at its kinks: of a magnitude at
/// 0, and of a level where both images are alike. Shapes: upstream [N]; gradients as prediction and target.
public func normalizedLaplacianPyramidDistanceGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6
) -> PairGradients<Float> {
  // The distance is symmetric in its arguments.
  PairGradients(
    prediction: distance(prediction, target, levels, upstream: upstream).gradient,
    target: distance(target, prediction, levels, upstream: upstream).gradient)
}

/// ``normalizedLaplacianPyramidDistance(_:target:family:levels:)`` and its gradient with respect to the prediction, for
/// the work of one.
public func normalizedLaplacianPyramidDistanceAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  distance(prediction, target, levels, upstream: upstream)
}

private func distance(
  _ prediction: Tensor<Float>, _ target: Tensor<Float>, _ levels: Int, upstream: Tensor<Float>?
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  checkPair(
    prediction, target, obstacle: LaplacianPyramid.obstacle(levels: levels, forImages: prediction.shape),
    upstream: upstream)
  let execution = Execution.current
  let images = prediction.shape[0]
  let channels = prediction.shape[1]
  let size = prediction.shape[2] * prediction.shape[3]
  let rows = LaplacianPyramidRows.rows(
    .init(channels: channels, height: prediction.shape[2], width: prediction.shape[3], levels: levels))
  var values = [Float](repeating: 0, count: images)

  func run(_ gradient: UnsafeMutablePointer<Float>?) {
    values.withUnsafeMutableBufferPointer { values in
      withPointers(prediction, target, nil) { prediction, target, _ in
        rows.withAddresses { levels, tables in
          execution.forEach(images) { n in
            let start = n * channels * size
            values[n] = ScratchPool.shared.withFloats(rows.scratchCount) { scratch in
              let work = LaplacianPyramidWork(rows.places, levels, tables, scratch, execution.kernels)
              let distances = work.distances(
                prediction + start, target + start, size, withGradient: gradient != nil)
              if let gradient, let upstream {
                work.gradient(gradient + start, size, distances, upstream: Double(upstream[n]))
              }
              return Float(norm(distances))
            }
          }
        }
      }
    }
  }
  var gradient = Tensor<Float>([])
  if upstream != nil {
    gradient = makeTensor(prediction.shape) { run($0) }
  } else {
    run(nil)
  }
  return (Tensor(values), gradient)
}

/// (sum of r^0.6)^(1 / 0.6).
private func norm(_ distances: [Double]) -> Double {
  pow(distances.reduce(0) { $0 + pow($1, LaplacianPyramid.levelExponent) }, 1 / LaplacianPyramid.levelExponent)
}

extension LaplacianPyramidWork {
  /// The root mean square difference of each level, over channels and positions.
  fileprivate func distances(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, _ size: Int, withGradient: Bool
  ) -> [Double] {
    var squares = [Double](repeating: 0, count: places.levels)
    squares.withUnsafeMutableBufferPointer { squares in
      guard let squares = squares.baseAddress else { return }
      for channel in 0..<places.channels {
        let start = channel * size
        compare(
          prediction + start, target + start, channel: channel, squares: squares, withGradient: withGradient)
      }
    }
    return squares.indices.map { (squares[$0] / elements($0)).squareRoot() }
  }

  private func elements(_ k: Int) -> Double { Double(places.channels * levels[k].height * levels[k].width) }

  /// The gradient of one image, all channels.
  fileprivate func gradient(
    _ gradient: UnsafeMutablePointer<Float>, _ size: Int, _ distances: [Double], upstream: Double
  ) {
    let exponent = LaplacianPyramid.levelExponent
    let sum = distances.reduce(0) { $0 + pow($1, exponent) }
    if upstream == 0 || sum == 0 {
      gradient.update(repeating: 0, count: places.channels * size)
      return
    }
    let outer = upstream * pow(sum, 1 / exponent - 1)
    let factors = distances.enumerated().map { k, distance in
      distance == 0 ? 0 : Float(outer * pow(distance, exponent - 1) / (elements(k) * distance))
    }
    for channel in 0..<places.channels {
      self.gradient(gradient + channel * size, factors: factors, channel: channel)
    }
  }
}
