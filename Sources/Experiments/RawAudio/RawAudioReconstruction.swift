import Foundation
import PerceptualCore
import PerceptualFiles

extension RawAutoencoder {
  /// Sends audio of any rate, channels and length through the network: mono, 11 025 Hz, in windows that overlap by
  /// half.
  ///
  /// Each window is scaled by its largest magnitude, and back after the network; the results are weighted by a
  /// symmetric Hann window and added up. Half a window of silence stands before and after the recording, so that every
  /// sample lies in two windows. A silent window stays silent. `decoding` says what logits become. Throws `.malformed`
  /// where the rate cannot be resampled.
  public func reconstruct(
    _ audio: AudioClip, file: String, decoding: RawAudioDecoding = .mean
  ) throws(PerceptualError) -> (input: AudioClip, output: AudioClip) {
    let signal = try rawAudioSignal(audio, file: file).elements
    let window = RawAutoencoderOptions.window
    let half = window / 2
    let count = (signal.count + half - 1) / half + 1
    let padded =
      [Float](repeating: 0, count: half) + signal
      + [Float](repeating: 0, count: (count + 1) * half - half - signal.count)
    let hann = (0..<window).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(window - 1)) }
    var sums = [Double](repeating: 0, count: padded.count)
    let batch = 32
    for first in stride(from: 0, to: count, by: batch) {
      let size = min(batch, count - first)
      var windows = Tensor<Float>(shape: [size, window])
      var scales = [Float](repeating: 0, count: size)
      for row in 0..<size {
        let part = padded[(first + row) * half..<(first + row) * half + window]
        scales[row] = part.reduce(0) { max($0, abs($1)) }
        if scales[row] > 1e-9 {
          for (i, sample) in part.enumerated() { windows[row, i] = sample / scales[row] }
        } else {
          scales[row] = 0
        }
      }
      var answer = reconstruct(windows)
      if options.levels > 1 { answer = decoding.samples(ofLogits: answer) }
      for row in 0..<size {
        for i in 0..<window {
          sums[(first + row) * half + i] += hann[i] * Double(scales[row]) * Double(answer[row, i])
        }
      }
    }
    let output = sums[half..<half + signal.count].map { Float(min(max($0, -1), 1)) }
    let rate = RawAutoencoderOptions.sampleRate
    return (
      AudioClip(samples: Tensor(signal), sampleRate: rate), AudioClip(samples: Tensor(output), sampleRate: rate)
    )
  }
}
