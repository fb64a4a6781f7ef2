import Fast
import PerceptualCore
import Reference

enum AuditoryFilterBank: OperationWithOptions {
  static let name = "auditoryFilterBank"
  static let inputs: [InputDescription] = []
  static let attributes: [AttributeDescription] =
    Attributes.auditoryFilters + Attributes.auditoryScale + [.init("aWeighting", default: "true")]
  static let outputs = ["responses", "centres", "bandwidths", "weights"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    if side != .reference { return .ofLargest(epsilons: 1, reason: "computed in Double and rounded once") }
    return switch tensor {
    case .output("responses"):
      .bound(
        epsilons: 16,
        reason:
          "a gain moves by its slope times a rounding of the Nyquist frequency; a response is a mean of gains; 1e-12 "
          + "at most"
      ) { given throws(PerceptualError) in
        let options = try options(given.attributes).filters
        let widths = Reference.auditoryBandwidths(options)
        // The Gaussian rises by at most a fifth from one of its hundred points to the next.
        let scales = widths.map {
          min(1 + 0.2 * 100 / $0 * options.sampleRate / 2 / Double(options.gridSize), 1e-12 / (64 * .ulpOfOne))
        }
        return Tensor(
          scales.flatMap { [Double](repeating: $0, count: options.taps) }, shape: [options.bands, options.taps])
      }
    case .output("weights"):
      .ofLargest(epsilons: 16, reason: "differences of decibels, which cancel in the band of the least")
    default: .ofLargest(epsilons: 16, reason: "a scale's function and its inverse, a few roundings each")
    }
  }

  typealias Options = (filters: AuditoryFilterOptions, isWeighted: Bool)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    let filters = try attributes.auditoryFilterOptions()
    let isWeighted = try attributes.bool("aWeighting", default: true)
    if isWeighted && filters.lowFrequency < AuditoryFilterOptions.leastWeighted {
      throw .malformed(
        "attribute lowFrequency: at least \(AuditoryFilterOptions.leastWeighted) was expected for A-weighting")
    }
    return (filters, isWeighted)
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    let (bands, taps) = (options.filters.bands, options.filters.taps)
    return ["responses": [bands, taps], "centres": [bands], "bandwidths": [bands], "weights": [bands]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    let centres = Reference.auditoryCentres(options.filters)
    return OperationResults(outputs: [
      "responses": Reference.auditoryFilterBank(options.filters),
      "centres": Tensor(centres).converted(),
      "bandwidths": Tensor(Reference.auditoryBandwidths(options.filters)).converted(),
      "weights": Tensor(options.isWeighted ? Reference.aWeights(centres: centres) : centres.map { _ in 1 }).converted(),
    ])
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    let centres = Fast.auditoryCentres(options.filters)
    return OperationResults(outputs: [
      "responses": Fast.auditoryFilterBank(options.filters),
      "centres": Tensor(centres).converted(),
      "bandwidths": Tensor(Fast.auditoryBandwidths(options.filters)).converted(),
      "weights": Tensor(options.isWeighted ? Fast.aWeights(centres: centres) : centres.map { _ in 1 }).converted(),
    ])
  }
}

extension Attributes {
  static let auditoryFilters: [AttributeDescription] = ["sampleRate", "lowFrequency", "highFrequency", "bands", "taps"]

  static let auditoryScale: [AttributeDescription] = [
    .init("scale", default: "\"bark\""), .init("bandwidthRatio", default: "0.1"),
  ]

  func auditoryFilterOptions() throws(PerceptualError) -> AuditoryFilterOptions {
    let options = AuditoryFilterOptions(
      sampleRate: try number("sampleRate"), lowFrequency: try number("lowFrequency"),
      highFrequency: try number("highFrequency"), bands: try integer("bands"), taps: try integer("taps"),
      scale: try choice("scale", default: .bark), bandwidthRatio: try number("bandwidthRatio", default: 0.1))
    if let obstacle = options.obstacle { throw .malformed("attribute \(obstacle)") }
    return options
  }

  static let barkMasking: [AttributeDescription] = [
    .init("frame", default: "128"), .init("offset", default: "5.5"), .init("fullScaleLevel", default: "96"),
  ]

  /// With masking there is no logFactor but a frame, an offset and a level.
  public func barkDistanceOptions(isMasked: Bool = false) throws(PerceptualError) -> BarkDistanceOptions {
    let masking: BarkMasking? =
      isMasked
      ? BarkMasking(
        frame: try integer("frame", default: 128), offset: try number("offset", default: 5.5),
        fullScaleLevel: try number("fullScaleLevel", default: 96)) : nil
    let options = BarkDistanceOptions(
      filters: try auditoryFilterOptions(), stride: try integer("stride"),
      logFactor: isMasked ? 1 : try number("logFactor"), aWeighting: try bool("aWeighting"),
      distance: try choice("distance", default: .meanSquaredError), masking: masking)
    if let obstacle = options.obstacle { throw .malformed("attribute \(obstacle)") }
    return options
  }
}
