import PerceptualCore
import PerceptualKernels

// One scale's term: planes are scanned from top to bottom. A window's moments come from its columns' and those from
// their pixels, both about a pixel inside. The gradient is the transposed filter of three maps, of which only the last
// rows are kept. Windows of 11, the published size, have kernels of their own, which take four rows at a time; any other
// goes row by row.

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

  /// The number of positions at one scale.
  func positions(ofScale index: Int) -> Int {
    (scales[index].wholeHeight - window + 1) * (scales[index].wholeWidth - window + 1)
  }

  /// The mean over positions of one scale's term.
  func term(
    ofScale index: Int, _ request: Request, offsets: Offsets, _ scratch: UnsafeMutablePointer<Float>
  ) -> Double {
    let scale = scales[index]
    let isRectified = options.scaleOptions(isLast: index == scales.count - 1).rectifiedContrast
    let constants = SimilarityConstants(
      luminance: luminanceConstant, contrast: contrastConstant, withLuminance: request.withLuminance,
      isRectified: isRectified, offset: offsets.mid, differenceOffset: offsets.difference)
    let deficit = taps.withUnsafeBufferPointer { taps in
      taps.baseAddress.map { taps in
        isPublishedWindow
          ? deficitByGroups(scale, constants, taps, request, scratch)
          : deficitByRows(scale, constants, taps, request, scratch)
      }
    }
    return 1 - (deficit ?? 0) / Double(positions(ofScale: index))
  }

  /// The sum of 1 - the term over all windows of 11.
  private func deficitByGroups(
    _ scale: Scale, _ constants: SimilarityConstants, _ taps: UnsafePointer<Float>, _ request: Request,
    _ scratch: UnsafeMutablePointer<Float>
  ) -> Double {
    let rows = scale.wholeHeight - window + 1
    let positions = scale.wholeWidth - window + 1
    let ringStride = 3 * mapSegment
    let unfiltered = scratch + mapRow + roundedToVectors(window)
    if request.withGradient {
      (scratch + mapRow).update(repeating: 0, count: ringStride)
      (scratch + maps).update(repeating: 0, count: Self.ring * ringStride)
    }
    var deficit = 0.0
    for first in stride(from: 0, to: request.withGradient ? scale.wholeHeight : rows, by: Self.group) {
      let mid = scratch + scale.mid + first * scale.stride
      let difference = scratch + scale.difference + first * scale.stride
      if first < rows {
        kernels.similarityColumns(
          mid: mid, difference: difference, stride: scale.stride, taps: taps, scratch + columns,
          segment: columnSegment, width: scale.wholeWidth)
      }
      for row in first..<first + Self.group {
        let filtered = scratch + maps + row % Self.ring * ringStride
        if row < rows {
          deficit += kernels.similarityRow(
            scratch + columns + (row - first) * 4 * columnSegment, segment: columnSegment, taps: taps, constants,
            deficits: request.map.map { _ in scratch + deficitRow },
            maps: request.withGradient ? unfiltered : nil, mapSegment: mapSegment, width: positions)
          finishRow(row, positions, request, maps: unfiltered, scratch)
          if request.withGradient {
            kernels.similarityMapRow(unfiltered, segment: mapSegment, taps: taps, filtered, width: scale.wholeWidth)
          }
        } else if request.withGradient {
          filtered.update(repeating: 0, count: ringStride)
        }
      }
      if request.withGradient {
        // The windows that hold row `first` start up to ten rows above it.
        kernels.similarityGradientRows(
          scratch + maps, first: (first + Self.ring - window + 1) % Self.ring, stride: ringStride, segment: mapSegment,
          taps: taps, mid: mid, difference: difference, stride: scale.stride,
          scratch + scale.gradient + first * scale.stride, width: scale.wholeWidth)
      }
    }
    return deficit
  }

  /// The sum of 1 - the term over all windows, of any odd size.
  private func deficitByRows(
    _ scale: Scale, _ constants: SimilarityConstants, _ taps: UnsafePointer<Float>, _ request: Request,
    _ scratch: UnsafeMutablePointer<Float>
  ) -> Double {
    let rows = scale.wholeHeight - window + 1
    let positions = scale.wholeWidth - window + 1
    let mapMargin = roundedToVectors(window)
    let mapStride = 3 * mapSegment
    if request.withGradient { (scratch + maps).update(repeating: 0, count: window * mapStride) }
    var deficit = 0.0
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: window) { list in
      guard let list = list.baseAddress else { return }
      for row in 0..<(request.withGradient ? scale.wholeHeight : rows) {
        let mid = scratch + scale.mid + row * scale.stride
        let difference = scratch + scale.difference + row * scale.stride
        if row < rows {
          let here = scratch + maps + row % window * mapStride + mapMargin
          kernels.windowColumns(
            mid: mid, difference: difference, stride: scale.stride, taps: taps, window: window, scratch + columns,
            segment: columnSegment, width: scale.wholeWidth)
          deficit += kernels.windowRow(
            scratch + columns, segment: columnSegment, taps: taps, window: window, constants,
            deficits: request.map.map { _ in scratch + deficitRow }, maps: request.withGradient ? here : nil,
            mapSegment: mapSegment, width: positions)
          finishRow(row, positions, request, maps: here, scratch)
        }
        if !request.withGradient { continue }
        // Row `row` of the image lies in the windows that start at the rows first ... last.
        let first = max(0, row - window + 1)
        let last = min(row, rows - 1)
        for k in first...last { list[k - first] = UnsafePointer(scratch + maps + k % window * mapStride) }
        kernels.weightedRows(
          list, weights: taps + (window - 1 - row + first), count: last - first + 1, scratch + mapRow,
          width: mapStride)
        kernels.windowGradientRow(
          scratch + mapRow + mapMargin, segment: mapSegment, taps: taps, window: window, mid: mid,
          difference: difference, scratch + scale.gradient + row * scale.stride, width: scale.wholeWidth)
      }
    }
    return deficit
  }

  /// Writes a row of the map, and multiplies the three maps by what comes from upstream; exactly 0 where that is 0.
  private func finishRow(
    _ row: Int, _ positions: Int, _ request: Request, maps: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    if let map = request.map {
      let deficits = scratch + deficitRow
      let here = map + row * positions
      for i in 0..<positions { here[i] = 1 - deficits[i] }
    }
    if let upstream = request.upstream {
      let here = upstream + row * positions
      for k in 0..<3 {
        let values = maps + k * mapSegment
        for i in 0..<positions { values[i] = here[i] == 0 ? 0 : values[i] * here[i] }
      }
    }
  }
}
