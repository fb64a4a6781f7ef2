import ArgumentParser
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

extension WeightPrecision: ExpressibleByArgument {}

struct ExportWeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export-weights", abstract: "A network without its training state, at half the size.",
    discussion: """
      The weights of the convolutions are rounded to half precision; biases and batch norm stay as they are. Settings, \
      seed and iterations come along as metadata. Every command that takes a CHECKPOINT takes the result; only \
      `train --resume` needs more. `evaluate --half-precision` says what the rounding does to the scores.
      """)

  @Argument(help: ArgumentHelp("A checkpoint of `train` or `table1`.", valueName: "checkpoint"))
  var checkpoint: String
  @Argument(help: ArgumentHelp("What is written, .safetensors.", valueName: "out"))
  var output: String
  @Option(help: "How exactly the convolutions' weights are kept.")
  var precision: WeightPrecision = .float16

  func validate() throws {
    try checkEnding(of: output, isOneOf: "safetensors")
  }

  func run() throws {
    let (network, metadata) = try Checkpoint.readWithMetadata(checkpoint)
    try Checkpoint.write(network, to: output, metadata: metadata, precision: precision)
    let rounded = try network.rounded(to: precision)
    var squares = (difference: 0.0, all: 0.0)
    for (a, b) in zip(network.tensors, rounded.tensors) {
      for (x, y) in zip(a.tensor.elements, b.tensor.elements) {
        squares.difference += (Double(x) - Double(y)) * (Double(x) - Double(y))
        squares.all += Double(x) * Double(x)
      }
    }
    let change = squares.all > 0 ? (squares.difference / squares.all).squareRoot() : 0
    printNote(
      "\(output): \(network.parameterCount) parameters as \(precision.rawValue), changed by \(short(change)) "
        + "(relative L2)")
    try printResult(output)
  }
}
