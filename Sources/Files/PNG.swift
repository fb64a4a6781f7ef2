import Foundation
import PerceptualCPNG
import PerceptualCore

/// PNG pictures, through libpng's simplified interface.
public enum PNG {
  /// The file's bytes; the same picture always gives the same.
  public static func bytes(_ picture: Picture) throws(PerceptualError) -> [UInt8] {
    try encode(picture.pixels, width: picture.width, height: picture.height, format: UInt32(PNG_FORMAT_RGB))
  }

  /// Writes a colour picture. Throws `.cannotCreate` or `.inputOutput`.
  public static func write(_ picture: Picture, to path: String) throws(PerceptualError) {
    try FileBytes.write(bytes(picture), to: path)
  }

  /// Writes a grey picture of [H, W]: 0 is black, 1 is white; beyond is limited, NaN is black; rounded to 8 bits.
  public static func write(grey image: Tensor<Float>, to path: String) throws(PerceptualError) {
    require(image.rank == 2 && image.count > 0, "image: shape \(image.shape), [H, W] with at least one pixel is needed")
    let pixels = image.elements.map { $0 > 0 ? UInt8((min($0, 1) * 255).rounded()) : 0 }
    try FileBytes.write(
      encode(pixels, width: image.shape[1], height: image.shape[0], format: UInt32(PNG_FORMAT_GRAY)), to: path)
  }

  /// Reads a picture as grey, [H, W] in [0, 1]: the stored 8-bit value over 255 where it is grey, the luminance of a
  /// colour picture; what is transparent lies on white.
  ///
  /// Throws `.missing` where there is no file, `.malformed` where it is no valid PNG.
  public static func readGrey(_ path: String) throws(PerceptualError) -> Tensor<Float> {
    let (pixels, width, height) = try decode(path, format: UInt32(PNG_FORMAT_GRAY), channels: 1)
    return Tensor(pixels.map { Float($0) / 255 }, shape: [height, width])
  }

  /// Reads a colour picture.
  ///
  /// Throws `.missing` where there is no file, `.malformed` where it is no valid PNG.
  public static func read(_ path: String) throws(PerceptualError) -> Picture {
    let (pixels, width, height) = try decode(path, format: UInt32(PNG_FORMAT_RGB), channels: 3)
    return Picture(width: width, height: height, pixels: pixels)
  }

  /// Larger pictures are taken for damaged headers.
  private static let mostPixels = 1 << 26

  private static func decode(
    _ path: String, format: UInt32, channels: Int
  ) throws(PerceptualError) -> (pixels: [UInt8], width: Int, height: Int) {
    let source = try ByteSource(path: path)
    guard try source.bytes(at: 0, count: min(4, source.count)) == [0x89, 0x50, 0x4E, 0x47] else {
      let found = source.count == 0 ? "an empty file" : "another kind of file"
      throw PerceptualError(.malformed, "\(path): a PNG picture was expected, found \(found): convert it to PNG")
    }
    // Eight bytes a pixel at most, and as much again for what else a file may hold.
    guard source.count <= 16 * mostPixels else {
      throw PerceptualError(
        .malformed, "\(path): a picture of at most \(16 * mostPixels) bytes was expected, found \(source.count): make it smaller")
    }
    let bytes = try source.bytes(at: 0, count: source.count)
    // libpng keeps the address until the picture is read; that of an array would last for one call.
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    defer { memory.deallocate() }
    _ = memory.initialize(from: bytes)
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    func damaged() -> PerceptualError {
      PerceptualError(
        .malformed,
        "\(path): a whole PNG picture was expected, found a damaged one (\(message(image))): download or copy it again")
    }
    guard png_image_begin_read_from_memory(&image, memory.baseAddress, memory.count) != 0 else { throw damaged() }
    let (width, height) = (Int(image.width), Int(image.height))
    guard width * height <= mostPixels else {
      throw PerceptualError(
        .malformed, "\(path): at most \(mostPixels) pixels were expected, found \(width)x\(height): make it smaller")
    }
    image.format = format
    var white = png_color(red: 255, green: 255, blue: 255)
    var pixels = [UInt8](repeating: 0, count: width * height * channels)
    guard png_image_finish_read(&image, &white, &pixels, 0, nil) != 0 else { throw damaged() }
    return (pixels, width, height)
  }

  private static func encode(
    _ pixels: [UInt8], width: Int, height: Int, format: UInt32
  ) throws(PerceptualError) -> [UInt8] {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(width)
    image.height = UInt32(height)
    image.format = format
    defer { png_image_free(&image) }
    // A first call without memory asks for the size.
    var size = png_alloc_size_t(0)
    guard png_image_write_to_memory(&image, nil, &size, 0, pixels, 0, nil) != 0 else { throw failure(image) }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    guard png_image_write_to_memory(&image, &bytes, &size, 0, pixels, 0, nil) != 0 else { throw failure(image) }
    return Array(bytes.prefix(Int(size)))
  }

  private static func failure(_ image: png_image) -> PerceptualError {
    PerceptualError(
      .inputOutput,
      "a picture of \(image.width)x\(image.height) could not be encoded as PNG (\(message(image))): make it smaller")
  }

  private static func message(_ image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
