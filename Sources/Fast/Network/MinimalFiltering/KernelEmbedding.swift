import PerceptualCore

/// A stage's kernel as the kernel of even side and stride 2 that ``MinimalFilter`` knows: weight [coarse][fine][2r][2r]
/// between a coarse image and a fine one, fine row = 2 coarse row - padding + kernel row.
///
/// An odd kernel is the next even one with a last row and column of zeros. Nearest upsampling by 2 and a convolution of
/// stride 1 are one transposed convolution, whose kernel's elements are sums of the convolution's: output 2 p + a is
///
///     sum over k of w[k] x[floor((2 p + a + k - padding) / 2)]
///
/// along each axis, and element a + padding - 2 (row of x - p) of the transposed kernel adds up the w[k] that meet one
/// row of x.
struct KernelEmbedding {
  /// Of the stage's own kernel, and of the even one.
  let side: Int
  let evenSide: Int
  /// Which of the kernel's rows (and columns) each row of the even one adds up.
  private let rows: [[Int]]
  /// Whether the stage's weight has the fine channels first.
  private let isFineFirst: Bool
  private let coarse: Int
  private let fine: Int

  init(_ kind: Stage.Kind, side: Int, coarse: Int, fine: Int) {
    self.side = side
    self.coarse = coarse
    self.fine = fine
    isFineFirst = kind == .nearest
    evenSide = (side + 1) / 2 * 2
    var rows = [[Int]](repeating: [], count: evenSide)
    for k in 0..<side {
      if kind == .nearest {
        let padding = (side - 1) / 2
        for a in 0..<2 {
          // Shifted by a whole number of pairs, since division rounds towards zero.
          let shifted = a + k - padding + 2 * side
          rows[a + padding - 2 * (shifted / 2 - side)].append(k)
        }
      } else {
        rows[k].append(k)
      }
    }
    self.rows = rows
  }

  private var isIdentity: Bool { side == evenSide && !isFineFirst }
  private var evenCount: Int { coarse * fine * evenSide * evenSide }

  /// The stage's kernel between two channels.
  private func index(coarse o: Int, fine c: Int) -> Int { (isFineFirst ? c * coarse + o : o * fine + c) * side * side }

  /// Lends the even kernels.
  func withEven(_ weight: Floats, _ execution: Execution, _ body: (Floats) -> Void) {
    if isIdentity { return body(weight) }
    ScratchPool.shared.withFloats(evenCount) { even in
      execution.forEach(coarse) { o in
        for c in 0..<fine {
          let from = weight + index(coarse: o, fine: c)
          let to = even + (o * fine + c) * evenSide * evenSide
          for (i, sources) in rows.enumerated() {
            for (j, columns) in rows.enumerated() {
              var sum: Float = 0
              for k in sources {
                for l in columns { sum += from[k * side + l] }
              }
              to[i * evenSide + j] = sum
            }
          }
        }
      }
      body(even)
    }
  }

  /// Lends room for the gradient of the even kernels and takes it back to that of the stage's.
  func withEvenGradient(_ gradient: MutableFloats, _ execution: Execution, _ body: (MutableFloats) -> Void) {
    if isIdentity { return body(gradient) }
    ScratchPool.shared.withFloats(evenCount) { even in
      body(even)
      execution.forEach(coarse) { o in
        for c in 0..<fine {
          let from = even + (o * fine + c) * evenSide * evenSide
          let to = gradient + index(coarse: o, fine: c)
          to.update(repeating: 0, count: side * side)
          for (i, sources) in rows.enumerated() {
            for (j, columns) in rows.enumerated() {
              for k in sources {
                for l in columns { to[k * side + l] += from[i * evenSide + j] }
              }
            }
          }
        }
      }
    }
  }
}

extension ConvolutionShape {
  /// What the convolution of a stage is for pictures of height x width: after upsampling, one of twice that size.
  public init(_ stage: Stage, images: Int, inputChannels: Int, outputChannels: Int, height: Int, width: Int) {
    let factor = stage.kind.isUpsampling ? 2 : 1
    if stage.kind == .transposed {
      self.init(
        transposing: images, inputChannels: inputChannels, outputChannels: outputChannels, height: height, width: width,
        kernelHeight: stage.kernel, kernelWidth: stage.kernel, geometry: stage.geometry)
    } else {
      self.init(
        convolving: images, inputChannels: inputChannels, outputChannels: outputChannels, height: factor * height,
        width: factor * width, kernelHeight: stage.kernel, kernelWidth: stage.kernel, geometry: stage.geometry)
    }
  }
}
