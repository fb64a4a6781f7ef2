import Foundation
import PerceptualCore
import PerceptualFiles

/// A page of results in one file: pictures and sound are embedded, nothing is loaded from anywhere.
///
///     var report = HTMLReport(title: "Table 1")
///     report.table(headers: ["loss", "MSE", "paper"], rows: [["NLPD", "0.0091", "0.0090"]], caption: "Music")
///     report.image(try PNG.bytes(figure.render()), caption: "Figure 2")
///     report.audio(try AudioFile.bytes(of: clip).bytes, mime: "audio/wav", label: "input")
///     try report.write(to: "report.html")
///
/// All text is escaped. The same calls give the same bytes.
public struct HTMLReport: Sendable {
  public let title: String
  private var body = ""

  public init(title: String) { self.title = title }

  public mutating func heading(_ text: String) { body += "<h2>\(Self.escaped(text))</h2>\n" }

  public mutating func paragraph(_ text: String) { body += "<p>\(Self.escaped(text))</p>\n" }

  /// A list of short remarks.
  public mutating func list(_ items: [String]) {
    body += "<ul>\n" + items.map { "<li>\(Self.escaped($0))</li>\n" }.joined() + "</ul>\n"
  }

  /// Names and values, such as the settings of a run.
  public mutating func settings(_ pairs: [(name: String, value: String)]) {
    body += "<table class=\"settings\">\n<tbody>\n"
    for (name, value) in pairs {
      body += "<tr><th scope=\"row\">\(Self.escaped(name))</th><td>\(Self.escaped(value))</td></tr>\n"
    }
    body += "</tbody>\n</table>\n"
  }

  /// A table; cells that are numbers are set to the right. `emphasised` gives the places (row, column) in bold, such as
  /// the best of a column.
  public mutating func table(
    headers: [String], rows: [[String]], caption: String = "", emphasised: Set<[Int]> = []
  ) {
    body += "<div class=\"wide\">\n<table>\n"
    if !caption.isEmpty { body += "<caption>\(Self.escaped(caption))</caption>\n" }
    let head = headers.map { "<th scope=\"col\">\(Self.escaped($0))</th>" }.joined()
    body += "<thead>\n<tr>\(head)</tr>\n</thead>\n<tbody>\n"
    for (i, row) in rows.enumerated() {
      let cells = row.enumerated().map { j, cell in
        let text = emphasised.contains([i, j]) ? "<strong>\(Self.escaped(cell))</strong>" : Self.escaped(cell)
        return "<td\(Self.isNumber(cell) ? " class=\"number\"" : "")>\(text)</td>"
      }
      body += "<tr>\(cells.joined())</tr>\n"
    }
    body += "</tbody>\n</table>\n</div>\n"
  }

  /// A picture from the bytes of a PNG file.
  public mutating func image(_ png: [UInt8], caption: String) {
    body += """
      <figure>
      <img alt="\(Self.escaped(caption))" src="data:image/png;base64,\(Self.base64(png))">
      <figcaption>\(Self.escaped(caption))</figcaption>
      </figure>

      """
  }

  /// A player for the bytes of a sound file: `mime` is "audio/wav" or "audio/flac".
  public mutating func audio(_ file: [UInt8], mime: String = "audio/wav", label: String) {
    body += """
      <div class="sound"><span>\(Self.escaped(label))</span>
      <audio controls preload="metadata" src="data:\(Self.escaped(mime));base64,\(Self.base64(file))"></audio></div>

      """
  }

  /// The page.
  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(Self.escaped(title))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <main>
    <h1>\(Self.escaped(title))</h1>
    \(body)</main>
    </body>
    </html>

    """
  }

  /// Writes the page. Throws `.cannotCreate` or `.inputOutput`.
  public func write(to path: String) throws(PerceptualError) { try FileBytes.write(Array(html.utf8), to: path) }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      // HTML has no way to write other control characters.
      case "\0"..<"\t", "\u{B}"..<" ", "\u{7F}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func isNumber(_ cell: String) -> Bool {
    let text = cell.replacingOccurrences(of: "−", with: "-").split(separator: " ").first.map(String.init) ?? ""
    return Double(text.hasSuffix("%") ? String(text.dropLast()) : text) != nil
  }

  private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  private static let style = """
    :root { --ink: #1c1d21; --quiet: #5d616b; --line: #d5d8de; --ground: #ffffff; --stripe: #f5f6f8; }
    @media (prefers-color-scheme: dark) {
    :root { --ink: #e6e7ea; --quiet: #a2a7b3; --line: #3a3e47; --ground: #17181b; --stripe: #202227; }
    }
    body { margin: 0; background: var(--ground); color: var(--ink);
    font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
    main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; }
    h2 { font-size: 1.2rem; margin: 2.5rem 0 0.75rem; }
    p, li { max-width: 44rem; }
    .wide { overflow-x: auto; margin: 1.25rem 0; }
    table { border-collapse: collapse; font-size: 0.94rem; }
    caption { text-align: left; color: var(--quiet); padding-bottom: 0.4rem; }
    th, td { text-align: left; padding: 0.32rem 1.4rem 0.32rem 0.4rem; border-bottom: 1px solid var(--line); }
    thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; }
    tbody tr:nth-child(even) { background: var(--stripe); }
    td.number { text-align: right; font-variant-numeric: tabular-nums; }
    .settings th { font-weight: normal; color: var(--quiet); }
    figure { margin: 1.5rem 0; }
    figure img { max-width: 100%; height: auto; background: #ffffff; border-radius: 4px; }
    figcaption { color: var(--quiet); font-size: 0.92rem; margin-top: 0.4rem; max-width: 44rem; }
    .sound { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 1rem; margin: 0.5rem 0; }
    .sound span { flex: 0 0 18rem; }
    .sound audio { flex: 1 1 20rem; max-width: 34rem; }
    """
}
