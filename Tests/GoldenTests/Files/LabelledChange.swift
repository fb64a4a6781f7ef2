import Testing

/// A labelled row of a table of changes: what is due, and the change that must bring it about.
struct LabelledChange<Due: Sendable, Subject>: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let due: Due
  let change: @Sendable (inout Subject) -> Void

  init(_ label: String, _ due: Due, _ change: @escaping @Sendable (inout Subject) -> Void) {
    testDescription = label
    self.due = due
    self.change = change
  }
}
