import PerceptualCore
import PerceptualKernels
import Synchronization

/// The filter bank of a Bark distance for signals of one length: spectra of the filters, one filter in each lane of a
/// vector, sizes, weights. Made once, used by any number of threads.
///
/// A signal, with as many zeros as taps on each side, is cut into overlapping segments of a power of two; a segment's
/// spectrum times those of the filters, transformed back, gives the responses at the positions where a filter lies
/// wholly within the segment. Two segments go through one complex transform, as real and imaginary part. What stands
/// between the transform to the responses and the one from their gradients takes them in the order in which the passes
/// leave them, so that nothing is put in order; the gradients' one inverse transform comes after the sum over all
/// filters.
public final class BarkPlan: Sendable {
  public let options: BarkDistanceOptions
  /// Length of the signals.
  public let samples: Int
  let kernels: any KernelSet.Type
  let lanes: Int
  /// Of a segment.
  let length: Int
  let passes: FourierPasses
  /// Those of the passes.
  let twiddles: Lines<Float>
  let positions: Int
  /// Positions that one segment serves, segments, and pairs of them; the last pair may have one.
  let step: Int
  let segments: Int
  let pairs: Int
  /// Vectors of filters; the last may hold filters of zeros.
  let groups: Int
  /// [groups, bins, 2, lanes]: spectrum of the response / length.
  let spectra: Lines<Float>
  /// [groups, blocks, lanes]: the largest |spectrum|^2 in a block of `blockBins` bins.
  let gains: Lines<Float>
  /// [groups, lanes]; 0 for the filters of zeros.
  let weights: Lines<Float>
  /// [bands, taps].
  let responses: [Double]
  let masking: BarkMaskingModel?
  let segmentation: BarkSegmentation
  /// [pairs, leaves, rows of a leaf]: the rows of positions, then those without one.
  private let rows: Lines<Int32>
  /// Likewise: where a position's factors are among those of its group.
  private let factorOffsets: Lines<Int32>
  /// [pairs, leaves] and one more: the positions that stand before a leaf.
  private let positionsBefore: [Int]

  var bins: Int { length / 2 + 1 }
  static let blockBins = 8
  var blocks: Int { (bins + BarkPlan.blockBins - 1) / BarkPlan.blockBins }
  var taps: Int { options.filters.taps }
  /// A pair's transform after its first passes consists of short transforms, the leaves, that stay in the nearest
  /// cache.
  let leafLength: Int
  var leaves: Int { length / leafLength }
  /// Floats of one group's rows for a whole signal.
  var groupRows: Int { positions * lanes }

  /// A plan with the current execution's instruction set. Stops with a sentence where options do not fit.
  public init(_ options: BarkDistanceOptions, samples: Int) {
    require(noObstacle: options.obstacle(prediction: [1, samples], target: [1, samples]))
    kernels = Execution.current.kernels
    lanes = kernels.vectorWidth
    let taps = options.filters.taps
    var length = 32
    while length < min(4 * taps, samples + 2 * taps) { length *= 2 }
    self.length = length
    var leafLength = length / 8
    while leafLength > 64 { leafLength /= 8 }
    self.leafLength = leafLength
    passes = FourierPasses(length: length)
    twiddles = Lines(passes.twiddles)
    let bands = options.filters.bands
    groups = (bands + lanes - 1) / lanes
    self.options = options
    self.samples = samples
    positions = options.positions(samples: samples)
    masking = options.masking.map { [positions] in BarkMaskingModel($0, options, positions: positions) }
    step = (length - taps) / options.stride + 1
    segments = (positions + step - 1) / step
    pairs = (segments + 1) / 2
    responses = auditoryResponses(options.filters)
    let weighting =
      options.aWeighting ? aWeights(centres: auditoryCentres(options.filters)) : [Double](repeating: 1, count: bands)
    weights = Lines(groups * lanes)
    let bins = length / 2 + 1
    let blocks = (bins + BarkPlan.blockBins - 1) / BarkPlan.blockBins
    spectra = Lines<Float>(groups * bins * 2 * lanes)
    gains = Lines<Float>(groups * blocks * lanes)
    let fourier = ExactFourierPlan.of(length: length)
    let (padded, spectrum) = (Lines<Double>(length), Lines<Double>(2 * bins))
    for band in 0..<bands {
      for k in 0..<taps { padded[k] = responses[band * taps + k] }
      weights[band] = Float(weighting[band])
      fourier.forward(padded.start, spectrum.start)
      let (group, lane) = band.quotientAndRemainder(dividingBy: lanes)
      for k in 0..<bins {
        let place = (group * bins + k) * 2 * lanes + lane
        let (real, imaginary) = (spectrum[2 * k] / Double(length), spectrum[2 * k + 1] / Double(length))
        spectra.start[place] = Float(real)
        spectra.start[place + lanes] = Float(imaginary)
        let block = (group * blocks + k / BarkPlan.blockBins) * lanes + lane
        gains.start[block] = max(gains.start[block], Float(real * real + imaginary * imaginary))
      }
    }
    let segmentation = BarkSegmentation(stride: options.stride, step: step, positions: positions)
    self.segmentation = segmentation
    var rows: [Int32] = []
    var factorOffsets: [Int32] = []
    var before = [0]
    for leaf in 0..<pairs * (length / leafLength) {
      let (pair, first) = (leaf / (length / leafLength), leaf % (length / leafLength) * leafLength)
      var others: [Int32] = []
      var count = 0
      for row in 0..<2 * leafLength {
        let number = passes.numbers[first + row / 2]
        if let position = segmentation.position(pair: pair, number: number, half: row % 2) {
          rows.append(Int32(row))
          factorOffsets.append(Int32((masking.map { position / $0.framePositions } ?? 0) * lanes))
          count += 1
        } else {
          others.append(Int32(row))
        }
      }
      rows += others
      factorOffsets += others.map { _ in 0 }
      before.append(before[leaf] + count)
    }
    self.rows = Lines(rows)
    self.factorOffsets = Lines(factorOffsets)
    positionsBefore = before
  }

  /// The positions among the rows of a leaf, and how many stand before them.
  func positions(pair: Int, leaf: Int) -> (own: BarkPositions, before: Int) {
    let index = pair * leaves + leaf
    let first = index * 2 * leafLength
    let (before, after) = (positionsBefore[index], positionsBefore[index + 1])
    let own = BarkPositions(
      rows: rows.start + first, factorOffsets: factorOffsets.start + first, count: after - before,
      rowCount: 2 * leafLength)
    return (own, before)
  }

  private struct Key: Hashable {
    let options: BarkDistanceOptions
    let samples: Int
    let instructionSet: InstructionSet
  }

  private static let known = Cache<Key, BarkPlan> {
    4 * ($0.spectra.count + $0.gains.count + $0.rows.count + $0.factorOffsets.count) + 8 * $0.responses.count
  }

  /// A plan of the current instruction set; kept for later calls.
  static func of(_ options: BarkDistanceOptions, samples: Int) -> BarkPlan {
    let key = Key(options: options, samples: samples, instructionSet: Execution.current.instructionSet)
    return known.value(key) { BarkPlan(options, samples: samples) }
  }
}

/// Which positions the segments of a signal serve.
struct BarkSegmentation: Sendable {
  let stride: Int
  let step: Int
  let positions: Int

  /// Whose responses are number `number` of a pair's first or second segment; nil if no position's.
  func position(pair: Int, number: Int, half: Int) -> Int? {
    let (served, rest) = number.quotientAndRemainder(dividingBy: stride)
    let position = (2 * pair + half) * step + served
    return rest == 0 && served < step && position < positions ? position : nil
  }
}
