import Foundation
import PerceptualCore
import PerceptualKernels

/// The window and the scratch memory of SSIM and MS-SSIM: one plane, an image's channel, at all its scales.
///
/// For each scale there are planes of the mid image (x + y) / 2 and of the difference x - y, and one for the gradient.
/// A scale whose windows are centred on every pixel has planes with a reflected border.
struct WindowedSimilarity: Sendable {
  struct Scale: Sendable {
    /// Size without border.
    let height: Int
    let width: Int
    /// Reflected rows and columns on each side.
    let border: Int
    /// Floats between rows of the three planes; each row has a margin before it.
    let stride: Int
    // Places of the planes' first pixel, that of the border where there is one.
    let mid: Int
    let difference: Int
    let gradient: Int
    /// Place of each row's sum of 1 - the term, in double precision.
    let deficits: Int

    var wholeHeight: Int { height + 2 * border }
    var wholeWidth: Int { width + 2 * border }
    /// From a plane's first pixel to the first inside the border.
    var inside: Int { border * (stride + 1) }
  }

  let kernels: any KernelSet.Type
  let options: MultiScaleStructuralSimilarityOptions
  let window: Int
  let taps: [Float]
  let luminanceConstant: Float
  let contrastConstant: Float
  let scales: [Scale]
  /// Places of rows, which are apart from the planes: several pieces of a plane may be scanned at a time.
  let places: Places
  /// Floats of the planes of all scales and of their rows' sums.
  let planesCount: Int
  /// Floats of the rows that one scan needs.
  let rowsCount: Int

  static let margin = 16
  /// Rows of windows that the kernels of the published size take at a time.
  var group: Int { kernels.vectorWidth }

  enum Places: Sendable {
    case rows(RowPlaces)
    case groups(GroupPlaces)
  }

  init(_ execution: Execution, _ options: MultiScaleStructuralSimilarityOptions, height: Int, width: Int) {
    kernels = execution.kernels
    self.options = options
    let window = options.scale.windowSize
    self.window = window
    let centre = Double(window - 1) / 2
    let bell = (0..<window).map { k in
      options.scale.window == .uniform ? 1 : exp(-pow((Double(k) - centre) / options.scale.sigma, 2) / 2)
    }
    let sum = bell.reduce(0, +)
    taps = bell.map { Float($0 / sum) }
    luminanceConstant = Float(options.scale.luminanceConstant)
    contrastConstant = Float(options.scale.contrastConstant)

    var layout = ScratchLayout()
    var scales: [Scale] = []
    var (h, w) = (height, width)
    for index in options.weights.indices {
      let isLast = index == options.weights.count - 1
      let border = options.scaleOptions(isLast: isLast).padding == .reflect ? options.scale.radius : 0
      // Room after the row for whole vectors, also for pooling that reads two for each one it writes.
      let stride = Self.margin + roundedToVectors(w + 2 * border) + 32
      // A row before the first for padding, and rows after the last: one repeated, and groups may reach beyond it.
      let rows = h + 2 * border + 2 + max(4, kernels.vectorWidth)
      let places = (0..<3).map { _ in layout.take(rows * stride + Self.margin) + Self.margin + stride }
      scales.append(
        Scale(
          height: h, width: w, border: border, stride: stride, mid: places[0], difference: places[1],
          gradient: places[2], deficits: layout.take(2 * (h + 2 * border))))
      (h, w) = (options.pooledSide(h), options.pooledSide(w))
    }
    self.scales = scales
    planesCount = layout.count
    var rows = ScratchLayout()
    let widest = scales.map(\.wholeWidth).max() ?? width
    places =
      window == 11
      ? .groups(GroupPlaces(&rows, width: widest, lanes: kernels.vectorWidth))
      : .rows(RowPlaces(&rows, width: widest, window: window))
    rowsCount = rows.count
  }

  /// The constants taken off the planes, near their means: only the luminance sees them, and the gradient's products
  /// lose fewer digits without them.
  struct Offsets {
    var mid: Float
    var difference: Float
  }

