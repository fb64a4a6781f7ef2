import ArgumentParser
import Fast
import Foundation
import PerceptualCore

/// Evaluates a metric's plan again and again in memory of its own: what tools/allocations/run and
/// tools/benchmark/kernels measure.
struct MetricCallsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metric-calls",
    abstract: "A metric's value and gradient, again and again, for tools/allocations/run and tools/benchmark/kernels.",
    shouldDisplay: false)

  enum Metric: String, CaseIterable, ExpressibleByArgument {
    case ssim
    case msSSIM = "ms-ssim"
    case nlpd
    case nlpdMatlab = "nlpd-matlab"
  }

  @Argument(help: "The metric.")
  var metric: Metric
  @Option(help: "How often.")
  var calls = 8
  @Option(help: "Pictures.")
  var images = 16
  @Option(help: "Sides of a picture.")
  var side = 256
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    guard calls > 0, images > 0, side >= 161 else {
      throw ValidationError("calls and images are at least 1, the side at least 161")
    }
  }

  func run() throws {
    try Execution.$current.withValue(try execution.execution(defaultThreads: 1)) {
      let shape = [images, 1, side, side]
      let count = images * side * side
      let prediction = buffer(benchmarkPictures(shape).elements)
      let target = buffer(benchmarkPictures(shape).elements.map { $0 * 0.9 + 0.05 * ($0 - 0.5) })
      let upstream = buffer([Float](repeating: 1, count: images))
      let values = buffer([Float](repeating: .nan, count: images))
      let gradient = buffer([Float](repeating: .nan, count: count))
      defer { for buffer in [prediction, target, upstream, values, gradient] { buffer.deallocate() } }
      let plan = plan(shape)
      // Pairs of numbers, allocations and the bytes they asked for, of each call.
      let counts = UnsafeMutableBufferPointer<Int>.allocate(capacity: 2 * calls)
      defer { counts.deallocate() }
      let read = allocationCounter()
      for call in 0..<calls {
        let (before, bytes) = (read(0), read(1))
        plan.evaluate(
          prediction: UnsafeBufferPointer(prediction), target: UnsafeBufferPointer(target),
          upstream: UnsafeBufferPointer(upstream), values: values, gradient: gradient)
        counts[2 * call] = read(0) - before
        counts[2 * call + 1] = read(1) - bytes
      }
      guard values.allSatisfy(\.isFinite), gradient.allSatisfy(\.isFinite) else {
        throw PerceptualError.nonFinite("\(metric.rawValue): a value or a gradient is not finite")
      }
      let list = stride(from: 0, to: 2 * calls, by: 2).map { "\(counts[$0])" }.joined(separator: " ")
      let bytes = stride(from: 1, to: 2 * calls, by: 2).map { "\(counts[$0])" }.joined(separator: " ")
      print("\(list)\n\(bytes)")
    }
  }

  private func plan(_ shape: [Int]) -> any ImageLossPlan {
    switch metric {
    case .ssim: SimilarityPlan(StructuralSimilarityOptions(), shape: shape)
    case .msSSIM: SimilarityPlan(MultiScaleStructuralSimilarityOptions(), shape: shape)
    case .nlpd: LaplacianPyramidPlan(shape: shape)
    case .nlpdMatlab: LaplacianPyramidPlan(family: .matlab, shape: shape)
    }
  }

  private func buffer(_ elements: [Float]) -> UnsafeMutableBufferPointer<Float> {
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: elements.count)
    _ = buffer.initialize(from: elements)
    return buffer
  }

  /// What tools/allocations/counter.c counts, if it is loaded before everything else; else 0.
  private func allocationCounter() -> (Int32) -> Int {
    typealias Counter = @convention(c) (Int32) -> Int
    // Itself: whatever is loaded into this process.
    guard let process = dlopen(nil, RTLD_NOW), let symbol = dlsym(process, "perceptual_allocations") else {
      return { _ in 0 }
    }
    let counter = unsafeBitCast(symbol, to: Counter.self)
    return { counter($0) }
  }
}
