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
  require(signal.rank == 1, "signal: shape \(signal.shape), expected [samples]")
  shortTime.checkMel(bankOptions, power: power)
  let execution = Execution.current
  let frames = shortTime.checkedFrames(samples: signal.count)
  let layout = ShortTimeFrames(shortTime, frames: frames, execution: execution)
  let bank = SparseMelBank.of(bankOptions)
  let (bins, mels, lanes) = (shortTime.bins, bankOptions.mels, layout.lanes)
  return makeTensor([mels, frames]) { mel in
    signal.withPointer { signal0 in
      layout.withExtended(signal0, samples: signal.count) { extended in
        // A block's spectra, their moduli [bins, lanes] and mel values [mels, lanes].
        layout.forEachBlock(room: (3 * bins + mels) * lanes) { block, spectrum, scratch in
          let moduli = spectrum + 2 * bins * lanes
          let results = moduli + bins * lanes
          layout.moduli(extended, block, squared: power == 2, scratch: scratch, spectrum: spectrum, moduli)
          if power != 1 && power != 2 { for i in 0..<bins * lanes { moduli[i] = pow(moduli[i], Float(power)) } }
          bank.filter(moduli, results, execution)
          let count = layout.frames(of: block)
          for m in 0..<mels {
            (mel + m * frames + block * lanes).update(from: results + m * lanes, count: count)
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
  require(signal.rank == 1, "signal: shape \(signal.shape), expected [samples]")
  shortTime.checkMel(bankOptions, power: power)
  let execution = Execution.current
  let frames = shortTime.checkedFrames(samples: signal.count)
  require(
    upstream.shape == [bankOptions.mels, frames],
    "upstream: shape \(upstream.shape), expected [\(bankOptions.mels), \(frames)]")
  let layout = ShortTimeFrames(shortTime, frames: frames, execution: execution)
  let bank = SparseMelBank.of(bankOptions)
  let (bins, mels, lanes) = (shortTime.bins, bankOptions.mels, layout.lanes)
  return makeTensor([signal.count]) { gradient in
    signal.withPointer { signal0 in
      upstream.withPointer { upstream in
        ScratchPool.shared.withFloats(layout.spectraCount) { spectra in
          layout.withExtended(signal0, samples: signal.count) { extended in
            layout.forEachBlock(room: (2 * bins + mels + 1) * lanes) { block, moduli, scratch in
              let slopes = moduli + bins * lanes
              let upstreams = slopes + bins * lanes
              let spectrum = layout.spectrum(spectra, block)
              layout.analyse(extended, block, scratch: scratch, spectrum)
              execution.kernels.moduli(spectrum, squared: false, moduli, bins: bins)
              // The block's upstream gradients and a row of zeros above the last filter.
              upstreams.update(repeating: 0, count: (mels + 1) * lanes)
              for m in 0..<mels {
                (upstreams + m * lanes)
                  .update(from: upstream + m * frames + block * lanes, count: layout.frames(of: block))
              }
              for k in 0..<bins {
                let above = upstreams + bank.binFilters[k] * lanes
                for i in 0..<lanes {
                  let sum = bank.binWeights[2 * k] * above[i] + bank.binWeights[2 * k + 1] * above[lanes + i]
                  slopes[k * lanes + i] = slope(moduli[k * lanes + i], power) * sum
                }
              }
              execution.kernels.scaleBins(spectrum, by: slopes, spectrum, bins: bins)
            }
          }
          layout.transformTransposed(spectra, samples: signal.count, gradient)
        }
      }
    }
  }
}

/// power r^(power - 2), 0 at r = 0.
private func slope(_ modulus: Float, _ power: Double) -> Float {
  if modulus == 0 { return 0 }
  return switch power {
  case 1: 1 / modulus
  case 2: 2
  default: Float(power) * pow(modulus, Float(power - 2))
  }
}

extension SparseMelBank {
  /// Applies all filters to the frames of a block, [bins, lanes] to [mels, lanes].
  func filter(_ columns: Floats, _ results: MutableFloats, _ execution: Execution) {
    execution.kernels.melFilters(
      columns, first: first, counts: counts, weights: weights, results, filters: options.mels)
  }
}
