import Foundation
import PerceptualCore

/// SSIM or MS-SSIM of images of one shape, a value an image. Formula, accuracy and source:
/// ``structuralSimilarity(_:target:options:)`` and ``multiScaleStructuralSimilarity(_:target:options:)``.
public struct SimilarityPlan: ImageLossPlan {
  public let shape: [Int]
  public var valueCount: Int { shape[0] }

  private let execution: Execution
  private let windowed: WindowedSimilarity
  private let reduction: PlaneReduction
  /// Whether the value is a product of powers; else it is the term itself, of any sign.
  private let isMultiScale: Bool
  /// What threads take in turn where there are few images.
  private let sharedPieces: [WindowedSimilarity.Piece]
  /// The planes that share one product of terms, and how many such groups there are.
  private let planesPerGroup: Int
  private let groupCount: Int
  /// Floats of a plane.
  private let planeCount: Int
  private let reservation: ScratchPool.Reservation

  /// A plan for SSIM. Settings or a shape that make no sense are a caller's bug.
  public init(_ options: StructuralSimilarityOptions = .init(), shape: [Int]) {
    require(noObstacle: options.obstacle(forImages: shape))
    var scale = options
    scale.downsampling = .none
    self.init(
      MultiScaleStructuralSimilarityOptions(scale: scale, weights: [1]),
      reduction: PlaneReduction(options.downsampling, height: shape[2], width: shape[3]), isMultiScale: false,
      shape: shape)
  }

  /// A plan for MS-SSIM. Settings or a shape that make no sense are a caller's bug.
  public init(_ options: MultiScaleStructuralSimilarityOptions, shape: [Int]) {
    require(noObstacle: options.obstacle(forImages: shape))
    self.init(
      options, reduction: PlaneReduction(.none, height: shape[2], width: shape[3]), isMultiScale: true, shape: shape)
  }

  /// Sees to it that no evaluation has to allocate.
  private init(
    _ options: MultiScaleStructuralSimilarityOptions, reduction: PlaneReduction, isMultiScale: Bool, shape: [Int]
  ) {
    self.shape = shape
    self.reduction = reduction
    self.isMultiScale = isMultiScale
    execution = .current
    windowed = WindowedSimilarity(execution, options, height: reduction.reducedHeight, width: reduction.reducedWidth)
    // High enough that the rows which two pieces both need are few.
    let each = max(48, (windowed.scales[0].wholeHeight + execution.threads - 1) / execution.threads)
    sharedPieces = windowed.pieces(height: (each + windowed.group - 1) / windowed.group * windowed.group)
    planesPerGroup = isMultiScale && options.channels == .joint ? shape[1] : 1
    groupCount = shape[0] * shape[1] / planesPerGroup
    planeCount = windowed.planesCount + reduction.scratchCount
    let threads = execution.threads
    reservation = ScratchPool.reserve([
      .init(count: 2 * groupCount, copies: 1), .init(count: planesPerGroup * planeCount, copies: threads),
      .init(count: windowed.rowsCount, copies: threads),
    ])
  }

  public func run(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, upstream: UnsafePointer<Float>?,
    values: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?
  ) {
    run(prediction, target, Work(upstream: upstream, values: values, gradient: gradient))
  }

  /// What an evaluation reads and writes besides the images.
  struct Work {
    /// One number an image.
    var upstream: Floats?
    var values: MutableFloats?
    var gradient: MutableFloats?
    /// SSIM at every position, [N, C, H', W'], and what comes from upstream there.
    var map: MutableFloats?
    var mapUpstream: Floats?
  }

  /// The shape of SSIM's map.
  var mapShape: [Int] {
    let scale = windowed.scales[0]
    return [
      shape[0], shape[1], scale.wholeHeight - windowed.window + 1, scale.wholeWidth - windowed.window + 1,
    ]
  }

  func run(_ prediction: Floats, _ target: Floats, _ work: Work) {
    let group = planesPerGroup
    let count = groupCount
    ScratchPool.shared.withDoubles(count) { products in
      // Few images: the rows of one are shared among threads.
      let sharing = execution.threads > 1 && count < 2 * execution.threads
      func take(_ index: Int) {
        products[index] = product(ofGroup: index, planes: group, prediction, target, work, sharing: sharing)
      }
      if sharing {
        for index in 0..<count { take(index) }
      } else {
        execution.forEach(count, take)
      }
      if let values = work.values {
        let share = count / shape[0]
        for n in 0..<shape[0] {
          var sum = 0.0
          for k in n * share..<(n + 1) * share { sum += products[k] }
          values[n] = Float(sum / Double(share))
        }
      }
    }
  }

