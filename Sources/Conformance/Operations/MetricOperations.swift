let metricOperations: [any Operation.Type] = [
]
