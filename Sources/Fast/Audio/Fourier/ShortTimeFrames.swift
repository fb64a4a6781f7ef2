import Foundation
import PerceptualCore

/// Overlapping windowed frames of a signal and their spectra: the transform, its inverse, and the transposes of both.
///
/// Frames go in blocks of as many as a vector has lanes, each block a piece of work. Its spectra stand side by side:
/// for every bin a row of real parts and a row of imaginary parts. Overlaps are added frame by frame within a block,
/// then block by block in their order.
struct ShortTimeFrames {
  let options: ShortTimeOptions
  let frames: Int
  let execution: Execution
  /// Frames in a block.
  let lanes: Int
  let blocks: Int
  let transform: FrameTransform
  private let windows: Windows

  init(_ options: ShortTimeOptions, frames: Int, execution: Execution) {
    self.options = options
    self.frames = frames
    self.execution = execution
    transform = FrameTransform(length: options.windowLength, execution: execution)
    lanes = transform.lanes
    blocks = (frames + lanes - 1) / lanes
    windows = Windows.of(length: options.windowLength)
  }

  /// Floats of a block's spectra.
  var blockCount: Int { 2 * options.bins * lanes }
  /// Floats of all spectra.
  var spectraCount: Int { blocks * blockCount }
  /// Samples that the frames cover, margins included.
  var covered: Int { (frames - 1) * options.hop + options.windowLength }
  /// Frames in the first block: with one frame, whatever the hop, no more than that frame takes room.
  private var fullBlock: Int { min(lanes, frames) }
  /// Samples that a whole block's frames cover.
  private var span: Int { (fullBlock - 1) * options.hop + options.windowLength }
  /// Floats from one block's samples to the next one's.
  private var spanStride: Int { (span + 15) / 16 * 16 }
  /// Floats of the samples of all blocks, before they are joined.
  var samplesCount: Int { blocks * spanStride }

  func spectrum(_ spectra: MutableFloats, _ block: Int) -> MutableFloats { spectra + block * blockCount }

  /// Frames in block `block`, the last of which may have fewer.
  func frames(of block: Int) -> Int { min(lanes, frames - block * lanes) }

  /// Runs `body(block, scratch)` for all blocks, with `room` floats and those that a transform needs.
  func forEachBlock(room: Int = 0, _ body: (Int, MutableFloats, MutableFloats) -> Void) {
    let own = (room + 15) / 16 * 16
    execution.forEach(blocks) { block in
      ScratchPool.shared.withFloats(own + transform.scratchCount) { memory in body(block, memory, memory + own) }
    }
  }

  /// The spectra of a block of a signal that already has its margins.
  func analyse(_ extended: Floats, _ block: Int, scratch: MutableFloats, _ spectrum: MutableFloats) {
    transform.forward(
      extended + block * lanes * options.hop, hop: options.hop, frames: frames(of: block),
      window: windows.analysis.start, spectrum, scratch: scratch)
  }

  /// The moduli of the same, or their squares.
  func moduli(
    _ extended: Floats, _ block: Int, squared: Bool, scratch: MutableFloats, spectrum: MutableFloats,
    _ moduli: MutableFloats
  ) {
    transform.moduli(
      extended + block * lanes * options.hop, hop: options.hop, frames: frames(of: block),
      window: windows.analysis.start, squared: squared, moduli, spectrum: spectrum, scratch: scratch)
  }

  /// A block's samples from its spectra; with `analysing` the analysis window, not over its length.
  func synthesise(
    _ spectrum: Floats, _ block: Int, analysing: Bool = false, scratch: MutableFloats, _ samples: MutableFloats
  ) {
    let own = samples + block * spanStride
    own.update(repeating: 0, count: spanStride)
    transform.backward(
      spectrum, window: (analysing ? windows.analysis : windows.synthesis).start, own, hop: options.hop,
      frames: frames(of: block), scratch: scratch)
  }

  /// Calls `body` with the signal extended by reflection.
  func withExtended(_ signal: Floats, samples: Int, _ body: (Floats) -> Void) {
    let margin = options.margin
    if margin == 0 { return body(signal) }
    ScratchPool.shared.withFloats(samples + 2 * margin) { extended in
      (extended + margin).update(from: signal, count: samples)
      reflect(extended, samples: samples)
      body(extended)
    }
  }

  /// Fills the margins of a signal that stands between them.
  func reflect(_ extended: MutableFloats, samples: Int) {
    let margin = options.margin
    for i in 0..<margin {
      extended[i] = extended[2 * margin - i]
      extended[margin + samples + i] = extended[margin + samples - 2 - i]
    }
  }

  /// The transform of `samples` samples.
  func transform(_ signal: Floats, samples: Int, _ spectra: MutableFloats) {
    withExtended(signal, samples: samples) { extended in
      forEachBlock { block, _, scratch in analyse(extended, block, scratch: scratch, spectrum(spectra, block)) }
    }
  }

