import PerceptualCore
import PerceptualKernels

/// How an image's tiles, of 3x3 coarse outputs (or 6x6 fine ones) or of one (or 2x2), are cut into pieces of work. The
/// cut depends on the sizes alone, so that no result depends on the number of threads.
struct TileGrid {
  let rows: Int
  let columns: Int
  let rowsAtOnce: Int
  let columnsAtOnce: Int
  /// Rows of sixteen floats that one point of one piece takes.
  let pitch: Int

  /// At most `most` tiles at once.
  init(rows: Int, columns: Int, atMost most: Int, _ products: BlockProducts) {
    self.rows = rows
    self.columns = columns
    columnsAtOnce = Self.evenly(columns, atMost: most)
    rowsAtOnce = Self.evenly(rows, atMost: max(1, most / columnsAtOnce))
    let multiple = products.tilesMultiple
    pitch = (rowsAtOnce * columnsAtOnce + multiple - 1) / multiple * multiple
  }

  private static func evenly(_ count: Int, atMost most: Int) -> Int {
    let pieces = (count + most - 1) / most
    return (count + pieces - 1) / pieces
  }

  private var piecesAcross: Int { (columns + columnsAtOnce - 1) / columnsAtOnce }
  var pieces: Int { piecesAcross * ((rows + rowsAtOnce - 1) / rowsAtOnce) }

  func piece(_ index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let row = index / piecesAcross * rowsAtOnce
    let column = index % piecesAcross * columnsAtOnce
    return (row..<min(rows, row + rowsAtOnce), column..<min(columns, column + columnsAtOnce))
  }
}

/// What becomes of the rows that a convolution in channel blocks gives.
protocol BlockSink {
  /// Takes `count` pixels of a row of one block of channels. `piece` numbers the pieces of work of one image and
  /// `isFirst` marks the first row of a piece.
  func finish(_ x: Floats, image: Int, piece: Int, block: Int, row: Int, column: Int, count: Int, isFirst: Bool)
}

/// Where one piece's part of the filters' gradient comes from and goes.
struct FilterGradient {
  /// The piece's upstream gradient, expanded.
  let expanded: Floats
  /// In the layout of the packed analysis filters, or of tiles (``MinimalFilter``).
  let filters: MutableFloats
  /// Added to what is there, not written over it.
  let accumulates: Bool
}

/// A convolution of stride 2, or its transpose, on channel blocks: 4x4 by minimal filtering F(3x3, 2x2), 2x2 directly,
/// each of its pixels a tile and a point of its own.
///
/// Sixteen products take the place of thirty-six, with coefficients 0, 1/2 and 1 only. The error is that of the direct
/// sum (docs/performance.md: a little less, measured). With products in bf16 the transformed tiles and filters are
/// rounded to that before they are multiplied; all else is in single precision.
struct MinimalFiltering {
  let filter: MinimalFilter
  let coarse: ChannelBlocks
  let fine: ChannelBlocks
  let padding: Extent
  let products: BlockProducts
  let analysisGrid: TileGrid
  let synthesisGrid: TileGrid

  private static let lanes = ChannelBlocks.lanes
  private var points: Int { filter.points }
  private var tile: Int { filter.tile }

  /// Why a convolution cannot be computed this way; nil if it can. `coarse` and `fine` are channels.
  static func obstacle(kernel: Extent, geometry: ConvolutionGeometry, coarse: Int, fine: Int) -> String? {
    let sides = MinimalFilter.sides
    guard kernel.height == kernel.width, sides.contains(kernel.height) else {
      return "the kernel is \(kernel), \(sides.map { "\(Extent($0))" }.joined(separator: " or ")) is needed"
    }
    if geometry.stride != 2 { return "the stride is \(geometry.stride), 2x2 is needed" }
    if max(geometry.padding.height, geometry.padding.width) >= kernel.height {
      return "the padding is \(geometry.padding), less than the kernel's \(kernel.height) is needed"
    }
    if coarse % MinimalFilter.group != 0 || fine % MinimalFilter.group != 0 {
      return "\(coarse) and \(fine) channels, multiples of \(MinimalFilter.group) are needed"
    }
    return nil
  }

  init(
    side: Int, coarse: ChannelBlocks, fine: ChannelBlocks, padding: Extent, precision: ProductPrecision,
    _ execution: Execution
  ) {
    products = BlockProducts(precision, execution)
    filter = MinimalFilter(side: side, coarse: coarse.channels, fine: fine.channels, products: products)
    self.coarse = coarse
    self.fine = fine
    self.padding = padding
    analysisGrid = Self.analysisGrid(coarse, side: side, products)
    synthesisGrid = Self.synthesisGrid(fine, side: side, padding: padding, products)
  }

