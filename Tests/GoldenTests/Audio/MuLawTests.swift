import Fast
import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct MuLawTests {
  @Test(arguments: [2, 33, 256, 65_536], [Fill.normals, .specials])
  func agreesWithReference(_ levels: Int, _ fill: Fill) throws {
    for name in ["muLawEncoding", "muLawDecoding"] {
      let tested = try #require(operation(named: name))
      let input = tested.inputs[0].name
      for shape in [[1], [], [3, 5], [4099], [2, 4097]] {
        let sample = Sample("\(levels) \(shape)", [input: shape], ["levels": .integer(levels)])
        let operationCase = try sample.operationCase(of: tested, fill: fill) { operationCase in
          let scale = name == "muLawEncoding" ? 0.5 : Double(levels) / 3
          operationCase.inputs[input] = operationCase.input(input).map { Double(Float(scale * $0)) }
        }
        try expectAgreement(tested, operationCase, matchingNonFinite: fill == .specials)
      }
    }
  }

  /// A class's sample belongs to the class, and the classes' samples rise and are symmetric.
  @Test(arguments: [2, 16, 255, 256]) func encodingUndoesDecoding(_ levels: Int) {
    let classes = Tensor((0..<levels).map { Float($0) })
    let samples = Fast.muLawDecoding(classes, levels: levels)
    #expect(Fast.muLawEncoding(samples, levels: levels) == classes)
    #expect(zip(samples.elements, samples.elements.dropFirst()).allSatisfy { $0 < $1 })
    #expect(samples.elements == samples.elements.reversed().map { -$0 })
    #expect(samples[0] == -1 && samples[levels - 1] == 1)
  }

  @Test func ends() {
    let x = Tensor<Float>([-.infinity, -2, -1, -0.0, 0, 1, 7, .infinity])
    let expected: [Float] = [0, 0, 0, 128, 128, 255, 255, 255]
    #expect(Fast.muLawEncoding(x).elements == expected && Reference.muLawEncoding(x).elements == expected)
    #expect(Fast.muLawEncoding(Tensor([.nan]))[0].isNaN && Fast.muLawDecoding(Tensor([.nan]))[0].isNaN)
  }

  @Test func refusesOneLevel() async throws {
    for name in ["muLawEncoding", "muLawDecoding"] {
      let tested = try #require(operation(named: name))
      for levels in [1, 65_537] {
        let sample = Sample("levels", [tested.inputs[0].name: [3]], ["levels": .integer(levels)])
        #expect(throws: PerceptualError.self) { try sample.operationCase(of: tested, fill: .normals) }
      }
    }
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.muLawEncoding(Tensor<Float>([0]), levels: 1)
    }
    #expect(fast.stops(with: "levels: 1 given, at least 2 are needed"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.muLawDecoding(Tensor<Double>([0]), levels: 0)
    }
    #expect(reference.stops(with: "levels: 0, at least 2 are needed"))
  }
}
