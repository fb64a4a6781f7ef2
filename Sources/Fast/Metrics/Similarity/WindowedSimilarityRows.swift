import PerceptualCore
import PerceptualKernels

// Windows of any odd size but the published one, row by row.

extension WindowedSimilarity {
  /// Places of a scan's rows.
  struct RowPlaces: Sendable {
    /// A row's moments, `columnSegment` floats each.
    let columns: Int
    let columnSegment: Int
    /// As many rows of three maps as the window has, `mapSegment` floats each, with zeros before and after.
    let maps: Int
    let mapSegment: Int
    /// One row of three maps, filtered along columns.
    let mapRow: Int
    let deficitRow: Int

    init(_ rows: inout ScratchLayout, width: Int, window: Int) {
      columnSegment = roundedToVectors(width) + roundedToVectors(window) + 16
      columns = rows.take(4 * columnSegment)
      mapSegment = roundedToVectors(width - window + 1) + 2 * roundedToVectors(window) + 16
      maps = rows.take(window * 3 * mapSegment)
      mapRow = rows.take(3 * mapSegment)
      deficitRow = rows.take(mapSegment)
    }
  }

  /// Windows of any odd size.
  func scanByRows(_ scan: Scan, _ piece: Range<Int>, _ places: RowPlaces) {
    let (scale, request) = (scan.scale, scan.request)
    let windows = scale.wholeHeight - window + 1
    let positions = scale.wholeWidth - window + 1
    let mapMargin = roundedToVectors(window)
    let (columns, maps) = (scan.rows + places.columns, scan.rows + places.maps)
    let (columnSegment, mapSegment) = (places.columnSegment, places.mapSegment)
    let mapStride = 3 * mapSegment
    if request.withGradient { maps.update(repeating: 0, count: window * mapStride) }
    let first = request.withGradient ? max(0, piece.lowerBound - window + 1) : piece.lowerBound
    let last = request.withGradient ? piece.upperBound : min(piece.upperBound, windows)
    if first >= last { return }
    withUnsafeTemporaryAllocation(of: Floats.self, capacity: window) { list in
      guard let list = list.baseAddress else { return }
      for row in first..<last {
        let isOwn = row >= piece.lowerBound
        let mid = scan.planes + scale.mid + row * scale.stride
        let difference = scan.planes + scale.difference + row * scale.stride
        if row < windows {
          let here = maps + row % window * mapStride + mapMargin
          kernels.windowColumns(
            mid: mid, difference: difference, stride: scale.stride, taps: scan.taps, window: window,
            columns, segment: columnSegment, width: scale.wholeWidth)
          let deficit = kernels.windowRow(
            columns, segment: columnSegment, taps: scan.taps, window: window, scan.constants,
            deficits: request.map.map { _ in scan.rows + places.deficitRow }, maps: request.withGradient ? here : nil,
            mapSegment: mapSegment, width: positions)
          if isOwn { scan.deficits[row] = deficit }
          finishRow(row, positions, scan, places, isOwn: isOwn, maps: here)
        }
        if !request.withGradient || !isOwn { continue }
        // Row `row` of the image lies in the windows that start at the rows above ... below.
        let above = max(0, row - window + 1)
        let below = min(row, windows - 1)
        for k in above...below { list[k - above] = UnsafePointer(maps + k % window * mapStride) }
        kernels.weightedRows(
          list, weights: scan.taps + (window - 1 - row + above), count: below - above + 1, scan.rows + places.mapRow,
          width: mapStride)
        kernels.windowGradientRow(
          scan.rows + places.mapRow + mapMargin, segment: mapSegment, taps: scan.taps, window: window, mid: mid,
          difference: difference, scan.planes + scale.gradient + row * scale.stride, width: scale.wholeWidth)
      }
    }
  }

  /// Writes a row of the map, and multiplies the three maps by what comes from upstream; exactly 0 where that is 0.
  private func finishRow(
    _ row: Int, _ positions: Int, _ scan: Scan, _ places: RowPlaces, isOwn: Bool, maps: MutableFloats
  ) {
    if let map = scan.request.map, isOwn {
      let deficits = scan.rows + places.deficitRow
      let here = map + row * positions
      for i in 0..<positions { here[i] = 1 - deficits[i] }
    }
    if let upstream = scan.request.upstream {
      let here = upstream + row * positions
      for k in 0..<3 {
        let values = maps + k * places.mapSegment
        for i in 0..<positions { values[i] = here[i] == 0 ? 0 : values[i] * here[i] }
      }
    }
  }
}
