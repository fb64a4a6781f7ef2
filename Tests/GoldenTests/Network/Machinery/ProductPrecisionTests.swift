import Foundation
import PerceptualConformance
import PerceptualCore
import PerceptualKernels
import PerceptualTestSupport
import Reference
import Testing

@testable import Fast
@testable import PerceptualExperiments

/// Convolutions whose products are in bf16.
@Suite struct ProductPrecisionTests {
  /// Every way to multiply pairs that this machine has: each instruction set, with the instructions of bf16 and
  /// without.
  static let ways: [(set: InstructionSet, isNative: Bool)] = InstructionSet.available.flatMap { set in
    (set.kernels?.hasNativePairs == true ? [false, true] : [false]).map { (set, $0) }
  }

  /// Ties of both kinds, numbers on both sides of them, the ends of the range, and what is not finite.
  static let values: [Float] = {
    let patterns: [UInt32] = [
      0x3f80_0000, 0x3f80_7fff, 0x3f80_8000, 0x3f80_8001, 0x3f81_7fff, 0x3f81_8000, 0x3f81_8001, 0x3fff_8000,
      0x3fff_7fff,
      0x0000_0000, 0x0000_0001, 0x007f_ffff, 0x0080_0000, 0x0080_8000, 0x00ff_ffff, 0x7f7f_0000, 0x7f7f_7fff,
      0x7f7f_8000,
      0x7f7f_ffff, 0x7f80_0000, 0x7f80_0001, 0x7fc0_0000, 0x7fff_ffff,
    ]
    var generator = SeededGenerator(name: "values of bf16")
    let random = (0..<1024 - 2 * patterns.count).map { _ in
      Float(generator.normal()) * Float(sign: .plus, exponent: Int(generator.next() % 200) - 100, significand: 1)
    }
    return patterns.flatMap { [Float(bitPattern: $0), Float(bitPattern: $0 | 0x8000_0000)] } + random
  }()

  /// The lower and the upper half of 32 bits.
  static func halves(_ pair: Float) -> (low: Float, high: Float) {
    (Float(bitPattern: pair.bitPattern << 16), Float(bitPattern: pair.bitPattern & 0xffff_0000))
  }

  static func areSame(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }

  /// Asked this way, since an expectation of equal arrays that fails looks for the shortest list of changes, for
  /// minutes.
  static func areSame(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { areSame($0, $1) }
  }

  @Test(arguments: ways) func factorsAreRounded(_ way: (set: InstructionSet, isNative: Bool)) throws {
    let kernels = try #require(way.set.kernels)
    let x = Self.values
    let expected = x.map { Reference.bfloat16($0) }
    var pairs = [Float](repeating: 0, count: x.count / 2)
    kernels.pairNeighbours(x, count: x.count, &pairs, isNative: way.isNative)
    for (index, pair) in pairs.enumerated() {
      let (low, high) = Self.halves(pair)
      #expect(Self.areSame(low, expected[2 * index]), "\(x[2 * index])")
      #expect(Self.areSame(high, expected[2 * index + 1]), "\(x[2 * index + 1])")
    }
    for width in [16, 32] {
      for rows in [1, 2, 7, x.count / width] {
        var pairs = [Float](repeating: .nan, count: (rows + 1) / 2 * width)
        kernels.pairRows(x, rows: rows, width: width, &pairs, isNative: way.isNative)
        for (index, pair) in pairs.enumerated() {
          let place = index / width * 2 * width + index % width
          let (low, high) = Self.halves(pair)
          #expect(Self.areSame(low, expected[place]))
          #expect(Self.areSame(high, place / width + 1 < rows ? expected[place + width] : 0))
        }
      }
    }
  }

