@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

@Suite struct StructuralSimilarityGradientTests {
  private let tested = StructuralSimilarity.self

  private func pair(
    _ label: String, _ shape: [Int], _ kind: PicturePair, scale: Double = 1
  ) throws -> OperationCase<Double> {
    let sample = Sample(
      label, ["prediction": shape, "target": shape], scale == 1 ? [:] : ["dataRange": .number(scale)])
    return try sample.operationCase(of: tested, fill: .picture) { kind.fill(&$0, scale: scale, seed: label) }
  }

  @Test(arguments: [PicturePair.noisy, .noise, .flat])
  func wholeJacobian(_ kind: PicturePair) throws {
    let operationCase = try pair("whole", [2, 1, 13, 12], kind)
    #expect(try GradientCheck().everyElement(of: tested, operationCase).failures == [])
    #expect(try checkLinearityInUpstream(tested, operationCase) == [])
  }

  @Test func randomDirections() throws {
    let operationCase = try pair("directions", [2, 3, 30, 41], .noisy)
    #expect(try GradientCheck().randomDirections(10, of: tested, operationCase, seed: "SSIM directions").failures == [])
  }

  /// A step of the same share of the data range.
  @Test func largeDataRange() throws {
    let operationCase = try pair("range", [1, 1, 13, 12], .noisy, scale: 255)
    #expect(try GradientCheck(step: 255 * 6e-6).everyElement(of: tested, operationCase).failures == [])
  }

  /// Every pixel of the border, which few windows see.
  @Test func frame() throws {
    let (height, width) = (24, 27)
    let operationCase = try pair("frame", [1, 1, height, width], .noisy)
    let frame = (0..<height * width).filter {
      [0, height - 1].contains($0 / width) || [0, width - 1].contains($0 % width)
    }
    for input in ["prediction", "target"] {
      #expect(try GradientCheck().elements(frame, ofInput: input, of: tested, operationCase).failures == [])
    }
  }
}