  private var kernels: any KernelSet.Type { products.kernels }

  private static func analysisGrid(_ coarse: ChannelBlocks, side: Int, _ products: BlockProducts) -> TileGrid {
    let tile = MinimalFilter.tile(side: side)
    return TileGrid(
      rows: (coarse.height + tile - 1) / tile, columns: (coarse.width + tile - 1) / tile,
      atMost: products.tilesAtOnce(side: side), products)
  }

  private static func synthesisGrid(
    _ fine: ChannelBlocks, side: Int, padding: Extent, _ products: BlockProducts
  ) -> TileGrid {
    let tile = MinimalFilter.tile(side: side)
    return TileGrid(
      rows: (fine.height + padding.height + 2 * tile - 1) / (2 * tile),
      columns: (fine.width + padding.width + 2 * tile - 1) / (2 * tile), atMost: products.tilesAtOnce(side: side),
      products)
  }

  /// The most pieces in which a convolution that reads an image, or its transpose, of whatever kernel and padding gives
  /// that image's gradient.
  static func mostPieces(reading shape: ChannelBlocks, _ products: BlockProducts) -> Int {
    var most = 0
    for side in MinimalFilter.sides {
      most = max(most, analysisGrid(shape, side: side, products).pieces)
      for padding in 0..<side * side {
        let extent = Extent(height: padding / side, width: padding % side)
        most = max(most, synthesisGrid(shape, side: side, padding: extent, products).pieces)
      }
    }
    return most
  }

  // MARK: Analysis

  /// Floats of working memory that ``analyse`` needs.
  var analysisScratch: Int {
    // Rounded factors are there twice, for the convolution and for the filters' gradient.
    let factors = products.words(
      points * products.blocksAtOnce * MinimalFilter.parities * analysisGrid.pitch * Self.lanes)
    return analysisPatch + unroundedCount(analysisGrid) + (products.isRounded ? 2 : 1) * factors
      + points * coarse.channels * analysisGrid.pitch
  }

  /// Floats of a piece of the fine image.
  private var analysisPatch: Int {
    finePatch(analysisGrid.rowsAtOnce) * finePatch(analysisGrid.columnsAtOnce) * Self.lanes
  }

  /// Floats of one block's transformed tiles before they are rounded; none where they are not.
  private func unroundedCount(_ grid: TileGrid) -> Int { products.isRounded ? points * grid.pitch * Self.lanes : 0 }

  /// Rows or columns of the fine image that so many tiles need, and of the coarse one.
  private func finePatch(_ tiles: Int) -> Int { 2 * (tile * tiles + filter.taps - 1) }
  private func coarsePatch(_ tiles: Int) -> Int { tile * tiles + filter.taps - 1 }

  /// Floats of one piece's expanded upstream gradient.
  var expandedCount: Int { products.words(points * coarse.channels * analysisGrid.pitch) }

  /// A d A^T of every tile of one piece: what the weight gradient takes for an upstream gradient. Writes
  /// [point][block][tile][16], or that rounded to factors; `patch` holds `analysisScratch` floats.
  func expand(image: Int, piece: Int, _ source: some BlockSource, _ output: MutableFloats, patch: MutableFloats) {
    let (tileRows, tileColumns) = analysisGrid.piece(piece)
    let pitch = analysisGrid.pitch * Self.lanes
    let rowPitch = tile * tileColumns.count * Self.lanes
    let unrounded = patch + analysisPatch
    for block in 0..<coarse.blocks {
      let to = products.isRounded ? unrounded : output + block * pitch
      source.fill(
        image: image, block: block, rows: tile * tileRows.lowerBound..<tile * tileRows.upperBound,
        columns: tile * tileColumns.lowerBound..<tile * tileColumns.upperBound, filter.isPlain ? to : patch)
      for row in 0..<(filter.isPlain ? 0 : tileRows.count) {
        kernels.expandTiles(
          patch + tile * row * rowPitch, rowPitch: rowPitch, tiles: tileColumns.count,
          to + row * tileColumns.count * Self.lanes, pointPitch: products.isRounded ? pitch : coarse.blocks * pitch)
      }
      if products.isRounded {
        for point in 0..<points {
          products.roundUpstream(
            unrounded + point * pitch, rows: tileRows.count * tileColumns.count,
            output + (point * coarse.blocks + block) * products.words(pitch))
        }
      }
    }
  }

