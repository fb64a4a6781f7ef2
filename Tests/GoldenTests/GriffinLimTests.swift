import Fast
import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

/// A case of Griffin-Lim whose magnitudes are those of noise, exact in Float.
func griffinLimCase(
  _ label: String, frames: Int, _ window: Int, _ hop: Int, centred: Bool = false, iterations: Int,
  momentum: Double = 0.99
) throws -> OperationCase<Double> {
  let options = ShortTimeOptions(windowLength: window, hop: hop, centred: centred)
  let shape = [options.bins, frames]
  var attributes = shortTime(window, hop, centred: centred)
  attributes["iterations"] = .integer(iterations)
  attributes["momentum"] = .number(momentum)
  let sample = Sample(label, ["magnitude": shape, "initialPhase": shape], attributes)
  let tested = try #require(operation(named: "griffinLim"))
  return try sample.operationCase(of: tested, fill: .normals) { operationCase in
    let signal = Tensor(noise(options.samples(frames: frames), seed: "signal of \(label)"))
    let spectrum = Reference.shortTimeFourierTransform(signal, options: options)
    operationCase.inputs["magnitude"] = moduli(spectrum).map { Double(Float($0)) }
  }
}

@Suite struct GriffinLimTests {
  struct Row: Sendable, CustomStringConvertible {
    var description: String
    var frames: Int
    var window: Int
    var hop: Int
    var centred = false
    var iterations: Int
    var momentum = 0.99
  }

  static let rows = [
    Row(description: "no iteration", frames: 5, window: 16, hop: 4, iterations: 0),
    Row(description: "one frame", frames: 1, window: 16, hop: 4, iterations: 2),
    Row(description: "one iteration", frames: 5, window: 16, hop: 4, iterations: 1),
    Row(description: "uncentred", frames: 7, window: 16, hop: 5, iterations: 3),
    Row(description: "centred", frames: 7, window: 16, hop: 5, centred: true, iterations: 3, momentum: 0.5),
    Row(description: "no momentum", frames: 6, window: 16, hop: 4, iterations: 4, momentum: 0),
    Row(description: "17 bins, 17 frames", frames: 17, window: 32, hop: 8, iterations: 2),
    Row(description: "a window that is no power of two", frames: 6, window: 30, hop: 8, iterations: 2),
    Row(description: "an odd window", frames: 6, window: 13, hop: 4, iterations: 2),
  ]

  @Test(arguments: rows)
  func agreesWithReference(_ row: Row) throws {
    let tested = try #require(operation(named: "griffinLim"))
    let operationCase = try griffinLimCase(
      row.description, frames: row.frames, row.window, row.hop, centred: row.centred, iterations: row.iterations,
      momentum: row.momentum)
    let failures = try crossCheck(tested, operationCase)
    #expect(failures == [])
  }

  /// Griffin and Lim's theorem: without momentum the distance between the magnitudes wanted and had never grows.
  @Test(arguments: [false, true])
  func distanceNeverGrows(centred: Bool) throws {
    let operationCase = try griffinLimCase(
      "theorem \(centred)", frames: 12, 16, 4, centred: centred, iterations: 0, momentum: 0)
    let (magnitude, phase) = (operationCase.input("magnitude"), operationCase.input("initialPhase"))
    let options = ShortTimeOptions(windowLength: 16, hop: 4, centred: centred)
    var distances: [Double] = []
    for iterations in 0...12 {
      let signal = Reference.griffinLim(
        magnitude, initialPhase: phase, options: options, iterations: iterations, momentum: 0)
      let had = moduli(Reference.shortTimeFourierTransform(signal, options: options))
      distances.append(relativeDistance(had.elements, magnitude.elements, 0..<magnitude.count))
    }
    print("Griffin-Lim's distances, centred \(centred): \(distances)")
    for (before, after) in zip(distances, distances.dropFirst()) {
      // Reflection counts the samples at a centred signal's ends twice, which the theorem does not know of.
      #expect(after <= before * (centred ? 1.001 : 1 + 1e-12))
    }
    #expect((distances.last ?? 1) < 0.8 * distances[0])
  }

  /// The right phases are a fixed point: the signal comes back.
  @Test func rightPhasesStay() {
    let options = ShortTimeOptions(windowLength: 32, hop: 8, centred: true)
    let signal = noise(options.samples(frames: 20), seed: "fixed point")
    let spectrum = Reference.shortTimeFourierTransform(Tensor(signal), options: options)
    var phase = spectrum.real
    for i in 0..<phase.count { phase[i] = angle(spectrum.real[i], spectrum.imaginary[i]) }
    let back = Reference.griffinLim(moduli(spectrum), initialPhase: phase, options: options, iterations: 5)
    #expect(decibels(relativeDistance(back.elements, signal, 0..<signal.count)) <= -120)
  }
}
