import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct SweepPlanTests {
  private static func plan(_ text: String) throws -> SweepPlan { try SweepPlan(try JSONValue(parsing: text.utf8)) }

  @Test func optionsBecomeWords() throws {
    let plan = try Self.plan(
      """
      {"defaults": {"channels": 128, "slope": 0.2, "resume-not": "x", "checkpoint-activations": true},
       "evaluate": {"test": "music/validation", "clips": 64},
       "runs": [
        {"name": "base/noise-nlpd-0", "command": "train", "recipe": ["base", "tensorflow"], "note": 3,
         "options": {"loss": "nlpd", "slope": -0.5, "learning-rate": 1e-3, "iterations": 4e2,
          "add-loss": ["mse=10", "ms-ssim=0.5"], "checkpoint-activations": false}},
        {"name": "b", "command": "train", "options": {"loss": "mse"}}]}
      """)
    #expect(
      plan.runs[0].options.words == [
        "--channels=128", "--slope=-0.5", "--resume-not=x", "--loss=nlpd", "--learning-rate=0.001", "--iterations=400",
        "--add-loss=mse=10", "--add-loss=ms-ssim=0.5",
      ])
    #expect(plan.runs[0].recipes == ["base", "tensorflow"] && plan.runs[0].labels.map(\.key) == ["recipe", "note"])
    #expect(plan.runs[1].recipes == [])
    #expect(plan.runs[1].options["slope"] == "0.2")
    #expect(plan.evaluation?.json == ["test": "music/validation", "clips": 64, "group": 64])
    #expect(try Self.plan(#"{"runs": [{"name": "a", "command": "train", "options": {}}]}"#).evaluation == nil)
  }

  /// What differs is named, but for what changes no result and what one of the two does not say.
  @Test func optionsAreCompared() throws {
    func options(_ text: String) throws -> SweepOptions {
      try SweepOptions(try JSONValue(parsing: text.utf8), at: "options")
    }
    let first = try options(#"{"loss": "mse", "seed": 3, "threads": 2, "learning-rate": 0.001, "batch": 8}"#)
    let same = try options(
      #"{"batch": 8.0, "learning-rate": 1e-3, "seed": "3", "threads": 1, "loss": "mse", "size": 32}"#)
    #expect(first.difference(from: same) == nil)
    let other = try #require(first.difference(from: same.setting("seed", to: 4)))
    #expect(other.name == "seed" && other.value == "3" && other.other == "4")
  }

  @Test(arguments: [
    (#"[]"#, "the plan: an object was expected, found []"), (#"{"runs": []}"#, "runs: a list of at least one run"),
    (#"{"run": [RUN]}"#, #"the key "run" is unknown; there are runs, defaults, evaluate"#),
    (#"{"runs": [RUN], "evaluate": {"clips": 3}}"#, "evaluate.test: a directory of recordings was expected"),
    (#"{"runs": [RUN], "evaluate": {"test": "a", "clip": 3}}"#, #"evaluate: the key "clip" is unknown"#),
    (#"{"runs": [RUN], "evaluate": {"test": "a", "clips": 0.5}}"#, "evaluate.clips: a whole number of at least 1"),
    (#"{"runs": [RUN], "evaluate": {"test": "a", "group": 0}}"#, "evaluate.group: a whole number"),
    (#"{"runs": [RUN], "defaults": {"loss": null}}"#, "defaults.loss: a text, a number, true, false or a list"),
    (#"{"runs": [RUN], "defaults": []}"#, "defaults: an object was expected"),
    (#"{"runs": [RUN, RUN]}"#, #"runs[1].name: "a" is the name of runs[0] too"#),
    (#"{"runs": [RUN, 3]}"#, "runs[1]: an object was expected, found 3"),
    (#"{"runs": [{"command": "train", "options": {}}]}"#, "runs[0].name: a text was expected, found nothing"),
    (#"{"runs": [{"name": "a", "options": {}}]}"#, #"runs[0].command: "train" was expected"#),
    (#"{"runs": [{"name": "a", "command": "table1", "options": {}}]}"#, #"found "table1""#),
    (#"{"runs": [{"name": "a", "command": "train"}]}"#, "runs[0].options: an object was expected, found nothing"),
    (#"{"runs": [{"name": "a", "command": "train", "options": {"loss": {}}}]}"#, "runs[0].options.loss: a text"),
    (#"{"runs": [{"name": "a", "command": "train", "options": {"add-loss": [true]}}]}"#, "runs[0].options.add-loss: "),
    (#"{"runs": [{"name": "a", "command": "train", "options": {"out": "b"}}]}"#, "the sweep itself sets --out"),
    (#"{"runs": [{"name": "a", "command": "train", "options": {"resume": true}}]}"#, "the sweep itself sets --resume"),
    (#"{"runs": [{"name": "a", "command": "train", "options": {"--loss": "mse"}}]}"#, #""--loss" is no option's name"#),
    (#"{"runs": [{"name": "a", "command": "train", "options": {}, "recipe": 3}]}"#, "runs[0].recipe: a text or a list"),
    (#"{"runs": [{"name": "a", "command": "train", "options": {}, "recipe": ["b", "b"]}]}"#, "runs[0].recipe: "),
    (#"{"runs": [{"name": "a", "command": "train", "options": {}, "why": []}]}"#, "runs[0].why: a label"),
    (#"{"runs": [{"name": "a", "command": "train", "options": {}, "mse": 3}]}"#, "runs[0].mse: a key of the results"),
  ])
  func refuses(_ text: String, _ phrase: String) throws {
    let whole = text.replacingOccurrences(of: "RUN", with: #"{"name": "a", "command": "train", "options": {}}"#)
    expectError(.malformed, saying: phrase) { try Self.plan(whole) }
  }

  @Test(arguments: ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\u{1}", "results.jsonl"])
  func namesStayBelowTheDirectory(_ name: String) throws {
    let document: JSONValue = ["runs": [["name": .string(name), "command": "train", "options": [:]]]]
    expectError(saying: "runs[0].name: ") { try SweepPlan(document) }
  }

  @Test func theFileIsNamed() throws {
    let scratch = ScratchDirectory()
    let path = scratch.file("plan.json")
    expectError(.missing) { try SweepPlan(contentsOf: path) }
    for text in ["{", #"{"runs": 3}"#] {
      try FileBytes.write(Array(text.utf8), to: path)
      expectError(.malformed, beginning: "\(path): ") { try SweepPlan(contentsOf: path) }
    }
  }

  /// The published plan: three models of noise for seed 0 of every recipe, its own or the base's.
  @Test func theSearchIsAPlan() throws {
    let plan = try SweepPlan(contentsOf: "\(fixturesDirectory)/../../results/search/plan-cheap.json")
    #expect(plan.evaluation?.test == "music/validation")
    let first = plan.runs.filter { $0.options["seed"] == "0" && $0.options["data"] == "noise" }
    let recipes = Set(plan.runs.flatMap(\.recipes))
    #expect(recipes.count == 22)
    for recipe in recipes {
      let losses = first.filter { $0.recipes.contains(recipe) }.compactMap { $0.options["loss"] }
      #expect(losses.sorted() == ["ms-ssim", "mse", "nlpd"], "\(recipe)")
    }
  }

  /// The published plan: under MSE and NLPD four seeds of every factor, its own or those of the base or the long run.
  @Test func theAblationsAreAPlan() throws {
    let plan = try SweepPlan(contentsOf: "\(fixturesDirectory)/../../results/ablations/plan.json")
    let recipes = Set(plan.runs.flatMap(\.recipes))
    #expect(recipes.count == 28)
    for recipe in recipes {
      let own = plan.runs.filter { $0.recipes.contains(recipe) }
      for loss in ["mse", "nlpd"] {
        let seeds = own.filter { $0.options["loss"] == loss }.compactMap { $0.options["seed"] }
        #expect(seeds.sorted() == ["0", "1", "2", "3"], "\(recipe), \(loss)")
      }
    }
  }

  @Test func processorsHaveNames() {
    let list =
      "processor\t: 0\nmodel name\t: AMD EPYC\ncpu family\t: 26\nmodel\t\t: 2\nprocessor\t: 1\n"
      + "model name\t: other\n"
    #expect(Machine.name(inProcessorList: list) == "AMD EPYC, family 26, model 2")
    #expect(Machine.name(inProcessorList: "model name : A chip: fast\n") == "A chip: fast")
    #expect(Machine.name(inProcessorList: "BogoMIPS : 3\n") == "unknown")
    #expect(Machine(Machine.current.json) == Machine.current)
  }
}
