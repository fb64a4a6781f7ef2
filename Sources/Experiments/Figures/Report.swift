import Foundation
import PerceptualCore
import PerceptualFiles

/// A page of results in one file: pictures and sound are embedded, nothing is loaded from anywhere.
///
///     var report = HTMLReport(title: "Table 1")
///     report.paragraph("What was done, in a sentence.")
///     report.heading("Verdict")
///     report.verdicts([ClaimVerdict(.shown, "The paper's ordering holds", "9 of 9 shown")])
///     report.heading("Sound")
///     try report.listening(columns: ["input", "NLPD"], rows: [("a.flac", clip: "a.flac", [input, output])])
///     report.folded("Settings") { $0.settings([("seed", "0")]) }
///     try report.write(to: "report.html")
///
/// What stands before the first heading opens the page; a bar then leads to the headings and holds the choices. Choices
/// and legends are checkboxes and radio buttons that hide by style alone; the one script plays sounds. All text is
/// escaped. The same calls give the same bytes.
public struct HTMLReport: Sendable {
  public let title: String
  private var opening = ""
  private var body = ""
  private var sections: [(id: String, text: String)] = []
  private var choices = ""
  /// Rules of style that choices and legends ask for.
  private var rules: [String] = []
  private var hasPlayers = false

  public init(title: String) { self.title = title }

  mutating func add(_ html: String) { if sections.isEmpty { opening += html } else { body += html } }

  /// Begins a section.
  public mutating func heading(_ text: String) {
    let id = "section-\(sections.count + 1)"
    sections.append((id, text))
    add("<h2 id=\"\(id)\">\(Self.escaped(text))</h2>\n")
  }

  public mutating func paragraph(_ text: String) { add("<p>\(Self.escaped(text))</p>\n") }

  /// Names and values, such as the settings of a run.
  public mutating func settings(_ pairs: [(name: String, value: String)]) {
    table(headers: [], rows: pairs.map { [$0.name, $0.value] })
  }

