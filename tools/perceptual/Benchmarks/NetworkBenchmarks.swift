import Fast
import PerceptualCore
import PerceptualExperiments

/// The paper's network in evaluation mode; trainings are timed by their own logs.
let networkBenchmarks: [Benchmark] = [
  Benchmark(name: "inference", summary: "8 pictures of 256x256 through the network, 128 channels, running statistics") {
    let network = Autoencoder(seed: 1)
    let x = Tensor(
      uniformNoise(seed: 1, stream: .other, index: 0, count: 8 * 256 * 256), shape: [8, 1, 256, 256])
    return Benchmark.Work(run: { [network.reconstruct(x)] }, amount: 8, unit: "pictures")
  }
]
