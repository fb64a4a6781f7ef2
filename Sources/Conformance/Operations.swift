/// Every operation, in the order of docs/fixtures.md.
public let operations: [any Operation.Type] = [
  Convolution2D.self, TransposedConvolution2D.self, BatchNormalization.self, LeakyReLU.self, Tanh.self, Sigmoid.self,
  SoftQuantization.self, HardQuantization.self, GatedUnit.self, PixelNormalization.self, NearestUpsampling.self,
  BilinearUpsampling.self, Linear.self, MuLawEncoding.self, MuLawDecoding.self, MeanSquaredError.self,
  CategoricalCrossEntropy.self, PeakSignalToNoiseRatio.self, StructuralSimilarity.self, StructuralSimilarityMap.self,
  MultiScaleStructuralSimilarity.self, NormalizedLaplacianPyramidDistance.self, BarkDistance.self,
  MaskedBarkDistance.self, AdamW.self, Resample.self, ShortTimeFourierTransform.self,
  InverseShortTimeFourierTransform.self, MelFilterBank.self, MelSpectrogram.self, LogScaling.self,
  InverseMelScale.self, GriffinLim.self, AuditoryFilterBank.self, UniformNoise.self, NormalInitialization.self,
  XavierNormalInitialization.self, LogMelSpectrogram.self,
]

/// The operation of that name, nil if there is none.
public func operation(named name: String) -> (any Operation.Type)? { operations.first { $0.name == name } }
