import Foundation
import PerceptualCore

/// SSIM or MS-SSIM of images of one shape, again and again: what follows from shape and settings is worked out once, and
/// values and gradients go to the caller's memory. Nothing is allocated after the first evaluation on one thread.
///
///     let plan = SimilarityPlan(MultiScaleStructuralSimilarityOptions(), shape: [16, 1, 256, 256])
///     plan.evaluate(prediction: x, target: y, values: values)
///     plan.evaluate(prediction: x, target: y, upstream: upstream, values: values, gradient: gradient)
///
/// A plan keeps the threads and the instruction set of ``Execution/current`` where it is made. It may be used by several
/// threads at once. Buffers hold images [N, C, H, W] row by row and one number an image; a buffer of another size is a
/// caller's bug. Formula, accuracy and source: ``structuralSimilarity(_:target:options:)`` and
/// ``multiScaleStructuralSimilarity(_:target:options:)``.
public struct SimilarityPlan: Sendable {
  /// [N, C, H, W].
  public let shape: [Int]

  private let execution: Execution
  private let windowed: WindowedSimilarity
  private let reduction: PlaneReduction
  /// Whether the value is a product of powers; else it is the term itself, of any sign.
  private let isMultiScale: Bool
  /// What threads take in turn where there are few images.
  private let sharedPieces: [WindowedSimilarity.Piece]

  /// A plan for SSIM. Settings or a shape that make no sense are a caller's bug.
  public init(_ options: StructuralSimilarityOptions = .init(), shape: [Int]) {
    let obstacle = options.obstacle(forImages: shape)
    require(obstacle == nil, obstacle ?? "")
    self.shape = shape
    execution = .current
    reduction = PlaneReduction(options.downsampling, height: shape[2], width: shape[3])
    var scale = options
    scale.downsampling = .none
    windowed = WindowedSimilarity(
      execution, MultiScaleStructuralSimilarityOptions(scale: scale, weights: [1]), height: reduction.reducedHeight,
      width: reduction.reducedWidth)
    isMultiScale = false
    sharedPieces = Self.pieces(windowed, execution)
  }

  /// A plan for MS-SSIM. Settings or a shape that make no sense are a caller's bug.
  public init(_ options: MultiScaleStructuralSimilarityOptions, shape: [Int]) {
    let obstacle = options.obstacle(forImages: shape)
    require(obstacle == nil, obstacle ?? "")
    self.shape = shape
    execution = .current
    reduction = PlaneReduction(.none, height: shape[2], width: shape[3])
    windowed = WindowedSimilarity(execution, options, height: shape[2], width: shape[3])
    isMultiScale = true
    sharedPieces = Self.pieces(windowed, execution)
  }

  /// High enough that the rows which two pieces both need are few.
  private static func pieces(_ windowed: WindowedSimilarity, _ execution: Execution) -> [WindowedSimilarity.Piece] {
    let height = windowed.scales[0].wholeHeight
    let each = max(48, (height + execution.threads - 1) / execution.threads)
    return windowed.pieces(height: (each + 3) / 4 * 4)
  }

  /// The value of each image.
  public func evaluate(
    prediction: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>,
    values: UnsafeMutableBufferPointer<Float>
  ) {
    evaluate(prediction, target, upstream: nil, values: values, gradient: nil)
  }

  /// The value of each image and the gradient with respect to the prediction of the sum of upstream times value.
  /// `gradient` may not overlap the images.
  public func evaluate(
    prediction: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>,
    upstream: UnsafeBufferPointer<Float>, values: UnsafeMutableBufferPointer<Float>,
    gradient: UnsafeMutableBufferPointer<Float>
  ) {
    evaluate(prediction, target, upstream: upstream, values: values, gradient: gradient)
  }

  private func evaluate(
    _ prediction: UnsafeBufferPointer<Float>, _ target: UnsafeBufferPointer<Float>,
    upstream: UnsafeBufferPointer<Float>?, values: UnsafeMutableBufferPointer<Float>,
    gradient: UnsafeMutableBufferPointer<Float>?
  ) {
    let pixels = shape.reduce(1, *)
    func check(_ name: String, _ count: Int, _ needed: Int) {
      require(count == needed, "\(name): \(count) elements given, shape \(shape) needs \(needed)")
    }
    check("prediction", prediction.count, pixels)
    check("target", target.count, pixels)
    check("values", values.count, shape[0])
    if let upstream { check("upstream", upstream.count, shape[0]) }
    if let gradient { check("gradient", gradient.count, pixels) }
    guard let x = prediction.baseAddress, let y = target.baseAddress, let values = values.baseAddress else { return }
    run(x, y, Work(upstream: upstream?.baseAddress, values: values, gradient: gradient?.baseAddress))
  }