  /// One piece of the convolution of `source`, a fine image, given to `sink` row by row, if there are filters; and its
  /// part of the filters' gradient, if that is asked for.
  func analyse(
    image: Int, piece: Int, _ source: some BlockSource, filters: Floats?, _ sink: (some BlockSink)?,
    gradient: FilterGradient?, scratch: MutableFloats
  ) {
    let (tileRows, tileColumns) = analysisGrid.piece(piece)
    let tiles = tileRows.count * tileColumns.count
    let pitch = analysisGrid.pitch * Self.lanes
    let depthsAtOnce = products.blocksAtOnce * MinimalFilter.parities
    let patch = scratch
    let patchPitch = finePatch(tileColumns.count) * Self.lanes
    let unrounded = scratch + analysisPatch
    let factors = unrounded + unroundedCount(analysisGrid)
    let pointPitch = depthsAtOnce * products.words(pitch)
    // Those of the filters' gradient, where they are others.
    let gradientFactors = products.isRounded ? factors + points * pointPitch : factors
    let sums = gradientFactors + points * pointPitch

    let row = 2 * tile * tileRows.lowerBound - padding.height
    let column = 2 * tile * tileColumns.lowerBound - padding.width
    var first = 0
    while first < fine.blocks {
      let blocks = min(products.blocksAtOnce, fine.blocks - first)
      let depthBlocks = blocks * MinimalFilter.parities
      for block in 0..<blocks {
        source.fill(
          image: image, block: first + block, rows: row..<row + finePatch(tileRows.count),
          columns: column..<column + finePatch(tileColumns.count), patch)
        for parity in 0..<MinimalFilter.parities {
          let depthBlock = block * MinimalFilter.parities + parity
          for tileRow in 0..<tileRows.count {
            let from = patch + (2 * tile * tileRow + parity / 2) * patchPitch + parity % 2 * Self.lanes
            let to =
              (products.isRounded ? unrounded : factors + depthBlock * pitch) + tileRow * tileColumns.count * Self.lanes
            if filter.isPlain {
              kernels.copyPixels(from, pitch: 2 * Self.lanes, count: tileColumns.count, to, outputPitch: Self.lanes)
            } else {
              kernels.transformPatches(
                from, rowPitch: 2 * patchPitch, columnPitch: 2 * Self.lanes, tilePitch: 2 * tile * Self.lanes,
                tiles: tileColumns.count, to, pointPitch: products.isRounded ? pitch : pointPitch)
            }
          }
          if !products.isRounded { continue }
          for point in 0..<points {
            let x = unrounded + point * pitch
            if filters != nil {
              products.roundDepths(
                x, rows: tiles, index: depthBlock, blocks: depthBlocks, pitch: pitch, factors + point * pointPitch)
            }
            if gradient != nil {
              products.roundTiles(
                x, rows: tiles, gradientFactors + point * pointPitch + depthBlock * products.words(pitch))
            }
          }
        }
      }
      let depths = first * MinimalFilter.parities..<first * MinimalFilter.parities + depthBlocks
      for point in 0..<points {
        if let filters {
          multiply(
            factors + point * pointPitch, point: point, depths: depths, rows: tiles, filters: filters,
            sums + point * coarse.blocks * pitch)
        }
        if let gradient {
          multiply(gradientFactors + point * pointPitch, point: point, depths: depths, rows: tiles, gradient)
        }
      }
      first += blocks
    }
    guard let sink, filters != nil else { return }
    for block in 0..<coarse.blocks {
      let top = tile * tileRows.lowerBound
      for row in top..<min(coarse.height, tile * tileRows.upperBound) {
        let from = sums + block * pitch + (row / tile - tileRows.lowerBound) * tileColumns.count * Self.lanes
        if !filter.isPlain {
          kernels.reconstructRow(
            from, row: row % tile, pointPitch: coarse.blocks * pitch, tiles: tileColumns.count, patch,
            columnPitch: Self.lanes)
        }
        let column = tile * tileColumns.lowerBound
        sink.finish(
          filter.isPlain ? from : patch, image: image, piece: piece, block: block, row: row, column: column,
          count: min(coarse.width, tile * tileColumns.upperBound) - column, isFirst: row == top)
      }
    }
  }

