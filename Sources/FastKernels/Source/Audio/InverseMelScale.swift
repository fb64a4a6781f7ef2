// Non-negative least squares of mel values, by a proximal-point method whose steps are solved in the dual.
//
// With x the magnitudes so far, the next ones minimise |mel - w^T y|^2 + d |y - x|^2 over y >= 0. Their residual q
// solves
//
//     F(q) = q - mel + w^T y(q) = 0,   y(q) = max(0, x + w q / d),
//
// by Newton's method: the derivative of F is 1 + w^T w / d over the bins where y > 0, tridiagonal because a bin lies in
// two neighbouring filters at most, and positive definite. A few steps find the bins that are 0. If the new residual is
// smaller, x = y and d shrinks; if not (Newton's method may circle between two sets of bins), d grows, which tames it.
extension Kernels {
  public static func nonNegativeLeastSquares(
    mel: UnsafeMutablePointer<Float>, magnitude: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    first: UnsafePointer<Int>, weights: UnsafePointer<Float>, regularisation: Float, bins: Int, filters: Int
  ) {
    let width = Vector.scalarCount
    let rows = (filters &+ 1) &* width
    let proposal = scratch
    let residual = proposal + bins &* width
    let dual = residual + rows
    let problem = DualProblem(
      mel: mel, magnitude: magnitude, proposal: proposal, dual: dual, step: dual + rows, diagonal: dual + 2 &* rows,
      below: dual + 3 &* rows, first: first, weights: weights, bins: bins, filters: filters)

    // Every frame by its largest value, so that squares neither overflow nor vanish.
    var size = Vector.zero
    var m = 0
    while m < filters {
      let v = load(mel + m &* width)
      size = size.replacing(with: v, where: .!(v .<= size))
      m &+= 1
    }
    let unit = (1 / size).replacing(with: 0, where: size .== 0)
    var total = Vector.zero
    m = 0
    while m <= filters {
      let v = m < filters ? load(mel + m &* width) * unit : .zero
      store(v, mel + m &* width)
      store(v, residual + m &* width)
      total = multiplyAdd(total, v, v)
      m &+= 1
    }
    var k = 0
    while k < bins {
      store(.zero, magnitude + k &* width)
      k &+= 1
    }

    let whole = squareRoots(total)
    var best = whole
    var damping = Vector(repeating: regularisation)
    var isDone = best .== 0
    var round = 0
    while round < 30 {
      copy(residual, dual, count: rows)
      problem.solve(damping: damping, tolerance: whole * 3e-7)
      // The residual of the proposal, in the dual's place.
      let length = problem.residual()
      let isBetter = length .< best .& .!isDone
      // Nothing to gain any more, by a step or by a smaller one.
      let change = best - length
      let isSmall = change.replacing(with: -change, where: change .< 0) .<= whole * 1e-6
      accept(isBetter, proposal, magnitude, count: bins)
      accept(isBetter, dual, residual, count: filters)
      best = best.replacing(with: length, where: isBetter)
      damping = (damping * 10).replacing(with: damping * 0.3, where: isBetter)
      isDone .|= isSmall .| (best .<= whole * 1e-6)
      if all(isDone) { break }
      round &+= 1
    }
    // What is not a number has no answer.
    let factor = size.replacing(with: .nan, where: .!(whole .< .infinity))
    k = 0
    while k < bins {
      store(load(magnitude + k &* width) * factor, magnitude + k &* width)
      k &+= 1
    }
  }

  @inline(__always)
  private static func copy(_ from: UnsafeMutablePointer<Float>, _ to: UnsafeMutablePointer<Float>, count: Int) {
    to.update(from: from, count: count)
  }

  /// Takes over the lanes of `mask`.
  @inline(__always)
  private static func accept(
    _ mask: SIMDMask<Vector.MaskStorage>, _ from: UnsafeMutablePointer<Float>, _ to: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    var row = 0
    while row < count {
      let i = row &* Vector.scalarCount
      store(load(to + i).replacing(with: load(from + i), where: mask), to + i)
      row &+= 1
    }
  }
}

