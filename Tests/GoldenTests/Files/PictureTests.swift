import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct PictureTests {
  @Test func greyRoundTrip() throws {
    try withTemporaryDirectory { directory in
      let levels = Tensor((0..<256).map { Float($0) / 255 }, shape: [8, 32])
      try PNG.write(grey: levels, to: "\(directory)/a.png")
      #expect(try PNG.readGrey("\(directory)/a.png") == levels)
      try PNG.write(grey: Tensor([-1, 2, .nan, .infinity, 0.5], shape: [1, 5]), to: "\(directory)/b.png")
      #expect(try PNG.readGrey("\(directory)/b.png").elements.map { $0 * 255 } == [0, 255, 0, 255, 128])
      try PNG.write(grey: levels, to: "\(directory)/c.png")
      #expect(try FileBytes.read("\(directory)/a.png") == FileBytes.read("\(directory)/c.png"))
    }
  }

  /// Sizes whose files lie in one or many blocks of the allocator and of zlib.
  @Test(arguments: [1, 2, 3, 17, 64, 200, 511]) func anySize(_ side: Int) throws {
    try withTemporaryDirectory { directory in
      var generator = SeededGenerator(name: "side \(side)")
      let levels = Fill.picture.tensor([side, side + 1], &generator).map { ($0 * 255).rounded() }.elements
      let image = Tensor(levels.map { Float($0) / 255 }, shape: [side, side + 1])
      try PNG.write(grey: image, to: "\(directory)/a.png")
      #expect(try PNG.readGrey("\(directory)/a.png") == image)
    }
  }

  @Test func colourRoundTrip() throws {
    try withTemporaryDirectory { directory in
      var generator = SeededGenerator(name: "picture")
      let pixels = (0..<7 * 5 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let picture = Picture(width: 7, height: 5, pixels: pixels)
      try PNG.write(picture, to: "\(directory)/a.png")
      #expect(try PNG.read("\(directory)/a.png") == picture)
      #expect(try PNG.bytes(picture) == FileBytes.read("\(directory)/a.png"))
    }
  }

  /// White is 1 and black 0 also where the picture has colours.
  @Test func colourAsGrey() throws {
    try withTemporaryDirectory { directory in
      var picture = Picture(width: 3, height: 1)
      picture[1, 0] = .black
      picture[2, 0] = Colour(red: 255, green: 0, blue: 0)
      try PNG.write(picture, to: "\(directory)/a.png")
      let grey = try PNG.readGrey("\(directory)/a.png")
      #expect(grey.shape == [1, 3])
      #expect(grey[0] == 1 && grey[1] == 0)
      #expect(grey[2] > 0.4 && grey[2] < 0.6, "red has 21 % of the light, 0.5 in sRGB")
    }
  }

  @Test func refuses() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/a.png"
      func error(_ bytes: [UInt8]) throws -> String {
        try FileBytes.write(bytes, to: path)
        let error = try #require(throws: PerceptualError.self) { try PNG.readGrey(path) }
        #expect(error.kind == .malformed && error.description.hasPrefix(path))
        return error.description
      }
      let whole = try PNG.bytes(Picture(width: 64, height: 64))
      #expect(try error([]).contains("found an empty file: convert it to PNG"))
      #expect(try error(Array("JFIF".utf8)).contains("found another kind of file"))
      for length in stride(from: 4, to: whole.count - 24, by: 9) {
        #expect(try error(Array(whole.prefix(length))).contains("found a damaged one"))
      }
      var wide = whole
      wide[16] = 0x40
      #expect(try error(wide).contains("a.png: "))
      let missing = try #require(throws: PerceptualError.self) { try PNG.read("\(directory)/none.png") }
      #expect(missing.kind == .missing)
    }
  }

  @Test func fillsAndFrames() {
    var picture = Picture(width: 6, height: 5)
    picture.fill(x: -3, y: -3, width: 4, height: 4, .black)
    picture.frame(x: 3, y: 2, width: 2, height: 2, Colour(grey: 9))
    let rows = (0..<5).map { y in
      (0..<6).map { x in picture[x, y] == .black ? "#" : picture[x, y] == .white ? "." : "o" }.joined()
    }
    #expect(rows == ["#.....", "..oooo", "..o..o", "..o..o", "..oooo"])
    let before = picture
    picture.fill(x: 100, y: 100, width: 5, height: 5, .black)
    picture.fill(x: 2, y: 2, width: -1, height: 3, .black)
    #expect(picture == before)
  }

  /// A line on pixel centres covers whole pixels; on an edge, two halves. Nothing is painted twice at a joint.
  @Test func strokes() {
    var picture = Picture(width: 5, height: 4)
    picture.stroke([[Point(1.5, 1.5), Point(2.5, 1.5), Point(3.5, 1.5)]], thickness: 1, .black)
    #expect((0..<5).map { picture[$0, 1].red } == [255, 0, 0, 0, 255])
    #expect((0..<5).map { picture[$0, 2].red } == [255, 255, 255, 255, 255])
    picture = Picture(width: 5, height: 4)
    picture.stroke([[Point(0, 2), Point(5, 2)]], thickness: 1, .black)
    #expect([picture[2, 1].red, picture[2, 2].red] == [128, 128])
    picture.stroke([], thickness: 1, .black)
    picture.stroke([[Point(-50, -50), Point(-40, -9)], [Point(.nan, 0), Point(1, .infinity)]], thickness: 2, .black)
    #expect(picture[0, 0] == .white)
  }

  @Test func textSizes() {
    let style = TextStyle(capitalHeight: 14)
    #expect(style.width(of: "") == 0)
    #expect(style.width(of: "H") == 10)
    #expect(style.width(of: "HH") > 20)
    #expect(TextStyle(capitalHeight: 28).width(of: "Hz") == 2 * style.width(of: "Hz"))
    #expect(style.fitted("spectrogram", into: 1000) == "spectrogram")
    let short = style.fitted("spectrogram", into: 80)
    #expect(short.hasSuffix("...") && short.hasPrefix("s") && style.width(of: short) <= 80)
    #expect(style.fitted("spectrogram", into: 1) == "...")
  }

  /// Every printable character of ASCII leaves ink of its own, within its line.
  @Test func everyCharacterIsDrawn() {
    var seen: [[UInt8]: Character] = [:]
    for code in UInt8(33)...126 {
      let character = Character(Unicode.Scalar(code))
      var picture = Picture(width: 40, height: 44)
      picture.draw(String(character), at: Point(8, 32), TextStyle(capitalHeight: 20))
      #expect(picture.pixels.contains { $0 < 128 }, "\(character) leaves nothing")
      #expect(seen[picture.pixels] == nil, "\(character) looks like another")
      seen[picture.pixels] = character
      for x in 0..<40 { #expect(picture[x, 0] == .white && picture[x, 43] == .white, "\(character) leaves its line") }
    }
  }

  /// Upwards text is the same text turned.
  @Test func upwards() {
    let style = TextStyle(capitalHeight: 14)
    var lying = Picture(width: 60, height: 60)
    lying.draw("aF", at: Point(10, 40), style)
    var standing = Picture(width: 60, height: 60)
    standing.draw("aF", at: Point(40, 50), style, upwards: true)
    for y in 0..<60 {
      for x in 0..<60 { #expect(abs(Int(lying[x, y].red) - Int(standing[y, 59 - x].red)) <= 1) }
    }
  }
}
