import PerceptualCore
import PerceptualKernels

/// Where an element of the weight tensor lies: [O, C, kH, kW], of a transposed convolution [C, O, kH, kW].
struct WeightLayout {
  let outputStride: Int
  let channelStride: Int
  let rowStride: Int

  init(_ shape: ConvolutionShape, isTransposed: Bool) {
    let area = shape.kernelHeight * shape.kernelWidth
    outputStride = isTransposed ? area : shape.inputChannels * area
    channelStride = isTransposed ? shape.outputChannels * area : area
    rowStride = shape.kernelWidth
  }

  func index(output: Int, _ tap: CorrelationPlan.Tap) -> Int {
    output * outputStride + tap.channel * channelStride + tap.kernelRow * rowStride + tap.kernelColumn
  }
}

/// Runs a plan over a batch: y = correlation of x with weight, plus bias.
///
/// Every output is one sum in the order of its taps, so no cut of the work changes a bit.
func correlate(
  _ plan: CorrelationPlan, _ x: Floats, weight: Floats, layout: WeightLayout, bias: Floats?, _ y: MutableFloats,
  images: Int, outputs: Int, _ execution: Execution
) {
  let kernels = execution.kernels
  let isSingle = outputs == 1
  let block = isSingle ? 1 : kernels.correlationChannels
  let blocks = (outputs + block - 1) / block
  let packedOffsets = plan.taps.map { $0.map { Int32($0.offset) } }
  let starts = plan.taps.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count * block * blocks) }
  let inputCount = plan.channels * plan.height * plan.width
  let outputCount = outputs * plan.outputHeight * plan.outputWidth

  ScratchPool.shared.withFloats(starts[starts.count - 1]) { packed in
    for (parity, taps) in plan.taps.enumerated() {
      execution.forEach(blocks) { b in
        var to = packed + starts[parity] + b * taps.count * block
        for tap in taps {
          for r in 0..<block {
            let output = b * block + r
            to[r] = output < outputs ? weight[layout.index(output: output, tap)] : 0
          }
          to += block
        }
      }
    }
    let run = CorrelationRun(
      plan: plan, kernels: kernels, packed: packed, starts: starts, offsets: packedOffsets, bias: bias,
      outputs: outputs, block: block, vectors: isSingle ? kernels.oneChannelVectors : kernels.correlationVectors)
    if images >= execution.threads {
      execution.forEach(images) { image in
        ScratchPool.shared.withFloats(plan.planesCount) { planes in
          run.fillPlanes(x + image * inputCount, planes, channels: 0..<plan.channels)
          run.tiles(0..<run.tileCount, planes, y + image * outputCount)
        }
      }
    } else {
      for image in 0..<images {
        ScratchPool.shared.withFloats(plan.planesCount) { planes in
          execution.forEach(plan.channels) { channel in
            run.fillPlanes(x + image * inputCount, planes, channels: channel..<channel + 1)
          }
          let grain = 8
          execution.forEach((run.tileCount + grain - 1) / grain) { group in
            let end = min(run.tileCount, (group + 1) * grain)
            run.tiles(group * grain..<end, planes, y + image * outputCount)
          }
        }
      }
    }
  }
}

/// What every piece of a correlation's work needs.
struct CorrelationRun {
  let plan: CorrelationPlan
  let kernels: any KernelSet.Type
  let packed: MutableFloats
  let starts: [Int]
  let offsets: [[Int32]]
  let bias: Floats?
  let outputs: Int
  /// Output channels computed at once.
  let block: Int
  /// Vectors of positions computed at once.
  let vectors: Int

  var tilePositions: Int { vectors * kernels.vectorWidth }
  var tileCount: Int { (plan.positions + tilePositions - 1) / tilePositions }

  /// Copies channels of one image into their padded planes.
  func fillPlanes(_ x: Floats, _ planes: MutableFloats, channels: Range<Int>) {
    for channel in channels {
      plan.fillChannel(
        x + channel * plan.height * plan.width, planes + channel * plan.planesPerChannel * plan.planeCount,
        kernels: kernels)
    }
    if channels.upperBound == plan.channels {
      let end = plan.channels * plan.planesPerChannel * plan.planeCount
      (planes + end).update(repeating: 0, count: plan.planesCount - end)
    }
  }

  /// Computes tiles of positions, all output channels and parities of each.
  func tiles(_ tiles: Range<Int>, _ planes: Floats, _ y: MutableFloats) {
    let columnParities = plan.parities.width
    let tileFloats = block * tilePositions
    ScratchPool.shared.withFloats(columnParities * tileFloats) { scratch in
      for tile in tiles {
        let first = tile * tilePositions
        for rowParity in 0..<plan.parities.height {
          var from = 0
          while from < outputs {
            for columnParity in 0..<columnParities {
              let parity = rowParity * columnParities + columnParity
              let taps = offsets[parity].count
              let weights = packed + starts[parity] + from * taps
              offsets[parity].withUnsafeBufferPointer { list in
                let target = scratch + columnParity * tileFloats
                guard let list = list.baseAddress else {
                  target.update(repeating: 0, count: tileFloats)
                  return
                }
                if block == 1 {
                  kernels.correlateOneChannel(planes + first, offsets: list, taps: taps, weights: weights, target)
                } else {
                  kernels.correlate(planes + first, offsets: list, taps: taps, weights: weights, target)
                }
              }
            }
            for r in 0..<min(block, outputs - from) {
              let channel = y + (from + r) * plan.outputHeight * plan.outputWidth
              write(
                scratch + r * tilePositions, parityPitch: tileFloats, rowParity: rowParity, first: first,
                bias: bias?[from + r] ?? 0, channel)
            }
            from += block
          }
        }
      }
    }
  }

  /// Spreads one channel's sums of a tile over the rows of the output.
  private func write(
    _ sums: Floats, parityPitch: Int, rowParity: Int, first: Int, bias: Float, _ channel: MutableFloats
  ) {
    let end = min(first + tilePositions, plan.positions)
    var position = first
    while position < end {
      let row = position / plan.pitch
      let column = position - row * plan.pitch
      let length = min(end - position, plan.pitch - column)
      let used = min(length, plan.gridWidth - column)
      let outputRow = row * plan.parities.height + rowParity
      if used > 0 && outputRow < plan.outputHeight {
        let target = channel + outputRow * plan.outputWidth + column * plan.parities.width
        writeSegment(
          sums + (position - first), parityPitch: parityPitch, column: column, count: used, bias: bias, target)
      }
      position += length
    }
  }

  private func writeSegment(
    _ sums: Floats, parityPitch: Int, column: Int, count: Int, bias: Float, _ target: MutableFloats
  ) {
    let stride = plan.parities.width
    switch stride {
    case 1: kernels.addBias(sums, bias: bias, target, count: count)
    case 2:
      let pairs = min(count, plan.outputWidth / 2 - column)
      kernels.interleave(sums, sums + parityPitch, bias: bias, target, pairs: pairs)
      if pairs < count { target[2 * pairs] = sums[pairs] + bias }
    default:
      for parity in 0..<stride {
        for i in 0..<count where (column + i) * stride + parity < plan.outputWidth {
          target[i * stride + parity] = sums[parity * parityPitch + i] + bias
        }
      }
    }
  }
}
