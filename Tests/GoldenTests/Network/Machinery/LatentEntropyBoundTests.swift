import Fast
import Foundation
import PerceptualCore
import PerceptualTestSupport
import Testing

/// Eq. 2 of arXiv 2312.03455 and the bitstream that keeps it.
@Suite struct LatentEntropyBoundTests {
  @Test func paperIsBoundedByHalfABitPerPixel() {
    let bits = latentEntropyBound(channels: 128, height: 256, width: 256, downsamplings: 4, centres: 2)
    #expect(bits == 32_768)
    #expect(bits / (256 * 256) == 0.5)
    #expect(256 * 256 * 24 / bits == 48)
  }

  @Test(arguments: [(1, 8, 4, 2, 1, 0.0), (3, 8, 4, 2, 4, 12), (1, 5, 7, 0, 2, 35), (2, 6, 10, 1, 8, 90)])
  func byHand(_ channels: Int, _ height: Int, _ width: Int, _ downsamplings: Int, _ centres: Int, _ bits: Double) {
    #expect(
      latentEntropyBound(
        channels: channels, height: height, width: width, downsamplings: downsamplings, centres: centres) == bits)
  }

  /// The code of a latent of 128 x 16 x 16, one bit an element, is as long as the bound, and gives the latent back.
  @Test func codeOfHardLatentsFits() {
    let latent = Tensor<Float>(uniformNoise(seed: 3, stream: .other, index: 0, count: 128 * 16 * 16).map { 2 * $0 - 1 })
    let code = hardQuantizationIndices(latent)
    #expect(code.allSatisfy { $0 == 0 || $0 == 1 })
    let bound = latentEntropyBound(channels: 128, height: 256, width: 256, downsamplings: 4, centres: 2)
    #expect(Double(code.count) <= bound)
    #expect(code.count / 8 == 4096)
    #expect(code.map { Float(2 * $0 - 1) } == hardQuantization(latent).elements)
    // What the code carries on average, the entropy of its frequencies, is less still.
    let ones = Double(code.reduce(0, +)) / Double(code.count)
    let entropy = -(ones * log2(ones) + (1 - ones) * log2(1 - ones)) * Double(code.count)
    #expect(entropy < bound)
  }

  @Test func callersStopWithASentence() async {
    let height = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = latentEntropyBound(channels: 1, height: 100, width: 256, downsamplings: 4, centres: 2)
    }
    #expect(height.stops(with: "height: 100 given, a multiple of 16 is needed"))
    let centres = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = latentEntropyBound(channels: 1, height: 16, width: 16, downsamplings: 4, centres: 0)
    }
    #expect(centres.stops(with: "centres: 0 given, at least 1 is needed"))
  }
}