  /// sums[coarse block][tile][16] of one point (+)= the products of its factors and filters, over some blocks of
  /// depths.
  private func multiply(
    _ x: Floats, point: Int, depths: Range<Int>, rows: Int, filters: Floats, _ sums: MutableFloats
  ) {
    let pitch = analysisGrid.pitch * Self.lanes
    let accumulates = depths.lowerBound > 0
    if products.usesTiles {
      // The filters of a point's panels lie one after the other, and in each the depths.
      let from = products.words(
        filter.analysisIndex(point: point, panel: 0) + depths.lowerBound * Self.lanes * Self.lanes)
      products.multiplyTiles(
        x, blocks: depths.count, rows: rows, weights: filters + from, depth: filter.depth, outputs: coarse.blocks, sums,
        pitch: pitch, accumulates: accumulates)
      return
    }
    for panel in 0..<coarse.channels / filter.panel {
      let from = filter.analysisIndex(point: point, panel: panel) + depths.lowerBound * Self.lanes * filter.panel
      // The last panel of a point is followed by the first of the next point, which lies where a panel more would.
      let following = from + filter.depth * filter.panel
      let (offset, second) = place(panel, pitch: pitch)
      products.multiply(
        x, blockPitch: products.words(pitch), blocks: depths.count, rows: rows, weights: filters + products.words(from),
        sums + offset, second: second, accumulates: accumulates, next: filters + products.words(following))
    }
  }

  /// One point of some blocks of depths of the filters' gradient (+)= the products of its factors and the upstream
  /// gradient.
  private func multiply(_ x: Floats, point: Int, depths: Range<Int>, rows: Int, _ gradient: FilterGradient) {
    let pitch = analysisGrid.pitch * Self.lanes
    let factorPitch = products.words(pitch)
    let upstream = gradient.expanded + point * coarse.blocks * factorPitch
    if products.usesTiles {
      products.multiplyTilesGradient(
        x, blocks: depths.count, upstream, upstreamBlocks: coarse.blocks, rows: rows, pitch: pitch,
        gradient.filters + filter.tileIndex(point: point, coarse: 0, depth: depths.lowerBound),
        depthBlocks: filter.depth / Self.lanes, accumulates: gradient.accumulates)
      return
    }
    for panel in 0..<coarse.channels / filter.panel {
      let to = gradient.filters + filter.analysisIndex(point: point, panel: panel)
      let (offset, second) = place(panel, pitch: factorPitch)
      for (index, depth) in depths.enumerated() {
        products.multiplyGradient(
          x + index * factorPitch, upstream + offset, second: second, rows: rows,
          to + depth * Self.lanes * filter.panel, accumulates: gradient.accumulates)
      }
    }
  }

  /// Where a panel's channels begin among blocks `pitch` apart, and where its second vector lies.
  private func place(_ panel: Int, pitch: Int) -> (offset: Int, second: Int) {
    let channel = panel * filter.panel
    let width = filter.panel / 2
    return (channel / Self.lanes * pitch + channel % Self.lanes, width == Self.lanes ? pitch : width)
  }

  // MARK: Synthesis

  /// Floats of working memory that ``synthesise`` needs.
  var synthesisScratch: Int {
    let factors = products.words(points * coarse.channels * synthesisGrid.pitch)
    return synthesisPatch + unroundedCount(synthesisGrid) + factors
      + MinimalFilter.parities * points * MinimalFilter.group * synthesisGrid.pitch
  }

  /// Floats of a piece's input, or of a row of its output.
  private var synthesisPatch: Int {
    let patch = coarsePatch(synthesisGrid.rowsAtOnce) * coarsePatch(synthesisGrid.columnsAtOnce)
    return max(patch, 2 * tile * synthesisGrid.columnsAtOnce) * Self.lanes
  }

