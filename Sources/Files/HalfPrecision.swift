// Half precision by bit pattern: Float16 is absent on some platforms, and bfloat16 is no Swift type.

/// The value of an IEEE 754 half, exactly; a NaN keeps its payload.
func widened(half: UInt16) -> Float {
  let sign = UInt32(half & 0x8000) << 16
  let exponent = UInt32(half >> 10) & 0x1F
  let fraction = UInt32(half & 0x3FF)
  switch exponent {
  case 0:
    // Subnormal: fraction x 2^-24, exact in Float.
    return Float(bitPattern: (Float(fraction) * 0x1p-24).bitPattern | sign)
  case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}

/// The half nearest to `value`, ties to even; a NaN keeps the high bits of its payload and stays a NaN.
func roundedToHalf(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
  let magnitude = bits & 0x7FFF_FFFF
  if magnitude > 0x7F80_0000 {
    let payload = UInt16(truncatingIfNeeded: magnitude >> 13) & 0x3FF
    return sign | 0x7C00 | (payload == 0 ? 0x200 : payload)
  }
  // 65520, halfway between the largest half and the next power of two, is the first to round to infinity.
  if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
  // Below 2^-14 the spacing is 2^-24: adding 0.5, whose unit in the last place is 2^-24, rounds to it.
  if magnitude < 0x3880_0000 {
    let rounded = Float(bitPattern: magnitude) + 0.5
    return sign | UInt16(truncatingIfNeeded: rounded.bitPattern &- Float(0.5).bitPattern)
  }
  let rounded = magnitude &+ 0xFFF &+ (magnitude >> 13 & 1)
  return sign | UInt16(truncatingIfNeeded: (rounded >> 13) &- (112 << 10))
}

/// The value of a bfloat16, exactly.
func widened(brain: UInt16) -> Float { Float(bitPattern: UInt32(brain) << 16) }

/// The bfloat16 nearest to `value`, ties to even; a NaN keeps the high bits of its payload and stays a NaN.
func roundedToBrain(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if value.isNaN {
    let high = UInt16(truncatingIfNeeded: bits >> 16)
    return high & 0x7F == 0 ? high | 0x40 : high
  }
  return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
}
