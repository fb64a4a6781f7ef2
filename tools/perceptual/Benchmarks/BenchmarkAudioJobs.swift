import Fast
import PerceptualCore
import PerceptualFiles

let audioJobs: [String: BenchmarkJob.Preparation] = [
  "mel": eachClip("signal", to: "mel") { melSpectrogram($0) },
  "resample": eachClip("signal", to: "signal") {
    resample($0, from: PaperAudio.sourceSampleRate, to: PaperAudio.sampleRate, design: .torchaudio)
  },
  "resample-kaiser": eachClip("signal", to: "signal") {
    resample($0, from: PaperAudio.sourceSampleRate, to: PaperAudio.sampleRate, design: .kaiser)
  },
  "inverse-mel": eachClip("mel", to: "magnitude") { inverseMelScale($0) },
  "griffin-lim": eachClip("magnitude", to: "signal") { griffinLimFromRest($0) },
  "griffin-lim-librosa": eachClip("magnitude", to: "signal") { griffinLimFromRest($0) },
]

/// 32 iterations, centred, all phases 0 at the start.
private func griffinLimFromRest(_ magnitude: Tensor<Float>) -> Tensor<Float> {
  griffinLim(magnitude, initialPhase: Tensor(shape: magnitude.shape), options: ShortTimeOptions(centred: true))
}

/// A function of one clip, for each along the first axis.
private func eachClip(
  _ name: String, to result: String, _ function: @escaping @Sendable (Tensor<Float>) -> Tensor<Float>
) -> BenchmarkJob.Preparation {
  { input in
    let all = try input.float(name)
    let size = all.count / all.shape[0]
    let clips = (0..<all.shape[0]).map { index in
      Tensor(Array(all.elements[index * size..<(index + 1) * size]), shape: Array(all.shape.dropFirst()))
    }
    return BenchmarkJob(
      first: {
        let results = clips.map(function)
        return [result: Tensor(results.flatMap(\.elements), shape: [clips.count] + results[0].shape)]
      },
      run: { withExtendedLifetime(clips.map(function)) {} })
  }
}
