/// Every operation, in the order of docs/fixtures.md.
public let operations: [any Operation.Type] = networkOperations + metricOperations + optimizerOperations + audioOperations

/// The operation of that name, nil if there is none.
public func operation(named name: String) -> (any Operation.Type)? { operations.first { $0.name == name } }
