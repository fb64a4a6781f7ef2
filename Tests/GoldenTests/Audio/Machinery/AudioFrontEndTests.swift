import Fast
import PerceptualCore
import PerceptualTestSupport
import Testing

@Suite struct AudioFrontEndTests {
  /// Two channels of a chord and some noise at 48 kHz, of the paper's length.
  static let clip: Tensor<Float> = {
    let count = 201_984
    var signal = noise(count, seed: "front end").map { 0.01 * $0 }
    for (i, frequency) in [220.0, 277.2, 329.6, 880].enumerated() {
      let partial = tone(frequency, rate: 48_000, count: count)
      for t in 0..<count { signal[t] += partial[t] / Double(i + 2) }
    }
    let left = signal.map { Float($0) }
    return Tensor(left + left.map { $0 / 2 }, shape: [2, count])
  }()

  @Test func paperPicture() {
    let frontEnd = AudioFrontEnd()
    let mono = frontEnd.mono(Self.clip, rate: 48_000)
    #expect(mono.shape == [PaperAudio.clipSamples])
    let picture = frontEnd.image(Self.clip, rate: 48_000)
    #expect(picture.image.shape == [256, 256])
    #expect(picture.image.elements.min() == 0 && picture.image.elements.max() == 1)
    #expect(picture.low[0] >= Float(-6.9078) && picture.low[0] < picture.high[0])
  }

  /// There and back: the waveform's own picture resembles the picture it was made from.
  @Test func resynthesisResemblesItsPicture() {
    let frontEnd = AudioFrontEnd()
    let mono = frontEnd.mono(Self.clip, rate: 48_000)
    let shortClip = Tensor(Array(mono.elements[0..<1024 + 63 * 260]))
    let picture = frontEnd.image(shortClip)
    let phases = Tensor(noise(513 * 64, seed: "phases").map { Float(3 * $0) }, shape: [513, 64])
    let waveform = frontEnd.waveform(
      picture.image, low: picture.low[0], high: picture.high[0], initialPhase: phases)
    #expect(waveform.shape == shortClip.shape)
    #expect(waveform.elements.allSatisfy { $0.isFinite })
    let wanted = Fast.melSpectrogram(shortClip).elements.map { Double($0) }
    let had = Fast.melSpectrogram(waveform).elements.map { Double($0) }
    let distance = relativeDistance(had, wanted, 0..<wanted.count)
    #expect(distance < 0.2)
  }

  @Test func manyClipsAreTheSameAsOne() {
    let frontEnd = AudioFrontEnd()
    let signals = (0..<3).map { i in Tensor(noise(1024 + 260 * 5, seed: "clip \(i)").map { Float($0) }) }
    let together = Execution.$current.withValue(Execution(threads: 3)) { frontEnd.images(signals) }
    let phases = (0..<3).map { _ in Tensor<Float>(shape: [513, 6]) }
    let waveforms = Execution.$current.withValue(Execution(threads: 2)) {
      frontEnd.waveforms(together, initialPhases: phases)
    }
    for i in 0..<3 {
      let alone = frontEnd.image(signals[i])
      #expect(together[i].image == alone.image && together[i].low == alone.low)
      let waveform = frontEnd.waveform(
        alone.image, low: alone.low[0], high: alone.high[0], initialPhase: phases[i])
      #expect(waveforms[i] == waveform)
    }
  }
}
