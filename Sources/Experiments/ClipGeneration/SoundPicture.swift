import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// Pictures and players of short sounds at 11 025 Hz, for the pages of the two perceptual-audio-loss experiments.
enum SoundPicture {
  private static let rate = Double(RawAutoencoderOptions.sampleRate)
  private static let mels = 96

  /// A mel-spectrogram in decibels, 80 dB under the loudest value of `reference` to that value as 0 to 1.
  static func image(_ signal: Tensor<Float>, reference: Tensor<Float>) -> Tensor<Float> {
    let hop = max(32, (signal.count / 128 + 31) / 32 * 32)
    let shortTime = ShortTimeOptions(windowLength: 512, hop: hop, centred: true)
    let bank = MelFilterBankOptions(sampleRate: rate, bins: shortTime.bins, mels: mels)
    func mel(_ signal: Tensor<Float>) -> Tensor<Float> {
      melSpectrogram(Tensor(signal.elements), shortTime: shortTime, bank: bank)
    }
    let loudest = max(mel(reference).elements.max() ?? 0, 1e-9)
    return mel(signal).map { min(max(1 + log10(max($0, 1e-12) / loudest) / 4, 0), 1) }
  }

  /// Panels of such pictures, for sounds of `samples` samples.
  static func figure(_ title: String, _ panels: [SpectrogramPanel?], columns: Int, samples: Int) -> Picture {
    var figure = SpectrogramFigure(title: title, panels: panels, columns: columns)
    figure.levelLabel = "level, 0 at -80 dB, 1 at 0 dB"
    figure.secondsPerFrame = Double(max(32, (samples / 128 + 31) / 32 * 32)) / rate
    figure.highFrequency = rate / 2
    return figure.render()
  }

  /// The bytes of a WAV file, limited to -1 ... 1.
  static func wave(_ signal: Tensor<Float>) throws(PerceptualError) -> [UInt8] {
    let clip = AudioClip(
      samples: Tensor(signal.elements.map { min(max($0, -1), 1) }, shape: [1, signal.count]),
      sampleRate: RawAutoencoderOptions.sampleRate)
    return try AudioFile.bytes(of: clip).bytes
  }

  /// Means over stretches of a curve, at most 200 of them, at the middle of each.
  static func smoothed(_ values: [Double]) -> [(x: Double, y: Double)] {
    let length = max(1, values.count / 200)
    return stride(from: 0, to: values.count, by: length).map { first in
      let part = values[first..<min(values.count, first + length)]
      return (Double(first) + 0.5 + Double(part.count) / 2, part.reduce(0, +) / Double(part.count))
    }
  }

  static func text(_ value: Double) -> String { String(format: "%.3g", value) }
}
