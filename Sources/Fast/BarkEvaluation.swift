import PerceptualCore

/// One comparison of a signal with another, on a plan.
struct BarkEvaluation {
  let plan: BarkPlan
  let execution: Execution
  /// Whether the first signal, not the second, sets the masking thresholds.
  var isMaskedByOwn = false

  enum Target {
    case signal(UnsafePointer<Float>)
    /// [groups, positions, lanes].
    case features(UnsafePointer<Float>, factors: UnsafePointer<Float>)
  }

  private typealias Sums = (aa: Double, ab: Double, bb: Double, squared: Double)

  /// What is compared, as segments or as features.
  private struct Places {
    let own: BarkSegments
    let other: BarkSegments?
    let target: Target
    /// [groups, factor rows, lanes].
    let factors: UnsafePointer<Float>
  }

  /// The distance, and the gradient where there is room for it.
  ///
  /// The derivative of a distance by a feature a beside b is difference (a - b) + share a, with two numbers that are known
  /// only when all features are. So the gradients of both parts are gathered on the way, and joined in the end.
  func run(
    _ signal: UnsafePointer<Float>, _ target: Target, upstream: Float, gradient: UnsafeMutablePointer<Float>?
  ) -> Float {
    ScratchPool.shared.withFloats(2 * plan.segmentsCount + plan.factorsCount) { memory in
      let own = plan.transform(signal, in: memory, execution)
      var other: BarkSegments?
      if case .signal(let target) = target {
        other = plan.transform(target, in: memory + plan.segmentsCount, execution)
      }
      let factors = memory + 2 * plan.segmentsCount
      if case .features(_, let known) = target {
        factors.update(from: known, count: plan.factorsCount)
      } else {
        plan.fillFactors(isMaskedByOwn ? own : other, factors, execution)
      }
      let places = Places(own: own, other: other, target: target, factors: UnsafePointer(factors))
      guard let gradient else { return distance(sums(places, gathered: nil), upstream: 0).value }
      let gathered = plan.groups * sumsOfGroup
      return ScratchPool.shared.withFloats(gathered) { gathered in
        let (value, difference, share) = distance(sums(places, gathered: gathered), upstream: upstream)
        plan.assemble(gathered, parts: parts, factors: (difference, share), gradient, execution)
        return value
      }
    }
  }

  /// A mean of squares has no share of a.
  private var parts: Int { plan.options.distance == .cosine ? 2 : 1 }
  private var sumsOfGroup: Int { plan.segments * parts * 2 * plan.bins }

  /// The value, and the derivative by a feature a beside b: difference (a - b) + share a.
  private func distance(_ sums: Sums, upstream: Float) -> (value: Float, difference: Double, share: Double) {
    switch plan.options.distance {
    case .meanSquaredError:
      let count = Double(plan.options.filters.bands * plan.positions)
      return (Float(sums.squared / count), 2 * Double(upstream) / count, 0)
    case .cosine:
      let norms = (sums.aa * sums.bb).squareRoot()
      if norms < 1e-8 { return (0, 0, 0) }
      let scale = Double(upstream) / norms
      // ab / aa - 1, from the difference where the two are near: it would cancel.
      return (Float(-sums.ab / norms), scale, scale * 0.5 * (sums.bb - sums.aa - sums.squared) / sums.aa)
    }
  }

  /// Filters the signals, sums up the features of each group, the groups' sums in their order, and where asked gathers
  /// the spectra of the gradient's parts, [groups, segments, parts, 2 bins].
  private func sums(_ places: Places, gathered: UnsafeMutablePointer<Float>?) -> Sums {
    let plan = plan
    let parts = parts
    let sumsOfGroup = sumsOfGroup
    var all = [Sums](repeating: (0, 0, 0, 0), count: plan.groups)
    all.withUnsafeMutableBufferPointer { all in
      execution.forEach(plan.groups) { group in
        let rowsOfSegment = plan.step * plan.lanes
        let wholeRows = plan.length * plan.lanes
        ScratchPool.shared.withFloats(plan.responseScratch + 2 * rowsOfSegment + 2 * wholeRows) { scratch in
          let rows = scratch + plan.responseScratch
          let targetRows = rows + rowsOfSegment
          let (differences, shares) = (targetRows + rowsOfSegment, targetRows + rowsOfSegment + wholeRows)
          for segment in 0..<plan.segments {
            plan.respond(group: group, segment: segment, places.own, rows, scratch: scratch)
            let features: UnsafePointer<Float>
            if let other = places.other {
              plan.respond(group: group, segment: segment, other, targetRows, scratch: scratch)
              plan.rectify(group: group, segment: segment, targetRows, factors: places.factors)
              features = UnsafePointer(targetRows)
            } else if case .features(let known, _) = places.target {
              features = known + group * plan.groupRows + segment * rowsOfSegment
            } else {
              return
            }
            let count = plan.count(ofSegment: segment)
            let sums = withWeights(group) { weights in
              let factors = places.factors + group * plan.factorRows * plan.lanes
              if gathered != nil {
                // Between the positions, and after the last, the gradient is 0.
                let first = plan.options.stride == 1 ? count * plan.lanes : 0
                (differences + first).update(repeating: 0, count: wholeRows - first)
                (shares + first).update(repeating: 0, count: wholeRows - first)
              }
              var sums: Sums = (0, 0, 0, 0)
              for run in plan.runs(ofSegment: segment) {
                let (x, b) = (rows + run.row * plan.lanes, features + run.row * plan.lanes)
                let factor = factors + run.frame * plan.lanes
                let place = run.row * plan.options.stride * plan.lanes
                let part =
                  gathered == nil
                  ? plan.kernels.featureSums(x, b, weights: weights, factors: factor, count: run.count)
                  : plan.kernels.featureDerivatives(
                    x, b, weights: weights, factors: factor, differences + place, shares + place,
                    stride: plan.options.stride, count: run.count)
                sums = (
                  sums.aa + part.aa, sums.ab + part.ab, sums.bb + part.bb, sums.squared + part.squared
                )
              }
              guard let gathered else { return sums }
              for part in 0..<parts {
                plan.gather(
                  group: group, part == 0 ? differences : shares,
                  gathered + group * sumsOfGroup + (segment * parts + part) * 2 * plan.bins, scratch: scratch)
              }
              return sums
            }
            all[group].aa += sums.aa
            all[group].ab += sums.ab
            all[group].bb += sums.bb
            all[group].squared += sums.squared
          }
        }
      }
    }
    return all.reduce((0, 0, 0, 0)) { ($0.aa + $1.aa, $0.ab + $1.ab, $0.bb + $1.bb, $0.squared + $1.squared) }
  }

  private func withWeights<Result>(_ group: Int, _ body: (UnsafePointer<Float>) -> Result) -> Result {
    plan.weights.withUnsafeBufferPointer { weights in
      guard let base = weights.baseAddress else { preconditionFailure() }
      return body(base + group * plan.lanes)
    }
  }
}
