import PerceptualCore

/// Settings of the compressive autoencoder (arXiv 2312.03455, section 2.2).
///
/// The paper leaves kernel sizes, the LeakyReLU slope and the decoder's kind of layer open; docs/paper.md gives the
/// reasons for these defaults.
public struct AutoencoderOptions: Equatable, Sendable {
  /// Filters of every layer, and channels of the latent.
  public var channels: Int
  /// Side of the eight strided kernels, even: padding (kernel - 2) / 2 halves and doubles sizes exactly.
  public var kernel: Int
  public var slope: Double
  /// Quantisation centres, ascending.
  public var centres: [Double]
  /// s of Eq. 1.
  public var scale: Double
  public var epsilon: Double
  public var momentum: Double

  /// Halvings of the resolution: n of Eq. 2.
  public static let downsamplings = 4
  /// Heights and widths must be multiples of this.
  public static let sizeMultiple = 1 << downsamplings

  public init(
    channels: Int = 128, kernel: Int = 4, slope: Double = 0.01, centres: [Double] = [-1, 1], scale: Double = 10,
    epsilon: Double = 1e-5, momentum: Double = 0.1
  ) {
    self.channels = channels
    self.kernel = kernel
    self.slope = slope
    self.centres = centres
    self.scale = scale
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// Throws what a user can get wrong.
  public func validate() throws(PerceptualError) {
    if channels < 1 { throw PerceptualError(.usage, "channels: \(channels) given, at least 1 is needed") }
    if kernel < 2 || kernel % 2 != 0 {
      throw PerceptualError(.usage, "kernel: \(kernel) given, an even number of at least 2 is needed")
    }
    let ascends = zip(centres, centres.dropFirst()).allSatisfy { $0 < $1 }
    if centres.isEmpty || !ascends || !centres.allSatisfy(\.isFinite) {
      throw PerceptualError(.usage, "centres: \(centres) given, an ascending list is needed")
    }
    if !(scale > 0) { throw PerceptualError(.usage, "scale: \(scale) given, a positive number is needed") }
  }

  var geometry: ConvolutionGeometry { ConvolutionGeometry(stride: 2, padding: Extent((kernel - 2) / 2)) }
}

/// What the autoencoder is trained to reduce.
public enum TrainingLoss: String, Sendable, CaseIterable {
  case mse
  case nlpd
  /// 1 - MS-SSIM.
  case msSSIM = "ms-ssim"

  /// As the paper's table writes it.
  public var title: String {
    switch self {
    case .mse: "MSE"
    case .nlpd: "NLPD"
    case .msSSIM: "MS-SSIM"
    }
  }
}

/// A loss and what it is multiplied by where losses are added up.
public struct LossTerm: Equatable, Sendable {
  public var loss: TrainingLoss
  public var weight: Double

  public init(_ loss: TrainingLoss, weight: Double) {
    self.loss = loss
    self.weight = weight
  }
}

/// How NLPD is joined over a batch.
public enum BatchPooling: String, Sendable, CaseIterable {
  /// The mean of the images' distances.
  case image
  /// One number for all images, as in the authors' codes: a norm of order 0.6 over the levels of all, or in the family
  /// "tensorflow" the mean of levels pooled over all.
  case batch

  var ofPyramids: LaplacianPyramidPooling { self == .image ? .image : .batch }
}

/// Which statistics batch normalisation uses.
public enum BatchStatistics: String, Sendable, CaseIterable {
  case running
  case batch
}

/// How the latent is quantised at test time.
public enum Quantisation: String, Sendable, CaseIterable {
  case soft
  case hard
}
