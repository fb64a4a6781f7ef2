import PerceptualCore
import PerceptualFiles

/// A training's log.jsonl as numbers and as a chart.
public struct LearningCurves: Sendable {
  /// Iteration and value, in the order of the log; lines that are damaged or not finite are left out.
  public private(set) var loss: [(x: Double, y: Double)] = []
  public private(set) var gradientNorm: [(x: Double, y: Double)] = []
  public private(set) var liveLatents: [(x: Double, y: Double)] = []
  public private(set) var offCentreLatents: [(x: Double, y: Double)] = []

  /// Of all iterations together.
  public private(set) var seconds = 0.0

  var losses: [Double] { loss.map(\.y) }

  /// Of the lines of a log.
  public init(log bytes: [UInt8]) {
    for line in bytes.split(separator: 0x0A) {
      guard let document = try? JSONValue(parsing: line), let iteration = document["iteration"]?.integer else {
        continue
      }
      func add(_ key: String, to list: inout [(x: Double, y: Double)]) {
        if let value = document[key]?.double, value.isFinite { list.append((Double(iteration), value)) }
      }
      add("loss", to: &loss)
      add("gradientNorm", to: &gradientNorm)
      add("liveLatents", to: &liveLatents)
      add("offCentreLatents", to: &offCentreLatents)
      seconds += document["seconds"]?.double ?? 0
    }
  }

  /// Empty where there is no such file. Throws `.missing` or `.inputOutput` where it cannot be read.
  public init(contentsOf path: String) throws(PerceptualError) {
    self.init(log: FilePath.exists(path) ? try FileBytes.read(path) : [])
  }

  /// Over the first value; none where that is not positive.
  static func relative(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    guard let first = points.first, first.y > 0 else { return [] }
    return points.map { ($0.x, $0.y / first.y) }
  }

  /// Loss and gradient norm over their first values, and the two shares of latents, over the iterations.
  public func chart(title: String) -> LineChart {
    LineChart(
      title: title, xLabel: "iteration", yLabel: "relative to the first; shares",
      series: [
        LineChart.Series(name: "loss / first", points: Self.relative(loss)),
        LineChart.Series(name: "gradient / first", points: Self.relative(gradientNorm)),
        LineChart.Series(name: "live latents", points: liveLatents),
        LineChart.Series(name: "off centre", points: offCentreLatents),
      ], isLogarithmic: true)
  }
}
