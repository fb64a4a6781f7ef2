/// Why logits [N, K, ...] and classes [N, ...] do not make a categorical cross-entropy; nil if they do.
public func categoricalObstacle(logits: [Int], classes: [Int]) -> String? {
  if logits.count < 2 || logits.contains(where: { $0 < 1 }) {
    return "logits: shape \(logits), a non-empty [N, K, ...] is needed"
  }
  let expected = [logits[0]] + logits.dropFirst(2)
  return classes == expected ? nil : "classes: shape \(classes), logits \(logits) need \(expected)"
}

/// The same with the classes' values: every one must be a whole number of 0 ..< K.
public func categoricalObstacle<Scalar>(logits: [Int], classes: Tensor<Scalar>) -> String? {
  if let obstacle = categoricalObstacle(logits: logits, classes: classes.shape) { return obstacle }
  let wrong = classes.elements.firstIndex { !($0 >= 0 && $0 < Scalar(logits[1]) && $0 == $0.rounded(.down)) }
  if let wrong {
    return "classes: \(classes[wrong]) stands at \(coordinates(of: wrong, in: classes.shape)), a whole number of 0 to "
      + "\(logits[1] - 1) is needed"
  }
  return nil
}
