import Fast
import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

/// One-dimensional convolutions as products of matrices, against the equation of the two-dimensional ones on images of
/// one row.
@Suite struct SignalConvolutionTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let label: String
    let convolution: SignalConvolution
    var testDescription: String { label }
    init(_ label: String, _ n: Int, _ fine: Int, _ coarse: Int, _ width: Int, _ k: Int, _ s: Int, _ p: Int) {
      self.label = label
      convolution = SignalConvolution(
        samples: n, fineChannels: fine, coarseChannels: coarse, fineWidth: width, kernel: k, stride: s, padding: p)
    }
  }

  static let rows = [
    Row("one element", 1, 1, 1, 1, 1, 1, 0), Row("experiment 003's first layer", 2, 1, 7, 256, 16, 8, 4),
    Row("its gated layers", 3, 5, 6, 64, 8, 4, 2), Row("its last encoder layer", 5, 9, 4, 4, 4, 2, 0),
    Row("one coarse element each", 17, 3, 5, 4, 4, 2, 0), Row("a ragged end", 2, 3, 2, 29, 5, 3, 1),
    Row("padding wider than the signal", 1, 2, 3, 3, 4, 2, 5), Row("kernel under the stride", 2, 2, 3, 23, 2, 5, 0),
    Row("deeper than a stretch", 2, 67, 9, 12, 4, 2, 1), Row("one past the tile's columns", 7, 2, 3, 14, 2, 2, 0),
  ]

  /// [channels, samples, width] as images [samples, channels, 1, width].
  private func images(_ x: Tensor<Double>, _ channels: Int, _ samples: Int) -> Tensor<Double> {
    let width = x.count / channels / samples
    var result = Tensor<Double>(shape: [samples, channels, 1, width])
    for c in 0..<channels {
      for n in 0..<samples {
        for t in 0..<width { result[n, c, 0, t] = x[(c * samples + n) * width + t] }
      }
    }
    return result
  }

  /// And back.
  private func signals(_ x: Tensor<Double>) -> [Double] {
    var result: [Double] = []
    for c in 0..<x.shape[1] {
      for n in 0..<x.shape[0] {
        for t in 0..<x.shape[3] { result.append(x[n, c, 0, t]) }
      }
    }
    return result
  }

  private struct Answers {
    var down: [Float]
    var up: [Float]
    var weight: [Float]
  }

  private func fast(_ c: SignalConvolution, _ fine: [Float], _ coarse: [Float], _ weight: [Float]) -> Answers {
    var answers = Answers(
      down: [Float](repeating: .nan, count: c.coarseCount), up: [Float](repeating: .nan, count: c.fineCount),
      weight: [Float](repeating: .nan, count: c.weightCount))
    fine.withUnsafeBufferPointer { fine in
      coarse.withUnsafeBufferPointer { coarse in
        weight.withUnsafeBufferPointer { weight in
          guard let fine = fine.baseAddress, let coarse = coarse.baseAddress, let weight = weight.baseAddress else {
            return
          }
          answers.down.withUnsafeMutableBufferPointer {
            if let to = $0.baseAddress { c.down(fine, weight: weight, to) }
          }
          answers.up.withUnsafeMutableBufferPointer { if let to = $0.baseAddress { c.up(coarse, weight: weight, to) } }
          answers.weight.withUnsafeMutableBufferPointer {
            if let to = $0.baseAddress { c.weightGradient(fine: fine, coarse: coarse, to) }
          }
        }
      }
    }
    return answers
  }

  @Test(arguments: rows, [Fill.integers, .normals])
  func agreesWithTheEquation(_ row: Row, _ fill: Fill) throws {
    let c = row.convolution
    var generator = SeededGenerator(name: "signal convolution \(row.label) \(fill.rawValue)")
    let fine = fill.tensor([c.fineCount], &generator)
    let coarse = fill.tensor([c.coarseCount], &generator)
    let weight = fill.tensor([c.coarseChannels, c.fineChannels, 1, c.kernel], &generator)
    let (x, g) = (images(fine, c.fineChannels, c.samples), images(coarse, c.coarseChannels, c.samples))
    let geometry = ConvolutionGeometry(
      stride: Extent(height: 1, width: c.stride), padding: Extent(height: 0, width: c.padding))
    func expected(_ x: Tensor<Double>, _ w: Tensor<Double>, _ g: Tensor<Double>) -> [[Double]] {
      let gradients = Reference.convolution2DGradient(x, weight: w, upstream: g, geometry: geometry)
      return [
        signals(Reference.convolution2D(x, weight: w, geometry: geometry)), signals(gradients.x),
        gradients.weight.elements,
      ]
    }
    let wanted = expected(x, weight, g)
    // The a-priori bound of sums in any order.
    let magnitudes = expected(x.map { abs($0) }, weight.map { abs($0) }, g.map { abs($0) })
    let terms = [c.fineChannels * c.kernel, c.coarseChannels * c.kernel, c.samples * c.coarseWidth]
    var first: Answers?
    for set in InstructionSet.available {
      first = nil
      for threads in threadCounts {
        let answers = Execution.$current.withValue(Execution(threads: threads, instructionSet: set)) {
          fast(c, fine.elements.map { Float($0) }, coarse.elements.map { Float($0) }, weight.elements.map { Float($0) })
        }
        if let first {
          #expect(first.down == answers.down && first.up == answers.up && first.weight == answers.weight)
          continue
        }
        first = answers
        for (place, found) in [answers.down, answers.up, answers.weight].enumerated() {
          let gamma = Double(terms[place]) * Double(Float.ulpOfOne) / 2
          for i in found.indices {
            let allowed = fill == .integers ? 0 : gamma * magnitudes[place][i]
            #expect(abs(Double(found[i]) - wanted[place][i]) <= allowed, "\(["down", "up", "weight"][place]) at \(i)")
            if abs(Double(found[i]) - wanted[place][i]) > allowed { return }
          }
        }
      }
    }
  }
}
