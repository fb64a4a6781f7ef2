import ArgumentParser
import PerceptualCore
import PerceptualExperiments

/// The runs of a plan that one process of several is to carry out.
struct SweepShare {
  var part = 1
  var parts = 1

  func has(_ index: Int) -> Bool { index % parts == part - 1 }
}

extension SweepShare: ExpressibleByArgument {
  init?(argument: String) {
    let numbers = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let part = numbers[0], let parts = numbers[1], part >= 1, part <= parts else {
      return nil
    }
    self.init(part: part, parts: parts)
  }
}

struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Carry out a plan of many trainings, and test each.",
    discussion: """
      A plan is a JSON file: {"defaults": {OPTION: VALUE}, "evaluate": {"test": DIR, "clips": N, "group": N}, \
      "runs": [{"name": NAME, "command": "train", "recipe": RECIPE, "options": {OPTION: VALUE}}]}. Options are those \
      of `train` without dashes. A run goes on from its checkpoints in --out/NAME; what is finished is not trained \
      again. Several processes may share --out: each takes runs that no other has. Tests are added to \
      --out/results.jsonl, and the table judges every recipe by its distance to the paper's Table 1.
      """)

  @Argument(help: ArgumentHelp("The plan, a JSON file.", valueName: "plan"))
  var plan: String
  @Option(help: ArgumentHelp("Where the runs and their results go.", valueName: "dir"))
  var out: String
  @Option(
    help: ArgumentHelp(
      "Carry out every N-th run alone, from the K-th on; K is 1 to N. Processes that share a directory take different "
        + "runs without it too.", valueName: "K/N"))
  var task: SweepShare?
  @Flag(help: "Train and test nothing: print the table of what has been tested.")
  var table = false
  @OptionGroup var cache: CacheOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try check(!table || cache.directory == nil, "--cache keeps clips, and --table reads none: leave it out.")
    try check(!table || task == nil, "--task is for runs, and --table has none: leave it out.")
  }

  func run() throws {
    let plan = try SweepPlan(contentsOf: plan)
    var failed: [String] = []
    if !table {
      let sweep = try Sweep(plan, self)
      failed = try execution.run { try sweep.carryOut() }
    }
    let results = try SweepResults(in: out)
    if results.damaged > 0 { printNote("\(results.path): \(results.damaged) damaged lines left out") }
    if table && results.lines.isEmpty {
      throw PerceptualError.missing(
        "\(results.path): results were expected, found none; give the plan an \"evaluate\" and carry it out")
    }
    if plan.evaluation == nil && !output.json {
      for run in plan.runs {
        let place = "\(out)/\(run.name)"
        if let newest = try Checkpoint.newest(in: place) {
          try printResult(Checkpoint.path(iteration: newest, in: place))
        }
      }
    }
    let judged = RecipeTable(results, plan)
    try output.print(judged.json, orLines: judged.markdown)
    if !failed.isEmpty {
      throw PerceptualError.nonFinite(
        "\(failed.count) of \(plan.runs.count) runs met a number that is not finite: "
          + "\(failed.joined(separator: ", ")); \(results.path) says where")
    }
  }

  /// What holds for every run; it stands after the plan's own options and wins.
  var words: [String] {
    var words: [String] = []
    if let threads = execution.threads { words.append("--threads=\(threads)") }
    if execution.instructionSet != .auto { words.append("--instruction-set=\(execution.instructionSet.rawValue)") }
    return words
  }
}
