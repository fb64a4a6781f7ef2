import Foundation
import PerceptualCore
import PerceptualFiles
import Testing

@testable import PerceptualExperiments

/// Networks without training state, at half the size.
@Suite struct WeightPrecisionTests {
  @Test func thePapersNetworkTakesUnderAMegabyte() throws {
    let scratch = ScratchDirectory()
    let path = scratch.file("weights.safetensors")
    try Checkpoint.write(Autoencoder(), to: path, metadata: ["seed": "7", "iteration": "425"], precision: .float16)
    let size = try FileBytes.read(path).count
    #expect(size < 1_000_000, "\(size)")
    let (network, metadata) = try Checkpoint.readWithMetadata(path)
    #expect(network.options == AutoencoderOptions())
    #expect(metadata["seed"] == "7" && metadata["iteration"] == "425" && metadata["precision"] == "float16")
  }

  /// Weights are off by half a unit in the last place of a half, everything else by nothing; what comes back from the
  /// file is what `rounded` foretells, and rounding again changes nothing.
  @Test func onlyConvolutionsAreRounded() throws {
    let network = try smallNetwork(channels: 5)
    let rounded = try network.rounded(to: .float16)
    var changed = 0
    for (a, b) in zip(network.tensors, rounded.tensors) {
      #expect(a.name == b.name)
      for (x, y) in zip(a.tensor.elements, b.tensor.elements) {
        if a.tensor.rank == 4 {
          #expect(abs(x - y) <= max(abs(x) * 0x1p-11, 0x1p-25), "\(a.name)")
          if x != y { changed += 1 }
        } else {
          #expect(x == y, "\(a.name)")
        }
      }
    }
    #expect(changed > 100)
    #expect(rounded.identity != network.identity)
    let again = try rounded.rounded(to: .float16)
    let kept = try network.rounded(to: .float32)
    #expect(again.identity == rounded.identity)
    #expect(kept.identity == network.identity)
  }

  /// A half ends at 65504: a tensor with a number beyond stays Float.
  @Test func numbersBeyondAHalfAreKept() throws {
    let network = Autoencoder(AutoencoderOptions(channels: 2))
    var tensors = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.tensor) })
    tensors["3.weight"]?[1] = 70_000
    tensors["1.running_var"]?[0] = 1e-30
    try network.load(tensors)
    let rounded = try network.rounded(to: .float16)
    for (a, b) in zip(network.tensors, rounded.tensors) where ["3.weight", "1.running_var"].contains(a.name) {
      #expect(a.tensor == b.tensor)
    }
  }

  @Test func identityTellsWeightsApart() throws {
    let network = try smallNetwork(channels: 2)
    let again = try smallNetwork(channels: 2)
    #expect(network.identity == again.identity)
    var seen: Set = [network.identity]
    for name in ["0.weight", "1.running_mean", "25.bias"] {
      let other = try smallNetwork(channels: 2)
      var tensors = Dictionary(uniqueKeysWithValues: other.tensors.map { ($0.name, $0.tensor) })
      tensors[name]?[0] += 0.5
      try other.load(tensors)
      #expect(seen.insert(other.identity).inserted, "\(name)")
    }
  }
}
