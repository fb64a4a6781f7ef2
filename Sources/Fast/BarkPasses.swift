import PerceptualCore
import PerceptualKernels

/// A signal's segments as one evaluation needs them.
struct BarkSegments {
  /// [segments, 2 bins].
  let spectra: UnsafeMutablePointer<Float>
  /// [segments]: the root of the sum of squares.
  let norms: UnsafeMutablePointer<Float>
  /// [samples + 1]: how many samples before this one are not 0.
  let nonZeros: UnsafeMutablePointer<Int32>
  let signal: UnsafePointer<Float>
}

extension BarkPlan {
  /// Floats between the spectra of two segments.
  var spectrumStride: Int { roundedToVectors(2 * bins) }
  var segmentsCount: Int {
    segments * spectrumStride + roundedToVectors(segments) + roundedToVectors(samples + 1)
  }

  /// The spectra of a signal's segments, in `memory`.
  func transform(
    _ signal: UnsafePointer<Float>, in memory: UnsafeMutablePointer<Float>, _ execution: Execution
  ) -> BarkSegments {
    let norms = memory + segments * spectrumStride
    let nonZeros = UnsafeMutableRawPointer(norms + roundedToVectors(segments)).bindMemory(
      to: Int32.self, capacity: samples + 1)
    let result = BarkSegments(spectra: memory, norms: norms, nonZeros: nonZeros, signal: signal)
    nonZeros[0] = 0
    for i in 0..<samples { nonZeros[i + 1] = nonZeros[i] + (signal[i] != 0 ? 1 : 0) }
    let plan = FourierPlan.of(length: length)
    execution.forEach(segments) { segment in
      ScratchPool.shared.withFloats(length) { scratch in
        // Where in the signal the segment begins.
        let first = segment * step * options.stride - taps
        var squares = 0.0
        for i in 0..<length {
          let place = first + i
          let sample = place >= 0 && place < samples ? signal[place] : 0
          scratch[i] = sample
          squares += Double(sample) * Double(sample)
        }
        result.norms[segment] = Float(squares.squareRoot())
        plan.forward(scratch, result.spectra + segment * spectrumStride)
      }
    }
    return result
  }

  /// The responses of a group of filters at a segment's positions, one row each.
  func respond(
    group: Int, segment: Int, _ signal: BarkSegments, _ rows: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    spectra.withUnsafeBufferPointer { filters in
      guard let filters = filters.baseAddress else { return }
      transform.backwardRows(
        signal.spectra + segment * spectrumStride, filters: filters + group * bins * 2 * lanes, scratch
      ) { order in
        kernels.collectRows(scratch, rows: order, stride: options.stride, rows, count: count(ofSegment: segment))
      }
    }
    settleSigns(group: group, segment: segment, signal, rows, tolerances: scratch)
  }

  /// Floats of scratch that ``respond(group:segment:_:_:scratch:)`` and its reverse need.
  var responseScratch: Int { 2 * bins * lanes }

  /// Puts right, in double precision, the responses that rounding may have given the wrong sign: there the rectifier's
  /// derivative would be the wrong one.
  private func settleSigns(
    group: Int, segment: Int, _ signal: BarkSegments, _ rows: UnsafeMutablePointer<Float>,
    tolerances: UnsafeMutablePointer<Float>
  ) {
    // The transforms' error has a standard deviation of about 2 epsilon |segment| |filter| / sqrt(length).
    let scale = 16 * Float.ulpOfOne * signal.norms[segment] / Float(length).squareRoot()
    for lane in 0..<lanes { tolerances[lane] = scale * norms[group * lanes + lane] }
    let count = count(ofSegment: segment)
    var row = kernels.doubtfulRow(rows, tolerances: tolerances, from: 0, count: count)
    while row < count {
      let place = (segment * step + row) * options.stride - taps
      for lane in 0..<lanes where abs(rows[row * lanes + lane]) < tolerances[lane] {
        rows[row * lanes + lane] = exactResponse(
          band: group * lanes + lane, place: place, signal)
      }
      row = kernels.doubtfulRow(rows, tolerances: tolerances, from: row + 1, count: count)
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

  /// Writes to `sums` ([2 bins], real and imaginary parts in turn) the spectrum of what a segment's rows of gradients, at
  /// the places of the responses, make of the segment, `rows` overwritten.
  func gather(
    group: Int, _ rows: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    spectra.withUnsafeBufferPointer { filters in
      guard let filters = filters.baseAddress else { return }
      // The whole of the scratch is free.
      transform.forwardRows(rows, filters: filters + group * bins * 2 * lanes, scratch)
      kernels.sumRows(scratch, sums, count: 2 * bins)
    }
  }

  /// The gradient with respect to the signal from the sums of all groups, [groups, segments, parts, 2 bins], joined in
  /// double precision: the first part times the first factor, the second, if there is one, times the other.
  func assemble(
    _ sums: UnsafePointer<Float>, parts: Int, factors: (Double, Double),
    _ gradient: UnsafeMutablePointer<Float>, _ execution: Execution
  ) {
    let plan = FourierPlan.of(length: length)
    let stride = roundedToVectors(length)
    let size = 2 * bins
    ScratchPool.shared.withFloats(segments * stride) { pieces in
      execution.forEach(segments) { segment in
        ScratchPool.shared.withFloats(spectrumStride + 2 * parts * size) { spectrum in
          // Memory is read in order.
          let all = UnsafeMutableRawPointer(spectrum + spectrumStride).bindMemory(
            to: Double.self, capacity: parts * size)
          all.update(repeating: 0, count: parts * size)
          for group in 0..<groups {
            let own = sums + (group * segments + segment) * parts * size
            for i in 0..<parts * size { all[i] += Double(own[i]) }
          }
          let other = parts == 2 ? all + size : all
          let share = parts == 2 ? factors.1 : 0
          for i in 0..<size { spectrum[i] = Float(factors.0 * all[i] + share * other[i]) }
          plan.backward(spectrum, pieces + segment * stride)
        }
      }
      for i in 0..<samples { gradient[i] = 0 }
      for segment in 0..<segments {
        let first = segment * step * options.stride - taps
        for i in max(0, -first)..<max(0, -first, min(length, samples - first)) {
          gradient[first + i] += pieces[segment * stride + i]
        }
      }
    }
  }
}
