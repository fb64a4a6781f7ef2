let networkOperations: [any Operation.Type] = [
  Convolution2D.self, TransposedConvolution2D.self, BatchNormalization.self, LeakyReLU.self, Tanh.self, Sigmoid.self,
  SoftQuantization.self, HardQuantization.self, NearestUpsampling.self,
]

let optimizerOperations: [any Operation.Type] = [
  AdamW.self, UniformNoise.self,
]
