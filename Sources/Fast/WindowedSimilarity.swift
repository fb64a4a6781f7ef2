import Foundation
import PerceptualCore
import PerceptualKernels

/// The Gaussian window and the scratch memory of SSIM and MS-SSIM: one plane, an image's channel, at all its scales.
///
/// For each scale, the planes of the mid image (x + y) / 2 and of the difference x - y are scanned from top to bottom.
/// A window's moments come from its columns' and those from their pixels, both about a pixel inside. The gradient of a
/// scale's term is the transposed filter of three maps, of which only the last rows are kept. The published window of 11
/// has kernels of its own, which take four rows at a time; any other goes row by row.
struct WindowedSimilarity {
  struct Scale {
    let height: Int
    let width: Int
    /// Floats between rows of the three planes; each row has a margin before it.
    let stride: Int
    let mid: Int
    let difference: Int
    let gradient: Int
    var firstRow: Int { height % 2 }
    var firstColumn: Int { width % 2 }
  }

  let kernels: any KernelSet.Type
  let window: Int
  let taps: [Float]
  let luminanceConstant: Float
  let contrastConstant: Float
  let oddSizes: OddSizes
  let scales: [Scale]
  let columns: Int
  let columnSegment: Int
  /// Rows of three maps, `mapSegment` floats each. In groups: 16 rows that are already filtered along rows; else as many
  /// as the window has, each with zeros before and after.
  let maps: Int
  let mapSegment: Int
  /// One row of three maps: in groups not yet filtered, with zeros before and after; else already filtered along columns.
  let mapRow: Int
  let scratchCount: Int

  static let margin = 16
  /// Rows of windows that the kernels of the published window take at a time, and the rows of maps that they keep.
  static let group = 4
  static let ring = 16
  var isPublishedWindow: Bool { window == 11 }

  init(
    _ execution: Execution, _ options: StructuralSimilarityOptions, height: Int, width: Int, scaleCount: Int,
    oddSizes: OddSizes
  ) {
    kernels = execution.kernels
    window = options.windowSize
    let centre = Double(window - 1) / 2
    let bell = (0..<window).map { exp(-pow((Double($0) - centre) / options.sigma, 2) / 2) }
    let sum = bell.reduce(0, +)
    taps = bell.map { Float($0 / sum) }
    luminanceConstant = Float(options.luminanceConstant)
    contrastConstant = Float(options.contrastConstant)
    self.oddSizes = oddSizes

    var layout = ScratchLayout()
    var scales: [Scale] = []
    var (h, w) = (height, width)
    for _ in 0..<scaleCount {
      // Room after the row for whole vectors, also for pooling that reads two for each one it writes.
      let stride = Self.margin + roundedToVectors(w) + 32
      // A row before the first for padding, and rows after the last, since groups may reach beyond it.
      let rows = h + 1 + Self.group
      let places = (0..<3).map { _ in layout.take(rows * stride + Self.margin) + Self.margin + stride }
      scales.append(
        Scale(height: h, width: w, stride: stride, mid: places[0], difference: places[1], gradient: places[2]))
      let up = oddSizes == .pad ? 1 : 0
      (h, w) = ((h + up) / 2, (w + up) / 2)
    }
    self.scales = scales
    columnSegment = roundedToVectors(width) + roundedToVectors(window) + 16
    columns = layout.take(Self.group * 4 * columnSegment)
    mapSegment = roundedToVectors(width - window + 1) + 2 * roundedToVectors(window) + 16
    maps = layout.take(max(window, Self.ring) * 3 * mapSegment)
    mapRow = layout.take(3 * mapSegment)
    scratchCount = layout.count
  }

  /// The constants taken off the planes, their means: only the luminance sees them, and the gradient's products lose
  /// fewer digits without them.
  struct Offsets {
    var mid: Float
    var difference: Float
  }

