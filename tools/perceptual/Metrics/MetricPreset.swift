import PerceptualCore
import PerceptualFiles

/// The names that `metric --preset` takes, and the attributes of docs/fixtures.md behind them.
enum MetricPreset {
  static let nlpd: [(name: String, family: LaplacianPyramidFamily, pooling: LaplacianPyramidPooling)] = [
    ("hepburn", .hepburn, .image), ("hepburn-batch", .hepburn, .batch), ("matlab", .matlab, .image),
    ("laparra", .laparra, .image), ("tensorflow", .tensorflow, .image), ("tensorflow-batch", .tensorflow, .batch),
  ]

  static let bark: [(name: String, options: BarkDistanceOptions)] = [
    ("clip-generator", .clipGenerator), ("raw-autoencoder", .rawAutoencoder), ("masked", .maskedClipGenerator),
  ]

  /// Whether a preset's options have masking, which is an operation of its own.
  static func isMasked(_ preset: String) -> Bool { bark.contains { $0.name == preset && $0.options.masking != nil } }

  static func names(of metric: MetricCommand.Metric) -> [String] {
    switch metric {
    case .mse, .psnr: []
    case .ssim: StructuralSimilarityPreset.allCases.map(\.rawValue)
    case .msSSIM: MultiScaleStructuralSimilarityPreset.allCases.map(\.rawValue)
    case .nlpd: nlpd.map(\.name)
    case .bark: bark.map(\.name)
    }
  }

  /// A sentence with all names.
  static var list: String {
    MetricCommand.Metric.allCases.filter { !names(of: $0).isEmpty }
      .map { "\($0.rawValue): \(names(of: $0).joined(separator: ", "))" }.joined(separator: "; ") + "."
  }

  /// Nil where the metric has no such preset.
  static func attributes(of metric: MetricCommand.Metric, preset: String) -> [String: JSONValue]? {
    switch metric {
    case .mse, .psnr: return nil
    case .ssim: return StructuralSimilarityPreset(rawValue: preset).map { attributes($0.options()) }
    case .msSSIM:
      guard let options = MultiScaleStructuralSimilarityPreset(rawValue: preset)?.options() else { return nil }
      var result = attributes(options.scale)
      // These two are not a scale's to choose.
      result["downsampling"] = nil
      result["rectifiedContrast"] = nil
      result["weights"] = .array(options.weights.map { .number($0) })
      result["oddSizes"] = .string(options.oddSizes.rawValue)
      result["negativeContrast"] = .string(options.negativeContrast.rawValue)
      result["contrastFloor"] = .number(options.contrastFloor)
      result["channels"] = .string(options.channels.rawValue)
      return result
    case .nlpd:
      return nlpd.first { $0.name == preset }.map {
        ["family": .string($0.family.rawValue), "pooling": .string($0.pooling.rawValue)]
      }
    case .bark: return bark.first { $0.name == preset }.map { attributes($0.options) }
    }
  }

  private static func attributes(_ options: BarkDistanceOptions) -> [String: JSONValue] {
    var result: [String: JSONValue] = [
      "sampleRate": .number(options.filters.sampleRate), "lowFrequency": .number(options.filters.lowFrequency),
      "highFrequency": .number(options.filters.highFrequency), "bands": .integer(options.filters.bands),
      "taps": .integer(options.filters.taps), "stride": .integer(options.stride),
      "aWeighting": .bool(options.aWeighting), "distance": .string(options.distance.rawValue),
    ]
    if let masking = options.masking {
      result["frame"] = .integer(masking.frame)
      result["offset"] = .number(masking.offset)
      result["fullScaleLevel"] = .number(masking.fullScaleLevel)
    } else {
      result["logFactor"] = .number(options.logFactor)
    }
    return result
  }

  private static func attributes(_ options: StructuralSimilarityOptions) -> [String: JSONValue] {
    [
      "windowSize": .integer(options.windowSize), "sigma": .number(options.sigma), "k1": .number(options.k1),
      "k2": .number(options.k2), "window": .string(options.window.rawValue),
      "covariance": .string(options.covariance.rawValue), "padding": .string(options.padding.rawValue),
      "downsampling": .string(options.downsampling.rawValue), "rectifiedContrast": .bool(options.rectifiedContrast),
    ]
  }
}
