import PerceptualCore
import PerceptualKernels

/// The weight gradient shared by both convolutions: for the operand `rows` on the coarse grid (the upstream gradient of
/// a convolution, the input of a transposed one) and the operand `x` on the fine grid,
///
///     gradient[a][tap] = sum over images and positions of rows[a][position] plane[offset(tap) + position].
///
/// `plan` is that of the convolution that maps x to the coarse grid; gradient is [A, C, kH, kW]. Rows are laid out with
/// the planes' pitch and zeros in the columns between, so the sum runs over whole vectors. A non-finite element of x
/// may therefore reach taps that do not touch it. Images are added in their order, pieces of work own their gradients.
func correlationWeightGradient(
  _ plan: CorrelationPlan, rows: Floats, rowChannels: Int, _ x: Floats, _ gradient: MutableFloats, images: Int,
  _ execution: Execution
) {
  let kernels = execution.kernels
  let tapsAtOnce = kernels.gradientTaps
  let rowsAtOnce = kernels.gradientChannels
  let taps = plan.taps[0]
  let groups = (taps.count + tapsAtOnce - 1) / tapsAtOnce
  // The last group is filled up with repetitions of the last tap, whose sums are dropped.
  let offsets = (0..<groups * tapsAtOnce).map { Int32(taps[min($0, taps.count - 1)].offset) }
  let width = kernels.vectorWidth
  let rowPitch = (plan.positions + width - 1) / width * width
  let rowBlocks = (rowChannels + rowsAtOnce - 1) / rowsAtOnce
  let inputCount = plan.channels * plan.height * plan.width
  let rowCount = plan.gridHeight * plan.gridWidth
  let item = GradientItem(
    plan: plan, kernels: kernels, rowPitch: rowPitch, rowChannels: rowChannels, tapCount: taps.count)

  ScratchPool.shared.withFloats(plan.planesCount) { planes in
    ScratchPool.shared.withFloats(rowBlocks * rowsAtOnce * rowPitch) { paddedRows in
      gradient.update(repeating: 0, count: rowChannels * taps.count)
      for image in 0..<images {
        execution.forEach(plan.channels + rowBlocks) { index in
          if index < plan.channels {
            plan.fillChannel(
              x + image * inputCount + index * plan.height * plan.width,
              planes + index * plan.planesPerChannel * plan.planeCount, kernels: kernels)
          } else {
            for channel in (index - plan.channels) * rowsAtOnce..<(index - plan.channels + 1) * rowsAtOnce {
              item.padRow(
                channel < rowChannels ? rows + (image * rowChannels + channel) * rowCount : nil,
                paddedRows + channel * rowPitch)
            }
          }
        }
        let end = plan.channels * plan.planesPerChannel * plan.planeCount
        (planes + end).update(repeating: 0, count: plan.planesCount - end)

        let groupsAtOnce = 8
        let blocksAtOnce = 8
        let across = (groups + groupsAtOnce - 1) / groupsAtOnce
        let down = (rowBlocks + blocksAtOnce - 1) / blocksAtOnce
        execution.forEach(across * down) { index in
          let firstGroup = index % across * groupsAtOnce
          let firstBlock = index / across * blocksAtOnce
          item.accumulate(
            planes, paddedRows, offsets: offsets, groups: firstGroup..<min(groups, firstGroup + groupsAtOnce),
            blocks: firstBlock..<min(rowBlocks, firstBlock + blocksAtOnce), gradient)
        }
      }
    }
  }
}

private struct GradientItem {
  let plan: CorrelationPlan
  let kernels: any KernelSet.Type
  let rowPitch: Int
  let rowChannels: Int
  let tapCount: Int

  /// Lays a channel of the coarse operand out with the planes' pitch, zeros between the rows; nil is a row of zeros.
  func padRow(_ row: Floats?, _ padded: MutableFloats) {
    padded.update(repeating: 0, count: rowPitch)
    guard let row else { return }
    for y in 0..<plan.gridHeight {
      (padded + y * plan.pitch).update(from: row + y * plan.gridWidth, count: plan.gridWidth)
    }
  }

  /// Adds one image's sums for some groups of taps and blocks of rows to the gradient.
  func accumulate(
    _ planes: Floats, _ rows: Floats, offsets: UnsafePointer<Int32>, groups: Range<Int>, blocks: Range<Int>,
    _ gradient: MutableFloats
  ) {
    let width = kernels.vectorWidth
    let tapsAtOnce = kernels.gradientTaps
    let rowsAtOnce = kernels.gradientChannels
    let tileFloats = tapsAtOnce * rowsAtOnce * width
    let vectors = rowPitch / width
    // 1024 positions of the rows of a block stay in the first-level cache while all groups of taps pass over them.
    let vectorsAtOnce = 1024 / width
    ScratchPool.shared.withFloats(groups.count * blocks.count * tileFloats) { sums in
      sums.update(repeating: 0, count: groups.count * blocks.count * tileFloats)
      var first = 0
      while first < vectors {
        let count = min(vectorsAtOnce, vectors - first)
        for block in blocks {
          for group in groups {
            let tile = (block - blocks.lowerBound) * groups.count + group - groups.lowerBound
            kernels.correlateGradient(
              planes + first * width, offsets: offsets + group * tapsAtOnce,
              rows: rows + block * rowsAtOnce * rowPitch + first * width, rowPitch: rowPitch, vectors: count,
              accumulators: sums + tile * tileFloats)
          }
        }
        first += count
      }
      for block in blocks {
        for group in groups {
          let tile = (block - blocks.lowerBound) * groups.count + group - groups.lowerBound
          for r in 0..<rowsAtOnce where block * rowsAtOnce + r < rowChannels {
            for t in 0..<tapsAtOnce where group * tapsAtOnce + t < tapCount {
              let sum = kernels.sum(sums + tile * tileFloats + (r * tapsAtOnce + t) * width, count: width)
              gradient[(block * rowsAtOnce + r) * tapCount + group * tapsAtOnce + t] += sum
            }
          }
        }
      }
    }
  }
}

/// bias[c] = sum over images and pixels of upstream, each plane in Float, planes in Double in their order.
func correlationBiasGradient(
  _ upstream: Floats, _ gradient: MutableFloats, images: Int, channels: Int, pixels: Int, _ execution: Execution
) {
  execution.forEach(channels) { channel in
    var sum = 0.0
    for image in 0..<images {
      sum += Double(execution.kernels.sum(upstream + (image * channels + channel) * pixels, count: pixels))
    }
    gradient[channel] = Float(sum)
  }
}
