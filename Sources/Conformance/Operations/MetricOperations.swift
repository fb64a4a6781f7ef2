let metricOperations: [any Operation.Type] = [
  MeanSquaredError.self, StructuralSimilarity.self, MultiScaleStructuralSimilarity.self,
  NormalizedLaplacianPyramidDistance.self,
]
