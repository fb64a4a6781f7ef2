import Foundation
import PerceptualCore
import PerceptualFiles

/// One image of a ``SpectrogramFigure``.
public struct SpectrogramPanel: Sendable {
  public enum Content: Sendable {
    /// A log-mel image in 0 ... 1.
    case level
    /// A difference of two such images, shown around 0.
    case difference
  }

  public var title: String
  /// A smaller line under the title, such as the metrics; nil for none.
  public var note: String?
  /// [mels, frames]; row 0 is the lowest band and is drawn at the bottom.
  public var image: Tensor<Float>
  public var content: Content

  public init(title: String, note: String? = nil, image: Tensor<Float>, content: Content = .level) {
    require(image.rank == 2 && image.count > 0, "image: shape \(image.shape), [mels, frames] is needed")
    self.title = title
    self.note = note
    self.image = image
    self.content = content
  }

  /// `image` minus `reference`, of the same shape.
  public static func difference(
    title: String, note: String? = nil, _ image: Tensor<Float>, minus reference: Tensor<Float>
  ) -> SpectrogramPanel {
    require(image.shape == reference.shape, "reference: shape \(reference.shape), image has \(image.shape)")
    let difference = zip(image.elements, reference.elements).map { $0 - $1 }
    return SpectrogramPanel(
      title: title, note: note, image: Tensor(difference, shape: image.shape), content: .difference)
  }
}

/// Mel-spectrograms side by side, with axes in seconds and hertz and a colour bar.
///
///     var figure = SpectrogramFigure(title: "Figure 2", panels: [input, a, b, c, nil, d, e, f], columns: 4)
///     try PNG.write(figure.render(), to: "figure2.png")
///
/// The time axis counts from the first sample: frame k covers k hop ... (k + 1) hop, which is where its window begins.
/// The frequency axis is HTK mel, with row i around the centre of filter i.
///
/// A figure is at most ``widest`` pixels wide. Where its columns would need more, the panels stand one below the other,
/// and a column of pixels shows the mean of several frames, which the axis says.
public struct SpectrogramFigure: Sendable {
  public var title: String
  /// About how many pixels a figure of any length is wide at most.
  public static let widest = 4000

  /// Row by row; nil leaves a place empty.
  public let panels: [SpectrogramPanel?]
  public let columns: Int
  /// The differences shown darkest; larger ones look the same.
  public var differenceLimit: Float = 0.5
  /// Seconds between frames.
  public var secondsPerFrame = Double(PaperAudio.hop) / Double(PaperAudio.sampleRate)
  /// The upper edge of the highest mel filter, hertz.
  public var highFrequency = Double(PaperAudio.sampleRate) / 2
  /// Pixels a mel band is high and a frame is wide; text grows with it.
  public let scale: Int

  /// `columns` nil lets up to four panels stand beside each other; in a figure that would be too wide, none do.
  public init(title: String, panels: [SpectrogramPanel?], columns: Int? = nil, scale: Int = 2) {
    require(!panels.isEmpty, "panels: none given, at least 1 is needed")
    require(scale >= 1, "scale: \(scale), at least 1 is needed")
    let rows = (panels.count + 3) / 4
    let beside = max(1, columns ?? (panels.count + rows - 1) / rows)
    let frames = panels.compactMap { $0?.image.shape[1] }.max() ?? 1
    let isTooWide = beside * frames * scale > Self.widest
    self.title = title
    self.panels = isTooWide ? panels.filter { $0 != nil } : panels
    self.columns = isTooWide ? 1 : beside
    self.scale = scale
  }

  public func render() -> Picture {
    let layout = Layout(self)
    var picture = Picture(width: layout.width, height: layout.height)
    let titleStyle = TextStyle(capitalHeight: Double(layout.unit * 12), bold: true)
    picture.draw(
      titleStyle.fitted(title, into: Double(layout.width - layout.left - 10 * layout.unit)),
      at: Point(Double(layout.left), Double(layout.unit * 26)), titleStyle)
    for (index, panel) in panels.enumerated() {
      guard let panel else { continue }
      draw(panel, at: index, layout, on: &picture)
    }
    var x = layout.barsLeft
    if layout.hasLevels {
      drawBar(.level, range: 0...1, "scaled log magnitude", x: x, layout, on: &picture)
      x += layout.barWidth
    }
    if layout.hasDifferences {
      let limit = Double(differenceLimit)
      drawBar(.difference, range: -limit...limit, "difference", x: x, layout, on: &picture)
    }
    return picture
  }

