// What the audio operations ask of their arguments, once for both implementations. Each stops with a sentence.

extension ShortTimeOptions {
  private func checkSizes() {
    require(windowLength >= 2, "windowLength: \(windowLength), at least 2 is needed")
    require(hop >= 1, "hop: \(hop), at least 1 is needed")
  }

  /// Frames of a signal of `samples`: there is one, and the reflection is shorter than the signal.
  package func checkedFrames(samples: Int) -> Int {
    checkSizes()
    require(samples > margin, "signal: \(samples) samples, reflection by \(margin) needs more")
    let frames = frames(samples: samples)
    require(frames >= 1, "signal: \(samples) samples, one frame of \(windowLength) is needed")
    return frames
  }

  /// Frames of a spectrum of that shape, of which `length` samples are to be made.
  package func checkedFrames(spectrum shape: [Int], length: Int) -> Int {
    checkSizes()
    require(length >= 1, "length: \(length), at least 1 is needed")
    require(
      shape.count == 2 && shape[0] == bins && shape[1] >= 1, "spectrum: shape \(shape), expected [\(bins), frames]")
    return shape[1]
  }

  package func check<Scalar>(_ spectrum: Spectrum<Scalar>, frames: Int, name: String) {
    let shape = [bins, frames]
    require(
      spectrum.real.shape == shape && spectrum.imaginary.shape == shape,
      "\(name): shapes \(spectrum.real.shape) and \(spectrum.imaginary.shape), expected \(shape)")
  }

  package func checkGriffinLim(magnitude shape: [Int], iterations: Int, momentum: Double) {
    require(
      shape.count == 2 && shape[0] == bins && shape[1] >= 1, "magnitude: shape \(shape), expected [\(bins), frames]")
    require(iterations >= 0, "iterations: \(iterations), 0 or more are needed")
    require(momentum >= 0, "momentum: \(momentum), 0 or more is needed")
    let length = samples(frames: shape[1])
    require(
      length > margin && frames(samples: length) == shape[1],
      "magnitude: \(shape[1]) frames, whose \(length) samples are not as many frames again")
  }

  package func checkMel(_ bank: MelFilterBankOptions, power: Double) {
    require(bank.bins == bins, "bank: \(bank.bins) bins, a window of \(windowLength) has \(bins)")
    require(power > 0, "power: \(power), a positive one is needed")
  }
}

extension MelFilterBankOptions {
  package func check() {
    require(bins >= 2, "bins: \(bins), at least 2 are needed")
    require(mels >= 1, "mels: \(mels), at least 1 is needed")
    require(
      lowFrequency >= 0 && lowFrequency < highFrequency,
      "band: \(lowFrequency) to \(highFrequency) Hz, expected 0 or more, and low below high")
  }
}

extension Tensor {
  /// Griffin-Lim's magnitude and its initial phase have the same shape.
  package func checkPhase(_ initialPhase: Tensor) {
    require(initialPhase.shape == shape, "initialPhase: shape \(initialPhase.shape), magnitude has \(shape)")
  }

  /// And so has its initial angle.
  package func checkAngle(_ initialAngle: Spectrum<Scalar>) {
    require(
      initialAngle.real.shape == shape && initialAngle.imaginary.shape == shape,
      "initialAngle: shapes \(initialAngle.real.shape) and \(initialAngle.imaginary.shape), magnitude has \(shape)")
  }
}

/// Both rates over their greatest common divisor.
package func reducedRates(_ old: Int, _ new: Int) -> (old: Int, new: Int) {
  require(old > 0 && new > 0, "rates: from \(old) to \(new), both must be positive")
  let a = greatestCommonDivisor(old, new)
  require(
    max(old, new) / a <= largestResamplingRate,
    "rates: \(old / a) to \(new / a) after division by \(a), at most \(largestResamplingRate) is possible")
  return (old / a, new / a)
}

package func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (a, b)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
