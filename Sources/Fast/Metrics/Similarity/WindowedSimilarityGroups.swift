import PerceptualCore
import PerceptualKernels

// Windows of the published size, 11, in groups of as many rows as a vector has lanes.

extension WindowedSimilarity {
  /// Places of a group's rows, turned round: of each column a vector of every quantity, a lane for each row.
  struct GroupPlaces: Sendable {
    /// Columns that the kernels take at a time, few enough for what one leaves to the next to stay in the first cache.
    static let chunk = 64

    /// Four moments a column.
    let columns: Int
    /// Three maps a window; ten columns of zeros before and after.
    let maps: Int
    /// Of each row of a group.
    let deficits: Int
    /// Three maps filtered along rows, of the ten rows above the group and of its own: blocks of as many columns as a
    /// vector has lanes.
    let kept: Int
    /// Four squares of vectors.
    let room: Int

    init(_ rows: inout ScratchLayout, width: Int, lanes: Int) {
      let whole = roundedToVectors(width)
      columns = rows.take(4 * (whole + 16) * lanes)
      maps = rows.take(3 * (whole + 32) * lanes)
      deficits = rows.take((whole + 16) * lanes)
      kept = rows.take(3 * whole * (lanes + 10))
      room = rows.take(4 * lanes * lanes)
    }
  }

  func scanByGroups(_ scan: Scan, _ piece: Range<Int>, _ places: GroupPlaces) {
    let (scale, request) = (scan.scale, scan.request)
    let windows = scale.wholeHeight - window + 1
    let lanes = group
    let room = scan.rows + places.room
    room.update(repeating: 0, count: 4 * lanes * lanes)
    if request.withGradient {
      (scan.rows + places.maps).update(repeating: 0, count: 3 * 10 * lanes)
      for block in stride(from: 0, to: scale.wholeWidth, by: lanes) {
        (scan.rows + places.kept + 3 * block * (lanes + 10)).update(repeating: 0, count: 3 * 10 * lanes)
      }
    }
    // The first rows of gradient need the maps of up to ten rows of windows above them.
    let above = (window - 1 + lanes - 1) / lanes * lanes
    let first = request.withGradient ? max(0, piece.lowerBound - above) : piece.lowerBound
    let last = request.withGradient ? piece.upperBound : min(piece.upperBound, windows)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: lanes) { sums in
      guard let sums = sums.baseAddress else { return }
      for row in stride(from: first, to: last, by: lanes) {
        let isOwn = row >= piece.lowerBound
        sums.initialize(repeating: 0, count: lanes)
        let rows = max(0, min(lanes, windows - row))
        scanGroup(scan, places, row, rows: rows, isOwn: isOwn, sums)
        if isOwn { for lane in 0..<rows { scan.deficits[row + lane] = sums[lane] } }
      }
    }
  }

  /// One group of `rows` rows of windows, chunk by chunk: a window needs ten columns after it, and a column's gradient
  /// ten windows before it.
  private func scanGroup(
    _ scan: Scan, _ places: GroupPlaces, _ row: Int, rows: Int, isOwn: Bool, _ sums: UnsafeMutablePointer<Double>
  ) {
    let (scale, request, lanes) = (scan.scale, scan.request, group)
    let (width, positions) = (scale.wholeWidth, scale.wholeWidth - window + 1)
    let (columns, room) = (scan.rows + places.columns, scan.rows + places.room)
    let maps = scan.rows + places.maps + 3 * 10 * lanes
    let deficits = request.map.map { _ in scan.rows + places.deficits }
    let mid = scan.planes + scale.mid + row * scale.stride
    let difference = scan.planes + scale.difference + row * scale.stride
    var done = (columns: 0, windows: 0, gradient: 0)
    while done.columns < width {
      let end = min(done.columns + GroupPlaces.chunk, width)
      let isLast = end == width
      let windowsEnd = isLast ? positions : max(0, end - window + 1) / 4 * 4
      if rows > 0 {
        kernels.similarityColumns(
          mid: mid, difference: difference, stride: scale.stride, taps: scan.taps, rows: rows, columns, room: room,
          from: done.columns, to: end)
        kernels.similarityWindows(
          columns, taps: scan.taps, scan.constants, deficits: deficits, maps: request.withGradient ? maps : nil, sums,
          from: done.windows, to: windowsEnd)
        finish(scan, row, rows, done.windows..<windowsEnd, isOwn: isOwn, maps: maps, deficits: deficits)
      }
      if request.withGradient {
        if isLast { (maps + 3 * positions * lanes).update(repeating: 0, count: 3 * (10 + 16) * lanes) }
        let gradientEnd = isLast ? width : windowsEnd / lanes * lanes
        kernels.similarityGradient(
          maps, windows: rows, taps: scan.taps, scan.rows + places.kept, room: room, mid: mid, difference: difference,
          stride: scale.stride, scan.planes + scale.gradient + row * scale.stride,
          rows: isOwn ? min(lanes, scale.wholeHeight - row) : 0, from: done.gradient, to: gradientEnd)
        done.gradient = gradientEnd
      }
      done.windows = windowsEnd
      done.columns = end
    }
  }

  /// Writes some columns of the map, and multiplies the three maps by what comes from upstream; exactly 0 where that is
  /// 0.
  private func finish(
    _ scan: Scan, _ row: Int, _ rows: Int, _ windows: Range<Int>, isOwn: Bool, maps: MutableFloats,
    deficits: MutableFloats?
  ) {
    let (positions, lanes) = (scan.scale.wholeWidth - window + 1, group)
    for lane in 0..<rows {
      let start = (row + lane) * positions
      if let map = scan.request.map, let deficits, isOwn {
        for j in windows { map[start + j] = 1 - deficits[j * lanes + lane] }
      }
      if let upstream = scan.request.upstream {
        for j in windows {
          let factor = upstream[start + j]
          for k in 0..<3 {
            let place = (3 * j + k) * lanes + lane
            maps[place] = factor == 0 ? 0 : maps[place] * factor
          }
        }
      }
    }
  }
}
