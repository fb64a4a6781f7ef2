import Fast
import PerceptualCore
import PerceptualFiles

/// Audio through the autoencoder and back.
public struct Reconstruction: Sendable {
  /// The input's picture, [256, frames], and its range.
  public let input: LogScalingOutput<Float>
  /// The network's answer, of the same shape and range.
  public let output: LogScalingOutput<Float>
  /// The sound of the answer: mono, 16 kHz, as long as the input.
  public let audio: AudioClip

  /// The answer to a picture, over its range; of the sound `length` samples are kept, nil: all of them.
  init(_ input: LogScalingOutput<Float>, answer image: Tensor<Float>, seed: UInt64, length: Int? = nil) {
    self.input = input
    output = LogScalingOutput(image: image, low: input.low, high: input.high)
    audio = AudioFrontEnd().sound(output, seed: seed, length: length)
  }
}

extension AudioFrontEnd {
  /// A recording as the front end takes it: one channel at its rate, empty where the recording is.
  ///
  /// Throws `.malformed` where its rate cannot be resampled; `source` names it.
  public func signal(_ audio: AudioClip, source: String) throws(PerceptualError) -> Tensor<Float> {
    if let obstacle = obstacle(frames: audio.frames, rate: audio.sampleRate) {
      throw .malformed(
        "\(source): a recording that can be resampled was expected, found \(obstacle); convert it to 48 kHz")
    }
    return audio.frames == 0 ? Tensor([]) : mono(audio.samples, rate: audio.sampleRate)
  }

  /// The sound of a picture, by Griffin-Lim, whose phases start from stream 2 of `seed`: `length` samples, with silence
  /// at the end where the picture has fewer; nil: as many as it has.
  func sound(_ picture: LogScalingOutput<Float>, seed: UInt64, length: Int?) -> AudioClip {
    let phases = initialPhases(bins: shortTime.bins, frames: picture.image.shape[1], seed: seed, index: 0)
    let samples = waveform(picture.image, low: picture.low[0], high: picture.high[0], initialPhase: phases)
    return AudioClip(samples: length.map(samples.cutOrFilled) ?? samples, sampleRate: sampleRate)
  }
}

extension Autoencoder {
  /// Sends audio of any rate, channels and length through the picture, the network and Griffin-Lim, whose phases start
  /// from stream 2 of `seed`.
  ///
  /// The picture of the whole recording, scaled to its own range, passes in pieces of 1024 frames with 64 frames of
  /// context on either side; where it ends between two multiples of 16 frames its last frame is repeated.
  public func reconstruct(
    _ audio: AudioClip, statistics: BatchStatistics = .running, quantisation: Quantisation = .soft, seed: UInt64 = 0,
    precision: ProductPrecision = .fp32
  ) -> Reconstruction {
    let frontEnd = AudioFrontEnd()
    let signal = frontEnd.mono(audio.samples, rate: audio.sampleRate)
    // Whole frames only: silence fills the last one.
    let window = frontEnd.shortTime.windowLength
    let hop = frontEnd.shortTime.hop
    let frames = max(1, (signal.count - window + hop - 1) / hop + 1)
    let input = frontEnd.image(signal.cutOrFilled(to: (frames - 1) * hop + window))
    let answer = pieces(of: input.image) {
      reconstruct($0, statistics: statistics, quantisation: quantisation, precision: precision)
    }
    return Reconstruction(input, answer: answer, seed: seed, length: signal.count)
  }

  private func pieces(of image: Tensor<Float>, _ answer: (Tensor<Float>) -> Tensor<Float>) -> Tensor<Float> {
    let (rows, frames) = (image.shape[0], image.shape[1])
    let multiple = AutoencoderOptions.sizeMultiple
    let (core, context) = (1024, 64)
    var result = Tensor<Float>(shape: image.shape)
    for first in stride(from: 0, to: frames, by: core) {
      let end = min(first + core, frames)
      let from = max(0, first - context)
      let to = min(frames, end + context)
      let width = (to - from + multiple - 1) / multiple * multiple
      let answer = answer(image.columns(from: from, width).reshaped([1, 1, rows, width]))
      for row in 0..<rows {
        for column in first..<end { result[row, column] = answer[0, 0, row, column - from] }
      }
    }
    return result
  }
}

/// Griffin-Lim's start: phases uniform in [0, 2 pi), draw `index` of stream 2 of `seed`, [bins, frames].
public func initialPhases(bins: Int, frames: Int, seed: UInt64, index: UInt64) -> Tensor<Float> {
  let draws = uniformNoise(seed: seed, stream: .phases, index: index, count: bins * frames)
  return Tensor(draws.map { 2 * .pi * $0 }, shape: [bins, frames])
}
