import PerceptualCore
import PerceptualKernels

// One scale's term: planes are scanned from top to bottom. A window's moments come from its columns' and those from
// their pixels, both about a pixel inside. The gradient is the transposed filter of three maps, of which only the last
// rows are kept. Windows of 11, the published size, have kernels of their own, which take as many rows at a time as a
// vector has lanes; any other goes row by row.

extension WindowedSimilarity {
  /// What a scale's scan is to do besides adding up.
  struct Request {
    var withLuminance: Bool
    /// Whether the gradient of the sum over positions goes to the scale's plane.
    var withGradient: Bool
    /// Where the term at every position goes.
    var map: MutableFloats?
    /// What multiplies the gradient of each position.
    var upstream: Floats?
  }

  /// Some rows of a scale's gradient, and the rows of windows that start there.
  struct Piece: Sendable {
    let scale: Int
    let rows: Range<Int>
  }

  /// Everything that scans do not share.
  struct Scan {
    let scale: Scale
    let constants: SimilarityConstants
    let taps: Floats
    let request: Request
    /// Planes, and rows that belong to this scan.
    let planes: MutableFloats
    let rows: MutableFloats
    let deficits: UnsafeMutablePointer<Double>
  }

  /// The number of positions at one scale.
  func positions(ofScale index: Int) -> Int {
    (scales[index].wholeHeight - window + 1) * (scales[index].wholeWidth - window + 1)
  }

  /// The pieces of all scales, none higher than `height` rows; a multiple of ``group`` cuts at the same groups whatever
  /// it is, so that each row has the same bits.
  func pieces(height: Int) -> [Piece] {
    scales.indices.flatMap { index in
      stride(from: 0, to: scales[index].wholeHeight, by: height).map { first in
        Piece(scale: index, rows: first..<min(first + height, scales[index].wholeHeight))
      }
    }
  }

  /// Scans one piece of a scale: the sums of its rows of windows and its rows of gradient.
  func scan(_ piece: Piece, _ request: Request, offsets: Offsets, planes: MutableFloats, rows: MutableFloats) {
    let scale = scales[piece.scale]
    let isRectified = options.scaleOptions(isLast: piece.scale == scales.count - 1).rectifiedContrast
    let constants = SimilarityConstants(
      luminance: luminanceConstant, contrast: contrastConstant, withLuminance: request.withLuminance,
      isRectified: isRectified, offset: offsets.mid, differenceOffset: offsets.difference)
    taps.withUnsafeBufferPointer { taps in
      guard let taps = taps.baseAddress else { return }
      (planes + scale.deficits).withMemoryRebound(to: Double.self, capacity: scale.wholeHeight) { deficits in
        let scan = Scan(
          scale: scale, constants: constants, taps: taps, request: request, planes: planes, rows: rows,
          deficits: deficits)
        switch places {
        case .groups(let places): scanByGroups(scan, piece.rows, places)
        case .rows(let places): scanByRows(scan, piece.rows, places)
        }
      }
    }
  }

  /// The mean over positions of a scale's term, once all its pieces are scanned: its rows are joined in order.
  func term(ofScale index: Int, planes: MutableFloats) -> Double {
    let scale = scales[index]
    let rows = scale.wholeHeight - window + 1
    let sum = (planes + scale.deficits).withMemoryRebound(to: Double.self, capacity: rows) { deficits in
      var sum = 0.0
      for row in 0..<rows { sum += deficits[row] }
      return sum
    }
    return 1 - sum / Double(positions(ofScale: index))
  }
}
