import PerceptualCore

/// Settings of the compressive autoencoder (arXiv 2312.03455, section 2.2).
///
/// The paper leaves kernel sizes, the LeakyReLU slope and the decoder's kind of layer open; docs/paper.md gives the
/// reasons for these defaults.
public struct AutoencoderOptions: Equatable, Sendable {
  /// Filters of every layer but the encoder's last.
  public var channels: Int
  /// Channels of the latent: m of Eq. 2.
  public var latentChannels: Int
  /// Side of the encoder's kernels.
  public var encoderKernel: Int
  /// How the decoder doubles the resolution: anything but a convolution of stride 2.
  public var decoder: Stage.Kind
  /// Side of the decoder's kernels but the last.
  public var decoderKernel: Int
  /// Side of the last convolution's kernel, odd.
  public var lastKernel: Int
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

  /// `kernel` is the side of the encoder's and of a transposed decoder's kernels where they have none of their own; it
  /// is 3 after upsampling. The latent has `channels` channels unless told otherwise.
  public init(
    channels: Int = 128, latentChannels: Int? = nil, kernel: Int = 2, encoderKernel: Int? = nil,
    decoder: Stage.Kind = .transposed, decoderKernel: Int? = nil, lastKernel: Int = 3, slope: Double = 0.01,
    centres: [Double] = [-1, 1], scale: Double = 10, epsilon: Double = 1e-5, momentum: Double = 0.1
  ) {
    self.channels = channels
    self.latentChannels = latentChannels ?? channels
    self.encoderKernel = encoderKernel ?? kernel
    self.decoder = decoder
    self.decoderKernel = decoderKernel ?? (decoder.isUpsampling ? 3 : kernel)
    self.lastKernel = lastKernel
    self.slope = slope
    self.centres = centres
    self.scale = scale
    self.epsilon = epsilon
    self.momentum = momentum
  }

  var encoderStage: Stage { Stage(.convolution, kernel: encoderKernel) }
  var decoderStage: Stage { Stage(decoder, kernel: decoderKernel) }
  /// Of the last convolution.
  var lastGeometry: ConvolutionGeometry { ConvolutionGeometry(padding: Extent(lastKernel / 2)) }

  /// Throws what a user can get wrong.
  public func validate() throws(PerceptualError) {
    for (name, count) in [("channels", channels), ("latent channels", latentChannels)] where count < 1 {
      throw .usage("\(name): \(count) given, at least 1 is needed")
    }
    if decoder == .convolution {
      throw .usage("decoder: a convolution of stride 2 given, a kind that doubles is needed")
    }
    for (name, stage) in [("encoder", encoderStage), ("decoder", decoderStage)] {
      if let obstacle = stage.obstacle { throw .usage("\(name) kernel: \(obstacle)") }
    }
    if lastKernel < 1 || lastKernel % 2 == 0 {
      throw .usage("last kernel: \(lastKernel) given, an odd number is needed")
    }
    let ascends = zip(centres, centres.dropFirst()).allSatisfy { $0 < $1 }
    if centres.isEmpty || !ascends || !centres.allSatisfy(\.isFinite) {
      throw .usage("centres: \(centres) given, an ascending list is needed")
    }
    if !(scale > 0) { throw .usage("scale: \(scale) given, a positive number is needed") }
  }
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
