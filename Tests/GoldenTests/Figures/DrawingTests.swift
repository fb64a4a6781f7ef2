import Foundation
import FoundationXML
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// What an SVG holds, read back by an XML parser.
final class Drawing: NSObject, XMLParserDelegate {
  private(set) var elements: [(name: String, attributes: [String: String])] = []
  private(set) var text = ""

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError)) in \(svg.prefix(200))")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append((name, attributes))
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

  /// The numbers of all paths and places.
  var numbers: [Double] {
    elements.flatMap { element in
      ["d", "x", "y", "cx", "cy"].compactMap { element.attributes[$0] }
    }.flatMap { $0.split { !"-.0123456789".contains($0) } }.compactMap { Double($0) }
  }

  /// Every drawing of a page.
  static func all(in html: String) throws -> [Drawing] {
    try html.matches(of: /<svg[\s\S]*?<\/svg>/).map { try Drawing(String($0.0)) }
  }
}

@Suite struct LineChartTests {
  /// Whatever the numbers, the drawing is whole and stays within its frame.
  @Test func chartOfLittle() throws {
    let tiny = Double.leastNonzeroMagnitude
    for isLogarithmic in [false, true] {
      for values: [Double] in [
        [], [1], [2, 2], [0, -1, .nan, .infinity, 3], [.nan], [tiny], [tiny, 3 * tiny, 1], [8 * tiny, 5 * tiny],
        [1e308, -1e308], [1, 1 + .ulpOfOne], [1e249, 1e-249], [3, -0.0],
      ] {
        let chart = LineChart(
          title: "t", xLabel: "x", yLabel: "y", series: [.init(name: "s", values: values)], isLogarithmic: isLogarithmic
        )
        for svg in [chart.svg(), chart.svg(file: true)] {
          #expect(!svg.contains("nan") && !svg.contains("inf"))
          let drawing = try Drawing(svg)
          #expect(drawing.numbers.allSatisfy { (-10...610).contains($0) }, "\(values) \(isLogarithmic)")
        }
      }
    }
    let empty = LineChart(title: "t", xLabel: "x", yLabel: "y", series: []).svg()
    #expect(try Drawing(empty).text.contains("no data"))
  }

  /// A point lies where its numbers say, a number that cannot be shown breaks the line, a single point is a dot.
  @Test func linesLie() throws {
    let chart = LineChart(
      title: "t", xLabel: "x", yLabel: "y",
      series: [
        .init(name: "a", points: [(0, 0), (5, 10), (10, 0)]), .init(name: "b", points: [(0, 5), (5, .nan), (10, 5)]),
      ])
    let paths = try Drawing(chart.svg()).elements.filter { $0.attributes["class"]?.hasPrefix("series-") == true }
    #expect(paths.map { $0.attributes["d"] } == ["M80 312L333 28.2L586 312", "M80 170.1h0M586 170.1h0"])
  }

  /// Colours and dashes are those asked for, else those of the place; the file has the legend in it.
  @Test func legends() throws {
    var chart = SampleFigures.chart(isLogarithmic: true, name: "a < b & c")
    chart.series[1].colour = 0
    chart.series[1].isDashed = true
    let strokes = try Drawing(chart.svg()).elements.filter { $0.attributes["class"] != nil }.map(\.attributes)
    #expect(strokes[0]["stroke"] == strokes[1]["stroke"] && strokes[0]["stroke"] != strokes[2]["stroke"])
    #expect(strokes.map { $0["stroke-dasharray"] != nil } == [false, true, false])
    #expect(try !Drawing(chart.svg()).text.contains("a < b & c"))
    let file = try Drawing(chart.svg(file: true))
    #expect(file.text.contains("a < b & c") && file.elements[0].attributes["xmlns"] != nil)
    #expect(file.elements[0].attributes["aria-label"]?.contains("a < b & c ends at ") == true)
  }

  /// Long curves become few points, and keep every peak.
  @Test func manyPoints() {
    var points = (0..<100_000).map { Point(Double($0) / 1000, 50 + sin(Double($0))) }
    points[70_007].y = 3
    points[70_008].y = 97
    let path = LineChart.path(points)
    let count = path.split { "ML".contains($0) }.count
    #expect(count <= 4 * 200 && count >= 200)
    #expect(path.contains(" 3L") && path.contains(" 97L"))
  }
}

@Suite struct IntervalPanelTests {
  static func panel(
    name: String = "U(x), MSE", mean: Double = 0.02, interval: Interval? = Interval(low: 0.01, high: 0.04),
    paper: Double = 0.005, range: ClosedRange<Double> = 0.005...0.05, isLogarithmic: Bool = true
  ) -> IntervalPanel {
    IntervalPanel(
      caption: "MSE, lower is better",
      rows: [
        .init(name: name, mean: mean, interval: interval, paper: paper, isBest: true, beginsGroup: false),
        .init(name: "other", mean: 0.05, interval: nil, paper: 0.05, isBest: false, beginsGroup: true),
      ], places: 3, range: range, isLogarithmic: isLogarithmic)
  }

  /// Means lie by their logarithm between the margins of six units; the title says the digits.
  @Test func marksLie() throws {
    let drawings = try Drawing.all(in: Self.panel().html)
    #expect(drawings.count == 3)
    let circle = try #require(drawings[0].elements.first { $0.name == "circle" })
    let place = 6 + 148 * log(0.02 / 0.005) / log(10)
    #expect(abs((Double(circle.attributes["cx"] ?? "") ?? 0) - place) < 0.06)
    #expect(drawings[0].text.contains("U(x), MSE: 0.020, 95 % interval 0.010 to 0.040; the paper 0.005"))
    #expect(drawings[1].text.contains("other: 0.050; the paper 0.050"))
    #expect(Self.panel().html.contains("<strong>0.020</strong>"))
    #expect(Self.panel().html.contains("<tr class=\"group\"><th scope=\"row\">other</th>"))
    // The labels of the axis.
    #expect(["0.005", "0.01", "0.02", "0.05"].allSatisfy(drawings[2].text.contains))
  }

  /// What is no number or off the axis is left out.
  @Test func marksLeftOut() throws {
    for (mean, range) in [(Double.nan, 0.005...0.05), (.infinity, 0.005...0.05), (-1, 0.005...0.05)] {
      let drawing = try Drawing.all(in: Self.panel(mean: mean, range: range).html)[0]
      #expect(!drawing.elements.contains { $0.name == "circle" })
      #expect(drawing.elements.contains { $0.attributes["class"] == "paper" })
    }
    let single = try Drawing.all(
      in: Self.panel(mean: 2, interval: nil, paper: 2, range: 2...2, isLogarithmic: false).html)
    #expect(single[0].elements.first { $0.name == "circle" }?.attributes["cx"] == "80")
  }
}
