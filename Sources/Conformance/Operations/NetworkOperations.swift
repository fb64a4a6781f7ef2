let networkOperations: [any Operation.Type] = [
  LeakyReLU.self
]

let optimizerOperations: [any Operation.Type] = [
]
