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
  struct Shape: Equatable {
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
    /// Offsets of the tables: the enlargement's 4 weights a row, 8 a halved row for its transpose, 3 a row for the
    /// transpose of halving, 8 rows of weights each for columns, and the neighbours'.
    let enlarge: Int
    let shrink: Int
    let unhalve: Int
    let enlargeColumns: Int
    let shrinkColumns: Int
    let neighbours: Int
    /// Places of planes: the halved images, the image's gradient in whole rows and, one a channel, the residual's
    /// gradient in split rows.
    let target: Int
    let difference: Int
    let imageGradient: Int
    let imageStride: Int
    let residualGradient: Int
  }

  /// Places of what the levels share, one after the other.
  struct Places {
    let channels: Int
    let levels: Int
    /// Floats of one channel's planes.
    let channelCount: Int
    /// The rings: 8 pairs, 4 enlarged pairs, 4 records of residuals, 4 of slopes, 4 rows of the halved image's
    /// gradient; then a pair's room.
    let pairs: Int
    let enlarged: Int
    let residuals: Int
    let slopes: Int
    let shrunk: Int
    let columns: Int
  }

  static let margin = 16

  let shape: Shape
  let levels: [Level]
  /// All weights; the low-pass filter's are the first.
  let tables: [Float]
  let places: Places
  let scratchCount: Int

  private init(_ shape: Shape) {
    self.shape = shape
    var tables = LaplacianPyramid.lowPass.map { Float($0) }
    var layout = ScratchLayout()
    var kept = ScratchLayout()
    var levels: [Level] = []
    var (h, w) = (shape.height, shape.width)
    for k in 0..<shape.levels {
      let (halfHeight, halfWidth) = ((h + 1) / 2, (w + 1) / 2)
      let segment = roundedToVectors(halfWidth) + Self.margin
      func append(_ weights: [Float]) -> Int {
        defer { tables += weights }
        return tables.count
      }
      let rows = LaplacianEnlargement(size: h)
      let columns = LaplacianEnlargement(size: w)
      let neighbours = LaplacianPyramid.neighbours[k]
      let imageStride = roundedToVectors(w) + Self.margin
      levels.append(
        Level(
          height: h, width: w, segment: segment, sigma: Float(LaplacianPyramid.sigmas[k]),
          enlarge: append(rows.weights), shrink: append(rows.transposed()),
          unhalve: append(LaplacianEnlargement.halvingTransposed(size: h)),
          enlargeColumns: append(columns.columns(segment: segment)),
          shrinkColumns: append(columns.transposedColumns(segment: segment)),
          neighbours: append(
            [neighbours.top, neighbours.left, neighbours.right, neighbours.bottom].map { Float($0) }),
          target: layout.take(halfHeight * segment + 2 * Self.margin) + Self.margin,
          difference: layout.take(halfHeight * segment + 2 * Self.margin) + Self.margin,
          imageGradient: layout.take(h * imageStride), imageStride: imageStride,
          residualGradient: kept.take(h * 2 * segment)))
      (h, w) = (halfHeight, halfWidth)
    }
    self.levels = levels
    self.tables = tables
    let segment = levels[0].segment
    func room(_ count: Int, parts: Int) -> Int {
      layout.take(count * (2 * parts * segment + Self.margin) + 2 * Self.margin) + Self.margin
    }
    places = Places(
      channels: shape.channels, levels: shape.levels, channelCount: kept.count, pairs: room(8, parts: 2),
      enlarged: room(4, parts: 2), residuals: room(4, parts: 4), slopes: room(4, parts: 3), shrunk: room(4, parts: 1),
      columns: room(1, parts: 2))
    scratchCount = shape.channels * kept.count + layout.count
  }

  private static let known = Mutex<[LaplacianPyramidRows]>([])

  /// The rows of such images: made once, as training asks for the same shape again and again.
  static func rows(_ shape: Shape) -> LaplacianPyramidRows {
    if let rows = known.withLock({ $0.first { $0.shape == shape } }) { return rows }
    let rows = LaplacianPyramidRows(shape)
    known.withLock { known in
      if known.count == 8 { known.removeFirst() }
      known.append(rows)
    }
    return rows
  }

  /// The comparison of one image with its target, valid for the duration of `body`.
  func withComparison(_ execution: Execution, _ body: (Comparison) -> Void) {
    levels.withUnsafeBufferPointer { levels in
      tables.withUnsafeBufferPointer { tables in
        guard let levels = levels.baseAddress, let tables = tables.baseAddress else { return }
        body(
          Comparison(
            places: places, levels: levels, tables: tables, kernels: execution.kernels, scratchCount: scratchCount))
      }
    }
  }

  /// It holds addresses only: arrays would be counted in and out for every row.
  struct Comparison: LaplacianPyramidComparison {
    let places: Places
    let levels: UnsafePointer<Level>
    let tables: UnsafePointer<Float>
    let kernels: any KernelSet.Type
    let scratchCount: Int

    func elements(_ level: Int) -> Int { places.channels * levels[level].height * levels[level].width }

    func compare(
      _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, squares: UnsafeMutablePointer<Double>,
      withGradient: Bool, _ scratch: UnsafeMutablePointer<Float>
    ) {
      let size = levels[0].height * levels[0].width
      let work = LaplacianPyramidWork(self, scratch)
      for channel in 0..<places.channels {
        work.compare(
          prediction + channel * size, target + channel * size, channel: channel, squares: squares,
          withGradient: withGradient)
      }
    }

    func gradient(
      _ gradient: UnsafeMutablePointer<Float>, factors: [Float], _ scratch: UnsafeMutablePointer<Float>
    ) {
      let size = levels[0].height * levels[0].width
      let work = LaplacianPyramidWork(self, scratch)
      for channel in 0..<places.channels {
        work.gradient(gradient + channel * size, factors: factors, channel: channel)
      }
    }
  }
}
