import PerceptualCore
import PerceptualKernels

/// A signal's segments as one evaluation needs them.
struct BarkSegments {
  /// [pairs, 2 length]: the conjugate of the spectrum of first + i second, each times its own power of two.
  let conjugates: MutableFloats
  /// [pairs, blocks]: the sums of |spectrum|^2 over a block of bins and its mirror image.
  let powers: MutableFloats
  /// [pairs, 2]: what makes responses of the transform's rows; the second's sign turns them. 0 for a segment of
  /// silence.
  let scales: MutableFloats
  /// [samples + 1]: how many samples before this one are not 0.
  let nonZeros: UnsafeMutablePointer<Int32>
  let signal: Floats
}

/// One pair of a signal's segments on its way through one group of filters.
struct BarkSide {
  let segments: BarkSegments
  let group: Int
  let pair: Int
  /// [2 length, lanes].
  let z: MutableFloats
  /// [2, lanes]: magnitudes under which the sign of the first's and of the second's responses is in doubt.
  let tolerances: MutableFloats

  var scales: Floats { UnsafePointer(segments.scales + 2 * pair) }
}

/// A short transform within a pair's.
struct BarkLeaf {
  let index: Int
  /// Where its rows begin, in floats.
  let rows: Int
  /// Of its passes.
  let twiddles: Floats
}

extension BarkPlan {
  var segmentsCount: Int {
    pairs * 2 * length + roundedToVectors(pairs * blocks) + roundedToVectors(2 * pairs) + roundedToVectors(samples + 1)
  }
  /// Floats of the rows of a pair's transform, and of one leaf.
  var pairRows: Int { 2 * length * lanes }
  var leafRows: Int { 2 * leafLength * lanes }

  /// The spectra of a signal's pairs of segments, in `memory`.
  func transform(_ signal: Floats, in memory: MutableFloats, _ execution: Execution) -> BarkSegments {
    let conjugates = memory
    let powers = conjugates + pairs * 2 * length
    let scales = powers + roundedToVectors(pairs * blocks)
    let nonZeros = UnsafeMutableRawPointer(scales + roundedToVectors(2 * pairs)).bindMemory(
      to: Int32.self, capacity: samples + 1)
    let result = BarkSegments(
      conjugates: conjugates, powers: powers, scales: scales, nonZeros: nonZeros, signal: signal)
    nonZeros[0] = 0
    for i in 0..<samples { nonZeros[i + 1] = nonZeros[i] + (signal[i] != 0 ? 1 : 0) }
    // In double precision: what rounding leaves of the loudest partials would else stand beside the softest.
    let plan = ExactFourierPlan.of(length: length)
    execution.forEach(pairs) { pair in
      ScratchPool.shared.withDoubles(length + 4 * bins) { scratch in
        let (first, second) = (scratch + length, scratch + length + 2 * bins)
        for (half, spectrum) in [first, second].enumerated() {
          let scale = scaleSegment(2 * pair + half, signal, scratch)
          scales[2 * pair + half] = half == 0 ? scale : -scale
          plan.forward(scratch, spectrum)
        }
        let joined = conjugates + pair * 2 * length
        for k in 0..<bins {
          let (a, b, c, d) = (first[2 * k], first[2 * k + 1], second[2 * k], second[2 * k + 1])
          let block = pair * blocks + k / BarkPlan.blockBins
          let power = Float(2 * (a * a + b * b + c * c + d * d))
          powers[block] = k % BarkPlan.blockBins == 0 ? power : powers[block] + power
          joined[2 * k] = Float(a - d)
          joined[2 * k + 1] = Float(-(b + c))
          if k == 0 || 2 * k == length { continue }
          joined[2 * (length - k)] = Float(a + d)
          joined[2 * (length - k) + 1] = Float(b - c)
        }
      }
    }
    return result
  }

  /// Writes a segment, zeros beyond the signal, times a power of two that brings its norm to 1 ... 2: the louder of a
  /// pair would else drown the other's responses in its rounding. Returns what undoes the factor; 0 for silence, whose
  /// rows hold the other's rounding.
  private func scaleSegment(_ segment: Int, _ signal: Floats, _ scaled: UnsafeMutablePointer<Double>) -> Float {
    // Where in the signal the segment begins.
    let first = segment * step * options.stride - taps
    var squares = 0.0
    for i in 0..<length {
      let place = first + i
      let sample = segment < segments && place >= 0 && place < samples ? Double(signal[place]) : 0
      scaled[i] = sample
      squares += sample * sample
    }
    if squares == 0 { return 0 }
    let norm = squares.squareRoot()
    if !norm.isFinite { return 1 }
    let scale = Double(sign: .plus, exponent: max(-100, min(100, Int(norm.exponent))), significand: 1)
    for i in 0..<length { scaled[i] /= scale }
    return Float(scale)
  }

