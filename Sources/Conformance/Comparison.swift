import PerceptualCore

/// The outcome of comparing a result with what was expected.
public struct Comparison: Sendable, CustomStringConvertible {
  public let count: Int
  /// Elements outside their allowance.
  public let failures: Int
  /// The element with the largest difference in terms of its allowance (a failing one if any fails).
  public let worst: [Int]
  public let actual: Double
  public let expected: Double
  /// |actual - expected| at the worst element; infinite where either is not a number.
  public let error: Double
  /// What was allowed there.
  public let allowed: Double
  /// error / allowed at the worst element: what share of the allowance was used.
  public let share: Double
  /// Why nothing could be compared, such as differing shapes.
  public let obstacle: String?

  public var passed: Bool { failures == 0 && obstacle == nil }

  public var description: String {
    if let obstacle { return obstacle }
    let place = "worst at \(worst): \(actual), expected \(expected), error \(error), allowed \(allowed)"
    return passed ? "\(count) elements agree, \(place)" : "\(failures) of \(count) elements differ, \(place)"
  }
}

extension Comparison {
  /// A comparison that could not be made.
  init(obstacle: String) {
    self.init(
      count: 0, failures: 0, worst: [], actual: .nan, expected: .nan, error: .infinity, allowed: 0, share: .infinity,
      obstacle: obstacle)
  }

  /// Compares element by element. A NaN on either side fails, unless `matchingNonFinite`, where NaN must meet NaN and
  /// an infinity the same infinity. Two empty tensors do not agree: nothing was checked.
  public init(actual: Tensor<Double>, expected: Tensor<Double>, allowed: [Double], matchingNonFinite: Bool = false) {
    if actual.shape != expected.shape {
      self.init(obstacle: "shape \(actual.shape), expected \(expected.shape)")
      return
    }
    if actual.count == 0 {
      self.init(obstacle: "shape \(actual.shape) holds nothing to compare")
      return
    }
    require(allowed.count == expected.count, "allowed: \(allowed.count) values for \(expected.count) elements")
    var failures = 0
    var worstIndex = 0
    var worstShare = -1.0
    var worstError = 0.0
    for index in actual.elements.indices {
      let a = actual[index]
      let e = expected[index]
      var error = abs(a - e)
      if a == e { error = 0 }
      if matchingNonFinite && a.isNaN && e.isNaN { error = 0 }
      if error.isNaN { error = .infinity }
      let passes = error == 0 || (error.isFinite && error <= allowed[index])
      if !passes { failures += 1 }
      // A failing element always outranks a passing one, even where its ratio is not a number.
      let ratio = error / allowed[index]
      let share = error == 0 ? 0 : passes || ratio > 1 ? ratio : 1.0.nextUp
      if share > worstShare {
        worstShare = share
        worstIndex = index
        worstError = error
      }
    }
    self.init(
      count: actual.count, failures: failures, worst: coordinates(of: worstIndex, in: actual.shape),
      actual: actual[worstIndex], expected: expected[worstIndex], error: worstError, allowed: allowed[worstIndex],
      share: worstShare, obstacle: nil)
  }
}
