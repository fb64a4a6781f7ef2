import PerceptualCore

/// One comparison of a signal with another, on a plan.
struct BarkEvaluation {
  let plan: BarkPlan
  let execution: Execution
  /// Whether the first signal, not the second, sets the masking thresholds.
  var isMaskedByOwn = false

  enum Target {
    case signal(Floats)
    /// [groups, positions, lanes], positions in the order of ``BarkPlan/positions(pair:leaf:)``.
    case features(Floats, factors: Floats)
  }

  private typealias Sums = (aa: Double, ab: Double, bb: Double, squared: Double)

  /// What is compared, as segments or as features.
  private struct Compared {
    let own: BarkSegments
    let other: BarkSegments?
    let target: Target
    /// [groups, factor rows, lanes].
    let factors: Floats
  }

  /// The distance, and the gradient where there is room for it.
  ///
  /// The derivative of a distance by a feature a beside b is difference (a - b) + share a, with two numbers that are
  /// known only when all features are. So the gradients of both parts are gathered on the way, and joined in the end.
  func run(_ signal: Floats, _ target: Target, upstream: Float, gradient: MutableFloats?) -> Float {
    ScratchPool.shared.withFloats(2 * plan.segmentsCount + plan.factorsCount) { memory in
      let own = plan.transform(signal, in: memory, execution)
      let compared: Compared
      switch target {
      case .features(_, let factors):
        compared = Compared(own: own, other: nil, target: target, factors: factors)
      case .signal(let signal):
        let other = plan.transform(signal, in: memory + plan.segmentsCount, execution)
        let factors = memory + 2 * plan.segmentsCount
        plan.fillFactors(isMaskedByOwn ? own : other, factors, execution)
        compared = Compared(own: own, other: other, target: target, factors: UnsafePointer(factors))
      }
      guard let gradient else { return distance(sums(compared, gathered: nil), upstream: 0).value }
      let gathered = plan.groups * sumsOfGroup
      return ScratchPool.shared.withFloats(gathered) { gathered in
        let (value, difference, share) = distance(sums(compared, gathered: gathered), upstream: upstream)
        plan.assemble(gathered, parts: parts, factors: (difference, share), gradient, execution)
        return value
      }
    }
  }

  /// A mean of squares has no share of a.
  private var parts: Int { plan.options.distance == .cosine ? 2 : 1 }
  private var sumsOfGroup: Int { plan.pairs * parts * 2 * plan.length }

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
  /// the spectra of the gradient's parts, [groups, pairs, parts, 2 length].
  private func sums(_ compared: Compared, gathered: MutableFloats?) -> Sums {
    var all = [Sums](repeating: (0, 0, 0, 0), count: plan.groups)
    all.withUnsafeMutableBufferPointer { all in
      execution.forEach(plan.groups) { group in
        let (lanes, pairRows) = (plan.lanes, plan.pairRows)
        ScratchPool.shared.withFloats(2 * pairRows + 4 * lanes + max(plan.leafRows, 16 * lanes)) { z in
          let work = Work(
            own: z, other: z + pairRows, tolerances: z + 2 * pairRows, features: z + 2 * pairRows + 4 * lanes)
          for pair in 0..<plan.pairs {
            add(sums(group: group, pair: pair, compared, work, isGradientWanted: gathered != nil), to: &all[group])
            guard let gathered else { continue }
            for part in 0..<parts {
              plan.gather(
                group: group, part == 0 ? work.own : work.other,
                gathered + group * sumsOfGroup + (pair * parts + part) * 2 * plan.length, products: work.features)
            }
          }
        }
      }
    }
    return all.reduce(into: (0, 0, 0, 0)) { add($1, to: &$0) }
  }

  /// Room for one pair of segments.
  private struct Work {
    /// [2 length, lanes] each: the responses, then the derivatives' differences and shares.
    let own: MutableFloats
    let other: MutableFloats
    /// [2, 2, lanes].
    let tolerances: MutableFloats
    /// The target's features in one leaf, and later the products of ``BarkPlan/gather(group:_:_:products:)``.
    let features: MutableFloats
  }

  /// The sums of one group and pair; where the gradient is wanted, its parts' transforms but for the last pass.
  private func sums(group: Int, pair: Int, _ compared: Compared, _ work: Work, isGradientWanted: Bool) -> Sums {
    let plan = plan
    let own = BarkSide(segments: compared.own, group: group, pair: pair, z: work.own, tolerances: work.tolerances)
    let other = compared.other.map {
      BarkSide(segments: $0, group: group, pair: pair, z: work.other, tolerances: work.tolerances + 2 * plan.lanes)
    }
    plan.filter(own)
    if let other { plan.filter(other) }
    let filtered = other == nil ? [work.own] : [work.own, work.other]
    let gradients = isGradientWanted ? [work.own, work.other].prefix(parts) : []
    let factors = compared.factors + group * plan.factorRows * plan.lanes
    var sums: Sums = (0, 0, 0, 0)
    let weights = plan.weights.start + group * plan.lanes
    plan.throughPasses(filtered, gradients: Array(gradients)) { leaf in
      let (positions, before) = plan.positions(pair: pair, leaf: leaf.index)
      var features = UnsafePointer(work.features)
      if let other {
        plan.respond(other, leaf)
        plan.rectify(other, leaf, positions, factors: compared.factors, work.features)
      } else if case .features(let known, _) = compared.target {
        features = known + group * plan.groupRows + before * plan.lanes
      }
      plan.respond(own, leaf)
      let rows = work.own + leaf.rows
      let shares = parts == 2 ? work.other + leaf.rows : nil
      add(
        isGradientWanted
          ? plan.kernels.featureDerivatives(
            rows, scales: own.scales, positions, features, weights: weights, factors: factors, shares: shares)
          : plan.kernels.featureSums(
            rows, scales: own.scales, positions, features, weights: weights, factors: factors),
        to: &sums)
      for z in gradients { plan.transposedRespond(z, leaf) }
    }
    return sums
  }

  private func add(_ part: Sums, to sums: inout Sums) {
    sums = (sums.aa + part.aa, sums.ab + part.ab, sums.bb + part.bb, sums.squared + part.squared)
  }
}
