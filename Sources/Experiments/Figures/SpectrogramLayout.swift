import PerceptualFiles

extension SpectrogramFigure {
  /// Where everything stands, in pixels.
  struct Layout {
    /// One pixel at scale 1.
    let unit: Int
    let columns: Int
    let rows: Int
    let imageWidth: Int
    /// Of how many frames a column of pixels shows the mean.
    let framesPerColumn: Int
    let imageHeight: Int
    let hasNotes: Bool
    let hasLevels: Bool
    let hasDifferences: Bool

    let left: Int
    let top: Int
    let stepX: Int
    let stepY: Int
    let barWidth: Int

    var line: Int { max(1, unit) }
    var ink: Colour { Colour(grey: 40) }
    var quiet: Colour { Colour(grey: 90) }
    var axisStyle: TextStyle { TextStyle(capitalHeight: Double(unit) * 8.5) }

    init(_ figure: SpectrogramFigure) {
      let panels = figure.panels.compactMap { $0 }
      unit = figure.scale
      columns = figure.columns
      // Places that stay empty behind the last panel take no row.
      rows = (figure.panels.lastIndex { $0 != nil } ?? 0) / columns + 1
      // Narrow images are stretched by whole factors, so that titles have room.
      let frames = panels.map { $0.image.shape[1] }.max() ?? 1
      let mels = panels.map { $0.image.shape[0] }.max() ?? 1
      imageHeight = unit * mels * max(1, 160 / mels)
      hasNotes = panels.contains { $0.note != nil }
      hasLevels = panels.contains { $0.content == .level }
      hasDifferences = panels.contains { $0.content == .difference }
      left = unit * 58
      top = unit * (hasNotes ? 84 : 68)
      stepY = imageHeight + unit * (hasNotes ? 62 : 46)
      barWidth = unit * 92
      let beside = left + unit * 24 + ((hasLevels ? 1 : 0) + (hasDifferences ? 1 : 0)) * barWidth
      // Images that fit beside one another keep a pixel or more for a frame, even where margins make the figure wider.
      let room = max(SpectrogramFigure.widest - beside, SpectrogramFigure.widest / 2)
      let stretched = unit * frames * max(1, 200 / frames)
      framesPerColumn = columns > 1 || stretched <= room ? 1 : (frames + room - 1) / room
      imageWidth = columns > 1 || stretched <= room ? stretched : (frames + framesPerColumn - 1) / framesPerColumn
      stepX = imageWidth + unit * 30
    }

    /// The upper left pixel of a panel's image.
    func origin(_ index: Int) -> (x: Int, y: Int) {
      (left + index % columns * stepX, top + index / columns * stepY)
    }

    var barsLeft: Int { left + (columns - 1) * stepX + imageWidth + unit * 24 }
    var barHeight: Int { (rows - 1) * stepY + imageHeight }
    var width: Int { barsLeft + ((hasLevels ? 1 : 0) + (hasDifferences ? 1 : 0)) * barWidth }
    var height: Int { top + barHeight + unit * 50 }

    /// Whether no panel stands below: it carries the labels of time.
    func isLowest(_ index: Int, _ panels: [SpectrogramPanel?]) -> Bool {
      let below = index + columns
      return below >= panels.count || panels[below] == nil
    }

    /// Whether no panel stands to the left: it carries the labels of frequency.
    func isFirst(_ index: Int, _ panels: [SpectrogramPanel?]) -> Bool {
      index % columns == 0 || panels[index - 1] == nil
    }
  }
}
