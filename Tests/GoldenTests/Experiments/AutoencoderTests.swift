import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct AutoencoderTests {
  private let scratch = ScratchDirectory()

  @Test func paperNetworkBoundsItsLatentAt32768Bits() {
    let network = Autoencoder()
    #expect(network.options.channels == 128)
    #expect(network.entropyBound(height: 256, width: 256) == 32_768)
    // 0.46 million parameters, four times as many with kernels of 4x4.
    #expect((460_000...470_000).contains(network.parameterCount))
    #expect((1_830_000...1_850_000).contains(Autoencoder(AutoencoderOptions(kernel: 4)).parameterCount))
  }

  /// A batch of 64 pictures of 256x256 through the paper's 128 channels: one bit a latent, 4096 bytes a picture.
  @Test func hardQuantisedCodesFitTheBound() {
    let network = Autoencoder(AutoencoderOptions(channels: 128), seed: 3)
    let pictures = noisePictures([64, 1, 256, 256], seed: 3, stream: .noise)
    let codes = network.codes(pictures, statistics: .batch)
    #expect(codes.count == 64)
    for code in codes {
      #expect(Set(code).isSubset(of: [0, 1]))
      #expect(Double(code.count) * log2(2) <= network.entropyBound(height: 256, width: 256))
      #expect(code.count / 8 == 4096)
      // The bound is not met by sending nothing.
      #expect(Set(code).count == 2)
    }
  }

  @Test func reconstructionIsTheSameForAnyNumberOfThreadsAndGrouping() {
    let network = Autoencoder(AutoencoderOptions(channels: 5), seed: 1)
    let pictures = noisePictures([6, 1, 48, 64], seed: 1, stream: .noise)
    func run(_ threads: Int, _ group: Int) -> [Float] {
      Execution.$current.withValue(Execution(threads: threads)) {
        network.reconstruct(pictures, largestGroup: group).elements
      }
    }
    let once = run(1, 64)
    for threads in threadCounts { #expect(run(threads, 64) == once) }
    #expect(run(2, 1) == once)
    #expect(once.allSatisfy { $0 > 0 && $0 < 1 })
  }

  /// Six channels run operation by operation, 32 and 64 in fused blocks.
  @Test(arguments: [6, 32, 64], [2, 4])
  func trainingIsTheSameForAnyNumberOfThreads(_ channels: Int, kernel: Int) throws {
    func weights(_ threads: Int) throws -> [Float] {
      try Execution.$current.withValue(Execution(threads: threads)) {
        let options = TrainingOptions(loss: .nlpd, iterations: 3, batch: 3, size: 80, seed: 5)
        let trainer = try Trainer(
          Autoencoder(AutoencoderOptions(channels: channels, kernel: kernel), seed: 5), options: options, data: .noise)
        for _ in 0..<3 { try trainer.step() }
        return trainer.network.tensors.flatMap(\.tensor.elements)
      }
    }
    let once = try weights(1)
    for threads in threadCounts.dropFirst() { #expect(try weights(threads) == once, "\(threads) threads") }
  }

  /// In fused blocks as well as operation by operation.
  @Test(arguments: [6, 32]) func aTrainerKeepsTheExecutionItWasMadeUnder(_ channels: Int) throws {
    let baseline = Execution(threads: 1, instructionSet: .baseline)
    func trainer() throws -> Trainer {
      try Trainer(
        Autoencoder(AutoencoderOptions(channels: channels), seed: 5),
        options: TrainingOptions(loss: .mse, iterations: 2, batch: 2, size: 48, seed: 5), data: .noise)
    }
    func weights(_ trainer: Trainer) throws -> [Float] {
      for _ in 0..<2 { try trainer.step() }
      return trainer.network.tensors.flatMap(\.tensor.elements)
    }
    let expected = try Execution.$current.withValue(baseline) { try weights(try trainer()) }
    let kept = try Execution.$current.withValue(baseline) { try trainer() }
    #expect(try weights(kept) == expected)
    // Not every machine has another set, whose rounding is another.
    if InstructionSet.available[0] != .baseline { #expect(try weights(try trainer()) != expected) }
  }

  @Test(arguments: [
    (AutoencoderOptions(channels: 32), nil), (AutoencoderOptions(channels: 64), nil), (AutoencoderOptions(), nil),
    (AutoencoderOptions(channels: 33), "layer 0: 33 channels, a multiple of 32 is needed"),
    (AutoencoderOptions(channels: 48), "layer 0: 48 channels, a multiple of 32 is needed"),
    (AutoencoderOptions(channels: 32, kernel: 4), nil), (AutoencoderOptions(channels: 32, kernel: 3), nil),
    (AutoencoderOptions(channels: 32, kernel: 2, decoder: .nearest, lastKernel: 1), nil),
    (AutoencoderOptions(channels: 32, latentChannels: 64), nil),
    (AutoencoderOptions(channels: 32, kernel: 6), "layer 0: the kernel is 6x6, at most 4x4 is needed"),
    (
      AutoencoderOptions(channels: 32, decoder: .bilinear), "layer 14: bilinear upsampling, nearest or none is needed"
    ), (AutoencoderOptions(channels: 32, lastKernel: 5), "layer 25: the kernel is 5x5, 1x1 or 3x3 is needed"),
    (AutoencoderOptions(channels: 32, latentChannels: 8), nil),
  ])
  func theNextPassTakesOver(_ options: AutoencoderOptions, obstacle: String?) {
    let passes = Autoencoder(options).passes(height: 32, width: 48)
    #expect(passes[0].obstacle == obstacle)
    #expect(passes[1].obstacle == nil)
    let pass = Autoencoder(options).makePass(images: 1, height: 32, width: 48, keepsForGradient: false)
    #expect((pass is BlockPass) == (obstacle == nil))
  }

  @Test func methodsAreNamed() {
    #expect(
      Autoencoder(AutoencoderOptions(channels: 32, decoder: .nearest)).methods == [
        "encoder, convolution 2x2: products of channel blocks",
        "decoder, nearest upsampling and convolution 3x3: as transposed 4x4, minimal filtering F(3x3, 2x2)",
      ])
    #expect(
      Autoencoder(AutoencoderOptions(channels: 32, encoderKernel: 4, decoderKernel: 3)).methods == [
        "encoder, convolution 4x4: minimal filtering F(3x3, 2x2)",
        "decoder, transposed convolution 3x3: as 4x4, minimal filtering F(3x3, 2x2)",
      ])
  }

  /// What is computed again is what would have been stored; a part of the work that begins amid an image sees all of
  /// it.
  @Test(arguments: threadCounts, [2, 4])
  func checkpointedActivationsGiveTheSameBits(_ threads: Int, kernel: Int) throws {
    func train(_ checkpoints: Bool) throws -> (weights: [Float], bytes: Int) {
      try Execution.$current.withValue(Execution(threads: threads)) {
        let options = TrainingOptions(
          loss: .mse, iterations: 2, batch: 3, size: 80, seed: 6, checkpointsActivations: checkpoints)
        let trainer = try Trainer(
          Autoencoder(AutoencoderOptions(channels: 32, kernel: kernel), seed: 6), options: options, data: .noise)
        for _ in 0..<2 { try trainer.step() }
        return (trainer.network.tensors.flatMap(\.tensor.elements), trainer.passBytes)
      }
    }
    let stored = try train(false)
    let recomputed = try train(true)
    #expect(recomputed.weights == stored.weights)
    // The last block's output, 80x80x32 for each image.
    #expect(stored.bytes - recomputed.bytes == 3 * 80 * 80 * 32 * 4)
  }

  /// What is known beforehand is what a pass takes, but for some working memory that does not grow with the batch.
  @Test(arguments: [3, 32, 64], [2, 4]) func memoryIsKnownBeforehand(_ channels: Int, kernel: Int) throws {
    for recomputes in channels == 3 ? [false] : [false, true] {
      let network = Autoencoder(AutoencoderOptions(channels: channels, kernel: kernel))
      let options = TrainingOptions(loss: .mse, batch: 8, size: 96, checkpointsActivations: recomputes)
      let trainer = try Trainer(network, options: options, data: .noise)
      let known = network.trainingBytes(images: 8, height: 96, width: 96, recomputes: recomputes)
      // The batch and the gradient of the output are the trainer's own.
      let ratio = Double(trainer.passBytes + 2 * 8 * 96 * 96 * 4) / Double(known)
      #expect(ratio > 0.95 && ratio < 1.1 + 32e6 / Double(known), "\(trainer.passBytes), \(known)")
    }
    expectError(.usage, saying: "lower batch, size or channels") {
      try Trainer(
        Autoencoder(AutoencoderOptions(channels: channels, kernel: kernel)),
        options: TrainingOptions(loss: .mse, batch: 1 << 16, size: 1 << 14), data: .noise)
    }
  }

  @Test func checkpointingNeedsFusedBlocks() {
    let options = TrainingOptions(loss: .mse, batch: 2, size: 80, checkpointsActivations: true)
    expectError(.usage, saying: "6 channels") {
      try Trainer(Autoencoder(AutoencoderOptions(channels: 6)), options: options, data: .noise)
    }
  }

  @Test(arguments: [4, 32]) func resumingGivesTheSameBits(_ channels: Int) throws {
    let directory = scratch.path
    func trainer() throws -> Trainer {
      let options = TrainingOptions(loss: .mse, iterations: 6, batch: 2, size: 32, seed: 9)
      return try Trainer(Autoencoder(AutoencoderOptions(channels: channels), seed: 9), options: options, data: .noise)
    }
    let whole = try trainer()
    for _ in 0..<6 { try whole.step() }
    let interrupted = TrainingRun(try trainer(), directory: directory, checkpointEvery: 100)
    var steps = 0
    let outcome = try interrupted.run(shouldStop: { steps == 4 }, report: { _ in steps += 1 })
    #expect(outcome == .stopped(iteration: 4))
    let resumed = TrainingRun(try trainer(), directory: directory, checkpointEvery: 100)
    #expect(try resumed.resume() == 4)
    #expect(try resumed.run() == .finished)
    let a = whole.network.tensors.flatMap { $0.tensor.elements.map(\.bitPattern) }
    let b = resumed.trainer.network.tensors.flatMap { $0.tensor.elements.map(\.bitPattern) }
    #expect(a == b)
    let log = try String(contentsOfFile: "\(directory)/log.jsonl", encoding: .utf8)
    #expect(log.split(separator: "\n").count == 6)
    // A run with other settings must not go on from these files.
    let other = try Trainer(
      Autoencoder(AutoencoderOptions(channels: channels), seed: 9),
      options: TrainingOptions(loss: .nlpd, iterations: 6, batch: 2, size: 80, seed: 9), data: .noise)
    #expect(throws: PerceptualError.self) { try TrainingRun(other, directory: directory).resume() }
  }

  /// Indices of the convolutions are those of the equivalent Sequential, where upsampling is a layer.
  @Test func namesAreThoseOfTheSequential() {
    func convolutions(_ decoder: Stage.Kind) -> [String] {
      let network = Autoencoder(AutoencoderOptions(channels: 2, decoder: decoder))
      let weights = network.tensors.filter { $0.name.hasSuffix(".weight") && $0.tensor.rank == 4 }
      return weights.map { String($0.name.prefix { $0 != "." }) }
    }
    #expect(convolutions(.transposed) == ["0", "3", "6", "9", "13", "16", "19", "22", "25"])
    for kind in [Stage.Kind.nearest, .bilinear] {
      #expect(convolutions(kind) == ["0", "3", "6", "9", "14", "18", "22", "26", "29"])
    }
  }

  @Test(arguments: [
    AutoencoderOptions(
      channels: 3, kernel: 6, slope: 0.2, centres: [-1, 0, 0.5], scale: 4, epsilon: 1e-3),
    .init(channels: 3, latentChannels: 5, encoderKernel: 2, decoderKernel: 3, lastKernel: 1),
    .init(channels: 2, kernel: 5, decoder: .nearest, lastKernel: 5), .init(channels: 2, kernel: 2, decoder: .bilinear),
  ])
  func checkpointsKeepEveryBit(_ options: AutoencoderOptions) throws {
    let path = scratch.file("a.safetensors")
    let network = Autoencoder(options, seed: 2)
    try Checkpoint.write(network, to: path)
    let read = try Checkpoint.read(path)
    #expect(read.options == options)
    for (a, b) in zip(network.tensors, read.tensors) {
      #expect(a.name == b.name)
      #expect(a.tensor.elements.map(\.bitPattern) == b.tensor.elements.map(\.bitPattern), "\(a.name)")
    }
  }

  /// What earlier versions wrote, and a plain state dict: kernels follow from the weights, the decoder is transposed.
  @Test func aCheckpointWithoutTheNewNamesReads() throws {
    let network = Autoencoder(AutoencoderOptions(channels: 3, kernel: 2), seed: 2)
    var file = SafetensorsFile(metadata: ["kernel": "2", "channels": "3"])
    for (name, tensor) in network.tensors { file[name] = .float32(tensor) }
    try file.write(to: scratch.file("old.safetensors"))
    let read = try Checkpoint.read(scratch.file("old.safetensors"))
    #expect(read.options == network.options)
    #expect(read.identity == network.identity)
    file = SafetensorsFile(metadata: ["decoder": "cubic"])
    for (name, tensor) in network.tensors { file[name] = .float32(tensor) }
    try file.write(to: scratch.file("strange.safetensors"))
    expectError(saying: "metadata decoder: \"cubic\" found, one of transposed, nearest, bilinear") {
      try Checkpoint.read(scratch.file("strange.safetensors"))
    }
  }

  @Test(arguments: [
    (AutoencoderOptions(channels: 2, kernel: 1), "encoder kernel: 1 given, at least 2 is needed"),
    (AutoencoderOptions(channels: 2, latentChannels: 0), "latent channels: 0 given, at least 1 is needed"),
    (AutoencoderOptions(channels: 2, decoder: .nearest, decoderKernel: 2), "decoder kernel: 2 given, an odd number"),
    (AutoencoderOptions(channels: 2, lastKernel: 2), "last kernel: 2 given, an odd number is needed"),
    (AutoencoderOptions(channels: 2, decoder: .convolution), "decoder: a convolution of stride 2 given"),
  ])
  func wrongOptionsAreRefused(_ options: AutoencoderOptions, sentence: String) {
    expectError(.usage, saying: sentence) { try options.validate() }
  }

  @Test func aNonFiniteLossStopsBeforeTheWeightsChange() throws {
    let picture = Tensor<Float>(repeating: .nan, shape: [32, 32])
    let options = TrainingOptions(loss: .mse, iterations: 2, batch: 2, size: 32, seed: 1)
    let trainer = try Trainer(
      Autoencoder(AutoencoderOptions(channels: 2), seed: 1), options: options, data: .pictures([picture]))
    let before = trainer.network.tensors.map(\.tensor)
    expectError(.nonFinite) { try trainer.step() }
    // The running statistics too, which the forward pass moves before the loss is known.
    #expect(trainer.network.tensors.map(\.tensor) == before)
  }

  /// What such a run leaves behind is a checkpoint that can be read, of the step before.
  @Test(arguments: [2, 32]) func aNonFiniteLossLeavesACheckpointToGoOnFrom(_ channels: Int) throws {
    let directory = scratch.file("run")
    var pictures = (0..<6).map { index in
      Tensor(uniformNoise(seed: 3, stream: .other, index: UInt64(index), count: 1024), shape: [32, 32])
    }
    let options = TrainingOptions(loss: .mse, iterations: 40, batch: 2, size: 32, seed: 1)
    func run(_ pictures: [Tensor<Float>]) throws -> TrainingRun<Trainer> {
      TrainingRun(
        try Trainer(
          Autoencoder(AutoencoderOptions(channels: channels), seed: 1), options: options, data: .pictures(pictures)),
        directory: directory, checkpointEvery: 1)
    }
    // One that the first batch does not hold.
    let first = TrainingData.pictures(pictures).batch(0, images: 2, height: 32, width: 32, seed: 1)
    let bad = try #require(
      pictures.firstIndex {
        $0.elements != Array(first.elements[..<1024]) && $0.elements != Array(first.elements[1024...])
      })
    pictures[bad] = Tensor(repeating: .nan, shape: [32, 32])
    let failed = try run(pictures)
    expectError(.nonFinite) { try failed.run() }
    let reached = failed.trainer.iteration
    #expect(reached > 0)
    let again = try run(pictures)
    #expect(try again.resume() == reached)
    #expect(again.trainer.network.tensors.allSatisfy { $0.tensor.elements.allSatisfy(\.isFinite) })
  }

  /// How an image is cut differs between the convolutions that write a block's output and that read it: at sizes whose
  /// tiles just fail to fit side by side the readers' pieces are many.
  @Test(arguments: [272, 400], [2, 4]) func picturesOfAnySizeTrain(_ size: Int, kernel: Int) throws {
    let trainer = try Trainer(
      Autoencoder(AutoencoderOptions(channels: 32, kernel: kernel), seed: 1),
      options: TrainingOptions(loss: .mse, iterations: 1, batch: 1, size: size, seed: 1), data: .noise)
    #expect(try trainer.step().loss.isFinite)
  }

  @Test(arguments: [
    (TrainingOptions(loss: .mse, size: 100), "multiple of 16"),
    (TrainingOptions(loss: .msSSIM, size: 160), "161"),
    (TrainingOptions(loss: .nlpd, family: .hepburn, size: 64), "65"),
    (TrainingOptions(loss: .mse, batch: 0), "batch"),
    (TrainingOptions(loss: .mse, learningRate: .nan), "learning rate"),
  ])
  func refusesSettings(_ options: TrainingOptions, _ phrase: String) throws {
    expectError(.usage, saying: phrase) { try options.validate() }
  }
}
