import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// The measures of Figure 2 over all test clips, of one model's reconstructions beside the inputs.
public struct ModelMeasures: Sendable {
  /// "input" or "noise-nlpd".
  public let name: String
  public let title: String
  /// Clip by clip.
  public let clips: [PictureMeasures]
  /// Of the inputs, clip by clip.
  public let inputs: [PictureMeasures]

  /// Of pictures [N, 1, H, W] that stand for the clips' logarithms, spread over the threads.
  static func measures(_ pictures: Tensor<Float>, clips: [Clip]) -> [PictureMeasures] {
    Execution.current.map(clips.count) { index in
      let range = clips[index].picture
      return PictureMeasures(pictures.picture(index), low: Double(range.low[0]), high: Double(range.high[0]))
    }
  }

  /// The input first, then the rows.
  public static func of(_ test: ClipSet, _ rows: [Table1Row], reconstructions: [Tensor<Float>]) -> [ModelMeasures] {
    let inputs = measures(test.batch, clips: test.clips)
    let first = ModelMeasures(name: "input", title: "input", clips: inputs, inputs: inputs)
    return [first]
      + zip(rows, reconstructions).map { row, output in
        ModelMeasures(
          name: row.model.name, title: row.model.title, clips: measures(output, clips: test.clips), inputs: inputs)
      }
  }

  /// The mean over clips of a measure.
  func mean(_ measure: KeyPath<PictureMeasures, Double>) -> Double {
    clips.reduce(0) { $0 + $1[keyPath: measure] } / Double(clips.count)
  }

  /// The logarithm of measure over input's, clip by clip: differences of logarithms treat twice and half alike.
  /// Quantities under a millionth of the input's count as that.
  func logRatios(_ measure: KeyPath<PictureMeasures, Double>) -> [Double] {
    zip(clips, inputs).map { clip, input in
      let reference = input[keyPath: measure]
      return reference > 0 ? log(max(clip[keyPath: measure] / reference, 1e-6)) : 0
    }
  }

  /// The geometric mean of the ratios to the input.
  func ratio(_ measure: KeyPath<PictureMeasures, Double>) -> Double {
    exp(logRatios(measure).reduce(0, +) / Double(clips.count))
  }

  func interval(_ measure: KeyPath<PictureMeasures, Double>, _ bootstrap: Bootstrap) -> Interval? {
    bootstrap.interval(logRatios(measure)).map { Interval(low: exp($0.low), high: exp($0.high)) }
  }

  func json(_ bootstrap: Bootstrap) -> JSONValue {
    var json: JSONValue = ["name": .string(name)]
    for (key, measure) in PictureMeasures.keys {
      json[key] = [
        "mean": .number(mean(measure)), "ratio": .number(ratio(measure)),
        "interval": interval(measure, bootstrap)?.json ?? .null,
      ]
    }
    return json
  }
}
