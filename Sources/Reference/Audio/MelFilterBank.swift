import Foundation
import PerceptualCore

/// Triangular mel filters: with M + 2 edges p_0 ... p_(M+1), equally spaced in mel between the lowest and highest
/// frequency, and the frequency f_k = k (sampleRate / 2) / (bins - 1) of bin k,
///
///     w[k, m] = max(0, min((f_k - p_m) / (p_(m+1) - p_m), (p_(m+2) - f_k) / (p_(m+2) - p_(m+1))))
///
/// times 2 / (p_(m+2) - p_m) for the Slaney norm. Scales: HTK 2595 log10(1 + f / 700); Slaney 3 f / 200 below 1 kHz and
/// 15 + 27 ln(f / 1000) / ln(6.4) from there.
///
/// Shape: [bins, mels]. Frequencies in hertz. A filter narrower than the bins' spacing may be empty: of the paper's 256
/// on 513 bins, filter 0 is, and their rank is 230. Computed in Double and rounded once.
/// Sources: HTK book, eq. 5.13; Slaney 1998 (Auditory Toolbox); `torchaudio.functional.melscale_fbanks`.
public func melFilterBank<Scalar: TensorElement>(
  _ options: MelFilterBankOptions = .init(), as type: Scalar.Type = Scalar.self
) -> Tensor<Scalar> {
  options.check()
  let low = mel(ofHertz: options.lowFrequency, options.scale)
  let high = mel(ofHertz: options.highFrequency, options.scale)
  let edges = (0..<options.mels + 2).map { i in
    hertz(ofMel: low + (high - low) * Double(i) / Double(options.mels + 1), options.scale)
  }
  var bank = Tensor<Scalar>(shape: [options.bins, options.mels])
  for k in 0..<options.bins {
    let frequency = Double(k) * (options.sampleRate / 2) / Double(options.bins - 1)
    for m in 0..<options.mels {
      let rising = (frequency - edges[m]) / (edges[m + 1] - edges[m])
      let falling = (edges[m + 2] - frequency) / (edges[m + 2] - edges[m + 1])
      let scale = options.norm == .slaney ? 2 / (edges[m + 2] - edges[m]) : 1
      bank[k, m] = Scalar(scale * max(0, min(rising, falling)))
    }
  }
  return bank
}

private func mel(ofHertz frequency: Double, _ scale: MelScale) -> Double {
  switch scale {
  case .htk: 2595 * log10(1 + frequency / 700)
  case .slaney: frequency < 1000 ? 3 * frequency / 200 : 15 + 27 * log(frequency / 1000) / log(6.4)
  }
}

private func hertz(ofMel mel: Double, _ scale: MelScale) -> Double {
  switch scale {
  case .htk: 700 * (pow(10, mel / 2595) - 1)
  case .slaney: mel < 15 ? 200 * mel / 3 : 1000 * exp(log(6.4) * (mel - 15) / 27)
  }
}
