import PerceptualCore
import PerceptualKernels
import Synchronization

/// The family "hepburn" of one size of image: where its rows lie in scratch memory and the weights of its steps.
///
/// Everything is done a row at a time as soon as the rows it needs are there, so that all but three results stay in
/// rings of a few rows: of each level the halved images, the gradient of the level's squared differences by its
/// residual, and that by its image. The norm over levels scales each level's gradient by a factor known only after the
/// last, and the rest of the gradient is linear in it.
///
/// Two pyramids are built side by side, the target's and that of the difference between the images. Residuals are
/// linear in the image, so that of the difference is exact to its own digits however alike the images are; those of
/// both images would cancel.
struct LaplacianPyramidRows: Sendable {
  /// What the rows of an image depend on.
  struct Shape: Hashable {
    let channels: Int
    let height: Int
    let width: Int
    let levels: Int
  }

  struct Level {
    let height: Int
    let width: Int
    var halfHeight: Int { (height + 1) / 2 }
    var halfWidth: Int { (width + 1) / 2 }
    /// Floats from the even columns of a split row to its odd ones, and from row to row where rows are whole and of
    /// half the width.
    let segment: Int
    let sigma: Float
    /// The enlargement's 4 weights a row, 8 a halved row for its transpose, 3 a row for the transpose of halving, 8
    /// rows of weights each for columns, and the neighbours'.
    let enlarge: LaplacianPlace<LaplacianTables>
    let shrink: LaplacianPlace<LaplacianTables>
    let unhalve: LaplacianPlace<LaplacianTables>
    let enlargeColumns: LaplacianPlace<LaplacianTables>
    let shrinkColumns: LaplacianPlace<LaplacianTables>
    let neighbours: LaplacianPlace<LaplacianTables>
    /// The enlargement's 4 weights a row, and as many a column.
    let exactRows: LaplacianPlace<LaplacianExactTables>
    let exactColumns: LaplacianPlace<LaplacianExactTables>
    /// The halved images, and the image's gradient in whole rows.
    let target: LaplacianPlace<LaplacianSharedPlanes>
    let difference: LaplacianPlace<LaplacianSharedPlanes>
    let imageGradient: LaplacianPlace<LaplacianSharedPlanes>
    let imageStride: Int
    /// In split rows.
    let residualGradient: LaplacianPlace<LaplacianChannelPlanes>
    /// In double precision and without gaps, the halved prediction, where it is needed.
    let exactHalved: LaplacianPlace<LaplacianSharedPlanes>
  }

  /// Places of what the levels share.
  struct Places {
    let channels: Int
    let levels: Int
    /// Floats of one channel's planes.
    let channelCount: Int
    /// Each row's sum of squares at the level at hand, in double precision.
    let squares: LaplacianPlace<LaplacianSharedPlanes>
    /// The residuals of that level whose sign is in doubt: how many each row has, and lists of columns and of what the
    /// sign is to be multiplied by, room for all in each row.
    let doubtCounts: LaplacianPlace<LaplacianSharedPlanes>
    let doubts: LaplacianPlace<LaplacianSharedPlanes>
    /// Pairs, enlarged pairs, records of residuals and of slopes, rows of the halved image's gradient; a pair's room,
    /// and a pair of rows of the halved images that another piece keeps.
    let pairs: LaplacianRing
    let enlarged: LaplacianRing
    let residuals: LaplacianRing
    let slopes: LaplacianRing
    let shrunk: LaplacianRing
    let columns: LaplacianRing
    let passing: LaplacianRing
  }

  let shape: Shape
  let levels: [Level]
  /// All weights; the low-pass filter's are the first.
  let tables: [Float]
  let exactTables: [Double]
  let places: Places
  /// Floats of a picture's planes, and of the rows of a piece of it.
  let planesCount: Int
  let rowsCount: Int
  /// Numbers in double precision that one exact residual needs.
  let exactRoom: Int

