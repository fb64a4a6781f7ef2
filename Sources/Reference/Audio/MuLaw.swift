import Foundation
import PerceptualCore

/// Samples as classes of the mu-law, by the C library in Double:
///
///     floor((sign(x) ln(1 + mu |x|) / ln(1 + mu) + 1) / 2 mu + 1/2),  mu = levels - 1
///
/// Shape: any, kept. x beyond -1 ... 1 is limited to it. The classes 0 ... mu are whole numbers; NaN stays NaN. Stops
/// if levels is under 2. Source: ITU-T G.711 in the continuous form of van den Oord et al. 2016, WaveNet, section 2.2.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func muLawEncoding<Scalar: TensorElement>(_ x: Tensor<Scalar>, levels: Int = 256) -> Tensor<Scalar> {
  require(levels >= 2, "levels: \(levels), at least 2 are needed")
  let mu = Double(levels - 1)
  return x.map { x in
    if x.isNaN { return x }
    let magnitude = min(abs(Double(x)), 1)
    let compressed = log1p(mu * magnitude) / log1p(mu) * (x < 0 ? -1 : 1)
    return Scalar(((compressed + 1) / 2 * mu + 0.5).rounded(.down))
  }
}

/// The samples that classes stand for, with z = 2 y / mu - 1:
///
///     sign(z) (exp(|z| ln(1 + mu)) - 1) / mu,  mu = levels - 1
///
/// Shape: any, kept. Classes beyond 0 ... mu are limited to it; NaN stays NaN.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func muLawDecoding<Scalar: TensorElement>(_ y: Tensor<Scalar>, levels: Int = 256) -> Tensor<Scalar> {
  require(levels >= 2, "levels: \(levels), at least 2 are needed")
  let mu = Double(levels - 1)
  return y.map { y in
    if y.isNaN { return y }
    let z = 2 * min(max(Double(y), 0), mu) / mu - 1
    return Scalar(expm1(abs(z) * log1p(mu)) / mu * (z < 0 ? -1 : 1))
  }
}
