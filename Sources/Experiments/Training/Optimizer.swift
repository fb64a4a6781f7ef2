import Fast
import PerceptualCore
import PerceptualFiles

/// AdamW over a network's parameters, with what it keeps from step to step: gradient, moments, and how far it came.
public final class Optimizer {
  let parameters: ParameterStore
  /// Of the loss of the next step; after that, of the last.
  let gradient: ParameterStore
  let firstMoment: ParameterStore
  let secondMoment: ParameterStore
  /// Steps done so far.
  public private(set) var iteration = 0
  private let beta1: Double
  private let beta2: Double
  private let weightDecay: Double
  private let advice: String

  /// `advice` tells a person what to do where the loss or the gradient is no number. A `weightDecay` of 0 is Adam.
  init(
    _ parameters: ParameterStore, beta1: Double = 0.9, beta2: Double = 0.999, weightDecay: Double = 0.01,
    advice: String
  ) {
    self.parameters = parameters
    gradient = ParameterStore(like: parameters)
    firstMoment = ParameterStore(like: parameters)
    secondMoment = ParameterStore(like: parameters)
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
    self.advice = advice
  }

  /// Moves the parameters down ``gradient``, which is that of `loss`. Throws `.nonFinite`, with the parameters as they
  /// were, where one of the two is no number.
  func step(loss: Double, learningRate: Double) throws(PerceptualError) -> TrainingStep {
    var squares = 0.0
    for index in 0..<gradient.count { squares += Double(gradient.values[index]) * Double(gradient.values[index]) }
    if !loss.isFinite || !squares.isFinite {
      throw .nonFinite(
        "iteration \(iteration + 1): the loss is \(loss) and the gradient's norm \(squares.squareRoot()); the weights "
          + "are those of iteration \(iteration). \(advice)")
    }
    iteration += 1
    adamW(
      parameter: parameters.values, gradient: gradient.values, firstMoment: firstMoment.values,
      secondMoment: secondMoment.values, count: gradient.count, step: iteration, learningRate: learningRate,
      beta1: beta1, beta2: beta2, weightDecay: weightDecay)
    return TrainingStep(iteration: iteration, loss: loss, gradientNorm: squares.squareRoot())
  }

  /// The moments under the names that their file has them by.
  private var moments: [(name: String, store: ParameterStore, entry: ParameterStore.Entry)] {
    [("first", firstMoment), ("second", secondMoment)].flatMap { kind, store in
      store.entries.map { ("optimizer.\(kind).\($0.name)", store, $0) }
    }
  }

  /// The moments, as tensors of a file.
  func save(to file: inout SafetensorsFile) {
    for (name, store, entry) in moments { file[name] = .float32(store.tensor(entry)) }
  }

  /// Rank 0's parameters, moments, iteration and other numbers of the network become those of every rank.
  func share(_ others: ParameterStore, _ ranks: (any Communicator)?) {
    guard let ranks else { return }
    for store in [parameters, firstMoment, secondMoment, others] {
      ranks.broadcast(store.values, bytes: store.count * MemoryLayout<Float>.stride)
    }
    ranks.broadcast(&iteration, bytes: MemoryLayout<Int>.size)
  }

  /// Takes over the moments of a file, and the iteration that they are of.
  func restore(_ iteration: Int, from file: SafetensorsFile) throws(PerceptualError) {
    for (name, store, entry) in moments { store.set(entry, to: try file.float(name, shape: entry.shape)) }
    self.iteration = iteration
  }
}
