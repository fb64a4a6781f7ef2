import ArgumentParser
import Fast
import PerceptualConformance
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

struct MetricCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metric", abstract: "Compare two pictures or recordings.",
    discussion: """
      A and B are .npy arrays of [H, W], [N, C, H, W] or [T], PNG pictures, or audio. Samples of pictures are divided \
      by 255, or 65535 where they have 16 bits; pictures are compared as grey, or with --colour as three channels. A \
      recording is turned into its spectrogram first; [T] is compared sample by sample, by mse and psnr alone. bark \
      compares sounds: recordings, whose channels are averaged and resampled to 11 025 Hz, or arrays of [T] or [N, T]. \
      ssim and ms-ssim are similarities, 1 on equal pictures; psnr is in decibels. A preset takes the conventions of a \
      published implementation (docs/metrics.md), save its data range. Prints the mean over the batch.
      """)

  enum Metric: String, CaseIterable, ExpressibleByArgument {
    case mse, psnr, ssim
    case msSSIM = "ms-ssim"
    case nlpd, bark

    /// The operation of docs/fixtures.md that it is.
    var operationName: String {
      switch self {
      case .mse: "meanSquaredError"
      case .psnr: "peakSignalToNoiseRatio"
      case .ssim: "structuralSimilarity"
      case .msSSIM: "multiScaleStructuralSimilarity"
      case .nlpd: "normalizedLaplacianPyramidDistance"
      case .bark: "barkDistance"
      }
    }
    /// The operations that it may be, which have its presets; the first is the default's.
    var operations: [any Operation.Type] {
      ([operationName] + (self == .bark ? ["maskedBarkDistance"] : [])).compactMap { operation(named: $0) }
    }
    var presets: [(preset: Preset, operation: any Operation.Type)] {
      operations.flatMap { operation in operation.presets.map { ($0, operation) } }
    }
    /// The one whose conventions hold where none is given.
    var standardPreset: String? {
      switch self {
      case .mse, .psnr: nil
      case .ssim: StructuralSimilarityPreset.allCases.first { $0.options() == .init() }?.rawValue
      case .msSSIM: MultiScaleStructuralSimilarityPreset.allCases.first { $0.options() == .init() }?.rawValue
      case .nlpd, .bark: presets.first?.preset.name
      }
    }
    /// A sentence with all names.
    static var presetList: String {
      allCases.filter { !$0.presets.isEmpty }.map { metric in
        let names = metric.presets.map(\.preset.name).map { $0 == metric.standardPreset ? "\($0) (default)" : $0 }
        return "\(metric.rawValue): \(names.joined(separator: ", "))"
      }.joined(separator: "; ") + "."
    }
    var hasDataRange: Bool { self == .psnr || self == .ssim || self == .msSSIM }
    /// Whether it compares signals of any rank.
    var takesSignals: Bool { self == .mse || self == .psnr }
    /// Whether it compares sounds and nothing else.
    var isOfSounds: Bool { self == .bark }
  }

  @Argument(help: "Which metric.")
  var metric: Metric
  @Argument(help: ArgumentHelp("The prediction.", valueName: "A"))
  var prediction: String
  @Argument(help: ArgumentHelp("The target.", valueName: "B"))
  var target: String
  @Option(
    help: ArgumentHelp(
      "Write the gradient of the printed value with respect to A, in A's shape, to this .npy file.", valueName: "file"))
  var gradient: String?
  @Option(
    help: ArgumentHelp(
      "For psnr, ssim and ms-ssim: the difference between the largest and smallest possible value, 1 by default.",
      valueName: "number"))
  var dataRange: Double?
  @Option(
    help: ArgumentHelp(
      "For ssim, ms-ssim, nlpd and bark: whose conventions. \(Metric.presetList)", valueName: "name"))
  var preset: String?
  @Option(help: ArgumentHelp("For ssim: write its value at every position to this .npy file.", valueName: "file"))
  var map: String?
  @Flag(help: "Compare PNG pictures as three channels, red, green and blue.")
  var colour = false
  @Option(
    help:
      "The grey of a picture in colours: BT.601's, as Pillow and OpenCV (the default), or BT.709's, as scikit-image.")
  var grey: GreyFormula?
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    if let dataRange {
      try check(dataRange > 0 && dataRange.isFinite, "--data-range \(dataRange): a positive number is needed.")
      try check(metric.hasDataRange, "--data-range has no meaning for \(metric.rawValue).")
    }
    try check(!colour || !metric.isOfSounds, "--colour has no meaning for \(metric.rawValue).")
    try check(
      grey == nil || !colour && !metric.isOfSounds,
      "--grey has no meaning \(colour ? "with --colour" : "for \(metric.rawValue)").")
    try check(map == nil || metric == .ssim, "--map has no meaning for \(metric.rawValue).")
    if let preset, !metric.presets.contains(where: { $0.preset.name == preset }) {
      let names = metric.presets.map(\.preset.name)
      throw ValidationError(
        names.isEmpty
          ? "--preset has no meaning for \(metric.rawValue)."
          : "--preset \(preset): \(metric.rawValue) has \(names.joined(separator: ", ")).")
    }
  }

  func run() throws {
    try execution.run { try compare() }
  }

  /// Says where the values go beyond the data range, which is 1 where nobody thought of it.
  private func noteRange(_ a: Comparand, _ b: Comparand) {
    let ranges = [a, b].compactMap { comparand in
      comparand.tensor.elements.min().flatMap { low in comparand.tensor.elements.max().map { (low, $0) } }
    }
    guard let low = ranges.map(\.0).min(), let high = ranges.map(\.1).max() else { return }
    let range = dataRange ?? 1
    // A hundredth more is rounding, or an overshoot.
    if Double(high) - Double(low) > 1.01 * range {
      printNote(
        "the values go from \(low) to \(high), further than the data range of \(short(range)): give --data-range where "
          + "they are on another scale")
    }
  }

  private func compare() throws {
    let a = try Comparand(prediction, colour: colour, grey: grey ?? .bt601, isSound: metric.isOfSounds)
    let b = try Comparand(target, colour: colour, grey: grey ?? .bt601, isSound: metric.isOfSounds)
    if a.tensor.shape != b.tensor.shape {
      throw PerceptualError.malformed(
        "\(target): its \(b.kind) has shape \(b.tensor.shape), that of \(prediction) has \(a.tensor.shape); equal "
          + "shapes are needed")
    }
    if metric.hasDataRange { noteRange(a, b) }
    let conventions = metric.presets.first { $0.preset.name == preset ?? metric.standardPreset }
    guard let operation = conventions?.operation ?? metric.operations.first else {
      throw PerceptualError.usage("\(metric.rawValue): this build has no \(metric.operationName)")
    }
    var inputs = OperationCase<Float>(inputs: [
      "prediction": try a.batch(for: metric), "target": try b.batch(for: metric),
    ])
    inputs.attributes = Attributes(conventions?.preset.attributes ?? [:])
    if let dataRange { inputs.attributes["dataRange"] = .number(dataRange) }
    do {
      try operation.validate(inputs)
    } catch {
      throw PerceptualError.malformed("\(prediction): \(metric.rawValue) cannot take it: \(error.description)")
    }
    let count = try operation.outputShapes(inputs)["value"] ?? []
    if gradient != nil {
      inputs.cotangents["value"] = Tensor(repeating: 1 / Float(max(count.reduce(1, *), 1)), shape: count)
    }
    let results = try operation.fast(inputs)
    let values = results.outputs["value"]?.elements.map { Double($0) } ?? []
    let mean = values.reduce(0, +) / Double(values.count)

    if let gradient, let tensor = results.gradients["prediction"] {
      try Npy.write(tensor.reshaped(a.tensor.shape), to: gradient)
    }
    if let map {
      inputs.cotangents = [:]
      let tensor = try PerceptualConformance.operation(named: "structuralSimilarityMap")?.fast(inputs)
        .outputs["map"]
      if let tensor {
        try Npy.write(a.tensor.rank == 2 ? tensor.reshaped(Array(tensor.shape.suffix(2))) : tensor, to: map)
      }
    }
    try output.print(
      [
        "metric": .string(metric.rawValue), "value": .number(mean), "values": .array(values.map { .number($0) }),
        "a": .string(prediction), "b": .string(target), "shape": .array(a.tensor.shape.map { .integer($0) }),
      ], orLines: ["\(mean)"])
  }
}