  /// Fills the finest scale from the two images and pools the others from it.
  func fillScales(_ prediction: Floats, _ target: Floats, _ scratch: MutableFloats) -> Offsets {
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
      let place = finest.inside + row * finest.stride
      kernels.midAndDifferenceRow(
        prediction + row * width, target + row * width, offset: offsets.mid, differenceOffset: offsets.difference,
        mid: scratch + finest.mid + place, difference: scratch + finest.difference + place, count: width)
    }
    for index in 1..<scales.count {
      let (fine, coarse) = (scales[index - 1], scales[index])
      pool(scratch + fine.mid, fine, scratch + coarse.mid + coarse.inside, coarse, padding: -offsets.mid)
      pool(
        scratch + fine.difference, fine, scratch + coarse.difference + coarse.inside, coarse,
        padding: -offsets.difference)
    }
    for scale in scales where scale.border > 0 {
      reflect(scratch + scale.mid, scale)
      reflect(scratch + scale.difference, scale)
    }
    return offsets
  }

  private func pool(_ from: MutableFloats, _ fine: Scale, _ to: MutableFloats, _ coarse: Scale, padding: Float) {
    let (height, width) = (fine.height, fine.width)
    let rowOffset = options.firstOffset(ofSide: height, other: width)
    let columnOffset = options.firstOffset(ofSide: width, other: height)
    let isPadded = options.oddSizes == .pad
    // What stands before and after a row: only where pooling reads it does it matter.
    for row in 0..<height {
      let here = from + row * fine.stride
      here[-1] = isPadded ? padding : here[0]
      here[width] = isPadded ? padding : here[width - 1]
    }
    let whole = Self.margin + width + 1
    let before = from - fine.stride - Self.margin
    let after = from + height * fine.stride - Self.margin
    if isPadded {
      before.update(repeating: padding, count: whole)
      after.update(repeating: padding, count: whole)
    } else {
      before.update(from: before + fine.stride, count: whole)
      after.update(from: after - fine.stride, count: whole)
    }
    for row in 0..<coarse.height {
      let upper = from + (2 * row - rowOffset) * fine.stride - columnOffset
      kernels.pooledRow(upper, upper + fine.stride, to + row * coarse.stride, width: coarse.width)
    }
  }

  /// Fills a plane's border with its reflection, the edge not repeated.
  private func reflect(_ plane: MutableFloats, _ scale: Scale) {
    let (border, stride) = (scale.border, scale.stride)
    for row in border..<border + scale.height {
      let here = plane + row * stride
      for i in 1...border {
        here[border - i] = here[border + i]
        here[border + scale.width - 1 + i] = here[border + scale.width - 1 - i]
      }
    }
    for i in 1...border {
      let (first, last) = (plane + border * stride, plane + (border + scale.height - 1) * stride)
      (first - i * stride).update(from: first + i * stride, count: scale.wholeWidth)
      (last + i * stride).update(from: last - i * stride, count: scale.wholeWidth)
    }
  }

  /// Adds the gradient of a border to the pixels that it reflects: the transpose of ``reflect``.
  func foldGradient(_ scale: Scale, _ scratch: MutableFloats) {
    if scale.border == 0 { return }
    let (border, stride) = (scale.border, scale.stride)
    let plane = scratch + scale.gradient
    for i in 1...border {
      let (first, last) = (plane + border * stride, plane + (border + scale.height - 1) * stride)
      for column in 0..<scale.wholeWidth {
        first[i * stride + column] += first[column - i * stride]
        last[column - i * stride] += last[i * stride + column]
      }
    }
    for row in border..<border + scale.height {
      let here = plane + row * stride
      for i in 1...border {
        here[border + i] += here[border - i]
        here[border + scale.width - 1 - i] += here[border + scale.width - 1 + i]
      }
    }
  }

  /// Joins the scales' gradient planes, each times its factor, coarsest first, and writes the image's gradient.
  ///
  /// `factors` are those of the sums over positions, one a scale; a scale whose factor is 0 adds exactly nothing.
  func joinGradients(factors: UnsafeMutableBufferPointer<Float>, _ gradient: MutableFloats, _ scratch: MutableFloats) {
    for index in scales.indices.reversed() {
      let scale = scales[index]
      let factor = factors[index]
      if factor != 0 { foldGradient(scale, scratch) }
      let plane = scratch + scale.gradient + scale.inside
      for row in 0..<scale.height {
        let here = plane + row * scale.stride
        // Of one scale nothing else is added.
        let to = scales.count == 1 ? gradient + row * scale.width : here
        if factor == 0 {
          to.update(repeating: 0, count: scale.width)
        } else {
          kernels.scaledRow(here, by: factor, to, count: scale.width)
        }
        if scales.count == 1 { continue }
        if index + 1 < scales.count { addCoarser(scales[index + 1], to: here, row, scale, scratch) }
        if index == 0 { (gradient + row * scale.width).update(from: here, count: scale.width) }
      }
    }
  }

  /// Adds to a row of gradient what reaches it through the coarser scale.
  private func addCoarser(
    _ coarse: Scale, to row: MutableFloats, _ index: Int, _ fine: Scale, _ scratch: MutableFloats
  ) {
    let rowOffset = options.firstOffset(ofSide: fine.height, other: fine.width)
    let columnOffset = options.firstOffset(ofSide: fine.width, other: fine.height)
    let coarseIndex = (index + rowOffset) / 2
    if coarseIndex >= coarse.height { return }
    let coarseRow = scratch + coarse.gradient + coarse.inside + coarseIndex * coarse.stride
    // A column dropped before pooling has no part in it.
    coarseRow[coarse.width] = 0
    row[-1] = 0
    row[fine.width] = 0
    kernels.addPooledGradientRow(coarseRow, row - columnOffset, width: coarse.width)
    if options.oddSizes == .pad || options.oddSizes == .drop { return }
    // A row or a column that was repeated counts twice.
    let isLast = options.oddSizes == .symmetric && fine.height % 2 == 1 && index == fine.height - 1
    if isLast || rowOffset == 1 && index == 0 {
      kernels.addPooledGradientRow(coarseRow, row - columnOffset, width: coarse.width)
    }
    row[0] += row[-1]
    if options.oddSizes == .symmetric && fine.width % 2 == 1 { row[fine.width - 1] += row[fine.width] }
  }
}
