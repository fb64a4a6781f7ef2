/// Stops the program with a sentence when a caller broke a function's contract.
///
/// For mistakes of the calling code only (a shape that does not fit, a negative stride). What a user or a file can get
/// wrong is a ``PerceptualError`` instead. The sentence names the argument and the value found; unlike that of
/// `precondition`, it is printed in optimised builds too.
@inlinable
public func require(_ condition: Bool, _ sentence: @autoclosure () -> String) {
  if !condition { fatalError(sentence()) }
}

/// Stops the program with what stands in the way, if anything does.
@inlinable
public func require(noObstacle obstacle: String?) { require(obstacle == nil, obstacle ?? "") }
