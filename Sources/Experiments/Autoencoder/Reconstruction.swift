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

  init(input: LogScalingOutput<Float>, output: LogScalingOutput<Float>, audio: AudioClip) {
    self.input = input
    self.output = output
    self.audio = audio
  }

  /// The first of a batch of pictures [N, 1, 256, 256], the answer to a clip's, over the clip's own range.
  init(ofFirst answers: Tensor<Float>, clip: Clip, seed: UInt64) {
    let frontEnd = AudioFrontEnd()
    let picture = clip.picture
    let image = Tensor(Array(answers.elements.prefix(picture.image.count)), shape: picture.image.shape)
    let phases = initialPhases(bins: frontEnd.shortTime.bins, frames: image.shape[1], seed: seed, index: 0)
    let sound = frontEnd.waveform(image, low: picture.low[0], high: picture.high[0], initialPhase: phases)
    self.init(
      input: picture, output: LogScalingOutput(image: image, low: picture.low, high: picture.high),
      audio: AudioClip(samples: sound.reshaped([1, sound.count]), sampleRate: frontEnd.sampleRate))
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
    var signal = frontEnd.mono(audio.samples, rate: audio.sampleRate)
    let length = signal.count
    // Whole frames only: silence fills the last one.
    let window = frontEnd.shortTime.windowLength
    let hop = frontEnd.shortTime.hop
    let frames = max(1, (length - window + hop - 1) / hop + 1)
    let padded = (frames - 1) * hop + window
    signal = Tensor(signal.elements + [Float](repeating: 0, count: max(0, padded - length)))
    let input = frontEnd.image(signal)
    let image = pieces(of: input.image) {
      reconstruct($0, statistics: statistics, quantisation: quantisation, precision: precision)
    }
    let output = LogScalingOutput(image: image, low: input.low, high: input.high)
    let phases = initialPhases(bins: frontEnd.shortTime.bins, frames: frames, seed: seed, index: 0)
    let waveform = frontEnd.waveform(image, low: input.low[0], high: input.high[0], initialPhase: phases)
    let samples = Array(waveform.elements.prefix(length))
    let whole = samples + [Float](repeating: 0, count: length - samples.count)
    return Reconstruction(
      input: input, output: output,
      audio: AudioClip(samples: Tensor(whole, shape: [1, length]), sampleRate: frontEnd.sampleRate))
  }

  private func pieces(of image: Tensor<Float>, _ answer: (Tensor<Float>) -> Tensor<Float>) -> Tensor<Float> {
    let (rows, frames) = (image.shape[0], image.shape[1])
    let multiple = AutoencoderOptions.sizeMultiple
    let (core, context) = (1024, 64)
    var result = Tensor<Float>(shape: image.shape)
    var first = 0
    while first < frames {
      let end = min(first + core, frames)
      let from = max(0, first - context)
      let to = min(frames, end + context)
      let width = (to - from + multiple - 1) / multiple * multiple
      var piece = Tensor<Float>(shape: [1, 1, rows, width])
      for row in 0..<rows {
        for column in 0..<width { piece[0, 0, row, column] = image[row, min(from + column, frames - 1)] }
      }
      let answer = answer(piece)
      for row in 0..<rows {
        for column in first..<end { result[row, column] = answer[0, 0, row, column - from] }
      }
      first = end
    }
    return result
  }
}

/// Griffin-Lim's start: phases uniform in [0, 2 pi), draw `index` of stream 2 of `seed`, [bins, frames].
public func initialPhases(bins: Int, frames: Int, seed: UInt64, index: UInt64) -> Tensor<Float> {
  let draws = uniformNoise(seed: seed, stream: .phases, index: index, count: bins * frames)
  return Tensor(draws.map { 2 * .pi * $0 }, shape: [bins, frames])
}
