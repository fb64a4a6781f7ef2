import Foundation
import PerceptualCore
import PerceptualKernels

/// The Gaussian window and the scratch memory of SSIM and MS-SSIM: one plane, an image's channel, at all its scales.
///
/// For each scale, the plane of the prediction and that of its difference from the target are scanned row by row. A
/// window's moments come from its columns' and those from their pixels, both about their means, so that no digits
/// cancel. The gradient of a scale's term is the transposed filter of three maps, of which only the last `window` rows
/// are kept.
struct WindowedSimilarity {
  struct Scale {
    let height: Int
    let width: Int
    /// Floats between rows of the three planes; each row has a margin before it.
    let stride: Int
    let prediction: Int
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
  /// Rows of three maps, `mapSegment` floats each, with zeros before and after.
  let maps: Int
  let mapSegment: Int
  let filteredMaps: Int
  let scratchCount: Int

  static let margin = 16

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
      let places = (0..<3).map { _ in layout.take((h + 1) * stride + Self.margin) + Self.margin + stride }
      scales.append(
        Scale(height: h, width: w, stride: stride, prediction: places[0], difference: places[1], gradient: places[2]))
      let up = oddSizes == .pad ? 1 : 0
      (h, w) = ((h + up) / 2, (w + up) / 2)
    }
    self.scales = scales
    columnSegment = roundedToVectors(width) + roundedToVectors(window) + 16
    columns = layout.take(4 * columnSegment)
    mapSegment = roundedToVectors(width - window + 1) + 2 * roundedToVectors(window) + 16
    maps = layout.take(window * 3 * mapSegment)
    filteredMaps = layout.take(3 * mapSegment)
    scratchCount = layout.count
  }

  /// The constants taken off the planes, their means: only the luminance sees them, and the gradient's products lose
  /// fewer digits without them.
  struct Offsets {
    var prediction: Float
    var difference: Float
  }

  /// Fills the finest scale from the two images and pools the others from it.
  func fillScales(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) -> Offsets {
    let finest = scales[0]
    let width = finest.width
    var sums = (prediction: Float(0), difference: Float(0))
    for row in 0..<finest.height {
      let difference = scratch + finest.difference + row * finest.stride
      kernels.scaledDifference(prediction + row * width, target + row * width, scale: 1, difference, count: width)
      sums.prediction += kernels.sum(prediction + row * width, count: width)
      sums.difference += kernels.sum(difference, count: width)
    }
    // One pixel that is not a number must not spread to all windows.
    func mean(_ sum: Float) -> Float { sum.isFinite ? sum / Float(finest.height * width) : 0 }
    let offsets = Offsets(prediction: mean(sums.prediction), difference: mean(sums.difference))
    for row in 0..<finest.height {
      let place = row * finest.stride
      let difference = scratch + finest.difference + place
      kernels.shiftedRow(
        prediction + row * width, minus: offsets.prediction, scratch + finest.prediction + place, count: width)
      kernels.shiftedRow(difference, minus: offsets.difference, difference, count: width)
    }
    for index in 1..<scales.count {
      let (fine, coarse) = (scales[index - 1], scales[index])
      pool(scratch + fine.prediction, fine, scratch + coarse.prediction, coarse, padding: -offsets.prediction)
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
    let rows = scale.height - window + 1
    let positions = scale.width - window + 1
    let mapMargin = roundedToVectors(window)
    let mapRow = 3 * mapSegment
    if withGradient { (scratch + maps).update(repeating: 0, count: window * mapRow) }
    var deficit = 0.0
    taps.withUnsafeBufferPointer { tapBuffer in
      guard let taps = tapBuffer.baseAddress else { return }
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: window) { list in
        guard let list = list.baseAddress else { return }
        for row in 0..<(withGradient ? scale.height : rows) {
          if row < rows {
            kernels.windowColumns(
              scratch + scale.prediction + row * scale.stride,
              difference: scratch + scale.difference + row * scale.stride, stride: scale.stride, taps: taps,
              window: window, scratch + columns, segment: columnSegment, width: scale.width)
            deficit += kernels.windowRow(
              scratch + columns, segment: columnSegment, taps: taps, window: window,
              luminanceConstant: luminanceConstant, contrastConstant: contrastConstant, withLuminance: withLuminance,
              offset: offsets.prediction, differenceOffset: offsets.difference,
              maps: withGradient ? scratch + maps + row % window * mapRow + mapMargin : nil, mapSegment: mapSegment,
              width: positions)
          }
          if !withGradient { continue }
          // Row `row` of the image lies in the windows that start at the rows first ... last.
          let first = max(0, row - window + 1)
          let last = min(row, rows - 1)
          for k in first...last { list[k - first] = UnsafePointer(scratch + maps + k % window * mapRow) }
          kernels.weightedRows(
            list, weights: taps + (window - 1 - row + first), count: last - first + 1, scratch + filteredMaps,
            width: mapRow)
          kernels.windowGradientRow(
            scratch + filteredMaps + mapMargin, segment: mapSegment, taps: taps, window: window,
            x: scratch + scale.prediction + row * scale.stride,
            difference: scratch + scale.difference + row * scale.stride,
            scratch + scale.gradient + row * scale.stride, width: scale.width)
        }
      }
    }
    return 1 - deficit / Double(rows * positions)
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
