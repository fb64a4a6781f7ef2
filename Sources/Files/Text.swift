/// How text looks.
public struct TextStyle: Hashable, Sendable {
  /// Height of the capitals in pixels.
  public var capitalHeight: Double
  public var colour: Colour
  public var bold: Bool

  public init(capitalHeight: Double, colour: Colour = Colour(grey: 30), bold: Bool = false) {
    self.capitalHeight = capitalHeight
    self.colour = colour
    self.bold = bold
  }

  var scale: Double { capitalHeight / StrokeFont.capitalHeight }
  var thickness: Double { max(1, (bold ? 2.3 : 1.5) * scale) }

  /// The width of a line of text in pixels.
  public func width(of text: String) -> Double {
    let glyphs = text.map(StrokeFont.glyph)
    let widths = glyphs.reduce(0) { $0 + $1.width }
    return (widths + StrokeFont.gap * Double(max(0, glyphs.count - 1))) * scale
  }

  /// The text, or as much of its beginning as fits into `width` pixels with three points after it.
  public func fitted(_ text: String, into width: Double) -> String {
    if self.width(of: text) <= width { return text }
    var kept = Substring(text)
    while !kept.isEmpty && self.width(of: kept + "...") > width { kept.removeLast() }
    return kept + "..."
  }
}

/// Which part of a line of text stands at its point.
public enum TextAnchor: Sendable { case start, middle, end }

extension Picture {
  /// Draws a line of text; the point is on its base line.
  ///
  /// `upwards` turns it by a quarter, to be read from the right-hand side, as along a vertical axis. Characters that
  /// the face lacks become a box.
  public mutating func draw(
    _ text: String, at point: Point, _ style: TextStyle, anchor: TextAnchor = .start, upwards: Bool = false
  ) {
    let length = style.width(of: text)
    var along =
      switch anchor {
      case .start: 0.0
      case .middle: -length / 2
      case .end: -length
      }
    var paths: [[Point]] = []
    for character in text {
      let glyph = StrokeFont.glyph(character)
      for path in glyph.paths {
        paths.append(
          path.map { place in
            let (right, up) = (along + place.x * style.scale, place.y * style.scale)
            return upwards ? Point(point.x - up, point.y - right) : Point(point.x + right, point.y - up)
          })
      }
      along += (glyph.width + StrokeFont.gap) * style.scale
    }
    stroke(paths, thickness: style.thickness, style.colour)
  }
}
