/// In what the two factors of a convolution's products are held; the sums are in single precision.
public enum ProductPrecision: String, Sendable, CaseIterable {
  /// Single precision: 24 significant bits.
  case fp32
  /// bf16: 8 significant bits, rounded to nearest, ties to even, and the range of single precision. Its products are
  /// exact in single precision.
  case bf16
}
