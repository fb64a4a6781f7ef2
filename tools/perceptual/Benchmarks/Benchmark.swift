import ArgumentParser
import Fast
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark", abstract: "Timings of the fast path.",
    discussion: """
      Before a piece of work is timed it runs twice: its results must be finite and equal bit for bit. \
      The names: \(benchmarks.map(\.name).joined(separator: ", ")).
      """)

  @Argument(help: ArgumentHelp("What to time; everything by default.", valueName: "name"))
  var names: [String] = []
  @Flag(help: "Time the reference beside it, once.")
  var reference = false
  @Option(help: ArgumentHelp("Measure for at least this long, and at least five runs.", valueName: "number"))
  var seconds = 2.0
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    for name in names where !benchmarks.contains(where: { $0.name == name }) {
      throw ValidationError(
        "there is no benchmark \(name): there are \(benchmarks.map(\.name).joined(separator: ", ")).")
    }
    try check(seconds >= 0 && seconds <= 3600, "--seconds \(seconds): 0 to 3600 is needed.")
  }

  func run() throws {
    let chosen = names.isEmpty ? benchmarks : benchmarks.filter { names.contains($0.name) }
    for benchmark in chosen {
      let execution = try execution.execution(defaultThreads: benchmark.threads)
      let timing = try Execution.$current.withValue(execution) {
        try Timing(of: benchmark, seconds: seconds, reference: reference)
      }
      try output.print(timing.json(benchmark, execution), orLines: timing.lines(benchmark, execution))
    }
  }
}

/// A piece of work of the fast path.
struct Benchmark: Sendable {
  let name: String
  /// What one run computes.
  let summary: String
  /// Threads where the command line names none; nil means one for each core.
  var threads: Int? = 1
  /// Makes the input; not timed.
  let prepare: @Sendable () throws -> Work

  struct Work {
    /// One run and what it computed.
    let run: () throws -> [Tensor<Float>]
    /// Reference in Double on a part of the same work.
    var reference: (() throws -> Void)?
    /// What part of the work `reference` does; its time is scaled up by it.
    var referencePart = 1.0
    /// What one run gets through, such as 12.9 "GFLOP" or 67.3 "s of audio".
    let amount: Double
    let unit: String
    /// GFLOP that the direct sum would take, where `amount` counts fewer.
    var directAmount: Double?
  }
}

/// The paper's network in evaluation mode; trainings are timed by their own logs.
private let networkBenchmarks: [Benchmark] = [
  Benchmark(name: "inference", summary: "8 pictures of 256x256 through the network, 128 channels, running statistics") {
    let network = Autoencoder(seed: 1)
    let x = Tensor(
      uniformNoise(seed: 1, stream: .other, index: 0, count: 8 * 256 * 256), shape: [8, 1, 256, 256])
    return Benchmark.Work(run: { [network.reconstruct(x)] }, amount: 8, unit: "pictures")
  }
]

/// Every benchmark, by the names of docs/command-line.md.
let benchmarks: [Benchmark] =
  metricBenchmarks + audioBenchmarks + networkBenchmarks + convolutionBenchmarks

/// What was measured.
struct Timing {
  private(set) var seconds: [Double] = []
  private(set) var referenceSeconds: Double?
  private let work: Benchmark.Work

  var median: Double {
    let sorted = seconds.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
  var minimum: Double { seconds.min() ?? .nan }

  /// Throws `.differs` where the work is not fit to be timed.
  init(of benchmark: Benchmark, seconds wanted: Double, reference: Bool) throws {
    work = try benchmark.prepare()
    let first = try work.run()
    let second = try work.run()
    let elements = first.flatMap(\.elements)
    if elements.isEmpty || !elements.allSatisfy(\.isFinite) {
      throw PerceptualError(
        .differs, "benchmark \(benchmark.name): the result is empty or not finite, so it is not timed")
    }
    if !zip(elements, second.flatMap(\.elements)).allSatisfy({ $0.bitPattern == $1.bitPattern }) {
      throw PerceptualError(.differs, "benchmark \(benchmark.name): two runs give different bits, so it is not timed")
    }

    let clock = ContinuousClock()
    let start = clock.now
    while seconds.count < 5 || start.duration(to: clock.now) / .seconds(1) < wanted {
      let began = clock.now
      let results = try work.run()
      seconds.append(began.duration(to: clock.now) / .seconds(1))
      withExtendedLifetime(results) {}
    }
    if reference, let run = work.reference {
      referenceSeconds = try clock.measure { try run() } / .seconds(1) / work.referencePart
    }
  }

  func json(_ benchmark: Benchmark, _ execution: Execution) -> JSONValue {
    var json: JSONValue = [
      "name": .string(benchmark.name), "threads": .integer(execution.threads),
      "instructionSet": .string(execution.instructionSet.rawValue), "runs": .integer(seconds.count),
      "medianSeconds": .number(median), "minimumSeconds": .number(minimum), "rate": .number(work.amount / median),
      "rateUnit": .string("\(work.unit)/s"),
    ]
    if let directAmount = work.directAmount {
      json["directRate"] = .number(directAmount / median)
      json["directRateUnit"] = "GFLOP of the direct sum/s"
    }
    if let referenceSeconds {
      json["referenceSeconds"] = .number(referenceSeconds)
      json["ratio"] = .number(referenceSeconds / median)
    }
    return json
  }

  func lines(_ benchmark: Benchmark, _ execution: Execution) -> [String] {
    let threads = execution.threads == 1 ? "1 thread" : "\(execution.threads) threads"
    let rate = "\(short(work.amount / median)) \(work.unit)/s"
    var lines = [
      "\(benchmark.name): \(benchmark.summary)",
      "  median \(milliseconds(median))  minimum \(milliseconds(minimum))  \(rate)  "
        + "\(seconds.count) runs  \(threads)  \(execution.instructionSet.rawValue)",
    ]
    if let referenceSeconds {
      lines.append("  reference \(milliseconds(referenceSeconds)), \(short(referenceSeconds / median)) times as long")
    }
    return lines
  }
}

private func milliseconds(_ seconds: Double) -> String { "\(short(1000 * seconds)) ms" }
