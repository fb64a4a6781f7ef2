import ArgumentParser
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

extension NetworkPart: ExpressibleByArgument {}

struct ExportONNXCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export-onnx", abstract: "The network as an ONNX model, for other programs: operator set 17.",
    discussion: """
      The encoder takes "picture" and gives "latent", before quantisation, and what the decoder takes: "quantised", or \
      with --quantisation hard "code", the indices that `encode` writes. The whole network takes "picture" and gives \
      "reconstruction". Batch norm takes the running statistics. Number, height and width of pictures are free, height \
      and width multiples of 16 (docs/network.md).
      """)

  @Argument(help: ArgumentHelp("A checkpoint of `train` or `table1`.", valueName: "checkpoint"))
  var checkpoint: String
  @Argument(help: ArgumentHelp("What is written, .onnx.", valueName: "out"))
  var output: String
  @Option(help: "What of the network.")
  var part: NetworkPart = .whole
  @Option(help: "Whether the latent is Eq. 1's mean or the nearest centre.")
  var quantisation: Quantisation = .soft

  func validate() throws {
    try checkEnding(of: output, isOneOf: "onnx")
  }

  func run() throws {
    let (network, stored) = try Checkpoint.readWithMetadata(checkpoint)
    var metadata = stored
    // That of the checkpoint's own bytes.
    metadata[SafetensorsFile.checksumKey] = nil
    let bytes: [UInt8]
    do {
      bytes = try network.onnx(part: part, quantisation: quantisation, metadata: metadata)
    } catch {
      throw PerceptualError(error.kind, "\(checkpoint): \(error.description)")
    }
    try FileBytes.write(bytes, to: output)
    let sent = quantisation == .soft ? "quantised" : "code"
    let flow =
      switch part {
      case .encoder: "picture -> latent, \(sent)"
      case .decoder: "\(sent) -> reconstruction"
      case .whole: "picture -> reconstruction"
      }
    printNote("\(output): \(flow); operator set 17, heights and widths multiples of \(AutoencoderOptions.sizeMultiple)")
    try printResult(output)
  }
}