  /// The transpose of ``transform(_:samples:_:)``; `spectra` is overwritten.
  func transformTransposed(_ spectra: MutableFloats, samples: Int, _ gradient: MutableFloats) {
    let inner = 2 * lanes..<2 * lanes * ((options.windowLength + 1) / 2)
    let margin = options.margin
    ScratchPool.shared.withFloats(samplesCount) { buffer in
      forEachBlock { block, _, scratch in
        // The inverse counts these bins twice, once for their mirror image.
        let spectrum = spectrum(spectra, block)
        for i in inner { spectrum[i] *= 0.5 }
        synthesise(spectrum, block, analysing: true, scratch: scratch, buffer)
      }
      let extendedCount = max(covered, samples + 2 * margin)
      ScratchPool.shared.withFloats(extendedCount) { extended in
        join(buffer, extended, from: 0, count: extendedCount)
        gradient.update(from: extended + margin, count: samples)
        for i in 0..<margin {
          gradient[margin - i] += extended[i]
          gradient[samples - 2 - i] += extended[margin + samples + i]
        }
      }
    }
  }

  /// The inverse transform, `length` samples.
  func inverse(_ spectra: MutableFloats, length: Int, envelope: Lines<Float>, _ signal: MutableFloats) {
    ScratchPool.shared.withFloats(samplesCount) { buffer in
      forEachBlock { block, _, scratch in synthesise(spectrum(spectra, block), block, scratch: scratch, buffer) }
      join(buffer, signal, from: options.margin, count: length, envelope: envelope)
    }
  }

  /// The transpose of ``inverse(_:length:envelope:_:)``.
  func inverseTransposed(_ upstream: Floats, length: Int, envelope: Lines<Float>, _ spectra: MutableFloats) {
    let size = options.windowLength
    let inner = 2 * lanes..<2 * lanes * ((size + 1) / 2)
    ScratchPool.shared.withFloats(covered) { quotient in
      quotient.update(repeating: 0, count: covered)
      let heard = min(length, covered - options.margin)
      if heard > 0 {
        execution.kernels.multiplyElements(
          upstream, envelope.start + options.margin, quotient + options.margin, count: heard)
      }
      forEachBlock { block, _, scratch in
        let spectrum = spectrum(spectra, block)
        analyse(quotient, block, scratch: scratch, spectrum)
        let scale = 1 / Float(size)
        for i in 0..<blockCount { spectrum[i] *= scale }
        for i in inner { spectrum[i] *= 2 }
      }
    }
  }

  /// Samples `first` to `first` + `count` of the blocks' overlapped samples, in the order of the blocks, times the
  /// envelope's reciprocals; zeros beyond.
  func join(_ buffer: Floats, _ sum: MutableFloats, from first: Int, count: Int, envelope: Lines<Float>? = nil) {
    let hop = options.hop * fullBlock
    execution.forEachPiece(of: count, grain: 4096) { offset, size in
      (sum + offset).update(repeating: 0, count: size)
      // In samples of the extended signal.
      let (start, end) = (first + offset, min(first + offset + size, covered))
      if start >= end { return }
      let firstBlock = max(0, (start - span + hop) / hop)
      let lastBlock = min(blocks - 1, (end - 1) / hop)
      if firstBlock <= lastBlock {
        for block in firstBlock...lastBlock {
          let from = max(start, block * hop)
          let to = min(end, block * hop + span)
          if from >= to { continue }
          execution.kernels.accumulate(
            buffer + block * spanStride + from - block * hop, sum + from - first, count: to - from)
        }
      }
      if let envelope {
        execution.kernels.multiplyElements(sum + offset, envelope.start + start, sum + offset, count: end - start)
      }
    }
  }

  /// Of the overlapped squared windows the reciprocals, 1 / sum_t w[i - t hop]^2 for every covered sample, 0 where the
  /// sum is under 1e-10. In the middle, where as many frames overlap as can, they repeat every hop.
  func envelope() -> Lines<Float> {
    let squares = windows.squares
    let (hop, length) = (options.hop, options.windowLength)
    let reciprocals = Lines<Float>(covered)
    let values = reciprocals.start
    for i in 0..<covered {
      let last = min(frames - 1, i / hop)
      let first = max(0, (i - length + hop) / hop)
      if i >= length + hop && last < frames - 1 {
        values[i] = values[i - hop]
        continue
      }
      var sum = 0.0
      var t = first
      while t <= last {
        if i - t * hop < length { sum += squares[i - t * hop] }
        t += 1
      }
      values[i] = sum < 1e-10 ? 0 : Float(1 / sum)
    }
    return reciprocals
  }
}

/// The periodic Hann window of a length.
private final class Windows: Sendable {
  let analysis: Lines<Float>
  /// Over its length: the inverse transforms are not normalised.
  let synthesis: Lines<Float>
  let squares: [Double]

  private static let known = Cache<Int, Windows> { 16 * $0.analysis.count }

  static func of(length: Int) -> Windows { known.value(length) { Windows(length) } }

  private init(_ length: Int) {
    let exact = hannWindow(length)
    analysis = Lines(exact.map { Float($0) })
    synthesis = Lines(exact.map { Float($0 / Double(length)) })
    squares = exact.map { $0 * $0 }
  }
}

/// sin^2(pi n / length).
func hannWindow(_ length: Int) -> [Double] {
  (0..<length).map { n in
    let sine = sin(.pi * Double(n) / Double(length))
    return sine * sine
  }
}
