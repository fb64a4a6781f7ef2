// The transforms of minimal filtering F(3x3, 2x2), on blocks of sixteen channels:
//
//     y = A^T [ (G g G^T) (B^T d B) ] A
//
//           1  1  1  0           1    0            1  0 -1  0
//     A^T = 0  1 -1  0     G =  1/2  1/2    B^T =  0  1  1  0
//           0  1  1  1          1/2 -1/2           0 -1  1  0
//                                0    1            0 -1  0  1
//
// for a tile d of 4x4, a filter g of 2x2 and 3x3 outputs y[i][j] = sum of g[k][l] d[i + k][j + l].

/// Four vectors: a row or a column of a tile.
private struct Four {
  var v0, v1, v2, v3: Vector

  @inline(__always)
  init(_ v0: Vector, _ v1: Vector, _ v2: Vector, _ v3: Vector) {
    self.v0 = v0
    self.v1 = v1
    self.v2 = v2
    self.v3 = v3
  }

  @inline(__always)
  init(_ x: UnsafePointer<Float>, pitch: Int) {
    self.init(load(x), load(x + pitch), load(x + 2 &* pitch), load(x + 3 &* pitch))
  }

  /// B^T v.
  @inline(__always)
  var transformed: Four { Four(v0 - v2, v1 + v2, v2 - v1, v3 - v1) }

  @inline(__always)
  func write(_ x: UnsafeMutablePointer<Float>, pitch: Int) {
    store(v0, x)
    store(v1, x + pitch)
    store(v2, x + 2 &* pitch)
    store(v3, x + 3 &* pitch)
  }

  @inline(__always)
  static func + (a: Four, b: Four) -> Four { Four(a.v0 + b.v0, a.v1 + b.v1, a.v2 + b.v2, a.v3 + b.v3) }

  @inline(__always)
  static func - (a: Four, b: Four) -> Four { Four(a.v0 - b.v0, a.v1 - b.v1, a.v2 - b.v2, a.v3 - b.v3) }
}

/// A (v0, v1, v2).
@inline(__always)
private func expanded(_ v0: Vector, _ v1: Vector, _ v2: Vector) -> Four {
  let ends = v0 + v2
  return Four(v0, ends + v1, ends - v1, v2)
}

extension Kernels {
  public static func transformPatches(
    _ x: UnsafePointer<Float>, rowPitch: Int, columnPitch: Int, tilePitch: Int, tiles: Int,
    _ output: UnsafeMutablePointer<Float>, pointPitch: Int
  ) {
    let rowOfPoints = 4 &* pointPitch
    forEachLane { lane in
      var from = x + lane
      var to = output + lane
      var tile = 0
      while tile < tiles {
        let a = Four(from, pitch: columnPitch).transformed
        let b = Four(from + rowPitch, pitch: columnPitch).transformed
        let c = Four(from + 2 &* rowPitch, pitch: columnPitch).transformed
        let d = Four(from + 3 &* rowPitch, pitch: columnPitch).transformed
        (a - c).write(to, pitch: pointPitch)
        (b + c).write(to + rowOfPoints, pitch: pointPitch)
        (c - b).write(to + 2 &* rowOfPoints, pitch: pointPitch)
        (d - b).write(to + 3 &* rowOfPoints, pitch: pointPitch)
        from += tilePitch
        to += rowFloats
        tile &+= 1
      }
    }
  }

  public static func expandTiles(
    _ x: UnsafePointer<Float>, rowPitch: Int, tiles: Int, _ output: UnsafeMutablePointer<Float>, pointPitch: Int
  ) {
    let rowOfPoints = 4 &* pointPitch
    forEachLane { lane in
      var from = x + lane
      var to = output + lane
      var tile = 0
      while tile < tiles {
        let b = from + rowPitch
        let c = b + rowPitch
        let first = expanded(load(from), load(from + rowFloats), load(from + 2 &* rowFloats))
        let second = expanded(load(b), load(b + rowFloats), load(b + 2 &* rowFloats))
        let third = expanded(load(c), load(c + rowFloats), load(c + 2 &* rowFloats))
        let ends = first + third
        first.write(to, pitch: pointPitch)
        (ends + second).write(to + rowOfPoints, pitch: pointPitch)
        (ends - second).write(to + 2 &* rowOfPoints, pitch: pointPitch)
        third.write(to + 3 &* rowOfPoints, pitch: pointPitch)
        from += 3 &* rowFloats
        to += rowFloats
        tile &+= 1
      }
    }
  }

