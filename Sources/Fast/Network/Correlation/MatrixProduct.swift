import PerceptualCore
import PerceptualKernels

/// A matrix anywhere in memory: element (i, j) is pointer[i rowStride + j columnStride].
struct MatrixView {
  let pointer: Floats
  let rows: Int
  let columns: Int
  let rowStride: Int
  let columnStride: Int

  var transposed: MatrixView {
    MatrixView(pointer: pointer, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
  }
}

extension MatrixView {
  /// Row by row.
  init(_ pointer: Floats, rows: Int, columns: Int) {
    self.init(pointer: pointer, rows: rows, columns: columns, rowStride: columns, columnStride: 1)
  }
}

/// product[i, j] = (adds: +=) sum over k of a[i, k] b[k, j], `product` row by row.
///
/// The sum runs over stretches of k of a fixed length, each in order, which are then added in order: an element's
/// rounding depends neither on the number of threads nor on the other elements. Accuracy: within gamma_n of the sum of
/// |a||b|.
///
/// The operands are packed into panels: as many rows of a as the correlation's register tile has channels, as many
/// columns of b as it has positions. The tile is that of the convolutions.
func multiplyMatrices(_ a: MatrixView, _ b: MatrixView, _ product: MutableFloats, adds: Bool = false) {
  require(a.columns == b.rows, "b: \(b.rows) rows, a has \(a.columns) columns")
  let execution = Execution.current
  let kernels = execution.kernels
  let (tileRows, tileColumns) = (kernels.correlationChannels, kernels.correlationVectors * kernels.vectorWidth)
  let depth = min(256, a.columns)
  let (rowPanels, columnPanels) = ((a.rows + tileRows - 1) / tileRows, (b.columns + tileColumns - 1) / tileColumns)
  // Rows of a that stay in the second cache while the columns pass.
  let rowGroup = max(1, 192 / tileRows)
  let rowGroups = (rowPanels + rowGroup - 1) / rowGroup
  let offsets = Lines<Int32>(depth)
  for k in 0..<depth { offsets[k] = Int32(k * tileColumns) }
  let (aCount, bCount) = (rowPanels * tileRows * depth, columnPanels * tileColumns * depth)
  ScratchPool.shared.withFloats(aCount + bCount) { packedA in
    let packedB = packedA + aCount
    var first = 0
    while first < a.columns {
      let length = min(depth, a.columns - first)
      let accumulates = adds || first > 0
      let start = first
      execution.forEach(rowPanels + columnPanels) { panel in
        if panel < rowPanels {
          pack(a, lines: tileRows, panel, start, length, isRows: true, packedA + panel * tileRows * depth)
        } else {
          let panel = panel - rowPanels
          pack(b, lines: tileColumns, panel, start, length, isRows: false, packedB + panel * tileColumns * depth)
        }
      }
      execution.forEach(rowGroups * columnPanels) { piece in
        let (group, columnPanel) = piece.quotientAndRemainder(dividingBy: columnPanels)
        ScratchPool.shared.withFloats(tileRows * tileColumns) { tile in
          for rowPanel in group * rowGroup..<min(rowPanels, (group + 1) * rowGroup) {
            kernels.correlate(
              packedB + columnPanel * tileColumns * depth, offsets: offsets.start, taps: length,
              weights: packedA + rowPanel * tileRows * depth, tile)
            let columns = min(tileColumns, b.columns - columnPanel * tileColumns)
            for row in 0..<min(tileRows, a.rows - rowPanel * tileRows) {
              let to = product + (rowPanel * tileRows + row) * b.columns + columnPanel * tileColumns
              if accumulates {
                kernels.accumulate(tile + row * tileColumns, to, count: columns)
              } else {
                to.update(from: tile + row * tileColumns, count: columns)
              }
            }
          }
        }
      }
      first += length
    }
  }
}

/// `lines` rows (or columns) of a stretch of the depth, side by side, zeros after the last.
private func pack(
  _ matrix: MatrixView, lines: Int, _ panel: Int, _ start: Int, _ length: Int, isRows: Bool, _ to: MutableFloats
) {
  let lineStride = isRows ? matrix.rowStride : matrix.columnStride
  let depthStride = isRows ? matrix.columnStride : matrix.rowStride
  let count = min(lines, (isRows ? matrix.rows : matrix.columns) - panel * lines)
  let from = matrix.pointer + panel * lines * lineStride + start * depthStride
  if count < lines { to.update(repeating: 0, count: lines * length) }
  if lineStride == 1 {
    for k in 0..<length { (to + k * lines).update(from: from + k * depthStride, count: count) }
  } else {
    // Along the depth, which lies side by side in memory.
    for line in 0..<count {
      let source = from + line * lineStride
      var target = to + line
      for k in 0..<length {
        target.pointee = source[k * depthStride]
        target += lines
      }
    }
  }
}