  private init(_ shape: Shape) {
    self.shape = shape
    var tables = LaplacianPyramid.lowPass.map { Float($0) }
    var exactTables: [Double] = []
    var layout = ScratchLayout()
    var kept = ScratchLayout()
    var levels: [Level] = []
    var (h, w) = (shape.height, shape.width)
    for k in 0..<shape.levels {
      let (halfHeight, halfWidth) = ((h + 1) / 2, (w + 1) / 2)
      let margin = LaplacianRing.margin
      let segment = roundedToVectors(halfWidth) + margin
      func append(_ weights: [Float]) -> LaplacianPlace<LaplacianTables> {
        defer { tables += weights }
        return .init(tables.count)
      }
      func append(exact weights: [Double]) -> LaplacianPlace<LaplacianExactTables> {
        defer { exactTables += weights }
        return .init(exactTables.count)
      }
      func halvedImage() -> LaplacianPlace<LaplacianSharedPlanes> {
        .init(layout.take(halfHeight * segment + 2 * margin) + margin)
      }
      let rows = LaplacianEnlargement(size: h)
      let columns = LaplacianEnlargement(size: w)
      let neighbours = LaplacianPyramid.neighbours[k]
      let imageStride = roundedToVectors(w) + margin
      levels.append(
        Level(
          height: h, width: w, segment: segment, sigma: Float(LaplacianPyramid.sigmas[k]),
          enlarge: append(rows.weights), shrink: append(rows.transposed()),
          unhalve: append(LaplacianEnlargement.halvingTransposed(size: h)),
          enlargeColumns: append(columns.columns(segment: segment)),
          shrinkColumns: append(columns.transposedColumns(segment: segment)),
          neighbours: append(
            [neighbours.top, neighbours.left, neighbours.right, neighbours.bottom].map { Float($0) }),
          exactRows: append(exact: rows.exactWeights), exactColumns: append(exact: columns.exactWeights),
          target: halvedImage(), difference: halvedImage(), imageGradient: .init(layout.take(h * imageStride)),
          imageStride: imageStride, residualGradient: .init(kept.take(h * 2 * segment)),
          exactHalved: .init(layout.take(2 * halfHeight * halfWidth))))
      (h, w) = (halfHeight, halfWidth)
    }
    self.levels = levels
    self.tables = tables
    self.exactTables = exactTables
    let segment = levels[0].segment
    var rows = ScratchLayout()
    func ring(_ count: Int, parts: Int) -> LaplacianRing {
      LaplacianRing(rows: count, parts: parts, segment: segment, in: &rows)
    }
    places = Places(
      channels: shape.channels, levels: shape.levels, channelCount: kept.count,
      squares: .init(layout.take(2 * shape.height)), doubtCounts: .init(layout.take(shape.height)),
      doubts: .init(layout.take(2 * shape.height * shape.width)), pairs: ring(8, parts: 2), enlarged: ring(4, parts: 2),
      residuals: ring(4, parts: 5), slopes: ring(4, parts: 3), shrunk: ring(4, parts: 1), columns: ring(1, parts: 2),
      passing: ring(1, parts: 1))
    planesCount = shape.channels * kept.count + layout.count
    rowsCount = rows.count
    exactRoom = levels.withUnsafeBufferPointer { levels in
      levels.indices.map { k in levels.baseAddress.map { Self.exactRoom($0, k) } ?? 0 }.max() ?? 0
    }
  }

  /// The images under a residual of level k, from its halved one to the first that is made, and a row of each.
  static func exactRoom(_ levels: UnsafePointer<Level>, _ k: Int) -> Int {
    var (height, width) = (min(4, levels[k].halfHeight), min(4, levels[k].halfWidth))
    var count = height * width
    for finer in (0...k).reversed() {
      height = min(2 * height + 3, levels[finer].height)
      width = min(2 * width + 3, levels[finer].width)
      count += width + height * width
    }
    return count
  }

