import PerceptualCore
import PerceptualFiles

/// How exactly a file holds a network's weights.
public enum WeightPrecision: String, Sendable, CaseIterable {
  case float32
  /// The convolutions' weights as IEEE halves, which takes half the room: 3.7 MB at 128 channels. Biases and batch
  /// norm's numbers, one in 350, stay Float: a running variance may lie beyond the range of a half. So does a tensor
  /// that holds a number beyond it.
  case float16

  func stored(_ tensor: Tensor<Float>) -> StoredTensor {
    // The greatest finite half is 65 504.
    let isHalf = self == .float16 && tensor.rank == 4 && tensor.elements.allSatisfy { abs($0) <= 65_504 }
    return isHalf ? .float16(tensor) : .float32(tensor)
  }
}

extension Autoencoder {
  /// The network as it would come back from a file of that precision.
  public func rounded(to precision: WeightPrecision) throws(PerceptualError) -> Autoencoder {
    let file = try SafetensorsFile(bytes: Checkpoint.file(self, metadata: [:], precision: precision).bytes())
    let network = Autoencoder(options)
    try network.load(file.floats)
    return network
  }

  /// A number that tells one set of weights from another: FNV-1a, 64 bits, over what decoding depends on: the tensors
  /// by name in order, bit for bit, with their shapes, and slope, centres and epsilon.
  ///
  /// It guards against mistakes, not against an adversary.
  public var identity: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ word: UInt64, bytes: UInt64) {
      for shift in 0..<bytes { hash = (hash ^ (word >> (8 * shift) & 0xFF)) &* 0x0000_0100_0000_01b3 }
    }
    for number in [options.slope, options.epsilon] + options.centres { add(number.bitPattern, bytes: 8) }
    for (name, tensor) in tensors {
      for byte in name.utf8 { add(UInt64(byte), bytes: 1) }
      for extent in tensor.shape { add(UInt64(extent), bytes: 8) }
      for value in tensor.elements { add(UInt64(value.bitPattern), bytes: 4) }
    }
    return hash
  }
}
