/// x as the nearest number of bf16: 8 significant bits, ties to even; infinity beyond its largest, 0 below the smallest
/// normal number, 2^-126, as in the products of AVX512_BF16.
///
/// Source: Intel, "BFLOAT16 - Hardware Numerics Definition", 2018.
@inlinable
public func bfloat16<Scalar: BinaryFloatingPoint>(_ x: Scalar) -> Scalar {
  if !x.isFinite { return x }
  if x.magnitude < Scalar(sign: .plus, exponent: -126, significand: 1) { return x * 0 }
  let unit = Scalar(sign: .plus, exponent: x.exponent - 7, significand: 1)
  let rounded = (x / unit).rounded(.toNearestOrEven) * unit
  let largest = 255 * Scalar(sign: .plus, exponent: 120, significand: 1)
  return rounded.magnitude > largest ? rounded * .infinity : rounded
}
