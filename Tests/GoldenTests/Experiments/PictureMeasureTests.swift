import Foundation
import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// The measures of Figure 2 on pictures whose answer is known.
@Suite struct PictureMeasureTests {
  /// A picture whose 0 and 1 stand for the logarithms 0 and 10, from logarithms.
  private static func measures(
    bands: Int = 64, frames: Int = 256, _ value: (_ band: Int, _ frame: Int) -> Double
  ) -> PictureMeasures {
    let elements = (0..<bands * frames).map { Float(value($0 / frames, $0 % frames) / 10) }
    return PictureMeasures(Tensor(elements, shape: [bands, frames]), low: 0, high: 10)
  }

  private static let secondsPerFrame = 260.0 / 16_000

  @Test func aFlatPictureIsFlatAndStill() {
    let flat = Self.measures { _, _ in 5 }
    #expect(agree(flat.flatness, 1, roundings: 64))
    for value in [flat.slowModulation, flat.vibratoModulation, flat.fastModulation, flat.ripple, flat.onsetSharpness] {
      #expect(agree(value, 0, roundings: 64, scale: 5))
    }
  }

  /// One band of 64 ten nepers above the rest: the geometric mean is e^(10/64), the arithmetic (e^10 + 63) / 64.
  @Test func aToneIsNotFlat() {
    let tone = Self.measures { band, _ in band == 20 ? 10 : 0 }
    #expect(agree(tone.flatness, exp(10.0 / 64) / ((exp(10.0) + 63) / 64), roundings: 64))
  }

  /// A fluctuation of amplitude a at a frequency has power a^2 / 2, in its own range and no other.
  @Test(arguments: [(2.0, 0), (6.0, 1), (15.0, 2)]) func modulationIsFoundWhereItIs(_ hertz: Double, _ range: Int) {
    let amplitude = 0.8
    let measures = Self.measures { _, frame in
      5 + amplitude * sin(2 * .pi * hertz * Double(frame) * Self.secondsPerFrame)
    }
    let powers = [measures.slowModulation, measures.vibratoModulation, measures.fastModulation]
    for index in 0..<3 {
      if index == range {
        #expect(abs(powers[index] / (amplitude * amplitude / 2) - 1) < 0.02)
      } else {
        #expect(powers[index] < 0.01 * powers[range])
      }
    }
  }

  @Test func rippleIsFluctuationAlongFrequency() {
    let ringing = Self.measures { band, _ in 5 + 0.5 * cos(2 * .pi * Double(band) / 4) }
    let tilted = Self.measures { band, _ in 5 + 0.5 * cos(2 * .pi * Double(band) / 64) }
    #expect(abs(ringing.ripple / 0.125 - 1) < 0.02)
    #expect(tilted.ripple < 0.01 * ringing.ripple)
    #expect(agree(ringing.fastModulation, 0, roundings: 64, scale: 5))
  }

  /// The same rise of 8.7 dB in one frame, and spread over sixteen: four times as sharp.
  @Test func aStrokeIsSharperThanARamp() {
    let stroke = Self.measures { _, frame in frame < 100 ? 3 : 4 }
    let ramp = Self.measures { _, frame in 3 + min(1, max(0, Double(frame - 100) / 16)) }
    let fall = Self.measures { _, frame in frame < 100 ? 4 : 3 }
    let sharpness = Float(stroke.onsetSharpness)
    #expect(agree(sharpness, Float(20 / log(10) / 255.0.squareRoot()), roundings: 4))
    // A step of the ramp is a sixteenth of a number that the picture has rounded.
    #expect(agree(sharpness, 4 * Float(ramp.onsetSharpness), roundings: 64))
    #expect(agree(fall.onsetSharpness, 0, roundings: 64, scale: 1))
  }

  /// Against the sum that defines it.
  @Test(arguments: [1, 2, 8, 64]) func transformsAsTheSumSays(_ count: Int) {
    var generator = SeededGenerator(name: "transform \(count)")
    let x = (0..<count).map { _ in (generator.normal(), generator.normal()) }
    var real = x.map(\.0)
    var imaginary = x.map(\.1)
    PictureMeasures.fourierTransform(&real, &imaginary)
    for k in 0..<count {
      var sum = (0.0, 0.0)
      for (n, value) in x.enumerated() {
        let angle = -2 * Double.pi * Double(k * n % count) / Double(count)
        sum.0 += value.0 * cos(angle) - value.1 * sin(angle)
        sum.1 += value.0 * sin(angle) + value.1 * cos(angle)
      }
      let roundings = 8 * Double(count)
      #expect(agree(real[k], sum.0, roundings: roundings, scale: 1))
      #expect(agree(imaginary[k], sum.1, roundings: roundings, scale: 1))
    }
  }
}