  /// A table whose first column names the rows; cells that are numbers are set to the right.
  public mutating func table(headers: [String], rows: [[String]], caption: String = "") {
    func cell(_ tag: String, _ text: String, isNumber: Bool) -> String {
      "<\(tag)\(isNumber ? " class=\"number\"" : "")>\(Self.escaped(text))</\(tag.prefix(2))>"
    }
    let head = headers.enumerated().map { column, text in
      let isNumber = rows.first.map { column < $0.count && Self.isNumber($0[column]) } ?? false
      return cell("th scope=\"col\"", text, isNumber: isNumber)
    }
    let body = rows.map { row in
      row.enumerated().map { column, text in
        column == 0
          ? cell("th scope=\"row\"", text, isNumber: false) : cell("td", text, isNumber: Self.isNumber(text))
      }
    }
    table(caption: caption, head: head, rows: body)
  }

  /// Cells are elements of HTML.
  private mutating func table(caption: String, head: [String], rows: [[String]]) {
    let name = Self.escaped(caption.isEmpty ? sections.last?.text ?? title : caption)
    add("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"\(name)\">\n<table>\n")
    if !caption.isEmpty { add("<caption>\(name)</caption>\n") }
    if !head.isEmpty { add("<thead>\n<tr>\(head.joined())</tr>\n</thead>\n") }
    add("<tbody>\n\(rows.map { "<tr>\($0.joined())</tr>\n" }.joined())</tbody>\n</table>\n</div>\n")
  }

  /// A picture from the bytes of a PNG file. `description` stands in for it where it is not seen.
  public mutating func image(_ png: [UInt8], caption: String, description: String? = nil) {
    add(
      """
      <figure>
      <div class="wide" role="region" tabindex="0" aria-label="\(Self.escaped(caption))">\
      <img alt="\(Self.escaped(description ?? caption))" src="\(Self.dataLink(png, "image/png"))"></div>
      <figcaption>\(Self.escaped(caption))</figcaption>
      </figure>

      """)
  }

  /// Claims, each with its verdict before it.
  public mutating func verdicts(_ verdicts: [ClaimVerdict]) {
    let items = verdicts.map { verdict in
      let name = verdict.verdict.rawValue
      return "<li><span class=\"verdict \(name)\">\(name)</span> <span><b>\(Self.escaped(verdict.claim)):</b> "
        + "\(Self.escaped(verdict.figure)).</span></li>\n"
    }
    if !items.isEmpty { add("<ul class=\"verdicts\">\n\(items.joined())</ul>\n") }
  }

  /// A choice between ways of showing the page. ``alternative(_:_:)`` says what belongs to which. The first option is
  /// chosen at first.
  public mutating func choice(_ legend: String, _ options: [(id: String, label: String)]) {
    choices += "<fieldset><legend>\(Self.escaped(legend))</legend>"
    for (index, option) in options.enumerated() {
      let (id, group) = (Self.escaped(option.id), Self.escaped(options[0].id))
      choices +=
        "<label><input type=\"radio\" name=\"choice-\(group)\" id=\"choice-\(id)\"\(index == 0 ? " checked" : "")> "
        + "\(Self.escaped(option.label))</label>"
      rules.append("main:has(#choice-\(id):not(:checked)) .when-\(id) { display: none; }")
    }
    choices += "</fieldset>\n"
  }

  /// What is shown only while all these options are chosen.
  public mutating func alternative<Failure: Error>(
    _ options: [String], _ content: (inout HTMLReport) throws(Failure) -> Void
  ) throws(Failure) {
    add("<div class=\"\(options.map { "when-\(Self.escaped($0))" }.joined(separator: " "))\">\n")
    try content(&self)
    add("</div>\n")
  }

  /// What is shown once its summary is opened.
  public mutating func folded<Failure: Error>(
    _ summary: String, _ content: (inout HTMLReport) throws(Failure) -> Void
  ) throws(Failure) {
    add("<details>\n<summary>\(Self.escaped(summary))</summary>\n")
    try content(&self)
    add("</details>\n")
  }

  /// Charts side by side where there is room, each under a legend that hides its curves one by one.
  public mutating func charts(_ charts: [(chart: LineChart, caption: String)]) {
    add("<div class=\"charts\">\n")
    for (chart, caption) in charts {
      let legend = chart.series.enumerated().map { index, series in
        "<label><input type=\"checkbox\" class=\"shows-\(index)\" checked>\(chart.swatch(index))"
          + "<span>\(Self.escaped(series.name))</span></label>"
      }
      for index in chart.series.indices {
        let rule = "figure:has(.shows-\(index):not(:checked)) .series-\(index) { display: none; }"
        if !rules.contains(rule) { rules.append(rule) }
      }
      let title = Self.escaped(chart.title)
      add(
        """
        <figure>
        <figcaption><b>\(title).</b> \(Self.escaped(caption))</figcaption>
        <div class="legend" role="group" aria-label="Curves shown: \(title)">\(legend.joined())</div>
        <div class="wide" role="region" tabindex="0" aria-label="\(title)">\(chart.svg())</div>
        </figure>

        """)
    }
    add("</div>\n")
  }

  /// Clips down, what became of them across; a player each, under its spectrogram. nil leaves a place empty. Sounds of
  /// one clip may stand in several rows, whose `clip` is then the same.
  public mutating func listening(
    columns: [String], rows: [(title: String, clip: String, sounds: [ReportSound?])], caption: String
  ) throws(PerceptualError) {
    hasPlayers = true
    add(try ReportSound.table(columns: columns, rows: rows, caption: caption))
  }

  /// Links to files beside the page. Names are taken as they are in an address.
  public mutating func links(
    columns: [String], rows: [(title: String, files: [(name: String, path: String)])], caption: String
  ) {
    let head = columns.map { "<th scope=\"col\">\(Self.escaped($0))</th>" }
    let body = rows.map { row in
      let cells = row.files.map { file in
        let name = Self.escaped("\(row.title), \(file.name)")
        return "<td><a href=\"\(Self.escaped(file.path))\" aria-label=\"\(name)\">WAV</a></td>"
      }
      return ["<th scope=\"row\">\(Self.escaped(row.title))</th>"] + cells
    }
    table(caption: caption, head: head, rows: body)
  }

  /// The page.
  public var html: String {
    let links = sections.map { "<li><a href=\"#\($0.id)\">\(Self.escaped($0.text))</a></li>" }.joined()
    let bar =
      sections.isEmpty && choices.isEmpty
      ? "" : "<div class=\"bar\">\n<nav aria-label=\"Sections\"><ul>\(links)</ul></nav>\n\(choices)</div>\n"
    let policy =
      "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <title>\(Self.escaped(title))</title>
      <style>
      \(Self.style)
      \(rules.joined(separator: "\n"))
      </style>
      </head>
      <body>
      <main>
      <h1>\(Self.escaped(title))</h1>
      \(opening)\(bar)\(body)</main>
      \(hasPlayers ? "<script>\n\(Self.script)\n</script>\n" : "")</body>
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

  /// The bytes of a file as an address.
  static func dataLink(_ bytes: [UInt8], _ mime: String) -> String {
    "data:\(mime);base64,\(Data(bytes).base64EncodedString())"
  }

  private static func isNumber(_ cell: String) -> Bool {
    let text = cell.replacingOccurrences(of: "−", with: "-").split(separator: " ").first.map(String.init) ?? ""
    return Double(text.hasSuffix("%") ? String(text.dropLast()) : text) != nil
  }
}