  private static let known = Cache<Shape, LaplacianPyramidRows> {
    4 * $0.tables.count + 8 * $0.exactTables.count + $0.levels.count * MemoryLayout<Level>.stride
  }

  /// The rows of such images: made once, as training asks for the same shape again and again.
  static func rows(_ shape: Shape) -> LaplacianPyramidRows { known.value(shape) { LaplacianPyramidRows(shape) } }

  /// The comparison of one image with its target, valid for the duration of `body`.
  func withComparison(_ kernels: any KernelSet.Type, _ body: (Comparison) -> Void) {
    levels.withUnsafeBufferPointer { levels in
      tables.withUnsafeBufferPointer { tables in
        exactTables.withUnsafeBufferPointer { exactTables in
          guard let levels = levels.baseAddress, let tables = tables.baseAddress, let exact = exactTables.baseAddress
          else { return }
          body(
            Comparison(
              places: places, levels: levels, tables: .init(tables), exactTables: .init(exact), kernels: kernels,
              planesCount: planesCount, rowsCount: rowsCount, exactRoom: exactRoom))
        }
      }
    }
  }

  /// It holds addresses only: arrays would be counted in and out for every row.
  struct Comparison: LaplacianPyramidComparison {
    let places: Places
    let levels: UnsafePointer<Level>
    let tables: LaplacianRoom<LaplacianTables>
    let exactTables: LaplacianRoom<LaplacianExactTables>
    let kernels: any KernelSet.Type
    let planesCount: Int
    let rowsCount: Int
    let exactRoom: Int

    func shared(_ planes: MutableFloats) -> LaplacianRoom<LaplacianSharedPlanes> {
      .init(planes + places.channels * places.channelCount)
    }

    func elements(_ level: Int) -> Int { places.channels * levels[level].height * levels[level].width }

    func compare(
      _ prediction: Floats, _ target: Floats, squares: UnsafeMutablePointer<Double>, withGradient: Bool,
      _ planes: MutableFloats, _ sharing: LaplacianRowSharing
    ) {
      let size = levels[0].height * levels[0].width
      for channel in 0..<places.channels {
        let (x, y) = (prediction + channel * size, target + channel * size)
        let mean = mean(y)
        var exact = LaplacianExactResidual(self, x, shared(planes))
        for k in 0..<places.levels {
          let height = levels[k].height
          sharing.forEach(rows: height) { piece in
            ScratchPool.shared.withFloats(rowsCount) { rows in
              let work = LaplacianPyramidWork(self, x, y, mean: mean, channel: channel, planes, rows)
              work.compare(k, piece, withGradient: withGradient)
            }
          }
          // In the rows' order, whoever summed them.
          shared(planes)[places.squares].withMemoryRebound(to: Double.self, capacity: height) { sums in
            for row in 0..<height { squares[k] += sums[row] }
          }
          if withGradient {
            LaplacianPyramidWork(self, x, y, mean: mean, channel: channel, planes, planes).settleSigns(k, &exact)
          }
        }
      }
    }

    /// A constant near the mean, which is taken off for the digits it costs; no level sees it.
    private func mean(_ target: Floats) -> Float {
      let finest = levels[0]
      var sum: Float = 0
      for y in stride(from: 0, to: finest.height, by: 8) {
        sum += kernels.sum(target + y * finest.width, count: finest.width)
      }
      return sum / Float((finest.height + 7) / 8 * finest.width)
    }

    func gradient(_ gradient: MutableFloats, factors: Floats, _ planes: MutableFloats, _ sharing: LaplacianRowSharing) {
      let size = levels[0].height * levels[0].width
      for channel in 0..<places.channels {
        for k in (0..<places.levels).reversed() {
          sharing.forEach(rows: levels[k].height) { piece in
            ScratchPool.shared.withFloats(rowsCount) { rows in
              let work = LaplacianPyramidWork(self, nil, nil, mean: 0, channel: channel, planes, rows)
              work.gradient(gradient + channel * size, k, piece, factor: factors[k])
            }
          }
        }
      }
    }
  }
}
