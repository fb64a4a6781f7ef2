import Foundation

/// The most bits that a quantised latent can carry (Eq. 2 of arXiv 2312.03455): H <= (W H / (2^n 2^n)) m log2(L).
///
/// The paper's autoencoder (m = 128 channels, 256 x 256 pixels, n = 4 halvings, L = 2 centres) is bounded by 32 768
/// bits.
///
/// - Parameters:
///   - channels: m, channels of the latent.
///   - height: of the picture in pixels, a multiple of 2^n.
///   - width: of the picture in pixels, a multiple of 2^n.
///   - downsamplings: n, how often the encoder halves both sides.
///   - centres: L, levels of the quantiser.
/// - Returns: bits.
public func latentEntropyBound(channels: Int, height: Int, width: Int, downsamplings: Int, centres: Int) -> Double {
  require(channels >= 1, "channels: \(channels) given, at least 1 is needed")
  require(downsamplings >= 0 && downsamplings < 32, "downsamplings: \(downsamplings) given, 0 to 31 are possible")
  require(centres >= 1, "centres: \(centres) given, at least 1 is needed")
  let factor = 1 << downsamplings
  require(height >= 1 && height % factor == 0, "height: \(height) given, a multiple of \(factor) is needed")
  require(width >= 1 && width % factor == 0, "width: \(width) given, a multiple of \(factor) is needed")
  return Double(height / factor * (width / factor) * channels) * log2(Double(centres))
}
