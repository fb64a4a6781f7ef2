import Foundation
import PerceptualCore
import PerceptualFiles
import Testing

@testable import PerceptualExperiments

@Suite struct ReportTests {
  static let nasty = "<script>alert(\"1 & 2\")</script> 'é' \u{0}"

  static func report() throws -> HTMLReport {
    var report = HTMLReport(title: "Table 1 \(nasty)")
    report.heading("Results \(nasty)")
    report.paragraph(nasty)
    report.list(["one", nasty])
    report.settings([("seed", "1"), (nasty, nasty)])
    report.table(
      headers: ["loss", nasty], rows: [["NLPD", "0.0091"], [nasty, "−3.5 (0.1)"], ["share", "48 %"]], caption: nasty,
      emphasised: [[0, 1]])
    report.image(try PNG.bytes(Picture(width: 2, height: 2)), caption: nasty)
    report.audio(
      try AudioFile.bytes(of: AudioClip(samples: Tensor([0, 1]), sampleRate: 16_000)).bytes, mime: "audio/wav",
      label: nasty)
    return report
  }

  @Test func escapes() throws {
    let html = try Self.report().html
    #expect(!html.contains("<script"))
    #expect(html.contains("&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt; &#39;é&#39; \u{FFFD}"))
    #expect(!html.unicodeScalars.contains("\0"))
  }

  /// Every tag is closed in its order, every attribute quoted.
  @Test func isWellFormed() throws {
    let html = try Self.report().html
    #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    var open: [String] = []
    for piece in html.split(separator: "<").dropFirst() {
      let end = try #require(piece.firstIndex(of: ">"), "a tag without end: \(piece.prefix(40))")
      let tag = piece[..<end]
      #expect(tag.count { $0 == "\"" } % 2 == 0, "\(tag.prefix(60))")
      let name = String(tag.prefix { $0.isLetter || $0.isNumber || $0 == "/" || $0 == "!" })
      if name.hasPrefix("/") {
        #expect(open.popLast() == String(name.dropFirst()))
      } else if !["!DOCTYPE", "meta", "img"].contains(name) {
        open.append(name)
      }
    }
    #expect(open == [])
  }

  /// Nothing is loaded from anywhere, and what is embedded comes back.
  @Test func isSelfContained() throws {
    let html = try Self.report().html
    for word in ["http:", "https:", "//", "@import", "url(", "<link", "<iframe"] {
      // Base64 may hold two strokes.
      let text = html.replacing(/base64,[A-Za-z0-9+\/=]*/, with: "")
      #expect(!text.contains(word), "\(word)")
    }
    let png = try #require(html.firstMatch(of: /data:image\/png;base64,([A-Za-z0-9+\/=]+)"/))
    #expect(Data(base64Encoded: String(png.1)).map(Array.init) == (try PNG.bytes(Picture(width: 2, height: 2))))
    #expect(html.contains("<audio controls preload=\"metadata\" src=\"data:audio/wav;base64,UklGR"))
  }

  @Test func table() throws {
    let html = try Self.report().html
    #expect(html.contains("<td>NLPD</td><td class=\"number\"><strong>0.0091</strong></td>"))
    #expect(html.contains("<td class=\"number\">−3.5 (0.1)</td>"))
    #expect(html.contains("<td class=\"number\">48 %</td>"))
    #expect(html.contains("<td>share</td>"))
  }

  @Test func writes() throws {
    try withTemporaryDirectory { directory in
      let report = try Self.report()
      try report.write(to: "\(directory)/report.html")
      #expect(try FileBytes.read("\(directory)/report.html") == Array(report.html.utf8))
      let error = try #require(throws: PerceptualError.self) { try report.write(to: "\(directory)/no/report.html") }
      #expect(error.kind == .cannotCreate)
    }
  }
}
