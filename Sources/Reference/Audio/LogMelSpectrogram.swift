import PerceptualCore

/// The picture of a waveform: ``melSpectrogram(_:shortTime:bank:power:)``, then
/// ``logScaling(_:epsilon:form:range:)``.
///
/// Shapes: signal [T] to image [mels, frames], low and high [1]. Source: arXiv 2312.03455, section 2.3.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func logMelSpectrogram<Scalar: TensorElement>(
  _ signal: Tensor<Scalar>, shortTime: ShortTimeOptions = .init(), bank: MelFilterBankOptions = .init(),
  power: Double = 1, epsilon: Double = PaperAudio.logEpsilon, form: LogForm = .add, range: LogRange = .clip
) -> LogScalingOutput<Scalar> {
  logScaling(
    melSpectrogram(signal, shortTime: shortTime, bank: bank, power: power), epsilon: epsilon, form: form, range: range)
}

/// The gradient of ``logMelSpectrogram(_:shortTime:bank:power:epsilon:form:range:)`` with respect to the waveform, for
/// upstream gradients of the image and of the two logarithms: so that a loss may stand on pictures of what a network
/// gives as sound.
///
/// 0 through bins of modulus 0, and where `clamp` clamps.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func logMelSpectrogramGradient<Scalar: TensorElement>(
  _ signal: Tensor<Scalar>, upstream: Tensor<Scalar>, low: Scalar = 0, high: Scalar = 0,
  shortTime: ShortTimeOptions = .init(), bank: MelFilterBankOptions = .init(), power: Double = 1,
  epsilon: Double = PaperAudio.logEpsilon, form: LogForm = .add, range: LogRange = .clip
) -> Tensor<Scalar> {
  let mel = melSpectrogram(signal, shortTime: shortTime, bank: bank, power: power)
  let ofMel = logScalingGradient(
    mel, upstream: upstream, low: low, high: high, epsilon: epsilon, form: form, range: range)
  return melSpectrogramGradient(signal, upstream: ofMel, shortTime: shortTime, bank: bank, power: power)
}
