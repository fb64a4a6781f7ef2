import Foundation
import PerceptualCore

/// The paper's way from sound to picture and back: a waveform of any rate and channels to a log-scaled mel-spectrogram
/// in [0, 1], and such a picture to a waveform by Griffin-Lim.
///
/// The defaults are those of arXiv 2312.03455: one channel at 16 kHz, window 1024, hop 260, uncentred, 256 HTK mel bins
/// of magnitudes, ln(x + 0.001), scaled to each clip's range. A clip of 67 328 samples gives 256 x 256.
public struct AudioFrontEnd: Equatable, Sendable {
  /// Hertz, after resampling.
  public var sampleRate = PaperAudio.sampleRate
  public var shortTime = ShortTimeOptions()
  public var bank = MelFilterBankOptions()
  public var power = 1.0
  public var epsilon = PaperAudio.logEpsilon
  public var form = LogForm.add
  public var range = LogRange.clip
  public var design = ResamplingDesign.torchaudio
  /// Of Griffin-Lim.
  public var iterations = 32
  public var momentum = 0.99
  /// Of Griffin-Lim: end when an iteration gains less than this share; nil for a fixed number of iterations.
  public var tolerance: Double?
  public var inverse = InverseMelMethod.nonNegativeLeastSquares

  public init() {}

  /// Why a recording of `frames` frames at `rate` hertz cannot be brought to the front end's rate; nil if it can.
  public func obstacle(frames: Int, rate: Int) -> String? {
    if let obstacle = resamplingObstacle(from: rate, to: sampleRate) { return obstacle }
    let (product, overflow) = frames.multipliedReportingOverflow(by: sampleRate)
    if overflow || product / rate > 1 << 28 {
      return "\(frames) frames at \(rate) Hz, too long at \(sampleRate) Hz to hold at once"
    }
    return nil
  }

  /// One channel at the front end's rate, from [C, T] at `rate` hertz.
  public func mono(_ signal: Tensor<Float>, rate: Int) -> Tensor<Float> {
    let mixed = downmix(signal)
    let resampled = resample(mixed.reshaped([1, mixed.count]), from: rate, to: sampleRate, design: design)
    return resampled.reshaped([resampled.count])
  }

  /// The picture [mels, frames] of a signal [T] at the front end's rate, and its range.
  public func image(_ signal: Tensor<Float>) -> LogScalingOutput<Float> {
    let mel = melSpectrogram(signal, shortTime: shortTime, bank: bank, power: power)
    return logScaling(mel, epsilon: epsilon, form: form, range: range)
  }

  /// The picture [mels, frames] of [C, T] at `rate` hertz, and its range.
  public func image(_ signal: Tensor<Float>, rate: Int) -> LogScalingOutput<Float> { image(mono(signal, rate: rate)) }

  /// Pictures of many signals, spread over the threads.
  public func images(_ signals: [Tensor<Float>]) -> [LogScalingOutput<Float>] {
    Execution.current.map(signals.count) { image(signals[$0]) }
  }

  /// The magnitudes [bins, frames] behind a picture.
  public func magnitude(_ image: Tensor<Float>, low: Float, high: Float) -> Tensor<Float> {
    let mel = inverseLogScaling(image, low: low, high: high, epsilon: epsilon, form: form)
    let energy = inverseMelScale(mel, bank: bank, method: inverse)
    return power == 1 ? energy : energy.map { power == 2 ? $0.squareRoot() : Float(pow(Double($0), 1 / power)) }
  }

  /// The waveform [T] of a picture, at the front end's rate. Griffin-Lim starts from `initialPhase` [bins, frames].
  ///
  /// The first and last `hop` samples fade in and out where frames are not centred (see `fadeEnds`).
  public func waveform(_ image: Tensor<Float>, low: Float, high: Float, initialPhase: Tensor<Float>) -> Tensor<Float> {
    require(
      initialPhase.rank == 2 && initialPhase.shape[0] == shortTime.bins,
      "initialPhase: shape \(initialPhase.shape), expected [\(shortTime.bins), frames]")
    return waveform(image, low: low, high: high, initialAngle: phasors(initialPhase))
  }

  /// The same from complex angles of any modulus, such as ``griffinLimStart(_:seed:index:bins:frames:)`` gives.
  public func waveform(
    _ image: Tensor<Float>, low: Float, high: Float, initialAngle: Spectrum<Float>
  ) -> Tensor<Float> {
    let magnitude = magnitude(image, low: low, high: high)
    var signal =
      if let tolerance {
        convergingGriffinLim(
          magnitude, initialAngle: initialAngle, options: shortTime, iterations: iterations, momentum: momentum,
          tolerance: tolerance
        ).signal
      } else {
        griffinLim(
          magnitude, initialAngle: initialAngle, options: shortTime, iterations: iterations, momentum: momentum)
      }
    if !shortTime.centred { fadeEnds(&signal) }
    return signal
  }

  /// At the ends of an uncentred transform a single frame covers a sample, and the inverse divides by that frame's
  /// small squared window w^2: whatever the frames disagree about grows up to 30 000 times. Scaling by min(1, 4 w^2)
  /// takes that back where w < 1/2: 16 ms at each end of the paper's clips.
  private func fadeEnds(_ signal: inout Tensor<Float>) {
    let length = shortTime.windowLength
    for i in 0..<min(shortTime.hop, length, signal.count) {
      let phase = 2 * Double.pi / Double(length)
      let first = 0.5 - 0.5 * cos(phase * Double(i))
      let last = 0.5 - 0.5 * cos(phase * Double(length - 1 - i))
      signal[i] *= Float(min(1, 4 * first * first))
      signal[signal.count - 1 - i] *= Float(min(1, 4 * last * last))
    }
  }

  /// Waveforms of many pictures, spread over the threads.
  public func waveforms(_ images: [LogScalingOutput<Float>], initialPhases: [Tensor<Float>]) -> [Tensor<Float>] {
    require(
      initialPhases.count == images.count, "initialPhases: \(initialPhases.count) given for \(images.count) images")
    return Execution.current.map(images.count) { i in
      waveform(images[i].image, low: images[i].low[0], high: images[i].high[0], initialPhase: initialPhases[i])
    }
  }
}