  /// Fills the finest scale from the two images and pools the others from it.
  func fillScales(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) -> Offsets {
    let finest = scales[0]
    let width = finest.width
    // The mean of every eighth row is near enough: any constant serves.
        var sums = (prediction: Float(0), target: Float(0))
    for row in stride(from: 0, to: finest.height, by: 8) {
      sums.prediction += kernels.sum(prediction + row * width, count: width)
      sums.target += kernels.sum(target + row * width, count: width)
    }
    // One pixel that is not a number must not spread to all windows.
    let pixels = Float((finest.height + 7) / 8 * width)
    func mean(_ sum: Float) -> Float { sum.isFinite ? sum / pixels : 0 }
    let offsets = Offsets(
      mid: mean((sums.prediction + sums.target) / 2), difference: mean(sums.prediction - sums.target))
    for row in 0..<finest.height {
      let place = row * finest.stride
      kernels.midAndDifferenceRow(
        prediction + row * width, target + row * width, offset: offsets.mid, differenceOffset: offsets.difference,
        mid: scratch + finest.mid + place, difference: scratch + finest.difference + place, count: width)
    }
    for index in 1..<scales.count {
      let (fine, coarse) = (scales[index - 1], scales[index])
      pool(scratch + fine.mid, fine, scratch + coarse.mid, coarse, padding: -offsets.mid)
      pool(scratch + fine.difference, fine, scratch + coarse.difference, coarse, padding: -offsets.difference)
    }
    return offsets
  }

  private func pool(
    _ from: UnsafeMutablePointer<Float>, _ fine: Scale, _ to: UnsafeMutablePointer<Float>, _ coarse: Scale,
    padding: Float
  ) {
    let rowOffset = oddSizes == .pad ? fine.firstRow : 0
    let columnOffset = oddSizes == .pad ? fine.firstColumn : 0
    if rowOffset > 0 { (from - fine.stride - 1).update(repeating: padding, count: fine.stride) }
    if columnOffset > 0 { for row in 0..<fine.height { from[row * fine.stride - 1] = padding } }
    for row in 0..<coarse.height {
      let upper = from + (2 * row - rowOffset) * fine.stride - columnOffset
      kernels.pooledRow(upper, upper + fine.stride, to + row * coarse.stride, width: coarse.width)
    }
  }

  /// The mean over positions of one scale's term, and, where `withGradient`, that mean's gradient times the number of
  /// positions in the scale's gradient plane.
  func term(
    ofScale index: Int, withLuminance: Bool, withGradient: Bool, offsets: Offsets,
    _ scratch: UnsafeMutablePointer<Float>
  ) -> Double {
    let scale = scales[index]
    let constants = SimilarityConstants(
      luminance: luminanceConstant, contrast: contrastConstant, withLuminance: withLuminance, offset: offsets.mid,
      differenceOffset: offsets.difference)
    let deficit = taps.withUnsafeBufferPointer { taps in
      taps.baseAddress.map { taps in
        isPublishedWindow
          ? deficitByGroups(scale, constants, taps, withGradient, scratch)
          : deficitByRows(scale, constants, taps, withGradient, scratch)
      }
    }
    return 1 - (deficit ?? 0) / Double((scale.height - window + 1) * (scale.width - window + 1))
  }

  /// The sum of 1 - the term over all windows of 11.
  private func deficitByGroups(
    _ scale: Scale, _ constants: SimilarityConstants, _ taps: UnsafePointer<Float>, _ withGradient: Bool,
    _ scratch: UnsafeMutablePointer<Float>
  ) -> Double {
    let rows = scale.height - window + 1
    let positions = scale.width - window + 1
    let ringStride = 3 * mapSegment
    let unfiltered = scratch + mapRow + roundedToVectors(window)
    if withGradient {
      (scratch + mapRow).update(repeating: 0, count: ringStride)
      (scratch + maps).update(repeating: 0, count: Self.ring * ringStride)
    }
    var deficit = 0.0
    for first in stride(from: 0, to: withGradient ? scale.height : rows, by: Self.group) {
      let mid = scratch + scale.mid + first * scale.stride
      let difference = scratch + scale.difference + first * scale.stride
      if first < rows {
        kernels.similarityColumns(
          mid: mid, difference: difference, stride: scale.stride, taps: taps, scratch + columns,
          segment: columnSegment, width: scale.width)
      }
      for row in first..<first + Self.group {
        let filtered = scratch + maps + row % Self.ring * ringStride
        if row < rows {
          deficit += kernels.similarityRow(
            scratch + columns + (row - first) * 4 * columnSegment, segment: columnSegment, taps: taps, constants,
            maps: withGradient ? unfiltered : nil, mapSegment: mapSegment, width: positions)
          if withGradient {
            kernels.similarityMapRow(unfiltered, segment: mapSegment, taps: taps, filtered, width: scale.width)
          }
        } else if withGradient {
          filtered.update(repeating: 0, count: ringStride)
        }
      }
      if withGradient {
        // The windows that hold row `first` start up to ten rows above it.
        kernels.similarityGradientRows(
          scratch + maps, first: (first + Self.ring - window + 1) % Self.ring, stride: ringStride, segment: mapSegment,
          taps: taps, mid: mid, difference: difference, stride: scale.stride,
          scratch + scale.gradient + first * scale.stride, width: scale.width)
      }
    }
    return deficit
  }

