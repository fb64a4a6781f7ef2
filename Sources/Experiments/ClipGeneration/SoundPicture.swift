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
    var figure = SpectrogramFigure(title: title, panels: panels, columns: columns, scale: 1)
    figure.levelLabel = "dB, 0 to 1 = -80 to 0"
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

  static func text(_ value: Double) -> String { String(format: "%.3g", value) }
}
