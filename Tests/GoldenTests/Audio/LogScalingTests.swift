import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct LogScalingTests {
  private let tested = LogScaling.self

  static let samples = [
    Sample("one element", ["mel": [1, 1]]),
    Sample("one past each SIMD width", ["mel": [5, 17]]),
    Sample("33 elements", ["mel": [3, 11]], ["epsilon": 0.25]),
    Sample("more than one piece of work", ["mel": [129, 130]]),
    Sample("clamped", ["mel": [7, 19]], ["form": "clamp", "epsilon": 0.5]),
    Sample("a fixed range", ["mel": [7, 9]], ["range": [-5, 3.5]]),
    Sample("clamped, a fixed range", ["mel": [6, 9]], ["form": "clamp", "epsilon": 0.125, "range": [-1.5, 0.25]]),
    Sample("the paper's", ["mel": [256, 256]]),
  ]

  @Test(arguments: samples, [Fill.normals, .picture])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    let operationCase = try sample.operationCase(of: tested, fill: fill) { operationCase in
      operationCase.inputs["mel"] = operationCase.inputs["mel"]?.map { abs($0) }
    }
    try expectAgreement(tested, operationCase)
  }

  /// Magnitudes over the whole range of Float, and silence.
  @Test func everyMagnitude() throws {
    var mel: [Float] = [0, .leastNonzeroMagnitude, .leastNormalMagnitude, 1, .greatestFiniteMagnitude]
    for exponent in -149...127 {
      for mantissa in [1, 1.3, 1.414, 1.4143, 1.7, 1.999] as [Float] {
        mel.append(Float(sign: .plus, exponent: exponent, significand: mantissa))
      }
    }
    let operationCase = OperationCase<Double>(inputs: ["mel": Tensor(mel.map { Double($0) }, shape: [1, mel.count])])
    try expectAgreement(tested, operationCase)
  }

  @Test func imageFillsTheRange() {
    let mel = Tensor(noise(65_536, seed: "log range").map { abs($0) }, shape: [256, 256])
    let fast = Fast.logScaling(mel.converted())
    #expect(fast.image.elements.min() == 0 && fast.image.elements.max() == 1)
    let reference = Reference.logScaling(mel)
    #expect(reference.image.elements.min() == 0 && reference.image.elements.max() == 1)
  }

  @Test(arguments: LogForm.allCases)
  func equalValuesGiveZero(_ form: LogForm) {
    let mel = Tensor<Double>(repeating: 0.5, shape: [3, 5])
    #expect(Reference.logScaling(mel, form: form).image == Tensor(shape: [3, 5]))
    #expect(Fast.logScaling(mel.converted(), form: form).image == Tensor(shape: [3, 5]))
    // low and high still pass their gradients, to the first element.
    let upstream = Tensor<Double>(repeating: 1, shape: [3, 5])
    let gradient = Reference.logScalingGradient(mel, upstream: upstream, low: 2, high: 3, epsilon: 0, form: form)
    #expect(gradient.elements == [10] + [Double](repeating: 0, count: 14))
    let fast = Fast.logScalingGradient(
      mel.converted(), upstream: upstream.converted(), low: 2, high: 3, epsilon: 0, form: form)
    #expect(fast.elements == [10] + [Float](repeating: 0, count: 14))
  }

  /// Of two least (or greatest) elements the first gets the gradient of low (or high).
  @Test func tiesGoToTheFirst() {
    let mel = Tensor<Double>([2, 1, 4, 1, 4, 3], shape: [2, 3])
    let zero = Tensor<Double>(shape: [2, 3])
    let gradient = Reference.logScalingGradient(mel, upstream: zero, low: 1, high: 1, epsilon: 0)
    #expect(gradient.elements == [0, 1, 0.25, 0, 0, 0])
    let fast = Fast.logScalingGradient(mel.converted(), upstream: zero.converted(), low: 1, high: 1, epsilon: 0)
    #expect(fast.elements == [0, 1, 0.25, 0, 0, 0])
  }

  /// Under the clamp the gradient is 0.
  @Test func clampedHasGradientZero() {
    let mel = Tensor<Double>([0.1, 0.2, 0.7, 0.9], shape: [1, 4])
    let upstream = Tensor<Double>(repeating: 1, shape: [1, 4])
    let range = LogRange.fixed(low: -1, high: 1)
    let gradient = Reference.logScalingGradient(mel, upstream: upstream, epsilon: 0.5, form: .clamp, range: range)
    #expect(gradient.elements == [0, 0, 0.5 / 0.7, 0.5 / 0.9])
    let fast = Fast.logScalingGradient(
      mel.converted(), upstream: upstream.converted(), epsilon: 0.5, form: .clamp, range: range)
    #expect(fast.elements[0] == 0 && fast.elements[1] == 0 && fast.elements[2] > 0)
  }

  /// The inverse gives the magnitudes back, up to what the logarithm's rounding makes of them, and is never negative.
  @Test(arguments: LogForm.allCases)
  func inverseIsExact(_ form: LogForm) {
    let mel = Tensor(noise(1037, seed: "log inverse").map { abs($0) * 3 }, shape: [17, 61])
    let scaled = Reference.logScaling(mel, form: form)
    let back = Reference.inverseLogScaling(scaled.image, low: scaled.low[0], high: scaled.high[0], form: form)
    let fastScaled = Fast.logScaling(mel.converted(), form: form)
    let fastBack = Fast.inverseLogScaling(
      fastScaled.image, low: fastScaled.low[0], high: fastScaled.high[0], form: form)
    #expect(back.elements.allSatisfy { $0 >= 0 } && fastBack.elements.allSatisfy { $0 >= 0 })
    for i in 0..<mel.count {
      let wanted = form == .clamp ? max(mel[i], PaperAudio.logEpsilon) : mel[i]
      // The logarithm of 0.001 is -6.9: an error of epsilon relative to it is 7 epsilon relative to its exponential.
      let scale = 32 * (wanted + PaperAudio.logEpsilon)
      #expect(abs(back[i] - wanted) <= Double.ulpOfOne * scale)
      #expect(abs(Double(fastBack[i]) - wanted) <= Double(Float.ulpOfOne) * scale)
    }
  }

  @Test func inverseOfWhatANetworkWrites() {
    let image = Tensor<Float>([-3, -0.1, 0, 0.5, 1, 1.2], shape: [1, 6])
    let mel = Fast.inverseLogScaling(image, low: -6.9, high: 3)
    let reference = Reference.inverseLogScaling(image.converted(to: Double.self), low: -6.9, high: 3)
    #expect(mel.elements.allSatisfy { $0 >= 0 } && reference.elements.allSatisfy { $0 >= 0 })
    for i in 0..<6 {
      #expect(agree(mel[i], Float(reference[i]), roundings: 32, scale: Float(reference[i] + PaperAudio.logEpsilon)))
    }
  }
}
