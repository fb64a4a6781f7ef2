import Foundation

/// How a signal's power is spread over frequency: decibels of each band against the whole, by a plain Fourier sum over
/// twelve Hann-windowed frames of 2048 samples spaced evenly.
public func bandLevels(of signal: [Float], rate: Double, edges: [Double]) -> [Double] {
  let size = 2048
  let frames = 12
  let hop = max(1, (signal.count - size) / (frames - 1))
  let cosines = (0..<size).map { cos(2 * Double.pi * Double($0) / Double(size)) }
  var power = [Double](repeating: 0, count: edges.count - 1)
  var total = 0.0
  for frame in 0..<frames {
    let windowed = (0..<size).map { Double(signal[frame * hop + $0]) * (1 - cosines[$0]) / 2 }
    for bin in 1..<size / 2 {
      var real = 0.0
      var imaginary = 0.0
      var angle = 0
      for n in 0..<size {
        real += windowed[n] * cosines[angle]
        imaginary += windowed[n] * cosines[(angle + size / 4) & (size - 1)]
        angle = (angle + bin) & (size - 1)
      }
      let hertz = Double(bin) * rate / Double(size)
      let binPower = real * real + imaginary * imaginary
      total += binPower
      if let band = edges.indices.dropLast().first(where: { edges[$0] <= hertz && hertz < edges[$0 + 1] }) {
        power[band] += binPower
      }
    }
  }
  return power.map { 10 * log10($0 / total) }
}

/// Root mean square, largest magnitude and correlation of a stereo signal's channels.
public func stereoStatistics(left: [Float], right: [Float]) -> (rms: Double, peak: Double, correlation: Double) {
  var squares = (left: 0.0, right: 0.0)
  var product = 0.0
  var peak = 0.0
  for (l, r) in zip(left, right) {
    squares.left += Double(l) * Double(l)
    squares.right += Double(r) * Double(r)
    product += Double(l) * Double(r)
    peak = max(peak, abs(Double(l)), abs(Double(r)))
  }
  let rms = ((squares.left + squares.right) / Double(2 * left.count)).squareRoot()
  return (rms, peak, product / (squares.left * squares.right).squareRoot())
}

/// The least root mean square among consecutive stretches of `length` samples: 0 where a stretch is silent.
public func quietestStretch(of signal: [Float], length: Int) -> Double {
  stride(from: 0, through: signal.count - length, by: length).map { start in
    let sum = signal[start..<start + length].reduce(0.0) { $0 + Double($1) * Double($1) }
    return (sum / Double(length)).squareRoot()
  }.min() ?? 0
}
