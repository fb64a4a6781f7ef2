import Fast
import PerceptualCore

/// A ``BlockChain`` in fused blocks, under ``Execution/current`` where it is made.
public final class FusedChain {
  private let chain: BlockChain
  private let arena = Arena()
  private let blocks: [ConvolutionBlock]
  private let last: OutputBlock
  private let parameters: [ConvolutionBlock.Parameters]
  private let gradients: [ConvolutionBlock.Parameters]
  private let running: [(mean: UnsafeMutablePointer<Float>, variance: UnsafeMutablePointer<Float>)]
  private let x: UnsafeMutablePointer<Float>
  private let weight: UnsafeMutablePointer<Float>
  private let bias: UnsafeMutablePointer<Float>
  private let upstream: UnsafeMutablePointer<Float>

  /// Memory starts as NaN, so that nothing that is not written goes unseen.
  public init(_ chain: BlockChain, _ given: BlockChain.Given<Float>, keepsForGradient: Bool, recomputes: Bool = false) {
    let arena = arena
    func memory(_ count: Int) -> UnsafeMutablePointer<Float> {
      let memory = arena.floats(count)
      memory.update(repeating: .nan, count: count)
      return memory
    }
    func copy(_ tensor: Tensor<Float>) -> UnsafeMutablePointer<Float> {
      let memory = memory(tensor.count)
      for (index, value) in tensor.elements.enumerated() { memory[index] = value }
      return memory
    }
    self.chain = chain
    let shapes = chain.shapes
    let end = shapes.count - 1
    let workspace = BlockWorkspace(
      keepsForGradient: keepsForGradient, BatchShare(batch: shapes[0].images), arena: arena)
    blocks = zip(chain.layers, shapes).enumerated().map { number, pair in
      let block = ConvolutionBlock(
        pair.1, pair.0.kind, slope: chain.slope, epsilon: chain.epsilon, arena: arena,
        workspace: workspace, convolved: recomputes && number == end ? nil : memory(pair.1.outputCount),
        recomputesOutput: recomputes && number == end)
      if keepsForGradient && number < end { block.gradient = memory(pair.1.outputCount) }
      return block
    }
    last = OutputBlock(blocks[end], kernel: chain.lastKernel, arena: arena, keepsForGradient: keepsForGradient)
    workspace.take()
    parameters = given.layers.map {
      .init(weight: copy($0.weight), bias: copy($0.bias), gamma: copy($0.gamma), beta: copy($0.beta))
    }
    gradients = given.layers.map {
      .init(
        weight: memory($0.weight.count), bias: memory($0.bias.count), gamma: memory($0.gamma.count),
        beta: memory($0.beta.count))
    }
    running = given.layers.map { (copy($0.runningMean), copy($0.runningVariance)) }
    x = copy(chain.input[1] == 1 ? given.x : inBlocks(given.x))
    weight = copy(given.weight)
    bias = copy(given.bias)
    upstream = copy(given.upstream)
  }

  private func input(_ number: Int) -> ConvolutionBlock.Input {
    if number > 0 { return .block(blocks[number - 1]) }
    return chain.input[1] == 1 ? .picture(x) : .stored(x)
  }

  private var output: Tensor<Float> { tensor(last.output, [chain.input[0], 1] + size(chain.shapes.count - 1)) }

  private func size(_ number: Int) -> [Int] {
    let shape = chain.shapes[number]
    return [shape.outputHeight, shape.outputWidth]
  }

  /// What ``BlockChain/equations(_:)`` names.
  public func train() -> [String: Tensor<Float>] {
    for (number, block) in blocks.enumerated() {
      block.forward(
        input(number), parameters[number], statistics: .batch(momentum: chain.momentum),
        runningMean: running[number].mean, runningVariance: running[number].variance)
    }
    last.forward(weight: weight, bias: bias)
    var results = ["output": output]
    let end = blocks.count - 1
    let channels = chain.layers[end].outputs
    let lastCount = chain.lastKernel * chain.lastKernel * channels
    let lastGradients = arena.floats(lastCount + 1)
    var inputGradient: UnsafeMutablePointer<Float>?
    if chain.input[1] > 1 {
      let count = chain.input.reduce(1, *)
      inputGradient = arena.floats(count)
      inputGradient?.update(repeating: .nan, count: count)
    }
    last.backward(
      upstream: upstream, weightGradient: lastGradients, biasGradient: lastGradients + lastCount, input: input(end),
      parameters[end], gradients: gradients[end], inputGradient: end == 0 ? inputGradient : nil)
    for number in (0..<end).reversed() {
      blocks[number].backward(
        input(number), parameters[number], gradients: gradients[number],
        inputGradient: number == 0 ? inputGradient : nil)
    }
    results["last.gradients"] = tensor(lastGradients, [lastCount + 1])
    for (number, shape) in chain.shapes.enumerated() {
      let outputs = [shape.outputChannels]
      results["\(number).runningMean"] = tensor(running[number].mean, outputs)
      results["\(number).runningVariance"] = tensor(running[number].variance, outputs)
      results["\(number).gammaGradient"] = tensor(gradients[number].gamma, outputs)
      results["\(number).betaGradient"] = tensor(gradients[number].beta, outputs)
      results["\(number).biasGradient"] = tensor(gradients[number].bias, outputs)
      results["\(number).weightGradient"] = tensor(
        gradients[number].weight, chain.layers[number].weightShape(inputs: shape.inputChannels))
    }
    if let inputGradient { results["inputGradient"] = planar(tensor(inputGradient, chain.input)) }
    return results
  }

