import Fast
import PerceptualCore

/// A latent whose width is no multiple of what fused blocks take, widened by channels of zeros for their sake: weights,
/// biases, gamma and beta of the further channels are 0, so that these are 0 themselves and nothing that follows sees
/// them.
final class PaddedLatent {
  private unowned let network: Autoencoder
  /// Channels of the latent and of the widened one.
  let channels: Int
  let width: Int
  /// Of the blocks before and behind the latent, as far as they are widened, under the network's names.
  let parameters: ParameterStore
  let gradient: ParameterStore
  let statistics: ParameterStore
  /// Which axis of a tensor is the latent's, where it is not the first.
  private let axes: [String: Int]

  /// Nil where the latent is as wide as blocks take it.
  init?(_ network: Autoencoder) {
    let multiple = ConvolutionBlock.channelMultiple
    channels = network.options.latentChannels
    width = (channels + multiple - 1) / multiple * multiple
    if width == channels { return nil }
    self.network = network
    let (before, behind) = (network.layers[Autoencoder.latentLayer], network.layers[Autoencoder.latentLayer + 1])
    let shapes = [
      ("\(before.convolution).weight", before.stage.weightShape(inputs: before.inputs, outputs: width)),
      ("\(before.convolution).bias", [width]), ("\(before.normalization).weight", [width]),
      ("\(before.normalization).bias", [width]),
      ("\(behind.convolution).weight", behind.stage.weightShape(inputs: width, outputs: behind.outputs)),
    ]
    axes = ["\(behind.convolution).weight": behind.stage.kind == .transposed ? 0 : 1]
    parameters = ParameterStore(shapes)
    gradient = ParameterStore(shapes)
    statistics = ParameterStore([
      ("\(before.normalization).running_mean", [width]), ("\(before.normalization).running_var", [width]),
    ])
  }

  /// Before a pass: the network's numbers.
  func take() {
    copy(network.parameters, parameters, toWide: true)
    copy(network.statistics, statistics, toWide: true)
  }

  /// After a pass that moves them.
  func returnStatistics() { copy(network.statistics, statistics, toWide: false) }
  func returnGradient(_ store: ParameterStore) { copy(store, gradient, toWide: false) }

  private func copy(_ narrow: ParameterStore, _ wide: ParameterStore, toWide: Bool) {
    for entry in wide.entries {
      let axis = axes[entry.name] ?? 0
      let inner = entry.shape[(axis + 1)...].reduce(1, *)
      let (short, long) = (channels * inner, width * inner)
      for outer in 0..<entry.shape[..<axis].reduce(1, *) {
        let (a, b) = (narrow.pointer(entry.name) + outer * short, wide.pointer(entry.name) + outer * long)
        if toWide { b.update(from: a, count: short) } else { a.update(from: b, count: short) }
      }
    }
  }

  /// The latent's own channels of [image][block of 16 channels][pixel][16], [image][channel][pixel].
  func narrow(_ wide: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, images: Int, pixels: Int) {
    forEach(images: images, pixels: pixels) { output[$0] = wide[$1] }
  }
  /// And back, into zeros.
  func widen(_ x: UnsafePointer<Float>, _ wide: UnsafeMutablePointer<Float>, images: Int, pixels: Int) {
    forEach(images: images, pixels: pixels) { wide[$1] = x[$0] }
  }

  private func forEach(images: Int, pixels: Int, _ body: (_ narrow: Int, _ wide: Int) -> Void) {
    for image in 0..<images {
      for channel in 0..<channels {
        let plane = (image * (width / 16) + channel / 16) * pixels * 16 + channel % 16
        for pixel in 0..<pixels { body((image * channels + channel) * pixels + pixel, plane + pixel * 16) }
      }
    }
  }
}
