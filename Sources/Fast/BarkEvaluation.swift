import PerceptualCore

/// One comparison of a signal with another, on a plan.
struct BarkEvaluation {
  let plan: BarkPlan
  let execution: Execution

  enum Target {
    case signal(UnsafePointer<Float>)
    /// [groups, positions, lanes].
    case features(UnsafePointer<Float>)
  }

  private typealias Sums = (aa: Double, ab: Double, bb: Double, squared: Double)

  /// The distance, and the gradient where there is room for it.
  func run(
    _ signal: UnsafePointer<Float>, _ target: Target, upstream: Float, gradient: UnsafeMutablePointer<Float>?
  ) -> Float {
    let rowCount = plan.groups * plan.groupRows
    let keepsRows = gradient != nil
    return ScratchPool.shared.withFloats(2 * plan.segmentsCount) { memory in
      let own = plan.transform(signal, in: memory, execution)
      var other: BarkSegments?
      if case .signal(let target) = target {
        other = plan.transform(target, in: memory + plan.segmentsCount, execution)
      }
      // Rows are kept for the gradient alone: without it, a segment's are forgotten once they are summed.
      return ScratchPool.shared.withFloats(keepsRows ? rowCount : 1) { rows in
        ScratchPool.shared.withFloats(keepsRows && other != nil ? rowCount : 1) { targetRows in
          let places = Places(
            own: own, other: other, rows: keepsRows ? rows : nil,
            targetRows: keepsRows ? targetRows : nil, target: target)
          let sums = sums(places)
          let (value, difference, share) = distance(sums, upstream: upstream)
          if let gradient {
            if case .features(let features) = target {
              self.gradient(rows, features, difference, share, gradient)
            } else {
              self.gradient(rows, targetRows, difference, share, gradient)
            }
          }
          return value
        }
      }
    }
  }

  private struct Places {
    let own: BarkSegments
    let other: BarkSegments?
    let rows: UnsafeMutablePointer<Float>?
    let targetRows: UnsafeMutablePointer<Float>?
    let target: Target
  }

  /// The value, and the derivative by a feature a beside b: difference (a - b) + share a.
  private func distance(_ sums: Sums, upstream: Float) -> (value: Float, difference: Float, share: Float) {
    switch plan.options.distance {
    case .meanSquaredError:
      let count = Double(plan.options.filters.bands * plan.positions)
      return (Float(sums.squared / count), Float(2 * Double(upstream) / count), 0)
    case .cosine:
      let norms = (sums.aa * sums.bb).squareRoot()
      if norms < 1e-8 { return (0, 0, 0) }
      let scale = Double(upstream) / norms
      // ab / aa - 1, from the difference where the two are near: it would cancel.
      let excess = 0.5 * (sums.bb - sums.aa - sums.squared) / sums.aa
      return (Float(-sums.ab / norms), Float(scale), Float(scale * excess))
    }
  }

  /// Filters the signals, features of group after group, and sums them up in the groups' order.
  private func sums(_ places: Places) -> Sums {
    let plan = plan
    var all = [Sums](repeating: (0, 0, 0, 0), count: plan.groups)
    all.withUnsafeMutableBufferPointer { all in
      execution.forEach(plan.groups) { group in
        let rowsOfSegment = plan.step * plan.lanes
        ScratchPool.shared.withFloats(plan.responseScratch + 2 * rowsOfSegment) { scratch in
          let spare = scratch + plan.responseScratch
          for segment in 0..<plan.segments {
            let offset = group * plan.groupRows + segment * rowsOfSegment
            let rows = places.rows.map { $0 + offset } ?? spare
            plan.respond(group: group, segment: segment, places.own, rows, scratch: scratch)
            let features: UnsafePointer<Float>
            if let other = places.other {
              let target = places.targetRows.map { $0 + offset } ?? spare + rowsOfSegment
              plan.respond(group: group, segment: segment, other, target, scratch: scratch)
              plan.rectify(group: group, segment: segment, target)
              features = UnsafePointer(target)
            } else if case .features(let known) = places.target {
              features = known + offset
            } else {
              return
            }
            let sums = withWeights(group) { weights in
              plan.kernels.featureSums(
                rows, features, weights: weights, factor: Float(plan.options.logFactor),
                count: plan.count(ofSegment: segment))
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

  private func gradient(
    _ rows: UnsafePointer<Float>, _ features: UnsafePointer<Float>, _ difference: Float, _ share: Float,
    _ gradient: UnsafeMutablePointer<Float>
  ) {
    let plan = plan
    let sumsOfGroup = plan.segments * 2 * plan.bins
    withUnsafeTemporaryAllocation(of: Double.self, capacity: plan.groups * sumsOfGroup) { sums in
      guard let sums = sums.baseAddress else { return }
      sums.initialize(repeating: 0, count: plan.groups * sumsOfGroup)
      execution.forEach(plan.groups) { group in
        ScratchPool.shared.withFloats(plan.length * plan.lanes + 2 * plan.bins * plan.lanes) { scratch in
          for segment in 0..<plan.segments {
            let place = group * plan.groupRows + segment * plan.step * plan.lanes
            let count = plan.count(ofSegment: segment)
            scratch.update(repeating: 0, count: plan.length * plan.lanes)
            withWeights(group) { weights in
              plan.kernels.featureGradient(
                rows + place, features + place, weights: weights, factor: Float(plan.options.logFactor),
                difference: difference, own: share, scratch, stride: plan.options.stride, count: count)
            }
            plan.gather(
              group: group, scratch, sums + group * sumsOfGroup + segment * 2 * plan.bins,
              scratch: scratch + plan.length * plan.lanes)
          }
        }
      }
      plan.assemble(sums, gradient, execution)
    }
  }
}