  /// The output in evaluation mode.
  public func evaluate() -> Tensor<Float> {
    let end = blocks.count - 1
    for number in 0..<end {
      blocks[number].forward(
        input(number), parameters[number], statistics: .running, runningMean: running[number].mean,
        runningVariance: running[number].variance)
    }
    last.forward(
      through: input(end), parameters[end], runningMean: running[end].mean, runningVariance: running[end].variance,
      weight: weight, bias: bias)
    return output
  }

  private func tensor(_ pointer: UnsafePointer<Float>, _ shape: [Int]) -> Tensor<Float> {
    Tensor(Array(UnsafeBufferPointer(start: pointer, count: shape.reduce(1, *))), shape: shape)
  }
}

/// [N, C, H, W] as [image][channel / 16][row][column][channel % 16], of the same shape by name.
public func inBlocks(_ x: Tensor<Float>) -> Tensor<Float> { reordered(x, toBlocks: true) }
/// And back.
public func planar(_ x: Tensor<Float>) -> Tensor<Float> { reordered(x, toBlocks: false) }

private func reordered(_ x: Tensor<Float>, toBlocks: Bool) -> Tensor<Float> {
  let pixels = x.shape[2] * x.shape[3]
  var y = Tensor<Float>(shape: x.shape)
  for plane in 0..<x.shape[0] * x.shape[1] {
    for pixel in 0..<pixels {
      let there = (plane / 16 * pixels + pixel) * 16 + plane % 16
      let here = plane * pixels + pixel
      if toBlocks { y[there] = x[here] } else { y[here] = x[there] }
    }
  }
  return y
}

/// The three directions of a convolution in channel blocks, on arrays in the usual order.
public func runInBlocks(
  _ convolution: BlockConvolution, _ x: Tensor<Float>, weight: Tensor<Float>, bias: Tensor<Float>,
  upstream: Tensor<Float>
) -> (y: Tensor<Float>, gradients: ConvolutionGradients<Float>) {
  let arena = Arena()
  func memory(_ elements: [Float]) -> UnsafeMutablePointer<Float> {
    let memory = arena.floats(elements.count)
    for (index, value) in elements.enumerated() { memory[index] = value }
    return memory
  }
  func empty(_ tensor: Tensor<Float>) -> UnsafeMutablePointer<Float> {
    memory([Float](repeating: .nan, count: tensor.count))
  }
  func tensor(_ pointer: UnsafePointer<Float>, like other: Tensor<Float>) -> Tensor<Float> {
    Tensor(Array(UnsafeBufferPointer(start: pointer, count: other.count)), shape: other.shape)
  }
  let (blocks, upstreamBlocks, gradientBlocks, yBlocks) = (empty(x), empty(upstream), empty(x), empty(upstream))
  let (weightMemory, biasMemory, weightGradient) = (memory(weight.elements), memory(bias.elements), empty(weight))
  let (y, gradient) = (empty(upstream), empty(x))
  convolution.packInput(memory(x.elements), blocks)
  convolution.packOutput(memory(upstream.elements), upstreamBlocks)
  convolution.forward(blocks, weight: weightMemory, bias: biasMemory, yBlocks)
  convolution.inputGradient(upstream: upstreamBlocks, weight: weightMemory, gradientBlocks)
  convolution.weightGradient(blocks, upstream: upstreamBlocks, weightGradient)
  convolution.unpackOutput(yBlocks, y)
  convolution.unpackInput(gradientBlocks, gradient)
  return (
    tensor(y, like: upstream),
    ConvolutionGradients(x: tensor(gradient, like: x), weight: tensor(weightGradient, like: weight), bias: bias)
  )
}
