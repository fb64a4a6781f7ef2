import Foundation
import PerceptualCore
import PerceptualFiles

/// Lines over a common axis: learning curves.
public struct LineChart: Sendable {
  public struct Series: Sendable {
    public var name: String
    public var points: [(x: Double, y: Double)]
    public init(name: String, points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points
    }
    /// Values at 1, 2, 3 and so on.
    public init(name: String, values: [Double]) {
      self.init(name: name, points: values.enumerated().map { (Double($0.offset + 1), $0.element) })
    }
  }

  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var series: [Series]
  /// Whether equal distances upwards are equal ratios; numbers that are not positive are then left out.
  public var isLogarithmic: Bool
  /// Pixels at scale 1.
  public var width = 720
  public var height = 420
  /// Everything is this many times larger.
  public var scale = 2

  public init(title: String, xLabel: String, yLabel: String, series: [Series], isLogarithmic: Bool = false) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.isLogarithmic = isLogarithmic
  }

  /// Eight colours of one lightness, told apart by hue.
  static let colours: [Colour] = [255, 45, 150, 345, 95, 205, 300, 20].enumerated().map { index, hue in
    OKLab(lightness: index < 4 ? 0.58 : 0.68, chroma: 0.16, hue: Double(hue)).colour
  }

  public func render() -> Picture {
    var picture = Picture(width: width * scale, height: height * scale)
    let unit = Double(scale)
    let shown = series.map { line in line.points.filter { isShown($0.x, $0.y) } }
    let xs = range(shown.joined().map(\.x), padded: false)
    let ys = range(shown.joined().map { height(of: $0.y) }, padded: true)
    let area = Area(
      left: 76 * unit, right: Double(width) * unit - 24 * unit - legendWidth, top: 54 * unit,
      bottom: Double(height) * unit - 58 * unit, x: xs, y: ys)
    let style = TextStyle(capitalHeight: 8.5 * unit)

    picture.draw(title, at: Point(area.left, 28 * unit), TextStyle(capitalHeight: 11 * unit, bold: true))
    let yTicks =
      isLogarithmic
      ? Axis.logarithmicTicks(Foundation.pow(10, ys.lowerBound)...Foundation.pow(10, ys.upperBound))
      : Axis.ticks(ys, count: 6)
    for tick in yTicks {
      let y = area.height(isLogarithmic ? Foundation.log10(tick) : tick)
      picture.fill(
        x: Int(area.left), y: Int(y), width: Int(area.right - area.left), height: scale, Colour(grey: 226))
      picture.draw(Axis.label(tick), at: Point(area.left - 8 * unit, y + 4.6 * unit), style, anchor: .end)
    }
    for tick in Axis.ticks(xs, count: 7) {
      let x = area.across(tick)
      picture.fill(x: Int(x), y: Int(area.bottom), width: scale, height: scale * 5, Colour(grey: 40))
      picture.draw(Axis.label(tick), at: Point(x, area.bottom + 19 * unit), style, anchor: .middle)
    }
    picture.fill(
      x: Int(area.left), y: Int(area.bottom), width: Int(area.right - area.left), height: scale, Colour(grey: 40))
    picture.fill(
      x: Int(area.left), y: Int(area.top), width: scale, height: Int(area.bottom - area.top), Colour(grey: 40))
    picture.draw(
      xLabel, at: Point((area.left + area.right) / 2, area.bottom + 42 * unit), style, anchor: .middle)
    picture.draw(
      yLabel, at: Point(22 * unit, (area.top + area.bottom) / 2), style, anchor: .middle, upwards: true)
    if shown.allSatisfy(\.isEmpty) {
      picture.draw(
        "no data", at: Point((area.left + area.right) / 2, (area.top + area.bottom) / 2), style, anchor: .middle)
    }
    drawLines(area, on: &picture)
    drawLegend(area, style, on: &picture)
    return picture
  }

  private func drawLines(_ area: Area, on picture: inout Picture) {
    for (index, line) in series.enumerated() {
      // A number that cannot be shown breaks the line.
      let paths = line.points.split { !isShown($0.x, $0.y) }.map { part in
        part.map { Point(area.across($0.x), area.height(height(of: $0.y))) }
      }
      picture.stroke(paths, thickness: 1.8 * Double(scale), Self.colours[index % Self.colours.count])
    }
  }

  private func drawLegend(_ area: Area, _ style: TextStyle, on picture: inout Picture) {
    let unit = Double(scale)
    for (index, line) in series.enumerated() {
      let y = area.top + (8 + 20 * Double(index)) * unit
      let x = area.right + 18 * unit
      picture.stroke(
        [[Point(x, y), Point(x + 20 * unit, y)]], thickness: 3 * unit, Self.colours[index % Self.colours.count])
      picture.draw(
        style.fitted(line.name, into: widestName), at: Point(x + 28 * unit, y + 4.2 * unit), style)
    }
  }

  private var legendWidth: Double {
    let style = TextStyle(capitalHeight: 8.5 * Double(scale))
    guard let widest = series.map({ style.width(of: $0.name) }).max() else { return 0 }
    return min(widest, widestName) + 46 * Double(scale)
  }

  /// Longer names of lines are cut.
  private var widestName: Double { Double(width * scale) / 3 }

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
