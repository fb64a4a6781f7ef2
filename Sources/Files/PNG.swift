import PerceptualCPNG
import PerceptualCore

/// PNG pictures, through libpng's simplified interface.
public enum PNG {
  /// The file's bytes; the same picture always gives the same. Up to 256 colours are stored as a palette.
  public static func bytes(_ picture: Picture) throws(PerceptualError) -> [UInt8] {
    let (width, height) = (picture.width, picture.height)
    guard let (indices, palette) = indexed(picture.pixels) else {
      return try encode(picture.pixels, width: width, height: height, format: UInt32(PNG_FORMAT_RGB))
    }
    return try encode(
      indices, width: width, height: height, format: UInt32(PNG_FORMAT_RGB | PNG_FORMAT_FLAG_COLORMAP),
      palette: palette)
  }

  /// The place of every pixel's colour in a palette, in the order of their first use; nil for more than 256 colours.
  private static func indexed(_ pixels: [UInt8]) -> (indices: [UInt8], palette: [UInt8])? {
    var places: [UInt32: UInt8] = [:]
    var palette: [UInt8] = []
    var indices = [UInt8](repeating: 0, count: pixels.count / 3)
    for pixel in indices.indices {
      let colour = pixels[3 * pixel..<3 * pixel + 3]
      let key = colour.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      if let place = places[key] {
        indices[pixel] = place
      } else {
        guard places.count < 256 else { return nil }
        indices[pixel] = UInt8(places.count)
        places[key] = indices[pixel]
        palette += colour
      }
    }
    return (indices, palette)
  }

  /// Writes a colour picture. Throws `.cannotCreate` or `.inputOutput`.
  public static func write(_ picture: Picture, to path: String) throws(PerceptualError) {
    try FileBytes.write(bytes(picture), to: path)
  }

  /// Writes a grey picture of [H, W]: 0 is black, 1 is white; beyond is limited, NaN is black; rounded to 8 bits.
  ///
  /// With `lowestFirst`, row 0 stands at the bottom, and a text chunk says so: whoever reads it here gets row 0 first
  /// again.
  public static func write(
    grey image: Tensor<Float>, to path: String, lowestFirst: Bool = false
  ) throws(PerceptualError) {
    require(image.rank == 2 && image.count > 0, "image: shape \(image.shape), [H, W] with at least one pixel is needed")
    let (height, width) = (image.shape[0], image.shape[1])
    let pixels = image.elements.map { $0 > 0 ? UInt8((min($0, 1) * 255).rounded()) : 0 }
    let rows = lowestFirst ? turned(pixels, height: height) : pixels
    var bytes = try encode(rows, width: width, height: height, format: UInt32(PNG_FORMAT_GRAY))
    // Behind the first chunk, which takes 25 bytes.
    if lowestFirst { bytes.insert(contentsOf: chunk("tEXt", rowOrder), at: magic.count + 25) }
    try FileBytes.write(bytes, to: path)
  }

  /// Reads a picture as grey, [H, W] in [0, 1].
  ///
  /// Throws as ``read(_:)`` does.
  public static func readGrey(_ path: String, _ formula: GreyFormula = .bt601) throws(PerceptualError) -> Tensor<Float>
  {
    try read(path).grey(formula)
  }