  /// Filters times a pair's spectrum, through the passes' first, to `side.z`.
  func filter(_ side: BarkSide) {
    kernels.filterPair(
      side.segments.conjugates + side.pair * 2 * length, filters(side.group), twiddles: twiddles.start, side.z,
      length: length)
    // The mean of |z|^2 is at most this sum.
    let tolerances = side.tolerances
    for lane in 0..<lanes { tolerances[lane] = 0 }
    for block in 0..<blocks {
      let (power, gain) = (side.segments.powers[side.pair * blocks + block], (side.group * blocks + block) * lanes)
      for lane in 0..<lanes { tolerances[lane] += gains.start[gain + lane] * power }
    }
    // The transform spreads its rounding over all numbers alike: a standard deviation of less than epsilon times their
    // root mean square.
    for lane in 0..<lanes {
      let tolerance = 8 * Float.ulpOfOne * tolerances[lane].squareRoot()
      for half in 0..<2 {
        let isCertain = side.scales[half] == 0 || !tolerance.isFinite
        tolerances[half * lanes + lane] = isCertain ? 0 : tolerance
      }
    }
  }

  /// The passes between the first and those of the leaves of the transforms `filtered`, `leaf` of each leaf, and the
  /// transposed passes of the transforms `gradients` back from the leaves' to the last.
  func throughPasses(_ filtered: [MutableFloats], gradients: [MutableFloats] = [], _ leaf: (BarkLeaf) -> Void) {
    func part(_ first: Int, _ length: Int, _ twiddles: Floats) {
      if length == leafLength {
        return leaf(BarkLeaf(index: first / leafLength, rows: first * 2 * lanes, twiddles: twiddles))
      }
      for z in filtered {
        kernels.fourierPassOfEight(z + first * 2 * lanes, length: length, twiddles: twiddles)
      }
      parts(of: first, length, twiddles)
      for z in gradients {
        kernels.transposedFourierPassOfEight(z + first * 2 * lanes, length: length, twiddles: twiddles)
      }
    }
    func parts(of first: Int, _ length: Int, _ twiddles: Floats) {
      for r in 0..<8 { part(first + r * length / 8, length / 8, twiddles + 14 * (length / 8)) }
    }
    parts(of: 0, length, twiddles.start)
  }

  /// `body(side, leaf, positions, positions before)` of every leaf of a signal's responses to one group, in `z` of
  /// ``pairRows`` and two vectors.
  func forEachLeaf(
    group: Int, _ segments: BarkSegments, _ z: MutableFloats, _ body: (BarkSide, BarkLeaf, BarkPositions, Int) -> Void
  ) {
    for pair in 0..<pairs {
      let side = BarkSide(segments: segments, group: group, pair: pair, z: z, tolerances: z + pairRows)
      filter(side)
      throughPasses([z]) { leaf in
        respond(side, leaf)
        let (positions, before) = positions(pair: pair, leaf: leaf.index)
        body(side, leaf, positions, before)
      }
    }
  }

  /// The responses in a leaf.
  func respond(_ side: BarkSide, _ leaf: BarkLeaf) {
    kernels.fourierPasses(side.z + leaf.rows, length: leafLength, twiddles: leaf.twiddles)
    settleSigns(side, leaf)
  }

  /// The reverse of ``respond(_:_:)`` for gradients.
  func transposedRespond(_ z: MutableFloats, _ leaf: BarkLeaf) {
    kernels.transposedFourierPasses(z + leaf.rows, length: leafLength, twiddles: leaf.twiddles)
  }

  /// The reverse of ``filter(_:)``, summed over the group's filters, [length / 8, 8, 2]: number j + r length / 8 at [j,
  /// r].
  func gather(group: Int, _ z: Floats, _ sums: MutableFloats, products: MutableFloats) {
    kernels.gatherPair(z, filters(group), twiddles: twiddles.start, sums, products: products, length: length)
  }

  /// The spectra of a group's filters.
  private func filters(_ group: Int) -> Floats { UnsafePointer(spectra.start + group * bins * 2 * lanes) }

