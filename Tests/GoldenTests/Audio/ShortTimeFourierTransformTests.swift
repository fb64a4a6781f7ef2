import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct ShortTimeFourierTransformTests {
  private let tested = ShortTimeFourierTransform.self

  static let samples = [
    Sample("smallest", ["signal": [2]], shortTime(2, 1)),
    Sample("one frame", ["signal": [16]], shortTime(16, 5)),
    Sample("a tail that no frame reads", ["signal": [43]], shortTime(16, 5)),
    Sample("centred", ["signal": [37]], shortTime(16, 5, centred: true)),
    Sample("reflection of all but one sample", ["signal": [9]], shortTime(16, 4, centred: true)),
    Sample("17 bins: one past a vector of 16", ["signal": [77]], shortTime(32, 9)),
    Sample("9 and 5 bins", ["signal": [23]], shortTime(8, 2)),
    Sample("33 frames: two blocks and one", ["signal": [104]], shortTime(8, 3)),
    Sample("a window that is no power of two", ["signal": [85]], shortTime(30, 7, centred: true)),
    Sample("an odd window", ["signal": [47]], shortTime(13, 4)),
    Sample("an odd window, centred", ["signal": [28]], shortTime(13, 4, centred: true)),
    Sample("a prime window", ["signal": [90]], shortTime(31, 11)),
    Sample("samples between frames", ["signal": [41]], shortTime(8, 11)),
    Sample("more than one piece of overlap", ["signal": [4500]], shortTime(32, 24)),
    Sample("the paper's", ["signal": [1024 + 2 * 260 + 100]], shortTime(1024, 260)),
  ]

  @Test(arguments: samples, [Fill.integers, .normals])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill)
  }

  @Test func paperClipHas256Frames() {
    #expect(ShortTimeOptions().frames(samples: PaperAudio.clipSamples) == 256)
    #expect(ShortTimeOptions(centred: true).frames(samples: PaperAudio.clipSamples) == 259)
    let spectrum = Fast.shortTimeFourierTransform(Tensor<Float>(shape: [PaperAudio.clipSamples]))
    #expect(spectrum.real.shape == [513, 256])
  }

  /// The transform of a x + b y is a times that of x plus b times that of y.
  @Test func isLinear() throws {
    let x = noise(61, seed: "linear x")
    let y = noise(61, seed: "linear y")
    let sum = Tensor(zip(x, y).map { 2 * $0 - 0.5 * $1 })
    let options = ShortTimeOptions(windowLength: 16, hop: 5, centred: true)
    let ofX = Reference.shortTimeFourierTransform(Tensor(x), options: options)
    let ofY = Reference.shortTimeFourierTransform(Tensor(y), options: options)
    let combined = OperationResults(outputs: [
      "real": Tensor(
        zip(ofX.real.elements, ofY.real.elements).map { 2 * $0 - 0.5 * $1 }, shape: ofX.real.shape),
      "imaginary": Tensor(
        zip(ofX.imaginary.elements, ofY.imaginary.elements).map { 2 * $0 - 0.5 * $1 }, shape: ofX.real.shape),
    ])
    try expectTransform(of: sum, shortTime(16, 5, centred: true), equals: combined)
  }

  /// An impulse at position n of a frame has modulus w[n] in all bins; w[N/2] = 1, so there the spectrum is +-1.
  @Test func impulseIsFlat() throws {
    var signal = Tensor<Double>(shape: [16])
    signal[8] = 1
    let alternating = Tensor((0..<9).map { $0 % 2 == 0 ? 1.0 : -1.0 }, shape: [9, 1])
    try expectTransform(
      of: signal, shortTime(16, 4),
      equals: OperationResults(outputs: ["real": alternating, "imaginary": Tensor(shape: [9, 1])]))
  }

  /// A signal that comes a hop later has the same spectra, bit for bit, a frame later.
  @Test func shiftByAHopShiftsTheFrames() {
    let signal = noise(90, seed: "shift")
    let options = ShortTimeOptions(windowLength: 32, hop: 7)
    let early = Fast.shortTimeFourierTransform(Tensor(signal).converted(), options: options)
    let late = Fast.shortTimeFourierTransform(
      Tensor([Double](repeating: 0, count: 7) + signal).converted(), options: options)
    for k in 0..<17 {
      for t in 0..<early.real.shape[1] {
        #expect(early.real[k, t] == late.real[k, t + 1] && early.imaginary[k, t] == late.imaginary[k, t + 1])
      }
    }
  }

  /// Parseval: sum over n of (w x)^2 = (1/N) sum over all N bins of |X|^2.
  @Test(arguments: [16, 30, 13])
  func keepsEnergy(_ window: Int) {
    let signal = noise(window, seed: "energy \(window)")
    let options = ShortTimeOptions(windowLength: window, hop: 1)
    let spectrum = moduli(Reference.shortTimeFourierTransform(Tensor(signal), options: options))
    var total = 0.0
    for k in 0..<options.bins {
      total += (k == 0 || 2 * k == window ? 1 : 2) * spectrum[k] * spectrum[k] / Double(window)
    }
    // The window by itself: an impulse's modulus.
    var energy = 0.0
    for n in 0..<window {
      var impulse = Tensor<Double>(shape: [window])
      impulse[n] = 1
      let weight = moduli(Reference.shortTimeFourierTransform(impulse, options: options))[0]
      energy += weight * weight * signal[n] * signal[n]
    }
    #expect(abs(total - energy) <= Double(window) * Double.ulpOfOne * energy)
  }

  private func expectTransform(
    of signal: Tensor<Double>, _ attributes: [String: JSONValue], equals expected: OperationResults<Double>
  ) throws {
    let operationCase = OperationCase(inputs: ["signal": signal], attributes: Attributes(attributes))
    for side in Side.allCases {
      try expectResults(expected, of: tested, side, operationCase)
    }
  }
}
