import Foundation
import PerceptualCore
import PerceptualKernels
import Synchronization

/// A resampler as a matrix of short filters between streams.
///
/// Input sample `old` m + r is element m of input stream r, output sample `new` m + p element m of output stream p.
/// Each output stream is a sum of shifted, weighted input streams, so that the inner loop runs along m with contiguous
/// loads, and the transpose (the gradient) has the same form with the two sides exchanged. Long filters between few
/// streams are applied by Fourier transforms.
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
  let leastShift: Int
  let greatestShift: Int
  private let response: ResamplingResponse
  /// The taps of each output stream, in the order of the inputs' times; nil where there are so many that each stream's
  /// are made when it is written.
  private let kept: [[Tap]]?
  private let spectral: SpectralStreams?

  private struct Key: Hashable {
    var old: Int
    var new: Int
    var design: ResamplingDesign
    var isTransposed: Bool
  }
  private static let known = Cache<Key, ResamplingFilter> {
    ($0.kept ?? []).reduce($0.spectral?.bytes ?? 0) { $0 + $1.count * MemoryLayout<Tap>.stride }
  }
  /// Of all output streams together.
  private static let mostKeptTaps = 1 << 20

  /// The filter between two rates without a common divisor, or its transpose; kept for later calls.
  static func of(old: Int, new: Int, design: ResamplingDesign, isTransposed: Bool = false) -> ResamplingFilter {
    known.value(Key(old: old, new: new, design: design, isTransposed: isTransposed)) {
      let filter = ResamplingFilter(ResamplingResponse(old: old, new: new, design: design))
      return isTransposed ? filter.transposed : filter
    }
  }

  private init(_ response: ResamplingResponse) {
    let (old, new) = (response.old, response.new)
    let isKept = new * (2 * response.reach + 2) <= Self.mostKeptTaps
    self.init(
      inputStreams: old, outputStreams: new, leastShift: response.streamAndShift(of: -response.reach).shift,
      greatestShift: response.streamAndShift(of: (new - 1) * old / new + response.reach + 1).shift, response: response,
      kept: isKept ? (0..<new).map { response.taps(of: $0) } : nil)
  }

  private init(
    inputStreams: Int, outputStreams: Int, leastShift: Int, greatestShift: Int, response: ResamplingResponse,
    kept: [[Tap]]?
  ) {
    self.inputStreams = inputStreams
    self.outputStreams = outputStreams
    self.leastShift = leastShift
    self.greatestShift = greatestShift
    self.response = response
    self.kept = kept
    spectral = kept.flatMap {
      SpectralStreams($0, inputStreams: inputStreams, leastShift: leastShift, greatestShift: greatestShift)
    }
  }

  private var transposed: ResamplingFilter {
    var lists = [[Tap]](repeating: [], count: inputStreams)
    for phase in 0..<outputStreams {
      for tap in taps(of: phase) {
        lists[tap.stream].append(Tap(stream: phase, shift: -tap.shift, weight: tap.weight))
      }
    }
    return ResamplingFilter(
      inputStreams: outputStreams, outputStreams: inputStreams, leastShift: -greatestShift, greatestShift: -leastShift,
      response: response, kept: lists)
  }

  /// A signal in parts: each part but the last gives a multiple of so many elements.
  var partElements: Int { spectral?.pairElements ?? 1 }
  /// Elements beyond an output's own that must be known before it is final.
  var lookAhead: Int { spectral?.lookAhead ?? greatestShift }

  private func taps(of phase: Int) -> [Tap] { kept?[phase] ?? response.taps(of: phase) }

  /// Filters every row of `signal` [C, T] into `count` samples; outside the signal there is silence. The first sample
  /// is number `outputStreams` x `firstElement`.
  func apply(_ signal: Tensor<Float>, firstElement: Int = 0, count: Int, execution: Execution) -> Tensor<Float> {
    if let spectral { return spectral.apply(signal, firstElement: firstElement, count: count, execution: execution) }
    let (channels, samples) = (signal.shape[0], signal.shape[1])
    let elements = (count + outputStreams - 1) / outputStreams
    // The streams of a few are taken apart by whoever filters them, in its own cache; of many by one for all.
    let isShared = inputStreams > Self.mostOwnStreams
    let piece = isShared ? Self.sharedPiece : Self.ownPiece
    let pieces = (elements + piece - 1) / piece
    let span = greatestShift - leastShift
    return makeTensor([channels, count]) { output in
      signal.withPointer { signal in
        func filter(_ c: Int, _ p: Int, first: Int, _ streams: Floats, stride: Int) {
          let written = max(0, min(piece, (count - p + outputStreams - 1) / outputStreams - first))
          let row = output + c * count + first * outputStreams
          self.filter(p, streams, stride: stride, row, written: written, execution.kernels)
        }
        func split(_ c: Int, from first: Int, count: Int, _ streams: MutableFloats, stride: Int) {
          for r in 0..<inputStreams {
            self.split(
              signal + c * samples, samples: samples, stream: r, from: firstElement + first + leastShift, count: count,
              streams + r * stride)
          }
        }
        if isShared {
          let stride = elements + span
          ScratchPool.shared.withFloats(channels * inputStreams * stride) { streams in
            execution.forEach(channels) { c in
              split(c, from: 0, count: stride, streams + c * inputStreams * stride, stride: stride)
            }
            execution.forEach(channels * outputStreams * pieces) { item in
              let (c, first) = (item / (outputStreams * pieces), item % pieces * piece)
              let own = streams + c * inputStreams * stride + first
              filter(c, item / pieces % outputStreams, first: first, own, stride: stride)
            }
          }
        } else {
          execution.forEach(channels * pieces) { item in
            let (c, first) = (item / pieces, item % pieces * piece)
            let stride = min(piece, elements - first) + span
            ScratchPool.shared.withFloats(inputStreams * stride) { streams in
              split(c, from: first, count: stride, streams, stride: stride)
              for p in 0..<outputStreams { filter(c, p, first: first, streams, stride: stride) }
            }
          }
        }
      }
    }
  }

  private static let mostOwnStreams = 16
  /// Elements that are filtered at a time.
  private static let ownPiece = 2048
  private static let sharedPiece = 4096

  /// Elements of a stream from one on, which may lie before the signal or beyond it.
  private func split(_ channel: Floats, samples: Int, stream r: Int, from first: Int, count: Int, _ y: MutableFloats) {
    let length = max(0, samples - r + inputStreams - 1) / inputStreams
    let lower = min(count, max(0, -first))
    let upper = min(count, max(lower, length - first))
    y.update(repeating: 0, count: lower)
    var source = channel + (first + lower) * inputStreams + r
    for m in lower..<upper {
      y[m] = source.pointee
      source += inputStreams
    }
    (y + upper).update(repeating: 0, count: count - upper)
  }

  /// Elements of output stream p, from input streams that begin with what the first of them reads first.
  private func filter(
    _ p: Int, _ streams: Floats, stride: Int, _ row: MutableFloats, written: Int, _ kernels: any KernelSet.Type
  ) {
    if written == 0 { return }
    let taps = taps(of: p)
    let offsets = taps.map { $0.stream * stride + $0.shift - leastShift }
    let weights = taps.map(\.weight)
    func sum(_ y: MutableFloats) {
      kernels.filterStreams(streams, offsets: offsets, taps: weights, tapCount: taps.count, y, count: written)
    }
    if outputStreams == 1 { return sum(row) }
    ScratchPool.shared.withFloats(written) { part in
      sum(part)
      for m in 0..<written { row[m * outputStreams + p] = part[m] }
    }
  }
}

