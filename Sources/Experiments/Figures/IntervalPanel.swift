import Foundation

/// A metric of several models beside the paper's values: numbers, and a picture of means, intervals and the paper's
/// values on one axis.
struct IntervalPanel: Sendable {
  struct Row: Sendable {
    let name: String
    let mean: Double
    let interval: Interval?
    let paper: Double
    /// The best of its group: in bold.
    let isBest: Bool
    /// Whether a line parts it from the row before.
    let beginsGroup: Bool
  }

  /// "MSE, lower is better".
  let caption: String
  let rows: [Row]
  /// Digits behind the point.
  let places: Int
  /// Both ends of the axis, which is logarithmic if asked for and the range is positive.
  let range: ClosedRange<Double>
  let isLogarithmic: Bool

  private static let width = 160.0
  private static let margin = 6.0

  var html: String {
    let body = rows.map { row in
      let mean = number(row.mean)
      return "<tr\(row.beginsGroup ? " class=\"group\"" : "")><th scope=\"row\">\(HTMLReport.escaped(row.name))</th>"
        + "<td class=\"number\">\(row.isBest ? "<strong>\(mean)</strong>" : mean)</td><td>\(picture(row))</td>"
        + "<td class=\"number paper-value\">\(number(row.paper))</td></tr>\n"
    }
    return """
      <table>
      <caption>\(HTMLReport.escaped(caption))</caption>
      <thead><tr><th scope="col">Model</th><th scope="col" class="number">ours</th><th scope="col">95 %</th>\
      <th scope="col" class="number paper-value">paper</th></tr></thead>
      <tbody>
      \(body.joined())</tbody>
      <tfoot><tr><td></td><td></td><td>\(axis)</td><td></td></tr></tfoot>
      </table>

      """
  }

  /// What the parts of the pictures mean.
  static let key = """
    <p class="key"><span><svg width="44" height="14" aria-hidden="true">\(mark(22, 7, from: 4, to: 40))</svg> \
    ours, with the 95 % interval of its mean</span><span><svg width="14" height="14" aria-hidden="true">\
    \(diamond(7, 7))</svg> the paper's, on its own music</span><span><b>bold</b> the best of its three</span></p>

    """

  private func picture(_ row: Row) -> String {
    let bounds = row.interval.map { ", 95 % interval \(number($0.low)) to \(number($0.high))" } ?? ""
    let sentence = "\(row.name): \(number(row.mean))\(bounds); the paper \(number(row.paper))"
    var marks = "<path class=\"rail\" d=\"M0 10.5H\(LineChart.number(Self.width))\"/>"
    if let mean = place(row.mean) {
      let ends = row.interval.flatMap { interval in
        place(interval.low).flatMap { low in place(interval.high).map { (low, $0) } }
      }
      marks += Self.mark(mean, 10.5, from: ends?.0 ?? mean, to: ends?.1 ?? mean)
    }
    if let paper = place(row.paper) { marks += Self.diamond(paper, 10.5) }
    return "<svg viewBox=\"0 0 \(LineChart.number(Self.width)) 21\" role=\"img\"><title>\(HTMLReport.escaped(sentence))"
      + "</title>\(marks)</svg>"
  }

  private var axis: String {
    let ticks = isLogarithmic ? Axis.logarithmicTicks(range) : Axis.ticks(range, count: 4)
    var labels = ""
    var free = 0.0
    for tick in ticks {
      guard let x = place(tick) else { continue }
      let text = Axis.label(tick)
      let half = 3.1 * Double(text.count)
      labels += "<path class=\"rail\" d=\"M\(LineChart.number(x)) 0V4\"/>"
      let middle = min(max(x, half), Self.width - half)
      if middle - half < free { continue }
      labels +=
        "<text x=\"\(LineChart.number(middle))\" y=\"14\" text-anchor=\"middle\">\(HTMLReport.escaped(text))</text>"
      free = middle + half + 4
    }
    return
      "<svg class=\"axis\" viewBox=\"0 0 \(LineChart.number(Self.width)) 17\" font-size=\"10\" aria-hidden=\"true\">"
      + "\(labels)</svg>"
  }

  private static func mark(_ x: Double, _ y: Double, from low: Double, to high: Double) -> String {
    "<path class=\"ours\" stroke-width=\"2\" d=\"M\(LineChart.number(low)) \(LineChart.number(y))"
      + "H\(LineChart.number(high))M\(LineChart.number(low)) \(LineChart.number(y - 3.5))v7"
      + "M\(LineChart.number(high)) \(LineChart.number(y - 3.5))v7\"/>"
      + "<circle class=\"ours\" cx=\"\(LineChart.number(x))\" cy=\"\(LineChart.number(y))\" r=\"3\"/>"
  }

  private static func diamond(_ x: Double, _ y: Double) -> String {
    "<path class=\"paper\" stroke-width=\"1.5\" d=\"M\(LineChart.number(x)) \(LineChart.number(y - 4.5))"
      + "l4.5 4.5l-4.5 4.5l-4.5 -4.5z\"/>"
  }

  /// Across the picture; nil for what is no number or lies off the axis.
  private func place(_ value: Double) -> Double? {
    let ends = (height(range.lowerBound), height(range.upperBound))
    let share = ends.1 > ends.0 ? (height(value) - ends.0) / (ends.1 - ends.0) : 0.5
    guard share.isFinite, (-1e-9...1 + 1e-9).contains(share) else { return nil }
    return Self.margin + share * (Self.width - 2 * Self.margin)
  }

  private func height(_ value: Double) -> Double {
    isLogarithmic && range.lowerBound > 0 ? Foundation.log10(value) : value
  }

  private func number(_ value: Double) -> String { String(format: "%.\(places)f", value) }
}

extension HTMLReport {
  /// Panels side by side, or below each other where there is less room.
  mutating func intervals(_ panels: [IntervalPanel]) {
    add("<div class=\"panels\">\n\(panels.map(\.html).joined())</div>\n")
  }

  /// What the parts of ``intervals(_:)`` mean.
  mutating func intervalKey() { add(IntervalPanel.key) }
}
