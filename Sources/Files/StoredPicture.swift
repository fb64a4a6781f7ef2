import PerceptualCore

/// How a colour picture becomes grey: a sum of its stored values, which is not rounded.
public enum GreyFormula: String, CaseIterable, Sendable {
  /// 0.299 R + 0.587 G + 0.114 B, the luma of ITU-R BT.601, as Pillow, MATLAB and OpenCV have it.
  case bt601
  /// 0.2125 R + 0.7154 G + 0.0721 B, the luma of ITU-R BT.709 with the weights of scikit-image.
  case bt709

  var weights: (red: Float, green: Float, blue: Float) {
    switch self {
    case .bt601: (0.299, 0.587, 0.114)
    case .bt709: (0.2125, 0.7154, 0.0721)
    }
  }
}

/// The samples of a PNG file as they are stored, over 255 (8 bits and fewer) or 65 535 (16 bits): no gamma is applied.
public struct StoredPicture: Sendable {
  /// [C, H, W] in [0, 1]: grey, or red, green and blue.
  public let samples: Tensor<Float>
  /// Of a stored sample, 8 or 16; fewer than 8 count as 8.
  public let bits: Int
  /// Whether a pixel was not opaque: it was laid on white, value alpha + 1 - alpha.
  public let isTransparent: Bool

  public var width: Int { samples.shape[2] }
  public var height: Int { samples.shape[1] }

  /// [H, W]: a grey picture's samples, the luma of a colour picture.
  public func grey(_ formula: GreyFormula = .bt601) -> Tensor<Float> {
    if samples.shape[0] == 1 { return samples.reshaped([height, width]) }
    let weights = formula.weights
    let plane = width * height
    let elements = samples.elements.withUnsafeBufferPointer { all in
      [Float](unsafeUninitializedCapacity: plane) { grey, count in
        for i in 0..<plane {
          // Differences from green, so that equal channels give their value.
          let green = all[plane + i]
          grey[i] = green + (weights.red * (all[i] - green) + weights.blue * (all[2 * plane + i] - green))
        }
        count = plane
      }
    }
    return Tensor(elements, shape: [height, width])
  }

  /// [1, 3, H, W]: red, green and blue, equal for a grey picture.
  public var colour: Tensor<Float> {
    let elements = samples.shape[0] == 3 ? samples.elements : samples.elements + samples.elements + samples.elements
    return Tensor(elements, shape: [1, 3, height, width])
  }

  /// From pixels whose channels stand in turn, alpha last; `isPremultiplied`: by their alpha.
  init<Sample: FixedWidthInteger & UnsignedInteger>(
    _ pixels: [Sample], _ shape: (width: Int, height: Int, channels: Int), hasAlpha: Bool, isPremultiplied: Bool
  ) {
    let plane = shape.width * shape.height
    let channels = shape.channels
    let colours = channels - (hasAlpha ? 1 : 0)
    let most = Float(Sample.max)
    var isTransparent = false
    let elements = pixels.withUnsafeBufferPointer { pixels in
      [Float](unsafeUninitializedCapacity: plane * colours) { elements, count in
        for channel in 0..<colours {
          for i in 0..<plane {
            elements[channel * plane + i] = Float(pixels[i * channels + channel]) / most
          }
        }
        if hasAlpha {
          for i in 0..<plane where pixels[i * channels + colours] != Sample.max {
            isTransparent = true
            let alpha = Float(pixels[i * channels + colours]) / most
            for channel in 0..<colours {
              let value = elements[channel * plane + i]
              elements[channel * plane + i] = min((isPremultiplied ? value : value * alpha) + (1 - alpha), 1)
            }
          }
        }
        count = plane * colours
      }
    }
    samples = Tensor(elements, shape: [colours, shape.height, shape.width])
    bits = Sample.bitWidth
    self.isTransparent = isTransparent
  }
}
