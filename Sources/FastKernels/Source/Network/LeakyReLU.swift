extension Kernels {
  public static func leakyReLU(
    _ x: UnsafePointer<Float>, slope: Float, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    forEachVector(count: count) { i in
      let v = load(x + i)
      store((v * slope).replacing(with: v, where: v .> 0), y + i)
    } partial: { i, lanes in
      let v = load(x + i, count: lanes)
      store((v * slope).replacing(with: v, where: v .> 0), y + i, count: lanes)
    }
  }

  public static func leakyReLUGradient(
    _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, slope: Float, _ gradient: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    forEachVector(count: count) { i in
      let g = load(upstream + i)
      store((g * slope).replacing(with: g, where: load(x + i) .> 0), gradient + i)
    } partial: { i, lanes in
      let g = load(upstream + i, count: lanes)
      store((g * slope).replacing(with: g, where: load(x + i, count: lanes) .> 0), gradient + i, count: lanes)
    }
  }
}