  /// Bit for bit the sums in single precision, upper halves first, in every way and for every number of rows that has
  /// code of its own.
  @Test(arguments: ways) func productsAreSummedInTheirOrder(_ way: (set: InstructionSet, isNative: Bool)) throws {
    let kernels = try #require(way.set.kernels)
    let panel = kernels.panelChannels
    var generator = SeededGenerator(name: "products of bf16")
    func pairs(_ count: Int) -> [Float] {
      let x = (0..<2 * count).map { _ in Float(generator.normal()) }
      var pairs = [Float](repeating: 0, count: count)
      kernels.pairNeighbours(x, count: x.count, &pairs, isNative: false)
      return pairs
    }
    func add(_ sum: Float, _ a: Float, _ b: Float) -> Float {
      let (a, b) = (Self.halves(a), Self.halves(b))
      return sum.addingProduct(a.high, b.high).addingProduct(a.low, b.low)
    }
    let (blocks, depth) = (3, 8)
    for rows in [4, 8, 12, 16, 20, 24, 28, 44] {
      for accumulates in [false, true] {
        let pitch = rows * 8
        let x = pairs(blocks * pitch)
        let weights = pairs(blocks * depth * panel)
        var sums = (0..<rows * 32).map { _ in Float(generator.normal()) }
        var expected = sums
        // The second vector lies in a block of its own, or where a row's first ends.
        let second = panel == 32 ? rows * 16 : panel / 2
        for row in 0..<rows {
          for output in 0..<panel {
            let place = row * 16 + output % (panel / 2) + output / (panel / 2) * second
            var sum = accumulates ? expected[place] : 0
            for block in 0..<blocks {
              for k in 0..<depth {
                sum = add(sum, x[block * pitch + row * 8 + k], weights[(block * depth + k) * panel + output])
              }
            }
            expected[place] = sum
          }
        }
        kernels.multiplyBlockPairs(
          x, blockPitch: pitch, blocks: blocks, depth: depth, rows: rows, weights: weights, &sums, second: second,
          accumulates: accumulates, next: weights, isNative: way.isNative)
        #expect(Self.areSame(sums, expected), "\(rows) rows")
      }
    }
    for rows in [1, 2, 5, 22] {
      for accumulates in [false, true] {
        let x = pairs((rows + 3) / 4 * 4 * 16)
        let upstream = pairs((rows + 3) / 4 * 4 * 32)
        let second = panel == 32 ? (rows + 3) / 4 * 4 * 16 : panel / 2
        var gradient = (0..<16 * panel).map { _ in Float(generator.normal()) }
        var expected = gradient
        for k in 0..<16 {
          for output in 0..<panel {
            var sum = accumulates ? expected[k * panel + output] : 0
            for row in 0..<rows {
              sum = add(
                sum, x[row * 16 + k], upstream[row * 16 + output % (panel / 2) + output / (panel / 2) * second])
            }
            expected[k * panel + output] = sum
          }
        }
        kernels.multiplyBlockPairsGradient(
          x, upstream, second: second, rows: rows, depth: 16, &gradient, accumulates: accumulates,
          isNative: way.isNative)
        #expect(Self.areSame(gradient, expected), "\(rows) rows")
      }
    }
  }

  /// What the equation gives for the sample's arrays in that precision.
  private struct Expectation {
    let y: Tensor<Double>
    let x: Tensor<Double>
    let weight: Tensor<Double>

    init(
      _ filtering: Reference.MinimalFiltering, _ given: OperationCase<Double>, _ shape: ConvolutionShape,
      isTransposed: Bool
    ) {
      let (x, weight, bias, upstream) = (
        given.input("x"), given.input("weight"), given.input("bias"), given.cotangent("y")
      )
      let (height, width) = (shape.outputHeight, shape.outputWidth)
      var y: Tensor<Double>
      if isTransposed {
        y = filtering.synthesis(x, weight: weight, height: height, width: width)
        self.x = filtering.analysis(upstream, weight: weight, height: shape.height, width: shape.width)
        self.weight = filtering.weightGradient(fine: upstream, coarse: x)
      } else {
        y = filtering.analysis(x, weight: weight, height: height, width: width)
        self.x = filtering.synthesis(upstream, weight: weight, height: shape.height, width: shape.width)
        self.weight = filtering.weightGradient(fine: x, coarse: upstream)
      }
      for index in 0..<y.count {
        let value = bias[index / (height * width) % bias.count]
        y[index] += filtering.magnitudes ? abs(value) : value
      }
      self.y = y
    }
  }

  private func computed(
    _ given: OperationCase<Double>, _ shape: ConvolutionShape, isTransposed: Bool, _ precision: ProductPrecision
  ) -> (y: Tensor<Double>, x: Tensor<Double>, weight: Tensor<Double>) {
    let result = runInBlocks(
      BlockConvolution(shape, isTransposed: isTransposed, precision: precision), given.input("x").converted(),
      weight: given.input("weight").converted(), bias: given.input("bias").converted(),
      upstream: given.cotangent("y").converted())
    return (result.y.converted(), result.gradients.x.converted(), result.gradients.weight.converted())
  }

