let networkOperations: [any Operation.Type] = [
  Convolution2D.self, TransposedConvolution2D.self, BatchNormalization.self, LeakyReLU.self, Tanh.self, Sigmoid.self,
  SoftQuantization.self, HardQuantization.self, GatedUnit.self, PixelNormalization.self, NearestUpsampling.self,
  BilinearUpsampling.self, Linear.self, MuLawEncoding.self, MuLawDecoding.self,
]

let optimizerOperations: [any Operation.Type] = [
  AdamW.self, UniformNoise.self, NormalInitialization.self, XavierNormalInitialization.self,
]