  /// Reads a picture's stored samples.
  ///
  /// Throws `.missing` where there is no file, `.malformed` where it is no valid PNG.
  public static func read(_ path: String) throws(PerceptualError) -> StoredPicture {
    let (bytes, isLowestFirst, packedBytes) = try essential(path)
    // libpng keeps the address until the picture is read; that of an array would last for one call.
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    defer { memory.deallocate() }
    _ = memory.initialize(from: bytes)
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    func damaged() -> PerceptualError {
      PerceptualError.malformed(
        "\(path): a whole PNG picture was expected, found a damaged one (\(message(image))): download or copy it again")
    }
    guard png_image_begin_read_from_memory(&image, memory.baseAddress, memory.count) != 0 else { throw damaged() }
    let (width, height) = (Int(image.width), Int(image.height))
    guard width * height <= mostPixels else {
      throw .malformed("\(path): at most \(mostPixels) pixels were expected, found \(width)x\(height): make it smaller")
    }
    // Deflate makes at most 1032 bytes of one. Bits a sample and kind of pixel stand in the first chunk, which libpng
    // has checked.
    let samplesAPixel = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][bytes[25]] ?? 1
    let unpackedBytes = height * ((width * Int(bytes[24]) * samplesAPixel + 7) / 8)
    guard packedBytes >= unpackedBytes / 1032 else {
      throw .malformed(
        "\(path): at least \(unpackedBytes / 1032) bytes of samples were expected for \(width)x\(height) pixels, found "
          + "\(packedBytes): the file is damaged, download or copy it again")
    }
    // Without a chunk that says otherwise libpng takes 8 bits for sRGB and 16 for linear light, and gives each as it
    // is.
    let kept = PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA | PNG_FORMAT_FLAG_LINEAR
    image.format &= UInt32(kept)
    func has(_ flag: some BinaryInteger) -> Bool { image.format & UInt32(flag) != 0 }
    let channels = (has(PNG_FORMAT_FLAG_COLOR) ? 3 : 1) + (has(PNG_FORMAT_FLAG_ALPHA) ? 1 : 0)
    func samples<Sample: FixedWidthInteger>(_ type: Sample.Type) throws(PerceptualError) -> [Sample] {
      var samples = [Sample](repeating: 0, count: width * height * channels)
      guard png_image_finish_read(&image, nil, &samples, 0, nil) != 0 else { throw damaged() }
      return isLowestFirst ? turned(samples, height: height) : samples
    }
    let shape = (width: width, height: height, channels: channels)
    return has(PNG_FORMAT_FLAG_LINEAR)
      ? StoredPicture(try samples(UInt16.self), shape, hasAlpha: has(PNG_FORMAT_FLAG_ALPHA), isPremultiplied: true)
      : StoredPicture(try samples(UInt8.self), shape, hasAlpha: has(PNG_FORMAT_FLAG_ALPHA), isPremultiplied: false)
  }

  static let magic: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Larger pictures are taken for damaged headers.
  private static let mostPixels = 1 << 26

  /// A keyword of the PNG standard's kind, a zero, a text.
  private static let rowOrder = Array("Row order".utf8) + [0] + Array("lowest first".utf8)

  /// The file without the chunks that are not needed for its samples (gamma, profiles, texts), whether it is marked,
  /// and how many bytes of packed samples it has.
  private static func essential(
    _ path: String
  ) throws(PerceptualError) -> (bytes: [UInt8], isLowestFirst: Bool, packedBytes: Int) {
    let source = try ByteSource(path: path)
    let kind = try ContentKind(source)
    guard kind == .picture else {
      throw .malformed("\(path): a PNG picture was expected, found \(kind.found(else: "convert it to PNG"))")
    }
    // Eight bytes a pixel at most, and as much again for what else a file may hold.
    guard source.count <= 16 * mostPixels else {
      throw .malformed(
        "\(path): a picture of at most \(16 * mostPixels) bytes was expected, found \(source.count): make it smaller")
    }
    let bytes = try source.bytes(at: 0, count: source.count)
    var kept = Array(bytes.prefix(magic.count))
    kept.reserveCapacity(bytes.count)
    var isLowestFirst = false
    var packedBytes = 0
    var place = magic.count
    // Length, name, data, checksum.
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - 12 else { break }
      let end = place + 12 + length
      let name = String(decoding: bytes[place + 4..<place + 8], as: UTF8.self)
      // A capital letter first: without such chunks there is no picture. tRNS says what is transparent.
      if bytes[place + 4] & 0x20 == 0 || name == "tRNS" {
        kept += bytes[place..<end]
      } else if bytes[place..<end].elementsEqual(chunk("tEXt", rowOrder)) {
        isLowestFirst = true
      }
      if name == "IDAT" { packedBytes += length }
      if name == "IEND" { return (kept, isLowestFirst, packedBytes) }
      place = end
    }
    throw .malformed(
      "\(path): a whole PNG picture was expected, found a damaged one (its end is missing): download or copy it again")
  }

  private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    func bytes(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
    let body = Array(name.utf8) + data
    return bytes(UInt32(data.count)) + body + bytes(Checksum(body).value)
  }

  /// The rows in the opposite order.
  private static func turned<Sample>(_ samples: [Sample], height: Int) -> [Sample] {
    let row = samples.count / height
    return Array((0..<height).reversed().map { samples[$0 * row..<($0 + 1) * row] }.joined())
  }

  private static func encode(
    _ pixels: [UInt8], width: Int, height: Int, format: UInt32, palette: [UInt8]? = nil
  ) throws(PerceptualError) -> [UInt8] {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(width)
    image.height = UInt32(height)
    image.format = format
    image.colormap_entries = UInt32((palette?.count ?? 0) / 3)
    defer { png_image_free(&image) }
    // A first call without memory asks for the size.
    var size = png_alloc_size_t(0)
    guard png_image_write_to_memory(&image, nil, &size, 0, pixels, 0, palette) != 0 else { throw failure(image) }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    guard png_image_write_to_memory(&image, &bytes, &size, 0, pixels, 0, palette) != 0 else { throw failure(image) }
    return Array(bytes.prefix(Int(size)))
  }

  private static func failure(_ image: png_image) -> PerceptualError {
    PerceptualError.inputOutput(
      "a picture of \(image.width)x\(image.height) could not be encoded as PNG (\(message(image))): make it smaller")
  }

  private static func message(_ image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