  /// One piece of the transposed convolution of `source`, a coarse image, given to `sink` row by row.
  func synthesise(
    image: Int, piece: Int, _ source: some BlockSource, filters: Floats, _ sink: some BlockSink, scratch: MutableFloats
  ) {
    let (tileRows, tileColumns) = synthesisGrid.piece(piece)
    let tiles = tileRows.count * tileColumns.count
    let pitch = synthesisGrid.pitch * Self.lanes
    let patch = scratch
    let patchPitch = coarsePatch(tileColumns.count) * Self.lanes
    let unrounded = scratch + synthesisPatch
    let factors = unrounded + unroundedCount(synthesisGrid)
    let factorPitch = products.words(pitch)
    let sums = factors + points * coarse.blocks * factorPitch
    for block in 0..<coarse.blocks {
      let row = tile * tileRows.lowerBound - (filter.taps - 1)
      let column = tile * tileColumns.lowerBound - (filter.taps - 1)
      let to = products.isRounded ? unrounded : factors + block * pitch
      source.fill(
        image: image, block: block, rows: row..<row + coarsePatch(tileRows.count),
        columns: column..<column + coarsePatch(tileColumns.count), filter.isPlain ? to : patch)
      for tileRow in 0..<(filter.isPlain ? 0 : tileRows.count) {
        kernels.transformPatches(
          patch + tile * tileRow * patchPitch, rowPitch: patchPitch, columnPitch: Self.lanes,
          tilePitch: tile * Self.lanes, tiles: tileColumns.count, to + tileRow * tileColumns.count * Self.lanes,
          pointPitch: products.isRounded ? pitch : coarse.blocks * pitch)
      }
      if !products.isRounded { continue }
      for point in 0..<points {
        products.roundDepths(
          unrounded + point * pitch, rows: tiles, index: block, blocks: coarse.blocks, pitch: pitch,
          factors + point * coarse.blocks * factorPitch)
      }
    }
    let groupBlocks = MinimalFilter.group / Self.lanes
    let panels = MinimalFilter.group / filter.panel
    let parityPitch = points * groupBlocks * pitch
    for group in 0..<fine.channels / MinimalFilter.group {
      for panel in 0..<panels {
        let (offset, second) = place(panel, pitch: pitch)
        for parity in 0..<MinimalFilter.parities {
          for point in 0..<points {
            let from = ((group * panels + panel) * MinimalFilter.parities + parity) * points + point
            let weights = products.words(coarse.channels * filter.panel)
            let x = factors + point * coarse.blocks * factorPitch
            let to = sums + parity * parityPitch + point * groupBlocks * pitch + offset
            if products.usesTiles {
              products.multiplyTiles(
                x, blocks: coarse.blocks, rows: tiles, weights: filters + from * weights, depth: coarse.channels,
                outputs: groupBlocks, to, pitch: pitch, accumulates: false)
            } else {
              products.multiply(
                x, blockPitch: factorPitch, blocks: coarse.blocks, rows: tiles, weights: filters + from * weights, to,
                second: second, accumulates: false, next: filters + (from + 1) * weights)
            }
          }
        }
      }
      for block in 0..<groupBlocks {
        finishSynthesis(
          image: image, piece: piece, block: group * groupBlocks + block, rows: tileRows, columns: tileColumns,
          sums + block * pitch, parityPitch: parityPitch, pointPitch: groupBlocks * pitch, sink, row: patch)
      }
    }
  }

  /// The part of the fine image that a piece of the synthesis gives.
  func synthesisArea(_ piece: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (rows, columns) = synthesisGrid.piece(piece)
    return fineArea(rows: rows, columns: columns)
  }

  /// Rows and columns of the tiles count from the padding on.
  private func fineArea(rows: Range<Int>, columns: Range<Int>) -> (rows: Range<Int>, columns: Range<Int>) {
    func pixels(_ tiles: Range<Int>, padding: Int, size: Int) -> Range<Int> {
      let first = max(0, 2 * tile * tiles.lowerBound - padding)
      return first..<max(first, min(size, 2 * tile * tiles.upperBound - padding))
    }
    return (
      pixels(rows, padding: padding.height, size: fine.height),
      pixels(columns, padding: padding.width, size: fine.width)
    )
  }

  private func finishSynthesis(
    image: Int, piece: Int, block: Int, rows: Range<Int>, columns: Range<Int>, _ sums: Floats, parityPitch: Int,
    pointPitch: Int, _ sink: some BlockSink, row scratch: MutableFloats
  ) {
    let span = 2 * tile
    let area = fineArea(rows: rows, columns: columns)
    if area.columns.isEmpty { return }
    for row in area.rows {
      let padded = row + padding.height - span * rows.lowerBound
      for side in 0..<2 {
        let from = sums + (padded % 2 * 2 + side) * parityPitch + padded / span * columns.count * Self.lanes
        let to = scratch + side * Self.lanes
        if filter.isPlain {
          kernels.copyPixels(from, pitch: Self.lanes, count: columns.count, to, outputPitch: 2 * Self.lanes)
        } else {
          kernels.reconstructRow(
            from, row: padded % span / 2, pointPitch: pointPitch, tiles: columns.count, to, columnPitch: 2 * Self.lanes)
        }
      }
      sink.finish(
        scratch + (area.columns.lowerBound + padding.width - span * columns.lowerBound) * Self.lanes, image: image,
        piece: piece, block: block, row: row, column: area.columns.lowerBound, count: area.columns.count,
        isFirst: row == area.rows.lowerBound)
    }
  }
}
