import Fast
import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// What a training reduces is the sum of its losses, each times its weight, and the gradient that of the sum.
@Suite struct TrainingObjectiveTests {
  /// The loss and its gradient by the operations one by one.
  private static func expected(
    _ term: LossTerm, _ options: TrainingOptions, _ x: Tensor<Float>, _ y: Tensor<Float>
  ) -> (value: Double, gradient: Tensor<Float>) {
    func mean(_ values: Tensor<Float>) -> Double {
      values.elements.reduce(0) { $0 + Double($1) } / Double(values.count)
    }
    let isBatch = term.loss == .nlpd && options.pooling == .batch
    let share = Float(term.weight) / Float(isBatch ? 1 : options.batch)
    let upstream = Tensor(repeating: share, shape: [isBatch ? 1 : options.batch])
    switch term.loss {
    case .mse:
      return (
        term.weight * mean(meanSquaredError(x, target: y)),
        meanSquaredErrorGradient(x, target: y, upstream: upstream).prediction
      )
    case .msSSIM:
      let found = multiScaleStructuralSimilarityAndGradient(x, target: y, upstream: upstream)
      return (
        term.weight * (1 - mean(found.value)), Tensor(found.gradient.elements.map { -$0 }, shape: x.shape)
      )
    case .nlpd:
      let found = normalizedLaplacianPyramidDistanceAndGradient(
        x, target: y, upstream: upstream, family: options.family,
        pooling: options.pooling == .image ? .image : .batch)
      return (term.weight * mean(found.value), found.gradient)
    }
  }

  @Test(arguments: [
    TrainingOptions(loss: .nlpd, added: [LossTerm(.mse, weight: 10)], batch: 3, size: 80),
    TrainingOptions(loss: .mse, added: [LossTerm(.nlpd, weight: 0.125)], family: .matlab, batch: 3, size: 48),
    TrainingOptions(loss: .nlpd, family: .laparra, batch: 2, size: 48),
    TrainingOptions(loss: .nlpd, family: .tensorflow, pooling: .batch, batch: 3, size: 48),
    TrainingOptions(loss: .nlpd, added: [LossTerm(.mse, weight: 4)], pooling: .batch, batch: 3, size: 80),
    TrainingOptions(
      loss: .msSSIM, added: [LossTerm(.mse, weight: 2), LossTerm(.nlpd, weight: 0.5)], batch: 2, size: 176),
  ])
  func isTheSumOfItsLosses(_ options: TrainingOptions) throws {
    try options.validate()
    func pictures(_ seed: UInt64) -> Tensor<Float> {
      TrainingData.noise.batch(0, images: options.batch, height: options.size, width: options.size, seed: seed)
    }
    let x = pictures(3)
    let y = pictures(4)
    let terms = ([LossTerm(options.loss, weight: 1)] + options.added).map { Self.expected($0, options, x, y) }
    var gradient = [Float](repeating: .nan, count: x.count)
    let objective = TrainingObjective(options)
    // Twice: what is left of a batch must not reach the next.
    for _ in 0..<2 {
      let value = x.elements.withUnsafeBufferPointer { x in
        y.elements.withUnsafeBufferPointer { y in
          gradient.withUnsafeMutableBufferPointer { gradient in
            objective(x.baseAddress!, target: y.baseAddress!, gradient: gradient.baseAddress!)
          }
        }
      }
      let sum = terms.reduce(0) { $0 + $1.value }
      #expect(agree(Float(value), Float(sum), roundings: 8))
      let largest = gradient.reduce(0) { max($0, abs($1)) }
      #expect(largest > 0)
      for index in 0..<x.count {
        let sum = terms.reduce(0) { $0 + Double($1.gradient[index]) }
        if !agree(gradient[index], Float(sum), roundings: 8, scale: largest) {
          Issue.record("element \(index): \(gradient[index]), the losses' sum is \(sum)")
          break
        }
      }
    }
  }

  /// A network trained on a mix goes on from a checkpoint of the same mix and family alone.
  @Test func resumesWithTheSameLossesAlone() throws {
    func trainer(_ added: [LossTerm], _ family: LaplacianPyramidFamily) throws -> Trainer {
      try Trainer(
        Autoencoder(AutoencoderOptions(channels: 2), seed: 1),
        options: TrainingOptions(loss: .nlpd, added: added, family: family, batch: 2, size: 80), data: .noise)
    }
    let mix = [LossTerm(.mse, weight: 10)]
    let scratch = ScratchDirectory()
    let first = try trainer(mix, .matlab)
    try first.step()
    try first.writeCheckpoint(in: scratch.path)
    try trainer(mix, .matlab).resume(iteration: 1, in: scratch.path)
    for (added, family, phrase) in [
      ([], LaplacianPyramidFamily.matlab, "added is mse=10.0, this run has none"),
      ([LossTerm(.mse, weight: 1)], .matlab, "this run has mse=1.0"),
      (mix, .hepburn, "family is matlab, this run has hepburn"),
    ] {
      expectError(.usage, saying: phrase) { try trainer(added, family).resume(iteration: 1, in: scratch.path) }
    }
    // A version that knew of one loss and one family alone.
    try writeAsEarlierVersion(first, in: scratch.path, metadata: ["loss": "nlpd"])
    try trainer([], .hepburn).resume(iteration: 1, in: scratch.path)
    expectError { try trainer(mix, .hepburn).resume(iteration: 1, in: scratch.path) }
  }

  @Test func titleNamesWhatIsAdded() {
    #expect(TrainingOptions(loss: .nlpd).lossTitle == "NLPD")
    #expect(
      TrainingOptions(loss: .msSSIM, added: [LossTerm(.mse, weight: 10), LossTerm(.nlpd, weight: 0.5)]).lossTitle
        == "MS-SSIM + 10 MSE + 0.5 NLPD")
  }
}
