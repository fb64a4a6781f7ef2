import PerceptualCore
import PerceptualFiles

/// What one step of a training found.
public struct TrainingStep: Sendable {
  /// Counts from 1.
  public let iteration: Int
  /// The loss of the batch before the step.
  public let loss: Double
  /// L2 norm of the gradient over all parameters.
  public let gradientNorm: Double
}

/// A trainer whose state can be put into files and taken from them, bit for bit.
public protocol ResumableTrainer: AnyObject {
  /// Steps done so far.
  var iteration: Int { get }
  /// Steps to do in all.
  var iterations: Int { get }

  /// One step on the next batch. Throws `.nonFinite`, with the weights as they were before, where the loss or gradient
  /// is no number.
  func step() throws(PerceptualError) -> TrainingStep

  /// What the log says of the step just taken besides loss, norm and time. `isCheckpoint` where a checkpoint of it
  /// follows.
  func logMembers(_ step: TrainingStep, isCheckpoint: Bool) -> [JSONValue.Member]

  /// Writes weights and optimizer state of the current iteration; returns the weights' path.
  ///
  /// Throws `.nonFinite` where a weight is no number, and writes nothing.
  @discardableResult
  func writeCheckpoint(in directory: String) throws(PerceptualError) -> String

  /// Continues from a checkpoint of the same run, bit for bit.
  ///
  /// Throws `.usage` where its settings differ from this trainer's, `.malformed` where it is damaged.
  func resume(iteration: Int, in directory: String) throws(PerceptualError)
}
