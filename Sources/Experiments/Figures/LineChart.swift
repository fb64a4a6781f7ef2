import Foundation
import PerceptualFiles

/// Lines over a common axis, as SVG: learning curves.
public struct LineChart: Sendable {
  public struct Series: Sendable {
    public var name: String
    public var points: [(x: Double, y: Double)]
    /// Which of the chart's colours the line has; nil for its own place among the series.
    public var colour: Int?
    public var isDashed: Bool

    public init(name: String, points: [(x: Double, y: Double)], colour: Int? = nil, isDashed: Bool = false) {
      self.name = name
      self.points = points
      self.colour = colour
      self.isDashed = isDashed
    }
    /// Values at 1, 2, 3 and so on.
    public init(name: String, values: [Double], colour: Int? = nil, isDashed: Bool = false) {
      self.init(
        name: name, points: values.enumerated().map { (Double($0.offset + 1), $0.element) }, colour: colour,
        isDashed: isDashed)
    }
  }

  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var series: [Series]
  /// Whether equal distances upwards are equal ratios; numbers that are not positive are then left out.
  public var isLogarithmic: Bool

  public init(title: String, xLabel: String, yLabel: String, series: [Series], isLogarithmic: Bool = false) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.isLogarithmic = isLogarithmic
  }

  /// Eight colours told apart by hue, of a lightness that stands out on white and on black.
  static let colours: [Colour] = [255, 45, 150, 345, 95, 205, 300, 20].map { hue in
    OKLab(lightness: 0.64, chroma: 0.16, hue: Double(hue)).colour
  }

  private static let width = 600.0
  private static let height = 360.0

  /// An element of HTML, in the colour of the text around it; series i is of the class "series-i". As a `file` it
  /// stands by itself and has a legend.
  public func svg(file: Bool = false) -> String {
    let shown = series.map { line in line.points.filter { isShown($0.x, $0.y) } }
    let legendHeight = file ? 20 * Double(series.count) + 12 : 0
    let frame = "0 0 \(Self.number(Self.width)) \(Self.number(Self.height + legendHeight))"
    let area = Area(
      left: 80, right: Self.width - 14, top: 14 + legendHeight, bottom: Self.height + legendHeight - 48,
      x: range(shown.joined().map(\.x), padded: false), y: range(shown.joined().map { height(of: $0.y) }, padded: true))
    var svg = "<svg\(file ? " xmlns=\"http://www.w3.org/2000/svg\"" : "") viewBox=\"\(frame)\" role=\"img\" "
    svg += "aria-label=\"\(HTMLReport.escaped(description(shown)))\" fill=\"currentColor\" "
    svg += "font-family=\"system-ui, sans-serif\" font-size=\"14\">\n"
    svg += axes(area)
    if shown.allSatisfy(\.isEmpty) {
      svg += text("no data", (area.left + area.right) / 2, (area.top + area.bottom) / 2, anchor: "middle")
    }
    for (index, line) in series.enumerated() {
      // A number that cannot be shown breaks the line.
      let parts = line.points.split { !isShown($0.x, $0.y) }.map { part in
        Self.path(part.map { Point(area.across($0.x), area.height(height(of: $0.y))) })
      }
      svg += "<path class=\"series-\(index)\" d=\"\(parts.joined())\" \(stroke(index))/>\n"
    }
    if file {
      for (index, line) in series.enumerated() {
        let y = 20 * Double(index) + 18
        svg += "<path d=\"M\(Self.number(area.left)) \(Self.number(y))h24\" \(stroke(index))/>"
        svg += text(line.name, area.left + 32, y + 5)
      }
    }
    return svg + "</svg>"
  }

  /// A piece of a line, for a legend.
  func swatch(_ index: Int) -> String {
    "<svg width=\"24\" height=\"6\" aria-hidden=\"true\"><path d=\"M1 3h22\" \(stroke(index))/></svg>"
  }

  private func stroke(_ index: Int) -> String {
    let colour = Self.colours[(series[index].colour ?? index) % Self.colours.count]
    let hexadecimal = [colour.red, colour.green, colour.blue].map { String(format: "%02x", $0) }.joined()
    return
      "fill=\"none\" stroke=\"#\(hexadecimal)\" stroke-width=\"2\" stroke-linecap=\"round\" stroke-linejoin=\"round\""
      + (series[index].isDashed ? " stroke-dasharray=\"5 5\"" : "")
  }

  private func axes(_ area: Area) -> String {
    var svg = ""
    let ticks =
      isLogarithmic
      ? Axis.logarithmicTicks(Foundation.pow(10, area.y.lowerBound)...Foundation.pow(10, area.y.upperBound))
      : Axis.ticks(area.y, count: 6)
    for tick in ticks {
      let y = area.height(height(of: tick))
      svg += line(area.left, y, area.right, y, opacity: 0.14)
      svg += text(Axis.label(tick), area.left - 8, y + 5, anchor: "end")
    }
    for tick in Axis.ticks(area.x, count: 6) {
      let x = area.across(tick)
      svg += line(x, area.bottom, x, area.bottom + 5, opacity: 0.6)
      svg += text(Axis.label(tick), x, area.bottom + 21, anchor: "middle")
    }
    svg += line(area.left, area.bottom, area.right, area.bottom, opacity: 0.6)
    svg += text(xLabel, (area.left + area.right) / 2, area.bottom + 42, anchor: "middle")
    let middle = Self.number((area.top + area.bottom) / 2)
    return svg + "<text transform=\"translate(14 \(middle)) rotate(-90)\" text-anchor=\"middle\">"
      + "\(HTMLReport.escaped(yLabel))</text>\n"
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, opacity: Double) -> String {
    "<path d=\"M\(Self.number(x1)) \(Self.number(y1))L\(Self.number(x2)) \(Self.number(y2))\" stroke=\"currentColor\" "
      + "stroke-opacity=\"\(opacity)\"/>\n"
  }

  private func text(_ text: String, _ x: Double, _ y: Double, anchor: String = "start") -> String {
    "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor)\">"
      + "\(HTMLReport.escaped(text))</text>\n"
  }

  /// What is read aloud in place of the lines: where each ends.
  private func description(_ shown: [[(x: Double, y: Double)]]) -> String {
    let ends = zip(series, shown).map { line, points in
      points.last.map { "\(line.name) ends at \(String(format: "%.3g", $0.y))" } ?? "\(line.name) has no data"
    }
    return "\(title), \(yLabel) by \(xLabel). " + ends.joined(separator: "; ") + "."
  }

  /// At most four points in a column of half a unit: the first, the least, the most and the last.
  static func path(_ points: [Point]) -> String {
    var kept: [Point] = []
    var place = 0
    while place < points.count {
      let column = (points[place].x * 2).rounded(.down)
      let end = points[place...].firstIndex { ($0.x * 2).rounded(.down) != column } ?? points.count
      let members = points[place..<end]
      if members.count <= 4 {
        kept += members
      } else {
        let ends = [
          members.indices.min { points[$0].y < points[$1].y }, members.indices.max { points[$0].y < points[$1].y },
        ]
        kept += Set([place, end - 1] + ends.compactMap { $0 }).sorted().map { points[$0] }
      }
      place = end
    }
    return kept.enumerated().map { "\($0.offset == 0 ? "M" : "L")\(number($0.element.x)) \(number($0.element.y))" }
      .joined()
      // A point by itself becomes a dot.
      + (kept.count == 1 ? "h0" : "")
  }

  /// With at most one digit behind the point.
  static func number(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Beyond, an axis that holds them all would leave the range of numbers.
  private static let greatest = 1e250

  private func isShown(_ x: Double, _ y: Double) -> Bool {
    abs(x) <= Self.greatest && abs(y) <= Self.greatest && (!isLogarithmic || y >= 1 / Self.greatest)
  }

  private func height(of y: Double) -> Double { isLogarithmic ? Foundation.log10(y) : y }

  private func range(_ values: [Double], padded: Bool) -> ClosedRange<Double> {
    guard let least = values.min(), let most = values.max() else { return 0...1 }
    // What differs by rounding is equal, and what is next to nothing is 0: no axis tells them apart.
    let largest = max(abs(least), abs(most))
    if most - least <= largest * 1e-12 || largest < 1 / Self.greatest {
      let half = largest < 1 / Self.greatest ? 0.5 : largest / 2
      return least - half...most + half
    }
    let room = padded ? (most - least) * 0.05 : 0
    // Numbers that are never negative get no room below 0, but for logarithms.
    let floor = least >= 0 && !isLogarithmic ? 0 : -Double.infinity
    return max(least - room, floor)...most + room
  }

  /// The rectangle of the lines and the numbers at its edges.
  private struct Area {
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double
    let x: ClosedRange<Double>
    let y: ClosedRange<Double>

    func across(_ value: Double) -> Double {
      left + (value - x.lowerBound) / (x.upperBound - x.lowerBound) * (right - left)
    }
    func height(_ value: Double) -> Double {
      bottom - (value - y.lowerBound) / (y.upperBound - y.lowerBound) * (bottom - top)
    }
  }
}
