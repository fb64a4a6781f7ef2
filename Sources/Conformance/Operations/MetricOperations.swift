let metricOperations: [any Operation.Type] = [
  MeanSquaredError.self, PeakSignalToNoiseRatio.self, StructuralSimilarity.self, StructuralSimilarityMap.self,
  MultiScaleStructuralSimilarity.self, NormalizedLaplacianPyramidDistance.self, BarkDistance.self,
  MaskedBarkDistance.self, CategoricalCrossEntropy.self,
]
