import Fast
import PerceptualCore

/// The paper's metrics, and SSIM, of one reconstruction.
public struct Scores: Equatable, Sendable {
  public var mse: Double
  public var nlpd: Double
  public var msSSIM: Double
  public var ssim: Double

  public init(mse: Double, nlpd: Double, msSSIM: Double, ssim: Double) {
    self.mse = mse
    self.nlpd = nlpd
    self.msSSIM = msSSIM
    self.ssim = ssim
  }

  /// The mean of each metric.
  public init(meanOf scores: [Scores]) {
    func mean(_ value: (Scores) -> Double) -> Double { scores.reduce(0) { $0 + value($1) } / Double(scores.count) }
    self.init(mse: mean(\.mse), nlpd: mean(\.nlpd), msSSIM: mean(\.msSSIM), ssim: mean(\.ssim))
  }

  /// Of each image of a batch.
  public static func of(_ reconstruction: Tensor<Float>, target: Tensor<Float>) -> [Scores] {
    let mse = meanSquaredError(reconstruction, target: target)
    let nlpd = normalizedLaplacianPyramidDistance(reconstruction, target: target)
    let msSSIM = multiScaleStructuralSimilarity(reconstruction, target: target)
    let ssim = structuralSimilarity(reconstruction, target: target)
    return (0..<mse.count).map {
      Scores(mse: Double(mse[$0]), nlpd: Double(nlpd[$0]), msSSIM: Double(msSSIM[$0]), ssim: Double(ssim[$0]))
    }
  }
}

extension Autoencoder {
  /// Pictures through the network, [N, 1, H, W] to the same, H and W multiples of 16.
  ///
  /// They pass in groups of nearly equal size, at most `largestGroup`, to bound memory; with batch statistics a group is
  /// what is normalised together. Hard quantisation sends the nearest centre in place of Eq. 1's mean.
  public func reconstruct(
    _ pictures: Tensor<Float>, statistics: BatchStatistics = .running, quantisation: Quantisation = .soft,
    largestGroup: Int = 64
  ) -> Tensor<Float> {
    require(pictures.rank == 4 && pictures.shape[1] == 1, "pictures: shape \(pictures.shape), [N, 1, H, W] is needed")
    let images = pictures.shape[0]
    let (height, width) = (pictures.shape[2], pictures.shape[3])
    // Alone or together makes no difference to running statistics: small groups keep to the caches.
    let most = statistics == .batch ? largestGroup : min(largestGroup, 4)
    let groups = (images + most - 1) / most
    var output: [Float] = []
    output.reserveCapacity(pictures.count)
    var last: (any AutoencoderPass)?
    for group in 0..<groups {
      let first = group * images / groups
      let end = (group + 1) * images / groups
      let pass = inferencePass(images: end - first, height: height, width: width)
      let weightsAreOld = pass === last
      last = pass
      pictures.elements.withUnsafeBufferPointer { elements in
        guard let elements = elements.baseAddress else { return }
        pass.forward(
          elements + first * height * width, statistics: statistics, quantisation: quantisation, updatesRunning: false,
          weightsAreOld: weightsAreOld)
      }
      output.append(contentsOf: UnsafeBufferPointer(start: pass.output, count: (end - first) * height * width))
    }
    return Tensor(output, shape: pictures.shape)
  }

  /// The code of each picture: one centre index a latent, [N, m, H / 16, W / 16] in row-major order.
  public func codes(_ pictures: Tensor<Float>, statistics: BatchStatistics = .running) -> [[Int]] {
    require(pictures.rank == 4 && pictures.shape[1] == 1, "pictures: shape \(pictures.shape), [N, 1, H, W] is needed")
    let images = pictures.shape[0]
    let pass = inferencePass(images: images, height: pictures.shape[2], width: pictures.shape[3])
    pictures.elements.withUnsafeBufferPointer { pixels in
      if let pixels = pixels.baseAddress { pass.encode(pixels, statistics: statistics, updatesRunning: false) }
    }
    let latents = pass.latentCount / images
    let indices = hardQuantizationIndices(pass.planarLatent(), centres: options.centres)
    return (0..<images).map { image in indices[image * latents..<(image + 1) * latents].map { Int($0) } }
  }
}
