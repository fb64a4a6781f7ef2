@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

@Suite struct StructuralSimilarityGradientTests {
  private let tested = StructuralSimilarity.self

  @Test(arguments: [PicturePair.noisy, .noise, .flat])
  func wholeJacobian(_ kind: PicturePair) throws {
    try expectWholeJacobian(of: tested, try imageCase(imageSample("whole", [2, 1, 13, 12]), kind, of: tested))
  }

  @Test func randomDirections() throws {
    let operationCase = try imageCase(imageSample("directions", [2, 3, 30, 41]), .noisy, of: tested)
    #expect(try GradientCheck().randomDirections(10, of: tested, operationCase, seed: "SSIM directions").failures == [])
  }

  /// A step of the same share of the data range.
  @Test func largeDataRange() throws {
    let sample = imageSample("range", [1, 1, 13, 12], ["dataRange": 255])
    let operationCase = try imageCase(sample, .noisy, of: tested)
    #expect(try GradientCheck(step: 255 * 6e-6).everyElement(of: tested, operationCase).failures == [])
  }

  /// Every pixel of the border, which few windows see.
  @Test func frame() throws {
    let (height, width) = (24, 27)
    let operationCase = try imageCase(imageSample("frame", [1, 1, height, width]), .noisy, of: tested)
    let frame = borderPixels(height: height, width: width)
    for input in ["prediction", "target"] {
      #expect(try GradientCheck().elements(frame, ofInput: input, of: tested, operationCase).failures == [])
    }
  }
}
