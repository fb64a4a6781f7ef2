import Foundation
import PerceptualCore

/// Samples as classes of the mu-law, mu = levels - 1:
///
///     floor((sign(x) ln(1 + mu |x|) / ln(1 + mu) + 1) / 2 mu + 1/2)
///
/// Shape: any, kept. x beyond -1 ... 1 is limited to it. The classes 0 ... mu are whole numbers, found in Double, so
/// that none lies beside the right one for rounding; NaN stays NaN. Stops if levels is under 2. Source: ITU-T G.711 in
/// the continuous form of van den Oord et al. 2016, WaveNet, section 2.2.
public func muLawEncoding(_ x: Tensor<Float>, levels: Int = 256) -> Tensor<Float> {
  require(levels >= 2, "levels: \(levels) given, at least 2 are needed")
  let mu = Double(levels - 1)
  let half = mu / 2 / log1p(mu)
  return mapped(x) { x in
    if x.isNaN { return x }
    let compressed = half * log1p(mu * min(abs(Double(x)), 1))
    return Float((mu / 2 + (x < 0 ? -compressed : compressed) + 0.5).rounded(.down))
  }
}

/// The samples that classes stand for, with z = 2 y / mu - 1, mu = levels - 1:
///
///     sign(z) (exp(|z| ln(1 + mu)) - 1) / mu
///
/// Shape: any, kept. Accuracy: computed in Double and rounded once. Classes beyond 0 ... mu are limited to it; NaN
/// stays NaN.
public func muLawDecoding(_ y: Tensor<Float>, levels: Int = 256) -> Tensor<Float> {
  require(levels >= 2, "levels: \(levels) given, at least 2 are needed")
  let mu = Double(levels - 1)
  let growth = log1p(mu)
  return mapped(y) { y in
    if y.isNaN { return y }
    let z = 2 * min(max(Double(y), 0), mu) / mu - 1
    let magnitude = Float(expm1(abs(z) * growth) / mu)
    return z < 0 ? -magnitude : magnitude
  }
}

private func mapped(_ x: Tensor<Float>, _ transform: (Float) -> Float) -> Tensor<Float> {
  let execution = Execution.current
  let count = x.count
  return makeTensor(x.shape) { y in
    x.withPointer { x in
      execution.forEachPiece(of: count, grain: 1 << 12) { offset, length in
        for i in offset..<offset + length { y[i] = transform(x[i]) }
      }
    }
  }
}
