import Fast
import PerceptualTestSupport
import Testing

@Suite struct UsageTests {
  @Test(arguments: [
    ["--help"], ["help"], ["fixtures", "check", "--help"], ["help", "inspect"],
  ])
  func helpIsNoError(_ arguments: [String]) throws {
    let outcome = try perceptual(arguments, exits: 0)
    #expect(outcome.output.contains("USAGE"))
  }

  @Test(arguments: [
    ["no-such-command"], ["fixtures", "check"], ["fixtures", "check", "--no-such-option", "a"], ["inspect"],
    ["inspect", "a", "b"], ["fixtures", "check", "a", "--threads", "0"],
    ["fixtures", "check", "a", "--threads", "many"],
    ["fixtures", "check", "a", "--instruction-set", "sse"], ["fixtures", "list", "--measure", "a"],
  ])
  func whatMakesNoSenseIsUsage(_ arguments: [String]) throws {
    let outcome = try perceptual(arguments, exits: 64)
    #expect(outcome.output == "")
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("perceptual: ") && outcome.errors.contains("--help"), "\(outcome.errors)")
  }

  @Test func theParserSpeaksAsAllOthers() throws {
    let outcome = try perceptual("metric mse".words)
    #expect(outcome.errors == "perceptual: Missing expected argument '<A>'; see 'perceptual metric --help'\n")
  }

  /// An error quotes the beginning and the end of a long name.
  @Test func longNamesAreCut() throws {
    let name = "a" + String(repeating: "x", count: 3000) + ".png"
    for command in ["inspect", "decode model", "evaluate --test here"] {
      let outcome = try perceptual("\(command) \(name)".words)
      #expect([65, 66].contains(outcome.exitCode) || outcome.exitCode == 64, "\(outcome.errors)")
      #expect(outcome.errorLines.count == 1 && outcome.errors.utf8.count < 500, "\(outcome.errors)")
    }
    let outcome = try perceptual("inspect \(name)".words)
    #expect(outcome.errors.contains("axxx") && outcome.errors.contains("xxx.png:"), "\(outcome.errors)")
  }

  @Test func theVersionIsPrinted() throws {
    let outcome = try perceptual("--version", exits: 0)
    #expect(outcome.errors == "")
    #expect(outcome.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil, "\(outcome.output)")
  }

  @Test func anInstructionSetThatIsNotThereIsUsage() throws {
    for set in InstructionSet.allCases {
      let arguments = ["fixtures", "check", "\(fixturesDirectory)/leakyReLU", "--instruction-set", set.rawValue]
      let outcome = try perceptual(arguments)
      if set.obstacle == nil {
        #expect(outcome.exitCode == 0)
      } else {
        #expect(outcome.exitCode == 64)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.hasPrefix("perceptual: --instruction-set \(set.rawValue): "))
      }
    }
  }
}