/// The low-pass filter h between two rates without a common divisor.
private struct ResamplingResponse: Sendable {
  let old: Int
  let new: Int
  let design: ResamplingDesign
  /// Half the response's length in periods of the smaller rate.
  private let halfLength: Double
  /// Input samples on each side of an output that its filter may reach.
  let reach: Int

  init(old: Int, new: Int, design: ResamplingDesign) {
    self.old = old
    self.new = new
    self.design = design
    halfLength =
      switch design {
      case .torchaudio: 6 / 0.99
      case .kaiser: 90
      }
    reach = Int((halfLength * Double(old) / Double(min(old, new))).rounded(.up))
  }

  /// Input j is an element of this stream, so many after the first; inputs before the signal are negative.
  func streamAndShift(of j: Int) -> (stream: Int, shift: Int) {
    let shift = (j >= 0 ? j : j - old + 1) / old
    return (j - shift * old, shift)
  }

  /// The taps of output `phase`, of the first `new`.
  func taps(of phase: Int) -> [ResamplingFilter.Tap] {
    let smaller = Double(min(old, new))
    // The cut-off as a share of the smaller rate's Nyquist frequency.
    let cutoffShare = design == .torchaudio ? 0.99 : 0.955
    let centre = phase * old / new
    var list: [ResamplingFilter.Tap] = []
    for j in centre - reach...centre + reach + 1 {
      // Time from the output to input j, in periods of the smaller rate.
      let time = Double(j * new - phase * old) / Double(old * new) * smaller
      if abs(time) >= halfLength { continue }
      let u = cutoffShare * time
      let sinc = u == 0 ? 1 : sin(.pi * u) / (.pi * u)
      let weight = Float(cutoffShare * smaller / Double(old) * sinc * taper(time / halfLength))
      let (stream, shift) = streamAndShift(of: j)
      list.append(.init(stream: stream, shift: shift, weight: weight))
    }
    return list
  }

  private func taper(_ share: Double) -> Double {
    switch design {
    case .torchaudio:
      let c = cos(.pi * share / 2)
      return c * c
    case .kaiser: return modifiedBessel(12.5 * (1 - share * share).squareRoot()) / modifiedBessel(12.5)
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
