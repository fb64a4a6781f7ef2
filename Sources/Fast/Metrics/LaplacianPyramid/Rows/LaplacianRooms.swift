/// The kinds of memory that ``LaplacianPyramidRows`` works in: weights, planes and rows.
protocol LaplacianRoomKind {
  associatedtype Pointer: Strideable where Pointer.Stride == Int
}

enum LaplacianTables: LaplacianRoomKind { typealias Pointer = Floats }
enum LaplacianExactTables: LaplacianRoomKind { typealias Pointer = UnsafePointer<Double> }
/// A picture's planes that its channels and levels share.
enum LaplacianSharedPlanes: LaplacianRoomKind { typealias Pointer = MutableFloats }
/// Those of one channel.
enum LaplacianChannelPlanes: LaplacianRoomKind { typealias Pointer = MutableFloats }
/// The rows of a piece of the work.
enum LaplacianPieceRows: LaplacianRoomKind { typealias Pointer = MutableFloats }

/// Where something begins in memory of a kind; the compiler refuses it in another.
struct LaplacianPlace<Kind: LaplacianRoomKind>: Sendable {
  let offset: Int

  init(_ offset: Int) { self.offset = offset }
}

/// Memory of a kind.
struct LaplacianRoom<Kind: LaplacianRoomKind> {
  let start: Kind.Pointer

  init(_ start: Kind.Pointer) { self.start = start }

  subscript(_ place: LaplacianPlace<Kind>) -> Kind.Pointer { start.advanced(by: place.offset) }
  subscript(_ ring: LaplacianRing, _ row: Int, segment segment: Int) -> Kind.Pointer
  where Kind == LaplacianPieceRows {
    start + ring.first.offset + (row & (ring.rows - 1)) * ring.stride(segment: segment)
  }
}

/// The latest rows of something, a power of two of them, each of `parts` split rows: row y lies where row y - `rows`
/// was.
struct LaplacianRing: Sendable {
  let rows: Int
  let parts: Int
  let first: LaplacianPlace<LaplacianPieceRows>

  /// Floats that columns beyond both ends of a row may take.
  static let margin = 16

  /// `segment` is that of the longest rows.
  init(rows: Int, parts: Int, segment: Int, in layout: inout ScratchLayout) {
    self.rows = rows
    self.parts = parts
    let stride = Self.stride(parts: parts, segment: segment)
    first = .init(layout.take(rows * stride + 2 * Self.margin) + Self.margin)
  }

  func stride(segment: Int) -> Int { Self.stride(parts: parts, segment: segment) }

  private static func stride(parts: Int, segment: Int) -> Int { 2 * parts * segment + margin }
}
