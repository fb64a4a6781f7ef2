import ArgumentParser
import Fast
import PerceptualCore
import PerceptualFiles

/// Refuses arguments of which this does not hold, with a sentence.
func check(_ holds: Bool, _ sentence: @autoclosure () -> String) throws {
  if !holds { throw ValidationError(sentence()) }
}

/// Refuses a name of what is written that ends otherwise.
func checkEnding(of path: String, isOneOf suffixes: String...) throws {
  let endings = suffixes.map { ".\($0)" }
  let list = endings.dropLast().joined(separator: ", ") + (endings.count > 1 ? " or " : "") + (endings.last ?? "")
  try check(suffixes.contains(FilePath.suffix(of: path)), "\(path): the name of what is written must end in \(list).")
}

/// How the fast path runs. No result depends on the number of threads.
struct ExecutionOptions: ParsableArguments {
  enum Choice: String, CaseIterable, ExpressibleByArgument {
    case auto, amx, avx512, avx2, baseline
  }

  @Option(help: ArgumentHelp("Threads to use; one for each core by default.", valueName: "number"))
  var threads: Int?

  @Option(help: "The instruction set of the inner loops; the best that this machine has by default.")
  var instructionSet: Choice = .auto

  @Flag(help: "Say nothing but results and errors.")
  var quiet = false

  func validate() throws {
    if let threads, !(1...4096).contains(threads) {
      throw ValidationError("--threads \(threads): a number from 1 to 4096 is needed.")
    }
    // Here, before anything is said.
    if quiet { Terminal.isQuiet.store(true, ordering: .relaxed) }
  }

  /// Throws `.usage` where this machine or build lacks the instruction set.
  func execution(defaultThreads: Int? = nil) throws(PerceptualError) -> Execution {
    let set: InstructionSet? = InstructionSet(rawValue: instructionSet.rawValue)
    if let set, let obstacle = set.obstacle {
      let available = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
      throw .usage("--instruction-set \(set.rawValue): \(obstacle); here there are auto, \(available)")
    }
    return Execution(threads: threads ?? defaultThreads, instructionSet: set)
  }

  /// Runs `body` with these options.
  func run<Result>(_ body: () throws -> Result) throws -> Result {
    try Execution.$current.withValue(try execution(), operation: body)
  }
}

/// Where random numbers start.
struct SeedOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where random numbers start: the same seed gives the same bytes.", valueName: "number"))
  var seed: UInt64 = 0
}

/// Whether results are JSON.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON instead of text.")
  var json = false

  /// Prints a result: a document of JSON, or lines of text.
  func print(_ document: @autoclosure () throws -> JSONValue, orLines lines: @autoclosure () throws -> [String]) throws
  {
    if json { return try printResult(try document()) }
    for line in try lines() { try printResult(line) }
  }
}