/// One proximal step for the frames of a vector's lanes. All rows are a vector wide.
private struct DualProblem {
  let mel: UnsafeMutablePointer<Float>
  let magnitude: UnsafeMutablePointer<Float>
  let proposal: UnsafeMutablePointer<Float>
  /// q, then one row of zeros.
  let dual: UnsafeMutablePointer<Float>
  let step: UnsafeMutablePointer<Float>
  let diagonal: UnsafeMutablePointer<Float>
  let below: UnsafeMutablePointer<Float>
  let first: UnsafePointer<Int>
  let weights: UnsafePointer<Float>
  let bins: Int
  let filters: Int

  /// Newton's method on F, at most 10 evaluations; `proposal` is y of the last.
  @inline(__always)
  func solve(damping: Vector, tolerance: Vector) {
    var evaluations = 0
    while true {
      let length = evaluate(damping: damping)
      evaluations &+= 1
      if evaluations == 10 || all(length .<= tolerance) { return }
      advance(damping: damping)
    }
  }

  /// y, -F (in `step`), and d times F's derivative; returns |F|.
  @inline(__always)
  private func evaluate(damping: Vector) -> Vector {
    let width = Vector.scalarCount
    let inverse = 1 / damping
    var i = 0
    while i < (filters &+ 1) &* width {
      store(load(mel + i) - load(dual + i), step + i)
      store(damping, diagonal + i)
      store(.zero, below + i)
      i &+= width
    }
    var k = 0
    while k < bins {
      let lower = first[k] &* width
      let upper = lower &+ width
      let a = Vector(repeating: weights[2 &* k])
      let b = Vector(repeating: weights[2 &* k &+ 1])
      let pull = multiplyAdd(a * load(dual + lower), b, load(dual + upper))
      let wanted = multiplyAdd(load(magnitude + k &* width), pull, inverse)
      let isFree = wanted .> 0
      let y = Vector.zero.replacing(with: wanted, where: isFree)
      let freeA = Vector.zero.replacing(with: a, where: isFree)
      let freeB = Vector.zero.replacing(with: b, where: isFree)
      store(y, proposal + k &* width)
      store(multiplyAdd(load(diagonal + lower), freeA, a), diagonal + lower)
      store(multiplyAdd(load(diagonal + upper), freeB, b), diagonal + upper)
      store(multiplyAdd(load(below + upper), freeA, b), below + upper)
      store(multiplyAdd(load(step + lower), -a, y), step + lower)
      store(multiplyAdd(load(step + upper), -b, y), step + upper)
      k &+= 1
    }
    var sum = Vector.zero
    i = 0
    while i < filters &* width {
      let f = load(step + i)
      sum = multiplyAdd(sum, f, f)
      i &+= width
    }
    return squareRoots(sum)
  }

  /// q -= F' ^ -1 F, by elimination along the tridiagonal matrix.
  @inline(__always)
  private func advance(damping: Vector) {
    let width = Vector.scalarCount
    var pivot = load(diagonal)
    var value = load(step) * damping
    store(value, step)
    var i = width
    while i < filters &* width {
      let coupling = load(below + i)
      let factor = coupling / pivot
      pivot = multiplyAdd(load(diagonal + i), -factor, coupling)
      value = multiplyAdd(load(step + i) * damping, -factor, value)
      store(pivot, diagonal + i)
      store(value, step + i)
      i &+= width
    }
    var next = Vector.zero
    while i > 0 {
      i &-= width
      // The row behind the last filter is 0.
      next = multiplyAdd(load(step + i), -load(below + (i &+ width)), next) / load(diagonal + i)
      store(load(dual + i) + next, dual + i)
    }
  }

  /// mel - w^T y, in the place of q; returns its norm.
  @inline(__always)
  func residual() -> Vector {
    let width = Vector.scalarCount
    dual.update(from: mel, count: (filters &+ 1) &* width)
    var k = 0
    while k < bins {
      let lower = first[k] &* width
      let upper = lower &+ width
      let y = load(proposal + k &* width)
      store(multiplyAdd(load(dual + lower), Vector(repeating: -weights[2 &* k]), y), dual + lower)
      store(multiplyAdd(load(dual + upper), Vector(repeating: -weights[2 &* k &+ 1]), y), dual + upper)
      k &+= 1
    }
    var sum = Vector.zero
    var i = 0
    while i < filters &* width {
      let r = load(dual + i)
      sum = multiplyAdd(sum, r, r)
      i &+= width
    }
    return squareRoots(sum)
  }
}
