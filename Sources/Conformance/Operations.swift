/// Every operation, in the order of docs/fixtures.md.
public let operations: [any Operation.Type] = [
  LeakyReLU.self
]
