import Foundation
import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import Fast

/// The inner loops of the Bark distance by themselves: what a whole distance might not show.
@Suite struct BarkKernelTests {
  /// Every row by itself: found from any place before it, and not from one behind it.
  @Test(arguments: InstructionSet.available) func everyDoubtfulRowIsFound(_ set: InstructionSet) throws {
    let kernels = try #require(set.kernels)
    let lanes = kernels.vectorWidth
    // What is certain where the tolerance is 0.25 is in doubt where it is 0.5.
    let tolerances = [Float](repeating: 0.5, count: lanes) + [Float](repeating: 0.25, count: lanes)
    for count in [2, 8, 64, 130] {
      var rows = (0..<count * lanes).map { Float($0 % 3 == 0 ? -1 : 1) }
      #expect(kernels.doubtfulRow(rows, tolerances: tolerances, from: 0, count: count) == count)
      for row in 0..<count {
        let place = row * lanes + (7 * row) % lanes
        let certain = rows[place]
        rows[place] = -0.3
        let found = row % 2 == 0 ? row : count
        #expect(kernels.doubtfulRow(rows, tolerances: tolerances, from: 0, count: count) == found)
        rows[place] = 0.2
        for start in Set([0, row / 2, row]) {
          #expect(kernels.doubtfulRow(rows, tolerances: tolerances, from: start, count: count) == row)
        }
        #expect(kernels.doubtfulRow(rows, tolerances: tolerances, from: row + 1, count: count) == count)
        rows[place] = certain
      }
      rows[(count - 1) * lanes] = .nan
      #expect(kernels.doubtfulRow(rows, tolerances: tolerances, from: 0, count: count) == count)
    }
  }

  /// Both ways through the passes are the transform, from and to the order of `FourierPasses.numbers`.
  @Test(arguments: InstructionSet.available, [4, 8, 16, 32, 64, 128, 512])
  func passesAreTheTransform(_ set: InstructionSet, _ length: Int) throws {
    let kernels = try #require(set.kernels)
    let lanes = kernels.vectorWidth
    let passes = FourierPasses(length: length)
    #expect(passes.numbers.sorted() == Array(0..<length))
    #expect(passes.rows.map { passes.numbers[$0] } == Array(0..<length))
    let values = noise(2 * length * lanes, seed: "passes \(length)").map { Float($0) }
    func signal(_ number: Int, _ lane: Int) -> (Double, Double) {
      let place = 2 * number * lanes + lane
      return (Double(values[place]), Double(values[place + lanes]))
    }
    var forward = values
    var transposed = values
    for row in 0..<length {
      let (from, to) = (2 * passes.numbers[row] * lanes, 2 * row * lanes)
      transposed.replaceSubrange(to..<to + 2 * lanes, with: values[from..<from + 2 * lanes])
    }
    kernels.fourierPasses(&forward, length: length, twiddles: passes.twiddles)
    kernels.transposedFourierPasses(&transposed, length: length, twiddles: passes.twiddles)
    for lane in [0, lanes - 1] {
      for k in 0..<length {
        var (real, imaginary) = (0.0, 0.0)
        for n in 0..<length {
          let (a, b) = signal(n, lane)
          let angle = -2 * Double.pi * Double(k * n % length) / Double(length)
          real += a * cos(angle) - b * sin(angle)
          imaginary += a * sin(angle) + b * cos(angle)
        }
        // Each value comes with a variance of 2 length; eight standard deviations of its rounding.
        let allowed = 8 * Double(Float.ulpOfOne) * Double(2 * length).squareRoot()
        for (name, result, row) in [("forward", forward, passes.rows[k]), ("transposed", transposed, k)] {
          let place = 2 * row * lanes + lane
          let error = max(abs(Double(result[place]) - real), abs(Double(result[place + lanes]) - imaginary))
          #expect(error <= allowed, "\(name), number \(k), lane \(lane): off by \(error)")
        }
      }
    }
  }
}
