import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// Twenty steps of training beside PyTorch's, from the same weights on the same noise.
///
/// PyTorch's Double run is the truth. Rounding grows from step to step, in jumps: an error of 2e-6 in an activation now
/// and then carries it across the kink of a LeakyReLU, which changes gradients by a thousandth at once, and AdamW
/// divides every gradient by its own size, so that where it is small the step turns around. How fast that goes is a
/// property of the network, not of an implementation, so the allowance is measured in PyTorch: twelve Float runs whose
/// initial weights are moved by one unit in the last place. At each step four times the largest distance that any of
/// them has strayed so far, and for every final tensor four times their largest relative L2 distance.
@Suite struct TrajectoryTests {
  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/trajectory").path
  static let channels = 8
  static let side = 176
  static let steps = 20
  static let seed: UInt64 = 7
  /// Times the largest distance of PyTorch's own runs in Float.
  static let allowance = 4.0

  static func file(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(contentsOf: "\(directory)/\(name).safetensors")
  }

  /// One run that a file holds.
  struct Run: Sendable, CustomStringConvertible {
    let file: String
    var loss = TrainingLoss.mse
    var family = LaplacianPyramidFamily.hepburn
    let network: AutoencoderOptions
    var side = TrajectoryTests.side
    var isFused = true

    var description: String { file }

    func trainer() throws -> Trainer {
      let options = TrainingOptions(
        loss: loss, family: family, iterations: TrajectoryTests.steps, batch: 2, size: side, seed: TrajectoryTests.seed)
      return try Trainer(Autoencoder(network, seed: TrajectoryTests.seed), options: options, data: .noise)
    }
  }

  static let plain = TrainingLoss.allCases.map { loss in
    Run(file: loss.rawValue, loss: loss, network: .init(channels: channels, kernel: 4), isFused: false)
  }
  static let fused =
    TrainingLoss.allCases.flatMap { loss in
      [
        Run(file: "fused-\(loss.rawValue)", loss: loss, network: .init(channels: 32, kernel: 4)),
        Run(file: "fused-k2-\(loss.rawValue)", loss: loss, network: .init(channels: 32, kernel: 2)),
      ]
    } + [
      Run(file: "fused-k2-nlpd-tensorflow", loss: .nlpd, family: .tensorflow, network: .init(channels: 32, kernel: 2))
    ]
  /// The ways to halve and to double.
  static let stages = [
    Run(file: "stages-kernel-3", network: .init(channels: 32, kernel: 3, lastKernel: 1), side: 48),
    Run(file: "stages-kernel-5", network: .init(channels: 8, kernel: 5, lastKernel: 5), side: 48, isFused: false),
    Run(
      file: "stages-nearest", network: .init(channels: 32, latentChannels: 5, kernel: 2, decoder: .nearest), side: 48),
    Run(
      file: "stages-bilinear", network: .init(channels: 8, latentChannels: 5, kernel: 2, decoder: .bilinear), side: 48,
      isFused: false),
  ]

  /// Convolutions before batch norm have biases whose gradient is 0 but for rounding, which AdamW makes as large as a
  /// step; the running mean after them takes it over.
  private func isRounding(_ name: String, in network: Autoencoder) -> Bool {
    name.hasSuffix("running_mean") || network.layers.contains { name == "\($0.convolution).bias" }
  }

  @Test func initialWeightsAreEqualBitForBit() throws {
    let initial = try Self.file("initial")
    let network = Autoencoder(AutoencoderOptions(channels: Self.channels, kernel: 4), seed: Self.seed)
    var compared = 0
    for (name, tensor) in network.tensors {
      let expected = try initial.float(name, shape: tensor.shape)
      #expect(expected.elements == tensor.elements, "\(name)")
      compared += 1
    }
    #expect(compared == initial.names.count)
  }

  @Test(arguments: plain + fused + stages) func followsPyTorch(_ run: Run) throws {
    let trainer = try run.trainer()
    #expect((trainer.network.passes(height: run.side, width: run.side)[0].obstacle == nil) == run.isFused)
    let expected = try Self.file(run.file)
    let losses = try (0..<Self.steps).map { _ in try trainer.step().loss }
    try Self.expectLosses(losses, follow: expected)
    var compared = 0
    for (name, tensor) in trainer.network.tensors where !isRounding(name, in: trainer.network) {
      try Self.expect(tensor, "final", name, in: expected)
      compared += 1
    }
    #expect(compared == 34)
  }

  /// The first step's gradient of every parameter, as far from PyTorch in Double as PyTorch in Float may be.
  @Test(arguments: fused + stages, InstructionSet.available)
  func gradientsArePyTorchs(_ run: Run, _ set: InstructionSet) throws {
    let expected = try Self.file(run.file)
    let trainer = try Execution.$current.withValue(Execution(threads: 2, instructionSet: set)) {
      let trainer = try run.trainer()
      try trainer.step()
      return trainer
    }
    var compared = 0
    for entry in trainer.optimizer.gradient.entries where !isRounding(entry.name, in: trainer.network) {
      try Self.expect(trainer.optimizer.gradient.tensor(entry), "gradient", entry.name, in: expected)
      compared += 1
    }
    #expect(compared == 26)
  }

  /// Holds losses of so many steps to those of PyTorch in Double.
  static func expectLosses(_ losses: [Double], follow expected: SafetensorsFile) throws {
    let truth = try expected.double("losses", shape: [steps]).elements
    let spread = try expected.double("losses.spread", shape: [steps]).elements
    var strayed = 0.0
    for index in 0..<steps {
      // One rounding of the loss itself is always allowed.
      strayed = max(strayed, spread[index], Double(Float.ulpOfOne) * abs(truth[index]))
      let distance = abs(losses[index] - truth[index])
      #expect(
        distance <= allowance * strayed,
        "step \(index + 1): \(losses[index]), expected \(truth[index]), PyTorch in Float strays up to \(strayed)")
    }
  }

  /// Holds a tensor, a gradient or what it is in the end, to that of PyTorch in Double.
  static func expect(_ found: Tensor<Float>, _ kind: String, _ name: String, in expected: SafetensorsFile) throws {
    let truth = try expected.double("\(kind).\(name)", shape: found.shape).elements
    let ours = relativeDistance(found.elements.map { Double($0) }, truth, 0..<truth.count)
    let theirs = max(try expected.double("\(kind).spread.\(name)", shape: [1])[0], Double(Float.ulpOfOne))
    #expect(
      ours <= allowance * theirs,
      "\(kind) \(name): \(ours) from PyTorch in Double, PyTorch in Float up to \(theirs)")
  }
}
