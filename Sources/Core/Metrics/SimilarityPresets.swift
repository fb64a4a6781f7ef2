// The conventions of published implementations. docs/metrics.md lists each and what was measured against it.

/// The data range that an implementation takes where its caller names none.
public enum PeerDataRange: Equatable, Sendable {
  case number(Double)
  /// It has no default.
  case required
  /// The larger of both images' greatest minus least value.
  case ofTheImages
}

/// SSIM as published implementations compute it. Data range is always the caller's.
public enum StructuralSimilarityPreset: String, Sendable, CaseIterable {
  /// The code of the 2004 paper, ssim_index.m: no downsampling.
  case paper
  /// The authors' later ssim.m, which first reduces images to about 256 pixels a side.
  case matlab
  case pytorchMSSSIM = "pytorch-msssim"
  case piq
  case torchmetrics
  /// With `gaussian_weights=True, use_sample_covariance=False`, which its documentation gives for the paper.
  case scikitImage = "scikit-image"
  /// As scikit-image computes where nothing is said: a uniform window of 7, sample covariance.
  case scikitImageDefault = "scikit-image-default"
  case tensorflow
  /// The function of pyiqa; its class takes luma and rounds to 255 levels before.
  case pyiqa

  public func options(dataRange: Double = 1) -> StructuralSimilarityOptions {
    var options = StructuralSimilarityOptions(dataRange: dataRange)
    switch self {
    case .paper, .pytorchMSSSIM, .scikitImage, .tensorflow: break
    case .matlab: options.downsampling = .matlab
    case .piq: options.downsampling = .piq
    case .torchmetrics: options.padding = .reflect
    case .scikitImageDefault:
      options.windowSize = 7
      options.window = .uniform
      options.covariance = .sample
    case .pyiqa: options.rectifiedContrast = true
    }
    return options
  }

  /// What the implementation takes where nothing is said.
  public var peerDataRange: PeerDataRange {
    switch self {
    case .paper, .matlab, .pytorchMSSSIM: .number(255)
    case .piq, .pyiqa: .number(1)
    case .torchmetrics: .ofTheImages
    case .scikitImage, .scikitImageDefault, .tensorflow: .required
    }
  }
}

/// MS-SSIM as published implementations compute it. Data range is always the caller's.
public enum MultiScaleStructuralSimilarityPreset: String, Sendable, CaseIterable {
  /// The authors' msssim.m, which takes one channel; a negative term becomes 0 here, a complex number there.
  case paper
  case pytorchMSSSIM = "pytorch-msssim"
  case piq
  case torchmetrics
  /// torchmetrics with `normalize="simple"`.
  case torchmetricsSimple = "torchmetrics-simple"
  case tensorflow
  /// The function of pyiqa; its class takes luma and rounds to 255 levels before.
  case pyiqa

  public func options(dataRange: Double = 1) -> MultiScaleStructuralSimilarityOptions {
    var options = MultiScaleStructuralSimilarityOptions(scale: .init(dataRange: dataRange))
    switch self {
    case .pytorchMSSSIM: break
    case .paper, .tensorflow: options.oddSizes = .symmetric
    case .piq: options.oddSizes = .replicateStart
    case .torchmetrics, .torchmetricsSimple:
      options.scale.padding = .reflect
      options.oddSizes = .drop
      options.channels = .joint
      if self == .torchmetricsSimple { options.negativeContrast = .shift }
    case .pyiqa:
      options.negativeContrast = .reluMap
      options.channels = .joint
    }
    return options
  }

  /// What the implementation takes where nothing is said.
  public var peerDataRange: PeerDataRange {
    switch self {
    case .paper, .pytorchMSSSIM: .number(255)
    case .piq, .pyiqa: .number(1)
    case .torchmetrics, .torchmetricsSimple: .ofTheImages
    case .tensorflow: .required
    }
  }
}
