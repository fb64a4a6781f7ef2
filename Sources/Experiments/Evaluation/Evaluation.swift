import Fast
import PerceptualCore
import PerceptualFiles

/// The paper's metrics, and SSIM, of one reconstruction.
public struct Scores: Equatable, Sendable {
  public var mse: Double
  public var nlpd: Double
  public var msSSIM: Double
  public var ssim: Double

  /// All four by their keys in JSON, in the order of ``TableMetric``, SSIM last.
  public static let keys: [(name: String, value: KeyPath<Scores, Double> & Sendable)] = [
    ("mse", \.mse), ("nlpd", \.nlpd), ("msSSIM", \.msSSIM), ("ssim", \.ssim),
  ]

  /// {"mse", "nlpd", "msSSIM", "ssim"}.
  public var json: JSONValue { JSONValue(Self.keys.map { ($0.name, self[keyPath: $0.value]) }) }

  /// Whether all four are numbers.
  public var isFinite: Bool { mse.isFinite && nlpd.isFinite && msSSIM.isFinite && ssim.isFinite }

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

extension Scores {
  /// The mean of each metric.
  public init(meanOf scores: [Scores]) {
    func mean(_ value: (Scores) -> Double) -> Double { scores.reduce(0) { $0 + value($1) } / Double(scores.count) }
    self.init(mse: mean(\.mse), nlpd: mean(\.nlpd), msSSIM: mean(\.msSSIM), ssim: mean(\.ssim))
  }
}

/// A batch of pictures through a network, and how each came out.
public struct Evaluation: Sendable {
  /// [N, 1, H, W].
  public let reconstructions: Tensor<Float>
  public let clips: [Scores]
  /// The scores of the reconstructions less each picture's mean error: what is wrong besides the level.
  public let withoutMeanError: [Scores]
  /// Share of each picture's latents whose quantised value lies off the centres (``LatentStatistics/offCentre``): there
  /// the latent carries more than Eq. 2 counts. 0 with hard quantisation.
  public let offCentre: [Double]

  public init(
    _ network: Autoencoder, _ pictures: Tensor<Float>, statistics: BatchStatistics, quantisation: Quantisation,
    largestGroup: Int = 64, precision: ProductPrecision = .fp32
  ) {
    let result = network.reconstructAndCount(
      pictures, statistics: statistics, quantisation: quantisation, largestGroup: largestGroup, precision: precision)
    self.init(result.output, target: pictures, offCentre: result.offCentre)
  }

  /// Scores of an answer, such as that of a ``Baseline``, which has no latents.
  public init(_ answer: Tensor<Float>, target: Tensor<Float>, offCentre: [Double] = []) {
    reconstructions = answer
    self.offCentre = offCentre
    clips = Scores.of(answer, target: target)
    withoutMeanError = Scores.of(Self.levelled(answer, target: target), target: target)
  }

  /// Each picture less the mean of its difference from the target.
  static func levelled(_ output: Tensor<Float>, target: Tensor<Float>) -> Tensor<Float> {
    let pixels = output.count / max(1, output.shape[0])
    var elements = output.elements
    for picture in 0..<output.shape[0] {
      let range = picture * pixels..<(picture + 1) * pixels
      let error = range.reduce(0.0) { $0 + Double(output[$1]) - Double(target[$1]) } / Double(pixels)
      for index in range { elements[index] -= Float(error) }
    }
    return Tensor(elements, shape: output.shape)
  }
}

extension Autoencoder {
  /// How many pictures are normalised together where `images` pass with batch statistics: groups of nearly equal size,
  /// at most `largest` each.
  public static func groups(of images: Int, largest: Int) -> [Range<Int>] {
    let groups = (images + largest - 1) / largest
    return (0..<groups).map { $0 * images / groups..<($0 + 1) * images / groups }
  }

  /// Pictures through the network, [N, 1, H, W] to the same, H and W multiples of 16.
  ///
  /// They pass in groups of nearly equal size, at most `largestGroup`, to bound memory; with batch statistics a group
  /// is what is normalised together (``groups(of:largest:)``). Hard quantisation sends the nearest centre in place of
  /// Eq. 1's mean. Products in bf16 need a network that runs in fused blocks
  /// (``requireFusedBlocks(for:height:width:)``).
  public func reconstruct(
    _ pictures: Tensor<Float>, statistics: BatchStatistics = .running, quantisation: Quantisation = .soft,
    largestGroup: Int = 64, precision: ProductPrecision = .fp32
  ) -> Tensor<Float> {
    reconstructAndCount(
      pictures, statistics: statistics, quantisation: quantisation, largestGroup: largestGroup, precision: precision
    ).output
  }

  /// The reconstructions and each picture's share of latents off the centres.
  func reconstructAndCount(
    _ pictures: Tensor<Float>, statistics: BatchStatistics, quantisation: Quantisation, largestGroup: Int,
    precision: ProductPrecision
  ) -> (output: Tensor<Float>, offCentre: [Double]) {
    require(pictures.rank == 4 && pictures.shape[1] == 1, "pictures: shape \(pictures.shape), [N, 1, H, W] is needed")
    let (height, width) = (pictures.shape[2], pictures.shape[3])
    // Alone or together makes no difference to running statistics: small groups keep to the caches.
    let most = statistics == .batch ? largestGroup : min(largestGroup, 4)
    var output: [Float] = []
    output.reserveCapacity(pictures.count)
    var offCentre: [Double] = []
    for group in Self.groups(of: pictures.shape[0], largest: most) {
      let pass = inferencePass(images: group.count, height: height, width: width, precision: precision)
      pictures.elements.withUnsafeBufferPointer { elements in
        guard let elements = elements.baseAddress else { return }
        pass.forward(
          elements + group.lowerBound * height * width, statistics: statistics, quantisation: quantisation,
          scale: options.scale, updatesRunning: false)
      }
      output.append(contentsOf: UnsafeBufferPointer(start: pass.output, count: group.count * height * width))
      let latents = pass.latentCount / group.count
      for image in 0..<group.count {
        let part = UnsafeBufferPointer(start: pass.quantised + image * latents, count: latents)
        offCentre.append(Double(LatentStatistics.countOffCentre(part, options.centres)) / Double(latents))
      }
    }
    return (Tensor(output, shape: pictures.shape), offCentre)
  }

  /// The code of each picture: one centre index a latent, [N, m, H / 16, W / 16] in row-major order.
  public func codes(_ pictures: Tensor<Float>, statistics: BatchStatistics = .running) -> [[Int]] {
    require(pictures.rank == 4 && pictures.shape[1] == 1, "pictures: shape \(pictures.shape), [N, 1, H, W] is needed")
    let images = pictures.shape[0]
    let pass = inferencePass(images: images, height: pictures.shape[2], width: pictures.shape[3])
    pass.encode(pictures.elements, statistics: statistics, updatesRunning: false)
    let latents = pass.latentCount / images
    let indices = hardQuantizationIndices(pass.planarLatent(), centres: options.centres)
    return (0..<images).map { image in indices[image * latents..<(image + 1) * latents].map { Int($0) } }
  }
}
