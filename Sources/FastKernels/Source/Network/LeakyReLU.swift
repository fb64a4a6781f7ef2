extension Kernels {
  public static func leakyReLU(
    _ x: UnsafePointer<Float>, slope: Float, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    @inline(__always) func bent(_ v: Vector) -> Vector { (v * slope).replacing(with: v, where: v .> 0) }
    map(x, y, count: count, bent)
  }

  public static func leakyReLUGradient(
    _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, slope: Float, _ gradient: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    @inline(__always) func bent(_ v: Vector, _ g: Vector) -> Vector { (g * slope).replacing(with: g, where: v .> 0) }
    map(x, upstream, gradient, count: count, bent)
  }
}
