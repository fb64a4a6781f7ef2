import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct BatchNormalizationTests {
  private let tested = BatchNormalization.self

  @Test(arguments: batchNormalizationSamples, [Fill.integers, .normals])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill) { $0.makeVariancesPositive() }
  }

  /// Special values in x spoil their own channels, alike on all sides, and no other.
  @Test(arguments: batchNormalizationSamples)
  func specialValues(_ sample: Sample) throws {
    var generator = SeededGenerator(name: "special x \(sample.label)")
    let operationCase = try sample.operationCase(of: tested, fill: .normals) {
      $0.makeVariancesPositive()
      if let shape = $0.inputs["x"]?.shape { $0.inputs["x"] = Fill.specials.tensor(shape, &generator).withRoomToSum }
    }
    try expectAgreement(tested, operationCase, matchingNonFinite: true)
  }

  /// A mean far larger than the deviation: the variance from sums of squares would be all cancellation.
  @Test(arguments: [1000.0, -65_536])
  func holdsWithAnOffset(_ offset: Double) throws {
    for sample in batchNormalizationSamples {
      try expectAgreement(tested, sample, fill: .normals) {
        $0.makeVariancesPositive()
        $0.inputs["x"] = $0.inputs["x"]?.map { Double(Float($0 + offset)) }
      }
    }
  }

  @Test func constantChannelGivesBeta() throws {
    let x = Tensor<Float>(repeating: 0.1, shape: [2, 2, 3, 5])
    let (gamma, beta, zero) = (Tensor<Float>([3, -2]), Tensor<Float>([0.5, 7]), Tensor<Float>(shape: [2]))
    let fast = Fast.batchNormalization(
      x, gamma: gamma, beta: beta, runningMean: zero, runningVariance: zero, training: true)
    for c in 0..<2 {
      for i in 0..<15 { #expect(fast.y[(c * 15) + i] == beta[c]) }
    }
    #expect(fast.runningVariance == zero)
  }

  /// Values +-1 have mean 0 and variance 1: with epsilon 3 every number of the formula is exact.
  @Test func outputHasMeanBetaAndVarianceOfGamma() {
    let x = Tensor<Float>((0..<24).map { $0 % 2 == 0 ? 1 : -1 }, shape: [2, 2, 2, 3])
    let (gamma, beta) = (Tensor<Float>([4, -8]), Tensor<Float>([5, -1]))
    let (mean, variance) = (Tensor<Float>([8, -8]), Tensor<Float>([2, 4]))
    let outputs = [
      Reference.batchNormalization(
        x, gamma: gamma, beta: beta, runningMean: mean, runningVariance: variance, epsilon: 3, momentum: 0.25,
        training: true),
      Fast.batchNormalization(
        x, gamma: gamma, beta: beta, runningMean: mean, runningVariance: variance, epsilon: 3, momentum: 0.25,
        training: true),
    ]
    for output in outputs {
      for c in 0..<2 {
        let channel = (0..<2).flatMap { n in (0..<6).map { output.y[(n * 2 + c) * 6 + $0] } }
        let moments = meanAndVariance(channel)
        #expect(moments.mean == Double(beta[c]))
        #expect(moments.variance == Double(gamma[c] * gamma[c]) / 4)
      }
      #expect(output.runningMean.elements == [6, -6])
      let unbiased = 12.0 / 11
      #expect(output.runningVariance.elements == [Float(1.5 + 0.25 * unbiased), Float(3 + 0.25 * unbiased)])
    }
  }

  /// In training y does not depend on the running values, nor on a power of two that x is multiplied by, if epsilon is
  /// 0.
  @Test func isInvariantToScale() {
    var generator = SeededGenerator(name: "batch norm of twice x")
    let x: Tensor<Float> = Fill.normals.tensor([2, 3, 4, 5], &generator).converted()
    let (ones, zeros) = (Tensor<Float>(repeating: 1, shape: [3]), Tensor<Float>(shape: [3]))
    func normalized(_ x: Tensor<Float>, _ running: Tensor<Float>) -> [Float] {
      Fast.batchNormalization(
        x, gamma: ones, beta: zeros, runningMean: running, runningVariance: ones, epsilon: 0, training: true
      ).y.elements
    }
    #expect(normalized(x, zeros) == normalized(x.map { 4 * $0 }, ones))
  }

  /// The buffer forms, as training uses them: y over x, the gradient over the upstream gradient.
  @Test func worksOnBuffers() throws {
    let sample = try #require(batchNormalizationSamples.first { $0.label == "more than one segment of a row" })
    var operationCase = try sample.operationCase(of: tested, fill: .normals) { $0.makeVariancesPositive() }
    for name in ["runningMean", "runningVariance"] { operationCase.cotangents[name] = Tensor(shape: [2]) }
    let expected = try tested.run(.reference, operationCase)
    let given = operationCase.converted(to: Float.self)
    let x = given.input("x")
    var (y, gradient) = (x, given.cotangent("y"))
    var (runningMean, runningVariance) = (given.input("runningMean"), given.input("runningVariance"))
    var rows = [Float](repeating: .nan, count: 8)
    func base(_ pointer: UnsafeMutableBufferPointer<Float>) throws -> UnsafeMutablePointer<Float> {
      try #require(pointer.baseAddress)
    }
    try rows.withUnsafeMutableBufferPointer { rows in
      try y.elements.withUnsafeMutableBufferPointer { y in
        try runningMean.elements.withUnsafeMutableBufferPointer { runningMean in
          try runningVariance.elements.withUnsafeMutableBufferPointer { runningVariance in
            Fast.batchNormalizationTraining(
              x: try base(y), y: try base(y), images: 2, channels: 2, pixels: 33 * 65,
              gamma: given.input("gamma").elements, beta: given.input("beta").elements, mean: try base(rows),
              inverseDeviation: try base(rows) + 2, runningMean: try base(runningMean),
              runningVariance: try base(runningVariance), epsilon: 1e-5, momentum: 0.1)
          }
        }
      }
      try gradient.elements.withUnsafeMutableBufferPointer { gradient in
        Fast.batchNormalizationTrainingGradient(
          x: x.elements, upstream: try base(gradient), gradient: try base(gradient), images: 2, channels: 2,
          pixels: 33 * 65, gamma: given.input("gamma").elements, mean: try base(rows),
          inverseDeviation: try base(rows) + 2, gammaGradient: try base(rows) + 4, betaGradient: try base(rows) + 6)
      }
    }
    let actual = OperationResults<Float>(
      outputs: ["y": y, "runningMean": runningMean, "runningVariance": runningVariance],
      gradients: ["x": gradient, "gamma": Tensor(Array(rows[4..<6])), "beta": Tensor(Array(rows[6..<8]))])
    try expectResults(expected, of: tested, .fast, operationCase, found: actual.converted())
  }

  static let refused: [(String, [String: [Int]], [String: JSONValue], String)] = [
    ("one value a channel", ["x": [1, 3, 1, 1]], ["training": .bool(true)], "one value a channel, training needs two"),
    (
      "three axes", ["x": [2, 3, 4]], ["training": .bool(true)],
      "input.x has shape [2, 3, 4], expected [any, any, any, any]"
    ),
    ("an empty image", ["x": [2, 3, 0, 4]], ["training": .bool(true)], "input.x of shape [2, 3, 0, 4] is empty"),
    ("gamma", ["gamma": [4]], ["training": .bool(false)], "input.gamma has shape [4], expected [3]"),
    ("training missing", [:], [:], "attribute training of batchNormalization is missing and has no default"),
    ("training of 1", [:], ["training": 1], "attribute training: true or false was expected"),
    (
      "negative epsilon", [:], ["training": .bool(true), "epsilon": -1],
      "attribute epsilon: a number of at least 0 was expected, found -1.0"
    ),
  ]

  @Test(arguments: refused)
  func refuses(
    _ label: String, _ shapes: [String: [Int]], _ attributes: [String: JSONValue], _ sentence: String
  ) throws {
    var all = ["x": [2, 3, 4, 5], "gamma": [3], "beta": [3], "runningMean": [3], "runningVariance": [3]]
    all.merge(shapes) { $1 }
    expectError(saying: sentence) { try Sample(label, all, attributes).operationCase(of: tested, fill: .integers) }
  }

  @Test func callersStopWithASentence() async {
    let single = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let c = Tensor<Double>(shape: [3])
      _ = Reference.batchNormalization(
        Tensor(shape: [1, 3, 1, 1]), gamma: c, beta: c, runningMean: c, runningVariance: c, training: true)
    }
    #expect(single.stops(with: "x: shape [1, 3, 1, 1] has one value a channel, training needs two"))
    let fastSingle = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let c = Tensor<Float>(shape: [3])
      let x = Tensor<Float>(shape: [1, 3, 1, 1])
      _ = Fast.batchNormalizationGradient(
        x, gamma: c, runningMean: c, runningVariance: c, upstream: x, training: true)
    }
    #expect(fastSingle.stops(with: "x: one value a channel given, training needs at least two"))
    let gamma = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let c = Tensor<Float>(shape: [3])
      _ = Fast.batchNormalization(
        Tensor(shape: [2, 3, 1, 1]), gamma: Tensor(shape: [2]), beta: c, runningMean: c, runningVariance: c,
        training: true)
    }
    #expect(gamma.stops(with: "gamma: shape [2] given, [3] is needed"))
  }
}
