import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// Recordings to code and back through a network.
@Suite struct BitstreamTests {
  /// Noise that swells, at 16 kHz.
  private static func recording(samples: Int, name: String) -> AudioClip {
    let hiss = noise(samples, seed: name)
    let elements = hiss.enumerated().map { index, sample in
      let swell = sin(Double(index) * 0.0004)
      return Float(sample * (0.1 + 0.3 * swell * swell))
    }
    return AudioClip(samples: Tensor(elements, shape: [1, samples]), sampleRate: 16_000)
  }

  /// 256 frames to the last sample.
  private static let wholeFrames = PaperAudio.windowLength + 255 * PaperAudio.hop

  /// Code is computed by the baseline's loops.
  private static func baseline<Value>(_ body: () -> Value) -> Value {
    Execution.$current.withValue(Execution(threads: 2, instructionSet: .baseline), operation: body)
  }

  /// What the code's pictures are, they are by hard quantisation without a file too. Six channels run operation by
  /// operation both ways: equal bits.
  @Test(arguments: [[-1.0, 1], [-0.2, 0, 0.2]]) func decodingIsHardReconstruction(_ centres: [Double]) throws {
    let network = try smallNetwork(channels: 6, centres: centres)
    let audio = Self.recording(samples: Self.wholeFrames, name: "one clip")
    let file = try network.encode(audio)
    #expect(file.clips.count == 1)
    let isVaried = Set(file.clips[0].indices).count == centres.count
    #expect(isVaried)
    let bytes = file.bytes()
    let pictures = try network.pictures(try CodeFile(bytes: bytes))
    let expected = Self.baseline { network.reconstruct(audio, quantisation: .hard) }
    let isSamePicture = pictures[0].image == expected.output.image
    let isSameRange = pictures[0].low == expected.output.low && pictures[0].high == expected.output.high
    let isSameSound = try network.decode(file).samples == expected.audio.samples
    #expect(isSamePicture && isSameRange && isSameSound)
  }

  static let architectures: [AutoencoderOptions] = [
    .init(channels: 32, kernel: 4), .init(channels: 32, kernel: 2), .init(channels: 32, latentChannels: 5, kernel: 3),
    .init(channels: 32, kernel: 2, decoder: .nearest, lastKernel: 1),
  ]

  /// In fused blocks the encoder's rounding differs from the decoder's operation by operation, but the code is the
  /// same.
  @Test(arguments: architectures) func fusedBlocksAndOperationsAgree(_ options: AutoencoderOptions) throws {
    let network = try smallNetwork(options)
    let audio = Self.recording(samples: Self.wholeFrames, name: "fused")
    let file = try network.encode(audio)
    let picture = try network.pictures(file)[0].image
    let expected = Self.baseline { network.reconstruct(audio, quantisation: .hard).output.image }
    let difference = zip(picture.elements, expected.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
    // Both are rounded Float results of nine layers; a wrong bit of code would move a pixel by far more than 2^-10.
    #expect(difference < 0x1p-10)
  }

  @Test(arguments: architectures)
  func codeAndSoundAreTheSameForAnyThreadsAndInstructionSet(_ options: AutoencoderOptions) throws {
    let network = try smallNetwork(options)
    let audio = Self.recording(samples: 90_000, name: "threads")
    func run(_ threads: Int, _ set: InstructionSet? = nil) throws -> ([UInt8], [Float]) {
      try Execution.$current.withValue(Execution(threads: threads, instructionSet: set)) {
        let file = try network.encode(audio)
        return (file.bytes(entropyCoded: true), try network.decode(file).samples.elements)
      }
    }
    let once = try run(1)
    for threads in threadCounts.dropFirst() {
      let again = try run(threads)
      let isSame = again.0 == once.0 && again.1 == once.1
      #expect(isSame, "\(threads) threads")
    }
    for set in InstructionSet.available {
      let again = try run(2, set)
      let isSame = again.0 == once.0 && again.1 == once.1
      #expect(isSame, "\(set)")
    }
  }

  /// Clips of a long recording are those of its parts: nothing is shared over a seam but the samples that both frames
  /// see.
  @Test func aLongRecordingIsItsClipsOneAfterAnother() throws {
    let network = try smallNetwork(channels: 4)
    let audio = Self.recording(samples: 150_001, name: "long")
    let file = try network.encode(audio)
    #expect(file.clips.count == 3)
    #expect(file.samples == 150_001)
    for clip in 0..<2 {
      let window = file.layout.window(clip: clip)
      let part = Array(audio.samples.elements[window.first..<window.first + window.count])
      let alone = try network.encode(AudioClip(samples: Tensor(part, shape: [1, part.count]), sampleRate: 16_000))
      let isSame = alone.clips == [file.clips[clip]]
      #expect(isSame)
    }
    let sound = try network.decode(file)
    #expect(sound.frames == 150_001)
    #expect(sound.sampleRate == 16_000)
    let isFinite = sound.samples.elements.allSatisfy { $0.isFinite }
    #expect(isFinite)
    // Side by side, each clip's logarithms are what they were alone.
    let pictures = try network.pictures(file)
    let joined = Autoencoder.joined(pictures)
    #expect(joined.image.shape == [256, 573])
    let (low, span) = (joined.low[0], joined.high[0] - joined.low[0])
    var worst: Float = 0
    for row in 0..<256 {
      for column in 0..<256 {
        let alone = pictures[1].low[0] + (pictures[1].high[0] - pictures[1].low[0]) * pictures[1].image[row, column]
        worst = max(worst, abs(low + span * joined.image[row, 256 + column] - alone))
      }
    }
    // Three roundings of numbers below 8.
    #expect(worst <= 8 * 3 * Float.ulpOfOne)
  }

  /// Any length, rate and number of channels; silence too.
  @Test(arguments: [(1, 16_000, 1), (900, 16_000, 1), (1025, 44_100, 2), (5000, 8000, 3)])
  func takesAnyRecording(_ frames: Int, _ rate: Int, _ channels: Int) throws {
    let network = try smallNetwork(channels: 3)
    for isSilent in [false, true] {
      let elements = (0..<frames * channels).map { isSilent ? 0 : 0.3 * sin(Float($0)) }
      let audio = AudioClip(samples: Tensor(elements, shape: [channels, frames]), sampleRate: rate)
      let file = try CodeFile(bytes: try network.encode(audio).bytes(entropyCoded: true))
      let sound = try network.decode(file)
      #expect(sound.frames == (frames * 16_000 + rate - 1) / rate)
      let isFinite = sound.samples.elements.allSatisfy { $0.isFinite }
      #expect(isFinite)
    }
  }

  @Test func otherWeightsAreRefused() throws {
    let audio = Self.recording(samples: 3000, name: "weights")
    let file = try smallNetwork(channels: 3).encode(audio)
    let others = [
      try smallNetwork(channels: 3, seed: 5), try smallNetwork(channels: 4), try smallNetwork(channels: 3, steps: 4),
    ]
    for other in others {
      expectError(.malformed, saying: "a.code: written with the weights") { try other.decode(file, source: "a.code") }
    }
    let same = try smallNetwork(channels: 3)
    _ = try same.decode(file)
  }

  @Test func emptyAndBrokenRecordingsAreRefused() throws {
    let network = try smallNetwork(channels: 3)
    for (elements, phrase) in [([Float](), "0"), ([0, .nan, 0], "not finite")] {
      let audio = AudioClip(samples: Tensor(elements, shape: [1, elements.count]), sampleRate: 16_000)
      expectError(.malformed, saying: phrase) { try network.encode(audio, source: "a.wav") }
    }
  }
}