  private func draw(_ panel: SpectrogramPanel, at index: Int, _ layout: Layout, on picture: inout Picture) {
    let (x, y) = layout.origin(index)
    let (mels, frames) = (panel.image.shape[0], panel.image.shape[1])
    let image = panel.image.meansOfColumns(layout.framesPerColumn)
    let bottom = y + layout.imageHeight
    for row in 0..<layout.imageHeight {
      for column in 0..<layout.imageWidth {
        let mel = (layout.imageHeight - 1 - row) * mels / layout.imageHeight
        let value = image[mel, column * image.shape[1] / layout.imageWidth]
        picture[x + column, y + row] =
          switch panel.content {
          case .level: ColourMap.level(value)
          case .difference: ColourMap.difference(0.5 + value / (2 * differenceLimit))
          }
      }
    }
    picture.frame(x: x, y: y, width: layout.imageWidth, height: layout.imageHeight, thickness: layout.line, layout.ink)

    let unit = Double(layout.unit)
    func label(_ text: String, _ x: Double, _ y: Double, anchor: TextAnchor = .middle, upwards: Bool = false) {
      picture.draw(text, at: Point(x, y), layout.axisStyle, anchor: anchor, upwards: upwards)
    }
    let noteRoom = layout.hasNotes ? 17 * unit : 0
    let titleStyle = TextStyle(capitalHeight: 10 * unit, bold: true)
    let noteStyle = TextStyle(capitalHeight: 8.5 * unit, colour: layout.quiet)
    let room = Double(layout.stepX) - 10 * unit
    picture.draw(
      titleStyle.fitted(panel.title, into: room), at: Point(Double(x), Double(y) - 8 * unit - noteRoom), titleStyle)
    if let note = panel.note {
      picture.draw(noteStyle.fitted(note, into: room), at: Point(Double(x), Double(y) - 8 * unit), noteStyle)
    }

    let seconds = secondsPerFrame * Double(frames)
    for tick in Axis.ticks(0...seconds, count: max(2, min(12, layout.imageWidth / (layout.unit * 45)))) {
      let place = x + Int((tick / seconds * Double(layout.imageWidth)).rounded())
      picture.fill(x: place, y: bottom, width: layout.line, height: layout.unit * 5, layout.ink)
      if layout.isLowest(index, panels) { label(Axis.label(tick), Double(place), Double(bottom) + 18 * unit) }
    }
    if layout.isLowest(index, panels) {
      let means = layout.framesPerColumn == 1 ? "" : ", means of \(layout.framesPerColumn) frames"
      label("time (s)\(means)", Double(x) + Double(layout.imageWidth) / 2, Double(bottom) + 36 * unit)
    }

    for (frequency, height) in frequencyTicks(mels: mels) {
      let place = bottom - Int((height * Double(layout.imageHeight)).rounded())
      picture.fill(x: x - layout.unit * 5, y: place, width: layout.unit * 5, height: layout.line, layout.ink)
      if layout.isFirst(index, panels) {
        label(Axis.hertz(frequency), Double(x) - 9 * unit, Double(place) + 4.2 * unit, anchor: .end)
      }
    }
    if layout.isFirst(index, panels) {
      label("frequency (Hz)", Double(x) - 42 * unit, Double(y) + Double(layout.imageHeight) / 2, upwards: true)
    }
  }

  /// Round frequencies and their height in 0 ... 1. Row i is the filter whose centre is the (i + 1)-th of mels + 2
  /// points from 0 to the highest frequency, equally spaced in mel.
  func frequencyTicks(mels: Int) -> [(frequency: Double, height: Double)] {
    func mel(_ frequency: Double) -> Double { 2595 * Foundation.log10(1 + frequency / 700) }
    var candidates: [Double] = [0, 500, 1000, 2000, 4000, 8000]
    while let last = candidates.last, last * 2 <= highFrequency { candidates.append(last * 2) }
    return candidates.compactMap { frequency in
      let row = mel(frequency) / mel(highFrequency) * Double(mels + 1) - 1
      let height = (row + 0.5) / Double(mels)
      // The two ends lie half a band outside the image: they are drawn at its edge.
      return frequency <= highFrequency && height > -0.02 && height < 1.02
        ? (frequency, min(max(height, 0), 1)) : nil
    }
  }

  private func drawBar(
    _ map: ColourMap, range: ClosedRange<Double>, _ label: String, x: Int, _ layout: Layout, on picture: inout Picture
  ) {
    let y = layout.top
    let height = layout.barHeight
    let width = layout.unit * 16
    for row in 0..<height {
      let share = (Float(height - row) - 0.5) / Float(height)
      picture.fill(x: x, y: y + row, width: width, height: 1, map(share))
    }
    picture.frame(x: x, y: y, width: width, height: height, thickness: layout.line, layout.ink)
    let span = range.upperBound - range.lowerBound
    let unit = Double(layout.unit)
    for tick in Axis.ticks(range, count: 5) {
      let place = y + Int(((range.upperBound - tick) / span * Double(height)).rounded())
      picture.fill(x: x + width, y: place, width: layout.unit * 5, height: layout.line, layout.ink)
      picture.draw(
        Axis.label(tick), at: Point(Double(x + width) + 9 * unit, Double(place) + 4.2 * unit), layout.axisStyle)
    }
    picture.draw(
      label, at: Point(Double(x + width) + 54 * unit, Double(y) + Double(height) / 2), layout.axisStyle,
      anchor: .middle, upwards: true)
  }
}

extension Tensor where Scalar == Float {
  /// The means over each `count` columns of [H, W], the last over those that are left: [H, ceil(W / count)].
  fileprivate func meansOfColumns(_ count: Int) -> Tensor {
    if count == 1 { return self }
    let (height, width) = (shape[0], shape[1])
    var means = Tensor(shape: [height, (width + count - 1) / count])
    for row in 0..<height {
      for column in 0..<means.shape[1] {
        let part = elements[row * width + column * count..<row * width + min((column + 1) * count, width)]
        means[row, column] = part.reduce(0, +) / Float(part.count)
      }
    }
    return means
  }
}
