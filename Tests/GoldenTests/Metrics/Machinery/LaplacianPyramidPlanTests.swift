import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// `LaplacianPyramidPlan`: NLPD in the caller's memory, the rows of one picture shared among threads.
@Suite struct NormalizedLaplacianPyramidPlanTests {
  private let tested = NormalizedLaplacianPyramidDistance.self

  struct Setting: Sendable, CustomTestStringConvertible {
    let family: LaplacianPyramidFamily
    let pooling: LaplacianPyramidPooling
    let levels: Int
    let shape: [Int]
    var testDescription: String { "\(family.rawValue), by \(pooling.rawValue), \(levels) levels, \(shape)" }

    init(_ family: LaplacianPyramidFamily, _ shape: [Int], _ pooling: LaplacianPyramidPooling = .image, levels: Int = 6)
    {
      (self.family, self.shape, self.pooling, self.levels) = (family, shape, pooling, levels)
    }

    func plan() -> LaplacianPyramidPlan {
      LaplacianPyramidPlan(family: family, levels: levels, pooling: pooling, shape: shape)
    }
  }

  /// High pictures are cut into several pieces a level, of even and odd numbers of rows; low ones are not cut at all.
  static let settings = [
    Setting(.hepburn, [1, 1, 173, 67]), Setting(.hepburn, [1, 2, 130, 66]), Setting(.hepburn, [3, 1, 65, 70]),
    Setting(.hepburn, [1, 1, 97, 19], levels: 3), Setting(.hepburn, [2, 1, 99, 65], .batch),
    Setting(.hepburn, [9, 1, 5, 6], levels: 2), Setting(.matlab, [1, 2, 121, 33]), Setting(.laparra, [1, 1, 75, 41]),
    Setting(.tensorflow, [1, 1, 98, 50]), Setting(.tensorflow, [2, 1, 77, 34], .batch),
  ]

  @Test(arguments: settings) func theFunctionsBitsOnAnyNumberOfThreads(_ setting: Setting) throws {
    let attributes: [String: JSONValue] = [
      "levels": .integer(setting.levels), "family": .string(setting.family.rawValue),
    ]
    let pair = try imageCase(imageSample("plan", setting.shape, attributes), .noisy, of: tested)
    let (x, y) = (pair.input("prediction").converted(to: Float.self), pair.input("target").converted(to: Float.self))
    let upstream = Tensor((0..<setting.plan().valueCount).map { Float($0) * 0.75 - 2 })
    let function = Execution.$current.withValue(Execution(threads: 1)) {
      normalizedLaplacianPyramidDistanceAndGradient(
        x, target: y, upstream: upstream, family: setting.family, levels: setting.levels, pooling: setting.pooling)
    }
    let expected = PlanResults(function)
    for threads in [1, 2, 3, 7] {
      Execution.$current.withValue(Execution(threads: threads)) {
        let plan = setting.plan()
        for _ in 0..<2 { #expect(PlanResults(plan, x, y, upstream: upstream) == expected, "\(threads) threads") }
      }
    }
  }

  /// Residuals that single precision cannot tell from 0, of every level: their signs are settled in double precision.
  /// (Reference in Float has some of them wrong, and gradients off by a hundredth.)
  @Test(arguments: [(0, 6), (1, 3), (2, 2), (3, 1), (4, 1)])
  func signsOfResidualsNearZero(_ level: Int, _ side: Int) throws {
    let (height, width, levels) = (101, 134, 5)
    var pair = try imageCase(
      imageSample("near zero \(level)", [1, 1, height, width], ["levels": .integer(levels)]), .noise, of: tested)
    var image = pair.input("prediction").elements
    for place in 0..<side * side {
      let residual = LaplacianResidual(
        height: height, width: width, level: level, row: (2 * (place / side) + 1) * (height >> level) / (2 * side),
        column: (2 * (place % side) + 1) * (width >> level) / (2 * side))
      let (row, column) = residual.heaviest
      let pixel = row * width + column
      image[pixel] = Double(Float(image[pixel] - residual.value(image) / residual.weight(row: row, column: column)))
      #expect(abs(residual.value(image)) < 0x1p-23)
    }
    pair.inputs["prediction"] = Tensor(image, shape: [1, 1, height, width])
    try expectFastAgrees(tested, pair)
  }

  /// So many that whole images are halved in double precision: a picture that is flat but for noise near its rounding.
  @Test(arguments: [0x1p-16, 0x1p-19]) func manySignsInDoubt(_ deviation: Double) throws {
    var pair = try imageCase(imageSample("many", [1, 2, 67, 90]), .noise, of: tested)
    pair.inputs["prediction"] = pair.input("prediction").map { Double(Float(0.5 + deviation * ($0 - 0.5))) }
    try expectFastAgrees(tested, pair)
  }

  /// Judges Fast alone: Reference in Float has the signs wrong that these pictures are about.
  private func expectFastAgrees(_ tested: any Operation.Type, _ pair: OperationCase<Double>) throws {
    let expected = try tested.run(.reference, pair)
    for instructionSet in InstructionSet.available {
      for threads in [1, 3] {
        let actual = try Execution.$current.withValue(Execution(threads: threads, instructionSet: instructionSet)) {
          try tested.run(.fast, pair)
        }
        try expectResults(expected, of: tested, .fast, pair, found: actual)
      }
    }
  }

  /// Beside a flat area a residual of exactly 0 has the gradient of its kink, 0 through the magnitude.
  @Test func flatAreas() throws {
    for value: Float in [0, 0.5, 0.9, 1] {
      var x = Tensor<Float>(repeating: value, shape: [1, 1, 70, 90])
      let y = picture([1, 1, 70, 90]).converted(to: Float.self)
      for row in 0..<70 { for column in 60..<90 { x[0, 0, row, column] = y[0, 0, row, column] / 2 } }
      let both = normalizedLaplacianPyramidDistanceAndGradient(x, target: y, upstream: Tensor([1]))
      #expect(both.value[0].isFinite && both.gradient.elements.allSatisfy(\.isFinite))
    }
  }

  @Test func refusesOtherSizes() async {
    let small = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      LaplacianPyramidPlan(levels: 2, shape: [1, 1, 11, 12]).compareZeros(131, values: 1)
    }
    #expect(small.stops(with: "prediction: 131 elements given, shape [1, 1, 11, 12] needs 132"))
    let values = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      LaplacianPyramidPlan(levels: 2, pooling: .batch, shape: [2, 1, 11, 12]).compareZeros(264, values: 2)
    }
    #expect(values.stops(with: "values: 2 elements given, shape [2, 1, 11, 12] needs 1"))
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LaplacianPyramidPlan(shape: [1, 1, 64, 65])
    }
    #expect(shape.stops(with: "sides of 64x65 given"))
  }
}
