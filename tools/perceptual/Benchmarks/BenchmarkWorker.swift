import ArgumentParser
import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// Our side of tools/benchmark/run: reads its input once, writes what it computed, and then runs as often as each line
/// of standard input asks, answering with the seconds of every run.
struct BenchmarkWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark-worker", abstract: "Our side of tools/benchmark/run.", shouldDisplay: false)

  @Argument(help: "What to run.")
  var name: String
  @Option(help: "The folder with input.safetensors; result.safetensors is written there.")
  var data: String
  @OptionGroup var execution: ExecutionOptions

  func run() throws {
    guard let prepare = benchmarkJobs[name] else {
      let known = benchmarkJobs.keys.sorted().joined(separator: ", ")
      throw PerceptualError.usage("there is no benchmark \(name): there are \(known)")
    }
    let execution = try execution.execution(defaultThreads: 1)
    try Execution.$current.withValue(execution) {
      let job = try prepare(try SafetensorsFile(contentsOf: "\(data)/input.safetensors"))
      var file = SafetensorsFile()
      for (name, tensor) in try job.first().sorted(by: { $0.key < $1.key }) { file[name] = .float32(tensor) }
      try file.write(to: "\(data)/result.safetensors")
      try printResult([
        "instructionSet": .string(execution.instructionSet.rawValue), "threads": .integer(execution.threads),
        "hasBF16Products": .bool(execution.hasBF16Products),
      ])
      while let line = readLine() {
        guard let times = Int(line), times > 0 else {
          throw PerceptualError.malformed("standard input: \"\(line)\", a number of runs was expected")
        }
        try printResult(try timings(of: job, times: times))
      }
    }
  }

  /// Seconds by the clock on the wall, and of processor time over all threads, of each run.
  private func timings(of job: BenchmarkJob, times: Int) throws -> JSONValue {
    let clock = ContinuousClock()
    var wall: [JSONValue] = []
    var processor: [JSONValue] = []
    for _ in 0..<times {
      let before = processorSeconds()
      wall.append(.number(try clock.measure { try job.run() } / .seconds(1)))
      processor.append(.number(processorSeconds() - before))
    }
    return ["seconds": .array(wall), "cpuSeconds": .array(processor)]
  }

  private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// One piece of work beside a peer.
struct BenchmarkJob {
  /// Reads the input.
  typealias Preparation = @Sendable (SafetensorsFile) throws -> BenchmarkJob

  /// What is compared with the peer's.
  let first: () throws -> [String: Tensor<Float>]
  /// What is timed.
  let run: () throws -> Void
}

extension BenchmarkJob {
  /// Work whose every run computes the same.
  init(_ run: @escaping () throws -> [String: Tensor<Float>]) {
    self.init(first: run, run: { try withExtendedLifetime(run()) {} })
  }
}

/// By the names of docs/command-line.md; each reads the tensors that tools/benchmark/works.py wrote.
private let benchmarkJobs = [lossJobs, audioJobs, networkJobs, experimentJobs].reduce(into: [:]) { all, jobs in
  all.merge(jobs) { first, _ in first }
}
