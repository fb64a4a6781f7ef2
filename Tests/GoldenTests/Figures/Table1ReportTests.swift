import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// The page of a table whose scores are made up: the paper's own, moved as a test wants.
@Suite struct Table1ReportTests {
  /// Three clips of as many recordings.
  private static func clips() throws -> ClipSet {
    let files = ["00-chamber-strings", "01-folk-guitar", "02-rock-band"].map { "\(fixturesDirectory)/audio/\($0).flac" }
    return try ClipSet.load(files, limit: files.count)
  }

  private static func result(
    _ test: ClipSet, directory: String = "/nowhere",
    _ moved: (TableModel, TestWay, inout Scores, _ clip: Int) -> Void = { _, _, _, _ in }
  ) -> Table1Result {
    let table = Table1(scale: .quick, seed: 7, training: [], test: test, directory: directory)
    let rows = PaperTable.rows.map { paper in
      let results = TestWay.all.map { way in
        let clips = test.clips.indices.map { clip in
          // Better by what no mean of three loses to rounding.
          var scores = Scores(
            mse: paper.mse - 1e-9, nlpd: paper.nlpd - 1e-9, msSSIM: paper.msSSIM + 1e-9, ssim: 0.5)
          moved(paper.model, way, &scores, clip)
          return scores
        }
        return TestResult(
          way, ScoreSummary(clips, table.bootstrap), withoutMeanError: clips, offCentre: clips.map { _ in 0.1 })
      }
      return Table1Row(
        model: paper.model, seed: 7, weights: 0xABCD, metadata: ["iteration": "300"], results: results,
        halfPrecision: [])
    }
    return Table1Result(
      table, rows: rows, reconstructions: rows.map { _ in test.batch }, command: "perceptual table1 --seed 7")
  }

  private static let way = TestWay.all[0]

