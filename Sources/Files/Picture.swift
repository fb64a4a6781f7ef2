import PerceptualCore

/// Red, green and blue of 8 bits, as stored in a PNG (sRGB).
public struct Colour: Hashable, Sendable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }
  /// A grey: 0 black, 255 white.
  public init(grey: UInt8) { self.init(red: grey, green: grey, blue: grey) }

  public static let black = Colour(grey: 0)
  public static let white = Colour(grey: 255)
}

/// A place in a picture: pixels from the left and from the top; pixel (i, j) covers i ... i + 1, j ... j + 1.
public struct Point: Hashable, Sendable {
  public var x: Double
  public var y: Double
  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// A picture of RGB pixels to draw on. Whatever lies outside is cut off.
public struct Picture: Equatable, Sendable {
  public let width: Int
  public let height: Int
  /// Rows from the top, three bytes a pixel.
  public private(set) var pixels: [UInt8]

  public init(width: Int, height: Int, fill colour: Colour = .white) {
    require(width > 0 && height > 0, "size: \(width)x\(height), at least 1x1 is needed")
    self.width = width
    self.height = height
    pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, initialized in
      for pixel in 0..<width * height {
        buffer[3 * pixel] = colour.red
        buffer[3 * pixel + 1] = colour.green
        buffer[3 * pixel + 2] = colour.blue
      }
      initialized = width * height * 3
    }
  }

  /// Rows from the top, three bytes a pixel.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    require(width > 0 && height > 0, "size: \(width)x\(height), at least 1x1 is needed")
    require(pixels.count == width * height * 3, "pixels: \(pixels.count) bytes for \(width)x\(height)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  public subscript(x: Int, y: Int) -> Colour {
    get {
      let place = 3 * (y * width + x)
      return Colour(red: pixels[place], green: pixels[place + 1], blue: pixels[place + 2])
    }
    set {
      let place = 3 * (y * width + x)
      pixels[place] = newValue.red
      pixels[place + 1] = newValue.green
      pixels[place + 2] = newValue.blue
    }
  }

  /// With six bits a colour, which the eye does not miss in a spectrogram: a level map and greys then fit a palette.
  public var withSixBits: Picture {
    let rounded = (0...255).map { (value: Int) -> UInt8 in UInt8(((value * 63 + 127) / 255 * 255 + 31) / 63) }
    return Picture(width: width, height: height, pixels: pixels.map { rounded[Int($0)] })
  }

  /// Fills the rectangle of `width` x `height` pixels whose upper left pixel is (x, y).
  public mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour) {
    for row in max(0, y)..<max(0, y, min(self.height, y + height)) {
      for column in max(0, x)..<max(0, x, min(self.width, x + width)) { self[column, row] = colour }
    }
  }

  /// The outline, `thickness` pixels wide, that lies just outside that rectangle.
  public mutating func frame(x: Int, y: Int, width: Int, height: Int, thickness: Int = 1, _ colour: Colour) {
    let t = thickness
    fill(x: x - t, y: y - t, width: width + 2 * t, height: t, colour)
    fill(x: x - t, y: y + height, width: width + 2 * t, height: t, colour)
    fill(x: x - t, y: y, width: t, height: height, colour)
    fill(x: x + width, y: y, width: t, height: height, colour)
  }

  /// Draws lines through the points of each path, `thickness` pixels wide, with round ends and smooth edges. A point
  /// that is not finite interrupts its path.
  public mutating func stroke(_ paths: [[Point]], thickness: Double, _ colour: Colour) {
    let paths = paths.flatMap { $0.split { !$0.x.isFinite || !$0.y.isFinite } }
    let (xs, ys) = (paths.joined().map(\.x), paths.joined().map(\.y))
    guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max() else { return }
    let reach = thickness / 2 + 1
    let columns = limited(left - reach, 0..<width)..<limited(right + reach + 1, 0..<width)
    let rows = limited(top - reach, 0..<height)..<limited(bottom + reach + 1, 0..<height)
    if columns.isEmpty || rows.isEmpty { return }
    var coverage = Coverage(columns: columns, rows: rows, radius: thickness / 2)
    for path in paths {
      if let only = path.first, path.count == 1 { coverage.add(from: only, to: only) }
      for (from, to) in zip(path, path.dropFirst()) { coverage.add(from: from, to: to) }
    }
    for row in rows {
      for column in columns {
        let share = coverage[column, row]
        if share > 0 { blend(column, row, colour, share) }
      }
    }
  }

  private mutating func blend(_ x: Int, _ y: Int, _ colour: Colour, _ share: Double) {
    let below = self[x, y]
    func mixed(_ below: UInt8, _ above: UInt8) -> UInt8 {
      let (a, b) = (Double(below), Double(above))
      return UInt8((a + (b - a) * share).rounded())
    }
    self[x, y] = Colour(
      red: mixed(below.red, colour.red), green: mixed(below.green, colour.green), blue: mixed(below.blue, colour.blue))
  }
}

/// The whole number below a place, within a range or at its end.
private func limited(_ value: Double, _ range: Range<Int>) -> Int {
  Int(min(max(value, Double(range.lowerBound)), Double(range.upperBound)))
}

/// How much of each pixel a stroke covers. Segments join by their maximum, so that joints are not painted twice.
private struct Coverage {
  let columns: Range<Int>
  let rows: Range<Int>
  let radius: Double
  private var shares: [Double]

  init(columns: Range<Int>, rows: Range<Int>, radius: Double) {
    self.columns = columns
    self.rows = rows
    self.radius = radius
    shares = [Double](repeating: 0, count: columns.count * rows.count)
  }

  subscript(column: Int, row: Int) -> Double {
    shares[(row - rows.lowerBound) * columns.count + column - columns.lowerBound]
  }

  mutating func add(from a: Point, to b: Point) {
    let reach = radius + 1
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let squared = dx * dx + dy * dy
    let across = limited(min(a.x, b.x) - reach, columns)..<limited(max(a.x, b.x) + reach + 1, columns)
    for row in limited(min(a.y, b.y) - reach, rows)..<limited(max(a.y, b.y) + reach + 1, rows) {
      for column in across {
        let (x, y) = (Double(column) + 0.5 - a.x, Double(row) + 0.5 - a.y)
        let along = squared == 0 ? 0 : min(max((x * dx + y * dy) / squared, 0), 1)
        let distance = ((x - along * dx) * (x - along * dx) + (y - along * dy) * (y - along * dy)).squareRoot()
        // A thin line covers at most its own width of a pixel.
        let share = min(max(radius + 0.5 - distance, 0), min(1, 2 * radius))
        let place = (row - rows.lowerBound) * columns.count + column - columns.lowerBound
        if share > shares[place] { shares[place] = share }
      }
    }
  }
}
