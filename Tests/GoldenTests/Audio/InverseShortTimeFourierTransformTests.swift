import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct InverseShortTimeFourierTransformTests {
  private let tested = InverseShortTimeFourierTransform.self

  static func sample(
    _ label: String, frames: Int, _ window: Int, _ hop: Int, centred: Bool = false, longer: Int = 0
  ) -> Sample {
    let options = ShortTimeOptions(windowLength: window, hop: hop, centred: centred)
    var attributes = shortTime(window, hop, centred: centred)
    attributes["length"] = .integer(options.samples(frames: frames) + longer)
    let shape = [options.bins, frames]
    return Sample(label, ["real": shape, "imaginary": shape], attributes)
  }

  static let samples = [
    sample("one frame", frames: 1, 16, 4),
    sample("smallest window", frames: 3, 2, 1),
    sample("uncentred", frames: 7, 16, 5),
    sample("centred", frames: 7, 16, 5, centred: true),
    sample("zeros past the last frame", frames: 3, 16, 4, longer: 9),
    sample("cut off", frames: 6, 16, 4, longer: -11),
    sample("centred, into the last margin", frames: 6, 16, 4, centred: true, longer: 3),
    sample("33 frames, 17 bins", frames: 33, 32, 7),
    sample("a window that is no power of two", frames: 5, 30, 7, centred: true),
    sample("an odd window", frames: 6, 13, 4),
    sample("zeros of the overlap inside", frames: 4, 8, 8),
    sample("gaps between frames", frames: 3, 8, 11),
    sample("more than one piece of overlap", frames: 200, 32, 24),
    sample("the paper's", frames: 3, 1024, 260),
  ]

  @Test(arguments: samples, [Fill.integers, .normals])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill)
  }

  /// 120 dB: a millionth. Double has 310 dB; near the ends of an uncentred signal a single window, falling to 0, takes
  /// them away again.
  @Test(arguments: [false, true])
  func givesTheSignalBack(centred: Bool) {
    let options = ShortTimeOptions(centred: centred)
    let count = options.windowLength + 3 * options.hop
    let signal = noise(count, seed: "round trip \(centred)")
    let spectrum = Reference.shortTimeFourierTransform(Tensor(signal), options: options)
    let length = options.samples(frames: spectrum.real.shape[1])
    let back = Reference.inverseShortTimeFourierTransform(spectrum, length: length, options: options)
    let interior = centred ? 0..<length : 64..<length - 64
    let loss = decibels(relativeDistance(back.elements, signal, interior))
    #expect(loss <= -120)
    if centred { return }
    // The ends: w^2 is 0 at the first sample and 8.9e-11, under the floor, at the second; the third is there, less
    // exact.
    #expect(back[0] == 0 && back[1] == 0)
    #expect(abs(back[2] - signal[2]) < 1e-6 && abs(back[length - 2] - signal[length - 2]) < 1e-6)
    #expect(back[length - 1] == 0)
  }

  @Test func fastGivesTheSignalBack() {
    let signal = noise(PaperAudio.clipSamples, seed: "fast round trip")
    let spectrum = Fast.shortTimeFourierTransform(Tensor(signal).converted())
    let back = Fast.inverseShortTimeFourierTransform(spectrum, length: signal.count)
    let interior = 512..<66_800
    let loss = decibels(relativeDistance(back.elements.map { Double($0) }, signal, interior))
    #expect(loss <= -120)
  }

  /// Imaginary parts at 0 Hz and Nyquist change nothing, and their gradient is 0.
  @Test func realBinsIgnoreTheirImaginaryParts() throws {
    let operationCase = try Self.sample("real bins", frames: 3, 16, 4).operationCase(of: tested, fill: .normals)
    var other = operationCase
    for t in 0..<3 {
      other.inputs["imaginary"]?[0, t] = 7
      other.inputs["imaginary"]?[8, t] = -5
    }
    for side in [Side.reference, .fast] {
      let (a, b) = (try tested.run(side, operationCase), try tested.run(side, other))
      #expect(a.outputs["signal"] == b.outputs["signal"])
      let gradient = try #require(a.gradients["imaginary"])
      for t in 0..<3 { #expect(gradient[0, t] == 0 && gradient[8, t] == 0) }
    }
  }
}