  /// The sum of 1 - the term over all windows, of any odd size.
  private func deficitByRows(
    _ scale: Scale, _ constants: SimilarityConstants, _ taps: UnsafePointer<Float>, _ withGradient: Bool,
    _ scratch: UnsafeMutablePointer<Float>
  ) -> Double {
    let rows = scale.height - window + 1
    let positions = scale.width - window + 1
    let mapMargin = roundedToVectors(window)
    let mapStride = 3 * mapSegment
    if withGradient { (scratch + maps).update(repeating: 0, count: window * mapStride) }
    var deficit = 0.0
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: window) { list in
      guard let list = list.baseAddress else { return }
      for row in 0..<(withGradient ? scale.height : rows) {
        let mid = scratch + scale.mid + row * scale.stride
        let difference = scratch + scale.difference + row * scale.stride
        if row < rows {
          kernels.windowColumns(
            mid: mid, difference: difference, stride: scale.stride, taps: taps, window: window, scratch + columns,
            segment: columnSegment, width: scale.width)
          deficit += kernels.windowRow(
            scratch + columns, segment: columnSegment, taps: taps, window: window, constants,
            maps: withGradient ? scratch + maps + row % window * mapStride + mapMargin : nil, mapSegment: mapSegment,
            width: positions)
        }
        if !withGradient { continue }
        // Row `row` of the image lies in the windows that start at the rows first ... last.
        let first = max(0, row - window + 1)
        let last = min(row, rows - 1)
        for k in first...last { list[k - first] = UnsafePointer(scratch + maps + k % window * mapStride) }
        kernels.weightedRows(
          list, weights: taps + (window - 1 - row + first), count: last - first + 1, scratch + mapRow,
          width: mapStride)
        kernels.windowGradientRow(
          scratch + mapRow + mapMargin, segment: mapSegment, taps: taps, window: window, mid: mid,
          difference: difference, scratch + scale.gradient + row * scale.stride, width: scale.width)
      }
    }
    return deficit
  }

  /// Joins the scales' gradient planes, each times its factor, coarsest first, and writes the image's gradient.
  ///
  /// `factors` are those of the terms, one a scale; a scale whose factor is 0 adds exactly nothing.
  func joinGradients(
    factors: [Double], _ gradient: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    for index in scales.indices.reversed() {
      let scale = scales[index]
      let positions = (scale.height - window + 1) * (scale.width - window + 1)
      let factor = Float(factors[index] / Double(positions))
      let plane = scratch + scale.gradient
      for row in 0..<scale.height {
        let here = plane + row * scale.stride
        if factor == 0 {
          here.update(repeating: 0, count: scale.stride - Self.margin)
        } else {
          kernels.scaleRow(here, by: factor, width: scale.width)
        }
        if index + 1 < scales.count { addCoarser(scales[index + 1], to: here, row, scale, scratch) }
        if index == 0 { (gradient + row * scale.width).update(from: here, count: scale.width) }
      }
    }
  }

  private func addCoarser(
    _ coarse: Scale, to row: UnsafeMutablePointer<Float>, _ index: Int, _ fine: Scale,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let rowOffset = oddSizes == .pad ? fine.firstRow : 0
    let columnOffset = oddSizes == .pad ? fine.firstColumn : 0
    let coarseIndex = (index + rowOffset) / 2
    if coarseIndex >= coarse.height { return }
    let coarseRow = scratch + coarse.gradient + coarseIndex * coarse.stride
    // A column dropped before pooling has no part in it.
    coarseRow[coarse.width] = 0
    kernels.addPooledGradientRow(coarseRow, row - columnOffset, width: coarse.width)
  }
}
