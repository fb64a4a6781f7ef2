import Foundation
import PerceptualCore

/// Mel-spectrogram: mel[m, t] = sum_k w[k, m] |X[k, t]|^power, X the short-time transform and w the filter bank.
///
/// Shapes: signal [T] to [mels, frames]. Power 1 gives magnitudes (the paper's), 2 energies. The bank must have the
/// transform's bins. Source: arXiv 2312.03455, section 2.3; `torchaudio.transforms.MelSpectrogram`.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func melSpectrogram<Scalar: TensorElement>(
  _ signal: Tensor<Scalar>, shortTime: ShortTimeOptions = .init(), bank bankOptions: MelFilterBankOptions = .init(),
  power: Double = 1
) -> Tensor<Scalar> {
  shortTime.checkMel(bankOptions, power: power)
  let spectrum = shortTimeFourierTransform(signal, options: shortTime)
  let bank: Tensor<Scalar> = melFilterBank(bankOptions)
  let frames = spectrum.real.shape[1]
  var mel = Tensor<Scalar>(shape: [bankOptions.mels, frames])
  for t in 0..<frames {
    let magnitudes = (0..<shortTime.bins).map { k in
      raised(modulus(spectrum.real[k, t], spectrum.imaginary[k, t]), to: power)
    }
    for m in 0..<bankOptions.mels {
      var sum: Scalar = 0
      for k in 0..<shortTime.bins { sum += bank[k, m] * magnitudes[k] }
      mel[m, t] = sum
    }
  }
  return mel
}

/// The gradient of ``melSpectrogram(_:shortTime:bank:power:)`` with respect to the signal: with g[k, t] =
/// sum_m w[k, m] upstream[m, t], the transform's gradient of g power |X|^(power - 2) X.
///
/// At X = 0 that is 0 (for power 1 the modulus has a kink there).
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func melSpectrogramGradient<Scalar: TensorElement>(
  _ signal: Tensor<Scalar>, upstream: Tensor<Scalar>, shortTime: ShortTimeOptions = .init(),
  bank bankOptions: MelFilterBankOptions = .init(), power: Double = 1
) -> Tensor<Scalar> {
  shortTime.checkMel(bankOptions, power: power)
  var spectrum = shortTimeFourierTransform(signal, options: shortTime)
  let bank: Tensor<Scalar> = melFilterBank(bankOptions)
  let frames = spectrum.real.shape[1]
  require(
    upstream.shape == [bankOptions.mels, frames],
    "upstream: shape \(upstream.shape), expected [\(bankOptions.mels), \(frames)]")
  for t in 0..<frames {
    for k in 0..<shortTime.bins {
      var sum: Scalar = 0
      for m in 0..<bankOptions.mels { sum += bank[k, m] * upstream[m, t] }
      let size = modulus(spectrum.real[k, t], spectrum.imaginary[k, t])
      let slope = size == 0 ? 0 : sum * Scalar(power) * raised(size, to: power - 1) / size
      spectrum.real[k, t] *= slope
      spectrum.imaginary[k, t] *= slope
    }
  }
  return shortTimeFourierTransformGradient(upstream: spectrum, length: signal.count, options: shortTime)
}

func modulus<Scalar: TensorElement>(_ real: Scalar, _ imaginary: Scalar) -> Scalar {
  (real * real + imaginary * imaginary).squareRoot()
}

private func raised<Scalar: TensorElement>(_ x: Scalar, to power: Double) -> Scalar {
  switch power {
  case 0: 1
  case 1: x
  case 2: x * x
  default: Scalar(pow(Double(x), power))
  }
}
