/// Whether two numbers agree but for so many roundings (units in the last place) of the greater one, or of `scale`
/// where that is greater still.
public func agree<Number: BinaryFloatingPoint>(
  _ a: Number, _ b: Number, roundings: Number, scale: Number = 0
) -> Bool {
  abs(a - b) <= roundings * Number.ulpOfOne * max(abs(a), abs(b), scale)
}
