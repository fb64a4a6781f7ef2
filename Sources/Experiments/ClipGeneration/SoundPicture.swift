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

  /// A sound limited to -1 ... 1 with its picture.
  static func sound(_ signal: Tensor<Float>, reference: Tensor<Float>) -> ReportSound {
    let clip = AudioClip(
      samples: Tensor(signal.elements.map { min(max($0, -1), 1) }, shape: [1, signal.count]),
      sampleRate: RawAutoencoderOptions.sampleRate)
    return ReportSound(clip, image: image(signal, reference: reference))
  }

  static let caption =
    "Press a picture to play its sound; arrow keys move within it. 80 dB under the original's loudest value "
    + "to that value."

  /// Means over stretches of a curve, at most 200 of them, at the middle of each.
  static func smoothed(_ values: [Double]) -> [(x: Double, y: Double)] {
    let length = max(1, values.count / 200)
    return stride(from: 0, to: values.count, by: length).map { first in
      let part = values[first..<min(values.count, first + length)]
      return (Double(first) + 0.5 + Double(part.count) / 2, part.reduce(0, +) / Double(part.count))
    }
  }

  /// What the experiments claim of a perceptual loss, by ``ClipMeasures/named`` of pairs trained alike.
  static func verdicts(
    _ loss: String, over other: String, pairs: [(better: [String: Double], worse: [String: Double])], _ things: String
  ) -> [ClaimVerdict] {
    let claims = [
      ("highFrequencyEnergyRatio", "keeps the highs nearer to the original's", true),
      ("logSpectralDistance", "comes nearer to the log spectrum, in dB,", false),
      ("residualFlatness", "leaves a difference less like noise", false),
      ("onsetSharpness", "keeps attacks nearer to the original's", true),
      ("multiResolutionDistance", "comes nearer by the STFT distance, which no loss trains on,", false),
    ]
    return claims.compactMap { key, claim, isRatio in
      let values = pairs.compactMap { pair -> (Double, Double)? in
        guard let better = pair.better[key], let worse = pair.worse[key], better.isFinite, worse.isFinite else {
          return nil
        }
        return (better, worse)
      }
      func error(_ value: Double) -> Double { isRatio ? abs(log(max(value, 1e-9))) : value }
      let (sum, otherSum) = values.reduce((0.0, 0.0)) { ($0.0 + $1.0, $0.1 + $1.1) }
      let count = Double(max(1, values.count))
      return ClaimVerdict(
        "\(loss) \(claim) than \(other)", advantages: values.map { error($0.1) - error($0.0) }, things,
        example: "; mean \(text(sum / count)) for \(text(otherSum / count))" + (isRatio ? ", the original 1" : ""))
    }
  }

  static func text(_ value: Double) -> String { String(format: "%.3g", value) }
}
