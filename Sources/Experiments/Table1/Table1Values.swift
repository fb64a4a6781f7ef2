import PerceptualFiles

extension Table1Result {
  /// table1.json: for each model {"data", "loss"} with the keys of `evaluate`, for the first way of testing, and the
  /// other ways under "alternatives".
  public var json: JSONValue {
    let sources = table.test.clips.map { clip -> JSONValue in
      ["file": .string(clip.file), "start": .number(clip.start)]
    }
    return .array(
      rows.map { row in
        let ways = row.results.map { $0.json(of: sources) }
        return row.identity.adding(ways.first ?? [:]).adding(["alternatives": .array(Array(ways.dropFirst()))])
      })
  }

  /// table1.csv: one line a model, seed and way of testing, with the paper's values beside.
  public var csv: String {
    var lines = [
      "data,loss,statistics,quantisation,mse,nlpd,ms_ssim,ssim,paper_mse,paper_nlpd,paper_ms_ssim,"
        + "mse_low,mse_high,nlpd_low,nlpd_high,ms_ssim_low,ms_ssim_high,off_centre_latents,seed"
    ]
    for row in rows + others {
      guard let paper = PaperTable.row(row.model) else { continue }
      for result in row.results {
        let mean = result.scores.mean
        let cells =
          [row.model.data, row.model.loss.rawValue, result.way.statistics.rawValue, result.way.quantisation.rawValue]
          + [mean.mse, mean.nlpd, mean.msSSIM, mean.ssim, paper.mse, paper.nlpd, paper.msSSIM].map { "\($0)" }
        let bounds = TableMetric.allCases.flatMap { metric in
          result.scores.column(metric).interval.map { ["\($0.low)", "\($0.high)"] } ?? ["", ""]
        }
        lines.append((cells + bounds + ["\(result.meanOffCentre)", "\(row.seed)"]).joined(separator: ","))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Table1Row {
  /// {"data", "loss", "seed", "weights"}.
  var identity: JSONValue {
    [
      "data": .string(model.data), "loss": .string(model.loss.rawValue), "seed": .string("\(seed)"),
      "weights": .string(hexadecimal(weights, digits: 16)),
    ]
  }
}
