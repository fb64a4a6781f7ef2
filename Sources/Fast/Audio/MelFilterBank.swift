import Foundation
import PerceptualCore
import Synchronization

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
public func melFilterBank(_ options: MelFilterBankOptions = .init()) -> Tensor<Float> {
  let bank = SparseMelBank.of(options)
  var weights = Tensor<Float>(shape: [options.bins, options.mels])
  var next = 0
  for m in 0..<options.mels {
    for j in 0..<bank.counts[m] { weights[bank.first[m] + j, m] = bank.weights[next + j] }
    next += bank.counts[m]
  }
  return weights
}

/// A mel filter bank without its zeros, seen from the filters and from the bins.
///
/// Filter m spans the edges m to m + 2, so a bin lies in two neighbouring filters at most.
struct SparseMelBank: Sendable {
  let options: MelFilterBankOptions
  /// The first bin of each filter, how many it reads, and their weights, one filter after the other.
  private(set) var first: [Int] = []
  private(set) var counts: [Int] = []
  private(set) var weights: [Float] = []
  /// The weights before they were rounded.
  private(set) var exactWeights: [Double] = []
  /// The lower of the two filters that read each bin (0 where none does), and their two weights.
  private(set) var binFilters: [Int]
  private(set) var binWeights: [Float]

  private static let known = Cache<MelFilterBankOptions, SparseMelBank> {
    12 * $0.weights.count + 16 * $0.binFilters.count + 16 * $0.counts.count
  }

  /// The bank of these options; kept for later calls.
  static func of(_ options: MelFilterBankOptions) -> SparseMelBank { known.value(options) { SparseMelBank(options) } }

  private init(_ options: MelFilterBankOptions) {
    let (bins, mels) = (options.bins, options.mels)
    options.check()
    self.options = options
    binFilters = [Int](repeating: 0, count: bins)
    binWeights = [Float](repeating: 0, count: 2 * bins)
    let edges = melEdges(options)
    let step = options.sampleRate / 2 / Double(bins - 1)
    for m in 0..<mels {
      let (low, centre, high) = (edges[m], edges[m + 1], edges[m + 2])
      // One bin more on each side than can matter: rounding decides at the edges.
      let beyond = min(bins, Int(min(high / step, Double(bins))) + 3)
      let candidates = min(beyond, max(0, Int(min(low / step, Double(bins))) - 1))..<beyond
      var start = 0
      var filter: [Float] = []
      for k in candidates {
        let frequency = Double(k) * (options.sampleRate / 2) / Double(bins - 1)
        let height = min((frequency - low) / (centre - low), (high - frequency) / (high - centre))
        if height <= 0 { continue }
        let exact = options.norm == .slaney ? height * 2 / (high - low) : height
        let weight = Float(exact)
        exactWeights.append(exact)
        if filter.isEmpty { start = k }
        filter.append(weight)
        if binWeights[2 * k] == 0 {
          binFilters[k] = m
          binWeights[2 * k] = weight
        } else {
          binWeights[2 * k + 1] = weight
        }
      }
      first.append(start)
      counts.append(filter.count)
      weights += filter
    }
  }
}

/// The mels + 2 edges of the filters in hertz.
private func melEdges(_ options: MelFilterBankOptions) -> [Double] {
  let step = log(6.4) / 27
  func mel(_ hertz: Double) -> Double {
    switch options.scale {
    case .htk: 2595 * log10(1 + hertz / 700)
    case .slaney: hertz < 1000 ? hertz / (200.0 / 3) : 15 + log(hertz / 1000) / step
    }
  }
  func hertz(_ mel: Double) -> Double {
    switch options.scale {
    case .htk: 700 * (pow(10, mel / 2595) - 1)
    case .slaney: mel < 15 ? mel * (200.0 / 3) : 1000 * exp(step * (mel - 15))
    }
  }
  let (low, high) = (mel(options.lowFrequency), mel(options.highFrequency))
  return (0..<options.mels + 2).map { hertz(low + (high - low) / Double(options.mels + 1) * Double($0)) }
}