  /// What an evaluation reads and writes besides the images.
  struct Work {
    /// One number an image.
    var upstream: UnsafePointer<Float>?
    var values: UnsafeMutablePointer<Float>?
    var gradient: UnsafeMutablePointer<Float>?
    /// SSIM at every position, [N, C, H', W'], and what comes from upstream there.
    var map: UnsafeMutablePointer<Float>?
    var mapUpstream: UnsafePointer<Float>?
  }

  /// The shape of SSIM's map.
  var mapShape: [Int] {
    let scale = windowed.scales[0]
    return [
      shape[0], shape[1], scale.wholeHeight - windowed.window + 1, scale.wholeWidth - windowed.window + 1,
    ]
  }

  func run(_ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, _ work: Work) {
    let channels = shape[1]
    let isJoint = isMultiScale && windowed.options.channels == .joint
    // The planes that share one product of terms.
    let group = isJoint ? channels : 1
    let count = shape[0] * channels / group
    ScratchPool.shared.withFloats(2 * count) { scratch in
      scratch.withMemoryRebound(to: Double.self, capacity: count) { products in
        // Few images: the rows of one are shared among threads.
        let sharing = execution.threads > 1 && count < 2 * execution.threads
        if sharing {
          for index in 0..<count {
            products[index] = product(ofGroup: index, planes: group, prediction, target, work, sharing: true)
          }
        } else {
          execution.forEach(count) { index in
            products[index] = product(ofGroup: index, planes: group, prediction, target, work, sharing: false)
          }
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
  }

  /// The product of the terms of some planes that follow one another; writes their gradients.
  private func product(
    ofGroup index: Int, planes: Int, _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, _ work: Work,
    sharing: Bool
  ) -> Double {
    let scales = windowed.scales.count
    let each = windowed.planesCount + reduction.scratchCount
    let size = shape[2] * shape[3]
    let withGradient = work.gradient != nil
    return ScratchPool.shared.withFloats(planes * each) { scratch in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: scales) { terms in
        terms.initialize(repeating: 0)
        for k in 0..<planes {
          let plane = index * planes + k
          let own = scratch + k * each
          let (x, y) = reduction.apply(
            prediction + plane * size, target + plane * size, own + windowed.planesCount)
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
    _ request: WindowedSimilarity.Request, _ offsets: WindowedSimilarity.Offsets,
    _ planes: UnsafeMutablePointer<Float>, sharing: Bool
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

/// What SSIM's rules for large images do to a plane: means of some pixels around every `factor`-th.
struct PlaneReduction: Sendable {
  let rule: SimilarityDownsampling
  let factor: Int
  let height: Int
  let width: Int
  let reducedHeight: Int
  let reducedWidth: Int

  init(_ rule: SimilarityDownsampling, height: Int, width: Int) {
    self.rule = rule
    factor = rule.factor(height: height, width: width)
    self.height = height
    self.width = width
    reducedHeight = rule.reduced(height, by: factor)
    reducedWidth = rule.reduced(width, by: factor)
  }

  var isIdentity: Bool { factor == 1 }
  private var reducedCount: Int { roundedToVectors(reducedHeight * reducedWidth) }
  var scratchCount: Int { isIdentity ? 0 : 2 * reducedCount }

  /// Both images reduced, or themselves.
  func apply(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) -> (UnsafePointer<Float>, UnsafePointer<Float>) {
    if isIdentity { return (x, y) }
    let second = scratch + reducedCount
    reduce(x, scratch)
    reduce(y, second)
    return (UnsafePointer(scratch), UnsafePointer(second))
  }

  private func reduce(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    let share = 1 / Float(factor * factor)
    for i in 0..<reducedHeight {
      for j in 0..<reducedWidth {
        var sum: Float = 0
        for a in 0..<factor {
          let row = x + mirrored(factor * i + a - rule.reach(of: factor), height) * width
          for b in 0..<factor { sum += row[mirrored(factor * j + b - rule.reach(of: factor), width)] }
        }
        y[i * reducedWidth + j] = sum * share
      }
    }
  }

  /// The gradient of an image from that of the reduced one.
  func applyTransposed(_ upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>) {
    gradient.update(repeating: 0, count: height * width)
    let share = 1 / Float(factor * factor)
    for i in 0..<reducedHeight {
      for j in 0..<reducedWidth {
        let each = upstream[i * reducedWidth + j] * share
        for a in 0..<factor {
          let row = gradient + mirrored(factor * i + a - rule.reach(of: factor), height) * width
          for b in 0..<factor { row[mirrored(factor * j + b - rule.reach(of: factor), width)] += each }
        }
      }
    }
  }

  /// The position inside 0 ..< size that a mirror puts at `i`, the edge repeated.
  private func mirrored(_ i: Int, _ size: Int) -> Int { i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i }
}
