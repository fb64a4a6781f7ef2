import Fast
import PerceptualCore
import Reference

/// Value and gradient of the metrics, on 16 pictures of 256 x 256.
let metricBenchmarks: [Benchmark] = [
  metricBenchmark(
    "ssim", "SSIM", fast: { structuralSimilarityAndGradient($0, target: $1, upstream: $2) },
    reference: {
      _ = Reference.structuralSimilarity($0, target: $1)
      _ = Reference.structuralSimilarityGradient($0, target: $1, upstream: $2)
    }),
  metricBenchmark(
    "ms-ssim", "MS-SSIM", fast: { multiScaleStructuralSimilarityAndGradient($0, target: $1, upstream: $2) },
    reference: {
      _ = Reference.multiScaleStructuralSimilarity($0, target: $1)
      _ = Reference.multiScaleStructuralSimilarityGradient($0, target: $1, upstream: $2)
    }),
  metricBenchmark(
    "nlpd", "NLPD", fast: { normalizedLaplacianPyramidDistanceAndGradient($0, target: $1, upstream: $2) },
    reference: {
      _ = Reference.normalizedLaplacianPyramidDistance($0, target: $1)
      _ = Reference.normalizedLaplacianPyramidDistanceGradient($0, target: $1, upstream: $2)
    }),
]

/// The values of images or sounds and the gradient of their sum, for prediction, target and upstream gradients.
typealias LossAndGradient =
  @Sendable (Tensor<Float>, Tensor<Float>, Tensor<Float>) -> (value: Tensor<Float>, gradient: Tensor<Float>)

private func metricBenchmark(
  _ name: String, _ title: String, fast: @escaping LossAndGradient,
  reference: @escaping @Sendable (Tensor<Double>, Tensor<Double>, Tensor<Double>) -> Void
) -> Benchmark {
  let (images, side) = (16, 256)
  return Benchmark(name: name, summary: "\(title) value and gradient of \(images) pictures of \(side) x \(side)") {
    let shape = [images, 1, side, side]
    let target = benchmarkPictures(shape)
    let noise = uniformNoise(seed: 1, stream: .other, index: 0, count: target.count)
    let prediction = Tensor(
      zip(target.elements, noise).map { min(1, max(0, $0 + 0.2 * ($1 - 0.5))) }, shape: shape)
    let upstream = Tensor<Float>(repeating: 1, shape: [images])

    // Reference on one picture of the sixteen.
    func one(_ tensor: Tensor<Float>) -> Tensor<Double> {
      Tensor(Array(tensor.elements.prefix(side * side)), shape: [1, 1, side, side]).converted()
    }
    return Benchmark.Work(
      run: {
        let result = fast(prediction, target, upstream)
        return [result.value, result.gradient]
      },
      reference: { reference(one(prediction), one(target), Tensor([1])) }, referencePart: 1 / Double(images),
      amount: Double(target.count) / 1e6, unit: "Mpixel")
  }
}

/// Pictures in [0, 1] with structure at several scales.
func benchmarkPictures(_ shape: [Int]) -> Tensor<Float> {
  var tensor = Tensor<Float>(shape: shape)
  let (height, width) = (shape[2], shape[3])
  let noise = uniformNoise(seed: 0, stream: .other, index: 0, count: tensor.count)
  for index in 0..<tensor.count {
    let (image, row, column) = (index / (height * width), index / width % height, index % width)
    let coarse = (row / 16 * 7 + column / 32 * 5 + image * 3) % 11
    let fine = (row / 3 * 5 + column / 5 * 3) % 7
    tensor[index] = 0.06 * Float(coarse) + 0.04 * Float(fine) + 0.1 * noise[index]
  }
  return tensor
}
