import Fast
import Foundation
import PerceptualCore
import Reference

private let clips = 16
private let seconds = Double(clips) * PaperAudio.clipSeconds

/// The audio front end and its inverse, on 16 clips of the paper's length.
let audioBenchmarks: [Benchmark] = [
  Benchmark(name: "mel", summary: "mel-spectrograms of \(clips) clips of \(PaperAudio.clipSamples) samples") {
    let signals = (0..<clips).map { benchmarkSignal($0) }
    return Benchmark.Work(
      run: { signals.map { melSpectrogram($0) } },
      reference: { _ = Reference.melSpectrogram(signals[0].converted(to: Double.self)) },
      referencePart: 1 / Double(clips), amount: seconds, unit: "s of audio")
  },
  Benchmark(name: "resample", summary: "\(clips) stereo clips from 48 to 16 kHz") {
    let rate = PaperAudio.sourceSampleRate
    let samples = PaperAudio.clipSamples * 3
    let signals = (0..<clips).map { clip in
      let channels = (0..<2).flatMap { benchmarkSignal(2 * clip + $0, samples: samples, rate: rate).elements }
      return Tensor(channels, shape: [2, samples])
    }
    return Benchmark.Work(
      run: { signals.map { resample($0, from: rate, to: PaperAudio.sampleRate, design: .torchaudio) } },
      reference: {
        _ = Reference.resample(
          signals[0].converted(to: Double.self), from: rate, to: PaperAudio.sampleRate, design: .torchaudio)
      },
      referencePart: 1 / Double(clips), amount: seconds, unit: "s of audio")
  },
  Benchmark(name: "inverse-mel", summary: "magnitudes behind \(clips) mel-spectrograms of 256 x 256") {
    let mels = (0..<clips).map { melSpectrogram(benchmarkSignal($0)) }
    return Benchmark.Work(
      run: { mels.map { inverseMelScale($0) } },
      reference: { _ = Reference.inverseMelScale(mels[0].converted(to: Double.self)) },
      referencePart: 1 / Double(clips), amount: seconds, unit: "s of audio")
  },
  griffinLimBenchmark("griffin-lim", clips: clips),
  griffinLimBenchmark("griffin-lim-librosa", clips: 1),
]

/// 32 iterations, centred, from phase 0 everywhere.
private func griffinLimBenchmark(_ name: String, clips: Int) -> Benchmark {
  Benchmark(name: name, summary: "32 iterations of Griffin-Lim on \(clips == 1 ? "a clip" : "\(clips) clips")") {
    let options = ShortTimeOptions(centred: true)
    let magnitudes = (0..<clips).map { clip in
      let spectrum = shortTimeFourierTransform(benchmarkSignal(clip), options: options)
      let moduli = zip(spectrum.real.elements, spectrum.imaginary.elements).map { ($0 * $0 + $1 * $1).squareRoot() }
      return Tensor(moduli, shape: spectrum.real.shape)
    }
    let phase = Tensor<Float>(shape: magnitudes[0].shape)
    return Benchmark.Work(
      run: { magnitudes.map { griffinLim($0, initialPhase: phase, options: options) } },
      reference: {
        // A single iteration and the inverse after it, of which the whole has 33.
        _ = Reference.griffinLim(
          magnitudes[0].converted(to: Double.self), initialPhase: phase.converted(), options: options, iterations: 1)
      },
      referencePart: 3.0 / 65 / Double(clips), amount: Double(clips) * PaperAudio.clipSeconds, unit: "s of audio")
  }
}

/// A chord that fades in and out, over quiet noise.
private func benchmarkSignal(
  _ index: Int, samples: Int = PaperAudio.clipSamples, rate: Int = PaperAudio.sampleRate
) -> Tensor<Float> {
  let noise = uniformNoise(seed: 2, stream: .other, index: UInt64(index), count: samples)
  let root = 110 * pow(2, Double(index % 12) / 12)
  let frequencies = [1, 1.25, 1.5, 2, 3.01, 5.02].map { 2 * Double.pi * root * $0 / Double(rate) }
  return Tensor(
    (0..<samples).map { n in
      let swell = 0.5 - 0.5 * cos(4 * 2 * Double.pi * Double(n) / Double(samples))
      let chord = frequencies.reduce(0) { $0 + sin($1 * Double(n)) }
      return Float(0.1 * swell * chord) + 0.01 * (noise[n] - 0.5)
    })
}
