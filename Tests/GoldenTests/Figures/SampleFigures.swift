import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles
import PerceptualTestSupport

/// Pictures to look at.
enum SampleFigures {
  /// A harmonic sound with vibrato over noise.
  static func spectrogram(_ name: String, mels: Int = 256, frames: Int = 256) -> Tensor<Float> {
    var generator = SeededGenerator(name: name)
    var image = Tensor<Float>(shape: [mels, frames])
    for frame in 0..<frames {
      let pitch = 18 + 3 * sin(Double(frame) / 9) + Double(frame / 64) * 4
      for mel in 0..<mels {
        let harmonic = cos(2 * .pi * Double(mel) / pitch)
        let level = 0.75 - 0.5 * Double(mel) / Double(mels) + 0.18 * harmonic + 0.05 * generator.normal()
        image[mel, frame] = Float(min(max(level * (0.8 + 0.2 * cos(Double(frame) / 20)), 0), 1))
      }
    }
    return image
  }

  static func figure2(scale: Int = 2) -> SpectrogramFigure {
    func panel(_ title: String) -> SpectrogramPanel {
      SpectrogramPanel(title: title, note: "MSE 0.0031  NLPD 3.74  MS-SSIM 0.959", image: spectrogram(title))
    }
    let input = SpectrogramPanel(title: "input", image: spectrogram("input"))
    let panels: [SpectrogramPanel?] = [
      input, panel("P(x), MSE"), panel("P(x), NLPD"), panel("P(x), MS-SSIM"), nil, panel("U(x), MSE"),
      panel("U(x), NLPD"), panel("U(x), MS-SSIM"),
    ]
    return SpectrogramFigure(
      title: "Figure 2: reconstructions of one clip, by training data and loss", panels: panels, columns: 4,
      scale: scale)
  }

  static func comparison(scale: Int = 2) -> SpectrogramFigure {
    let a = spectrogram("input", mels: 128, frames: 160)
    let b = spectrogram("other", mels: 128, frames: 160)
    return SpectrogramFigure(
      title: "original.wav and reconstruction.wav",
      panels: [
        SpectrogramPanel(title: "original.wav", image: a), SpectrogramPanel(title: "reconstruction.wav", image: b),
        nil, .difference(title: "reconstruction − original", b, minus: a),
      ], columns: 2, scale: scale)
  }

  static func chart(isLogarithmic: Bool, name: String = "U(x), MSE") -> LineChart {
    var generator = SeededGenerator(name: "chart")
    let series = [name, "U(x), NLPD", "P(x), MS-SSIM"].enumerated().map { index, name in
      let values = (1...425).map { i -> Double in
        let level = (0.3 / Double(i) + 0.004) * Double(index + 1)
        return level * (1 + 0.1 * generator.normal())
      }
      return LineChart.Series(name: name, values: values)
    }
    return LineChart(
      title: "Training loss", xLabel: "iteration", yLabel: "loss", series: series, isLogarithmic: isLogarithmic)
  }
}
