extension Kernels {
  public static func gatedUnit(
    _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>, isTanh: Bool, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    if isTanh {
      map(x, gate, y, count: count) { hyperbolicTangent($0) * logistic($1) }
    } else {
      map(x, gate, y, count: count) { $0 * logistic($1) }
    }
  }

  public static func gatedUnitGradient(
    _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>, upstream: UnsafePointer<Float>, isTanh: Bool,
    xGradient: UnsafeMutablePointer<Float>, gateGradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    @inline(__always)
    func gradients(_ x: Vector, _ gate: Vector, _ g: Vector) -> (x: Vector, gate: Vector) {
      let s = logistic(gate)
      let toSignal = g * s
      if isTanh {
        let t = hyperbolicTangent(x)
        return (toSignal * ((1 - t) * (1 + t)), (g * t) * (s * (1 - s)))
      }
      return (toSignal, (g * x) * (s * (1 - s)))
    }
    forEachVector(count: count) { i in
      let both = gradients(load(x + i), load(gate + i), load(upstream + i))
      store(both.x, xGradient + i)
      store(both.gate, gateGradient + i)
    } partial: { i, lanes in
      let both = gradients(load(x + i, count: lanes), load(gate + i, count: lanes), load(upstream + i, count: lanes))
      store(both.x, xGradient + i, count: lanes)
      store(both.gate, gateGradient + i, count: lanes)
    }
  }
}
