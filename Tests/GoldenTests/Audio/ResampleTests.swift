import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct ResampleTests {
  static func sample(
    _ label: String, _ shape: [Int], _ from: Int, _ to: Int, _ design: ResamplingDesign = .torchaudio
  ) -> Sample {
    Sample(
      label, ["signal": shape], ["from": .integer(from), "to": .integer(to), "design": .string(design.rawValue)])
  }

  static let samples = [
    sample("one sample down", [1, 1], 48_000, 16_000),
    sample("one sample up", [2, 1], 16_000, 48_000),
    sample("the paper's rates, a ragged end", [2, 131], 48_000, 16_000),
    sample("one past four vectors of 16", [1, 195], 3, 1),
    sample("one past vectors of 4, 8 and 16", [3, 50], 3, 1),
    sample("more than one piece of work", [1, 12_338], 3, 1),
    sample("up by three", [2, 37], 16_000, 48_000),
    sample("many phases", [1, 901], 44_100, 16_000),
    sample("primes", [2, 103], 7, 5),
    sample("equal rates", [2, 19], 8000, 8000),
    sample("Kaiser down", [2, 1201], 48_000, 16_000, .kaiser),
    sample("Kaiser up", [1, 97], 16_000, 48_000, .kaiser),
    sample("Kaiser, a signal shorter than the filter", [2, 5], 3, 2, .kaiser),
    sample("Kaiser, primes", [1, 211], 5, 7, .kaiser),
    sample("Kaiser, more pairs of frames than lanes", [3, 14_000], 3, 1, .kaiser),
    sample("Kaiser, two streams to three", [1, 3001], 2, 3, .kaiser),
    sample("Kaiser, direct sums", [1, 2001], 44_100, 16_000, .kaiser),
  ]

  @Test(arguments: samples, [Fill.integers, .normals])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(Resample.self, sample, fill: fill)
  }

  /// Whatever the pieces, and whatever the number of threads, what the streaming resampler gives is the whole's, bit
  /// for bit.
  @Test(arguments: ResamplingDesign.allCases)
  func streamsLikeTheWhole(_ design: ResamplingDesign) {
    for (from, to, samples) in [
      (48_000, 16_000, 9001), (16_000, 48_000, 3001), (44_100, 16_000, 20_011), (7, 5, 4999), (5, 7, 12), (3, 2, 1),
      (8000, 8000, 100), (3, 2, 0), (2, 3, 7001),
    ] {
      let signal = Tensor(noise(2 * samples, seed: "stream \(from)").map { Float($0) }, shape: [2, samples])
      let whole = Fast.resample(signal, from: from, to: to, design: design)
      for (threads, sizes) in [(1, [1, 7, 1000]), (3, [4096]), (2, [160, 3, 0, 12_345])] {
        Execution.$current.withValue(Execution(threads: threads)) {
          var resampler = StreamingResampler(from: from, to: to, channels: 2, design: design)
          // Used twice: after the end it starts anew.
          for _ in 0..<2 {
            var rows: [[Float]] = [[], []]
            func take(_ piece: Tensor<Float>) {
              let count = piece.shape[1]
              for c in 0..<2 { rows[c] += piece.elements[c * count..<(c + 1) * count] }
            }
            var place = 0
            var turn = 0
            while place < samples {
              let size = min(sizes[turn % sizes.count], samples - place)
              let parts = [place, samples + place].flatMap { signal.elements[$0..<$0 + size] }
              take(resampler.push(Tensor(parts, shape: [2, size])))
              place += size
              turn += 1
            }
            take(resampler.finish())
            #expect(rows[0] + rows[1] == whole.elements, "\(from) to \(to), pieces of \(sizes)")
          }
        }
      }
    }
  }

  @Test(arguments: ResamplingDesign.allCases)
  func lengthIsRoundedUp(_ design: ResamplingDesign) {
    for (samples, from, to, expected) in [
      (201_984, 48_000, 16_000, 67_328), (1, 48_000, 16_000, 1), (4, 3, 1, 2), (44_100, 44_100, 16_000, 16_000),
      (5, 3, 2, 4), (7, 16_000, 48_000, 21),
    ] {
      let signal = Tensor<Float>(shape: [1, samples])
      #expect(Fast.resample(signal, from: from, to: to, design: design).shape == [1, expected])
      if samples < 1000 {
        #expect(Reference.resample(signal, from: from, to: to, design: design).shape == [1, expected])
      }
    }
  }

  /// The design's specification: 0.0001 dB up to 0.91 of the smaller Nyquist frequency, 120 dB from that frequency on.
  @Test(arguments: [(48_000, 16_000), (44_100, 16_000), (16_000, 48_000), (22_050, 16_000), (3, 2)])
  func kaiserKeepsItsSpecification(_ from: Int, _ to: Int) {
    let nyquist = Double(min(from, to)) / 2
    let count = from * 400 / min(from, to)
    /// The largest departure of the output from `gain` times the same tone, away from the ends.
    func departure(_ frequency: Double, gain: Double) -> Double {
      let signal = Tensor(tone(frequency, rate: Double(from), count: count, phase: 0.3), shape: [1, count])
      let output = Reference.resample(signal, from: from, to: to, design: .kaiser)
      let margin = 100 * to / min(from, to)
      let expected = tone(frequency, rate: Double(to), count: output.count, phase: 0.3).map { gain * $0 }
      return largestDifference(
        output.elements[margin..<output.count - margin], expected[margin..<output.count - margin])
    }
    let passed = [0.001, 0.1, 0.37, 0.5, 0.8, 0.9, 0.91].map { departure($0 * nyquist, gain: 1) }
    let ripple = passed.reduce(0, max)
    #expect(decibels(1 + ripple) <= 0.0001)
    // Only a falling rate has a stop band inside the input's spectrum; a rising one's images are part of the departure.
    #expect(decibels(ripple) <= -120)
    let stopped = [1.0, 1.01, 1.1, 1.33, 1.37].filter { $0 * nyquist < Double(from) / 2 }
    let leak = stopped.map { departure($0 * nyquist, gain: 0) }.reduce(0, max)
    #expect(stopped.isEmpty || decibels(leak) <= -120)
  }

  /// <resample x, y> = <x, gradient of y>.
  @Test(arguments: ResamplingDesign.allCases)
  func gradientIsTheTranspose(_ design: ResamplingDesign) {
    let x = Tensor(noise(83, seed: "resample transpose x"), shape: [1, 83])
    let y = Tensor(noise(119, seed: "resample transpose y"), shape: [1, 119])
    let forward = Reference.resample(x, from: 7, to: 10, design: design)
    let backward = Reference.resampleGradient(upstream: y, samples: 83, from: 7, to: 10, design: design)
    let left = zip(forward.elements, y.elements).map(*)
    let right = zip(x.elements, backward.elements).map(*)
    let scale = left.reduce(0) { $0 + abs($1) }
    #expect(abs(left.reduce(0, +) - right.reduce(0, +)) <= 119 * Double.ulpOfOne * scale)
  }

  @Test func downmixIsTheMean() {
    let signal = Tensor<Double>([1, 2, 3, 3, 5, -3], shape: [2, 3])
    #expect(Reference.downmix(signal).elements == [2, 3.5, 0])
    #expect(Fast.downmix(signal.converted()).elements == [2, 3.5, 0])
    let mono = Tensor(noise(70_001, seed: "downmix")).reshaped([1, 70_001])
    #expect(Fast.downmix(mono.converted()).converted(to: Double.self).elements == mono.elements)
  }
}
