import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct ReportTests {
  static let nasty = "<script>alert(\"1 & 2\")</script> 'é' \u{0}"

  /// Everything that a page can hold, with hostile text in every place for text.
  static func report() throws -> HTMLReport {
    var report = HTMLReport(title: "Table 1 \(nasty)")
    report.paragraph(nasty)
    report.choice(nasty, [("soft", nasty), ("hard", nasty)])
    report.heading("Results \(nasty)")
    report.verdicts([ClaimVerdict(.shown, nasty, nasty), ClaimVerdict(.contradicted, "claim", "3 of 9")])
    report.settings([("seed", "1"), (nasty, nasty)])
    report.alternative(["soft"]) {
      $0.table(
        headers: ["loss", nasty], rows: [["NLPD", "0.0091"], [nasty, "−3.5 (0.1)"], ["share", "48 %"]],
        caption: nasty)
    }
    report.intervalKey()
    report.intervals([IntervalPanelTests.panel(name: nasty)])
    report.image(try PNG.bytes(Picture(width: 2, height: 2)), caption: nasty)
    let sound = ReportSound(
      AudioClip(samples: Tensor([0, 1]), sampleRate: 16_000), image: Tensor([0, 1], shape: [1, 2]))
    try report.listening(
      columns: [nasty, "output"], rows: [(title: nasty, clip: nasty, sounds: [sound, nil])], caption: nasty)
    report.charts([(SampleFigures.chart(isLogarithmic: true, name: nasty), nasty)])
    report.folded(nasty) {
      $0.links(
        columns: ["clip", nasty], rows: [(title: nasty, files: [(name: nasty, path: "audio/0.wav")])], caption: nasty)
    }
    return report
  }

  /// The only script is the page's own, and what is hostile is shown as it was written.
  @Test func escapes() throws {
    let html = try Self.report().html
    #expect(html.components(separatedBy: "<script").count == 2)
    #expect(html.contains("<script>\n\"use strict\";"))
    #expect(
      html.components(separatedBy: "&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt; &#39;é&#39; \u{FFFD}")
        .count > 20)
    #expect(!html.contains("alert(\"") && !html.unicodeScalars.contains("\0"))
  }

  /// A page without sound has no script at all.
  @Test func needsNoScript() {
    var report = HTMLReport(title: "t")
    report.heading("one")
    report.charts([(SampleFigures.chart(isLogarithmic: true), "curves")])
    #expect(!report.html.contains("<script") && report.html.contains("<a href=\"#section-1\">one</a>"))
  }

  /// Headers say what they head, pictures and drawings what they show, and what has an id has it alone.
  @Test func canBeHeard() throws {
    let html = try Self.report().html
    func tags(_ name: String) -> [Substring] {
      html.split(separator: "<").filter { $0.hasPrefix("\(name) ") || $0.hasPrefix("\(name)>") }
        .map { $0.prefix { $0 != ">" } }
    }
    #expect(tags("th").count > 12 && tags("th").allSatisfy { $0.contains("scope=\"") })
    #expect(tags("img").count == 2 && tags("img").allSatisfy { $0.contains(#/ alt="[^"]/#) })
    #expect(tags("svg").count > 6)
    for tag in tags("svg") { #expect(tag.contains("role=\"img\"") || tag.contains("aria-hidden=\"true\""), "\(tag)") }
    #expect(tags("button").allSatisfy { $0.contains("aria-label=\"Play ") && $0.contains("aria-pressed=\"false\"") })
    #expect(tags("table").count == tags("caption").count + 1, "all but the settings")
    let ids = html.matches(of: #/ id="([^"]*)"/#).map(\.1)
    #expect(ids.count == 3 && Set(ids).count == ids.count)
  }

  /// What belongs to an option is hidden while another is chosen, and a curve while its box is not ticked.
  @Test func choicesHide() throws {
    let html = try Self.report().html
    #expect(html.contains("id=\"choice-soft\" checked>") && html.contains("id=\"choice-hard\">"))
    #expect(html.contains("main:has(#choice-hard:not(:checked)) .when-hard { display: none; }"))
    #expect(html.contains("<div class=\"when-soft\">\n<div class=\"wide\""))
    for series in 0..<3 {
      #expect(html.contains("figure:has(.shows-\(series):not(:checked)) .series-\(series) { display: none; }"))
      #expect(html.contains("<path class=\"series-\(series)\" "))
    }
  }

  @Test func sameCallsGiveTheSameBytes() throws { #expect(try Self.report().html == (try Self.report().html)) }

  /// Every tag is closed in its order, every attribute quoted.
  @Test func isWellFormed() throws {
    let html = try Self.report().html
    #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    var open: [String] = []
    // The script compares numbers.
    for piece in html.replacing(/<script>[^<]*(<[^\/][^<]*)*<\/script>/, with: "").split(separator: "<").dropFirst() {
      let end = try #require(piece.firstIndex(of: ">"), "a tag without end: \(piece.prefix(40))")
      let tag = piece[..<end]
      #expect(tag.count { $0 == "\"" } % 2 == 0, "\(tag.prefix(60))")
      let name = String(tag.prefix { $0.isLetter || $0.isNumber || $0 == "/" || $0 == "!" })
      if name.hasPrefix("/") {
        #expect(open.popLast() == String(name.dropFirst()))
      } else if !["!DOCTYPE", "meta", "img", "input"].contains(name) && !tag.hasSuffix("/") {
        open.append(name)
      }
    }
    #expect(open == [])
  }

  /// Nothing is loaded from anywhere, and what is embedded comes back.
  @Test func isSelfContained() throws {
    let html = try Self.report().html
    for word in ["http:", "https:", "//", "@import", "url(", "<link", "<iframe", "fetch("] {
      // Base64 may hold two strokes.
      let text = html.replacing(/base64,[A-Za-z0-9+\/=]*/, with: "")
      #expect(!text.contains(word), "\(word)")
    }
    let png = try #require(html.firstMatch(of: /data:image\/png;base64,([A-Za-z0-9+\/=]+)"/))
    #expect(Data(base64Encoded: String(png.1)).map(Array.init) == (try PNG.bytes(Picture(width: 2, height: 2))))
    // "RIFF"; long sounds are FLAC.
    #expect(html.contains("src=\"data:audio/wav;base64,UklGR"))
    #expect(html.contains("content=\"default-src 'none'; img-src data:; media-src data:;"))
  }

  @Test func table() throws {
    let html = try Self.report().html
    #expect(html.contains("<th scope=\"row\">NLPD</th><td class=\"number\">0.0091</td>"))
    #expect(html.contains("<td class=\"number\">−3.5 (0.1)</td>"))
    #expect(html.contains("<td class=\"number\">48 %</td>"))
    #expect(html.contains("<th scope=\"row\">share</th>"))
    #expect(html.contains("<th scope=\"col\">loss</th>") && html.contains("<th scope=\"col\" class=\"number\">&lt;"))
  }

  @Test func writes() throws {
    let scratch = ScratchDirectory()
    let report = try Self.report()
    try report.write(to: scratch.file("report.html"))
    #expect(try FileBytes.read(scratch.file("report.html")) == Array(report.html.utf8))
    expectError(.cannotCreate) { try report.write(to: scratch.file("no/report.html")) }
  }
}
