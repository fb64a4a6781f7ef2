extension Kernels {
  public static func gatherFrames(
    _ x: UnsafePointer<Float>, hop: Int, frames: Int, window: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    length: Int
  ) {
    let width = Vector.scalarCount
    var n = 0
    while n < length {
      let side = transposed(loadSquare(x + n, stride: hop, last: frames &- 1))
      let target = y + n &* width
      let weights = window + n
      forEachRow(side) { row, samples in
        store(samples * Vector(repeating: weights[row]), target + row &* width)
      }
      n &+= width
    }
  }

  public static func scatterFrames(
    _ x: UnsafePointer<Float>, rows: UnsafePointer<Int>, window: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, hop: Int, frames: Int, length: Int
  ) {
    let width = Vector.scalarCount
    var n = 0
    while n < length {
      let numbers = rows + n / 2
      let weights = window + n
      let samples = square { row in
        // The imaginary part stands first: it is the odd sample.
        load(x + (numbers[row / 2] &* 2 &+ 1 &- row % 2) &* width) * Vector(repeating: weights[row])
      }
      let target = y + n
      forEachRow(transposed(samples)) { lane, samples in
        if lane < frames {
          let place = target + lane &* hop
          store(load(place) + samples, place)
        }
      }
      n &+= width
    }
  }

  public static func moduli(_ x: UnsafePointer<Float>, squared: Bool, _ y: UnsafeMutablePointer<Float>, bins: Int) {
    let width = Vector.scalarCount
    var k = 0
    while k < bins {
      let z = Complex(at: x + 2 &* k &* width)
      store(squared ? z.square : squareRoots(z.square), y + k &* width)
      k &+= 1
    }
  }

  public static func scaleBins(
    _ x: UnsafePointer<Float>, by r: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, bins: Int
  ) {
    let width = Vector.scalarCount
    var k = 0
    while k < bins {
      let z = Complex(at: x + 2 &* k &* width)
      let factor = load(r + k &* width)
      Complex(z.real * factor, z.imaginary * factor).write(to: y + 2 &* k &* width)
      k &+= 1
    }
  }

  public static func renewAngles(
    _ rebuilt: UnsafeMutablePointer<Float>, previous: UnsafeMutablePointer<Float>, share: Float,
    magnitude: UnsafePointer<Float>, bins: Int
  ) {
    let width = Vector.scalarCount
    let minusShare = Vector(repeating: -share)
    var k = 0
    while k < bins {
      let place = 2 &* k &* width
      let new = Complex(at: rebuilt + place)
      let old = Complex(at: previous + place)
      new.write(to: previous + place)
      let change = Complex(
        multiplyAdd(new.real, minusShare, old.real), multiplyAdd(new.imaginary, minusShare, old.imaginary))
      let modulus = squareRoots(change.square)
      let factor = 1 / (modulus + 1e-16)
      let unit = Complex(change.real * factor, change.imaginary * factor)
      let size = load(magnitude + k &* width)
      Complex(unit.real * size, unit.imaginary * size).write(to: rebuilt + place)
      k &+= 1
    }
  }
}
