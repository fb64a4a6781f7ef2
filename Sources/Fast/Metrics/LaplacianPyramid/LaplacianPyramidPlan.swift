import PerceptualCore
import PerceptualKernels

/// NLPD of images of one shape, a value an image, or one if pooled by batch; the gradient then takes comparing the
/// images twice. Threads take images in turn; where there are fewer than two for each, they share the rows of one.
/// Formula, accuracy and source: ``normalizedLaplacianPyramidDistance(_:target:family:levels:pooling:)``.
public struct LaplacianPyramidPlan: ImageLossPlan {
  public let shape: [Int]
  public let family: LaplacianPyramidFamily
  public let levels: Int
  public let pooling: LaplacianPyramidPooling
  public var valueCount: Int { pooling == .image ? shape[0] : 1 }

  private enum Layout: Sendable {
    case rows(LaplacianPyramidRows)
    case planes(LaplacianPyramidPlanes)
  }

  private let execution: Execution
  private let layout: Layout
  /// The images of the batch that are given.
  private let share: BatchShare
  private let reservation: ScratchPool.Reservation

  /// Settings or a shape that make no sense are a caller's bug.
  public init(
    family: LaplacianPyramidFamily = .hepburn, levels: Int = 6, pooling: LaplacianPyramidPooling = .image, shape: [Int]
  ) {
    self.init(
      family: family, levels: levels, pooling: pooling, shape: shape, BatchShare(batch: max(1, shape.first ?? 1)))
  }

  /// Of a batch that ranks share; `shape` is that of this rank's images. Pooled by batch, the value is the whole
  /// batch's on every rank.
  package init(
    family: LaplacianPyramidFamily, levels: Int = 6, pooling: LaplacianPyramidPooling, shape: [Int], _ share: BatchShare
  ) {
    self.share = share
    require(noObstacle: LaplacianPyramid.obstacle(levels: levels, forImages: shape, family: family, pooling: pooling))
    self.shape = shape
    self.family = family
    self.levels = levels
    self.pooling = pooling
    execution = .current
    let threads = execution.threads
    var demands: [ScratchPool.Demand]
    if family == .hepburn {
      let rows = LaplacianPyramidRows.rows(.init(channels: shape[1], height: shape[2], width: shape[3], levels: levels))
      layout = .rows(rows)
      demands = [
        .init(count: rows.planesCount, copies: threads), .init(count: rows.rowsCount, copies: threads),
        .init(count: 2 * rows.exactRoom, copies: threads),
      ]
    } else {
      let planes = LaplacianPyramidPlanes(
        execution.kernels, channels: shape[1], height: shape[2], width: shape[3], levels: levels, family: family)
      layout = .planes(planes)
      demands = [.init(count: planes.planesCount, copies: threads), .init(count: planes.rowsCount, copies: threads)]
    }
    demands.append(.init(count: 2 * share.batch * levels, copies: pooling == .batch ? 2 : 1))
    reservation = ScratchPool.reserve(demands)
  }

  public func run(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, upstream: UnsafePointer<Float>?,
    values: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?
  ) {
    let work = Work(prediction: prediction, target: target, upstream: upstream, values: values, gradient: gradient)
    switch layout {
    case .rows(let rows): rows.withComparison(execution.kernels) { run($0, work) }
    case .planes(let planes): run(planes, work)
    }
  }

  private struct Work {
    let prediction: Floats
    let target: Floats
    let upstream: Floats?
    let values: MutableFloats
    let gradient: MutableFloats?
  }