/// One of the two things that `metric` compares.
struct Comparand {
  let path: String
  /// What `tensor` is, for messages.
  let kind: String
  let tensor: Tensor<Float>

  init(
    _ path: String, colour: Bool = false, grey: GreyFormula = .bt601, isSound: Bool = false
  ) throws(PerceptualError) {
    self.path = path
    switch try FileKind(contentsOf: path, expected: "a picture, an array or a recording") {
    case .array:
      kind = "array"
      tensor = try Npy.read(path).float
    case .picture where isSound:
      throw .malformed("\(path): a sound was expected, found a picture: give a recording or an array of [T] or [N, T]")
    case .audio where isSound:
      kind = "sound"
      tensor = try rawAudioSignal(try AudioFile.read(path), file: path)
    case .picture:
      kind = "picture"
      let picture = try readPicture(path)
      tensor = colour ? picture.colour : picture.grey(grey)
    case .safetensors:
      throw .malformed(
        "\(path): a picture, an array or a recording was expected, found a safetensors file: "
          + "save the tensor that you mean with numpy.save")
    case .audio:
      kind = "spectrogram"
      tensor = try frontEndImage(ofAudio: path).image
    }
    if let first = tensor.elements.firstIndex(where: { !$0.isFinite }) {
      let bad = tensor.elements.count { !$0.isFinite }
      throw .malformed(
        "\(path): \(tensor[first]) stands at \(coordinates(of: first, in: tensor.shape)), \(bad) of \(tensor.count) "
          + "numbers are not finite; clean them up first")
    }
    do throws(PerceptualError) {
      try checkMagnitudes(prediction: tensor, target: Tensor([]))
    } catch {
      throw .malformed("\(path): \(error.description); scale it, and the data range with it")
    }
  }

  /// As [N, C, H, W], or [1, T] for what compares samples.
  func batch(for metric: MetricCommand.Metric) throws(PerceptualError) -> Tensor<Float> {
    let shape = tensor.shape
    if metric.isOfSounds {
      if shape.count == 1 { return tensor.reshaped([1] + shape) }
      if shape.count == 2 && shape[0] > shape[1] && shape[1] <= 64 {
        throw .malformed(
          "\(path): the \(kind) has shape \(shape), which looks transposed: [N, T] is needed, N sounds of T samples")
      }
      if shape.count == 2 { return tensor }
      throw .malformed(
        "\(path): the \(kind) has shape \(shape), \(metric.rawValue) needs [T] or [N, T]; reshape it first")
    }
    switch shape.count {
    case 4: return tensor
    case 2: return tensor.reshaped([1, 1] + shape)
    case 1 where metric.takesSignals: return tensor.reshaped([1] + shape)
    default:
      let wanted = metric.takesSignals ? "[H, W], [N, C, H, W] or [T]" : "[H, W] or [N, C, H, W]"
      throw .malformed("\(path): the \(kind) has shape \(shape), \(metric.rawValue) needs \(wanted); reshape it first")
    }
  }
}
