import Foundation
import PerceptualCore
import Synchronization

/// A resampler as a matrix of short filters between streams.
///
/// Input sample `old` m + r is element m of input stream r, output sample `new` m + p element m of output stream p.
/// Each output stream is a sum of shifted, weighted input streams, so that the inner loop runs along m with contiguous
/// loads, and the transpose (the gradient) has the same form with the two sides exchanged.
struct ResamplingFilter: Sendable {
  struct Tap: Sendable {
    /// The stream that is read, how far ahead of the written one, and with which weight.
    var stream: Int
    var shift: Int
    var weight: Float
  }

  /// Streams read; samples between two of one stream.
  let inputStreams: Int
  let outputStreams: Int
  /// The taps of each output stream, in the order of the inputs' times.
  let taps: [[Tap]]
  let leastShift: Int
  let greatestShift: Int

  private init(inputStreams: Int, outputStreams: Int, taps: [[Tap]]) {
    self.inputStreams = inputStreams
    self.outputStreams = outputStreams
    self.taps = taps
    let shifts = taps.joined().map(\.shift)
    leastShift = min(0, shifts.min() ?? 0)
    greatestShift = max(0, shifts.max() ?? 0)
  }

  private struct Key: Hashable {
    var old: Int
    var new: Int
    var design: ResamplingDesign
  }
  private static let known = Mutex<[Key: ResamplingFilter]>([:])

  /// The filter between two rates without a common divisor; kept for later calls.
  static func of(old: Int, new: Int, design: ResamplingDesign) -> ResamplingFilter {
    let key = Key(old: old, new: new, design: design)
    if let filter = known.withLock({ $0[key] }) { return filter }
    let filter = ResamplingFilter(old: old, new: new, design: design)
    known.withLock { $0[key] = filter }
    return filter
  }

  private init(old: Int, new: Int, design: ResamplingDesign) {
    let smaller = Double(min(old, new))
    // Half the response's length in periods of the smaller rate, and the cut-off as a share of its Nyquist frequency.
    let (halfLength, cutoffShare) =
      switch design {
      case .torchaudio: (6 / 0.99, 0.99)
      case .kaiser: (90.0, 0.955)
      }
    let reach = Int((halfLength * Double(old) / smaller).rounded(.up))
    let taper: (Double) -> Double =
      switch design {
      case .torchaudio: { let c = cos(.pi * $0 / 2); return c * c }
      case .kaiser: { modifiedBessel(12.5 * (1 - $0 * $0).squareRoot()) / modifiedBessel(12.5) }
      }
    var taps: [[Tap]] = []
    for phase in 0..<new {
      let centre = phase * old / new
      var list: [Tap] = []
      for j in centre - reach...centre + reach + 1 {
        // Time from the output to input j, in periods of the smaller rate.
        let time = Double(j * new - phase * old) / Double(old * new) * smaller
        if abs(time) >= halfLength { continue }
        let u = cutoffShare * time
        let sinc = u == 0 ? 1 : sin(.pi * u) / (.pi * u)
        let weight = Float(cutoffShare * smaller / Double(old) * sinc * taper(time / halfLength))
        // Floored, for inputs before the signal.
        let shift = (j >= 0 ? j : j - old + 1) / old
        list.append(Tap(stream: j - shift * old, shift: shift, weight: weight))
      }
      taps.append(list)
    }
    self.init(inputStreams: old, outputStreams: new, taps: taps)
  }

  /// The transposed filter.
  var transposed: ResamplingFilter {
    var lists = [[Tap]](repeating: [], count: inputStreams)
    for (phase, list) in taps.enumerated() {
      for tap in list {
        lists[tap.stream].append(Tap(stream: phase, shift: -tap.shift, weight: tap.weight))
      }
    }
    return ResamplingFilter(inputStreams: outputStreams, outputStreams: inputStreams, taps: lists)
  }

  /// Filters every row of `signal` [C, T] into `count` samples; outside the signal there is silence. The first sample is
  /// number `outputStreams` x `firstElement`.
  func apply(
    _ signal: Tensor<Float>, firstElement: Int = 0, count: Int, execution: Execution
  ) -> Tensor<Float> {
    let (channels, samples) = (signal.shape[0], signal.shape[1])
    let elements = (count + outputStreams - 1) / outputStreams
    // Each stream has room for the farthest shifts on both sides of all elements.
    let before = -leastShift
    let stride = before + max(firstElement + elements, (samples + inputStreams - 1) / inputStreams) + greatestShift
    let offsets = taps.map { $0.map { $0.stream * stride + before + firstElement + $0.shift } }
    let weights = taps.map { $0.map(\.weight) }
    let piece = 4096
    let pieces = (elements + piece - 1) / piece
    return makeTensor([channels, count]) { output in
      signal.withPointer { signal in
        withFourierBuffer(channels * inputStreams * stride) { streams in
          execution.forEach(channels) { c in
            let own = streams + c * inputStreams * stride
            own.update(repeating: 0, count: inputStreams * stride)
            for r in 0..<inputStreams {
              let stream = own + r * stride + before
              var source = signal + c * samples + r
              for m in 0..<max(0, (samples - r + inputStreams - 1) / inputStreams) {
                stream[m] = source.pointee
                source += inputStreams
              }
            }
          }
          execution.forEach(channels * outputStreams * pieces) { item in
            let c = item / (outputStreams * pieces)
            let p = item / pieces % outputStreams
            let first = item % pieces * piece
            let written = max(0, min(piece, (count - p + outputStreams - 1) / outputStreams - first))
            if written == 0 { return }
            offsets[p].withUnsafeBufferPointer { offsets in
              weights[p].withUnsafeBufferPointer { weights in
                let row = output + c * count
                guard let offsetsBase = offsets.baseAddress, let weightsBase = weights.baseAddress else {
                  for m in 0..<written { row[(first + m) * outputStreams + p] = 0 }
                  return
                }
                let own = streams + c * inputStreams * stride + first
                if outputStreams == 1 {
                  execution.kernels.filterStreams(
                    own, offsets: offsetsBase, taps: weightsBase, tapCount: offsets.count, row + first, count: written)
                } else {
                  withFourierBuffer(written) { part in
                    execution.kernels.filterStreams(
                      own, offsets: offsetsBase, taps: weightsBase, tapCount: offsets.count, part, count: written)
                    for m in 0..<written { row[(first + m) * outputStreams + p] = part[m] }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

/// I0, the modified Bessel function of order 0: the sum of ((x/2)^k / k!)^2.
private func modifiedBessel(_ x: Double) -> Double {
  var (sum, term, k) = (1.0, 1.0, 1.0)
  while term > sum * 0x1p-60 {
    term *= (x / (2 * k)) * (x / (2 * k))
    sum += term
    k += 1
  }
  return sum
}
