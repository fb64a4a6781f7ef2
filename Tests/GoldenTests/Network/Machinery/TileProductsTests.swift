import PerceptualCTiles
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@testable import Fast

/// The products of AMX's tiles and the factors that they take, element by element. How convolutions come out of them is
/// judged with every instruction set's in ProductPrecisionTests.
@Suite(.enabled(if: InstructionSet.amx.obstacle == nil, "this processor has no tiles of bf16 numbers"))
struct TileProductsTests {
  private static let tileBytes = 1024

  /// Memory on 64 bytes, as the tiles need it, of so many tiles.
  private final class Tiles {
    let memory: UnsafeMutableRawPointer

    init(_ count: Int, filledWith halves: (Int) -> UInt16 = { _ in 0x7fc0 }) {
      memory = .allocate(byteCount: max(1, count) * tileBytes, alignment: 64)
      let words = memory.bindMemory(to: UInt16.self, capacity: count * tileBytes / 2)
      for index in 0..<count * tileBytes / 2 { words[index] = halves(index) }
    }

    deinit { memory.deallocate() }

    /// A number of a tile: 32 a line, 16 lines.
    func half(tile: Int, line: Int, place: Int) -> Float {
      let bits = memory.load(fromByteOffset: tile * tileBytes + line * 64 + place * 2, as: UInt16.self)
      return Float(bitPattern: UInt32(bits) << 16)
    }
  }

  /// Floats on 64 bytes.
  private func withFloats<Result>(_ x: [Float], _ body: (UnsafePointer<Float>) -> Result) -> Result {
    let memory = UnsafeMutablePointer<Float>(
      OpaquePointer(UnsafeMutableRawPointer.allocate(byteCount: max(1, x.count) * 4, alignment: 64)))
    defer { UnsafeMutableRawPointer(memory).deallocate() }
    memory.update(from: x, count: x.count)
    return body(memory)
  }

  private func areSame(_ a: Float, _ b: Float) -> Bool { ProductPrecisionTests.areSame(a, b) }

  /// Numbers of rows about those of a tile: 16 of a left factor, 32 depths.
  static let rows = [1, 2, 15, 16, 17, 31, 32, 33, 64]