  private func run(_ comparison: some LaplacianPyramidComparison, _ work: Work) {
    let images = share.batch
    let pool = LaplacianPyramidPool(family)
    // [image, level], of the whole batch
    ScratchPool.shared.withDoubles(images * levels) { squares in
      let own = squares + share.images.lowerBound * levels
      if pooling == .image {
        compare(comparison, work, own, withGradient: work.gradient != nil) { n, squares, gradient in
          work.values[n] = Float(pool.value(squares, count: levels))
          if let upstream = work.upstream {
            pool.takeSlopes(squares, count: levels, upstream: Double(upstream[n]))
            gradient(squares, 1)
          }
        }
        return
      }
      compare(comparison, work, own, withGradient: false) { _, _, _ in }
      share.gather(squares, count: levels)
      // In "tensorflow" the images share each level's root, in "hepburn" they have roots of their own.
      let joins = family == .tensorflow
      if joins { takeMeans(squares) }
      let count = joins ? levels : images * levels
      work.values[0] = Float(pool.value(squares, count: count))
      guard let upstream = work.upstream else { return }
      pool.takeSlopes(squares, count: count, upstream: Double(upstream[0]))
      ScratchPool.shared.withDoubles(images * levels) { again in
        compare(comparison, work, again, withGradient: true) { n, _, gradient in
          gradient(joins ? squares : own + n * levels, joins ? 1 / Double(images) : 1)
        }
      }
    }
  }

  /// Compares each image and calls `body(image, its mean squares, gradient)` while its pyramids are there;
  /// `gradient(slopes, share)` writes its gradient from the derivatives of the value by the mean squares, times
  /// `share`.
  private func compare(
    _ comparison: some LaplacianPyramidComparison, _ work: Work, _ squares: UnsafeMutablePointer<Double>,
    withGradient: Bool,
    _ body: (Int, UnsafeMutablePointer<Double>, (UnsafePointer<Double>, Double) -> Void) -> Void
  ) {
    let images = shape[0]
    let size = shape[1] * shape[2] * shape[3]
    // Few images: the rows of one are shared among threads.
    let sharing = LaplacianRowSharing(
      execution: execution, isShared: execution.threads > 1 && images < 2 * execution.threads)
    func compare(_ n: Int) {
      ScratchPool.shared.withFloats(comparison.planesCount) { planes in
        let own = squares + n * levels
        own.update(repeating: 0, count: levels)
        comparison.compare(
          work.prediction + n * size, work.target + n * size, squares: own, withGradient: withGradient, planes, sharing)
        for k in 0..<levels { own[k] /= Double(comparison.elements(k)) }
        body(n, own) { slopes, share in
          if let gradient = work.gradient {
            write(comparison, gradient + n * size, slopes, share: share, size: size, planes, sharing)
          }
        }
      }
    }
    if sharing.isShared {
      for n in 0..<images { compare(n) }
    } else {
      execution.forEach(images) { compare($0) }
    }
  }

  private func write(
    _ comparison: some LaplacianPyramidComparison, _ gradient: MutableFloats, _ slopes: UnsafePointer<Double>,
    share: Double, size: Int, _ planes: MutableFloats, _ sharing: LaplacianRowSharing
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: levels) { factors in
      guard let factors = factors.baseAddress else { return }
      var isZero = true
      for k in 0..<levels {
        isZero = isZero && slopes[k] == 0
        factors[k] = Float(2 * slopes[k] * share / Double(comparison.elements(k)))
      }
      if isZero {
        gradient.update(repeating: 0, count: size)
      } else {
        comparison.gradient(gradient, factors: factors, planes, sharing)
      }
    }
  }

  /// Each level's mean over images, in the first image's place.
  private func takeMeans(_ squares: UnsafeMutablePointer<Double>) {
    for k in 0..<levels {
      var sum = 0.0
      for n in 0..<share.batch { sum += squares[n * levels + k] }
      squares[k] = sum / Double(share.batch)
    }
  }
}

/// The pyramids of one image and its target, in scratch memory.
protocol LaplacianPyramidComparison {
  /// Floats of a picture's planes.
  var planesCount: Int { get }
  /// Elements of a level, over channels and positions.
  func elements(_ level: Int) -> Int
  /// Adds each level's squared differences to `squares` and leaves, if asked, half their gradients by the prediction's
  /// residuals in `planes`.
  func compare(
    _ prediction: Floats, _ target: Floats, squares: UnsafeMutablePointer<Double>,
    withGradient: Bool, _ planes: MutableFloats, _ sharing: LaplacianRowSharing)
  /// Writes the gradient by the prediction, of all channels; `factors` multiply what `compare` left of each level.
  func gradient(_ gradient: MutableFloats, factors: Floats, _ planes: MutableFloats, _ sharing: LaplacianRowSharing)
}
