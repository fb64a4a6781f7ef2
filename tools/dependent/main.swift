import Fast
import PerceptualCore

/// Prints the instruction sets, best first, and the least seconds of MS-SSIM with gradient for 16 pictures of 256x256.
let shape = [16, 1, 256, 256]
let target = Tensor(uniformNoise(seed: 1, stream: .noise, index: 0, count: 16 * 256 * 256), shape: shape)
let prediction = target.map { 0.9 * $0 + 0.05 }
let upstream = Tensor<Float>(repeating: 1, shape: [16])

let clock = ContinuousClock()
var least = Duration.seconds(1000)
Execution.$current.withValue(Execution(threads: 1)) {
  for _ in 0..<100 {
    least = min(
      least,
      clock.measure {
        _ = multiScaleStructuralSimilarityAndGradient(prediction, target: target, upstream: upstream)
      })
  }
}
print(InstructionSet.available.map(\.rawValue).joined(separator: ","), least / .seconds(1))
