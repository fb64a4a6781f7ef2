import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@Suite struct BilinearUpsamplingTests {
  private let tested = BilinearUpsampling.self

  static func sample(
    _ label: String, _ shape: [Int], _ height: Int, _ width: Int, alignCorners: Bool = false
  ) -> Sample {
    Sample(
      label, ["x": shape],
      ["factor": .array([.integer(height), .integer(width)]), "alignCorners": .bool(alignCorners)])
  }

  /// Weights that Float holds exactly: integers must then agree bit for bit.
  static let exactSamples = [
    sample("one element", [1, 1, 1, 1], 1, 1), sample("one element enlarged", [2, 3, 1, 1], 2, 4),
    sample("a decoder's layer", [2, 3, 16, 8], 2, 2), sample("one past 16 pairs", [1, 2, 3, 18], 2, 2),
    sample("one past 4 pairs, a row", [2, 1, 1, 6], 2, 2),
    sample("one past 32 columns of gradient", [1, 1, 2, 33], 2, 2),
    sample("a signal by 2", [3, 2, 1, 41], 1, 2), sample("a signal by 4", [2, 3, 1, 17], 1, 4),
    sample("rows only", [2, 1, 7, 35], 4, 1), sample("factor 1", [2, 3, 5, 4], 1, 1),
    sample("factor 1, aligned", [2, 3, 5, 4], 1, 1, alignCorners: true),
    sample("sides of 1, aligned", [1, 3, 1, 1], 2, 3, alignCorners: true),
    sample("an output side of 1, aligned", [1, 2, 1, 3], 1, 3, alignCorners: true),
    sample("fourths from aligned corners", [2, 2, 3, 3], 3, 11, alignCorners: true),
    sample("strips: more rows than a piece of work", [1, 1, 150, 70], 2, 4),
  ]
  static let samples =
    exactSamples + [
      sample("odd factors copy the middle", [1, 2, 7, 11], 5, 3), sample("even and odd factor", [2, 3, 5, 4], 3, 2),
      sample("the same, aligned", [2, 3, 5, 4], 3, 2, alignCorners: true),
      sample("doubled, aligned", [1, 2, 6, 19], 2, 2, alignCorners: true),
      sample("a signal, aligned", [2, 3, 1, 17], 1, 4, alignCorners: true),
      sample("a column", [2, 2, 9, 1], 3, 5), sample("a column, aligned", [2, 2, 9, 1], 3, 5, alignCorners: true),
      sample("two elements, aligned", [1, 2, 2, 2], 7, 6, alignCorners: true),
      sample("factor beyond the image", [1, 1, 2, 3], 17, 33),
      sample("strips by an odd factor, aligned", [1, 2, 61, 90], 3, 5, alignCorners: true),
    ]

  @Test(arguments: samples, [Fill.integers, .normals, .specials])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    let operationCase = try sample.operationCase(of: tested, fill: fill)
    let isExact = fill == .integers && Self.exactSamples.contains { $0.label == sample.label }
    try expectAgreement(tested, operationCase, exact: isExact, matchingNonFinite: fill == .specials)
  }

  /// <up(x), y> = <x, up^T(y)>: exactly on integers, where the weights are exact.
  @Test(arguments: samples)
  func gradientIsTheTranspose(_ sample: Sample) throws {
    let operationCase = try sample.operationCase(of: tested, fill: .integers)
    let isExact = Self.exactSamples.contains { $0.label == sample.label }
    var magnitudes = operationCase
    magnitudes.inputs["x"] = operationCase.input("x").map { abs($0) }
    let sums = try #require(try tested.run(.reference, magnitudes).outputs["y"])
    let magnitude = innerProduct(sums, operationCase.cotangent("y").map { abs($0) })
    for side in [Side.reference, .fast] {
      let results = try tested.run(side, operationCase)
      let (y, gradient) = (try #require(results.outputs["y"]), try #require(results.gradients["x"]))
      let products = (
        innerProduct(y, operationCase.cotangent("y")), innerProduct(operationCase.input("x"), gradient)
      )
      #expect(abs(products.0 - products.1) <= (isExact ? 0 : 16 * side.epsilon * magnitude), "\(side.rawValue)")
    }
  }

  /// What PyTorch computes from [1, 2] and [[0, 4], [8, 4]].
  @Test func byHand() {
    let x = Tensor<Float>([1, 2], shape: [1, 1, 1, 2])
    let areas: [Float] = [1, 1.25, 1.75, 2]
    let square = Tensor<Float>([0, 4, 8, 4], shape: [1, 1, 2, 2])
    let doubled: [Float] = [0, 1, 3, 4, 2, 2.5, 3.5, 4, 6, 5.5, 4.5, 4, 8, 7, 5, 4]
    let byTwo = Extent(height: 1, width: 2)
    #expect(Fast.bilinearUpsampling(x, factor: byTwo).elements == areas)
    #expect(Reference.bilinearUpsampling(x, factor: byTwo).elements == areas)
    #expect(Fast.bilinearUpsampling(square, factor: 2).elements == doubled)
    #expect(Reference.bilinearUpsampling(square, factor: 2).elements == doubled)

    let aligned = Tensor<Float>([0, 3], shape: [1, 1, 1, 2])
    #expect(Fast.bilinearUpsampling(aligned, factor: byTwo, alignCorners: true).elements == [0, 1, 2, 3])
    #expect(Reference.bilinearUpsampling(aligned, factor: byTwo, alignCorners: true).elements == [0, 1, 2, 3])
    let ones = Tensor<Float>(repeating: 1, shape: [1, 1, 1, 4])
    #expect(Fast.bilinearUpsamplingGradient(shape: x.shape, upstream: ones, factor: byTwo).elements == [2, 2])
    #expect(Reference.bilinearUpsamplingGradient(shape: x.shape, upstream: ones, factor: byTwo).elements == [2, 2])
  }

  /// Weights add up to 1: exactly where Float holds them, else to one unit in the last place for each side.
  @Test(arguments: samples)
  func constantStaysConstant(_ sample: Sample) throws {
    let operationCase = try sample.operationCase(of: tested, fill: .integers, withGradients: false) {
      $0.inputs["x"] = $0.input("x").map { _ in 5 }
    }
    let isExact = Self.exactSamples.contains { $0.label == sample.label }
    for side in Side.allCases {
      let y = try #require(try tested.run(side, operationCase).outputs["y"])
      #expect(y.elements.allSatisfy { abs($0 - 5) <= (isExact ? 0 : 10 * side.epsilon) }, "\(side.rawValue)")
    }
  }

  /// x[k, l] = 4 k + l becomes 4 p(i) + p(j): linear between the outermost centres, and with aligned corners from
  /// corner to corner.
  @Test(arguments: [false, true], [Extent(2), Extent(height: 3, width: 5), Extent(height: 1, width: 4)])
  func rampsStayLinear(_ alignCorners: Bool, _ factor: Extent) {
    let (height, width) = (5, 7)
    let ramp = (0..<height * width).map { Double(4 * ($0 / width) + $0 % width) }
    func position(_ i: Int, _ size: Int, _ factor: Int) -> Double {
      if alignCorners { return Double(i) * Double(size - 1) / Double(factor * size - 1) }
      return min(max((Double(i) + 0.5) / Double(factor) - 0.5, 0), Double(size - 1))
    }
    let x = Tensor(ramp, shape: [1, 1, height, width])
    let y = Reference.bilinearUpsampling(x, factor: factor, alignCorners: alignCorners)
    let fast = Fast.bilinearUpsampling(x.converted(), factor: factor, alignCorners: alignCorners)
    for i in 0..<y.shape[2] {
      for j in 0..<y.shape[3] {
        let expected = 4 * position(i, height, factor.height) + position(j, width, factor.width)
        #expect(abs(y[0, 0, i, j] - expected) <= 64 * Side.reference.epsilon)
        #expect(abs(Double(fast[0, 0, i, j]) - expected) <= 64 * Side.fast.epsilon)
      }
    }
  }

  /// An element of weight 0 takes no part, whatever it holds: under odd factors, at the ends, and under factor 1.
  @Test func weightlessElementsDoNotSpread() {
    let x = Tensor<Float>([1, .infinity, 2, .nan, 3], shape: [1, 1, 1, 5])
    let byThree = Extent(height: 1, width: 3)
    for y in [Fast.bilinearUpsampling(x, factor: byThree), Reference.bilinearUpsampling(x, factor: byThree)] {
      #expect(y.elements.map(\.isFinite) == [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1].map { $0 == 1 })
    }
    let upstream = Tensor<Float>([.nan, 1, 1, 1, 1, 1], shape: [1, 1, 1, 6])
    let gradients = [
      Fast.bilinearUpsamplingGradient(shape: [1, 1, 1, 2], upstream: upstream, factor: byThree),
      Reference.bilinearUpsamplingGradient(shape: [1, 1, 1, 2], upstream: upstream, factor: byThree),
    ]
    for gradient in gradients { #expect(gradient.elements.map(\.isFinite) == [false, true]) }
  }

  /// Nothing beyond the caller's buffers is written, and every element of them is.
  @Test(arguments: samples)
  func keepsToItsBuffers(_ sample: Sample) throws {
    let operationCase = try sample.operationCase(of: tested, fill: .normals)
    let x: Tensor<Float> = operationCase.input("x").converted()
    let upstream: Tensor<Float> = operationCase.cotangent("y").converted()
    let factor = try operationCase.attributes.extent("factor", default: 1, atLeast: 1)
    let alignCorners = try operationCase.attributes.bool("alignCorners")
    let (planes, height, width) = (x.shape[0] * x.shape[1], x.shape[2], x.shape[3])
    let y = guarded(upstream.count) { y in
      x.elements.withUnsafeBufferPointer {
        Fast.bilinearUpsampling(
          $0.baseAddress!, y, planes: planes, height: height, width: width, factor: factor, alignCorners: alignCorners)
      }
    }
    let gradient = guarded(x.count) { gradient in
      upstream.elements.withUnsafeBufferPointer {
        Fast.bilinearUpsamplingGradient(
          upstream: $0.baseAddress!, gradient, planes: planes, height: height, width: width, factor: factor,
          alignCorners: alignCorners)
      }
    }
    #expect(y == Fast.bilinearUpsampling(x, factor: factor, alignCorners: alignCorners).elements)
    #expect(
      gradient
        == Fast.bilinearUpsamplingGradient(
          shape: x.shape, upstream: upstream, factor: factor, alignCorners: alignCorners
        ).elements)
  }

  /// `count` floats that were NaN before `body`, between guard words that must still stand.
  private func guarded(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    let guards = 64
    var memory = [Float](repeating: .nan, count: count + 2 * guards)
    memory.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { body(base + guards) } }
    #expect(memory.prefix(guards).allSatisfy(\.isNaN) && memory.suffix(guards).allSatisfy(\.isNaN))
    return Array(memory[guards..<guards + count])
  }

  @Test func refusesWhatDoesNotFit() async throws {
    let noBool = Sample("alignCorners no boolean", ["x": [1, 1, 1, 2]], ["factor": [1, 2], "alignCorners": 1])
    for sample in [
      Self.sample("rank 3", [1, 2, 3], 1, 2), Self.sample("factor 0", [1, 1, 1, 2], 0, 2),
      Self.sample("empty", [1, 0, 1, 2], 1, 2), Self.sample("too large", [1, 1, 1, 2], 1 << 20, 1 << 20),
      Sample("no factor", ["x": [1, 1, 1, 2]]), noBool,
    ] {
      #expect(throws: PerceptualError.self, "\(sample)") { try sample.operationCase(of: tested, fill: .normals) }
    }
    let ofRank = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.bilinearUpsampling(Tensor(shape: [1, 2]), factor: 2)
    }
    #expect(ofRank.stops(with: "x: shape [1, 2] given, [N, C, H, W] is needed"))
    let ofFactor = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.bilinearUpsampling(Tensor<Float>(shape: [1, 1, 1, 2]), factor: Extent(height: 1, width: 0))
    }
    #expect(ofFactor.stops(with: "factor: 1x0 given, at least 1 is needed"))
    let ofUpstream = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.bilinearUpsamplingGradient(shape: [1, 1, 2, 2], upstream: Tensor(shape: [1, 1, 2, 2]), factor: 2)
    }
    #expect(ofUpstream.stops(with: "upstream: shape [1, 1, 2, 2] given, the output's [1, 1, 4, 4] is needed"))
    let ofBuffers = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var element: Float = 0
      let other = element
      withUnsafePointer(to: other) {
        Fast.bilinearUpsampling($0, &element, planes: 1, height: 1, width: 1, factor: 0)
      }
    }
    #expect(ofBuffers.stops(with: "factor: 0x0 given, at least 1 is needed"))
  }
}