  /// The product of the terms of some planes that follow one another; writes their gradients.
  private func product(
    ofGroup index: Int, planes: Int, _ prediction: Floats, _ target: Floats, _ work: Work, sharing: Bool
  ) -> Double {
    let scales = windowed.scales.count
    let each = planeCount
    let size = shape[2] * shape[3]
    let withGradient = work.gradient != nil
    return ScratchPool.shared.withFloats(planes * each) { scratch in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: scales) { terms in
        terms.initialize(repeating: 0)
        for k in 0..<planes {
          let plane = index * planes + k
          let own = scratch + k * each
          let (x, y) = reduction.apply(prediction + plane * size, target + plane * size, own + windowed.planesCount)
          let offsets = windowed.fillScales(x, y, own)
          let positions = windowed.positions(ofScale: 0)
          let request = WindowedSimilarity.Request(
            withLuminance: false, withGradient: withGradient, map: work.map.map { $0 + plane * positions },
            upstream: work.mapUpstream.map { $0 + plane * positions })
          scan(request, offsets, own, sharing: sharing)
          for s in 0..<scales { terms[s] += windowed.term(ofScale: s, planes: own) / Double(planes) }
        }
        if let gradient = work.gradient {
          withUnsafeTemporaryAllocation(of: Float.self, capacity: scales) { factors in
            for s in 0..<scales { factors[s] = factor(ofScale: s, terms, index * planes, work) }
            for k in 0..<planes {
              let own = scratch + k * each
              let to = gradient + (index * planes + k) * size
              if reduction.isIdentity {
                windowed.joinGradients(factors: factors, to, own)
              } else {
                let reduced = own + windowed.planesCount
                windowed.joinGradients(factors: factors, reduced, own)
                reduction.applyTransposed(reduced, to)
              }
            }
          }
        }
        if !isMultiScale { return terms[0] }
        var product = 1.0
        for s in 0..<scales { product *= power(terms[s], s) }
        return product
      }
    }
  }

  /// Scans all scales of a plane, `sharing` their rows among threads or not.
  private func scan(
    _ request: WindowedSimilarity.Request, _ offsets: WindowedSimilarity.Offsets, _ planes: MutableFloats, sharing: Bool
  ) {
    func scan(_ piece: WindowedSimilarity.Piece) {
      var request = request
      request.withLuminance = piece.scale == windowed.scales.count - 1
      ScratchPool.shared.withFloats(windowed.rowsCount) { rows in
        windowed.scan(piece, request, offsets: offsets, planes: planes, rows: rows)
      }
    }
    if sharing {
      execution.forEach(sharedPieces.count) { scan(sharedPieces[$0]) }
    } else {
      for s in windowed.scales.indices {
        scan(WindowedSimilarity.Piece(scale: s, rows: 0..<windowed.scales[s].wholeHeight))
      }
    }
  }

  /// The derivative of what is asked for by the sum over positions of one scale's term.
  private func factor(
    ofScale s: Int, _ terms: UnsafeMutableBufferPointer<Double>, _ plane: Int, _ work: Work
  ) -> Float {
    guard let upstream = work.upstream else { return 1 }
    var factor = Double(upstream[plane / shape[1]]) / Double(shape[1] * windowed.positions(ofScale: s))
    if isMultiScale {
      factor *= powerDerivative(terms[s], s)
      for t in terms.indices where t != s { factor *= power(terms[t], t) }
    }
    return Float(factor)
  }

  /// A term to its power, after the rule for negative ones. NaN stays NaN.
  private func power(_ term: Double, _ s: Int) -> Double {
    let base = ruled(term)
    return base <= 0 ? 0 : pow(base, windowed.options.weights[s])
  }

  /// The derivative of ``power(_:_:)`` by the term, 0 where the rule clamps it. NaN stays NaN.
  private func powerDerivative(_ term: Double, _ s: Int) -> Double {
    let options = windowed.options
    let base = ruled(term)
    if base <= 0 || options.negativeContrast == .floor && term <= options.contrastFloor { return 0 }
    let slope = options.negativeContrast == .shift ? 0.5 : 1
    return slope * options.weights[s] * pow(base, options.weights[s] - 1)
  }

  private func ruled(_ term: Double) -> Double {
    switch windowed.options.negativeContrast {
    case .relu, .reluMap: term
    case .floor: term <= windowed.options.contrastFloor ? windowed.options.contrastFloor : term
    case .shift: (1 + term) / 2
    }
  }
}