  public static func reconstructRow(
    _ x: UnsafePointer<Float>, row: Int, pointPitch: Int, tiles: Int, _ output: UnsafeMutablePointer<Float>,
    columnPitch: Int
  ) {
    let rowOfPoints = 4 &* pointPitch
    forEachLane { lane in
      var from = x + lane
      var to = output + lane
      var tile = 0
      while tile < tiles {
        let b = Four(from + rowOfPoints, pitch: pointPitch)
        let c = Four(from + 2 &* rowOfPoints, pitch: pointPitch)
        let m: Four
        if row == 1 {
          m = b - c
        } else {
          m = b + c + Four(from + row / 2 &* 3 &* rowOfPoints, pitch: pointPitch)
        }
        let inner = m.v1 + m.v2
        store(m.v0 + inner, to)
        store(m.v1 - m.v2, to + columnPitch)
        store(inner + m.v3, to + 2 &* columnPitch)
        from += rowFloats
        to += 3 &* columnPitch
        tile &+= 1
      }
    }
  }

  public static func transformFilters(
    _ x: UnsafePointer<Float>, isFlipped: Bool, _ output: UnsafeMutablePointer<Float>, pointPitch: Int, parityPitch: Int
  ) {
    let panel = panelChannels
    let half = Vector(repeating: 0.5)
    forEachLane(of: panel) { lane in
      var parity = 0
      while parity < 4 {
        // The four elements of the 2x2 filter: rows and columns two apart, in their order or the opposite one.
        let corner = x + (lane &+ (parity / 2 &* 4 &+ parity % 2) &* panel)
        let g0 = load(corner + (isFlipped ? 10 &* panel : 0))
        let g1 = load(corner + (isFlipped ? 8 : 2) &* panel)
        let g2 = load(corner + (isFlipped ? 2 : 8) &* panel)
        let g3 = load(corner + (isFlipped ? 0 : 10 &* panel))
        let to = output + (lane &+ parity &* parityPitch)
        let rowOfPoints = 4 &* pointPitch
        filterRow(g0, g1, half).write(to, pitch: pointPitch)
        filterRow(half * (g0 + g2), half * (g1 + g3), half).write(to + rowOfPoints, pitch: pointPitch)
        filterRow(half * (g0 - g2), half * (g1 - g3), half).write(to + 2 &* rowOfPoints, pitch: pointPitch)
        filterRow(g2, g3, half).write(to + 3 &* rowOfPoints, pitch: pointPitch)
        parity &+= 1
      }
    }
  }

  public static func foldFilters(
    _ x: UnsafePointer<Float>, pointPitch: Int, parityPitch: Int, _ output: UnsafeMutablePointer<Float>
  ) {
    let panel = panelChannels
    let half = Vector(repeating: 0.5)
    forEachLane(of: panel) { lane in
      var parity = 0
      while parity < 4 {
        let from = x + (lane &+ parity &* parityPitch)
        let rowOfPoints = 4 &* pointPitch
        let a = foldedRow(Four(from, pitch: pointPitch), half)
        let b = foldedRow(Four(from + rowOfPoints, pitch: pointPitch), half)
        let c = foldedRow(Four(from + 2 &* rowOfPoints, pitch: pointPitch), half)
        let d = foldedRow(Four(from + 3 &* rowOfPoints, pitch: pointPitch), half)
        let to = output + (lane &+ (parity / 2 &* 4 &+ parity % 2) &* panel)
        store(a.0 + half * (b.0 + c.0), to)
        store(a.1 + half * (b.1 + c.1), to + 2 &* panel)
        store(half * (b.0 - c.0) + d.0, to + 8 &* panel)
        store(half * (b.1 - c.1) + d.1, to + 10 &* panel)
        parity &+= 1
      }
    }
  }
}

/// G (g0, g1).
@inline(__always)
private func filterRow(_ g0: Vector, _ g1: Vector, _ half: Vector) -> Four {
  Four(g0, half * (g0 + g1), half * (g0 - g1), g1)
}

/// G^T v.
@inline(__always)
private func foldedRow(_ v: Four, _ half: Vector) -> (Vector, Vector) {
  (v.v0 + half * (v.v1 + v.v2), half * (v.v1 - v.v2) + v.v3)
}
