import PerceptualCore

extension Tensor {
  /// Picture `index` of [N, 1, H, W]: [H, W].
  func picture(_ index: Int) -> Tensor {
    let (height, width) = (shape[2], shape[3])
    return Tensor(Array(elements[index * height * width..<(index + 1) * height * width]), shape: [height, width])
  }

  /// `count` columns of [H, W] from `first` on; what lies beyond the last repeats it.
  public func columns(from first: Int = 0, _ count: Int) -> Tensor {
    let width = shape[1]
    let columns = (first..<first + count).map { min($0, width - 1) }
    return Tensor(
      (0..<shape[0]).flatMap { row in columns.map { elements[row * width + $0] } }, shape: [shape[0], count])
  }
}

extension Tensor where Scalar == Float {
  /// A copy of numbers in memory.
  init(_ start: UnsafePointer<Float>, shape: [Int]) {
    self.init(Array(UnsafeBufferPointer(start: start, count: shape.reduce(1, *))), shape: shape)
  }

  /// The first `count` samples of [T], with silence behind them where there are fewer.
  func cutOrFilled(to count: Int) -> Tensor {
    Tensor(Array(elements.prefix(count)) + [Float](repeating: 0, count: max(0, count - self.count)))
  }
}
