import Foundation
import PerceptualCore
import PerceptualKernels
import Synchronization

/// The filter bank of a Bark distance for signals of one length: spectra of the filters, one filter in each lane of a
/// vector, sizes, weights. Made once, used by any number of threads.
///
/// A signal, with as many zeros as taps on each side, is cut into overlapping segments of a power of two; a segment's
/// spectrum times those of the filters, transformed back, gives the responses at the positions where a filter lies wholly
/// within the segment. The gradient goes the same way back, but sums over filters before its one inverse transform.
public final class BarkPlan: Sendable {
  public let options: BarkDistanceOptions
  /// Length of the signals.
  public let samples: Int
  let kernels: any KernelSet.Type
  let transform: FrameTransform
  let positions: Int
  /// Positions that one segment serves, and segments.
  let step: Int
  let segments: Int
  /// Vectors of filters; the last may hold filters of zeros.
  let groups: Int
  /// [groups, bins, 2, lanes]: conj(spectrum of the response) / length.
  let spectra: [Float]
  /// [groups, lanes]; 0 for the filters of zeros.
  let weights: [Float]
  /// [groups, lanes]: the root of the sum of squares of each response.
  let norms: [Float]
  /// [bands, taps].
  let responses: [Double]
  let masking: BarkMaskingModel?

  var lanes: Int { transform.lanes }
  var length: Int { transform.length }
  var bins: Int { transform.bins }
  var taps: Int { options.filters.taps }
  /// Floats of one group's rows for a whole signal.
  var groupRows: Int { positions * lanes }

  /// A plan with the current execution's instruction set. Stops with a sentence where options do not fit.
  public init(_ options: BarkDistanceOptions, samples: Int) {
    let obstacle = options.obstacle(prediction: [1, samples], target: [1, samples])
    require(obstacle == nil, obstacle ?? "")
    let execution = Execution.current
    let taps = options.filters.taps
    var length = 16
    while length < min(4 * taps, samples + 2 * taps) { length *= 2 }
    let transform = FrameTransform(length: length, execution: execution)
    let lanes = transform.lanes
    let bands = options.filters.bands
    let groups = (bands + lanes - 1) / lanes
    self.options = options
    self.samples = samples
    self.transform = transform
    self.groups = groups
    kernels = execution.kernels
    let positions = options.positions(samples: samples)
    self.positions = positions
    masking = options.masking.map { BarkMaskingModel($0, options, positions: positions) }
    step = (length - taps) / options.stride + 1
    segments = (positions + step - 1) / step
    let responses = auditoryResponses(options.filters)
    let weighting =
      options.aWeighting ? aWeights(centres: auditoryCentres(options.filters)) : [Double](repeating: 1, count: bands)
    var weights = [Float](repeating: 0, count: groups * lanes)
    var norms = weights
    var spectra = [Float](repeating: 0, count: groups * transform.bins * 2 * lanes)
    let fourier = DoubleFourier(length: length)
    for band in 0..<bands {
      let response = Array(responses[band * taps..<(band + 1) * taps])
      weights[band] = Float(weighting[band])
      norms[band] = Float(response.reduce(0) { $0 + $1 * $1 }.squareRoot())
      let (real, imaginary) = fourier.transformed(response)
      let (group, lane) = band.quotientAndRemainder(dividingBy: lanes)
      for k in 0..<transform.bins {
        let place = (group * transform.bins + k) * 2 * lanes + lane
        spectra[place] = Float(real[k] / Double(length))
        spectra[place + lanes] = Float(-imaginary[k] / Double(length))
      }
    }
    self.spectra = spectra
    self.weights = weights
    self.norms = norms
    self.responses = responses
  }

  private struct Key: Hashable {
    let options: BarkDistanceOptions
    let samples: Int
    let instructionSet: InstructionSet
  }

  private static let known = Mutex<[(key: Key, plan: BarkPlan)]>([])

  /// A plan of the current instruction set; the last four are kept.
  static func of(_ options: BarkDistanceOptions, samples: Int) -> BarkPlan {
    let key = Key(options: options, samples: samples, instructionSet: Execution.current.instructionSet)
    if let plan = known.withLock({ $0.first { $0.key == key }?.plan }) { return plan }
    let plan = BarkPlan(options, samples: samples)
    known.withLock { known in
      known.append((key, plan))
      if known.count > 4 { known.removeFirst() }
    }
    return plan
  }

  /// How many positions a segment serves: all but the last serve `step`.
  func count(ofSegment segment: Int) -> Int { min(step, positions - segment * step) }
}

/// Complex transforms in Double of a power of two, for the filters' spectra, which are made once.
struct DoubleFourier {
  let length: Int
  private let cosines: [Double]
  private let sines: [Double]

  init(length: Int) {
    self.length = length
    cosines = (0..<length / 2).map { cos(2 * Double.pi * Double($0) / Double(length)) }
    sines = (0..<length / 2).map { -sin(2 * Double.pi * Double($0) / Double(length)) }
  }

  /// sum_n x[n] exp(-2 pi i k n / length) for real x, zeros after its end.
  func transformed(_ x: [Double]) -> (real: [Double], imaginary: [Double]) {
    var real = [Double](repeating: 0, count: length)
    var imaginary = real
    let bits = length.trailingZeroBitCount
    for n in 0..<x.count {
      var place = 0
      for bit in 0..<bits where n >> bit & 1 == 1 { place |= 1 << (bits - 1 - bit) }
      real[place] = x[n]
    }
    var half = 1
    while half < length {
      let turn = length / (2 * half)
      for start in stride(from: 0, to: length, by: 2 * half) {
        for j in 0..<half {
          let (c, s) = (cosines[j * turn], sines[j * turn])
          let (a, b) = (start + j, start + j + half)
          let (r, i) = (real[b] * c - imaginary[b] * s, real[b] * s + imaginary[b] * c)
          (real[b], imaginary[b]) = (real[a] - r, imaginary[a] - i)
          (real[a], imaginary[a]) = (real[a] + r, imaginary[a] + i)
        }
      }
      half *= 2
    }
    return (real, imaginary)
  }
}
