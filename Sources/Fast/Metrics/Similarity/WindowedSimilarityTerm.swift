import PerceptualCore
import PerceptualKernels

// One scale's term: planes are scanned from top to bottom. A window's moments come from its columns' and those from
// their pixels, both about a pixel inside. The gradient is the transposed filter of three maps, of which only the last
// rows are kept. Windows of 11, the published size, have kernels of their own, which take four rows at a time; any
// other goes row by row.

extension WindowedSimilarity {
  /// What a scale's scan is to do besides adding up.
  struct Request {
    var withLuminance: Bool
    /// Whether the gradient of the sum over positions goes to the scale's plane.
    var withGradient: Bool
    /// Where the term at every position goes.
    var map: UnsafeMutablePointer<Float>?
    /// What multiplies the gradient of each position.
    var upstream: UnsafePointer<Float>?
  }

  /// Some rows of a scale's gradient, and the rows of windows that start there.
  struct Piece: Sendable {
    let scale: Int
    let rows: Range<Int>
  }

  /// Everything that scans do not share.
  private struct Scan {
    let scale: Scale
    let constants: SimilarityConstants
    let taps: UnsafePointer<Float>
    let request: Request
    /// Planes, and rows that belong to this scan.
    let planes: UnsafeMutablePointer<Float>
    let rows: UnsafeMutablePointer<Float>
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
  func scan(
    _ piece: Piece, _ request: Request, offsets: Offsets, planes: UnsafeMutablePointer<Float>,
    rows: UnsafeMutablePointer<Float>
  ) {
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
        if isPublishedWindow { scanByGroups(scan, piece.rows) } else { scanByRows(scan, piece.rows) }
      }
    }
  }

  /// The mean over positions of a scale's term, once all its pieces are scanned: its rows are joined in order.
  func term(ofScale index: Int, planes: UnsafeMutablePointer<Float>) -> Double {
    let scale = scales[index]
    let rows = scale.wholeHeight - window + 1
    let sum = (planes + scale.deficits).withMemoryRebound(to: Double.self, capacity: rows) { deficits in
      var sum = 0.0
      for row in 0..<rows { sum += deficits[row] }
      return sum
    }
    return 1 - sum / Double(positions(ofScale: index))
  }

  /// Windows of 11.
  private func scanByGroups(_ scan: Scan, _ piece: Range<Int>) {
    let (scale, request) = (scan.scale, scan.request)
    let windows = scale.wholeHeight - window + 1
    let positions = scale.wholeWidth - window + 1
    let ringStride = 3 * mapSegment
    let unfiltered = scan.rows + mapRow + roundedToVectors(window)
    if request.withGradient {
      (scan.rows + mapRow).update(repeating: 0, count: ringStride)
      (scan.rows + maps).update(repeating: 0, count: Self.ring * ringStride)
    }
    // The first rows of gradient need the maps of up to ten rows of windows above them.
    let first = request.withGradient ? max(0, piece.lowerBound - Self.ring + Self.group) : piece.lowerBound
    let last = request.withGradient ? piece.upperBound : min(piece.upperBound, windows)
    for group in stride(from: first, to: last, by: Self.group) {
      let isOwn = group >= piece.lowerBound
      let mid = scan.planes + scale.mid + group * scale.stride
      let difference = scan.planes + scale.difference + group * scale.stride
      if group < windows {
        kernels.similarityColumns(
          mid: mid, difference: difference, stride: scale.stride, taps: scan.taps, scan.rows + columns,
          segment: columnSegment, width: scale.wholeWidth)
      }
      for row in group..<group + Self.group {
        let filtered = scan.rows + maps + row % Self.ring * ringStride
        if row < windows {
          let deficit = kernels.similarityRow(
            scan.rows + columns + (row - group) * 4 * columnSegment, segment: columnSegment, taps: scan.taps,
            scan.constants, deficits: request.map.map { _ in scan.rows + deficitRow },
            maps: request.withGradient ? unfiltered : nil, mapSegment: mapSegment, width: positions)
          if isOwn { scan.deficits[row] = deficit }
          finishRow(row, positions, scan, isOwn: isOwn, maps: unfiltered)
          if request.withGradient {
            kernels.similarityMapRow(
              unfiltered, segment: mapSegment, taps: scan.taps, filtered, width: scale.wholeWidth)
          }
        } else if request.withGradient {
          filtered.update(repeating: 0, count: ringStride)
        }
      }
      if request.withGradient && isOwn {
        // The windows that hold row `group` start up to ten rows above it.
        kernels.similarityGradientRows(
          scan.rows + maps, first: (group + Self.ring - window + 1) % Self.ring, stride: ringStride,
          segment: mapSegment, taps: scan.taps, mid: mid, difference: difference, stride: scale.stride,
          scan.planes + scale.gradient + group * scale.stride, width: scale.wholeWidth)
      }
    }
  }

  /// Windows of any odd size.
  private func scanByRows(_ scan: Scan, _ piece: Range<Int>) {
    let (scale, request) = (scan.scale, scan.request)
    let windows = scale.wholeHeight - window + 1
    let positions = scale.wholeWidth - window + 1
    let mapMargin = roundedToVectors(window)
    let mapStride = 3 * mapSegment
    if request.withGradient { (scan.rows + maps).update(repeating: 0, count: window * mapStride) }
    let first = request.withGradient ? max(0, piece.lowerBound - window + 1) : piece.lowerBound
    let last = request.withGradient ? piece.upperBound : min(piece.upperBound, windows)
    if first >= last { return }
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: window) { list in
      guard let list = list.baseAddress else { return }
      for row in first..<last {
        let isOwn = row >= piece.lowerBound
        let mid = scan.planes + scale.mid + row * scale.stride
        let difference = scan.planes + scale.difference + row * scale.stride
        if row < windows {
          let here = scan.rows + maps + row % window * mapStride + mapMargin
          kernels.windowColumns(
            mid: mid, difference: difference, stride: scale.stride, taps: scan.taps, window: window,
            scan.rows + columns, segment: columnSegment, width: scale.wholeWidth)
          let deficit = kernels.windowRow(
            scan.rows + columns, segment: columnSegment, taps: scan.taps, window: window, scan.constants,
            deficits: request.map.map { _ in scan.rows + deficitRow }, maps: request.withGradient ? here : nil,
            mapSegment: mapSegment, width: positions)
          if isOwn { scan.deficits[row] = deficit }
          finishRow(row, positions, scan, isOwn: isOwn, maps: here)
        }
        if !request.withGradient || !isOwn { continue }
        // Row `row` of the image lies in the windows that start at the rows above ... below.
        let above = max(0, row - window + 1)
        let below = min(row, windows - 1)
        for k in above...below { list[k - above] = UnsafePointer(scan.rows + maps + k % window * mapStride) }
        kernels.weightedRows(
          list, weights: scan.taps + (window - 1 - row + above), count: below - above + 1, scan.rows + mapRow,
          width: mapStride)
        kernels.windowGradientRow(
          scan.rows + mapRow + mapMargin, segment: mapSegment, taps: scan.taps, window: window, mid: mid,
          difference: difference, scan.planes + scale.gradient + row * scale.stride, width: scale.wholeWidth)
      }
    }
  }

  /// Writes a row of the map, and multiplies the three maps by what comes from upstream; exactly 0 where that is 0.
  private func finishRow(
    _ row: Int, _ positions: Int, _ scan: Scan, isOwn: Bool, maps: UnsafeMutablePointer<Float>
  ) {
    if let map = scan.request.map, isOwn {
      let deficits = scan.rows + deficitRow
      let here = map + row * positions
      for i in 0..<positions { here[i] = 1 - deficits[i] }
    }
    if let upstream = scan.request.upstream {
      let here = upstream + row * positions
      for k in 0..<3 {
        let values = maps + k * mapSegment
        for i in 0..<positions { values[i] = here[i] == 0 ? 0 : values[i] * here[i] }
      }
    }
  }
}
