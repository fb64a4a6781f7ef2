import PerceptualKernels

extension CorrelationPlan {
  /// Copies one channel into its planes: plane (a, b) row r column q holds
  /// x[r phases.height + a - leading.height][q phases.width + b - leading.width], 0 outside x.
  func fillChannel(_ x: Floats, _ planes: MutableFloats, kernels: any KernelSet.Type) {
    for rowPhase in 0..<phases.height {
      for row in 0..<planeHeight {
        let y = row * phases.height + rowPhase - leading.height
        let first = planes + (rowPhase * phases.width * planeHeight + row) * pitch
        if y < 0 || y >= height {
          for phase in 0..<phases.width { (first + phase * planeCount).update(repeating: 0, count: pitch) }
        } else if phases.width == 2 {
          splitRow(x + y * width, first, kernels: kernels)
        } else {
          for phase in 0..<phases.width { fillRow(x + y * width, first + phase * planeCount, phase: phase) }
        }
      }
    }
  }

  private func fillRow(_ x: Floats, _ row: MutableFloats, phase: Int) {
    let stride = phases.width
    // ceil((leading - phase) / stride) ..< ceil((width + leading - phase) / stride), within the plane.
    let from = min(pitch, max(0, (leading.width - phase + stride - 1) / stride))
    let to = min(pitch, max(from, (width + leading.width - phase + stride - 1) / stride))
    row.update(repeating: 0, count: from)
    if stride == 1 {
      (row + from).update(from: x + (from - leading.width), count: to - from)
    } else {
      for q in from..<to { row[q] = x[q * stride + phase - leading.width] }
    }
    (row + to).update(repeating: 0, count: pitch - to)
  }

  /// Stride 2: x[0], x[2], ... belong to the phase of leading.width mod 2, x[1], x[3], ... to the other.
  private func splitRow(_ x: Floats, _ row: MutableFloats, kernels: any KernelSet.Type) {
    let even = row + (leading.width % 2) * planeCount
    let odd = row + ((leading.width + 1) % 2) * planeCount
    let evenStart = min(pitch, leading.width / 2)
    let oddStart = min(pitch, (leading.width + 1) / 2)
    let evenCount = min((width + 1) / 2, pitch - evenStart)
    let oddCount = min(width / 2, pitch - oddStart)
    let pairs = min(evenCount, oddCount)
    even.update(repeating: 0, count: evenStart)
    odd.update(repeating: 0, count: oddStart)
    kernels.splitRow(x, even: even + evenStart, odd: odd + oddStart, count: 2 * pairs)
    for i in pairs..<max(pairs, evenCount) { even[evenStart + i] = x[2 * i] }
    for i in pairs..<max(pairs, oddCount) { odd[oddStart + i] = x[2 * i + 1] }
    (even + evenStart + evenCount).update(repeating: 0, count: pitch - evenStart - evenCount)
    (odd + oddStart + oddCount).update(repeating: 0, count: pitch - oddStart - oddCount)
  }
}