  /// Puts right, in double precision, the responses that rounding may have given the wrong sign: there the rectifier's
  /// derivative would be the wrong one.
  private func settleSigns(_ side: BarkSide, _ leaf: BarkLeaf) {
    let rows = side.z + leaf.rows
    let count = 2 * leafLength
    var row = kernels.doubtfulRow(rows, tolerances: side.tolerances, from: 0, count: count)
    while row < count {
      let number = passes.numbers[leaf.index * leafLength + row / 2]
      if segmentation.position(pair: side.pair, number: number, half: row % 2) != nil {
        let segment = 2 * side.pair + row % 2
        let place = segment * step * options.stride - taps + number
        let scale = 1 / side.segments.scales[segment]
        for lane in 0..<lanes where abs(rows[row * lanes + lane]) < side.tolerances[row % 2 * lanes + lane] {
          rows[row * lanes + lane] = scale * exactResponse(band: side.group * lanes + lane, place: place, side.segments)
        }
      }
      row = kernels.doubtfulRow(rows, tolerances: side.tolerances, from: row + 1, count: count)
    }
  }

  /// sum_k h[k] signal[place + k] in Double.
  private func exactResponse(band: Int, place: Int, _ segments: BarkSegments) -> Float {
    let signal = segments.signal
    let first = max(place, 0)
    let last = min(place + taps, samples)
    if first >= last || segments.nonZeros[first] == segments.nonZeros[last] { return 0 }
    return responses.withUnsafeBufferPointer { responses in
      let response = band * taps - place
      var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
      var i = first
      while i + 4 <= last {
        a += responses[response + i] * Double(signal[i])
        b += responses[response + i + 1] * Double(signal[i + 1])
        c += responses[response + i + 2] * Double(signal[i + 2])
        d += responses[response + i + 3] * Double(signal[i + 3])
        i += 4
      }
      while i < last {
        a += responses[response + i] * Double(signal[i])
        i += 1
      }
      return Float((a + b) + (c + d))
    }
  }

  /// The gradient with respect to the signal from the sums of all groups, [groups, pairs, parts, length / 8, 8, 2] as
  /// ``gather(group:_:_:products:)`` leaves them, joined in double precision: the first part times the first factor,
  /// the second, if there is one, times the other.
  func assemble(
    _ sums: Floats, parts: Int, factors: (Double, Double), _ gradient: MutableFloats, _ execution: Execution
  ) {
    let plan = ExactFourierPlan.of(length: length)
    let size = 2 * length
    ScratchPool.shared.withDoubles(2 * pairs * length) { pieces in
      execution.forEach(pairs) { pair in
        ScratchPool.shared.withDoubles(parts * size + 4 * bins) { all in
          all.update(repeating: 0, count: parts * size)
          // Memory is read in order.
          for group in 0..<groups {
            let some = sums + (group * pairs + pair) * parts * size
            for i in 0..<parts * size { all[i] += Double(some[i]) }
          }
          let other = parts == 2 ? all + size : all
          let share = parts == 2 ? factors.1 : 0
          /// Part `part` of complex number k of the transform of first + i second.
          func joined(_ k: Int, _ part: Int) -> Double {
            let (r, j) = k.quotientAndRemainder(dividingBy: length / 8)
            let i = 2 * (8 * j + r) + part
            return factors.0 * all[i] + share * other[i]
          }
          let first = all + parts * size
          let second = first + 2 * bins
          for k in 0..<bins {
            let mirrored = (length - k) % length
            let (a, b, c, d) = (joined(k, 0), joined(k, 1), joined(mirrored, 0), joined(mirrored, 1))
            // The transforms of two real signals, apart.
            first[2 * k] = (a + c) / 2
            first[2 * k + 1] = (b - d) / 2
            second[2 * k] = (b + d) / 2
            second[2 * k + 1] = (c - a) / 2
          }
          plan.backward(first, pieces + 2 * pair * length)
          if 2 * pair + 1 < segments { plan.backward(second, pieces + (2 * pair + 1) * length) }
        }
      }
      for i in 0..<samples { gradient[i] = 0 }
      for segment in 0..<segments {
        let first = segment * step * options.stride - taps
        for i in max(0, -first)..<max(0, -first, min(length, samples - first)) {
          gradient[first + i] += Float(pieces[segment * length + i])
        }
      }
    }
  }
}
