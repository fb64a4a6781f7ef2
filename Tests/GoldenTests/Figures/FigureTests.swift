import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct FigureTests {
  /// CIELAB lightness of an sRGB colour, 0 ... 100: another scale than the one the map is made in.
  static func lightness(_ colour: Colour) -> Double {
    func light(_ byte: UInt8) -> Double {
      let value = Double(byte) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    let y = 0.2126 * light(colour.red) + 0.7152 * light(colour.green) + 0.0722 * light(colour.blue)
    return y > 0.008856 ? 116 * cbrt(y) - 16 : 903.3 * y
  }

  @Test func levelsAreEven() {
    let lightnesses = ColourMap.level.colours.map(Self.lightness)
    #expect(ColourMap.level.colours.count == 256)
    #expect(lightnesses[0] < 5 && lightnesses[255] > 90)
    for (a, b) in zip(lightnesses, lightnesses.dropFirst()) {
      #expect(b > a - 0.2, "8 bits leave a little noise")
      #expect(b - a < 0.9)
    }
    for index in 0..<240 { #expect(lightnesses[index + 16] > lightnesses[index] + 2) }
    let span = lightnesses[255] - lightnesses[0]
    for (index, value) in lightnesses.enumerated() {
      #expect(abs(value - (lightnesses[0] + span * Double(index) / 255)) < 0.1 * span)
    }
    #expect(Set(ColourMap.level.colours).count > 250)
  }

  @Test func differencesAreBalanced() {
    let colours = ColourMap.difference.colours
    for index in 0..<128 {
      #expect(abs(Self.lightness(colours[index]) - Self.lightness(colours[255 - index])) < 6)
    }
    #expect(Self.lightness(ColourMap.difference(0.5)) > 93)
    #expect(colours[0].blue > colours[0].red && colours[255].red > colours[255].blue)
  }

  @Test func colourOfNumbers() {
    #expect(ColourMap.level(-1) == ColourMap.level.colours[0])
    #expect(ColourMap.level(.infinity) == ColourMap.level.colours[255])
    #expect(ColourMap.level(.nan) == Colour(grey: 128))
  }

  @Test func ticks() {
    #expect(Axis.ticks(0...4.16, count: 6).map(Axis.label) == ["0", "1", "2", "3", "4"])
    #expect(Axis.ticks(0...1, count: 5).map(Axis.label) == ["0", "0.2", "0.4", "0.6", "0.8", "1"])
    #expect(Axis.ticks(-0.5...0.5, count: 5).map(Axis.label) == ["−0.4", "−0.2", "0", "0.2", "0.4"])
    #expect(Axis.ticks(1...425, count: 7).map(Axis.label) == ["100", "200", "300", "400"])
    #expect(Axis.ticks(3...3, count: 5) == [3])
    #expect(Axis.logarithmicTicks(0.004...1.2).map(Axis.label) == ["0.01", "0.1", "1"])
    #expect(Axis.logarithmicTicks(0.8...6).map(Axis.label) == ["1", "2", "5"])
    #expect(Axis.logarithmicTicks(0.0212...0.0391).map(Axis.label) == ["0.025", "0.03", "0.035"])
    #expect(Axis.logarithmicTicks(1e-12...1).count <= 7)
    #expect([0.00001, 2_500_000, -0.25, 0].map(Axis.label) == ["1e-5", "2.5e6", "−0.25", "0"])
    #expect([500, 1000, 5512.5].map(Axis.hertz) == ["500", "1k", "5.5125k"])
  }

  /// 1000 Hz is 1000 mel of 2840, row 257 x 1000 / 2840 - 1.
  @Test func frequencyAxis() {
    let figure = SampleFigures.comparison()
    let ticks = figure.frequencyTicks(mels: 256)
    #expect(ticks.map(\.frequency) == [0, 500, 1000, 2000, 4000, 8000])
    #expect(ticks.first?.height == 0 && ticks.last?.height == 1)
    let share = log(1 + 1000 / 700.0) / log(1 + 8000 / 700.0)
    #expect(agree(ticks[2].height, (257 * share - 0.5) / 256, roundings: 16))
    var low = figure
    low.highFrequency = 5512.5
    #expect(low.frequencyTicks(mels: 128).map(\.frequency) == [0, 500, 1000, 2000, 4000])
  }

  /// One row of one image lies where it should: the lowest band at the bottom, frames from the left.
  @Test func imageLies() {
    var image = Tensor<Float>(shape: [256, 256])
    for frame in 0..<128 { image[0, frame] = 1 }
    let figure = SpectrogramFigure(title: "t", panels: [SpectrogramPanel(title: "p", image: image)], scale: 1)
    let picture = figure.render()
    let layout = SpectrogramFigure.Layout(figure)
    let (x, y) = layout.origin(0)
    #expect(picture[x, y + 255] == ColourMap.level(1))
    #expect(picture[x + 127, y + 255] == ColourMap.level(1))
    #expect(picture[x + 128, y + 255] == ColourMap.level(0))
    #expect(picture[x, y + 254] == ColourMap.level(0))
    #expect(picture[x, y] == ColourMap.level(0))
  }

  /// Minutes of sound: the panels stand one below the other over one axis, and a column of pixels shows the mean of its
  /// frames.
  @Test func longImageFits() {
    let frames = 20_000
    var image = Tensor<Float>(shape: [4, frames])
    for frame in 0..<frames { image[0, frame] = frame / 3 % 2 == 0 ? 0.25 : 0.75 }
    let panel = SpectrogramPanel(title: "p", image: image)
    let figure = SpectrogramFigure(title: "t", panels: [panel, nil, panel], columns: 3)
    let layout = SpectrogramFigure.Layout(figure)
    let picture = figure.render()
    #expect(figure.columns == 1 && figure.panels.count == 2)
    #expect(layout.framesPerColumn == 6 && layout.imageWidth == (frames + 5) / 6)
    #expect(picture.width <= SpectrogramFigure.widest && picture.width > SpectrogramFigure.widest * 3 / 4)
    let (x, y) = layout.origin(1)
    for column in [0, 1000, 3332] {
      #expect(picture[x + column, y + layout.imageHeight - 1 - layout.line] == ColourMap.level(0.5))
    }
  }

  /// All numbers of panels render, alike in two runs, with white margins: nothing is cut off.
  @Test func rendersAnyNumberOfPanels() {
    for count in 1...8 {
      let panel = SpectrogramPanel(
        title: "a rather long title that cannot stand above so small an image", note: "MSE 0.0031  NLPD 3.74",
        image: SampleFigures.spectrogram("small", mels: 16, frames: 20))
      let figure = SpectrogramFigure(title: "panels", panels: Array(repeating: panel, count: count), scale: 1)
      let picture = figure.render()
      #expect(picture == figure.render())
      for x in 0..<picture.width { #expect(picture[x, 0] == .white && picture[x, picture.height - 1] == .white) }
      for y in 0..<picture.height { #expect(picture[0, y] == .white && picture[picture.width - 1, y] == .white) }
    }
  }

  /// Draws into the directory that PERCEPTUAL_FIGURES names, to be looked at; without it, just draws.
  @Test func samples() throws {
    let pictures = [
      ("figure2", SampleFigures.figure2(scale: 1).render()), ("comparison", SampleFigures.comparison().render()),
    ]
    guard let directory = ProcessInfo.processInfo.environment["PERCEPTUAL_FIGURES"] else { return }
    for (name, picture) in pictures { try PNG.write(picture, to: "\(directory)/\(name).png") }
  }
}
