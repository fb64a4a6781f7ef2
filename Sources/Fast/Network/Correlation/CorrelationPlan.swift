import PerceptualCore

/// A convolution, or a transposed one, as plain correlations of stride 1.
///
/// The input is copied into planes: padded with zeros, and for a strided convolution split by the phase of its rows and
/// columns, so that the elements one tap meets at successive outputs lie side by side. The output is cut by the parity
/// of its rows and columns (one parity unless the convolution is transposed); for each parity
///
///     output[o][t] = sum over taps of weight(tap, o) plane[offset(tap) + t]
///
/// where positions t run over a grid of `rows` x `pitch`, the plane's own pitch: its last columns are computed in vain,
/// which costs less than partial vectors at the end of every row.
struct CorrelationPlan {
  /// One product of the sum: which input channel and kernel element, and where its plane starts.
  struct Tap {
    var channel: Int
    var kernelRow: Int
    var kernelColumn: Int
    var offset: Int
  }

  let channels: Int
  let height: Int
  let width: Int
  let outputHeight: Int
  let outputWidth: Int
  /// Phases of the input, along each axis.
  let phases: Extent
  /// Zeros above and to the left of the input.
  let leading: Extent
  let planeHeight: Int
  let pitch: Int
  /// Parities of the output, along each axis.
  let parities: Extent
  /// Rows and columns of the grid of positions.
  let gridHeight: Int
  let gridWidth: Int
  /// The taps of each parity, row by row.
  let taps: [[Tap]]

  var planeCount: Int { planeHeight * pitch }
  var planesPerChannel: Int { phases.height * phases.width }
  /// Floats of one image's planes, with room for the last vectors to read past the end.
  var planesCount: Int { channels * planesPerChannel * planeCount + 256 }
  var positions: Int { (gridHeight - 1) * pitch + gridWidth }

  /// y[o, y, x] = sum over c, ky, kx of w[o, c, ky, kx] x[c, y s - p + ky, x s - p + kx].
  init(convolving shape: ConvolutionShape) {
    let stride = shape.geometry.stride
    channels = shape.inputChannels
    height = shape.height
    width = shape.width
    outputHeight = shape.outputHeight
    outputWidth = shape.outputWidth
    phases = stride
    leading = shape.geometry.padding
    parities = 1
    gridHeight = outputHeight
    gridWidth = outputWidth
    planeHeight = outputHeight + (shape.kernelHeight - 1) / stride.height
    pitch = outputWidth + (shape.kernelWidth - 1) / stride.width
    var taps: [Tap] = []
    for c in 0..<channels {
      for ky in 0..<shape.kernelHeight {
        for kx in 0..<shape.kernelWidth {
          let phase = (ky % stride.height) * stride.width + kx % stride.width
          let plane = (c * stride.height * stride.width + phase) * planeHeight * pitch
          let offset = plane + (ky / stride.height) * pitch + kx / stride.width
          taps.append(Tap(channel: c, kernelRow: ky, kernelColumn: kx, offset: offset))
        }
      }
    }
    self.taps = [taps]
  }

  /// y[o, i s - p + k] += w[c, o, k] x[c, i]: at outputs of parity q = y mod s only the kernel elements
  /// k = (q + p) mod s + s j take part, and meet input row (y - q) / s + (q + p) div s - j.
  init(transposing shape: ConvolutionShape) {
    let stride = shape.geometry.stride
    let padding = shape.geometry.padding
    let rows = ParityAxis(stride: stride.height, padding: padding.height, kernel: shape.kernelHeight)
    let columns = ParityAxis(stride: stride.width, padding: padding.width, kernel: shape.kernelWidth)
    channels = shape.inputChannels
    height = shape.height
    width = shape.width
    outputHeight = shape.outputHeight
    outputWidth = shape.outputWidth
    phases = 1
    leading = Extent(height: rows.leading, width: columns.leading)
    parities = stride
    gridHeight = (outputHeight + stride.height - 1) / stride.height
    gridWidth = (outputWidth + stride.width - 1) / stride.width
    planeHeight = rows.leading + gridHeight + rows.largestShift
    pitch = columns.leading + gridWidth + columns.largestShift
    var taps: [[Tap]] = []
    for rowTaps in rows.taps {
      for columnTaps in columns.taps {
        var list: [Tap] = []
        for c in 0..<channels {
          for row in rowTaps {
            for column in columnTaps {
              let offset = (c * planeHeight + row.shift + rows.leading) * pitch + column.shift + columns.leading
              list.append(Tap(channel: c, kernelRow: row.kernel, kernelColumn: column.kernel, offset: offset))
            }
          }
        }
        taps.append(list)
      }
    }
    self.taps = taps
  }
}

