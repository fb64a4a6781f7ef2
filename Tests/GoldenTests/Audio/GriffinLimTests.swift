import Fast
@testable import PerceptualConformance
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
  let tested = GriffinLim.self
  return try sample.operationCase(of: tested, fill: .normals) { operationCase in
    let signal = Tensor(noise(options.samples(frames: frames), seed: "signal of \(label)"))
    let spectrum = Reference.shortTimeFourierTransform(signal, options: options)
    operationCase.inputs["magnitude"] = moduli(spectrum).map { Double(Float($0)) }
  }
}

@Suite struct GriffinLimTests {
  static let rows: [(String, frames: Int, window: Int, hop: Int, centred: Bool, iterations: Int, momentum: Double)] = [
    ("no iteration", 5, 16, 4, false, 0, 0.99),
    ("one frame", 1, 16, 4, false, 2, 0.99),
    ("one iteration", 5, 16, 4, false, 1, 0.99),
    ("uncentred", 7, 16, 5, false, 3, 0.99),
    ("centred", 7, 16, 5, true, 3, 0.5),
    ("no momentum", 6, 16, 4, false, 4, 0),
    ("17 bins, 17 frames", 17, 32, 8, false, 2, 0.99),
    ("a window that is no power of two", 6, 30, 8, false, 2, 0.99),
    ("an odd window", 6, 13, 4, false, 2, 0.99),
  ]

  @Test(arguments: rows)
  func agreesWithReference(
    _ label: String, frames: Int, window: Int, hop: Int, centred: Bool, iterations: Int, momentum: Double
  ) throws {
    let operationCase = try griffinLimCase(
      label, frames: frames, window, hop, centred: centred, iterations: iterations, momentum: momentum)
    try expectAgreement(GriffinLim.self, operationCase)
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
    for (before, after) in zip(distances, distances.dropFirst()) {
      // Reflection counts the samples at a centred signal's ends twice, which the theorem does not know of.
      #expect(after <= before * (centred ? 1.001 : 1 + 1e-12))
    }
    #expect((distances.last ?? 1) < 0.8 * distances[0])
  }

  private static func distances(_ window: Int) -> (Tensor<Double>, Spectrum<Double>, ShortTimeOptions) {
    let options = ShortTimeOptions(windowLength: window, hop: window / 4)
    let signal = Tensor(noise(options.samples(frames: 20), seed: "converging \(window)"))
    let spectrum = Reference.shortTimeFourierTransform(signal, options: options)
    let start: Spectrum<Float> = griffinLimStart(.unitPhasors, seed: 5, bins: options.bins, frames: 20)
    return (
      moduli(spectrum), Spectrum(real: start.real.converted(), imaginary: start.imaginary.converted()), options
    )
  }

  /// Until it converges it is the same iteration: it ends where the share gained is under the tolerance, or after as
  /// many as are allowed, and tells the convergence on the way, which without momentum never grows.
  @Test(arguments: [0.0, 0.99], [16, 12])
  func convergesLikeTheIteration(_ momentum: Double, _ window: Int) {
    let (magnitude, start, options) = Self.distances(window)
    let run = Reference.convergingGriffinLim(
      magnitude, initialAngle: start, options: options, iterations: 40, momentum: momentum, tolerance: 0.01)
    let fastStart = Spectrum<Float>(real: start.real.converted(), imaginary: start.imaginary.converted())
    let fast = Fast.convergingGriffinLim(
      magnitude.converted(), initialAngle: fastStart, options: options, iterations: 40, momentum: momentum,
      tolerance: 0.01)
    #expect(fast.iterations == run.iterations && run.iterations > 1 && run.iterations <= 40)
    let whole = Fast.griffinLim(
      magnitude.converted(), initialAngle: fastStart, options: options, iterations: fast.iterations,
      momentum: momentum)
    #expect(fast.signal == whole)
    let exact = Reference.griffinLim(
      magnitude, initialAngle: start, options: options, iterations: run.iterations, momentum: momentum)
    #expect(run.signal == exact)
    for (index, pair) in zip(run.convergence, run.convergence.dropFirst()).enumerated() {
      let gained = (pair.0 - pair.1) / pair.0
      if index + 1 == run.iterations {
        #expect(gained < 0.01 || run.iterations == 40)
      } else {
        #expect(gained >= 0.01)
      }
      if momentum == 0 { #expect(pair.1 <= pair.0) }
    }
    let capped = Fast.convergingGriffinLim(
      magnitude.converted(), initialAngle: fastStart, options: options, iterations: 2, momentum: momentum, tolerance: 0)
    #expect(capped.iterations <= 2)
  }

  @Test func silenceConvergesAtOnce() {
    let options = ShortTimeOptions(windowLength: 16, hop: 4)
    let start = griffinLimStart(.firstQuadrant, seed: 1, bins: 9, frames: 5)
    let run = Fast.convergingGriffinLim(Tensor(shape: [9, 5]), initialAngle: start, options: options)
    #expect(run.convergence == [0] && run.signal.elements.allSatisfy { $0 == 0 })
  }

  /// Unit phasors lie on the circle; TorchAudio's start in the first quadrant's square. Both depend on the seed alone.
  @Test func startsLieWhereTheyShould() {
    let unit = griffinLimStart(.unitPhasors, seed: 3, bins: 33, frames: 7)
    let square = griffinLimStart(.firstQuadrant, seed: 3, bins: 33, frames: 7)
    #expect(unit.real.shape == [33, 7] && square.imaginary.shape == [33, 7])
    var quadrants = Set<Int>()
    for i in 0..<unit.real.count {
      let (x, y) = (Double(unit.real[i]), Double(unit.imaginary[i]))
      #expect(abs(x * x + y * y - 1) <= 4 * Double(Float.ulpOfOne))
      quadrants.insert((x < 0 ? 1 : 0) + (y < 0 ? 2 : 0))
      #expect((0..<1).contains(square.real[i]) && (0..<1).contains(square.imaginary[i]))
    }
    #expect(quadrants.count == 4)
    #expect(griffinLimStart(.firstQuadrant, seed: 3, bins: 33, frames: 7).real == square.real)
    #expect(griffinLimStart(.firstQuadrant, seed: 4, bins: 33, frames: 7).real != square.real)
  }

  /// The first inverse takes angles of any modulus as they are; from then on they have modulus 1.
  @Test func firstAnglesKeepTheirModulus() {
    let (magnitude, start, options) = Self.distances(16)
    let doubled = Spectrum(real: start.real.map { 2 * $0 }, imaginary: start.imaginary.map { 2 * $0 })
    let once = Reference.griffinLim(magnitude, initialAngle: start, options: options, iterations: 0)
    let twice = Reference.griffinLim(magnitude, initialAngle: doubled, options: options, iterations: 0)
    #expect(twice == once.map { 2 * $0 })
    let fast = Fast.griffinLim(
      magnitude.converted(),
      initialAngle: Spectrum(real: doubled.real.converted(), imaginary: doubled.imaginary.converted()),
      options: options, iterations: 0)
    let single = Fast.griffinLim(
      magnitude.converted(),
      initialAngle: Spectrum(real: start.real.converted(), imaginary: start.imaginary.converted()), options: options,
      iterations: 0)
    #expect(fast == single.map { 2 * $0 })
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
