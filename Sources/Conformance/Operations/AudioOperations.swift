let audioOperations: [any Operation.Type] = [
]