/// One axis of a transposed convolution: for each output parity its kernel elements and the input row each meets,
/// relative to the output's position in the grid.
private struct ParityAxis {
  var taps: [[(kernel: Int, shift: Int)]] = []

  init(stride: Int, padding: Int, kernel: Int) {
    for parity in 0..<stride {
      let first = (parity + padding) % stride
      let shift = (parity + padding) / stride
      taps.append(
        Swift.stride(from: first, to: kernel, by: stride).enumerated().map { (kernel: $1, shift: shift - $0) })
    }
  }

  var leading: Int { max(0, -(taps.joined().map(\.shift).min() ?? 0)) }
  var largestShift: Int { max(0, taps.joined().map(\.shift).max() ?? 0) }
}

/// Sizes of a convolution or of a transposed one: `inputChannels`, `height` and `width` are those of x.
public struct ConvolutionShape: Hashable, Sendable {
  public let images: Int
  public let inputChannels: Int
  public let outputChannels: Int
  public let height: Int
  public let width: Int
  public let kernelHeight: Int
  public let kernelWidth: Int
  public let geometry: ConvolutionGeometry
  public let outputHeight: Int
  public let outputWidth: Int

  public var inputCount: Int { images * inputChannels * height * width }
  public var outputCount: Int { images * outputChannels * outputHeight * outputWidth }
  public var weightCount: Int { inputChannels * outputChannels * kernelHeight * kernelWidth }

  /// The sizes of convolution2D; stops if the kernel does not fit the padded input.
  public init(
    convolving images: Int, inputChannels: Int, outputChannels: Int, height: Int, width: Int, kernelHeight: Int,
    kernelWidth: Int, geometry: ConvolutionGeometry
  ) {
    let size = geometry.outputSize(height: height, width: width, kernelHeight: kernelHeight, kernelWidth: kernelWidth)
    // A stride beyond the last position changes nothing, and every phase of a stride takes a plane.
    var geometry = geometry
    geometry.stride.height = min(
      geometry.stride.height, max(1, height + 2 * geometry.padding.height - kernelHeight + 1))
    geometry.stride.width = min(geometry.stride.width, max(1, width + 2 * geometry.padding.width - kernelWidth + 1))
    self.init(
      images: images, inputChannels: inputChannels, outputChannels: outputChannels, height: height, width: width,
      kernelHeight: kernelHeight, kernelWidth: kernelWidth, geometry: geometry, output: size)
  }

  /// The sizes of transposedConvolution2D; stops if nothing is left of the output.
  public init(
    transposing images: Int, inputChannels: Int, outputChannels: Int, height: Int, width: Int, kernelHeight: Int,
    kernelWidth: Int, geometry: ConvolutionGeometry
  ) {
    require(
      geometry.outputPadding.height < geometry.stride.height && geometry.outputPadding.width < geometry.stride.width,
      "outputPadding: \(geometry.outputPadding) given, less than the stride \(geometry.stride) is needed")
    let size = geometry.transposedOutputSize(
      height: height, width: width, kernelHeight: kernelHeight, kernelWidth: kernelWidth)
    // A single row or column has no neighbour for the stride to keep at a distance.
    var geometry = geometry
    if height == 1 { geometry.stride.height = min(geometry.stride.height, geometry.outputPadding.height + 1) }
    if width == 1 { geometry.stride.width = min(geometry.stride.width, geometry.outputPadding.width + 1) }
    self.init(
      images: images, inputChannels: inputChannels, outputChannels: outputChannels, height: height, width: width,
      kernelHeight: kernelHeight, kernelWidth: kernelWidth, geometry: geometry, output: size)
  }

  private init(
    images: Int, inputChannels: Int, outputChannels: Int, height: Int, width: Int, kernelHeight: Int,
    kernelWidth: Int, geometry: ConvolutionGeometry, output: Extent?
  ) {
    require(
      min(images, inputChannels, outputChannels, height, width, kernelHeight, kernelWidth) > 0,
      "x or weight: an empty axis in \(images)x\(inputChannels)x\(height)x\(width), \(outputChannels) outputs, kernel "
        + "\(kernelHeight)x\(kernelWidth)")
    require(
      geometry.stride.height > 0 && geometry.stride.width > 0, "stride: \(geometry.stride) given, at least 1 is needed")
    require(
      geometry.padding.height >= 0 && geometry.padding.width >= 0,
      "padding: \(geometry.padding) given, at least 0 is needed")
    require(
      output != nil,
      "weight: a kernel of \(kernelHeight)x\(kernelWidth) leaves no output of x \(height)x\(width) with stride "
        + "\(geometry.stride) and padding \(geometry.padding)")
    self.images = images
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.height = height
    self.width = width
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.geometry = geometry
    outputHeight = output?.height ?? 0
    outputWidth = output?.width ?? 0
  }
}
