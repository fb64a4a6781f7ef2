import Foundation
import PerceptualCore
import PerceptualKernels

/// The filters of a ``ResamplingFilter`` by Fourier transforms of overlapping frames, of which the part is kept that
/// the wrapping round does not reach (overlap-save).
///
/// Two neighbouring frames of `hop` output elements go through one complex transform, as its real and its imaginary
/// part. Each output stream is a sum over the input streams of products of spectra. A pair's place depends on the
/// element that comes first alone, so a long signal may be filtered in parts, whole pairs at a time.
struct SpectralStreams: Sendable {
  let inputStreams: Int
  let outputStreams: Int
  /// The first element that a frame reads, counted from the first that it gives.
  private let leastShift: Int
  /// Complex numbers in a transform.
  private let length: Int
  /// Elements that a frame gives.
  private let hop: Int
  private let passes: FourierPasses
  /// [output stream, input stream, number in the passes' order], over the length.
  private let responses: Lines<Float>

  /// Samples that a frame reads and gives.
  private var read: Int { inputStreams * length }
  private var given: Int { outputStreams * hop }
  /// Elements that a pair of frames gives.
  var pairElements: Int { 2 * hop }
  /// How far beyond an element its frame reads at most.
  var lookAhead: Int { length + leastShift - hop }
  var bytes: Int { (responses.count + passes.twiddles.count) * MemoryLayout<Float>.stride }

  /// A multiple of every vector's width.
  private static let hopStep = 16
  private static let lengths = [64, 128, 256, 512, 1024]
  /// A transform's operations for one of the two signals in it: 5 n log2 n of both.
  private static func operations(length: Int) -> Int { 5 * length * length.trailingZeroBitCount / 2 }

  /// The taps of each output stream, of shifts from `leastShift` to `greatestShift`; nil where their direct sums take
  /// fewer operations than twice these, which run at about half the speed.
  init?(_ taps: [[ResamplingFilter.Tap]], inputStreams: Int, leastShift: Int, greatestShift: Int) {
    let outputStreams = taps.count
    let span = greatestShift - leastShift
    func hop(_ length: Int) -> Int { max(0, length - span) / Self.hopStep * Self.hopStep }
    /// Operations an element.
    func cost(_ length: Int) -> Double {
      let products = 4 * length * inputStreams * outputStreams
      let transforms = (inputStreams + outputStreams) * Self.operations(length: length)
      return Double(products + transforms) / Double(hop(length))
    }
    let direct = taps.reduce(0) { $0 + 2 * $1.count }
    guard let length = Self.lengths.filter({ hop($0) > 0 }).min(by: { cost($0) < cost($1) }),
      2 * cost(length) < Double(direct)
    else { return nil }
    self.inputStreams = inputStreams
    self.outputStreams = outputStreams
    self.leastShift = leastShift
    self.length = length
    self.hop = hop(length)
    passes = FourierPasses(length: length)
    let plan = ExactFourierPlan.of(length: length)
    let (weights, spectrum) = (Lines<Double>(length), Lines<Double>(2 * (length / 2 + 1)))
    var responses: [Float] = []
    responses.reserveCapacity(2 * length * inputStreams * outputStreams)
    for list in taps {
      for stream in 0..<inputStreams {
        weights.clear()
        for tap in list where tap.stream == stream { weights[tap.shift - leastShift] = Double(tap.weight) }
        plan.forward(weights.start, spectrum.start)
        for number in passes.numbers {
          // Outputs are correlations: the conjugate of the weights' spectrum multiplies. Above the middle it is that of
          // the mirror image.
          let isMirrored = number > length / 2
          let bin = isMirrored ? length - number : number
          responses.append(Float(spectrum[2 * bin] / Double(length)))
          responses.append(Float((isMirrored ? 1 : -1) * spectrum[2 * bin + 1] / Double(length)))
        }
      }
    }
    self.responses = Lines(responses)
  }

  /// See ``ResamplingFilter/apply(_:firstElement:count:execution:)``.
  func apply(_ signal: Tensor<Float>, firstElement: Int, count: Int, execution: Execution) -> Tensor<Float> {
    let (channels, samples) = (signal.shape[0], signal.shape[1])
    let pairsOfChannel = (count + outputStreams * pairElements - 1) / (outputStreams * pairElements)
    let pairs = channels * pairsOfChannel
    let lanes = execution.kernels.vectorWidth
    return makeTensor([channels, count]) { output in
      signal.withPointer { signal in
        execution.forEach((pairs + lanes - 1) / lanes) { group in
          ScratchPool.shared.withFloats(2 * lanes * (2 * read + outputStreams * length + given)) { scratch in
            let spectra = scratch
            let filtered = spectra + 2 * lanes * read
            // Frames that reach beyond the signal.
            let padded = filtered + 2 * lanes * outputStreams * length
            let overhanging = padded + 2 * lanes * read
            var sources: [Floats] = []
            var targets: [MutableFloats] = []
            var copies: [(from: Floats, to: MutableFloats, count: Int)] = []
            for frame in 0..<2 * lanes {
              // Lanes beyond the last pair repeat it, and write the same.
              let pair = min(group * lanes + frame / 2, pairs - 1)
              let (c, block) = pair.quotientAndRemainder(dividingBy: pairsOfChannel)
              let element = block * pairElements + frame % 2 * hop
              let channel = signal + c * samples
              let first = (firstElement + element + leastShift) * inputStreams
              if first >= 0 && first + read <= samples {
                sources.append(channel + first)
              } else {
                let own = padded + frame * read
                own.update(repeating: 0, count: read)
                let present = max(0, first)..<max(max(0, first), min(samples, first + read))
                (own + present.lowerBound - first).update(from: channel + present.lowerBound, count: present.count)
                sources.append(UnsafePointer(own))
              }
              let (target, room) = (output + c * count + element * outputStreams, count - element * outputStreams)
              if room >= given {
                targets.append(target)
              } else {
                let own = overhanging + frame * given
                targets.append(own)
                if room > 0 { copies.append((UnsafePointer(own), target, room)) }
              }
            }
            transform(sources, spectra, filtered, targets, execution.kernels)
            for copy in copies { copy.to.update(from: copy.from, count: copy.count) }
          }
        }
      }
    }
  }

  private func transform(
    _ sources: [Floats], _ spectra: MutableFloats, _ filtered: MutableFloats, _ targets: [MutableFloats],
    _ kernels: any KernelSet.Type
  ) {
    let stride = 2 * kernels.vectorWidth * length
    kernels.gatherStreams(sources, streams: inputStreams, spectra, length: length)
    for stream in 0..<inputStreams {
      kernels.fourierPasses(spectra + stream * stride, length: length, twiddles: passes.twiddles)
    }
    for stream in 0..<outputStreams {
      let own = filtered + stream * stride
      kernels.filterSpectra(
        spectra, streams: inputStreams, responses.start + 2 * stream * inputStreams * length, own, length: length)
      // With real and imaginary parts exchanged on both sides, the forward transform is the inverse.
      kernels.transposedFourierPasses(own, length: length, twiddles: passes.twiddles)
    }
    kernels.scatterStreams(filtered, streams: outputStreams, targets, length: length, count: given)
  }
}
