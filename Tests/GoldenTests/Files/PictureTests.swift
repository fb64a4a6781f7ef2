import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct PictureTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

  @Test func greyRoundTrip() throws {
    let levels = Tensor((0..<256).map { Float($0) / 255 }, shape: [8, 32])
    try PNG.write(grey: levels, to: "\(directory)/a.png")
    #expect(try PNG.readGrey("\(directory)/a.png") == levels)
    try PNG.write(grey: Tensor([-1, 2, .nan, .infinity, 0.5], shape: [1, 5]), to: "\(directory)/b.png")
    #expect(try PNG.readGrey("\(directory)/b.png").elements.map { $0 * 255 } == [0, 255, 0, 255, 128])
    try PNG.write(grey: levels, to: "\(directory)/c.png")
    #expect(try FileBytes.read("\(directory)/a.png") == FileBytes.read("\(directory)/c.png"))
  }

  /// Sizes whose files lie in one or many blocks of the allocator and of zlib.
  @Test(arguments: [1, 2, 3, 17, 64, 200, 511]) func anySize(_ side: Int) throws {
    var generator = SeededGenerator(name: "side \(side)")
    let levels = Fill.picture.tensor([side, side + 1], &generator).map { ($0 * 255).rounded() }.elements
    let image = Tensor(levels.map { Float($0) / 255 }, shape: [side, side + 1])
    try PNG.write(grey: image, to: "\(directory)/a.png")
    #expect(try PNG.readGrey("\(directory)/a.png") == image)
  }

  @Test func colourRoundTrip() throws {
    var generator = SeededGenerator(name: "picture")
    let pixels = (0..<7 * 5 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let picture = Picture(width: 7, height: 5, pixels: pixels)
    try PNG.write(picture, to: "\(directory)/a.png")
    let stored = try PNG.read("\(directory)/a.png")
    #expect(stored.samples.shape == [3, 5, 7] && !stored.isTransparent)
    let interleaved = (0..<35).flatMap { i in (0..<3).map { stored.samples[$0 * 35 + i] * 255 } }
    #expect(interleaved == pixels.map(Float.init))
    #expect(try PNG.bytes(picture) == FileBytes.read("\(directory)/a.png"))
  }

  /// As many colours as a palette holds, and one more; the palette takes a byte a pixel, not three.
  @Test(arguments: [1, 2, 16, 17, 256, 257]) func fewColours(_ count: Int) throws {
    var picture = Picture(width: 96, height: 70)
    for pixel in 0..<96 * 70 {
      let colour = pixel % count
      picture[pixel % 96, pixel / 96] = Colour(red: UInt8(colour % 256), green: UInt8(colour / 256), blue: 7)
    }
    try PNG.write(picture, to: "\(directory)/a.png")
    let stored = try PNG.read("\(directory)/a.png")
    let plane = 96 * 70
    let interleaved = (0..<3 * plane).map { i in stored.samples[i % 3 * plane + i / 3] * 255 }
    #expect(interleaved == picture.pixels.map(Float.init))
    // The kind of pixel stands behind sides and bits: 3 is a palette.
    #expect(try FileBytes.read("\(directory)/a.png")[25] == (count <= 256 ? 3 : 2))
  }

  /// 64 levels a colour, black and white as they were.
  @Test func sixBits() {
    var picture = Picture(width: 256, height: 1)
    for value in 0..<256 { picture[value, 0] = Colour(grey: UInt8(value)) }
    let rounded = (0..<256).map { Int(picture.withSixBits[$0, 0].red) }
    #expect(Set(rounded).count == 64 && rounded[0] == 0 && rounded[255] == 255)
    #expect((0..<256).allSatisfy { abs(rounded[$0] - $0) <= 2 })
  }

  /// Luma by both formulas, and equal channels their value.
  @Test func colourAsGrey() throws {
    var picture = Picture(width: 5, height: 1)
    picture[1, 0] = .black
    picture[2, 0] = Colour(red: 255, green: 0, blue: 0)
    picture[3, 0] = Colour(red: 0, green: 255, blue: 51)
    picture[4, 0] = Colour(grey: 77)
    try PNG.write(picture, to: "\(directory)/a.png")
    for (formula, red, second) in [(GreyFormula.bt601, 0.299, 0.587 + 0.0228), (.bt709, 0.2125, 0.7154 + 0.01442)] {
      let grey = try PNG.readGrey("\(directory)/a.png", formula)
      #expect(grey.shape == [1, 5])
      #expect(grey[0] == 1 && grey[1] == 0 && grey[4] == 77 / 255)
      #expect(agree(grey[2], Float(red), roundings: 2) && agree(grey[3], Float(second), roundings: 2))
    }
  }

  private func read(_ file: PNGSample) throws -> StoredPicture {
    try PNG.read(scratch.write(file.bytes, to: "a.png"))
  }

  /// What stands in the file over its greatest value, whatever light the file says that it means.
  @Test func storedSamplesAreTheValues() throws {
    let gammas = [nil, ("gAMA", 100_000), ("gAMA", 45_455), ("gAMA", 200_000), ("sRGB", 0)] as [(String, UInt32)?]
    for gamma in gammas {
      let chunks =
        gamma.map { name, value in
          [(name, name == "sRGB" ? [0] : withUnsafeBytes(of: value.bigEndian) { Array($0) })]
        } ?? []
      let values: [UInt16] = [0, 1, 255, 256, 32_768, 65_534, 65_535]
      let grey16 = PNGSample(
        width: 7, height: 1, bits: 16, colour: .grey, values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }, chunks)
      let stored = try read(grey16)
      #expect(stored.bits == 16 && stored.samples.elements == values.map { Float($0) / 65_535 }, "\(gamma as Any)")
      let bytes = (0...255).map { UInt8($0) }
      #expect(
        try read(PNGSample(width: 256, height: 1, bits: 8, colour: .grey, bytes, chunks)).samples.elements
          == bytes.map { Float($0) / 255 })
      let rgb16 = try read(PNGSample(width: 1, height: 1, bits: 16, colour: .rgb, [0x80, 0, 0, 1, 0xFF, 0xFE], chunks))
      #expect(rgb16.samples.elements == [32_768, 1, 65_534].map { Float($0) / 65_535 })
      let (red, green, blue) = (Float(32_768) / 65_535, Float(1) / 65_535, Float(65_534) / 65_535)
      #expect(rgb16.grey()[0] == green + (0.299 * (red - green) + 0.114 * (blue - green)))
    }
    // Fewer bits, and palettes.
    #expect(
      try read(PNGSample(width: 4, height: 1, bits: 2, colour: .grey, [0b00_01_10_11])).samples.elements
        == [0, 85, 170, 255].map { Float($0) / 255 })
    #expect(
      try read(PNGSample(width: 3, height: 1, bits: 1, colour: .grey, [0b1010_0000])).samples.elements == [1, 0, 1])
    let palette = try read(
      PNGSample(width: 2, height: 1, bits: 8, colour: .palette, [1, 0], [("PLTE", [9, 8, 7, 51, 102, 204])]))
    #expect(palette.samples.elements == [51, 9, 102, 8, 204, 7].map { Float($0) / 255 })
  }

  /// value alpha + 1 - alpha, in the stored values.
  @Test func transparencyLiesOnWhite() throws {
    let greyAlpha = try read(PNGSample(width: 3, height: 1, bits: 8, colour: .greyAlpha, [100, 255, 100, 0, 51, 102]))
    #expect(greyAlpha.isTransparent)
    #expect(greyAlpha.samples.elements[0] == Float(100) / 255 && greyAlpha.samples.elements[1] == 1)
    #expect(agree(greyAlpha.samples.elements[2], 0.2 * 0.4 + 0.6, roundings: 2))
    let sixteen = try read(
      PNGSample(width: 1, height: 1, bits: 16, colour: .rgba, [0x40, 0, 0x80, 0, 0xFF, 0xFF, 0x80, 0]))
    let alpha = 32_768 / 65_535.0
    for (channel, value) in [0x4000 / 65_535.0, 0x8000 / 65_535.0, 1].enumerated() {
      // A step of sixteen bits.
      #expect(abs(Double(sixteen.samples[channel]) - (value * alpha + 1 - alpha)) <= 1 / 65_535.0)
    }
    let opaque = try read(PNGSample(width: 1, height: 1, bits: 8, colour: .rgba, [1, 2, 3, 255]))
    #expect(!opaque.isTransparent && opaque.samples.elements == [1, 2, 3].map { Float($0) / 255 })
    let palette = try read(
      PNGSample(
        width: 2, height: 1, bits: 8, colour: .palette, [0, 1], [("PLTE", [9, 8, 7, 51, 102, 204]), ("tRNS", [0])]))
    #expect(
      palette.isTransparent
        && palette.samples.elements == [1, 51, 1, 102, 1, 204].map { $0 == 1 ? 1 : Float($0) / 255 })
  }

  /// Row 0 of the array is the lowest row of the picture, and comes back as row 0.
  @Test func lowestFirst() throws {
    let image = Tensor<Float>([0, 0.2, 0.4, 0.6, 0.8, 1], shape: [3, 2])
    try PNG.write(grey: image, to: "\(directory)/a.png", lowestFirst: true)
    try PNG.write(grey: Tensor<Float>([0.8, 1, 0.4, 0.6, 0, 0.2], shape: [3, 2]), to: "\(directory)/b.png")
    #expect(try PNG.readGrey("\(directory)/a.png") == image)
    let (marked, plain) = (try FileBytes.read("\(directory)/a.png"), try FileBytes.read("\(directory)/b.png"))
    // Signature, first chunk; then the mark of 12 + 22 bytes; the rest is the turned picture.
    #expect(Array(marked[..<33] + marked[67...]) == plain)
    #expect(String(decoding: marked[37..<63], as: UTF8.self) == "tEXtRow order\0lowest first")
  }

  @Test func refuses() throws {
    let path = "\(directory)/a.png"
    func refuse(_ bytes: [UInt8], _ phrase: String) throws {
      try FileBytes.write(bytes, to: path)
      expectError(.malformed, beginning: path, saying: phrase) { try PNG.readGrey(path) }
    }
    let whole = try PNG.bytes(Picture(width: 64, height: 64))
    try refuse([], "found an empty file: convert it to PNG")
    try refuse(Array("what".utf8), "found another kind of file: convert it to PNG")
    try refuse(Array(whole.prefix(7)), "found another kind of file")
    try refuse([0xFF, 0xD8, 0xFF, 0xE0], "found a JPEG picture: convert it to PNG")
    let archives = [
      ("arr_0.npy", "found an NPZ archive of arrays: save one array with numpy.save"),
      (
        "archive/data.pkl",
        "found a PyTorch file or another pickle: save its tensors with safetensors.torch.save_file"
      ),
      ("a.txt", "found a ZIP archive: unpack it first"),
    ]
    for (name, phrase) in archives {
      try refuse(Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 26) + Array(name.utf8), phrase)
    }
    try refuse([0x80, 2, 0x8A], "pickle")
    try refuse(SafetensorsFile(metadata: ["a": "b"]).bytes(), "found a safetensors file")
    for length in stride(from: 8, to: whole.count - 24, by: 9) {
      try refuse(Array(whole.prefix(length)), "found a damaged one")
    }
    // A header of 8000x8000 pixels over samples of 4: refused before there is room for them. What follows the end is
    // nothing.
    var claim = PNGSample(width: 2, height: 2, bits: 8, colour: .grey, [1, 2, 3, 4]).bytes
    #expect(try (FileBytes.write(claim + [1, 2, 3], to: path), PNG.readGrey(path).count).1 == 4)
    for place in [18, 22] { claim.replaceSubrange(place..<place + 2, with: [0x1F, 0x40]) }
    claim.replaceSubrange(
      29..<33, with: withUnsafeBytes(of: Checksum(Array(claim[12..<29])).value.bigEndian, Array.init))
    try refuse(claim, "at least 62015 bytes of samples were expected for 8000x8000 pixels, found 17")
    var wide = whole
    wide[16] = 0x40
    try refuse(wide, "a.png: ")
    expectError(.missing) { try PNG.read("\(directory)/none.png") }
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
