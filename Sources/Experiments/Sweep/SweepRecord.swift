import PerceptualCore
import PerceptualFiles

/// What a run of a sweep was begun with, in its directory: its options and the machines that it has run on.
public struct SweepRecord: Equatable, Sendable {
  public var options: SweepOptions
  /// In turn; a run that is stopped may go on elsewhere.
  public var machines: [Machine]

  private static func path(in directory: String) -> String { "\(directory)/run.json" }

  public init(options: SweepOptions) {
    self.options = options
    machines = []
  }

  /// nil where the directory has none. Throws `.malformed` where it is damaged.
  public init?(in directory: String) throws(PerceptualError) {
    let path = Self.path(in: directory)
    guard FilePath.exists(path) else { return nil }
    let bytes = try FileBytes.read(path)
    guard let document = try? JSONValue(parsing: bytes), let given = document["options"],
      let options = try? SweepOptions(given, at: "options"), let list = document["machines"]?.array
    else {
      throw .malformed(
        "\(path): the record of a sweep's run was expected, found something else; delete the run's directory")
    }
    self.options = options
    machines = list.compactMap(Machine.init)
  }

  /// Notes that the run begins or goes on on a machine, and writes the record.
  public mutating func begin(on machine: Machine, in directory: String) throws(PerceptualError) {
    if machines.last != machine { machines.append(machine) }
    try FilePath.createDirectory(directory)
    let document: JSONValue = ["options": options.json, "machines": .array(machines.map(\.json))]
    try FileBytes.write(Array((document.text + "\n").utf8), to: Self.path(in: directory))
  }
}
