import Foundation

/// Round numbers along an axis.
enum Axis {
  /// Multiples of 1, 2 or 5 times a power of ten within `range`, at most about `count`.
  static func ticks(_ range: ClosedRange<Double>, count: Int) -> [Double] {
    let span = range.upperBound - range.lowerBound
    guard span > 0, span.isFinite, count > 0 else { return [range.lowerBound] }
    let rough = span / Double(count)
    let power = Foundation.pow(10, Foundation.log10(rough).rounded(.down))
    let step = power * ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10)
    let first = Int((range.lowerBound / step - 1e-9).rounded(.up))
    let last = Int((range.upperBound / step + 1e-9).rounded(.down))
    return first <= last ? (first...last).map { Double($0) * step } : [range.lowerBound]
  }

  /// Powers of ten within a range of positive numbers, with 2 and 5 times them where there are few, and the ticks of a
  /// straight axis where those too are few.
  static func logarithmicTicks(_ range: ClosedRange<Double>) -> [Double] {
    let first = Int(Foundation.log10(range.lowerBound).rounded(.down))
    let last = Int(Foundation.log10(range.upperBound).rounded(.up))
    func within(_ factors: [Double]) -> [Double] {
      let (low, high) = (range.lowerBound * 0.9999, range.upperBound * 1.0001)
      return (first...max(first, last)).flatMap { power in
        let ten = Foundation.pow(10, Double(power))
        return factors.map { $0 * ten }.filter { $0 >= low && $0 <= high }
      }
    }
    let powers = within([1])
    if powers.count > 6 {
      let every = (powers.count + 5) / 6
      return powers.enumerated().filter { $0.offset % every == 0 }.map(\.element)
    }
    if powers.count >= 3 { return powers }
    let marks = within([1, 2, 5])
    // Within less than a decade a logarithm is nearly straight.
    return marks.count >= 3 ? marks : ticks(range, count: 6)
  }

  /// The number without superfluous digits: "0.5", "2000", "1e-05".
  static func label(_ value: Double) -> String {
    if value == 0 { return "0" }
    let size = abs(value)
    if size >= 1e6 || size < 1e-4 {
      let exponent = Int(Foundation.log10(size * 1.0000001).rounded(.down))
      let digits = value / Foundation.pow(10, Double(exponent))
      return "\(trimmed(digits, places: 2))e\(exponent)"
    }
    return trimmed(value, places: 6)
  }

  private static func trimmed(_ value: Double, places: Int) -> String {
    var text = String(format: "%.\(places)f", value)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return (text == "-0" ? "0" : text).replacingOccurrences(of: "-", with: "−")
  }

  /// "8 kHz" for an axis in hertz.
  static func hertz(_ value: Double) -> String {
    value >= 1000 ? "\(label(value / 1000))k" : label(value)
  }
}
