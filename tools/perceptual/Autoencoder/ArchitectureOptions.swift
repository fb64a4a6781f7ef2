import ArgumentParser
import PerceptualCore
import PerceptualExperiments

/// How the decoder doubles the resolution: any kind but the convolution that halves it.
extension Stage.Kind: ExpressibleByArgument {
  public static var allValueStrings: [String] { allCases.filter { $0 != .convolution }.map(\.rawValue) }

  public init?(argument: String) {
    guard Self.allValueStrings.contains(argument) else { return nil }
    self.init(rawValue: argument)
  }
}

/// What `train` and `table1` let their user choose of the network's shape.
struct ArchitectureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Side of the kernels that halve and double the resolution, encoder's and transposed decoder's. "
        + "(default: \(AutoencoderOptions().encoderKernel))"))
  var kernel: Int?
  @Option(help: "Side of the encoder's kernels, in place of --kernel.")
  var encoderKernel: Int?
  @Option(
    help: "Side of the decoder's kernels but the last, in place of --kernel; after upsampling odd. (default there: 3)")
  var decoderKernel: Int?
  @Option(help: "Side of the last kernel, odd. (default: 3)")
  var lastKernel: Int?
  @Option(
    help: ArgumentHelp(
      "How the decoder doubles the resolution: transposed convolutions, or upsampling and convolutions. "
        + "(default: transposed)"))
  var decoder: Stage.Kind?
  @Option(help: "Channels of the latent: m of Eq. 2. (default: as many as the other layers)")
  var latentChannels: Int?

  /// Which options there are, and whether each was given.
  var given: [(String, Bool)] {
    [
      ("kernel", kernel != nil), ("encoder-kernel", encoderKernel != nil), ("decoder-kernel", decoderKernel != nil),
      ("last-kernel", lastKernel != nil), ("decoder", decoder != nil), ("latent-channels", latentChannels != nil),
    ]
  }

  /// The network of so many channels, all else as by default.
  func options(channels: Int) -> AutoencoderOptions {
    let defaults = AutoencoderOptions(channels: channels)
    return AutoencoderOptions(
      channels: channels, latentChannels: latentChannels,
      encoderKernel: encoderKernel ?? kernel ?? defaults.encoderKernel,
      decoder: decoder ?? defaults.decoder,
      decoderKernel: decoderKernel ?? (decoder?.isUpsampling == true ? nil : kernel ?? defaults.decoderKernel),
      lastKernel: lastKernel ?? defaults.lastKernel)
  }
}
