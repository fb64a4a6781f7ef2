import Foundation
import PerceptualCore

/// Mel-spectrogram: mel[m, t] = sum_k w[k, m] |X[k, t]|^power, X the short-time transform and w the filter bank.
///
/// Shapes: signal [T] to [mels, frames]. Power 1 gives magnitudes (the paper's), 2 energies. The bank must have the
/// transform's bins. Source: arXiv 2312.03455, section 2.3; `torchaudio.transforms.MelSpectrogram`.
public func melSpectrogram(
  _ signal: Tensor<Float>, shortTime: ShortTimeOptions = .init(), bank bankOptions: MelFilterBankOptions = .init(),
  power: Double = 1
) -> Tensor<Float> {
  checkMel(signal, shortTime, bankOptions, power)
  let execution = Execution.current
  let frames = checkedFrames(samples: signal.count, options: shortTime)
  let layout = ShortTimeFrames(shortTime, frames: frames, execution: execution)
  let bank = SparseMelBank.of(bankOptions)
  let (bins, mels, pairs) = (shortTime.bins, bankOptions.mels, layout.pairs)
  return makeTensor([mels, frames]) { mel in
    signal.withPointer { signal0 in
      layout.withExtended(signal0, samples: signal.count) { extended in
        execution.forEach((frames + 15) / 16) { block in
          // One frame, its spectrum and moduli; then the moduli [bins, 16] and mel values [mels, 16] of the block.
          let frameRoom = (shortTime.windowLength + 15) / 16 * 16
          withFourierBuffer(frameRoom + 3 * pairs + 16 * (bins + mels)) { scratch in
            let spectrum = scratch + frameRoom
            let moduli = spectrum + 2 * pairs
            let columns = moduli + pairs
            let results = columns + 16 * bins
            let count = min(16, frames - block * 16)
            columns.update(repeating: 0, count: 16 * bins)
            for lane in 0..<count {
              layout.analyse(extended, block * 16 + lane, scratch: scratch, spectrum)
              execution.kernels.moduli(spectrum, squared: power == 2, moduli, pairs: pairs)
              for k in 0..<bins { columns[16 * k + lane] = moduli[k] }
            }
            if power != 1 && power != 2 {
              for i in 0..<16 * bins { columns[i] = pow(columns[i], Float(power)) }
            }
            bank.filter(columns, results, execution)
            for m in 0..<mels {
              (mel + m * frames + block * 16).update(from: results + 16 * m, count: count)
            }
          }
        }
      }
    }
  }
}

/// The gradient of ``melSpectrogram(_:shortTime:bank:power:)`` with respect to the signal: with g[k, t] =
/// sum_m w[k, m] upstream[m, t], the transform's gradient of g power |X|^(power - 2) X.
///
/// At X = 0 that is 0 (for power 1 the modulus has a kink there).
public func melSpectrogramGradient(
  _ signal: Tensor<Float>, upstream: Tensor<Float>, shortTime: ShortTimeOptions = .init(),
  bank bankOptions: MelFilterBankOptions = .init(), power: Double = 1
) -> Tensor<Float> {
  checkMel(signal, shortTime, bankOptions, power)
  let execution = Execution.current
  let frames = checkedFrames(samples: signal.count, options: shortTime)
  require(
    upstream.shape == [bankOptions.mels, frames],
    "upstream: shape \(upstream.shape), expected [\(bankOptions.mels), \(frames)]")
  let layout = ShortTimeFrames(shortTime, frames: frames, execution: execution)
  let bank = SparseMelBank.of(bankOptions)
  let (bins, mels, pairs) = (shortTime.bins, bankOptions.mels, layout.pairs)
  return makeTensor([signal.count]) { gradient in
    signal.withPointer { signal0 in
      upstream.withPointer { upstream in
        withFourierBuffer(layout.spectraCount) { spectra in
          layout.transform(signal0, samples: signal.count, spectra)
          execution.forEach(frames) { t in
            let spectrum = layout.spectrum(spectra, t)
            withFourierBuffer(2 * pairs) { slopes in
              let moduli = slopes + pairs
              execution.kernels.moduli(spectrum, squared: false, moduli, pairs: pairs)
              slopes.update(repeating: 0, count: pairs)
              for k in 0..<bins where moduli[k] != 0 {
                let m = bank.binFilters[k]
                let above = m + 1 < mels ? bank.binWeights[2 * k + 1] * upstream[(m + 1) * frames + t] : 0
                let sum = bank.binWeights[2 * k] * upstream[m * frames + t] + above
                slopes[k] =
                  switch power {
                  case 1: sum / moduli[k]
                  case 2: 2 * sum
                  default: sum * Float(power) * pow(moduli[k], Float(power - 2))
                  }
              }
              execution.kernels.scalePairs(spectrum, by: slopes, spectrum, pairs: pairs)
            }
          }
          layout.transformTransposed(spectra, samples: signal.count, gradient)
        }
      }
    }
  }
}

extension SparseMelBank {
  /// Applies all filters to 16 frames side by side, [bins, 16] to [mels, 16].
  func filter(_ columns: UnsafePointer<Float>, _ results: UnsafeMutablePointer<Float>, _ execution: Execution) {
    first.withUnsafeBufferPointer { first in
      counts.withUnsafeBufferPointer { counts in
        weights.withUnsafeBufferPointer { weights in
          guard let first = first.baseAddress, let counts = counts.baseAddress, let weights = weights.baseAddress
          else { return results.update(repeating: 0, count: 16 * options.mels) }
          execution.kernels.melFilters(
            columns, first: first, counts: counts, weights: weights, results, filters: options.mels)
        }
      }
    }
  }
}

private func checkMel(
  _ signal: Tensor<Float>, _ shortTime: ShortTimeOptions, _ bank: MelFilterBankOptions, _ power: Double
) {
  require(signal.rank == 1, "signal: shape \(signal.shape), expected [samples]")
  require(
    bank.bins == shortTime.bins, "bank: \(bank.bins) bins, a window of \(shortTime.windowLength) has \(shortTime.bins)")
  require(power > 0, "power: \(power), a positive one is needed")
}
