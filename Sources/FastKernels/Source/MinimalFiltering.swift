// The transforms of minimal filtering F(2x2, 2x2), on blocks of sixteen channels:
//
//     y = A^T [ (G g G^T) (B^T d B) ] A,  A^T = [1 1 0; 0 1 1],  G = [1 0; 1 1; 0 1],  B^T = [1 -1 0; 0 1 0; 0 -1 1]
//
// for a tile d of 3x3, a filter g of 2x2 and 2x2 outputs y[i][j] = sum of g[k][l] d[i + k][j + l].

private let rowFloats = 16

extension Kernels {
  public static func transformPatches(
    _ x: UnsafePointer<Float>, rowPitch: Int, columnPitch: Int, tilePitch: Int, tiles: Int,
    _ output: UnsafeMutablePointer<Float>, pointPitch: Int
  ) {
    var lane = 0
    while lane < rowFloats {
      var from = x + lane
      var to = output + lane
      var tile = 0
      while tile < tiles {
        let a = from
        let b = from + rowPitch
        let c = from + 2 &* rowPitch
        let b0 = load(b)
        let b1 = load(b + columnPitch)
        let b2 = load(b + 2 &* columnPitch)
        let a0 = load(a) - b0
        let a1 = load(a + columnPitch) - b1
        let a2 = load(a + 2 &* columnPitch) - b2
        let c0 = load(c) - b0
        let c1 = load(c + columnPitch) - b1
        let c2 = load(c + 2 &* columnPitch) - b2
        store(a0 - a1, to)
        store(a1, to + pointPitch)
        store(a2 - a1, to + 2 &* pointPitch)
        store(b0 - b1, to + 3 &* pointPitch)
        store(b1, to + 4 &* pointPitch)
        store(b2 - b1, to + 5 &* pointPitch)
        store(c0 - c1, to + 6 &* pointPitch)
        store(c1, to + 7 &* pointPitch)
        store(c2 - c1, to + 8 &* pointPitch)
        from += tilePitch
        to += rowFloats
        tile &+= 1
      }
      lane &+= Vector.scalarCount
    }
  }

  public static func expandTiles(
    _ x: UnsafePointer<Float>, rowPitch: Int, tiles: Int, _ output: UnsafeMutablePointer<Float>, pointPitch: Int
  ) {
    var lane = 0
    while lane < rowFloats {
      var from = x + lane
      var to = output + lane
      var tile = 0
      while tile < tiles {
        let a0 = load(from)
        let a1 = load(from + rowFloats)
        let c0 = load(from + rowPitch)
        let c1 = load(from + rowPitch + rowFloats)
        let b0 = a0 + c0
        let b1 = a1 + c1
        store(a0, to)
        store(a0 + a1, to + pointPitch)
        store(a1, to + 2 &* pointPitch)
        store(b0, to + 3 &* pointPitch)
        store(b0 + b1, to + 4 &* pointPitch)
        store(b1, to + 5 &* pointPitch)
        store(c0, to + 6 &* pointPitch)
        store(c0 + c1, to + 7 &* pointPitch)
        store(c1, to + 8 &* pointPitch)
        from += 2 &* rowFloats
        to += rowFloats
        tile &+= 1
      }
      lane &+= Vector.scalarCount
    }
  }

  public static func reconstructRow(
    _ x: UnsafePointer<Float>, pointPitch: Int, tiles: Int, _ output: UnsafeMutablePointer<Float>, columnPitch: Int
  ) {
    var lane = 0
    while lane < rowFloats {
      var from = x + lane
      var to = output + lane
      var tile = 0
      while tile < tiles {
        let m0 = load(from) + load(from + 3 &* pointPitch)
        let m1 = load(from + pointPitch) + load(from + 4 &* pointPitch)
        let m2 = load(from + 2 &* pointPitch) + load(from + 5 &* pointPitch)
        store(m0 + m1, to)
        store(m1 + m2, to + columnPitch)
        from += rowFloats
        to += 2 &* columnPitch
        tile &+= 1
      }
      lane &+= Vector.scalarCount
    }
  }
}