  @Test func thePapersOwnTableIsShown() throws {
    let verdicts = Self.result(try Self.clips()).verdicts(Self.way)
    #expect(verdicts.map(\.verdict) == [.shown, .shown, .shown, .shown])
    #expect(
      verdicts.map(\.figure) == [
        "9 of 9 orderings shown", "6 of 6 orderings shown", "9 of 9 orderings shown",
        "18 of 18 values as good as the paper's",
      ])
    #expect(verdicts.allSatisfy { !$0.claim.hasSuffix(".") && !$0.figure.hasSuffix(".") })
  }

  /// One ordering reversed is named with its size; other ways of testing stand as they were.
  @Test func aReversedOrderingContradicts() throws {
    let result = Self.result(try Self.clips()) { model, way, scores, _ in
      if model == TableModel("music", .nlpd), way == Self.way { scores.mse = 0.001119 }
    }
    let music = result.verdicts(Self.way)[1]
    #expect(music.verdict == .contradicted)
    #expect(
      music.figure
        == "5 of 6 orderings shown, 1 contradicted: P(x), NLPD beats P(x), MSE on MSE by 0.002")
    #expect(result.verdicts(TestWay.all[1])[1].verdict == .shown)
  }

  /// A difference that changes its sign from clip to clip decides nothing.
  @Test func aDifferenceThatHoldsZeroIsUndecided() throws {
    let result = Self.result(try Self.clips()) { model, _, scores, clip in
      if model == TableModel("noise", .msSSIM) { scores.nlpd = clip == 1 ? 9 : 7 }
    }
    let noise = result.verdicts(Self.way)[0]
    #expect(noise.verdict == .undecided && noise.figure == "8 of 9 orderings shown, 1 undecided")
    let level = result.verdicts(Self.way)[3]
    #expect(level.verdict == .contradicted)
    #expect(
      level.figure
        == "17 of 18 values as good as the paper's; furthest off, U(x), MS-SSIM has NLPD 7.667, the paper 5.999")
  }

  /// The sentences count what the record says, for every way of testing, whatever the scores.
  @Test func sentencesFollowTheRecord() throws {
    var generator = SeededGenerator(name: "sentences follow the record")
    let result = Self.result(try Self.clips()) { _, _, scores, _ in
      scores.mse *= 1 + 0.3 * generator.normal()
      scores.nlpd *= 1 + 0.3 * generator.normal()
      scores.msSSIM *= 1 + 0.05 * generator.normal()
    }
    let recorded = try #require(try Table1Record(result).document["orderings"]?.array)
    for way in TestWay.all {
      let ofWay = recorded.filter {
        $0["statistics"]?.string == way.statistics.rawValue && $0["quantisation"]?.string == way.quantisation.rawValue
      }
      let groups = [ofWay.prefix(9), ofWay.dropFirst(9).prefix(6), ofWay.suffix(9)]
      #expect(ofWay.count == 24)
      for (found, group) in zip(result.verdicts(way), groups) {
        let counts = ["shown", "contradicted", "undecided"].map { word in group.count { $0["verdict"]?.string == word }
        }
        #expect(found.figure.hasPrefix("\(counts[0]) of \(group.count) orderings shown"))
        #expect(found.figure.contains("\(counts[1]) contradicted") == (counts[1] > 0))
        #expect(found.figure.contains("\(counts[2]) undecided") == (counts[2] > 0))
        #expect(found.verdict.rawValue == (counts[1] > 0 ? "contradicted" : counts[2] > 0 ? "undecided" : "shown"))
      }
    }
  }

  /// Reconstructions equal to their inputs: nothing of Figure 2 is seen.
  @Test func figureVerdictsFollowTheMeasures() throws {
    let verdicts = Self.result(try Self.clips()).figureVerdicts
    #expect(verdicts.map(\.verdict) == [.undecided, .undecided, .undecided])
    #expect(verdicts[0].figure == "flatness 1.00 times the input's")
  }

  /// A page like that of `table1`: every clip with its input and seven answers.
  private static func page(_ test: ClipSet) throws -> HTMLReport {
    let result = result(test)
    let labels = ["input", "input, from its picture"] + result.rows.map(\.model.title)
    let audio = test.clips.enumerated().flatMap { index, clip in
      labels.enumerated().map { column, label in
        Table1Result.AudioEntry(
          label: label, file: "audio/0\(index)-\(column).wav",
          sound: AudioClip(samples: clip.signal.reshaped([1, clip.signal.count]), sampleRate: PaperAudio.sampleRate),
          image: clip.picture.image, clip: index)
      }
    }
    return try Table1Report(result: result).page(
      figure: SampleFigures.figure2().render(), curves: SampleFigures.chart(isLogarithmic: true), audio: audio,
      record: try Table1Record(result))
  }

  /// Five clips of music: verdict, table, figure and sound in this order, four clips played, one linked, in 6 MB.
  @Test func pageOfFiveClips() throws {
    let files = ["00-chamber-strings", "01-folk-guitar", "02-rock-band", "06-electronic", "07-brass-band"]
    let test = try ClipSet.load(files.map { "\(fixturesDirectory)/audio/\($0).flac" }, limit: 5)
    let html = try Self.page(test).html
    #expect(html.utf8.count < 6_000_000)
    // "fLaC".
    #expect(html.components(separatedBy: "src=\"data:audio/flac;base64,ZkxhQ").count == 1 + 4 * 8)
    #expect(html.components(separatedBy: ">WAV</a>").count == 1 + 8)
    let headings = html.matches(of: /<h2 id="[^"]*">([^<]*)</).map { String($0.1) }
    #expect(headings == ["Verdict", "Table", "Figure", "Sound", "Learning curves", "Details"])
    // Four ways of three panels of six rows and an axis; the key; a chart with a legend of three.
    #expect(try Drawing.all(in: html).count == 4 * 3 * 7 + 2 + 1 + 3)
    for way in TestWay.all {
      let block = "<div class=\"when-\(way.statistics.rawValue) when-\(way.quantisation.rawValue)\">"
      #expect(html.components(separatedBy: block).count == 3)
    }
    for text in ["perceptual table1 --seed 7", "000000000000abcd", "FNV-1a ", "Baselines"] {
      #expect(html.contains(text), "\(text)")
    }
  }

  /// A recording's name is text wherever it stands, and the same table gives the same page.
  @Test func hostileNames() throws {
    let scratch = ScratchDirectory()
    let name = "<img src=x onerror=alert(1)>&\".flac"
    try FileManager.default.copyItem(
      atPath: "\(fixturesDirectory)/audio/00-chamber-strings.flac", toPath: scratch.file(name))
    let test = try ClipSet.load([scratch.file(name)], limit: 1)
    let html = try Self.page(test).html
    #expect(!html.contains("<img src=x") && html.contains("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;.flac"))
    #expect(html == (try Self.page(test).html))
  }
}