  /// Bit for bit the equation with rounded factors, where all sums are exact: multiples of 37, whose sums of up to four
  /// have more than eight bits.
  @Test(arguments: minimalFilteringSamples)
  func agreesWithReference(_ tested: (operation: String, sample: Sample)) throws {
    let isTransposed = tested.operation == "transposedConvolution2D"
    var given = try tested.sample.operationCase(of: try #require(operation(named: tested.operation)), fill: .integers)
    for name in ["x", "weight"] { given.inputs[name] = given.input(name).map { 37 * $0 } }
    given.cotangents["y"] = given.cotangent("y").map { 37 * $0 }
    let shape = try MinimalFilteringTests.convolutionShape(given, isTransposed: isTransposed)
    let padding = shape.geometry.padding
    let expected = Expectation(
      Reference.MinimalFiltering(padding: padding, precision: .bf16), given, shape, isTransposed: isTransposed)
    for set in InstructionSet.available {
      for threads in threadCounts {
        let found = Execution.$current.withValue(Execution(threads: threads, instructionSet: set)) {
          computed(given, shape, isTransposed: isTransposed, .bf16)
        }
        #expect(found.y == expected.y, "\(set), \(threads) threads")
        #expect(found.x == expected.x, "\(set), \(threads) threads")
        #expect(found.weight == expected.weight, "\(set), \(threads) threads")
      }
    }
    // The rounding shows.
    let exact = computed(given, shape, isTransposed: isTransposed, .fp32)
    #expect(exact.y != expected.y && exact.x != expected.x && exact.weight != expected.weight)
  }

  /// Of normals the error against the exact result stays within what the rounding of both factors can make, 2^-8 each,
  /// of the filtering of magnitudes; and it is not that of single precision.
  @Test(arguments: minimalFilteringSamples.filter { !$0.sample.label.contains("pieces") })
  func errorIsBounded(_ tested: (operation: String, sample: Sample)) throws {
    let isTransposed = tested.operation == "transposedConvolution2D"
    let given = try tested.sample.operationCase(of: try #require(operation(named: tested.operation)), fill: .normals)
    let shape = try MinimalFilteringTests.convolutionShape(given, isTransposed: isTransposed)
    let padding = shape.geometry.padding
    let exact = Expectation(MinimalFiltering(padding: padding), given, shape, isTransposed: isTransposed)
    let magnitudes = Expectation(
      Reference.MinimalFiltering(padding: padding, magnitudes: true), given, shape, isTransposed: isTransposed)
    // Sums in single precision add some 2^-24 for each of at most a few hundred terms.
    let allowed = 2 * 0x1p-8 + 0x1p-16 + 1000 * 0x1p-24
    for set in InstructionSet.available {
      let found = Execution.$current.withValue(Execution(instructionSet: set)) {
        computed(given, shape, isTransposed: isTransposed, .bf16)
      }
      for (name, result, exact, magnitudes) in [
        ("y", found.y, exact.y, magnitudes.y), ("x", found.x, exact.x, magnitudes.x),
        ("weight", found.weight, exact.weight, magnitudes.weight),
      ] {
        let largest = (0..<exact.count).map { abs(result[$0] - exact[$0]) / magnitudes[$0] }.max() ?? 0
        #expect(largest <= allowed, "\(name), \(set)")
        #expect(largest > 0x1p-14, "\(name), \(set)")
      }
    }
  }

  // MARK: Training

  private static func trainer(
    _ precision: ProductPrecision, kernel: Int = 2, checkpoints: Bool = false
  ) throws -> Trainer {
    let options = TrainingOptions(
      loss: .mse, iterations: 6, batch: 3, size: 80, seed: 6, checkpointsActivations: checkpoints, precision: precision)
    let network = Autoencoder(AutoencoderOptions(channels: 32, kernel: kernel), seed: 6)
    return try Trainer(network, options: options, data: .noise)
  }

  private static func weights(_ trainer: Trainer) -> [Float] { trainer.network.tensors.flatMap(\.tensor.elements) }

  /// Rounding the factors of the products changes a step as much as rounding the weights themselves would, which is
  /// what the network's conditioning makes of errors of that size.
  @Test(arguments: [2, 4]) func aStepIsAsNearAsRoundedWeightsAre(_ kernel: Int) throws {
    func step(_ precision: ProductPrecision, _ change: (Float) -> Float) throws -> (loss: Double, gradient: [Double]) {
      let trainer = try Self.trainer(precision, kernel: kernel)
      let parameters = trainer.network.parameters
      for entry in parameters.entries where entry.shape.count == 4 {
        parameters.set(entry, to: parameters.tensor(entry).map(change))
      }
      let loss = try trainer.step().loss
      let gradient = trainer.optimizer.gradient
      return (loss, (0..<gradient.count).map { Double(gradient.values[$0]) })
    }
    func distance(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    let exact = try step(.fp32) { $0 }
    let found = try step(.bf16) { $0 }
    let rounded = try step(.fp32) { Reference.bfloat16($0) }
    #expect(abs(found.loss / exact.loss - 1) < 0x1p-8)
    let changed = distance(found.gradient, exact.gradient)
    #expect(changed > 0)
    // Of each product two factors are rounded, the weights' and the other.
    #expect(changed < 2 * distance(rounded.gradient, exact.gradient))
  }

  @Test(arguments: [2, 4]) func trainingGivesTheSameBitsOnAnyNumberOfThreads(_ kernel: Int) throws {
    let expected = try Self.trainer(.bf16, kernel: kernel)
    for _ in 0..<2 { try expected.step() }
    for threads in threadCounts {
      for checkpoints in [false, true] {
        let trainer = try Execution.$current.withValue(Execution(threads: threads)) {
          try Self.trainer(.bf16, kernel: kernel, checkpoints: checkpoints)
        }
        for _ in 0..<2 { try trainer.step() }
        #expect(Self.areSame(Self.weights(trainer), Self.weights(expected)), "\(threads) threads")
      }
    }
  }

  /// A reconstruction with products in bf16 differs from the exact one by no more than rounded weights make of it, has
  /// the same bits on any number of threads and for pictures in other groups, and leaves the exact one as it was.
  @Test(arguments: [2, 4]) func reconstructionIsAsNearAsRoundedWeightsAre(_ kernel: Int) throws {
    let options = AutoencoderOptions(channels: 32, kernel: kernel)
    let network = Autoencoder(options, seed: 6)
    let rounded = Autoencoder(options, seed: 6)
    for entry in rounded.parameters.entries where entry.shape.count == 4 {
      rounded.parameters.set(entry, to: rounded.parameters.tensor(entry).map { Reference.bfloat16($0) })
    }
    let pictures = Tensor(noise(6 * 48 * 64, seed: "reconstructed").map { Float($0) }, shape: [6, 1, 48, 64])
    for statistics in [BatchStatistics.running, .batch] {
      func answer(_ network: Autoencoder, _ precision: ProductPrecision) -> [Float] {
        network.reconstruct(pictures, statistics: statistics, precision: precision).elements
      }
      func distance(_ a: [Float], _ b: [Float]) -> Float {
        zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      }
      let exact = answer(network, .fp32)
      let found = answer(network, .bf16)
      #expect(distance(found, exact) > 0)
      // Of each product two factors are rounded, the weights' and the other; minimal filtering rounds what it has
      // transformed, which errs 1.45 times as much as a direct sum (docs/performance.md, "Accuracy").
      let allowed: Float = kernel == 4 ? 2 * 1.45 : 2
      #expect(distance(found, exact) < allowed * distance(answer(rounded, .fp32), exact))
      for threads in threadCounts {
        Execution.$current.withValue(Execution(threads: threads)) {
          #expect(Self.areSame(answer(network, .bf16), found), "\(threads) threads")
        }
      }
      #expect(Self.areSame(answer(network, .fp32), exact))
      if statistics == .running {
        let alone = network.reconstruct(
          Tensor(Array(pictures.elements.prefix(48 * 64)), shape: [1, 1, 48, 64]), precision: .bf16)
        #expect(Self.areSame(alone.elements, Array(found.prefix(48 * 64))))
      }
    }
  }

  /// A run goes on in the precision it began in, bit for bit.
  @Test func resumesInItsPrecisionAlone() throws {
    let scratch = ScratchDirectory()
    let whole = try Self.trainer(.bf16)
    #expect(try TrainingRun(whole, directory: scratch.path, checkpointEvery: 3).run() == .finished)
    let resumed = try Self.trainer(.bf16)
    try resumed.resume(iteration: 3, in: scratch.path)
    while resumed.iteration < 6 { try resumed.step() }
    #expect(Self.areSame(Self.weights(resumed), Self.weights(whole)))
    expectError(.usage, saying: "products is bf16, this run has fp32") {
      try Self.trainer(.fp32).resume(iteration: 3, in: scratch.path)
    }
    let exact = ScratchDirectory()
    try Self.trainer(.fp32).writeCheckpoint(in: exact.path)
    expectError(saying: "products is fp32, this run has bf16") {
      try Self.trainer(.bf16).resume(iteration: 0, in: exact.path)
    }
  }

  @Test func inferenceNeedsFusedBlocks() throws {
    let network = Autoencoder(AutoencoderOptions(channels: 6))
    expectError(.usage, saying: "--precision bf16 is there for networks") {
      try network.requireFusedBlocks(for: "--precision bf16", height: 256, width: 256)
    }
    try Autoencoder(AutoencoderOptions(channels: 32)).requireFusedBlocks(for: "bf16", height: 256, width: 256)
  }

  @Test func needsFusedBlocks() {
    let options = TrainingOptions(loss: .mse, batch: 2, size: 80, precision: .bf16)
    expectError(.usage, saying: "precision bf16", "6 channels") {
      try Trainer(Autoencoder(AutoencoderOptions(channels: 6)), options: options, data: .noise)
    }
  }
}
