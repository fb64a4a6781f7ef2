import Fast
import Foundation
import PerceptualFiles

/// What a training ran on.
public struct Machine: Equatable, Sendable {
  /// As the system names it, such as "AMD EPYC, family 26, model 2".
  public let processor: String
  public let instructionSet: String
  public let threads: Int

  /// This one, with the threads and the instruction set of ``Execution/current``.
  public static var current: Machine {
    let execution = Execution.current
    return Machine(
      processor: processorName, instructionSet: execution.instructionSet.rawValue, threads: execution.threads)
  }

  private static let processorName: String = {
    #if canImport(Darwin)
      var count = 0
      sysctlbyname("machdep.cpu.brand_string", nil, &count, nil, 0)
      var name = [UInt8](repeating: 0, count: count)
      sysctlbyname("machdep.cpu.brand_string", &name, &count, nil, 0)
      return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    #else
      return name(inProcessorList: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "")
    #endif
  }()

  /// Of the first processor in a text as Linux's /proc/cpuinfo; "unknown" where it names none, as on some ARM machines.
  static func name(inProcessorList text: String) -> String {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if parts.count == 2, values[parts[0]] == nil { values[parts[0]] = parts[1] }
    }
    guard let name = values["model name"] else { return "unknown" }
    // Virtual machines say "AMD EPYC" alone: family and model tell the generation.
    guard let family = values["cpu family"], let model = values["model"] else { return name }
    return "\(name), family \(family), model \(model)"
  }
}

extension Machine {
  public var json: JSONValue {
    ["processor": .string(processor), "instructionSet": .string(instructionSet), "threads": .integer(threads)]
  }

  init?(_ document: JSONValue) {
    guard let processor = document["processor"]?.string, let set = document["instructionSet"]?.string,
      let threads = document["threads"]?.integer
    else { return nil }
    self.init(processor: processor, instructionSet: set, threads: threads)
  }
}
