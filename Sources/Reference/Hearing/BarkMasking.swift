import Foundation
import PerceptualCore

/// How much of the power of a masker dz bark below reaches a band, in decibels:
///
///     15.81 + 7.5 (dz + 0.474) - 17.5 sqrt(1 + (dz + 0.474)^2)
///
/// Source: Schroeder, Atal and Hall 1979, Optimizing digital speech coders by exploiting masking properties of the
/// human ear.
public func maskingSpread(_ distance: Double) -> Double {
  15.81 + 7.5 * (distance + 0.474) - 17.5 * (1 + (distance + 0.474) * (distance + 0.474)).squareRoot()
}

/// The threshold in quiet of a frequency in hertz, decibels of sound pressure, at most 96:
///
///     3.64 k^-0.8 - 6.5 exp(-0.6 (k - 3.3)^2) + 0.001 k^4,  k = f / 1000
///
/// Source: Terhardt 1979, Calculating virtual pitch, eq. 1.
public func thresholdInQuiet(_ frequency: Double) -> Double {
  let k = frequency / 1000
  return min(96, 3.64 * pow(k, -0.8) - 6.5 * exp(-0.6 * (k - 3.3) * (k - 3.3)) + 0.001 * pow(k, 4))
}

/// The power under which each band of a target hides a difference, frame by frame:
///
///     e_b[q] = mean over the positions p of frame q of x_b[p]^2
///     threshold_b[q] = max(10^(-offset / 10) sum_m s_bm e_m[q] / sum_m s_bm, 10^((quiet_b - fullScaleLevel) / 10) / 2)
///
/// s_bm = 10^(spread(z_b - z_m) / 10) with z = 6 asinh(f / 600) the bands' places in bark, whatever the scale. The
/// power of a sine of amplitude 1 is 1/2.
///
/// Shapes: responses [N, bands, positions]; thresholds [N, bands, frames]. Stops where the options have no masking.
/// Source: Johnston 1988, Transform coding of audio signals using perceptual noise criteria, with the offset of noise
/// for all maskers: of a tone, which excites few of the bands, the normalised sum leaves less than of noise, which
/// excites all.
public func maskingThresholds(_ responses: Tensor<Double>, options: BarkDistanceOptions) -> Tensor<Double> {
  guard let masking = options.masking else {
    require(false, "options: they have no masking")
    return responses
  }
  let centres = auditoryCentres(options.filters)
  let places = centres.map { 6 * asinh($0 / 600) }
  let (bands, positions, length) = (responses.shape[1], responses.shape[2], options.framePositions)
  let frames = (positions + length - 1) / length
  var thresholds = Tensor<Double>(shape: [responses.shape[0], bands, frames])
  for n in 0..<responses.shape[0] {
    for q in 0..<frames {
      let frame = q * length..<min(positions, (q + 1) * length)
      var powers = [Double](repeating: 0, count: bands)
      for m in 0..<bands {
        for p in frame { powers[m] += responses[n, m, p] * responses[n, m, p] / Double(frame.count) }
      }
      for b in 0..<bands {
        var (sum, total) = (0.0, 0.0)
        for m in 0..<bands {
          let spread = pow(10, maskingSpread(places[b] - places[m]) / 10)
          sum += spread * powers[m]
          total += spread
        }
        let quiet = pow(10, (thresholdInQuiet(centres[b]) - masking.fullScaleLevel) / 10) / 2
        thresholds[n, b, q] = max(pow(10, -masking.offset / 10) * sum / total, quiet)
      }
    }
  }
  return thresholds
}
