import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct LogMelSpectrogramTests {
  @Test(arguments: [
    Sample("one frame", ["signal": [32]], melAttributes(32, 9, mels: 4)),
    Sample("17 frames, clamped", ["signal": [32 + 16 * 9]], melAttributes(32, 9, mels: 7, ["form": "clamp"])),
    Sample("centred energies", ["signal": [70]], melAttributes(32, 9, mels: 5, ["power": 2, "centred": .bool(true)])),
    Sample("a fixed range", ["signal": [77]], melAttributes(32, 9, mels: 5, ["range": [-7, 3], "epsilon": 0.01])),
    Sample("the paper's", ["signal": [1024 + 260]], melAttributes(1024, 260, mels: 256)),
  ])
  func agreesWithReference(_ sample: Sample) throws {
    try expectAgreement(LogMelSpectrogram.self, sample, fill: .normals)
  }

  /// Silence has a picture of zeros and passes no gradient down.
  @Test func silence() {
    let silence = Tensor<Float>(shape: [PaperAudio.windowLength + PaperAudio.hop])
    let picture = Fast.logMelSpectrogram(silence)
    #expect(picture.image.elements.allSatisfy { $0 == 0 } && picture.low == picture.high)
    let gradient = Fast.logMelSpectrogramGradient(silence, upstream: Tensor(repeating: 1, shape: [256, 2]))
    #expect(gradient.elements.allSatisfy { $0 == 0 })
  }
}