  @Test(arguments: rows) func leftFactorsAreRoundedRows(_ rows: Int) {
    let x = Array(ProductPrecisionTests.values.prefix(rows * 16))
    let count = (rows + 15) / 16
    // Two blocks of depths; the pitch leaves a tile out.
    let factors = Tiles(2 * count)
    for half in 0..<2 {
      let turned = half == 0 ? x : Array(x.reversed())
      withFloats(turned) { perceptual_tiles_left($0, rows, factors.memory, half, 2 * Self.tileBytes) }
      for row in 0..<16 * count {
        for depth in 0..<16 {
          let expected = row < rows ? Reference.bfloat16(turned[row * 16 + depth]) : 0
          let found = factors.half(tile: row / 16 * 2, line: row % 16, place: half * 16 + depth)
          #expect(areSame(found, expected), "row \(row), depth \(depth)")
        }
      }
    }
    #expect(
      (0..<count).allSatisfy { factors.half(tile: 2 * $0 + 1, line: 0, place: 0).isNaN },
      "what lies between is not touched")
  }

  @Test(arguments: rows) func rowsBecomeDepths(_ rows: Int) {
    let x = Array(ProductPrecisionTests.values.prefix(rows * 16))
    let count = (rows + 31) / 32
    let right = Tiles(count)
    let left = Tiles(count)
    withFloats(x) {
      perceptual_tiles_right($0, rows, right.memory)
      perceptual_tiles_left_columns($0, rows, left.memory)
    }
    for depth in 0..<32 * count {
      for column in 0..<16 {
        let expected = depth < rows ? Reference.bfloat16(x[depth * 16 + column]) : 0
        let (tile, place) = (depth / 32, depth % 32)
        #expect(
          areSame(right.half(tile: tile, line: place / 2, place: 2 * column + place % 2), expected),
          "\(depth), \(column)")
        #expect(areSame(left.half(tile: tile, line: column, place: place), expected), "\(depth), \(column)")
      }
    }
  }

  @Test func filtersAreHalvesOfRightFactors() {
    let columns = 48
    let x = Array(ProductPrecisionTests.values.prefix(16 * columns))
    for half in 0..<2 {
      let factors = Tiles(6)
      withFloats(x) { perceptual_tiles_right_half($0, columns, factors.memory, half, 2 * Self.tileBytes) }
      for depth in 0..<16 {
        for column in 0..<columns {
          let found = factors.half(
            tile: column / 16 * 2, line: half * 8 + depth / 2, place: 2 * (column % 16) + depth % 2)
          #expect(areSame(found, Reference.bfloat16(x[depth * columns + column])), "depth \(depth), column \(column)")
        }
      }
      #expect(factors.half(tile: 0, line: (1 - half) * 8, place: 0).isNaN, "the other half is not touched")
    }
  }

  /// Bit for bit the sums in the order that the header names, for one and more tiles each way.
  @Test(arguments: [(1, 2, 1), (2, 2, 3), (3, 4, 2), (5, 16, 9)], [false, true])
  func productsAreSummedInTheirOrder(_ sizes: (rows: Int, columns: Int, depths: Int), _ accumulates: Bool) {
    var generator = SeededGenerator(name: "tiles of bf16")
    func half() -> UInt16 { UInt16(Reference.bfloat16(Float(generator.normal())).bitPattern >> 16) }
    let (rows, columns, depths) = sizes
    let a = Tiles(rows * depths) { _ in half() }
    let b = Tiles(columns * depths) { _ in half() }
    let start = (0..<rows * columns * 256).map { _ in Float(generator.normal()) }
    // Columns of tiles one after the other, as a convolution's sums lie.
    let sums = UnsafeMutableRawPointer.allocate(byteCount: start.count * 4, alignment: 64)
    defer { sums.deallocate() }
    let found = sums.bindMemory(to: Float.self, capacity: start.count)
    found.update(from: start, count: start.count)
    perceptual_tiles_multiply(
      a.memory, depths * Self.tileBytes, b.memory, depths * Self.tileBytes, found, Self.tileBytes,
      rows * Self.tileBytes,
      rows, columns, depths, accumulates ? 1 : 0)
    for m in 0..<rows {
      for n in 0..<columns {
        for i in 0..<16 {
          for j in 0..<16 {
            let place = (n * rows + m) * 256 + i * 16 + j
            var expected = accumulates ? start[place] : 0
            for k in 0..<depths {
              var both: [Float] = [0, 0]
              for pair in 0..<16 {
                for parity in 0..<2 {
                  both[parity] = both[parity].addingProduct(
                    a.half(tile: m * depths + k, line: i, place: 2 * pair + parity),
                    b.half(tile: n * depths + k, line: pair, place: 2 * j + parity))
                }
              }
              expected += both[0] + both[1]
            }
            #expect(found[place] == expected, "tile \(m), \(n), row \(i), column \(j)")
          }
        }
      }
    }
  }

  /// Single precision is AVX-512's, bit for bit, and products in bf16 are another order of sums.
  @Test func onlyProductsInBF16Differ() throws {
    let shape = ConvolutionShape(
      convolving: 2, inputChannels: 32, outputChannels: 64, height: 22, width: 26, kernelHeight: 4, kernelWidth: 4,
      geometry: ConvolutionGeometry(stride: 2, padding: 1))
    var generator = SeededGenerator(name: "AMX beside AVX-512")
    func normals(_ shape: [Int]) -> Tensor<Float> { Fill.normals.tensor(shape, &generator).converted() }
    let x = normals([2, 32, 22, 26])
    let weight = normals([64, 32, 4, 4])
    let bias = normals([64])
    let upstream = normals([2, 64, 11, 13])
    func run(_ set: InstructionSet, _ precision: ProductPrecision) -> [Tensor<Float>] {
      Execution.$current.withValue(Execution(instructionSet: set)) {
        let result = runInBlocks(
          BlockConvolution(shape, isTransposed: false, precision: precision), x, weight: weight, bias: bias,
          upstream: upstream)
        return [result.y, result.gradients.x, result.gradients.weight]
      }
    }
    for (amx, vectors) in zip(run(.amx, .fp32), run(.avx512, .fp32)) { #expect(amx == vectors) }
    for (amx, vectors) in zip(run(.amx, .bf16), run(.avx512, .bf16)) { #expect(amx != vectors) }
  }
}
