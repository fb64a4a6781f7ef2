import PerceptualCore

// What the audio operations read from their attributes, with everything checked that a caller of the library
// must see to.

extension Attributes {
  static let shortTime: [AttributeDescription] = ["windowLength", "hop", "centred"]
  static let band: [AttributeDescription] = [
    .init("lowFrequency", default: "0"), .init("highFrequency", default: "sampleRate / 2"),
    .init("scale", default: "\"htk\""), .init("norm", default: "\"none\""),
  ]

  /// windowLength, hop and centred.
  func shortTime(centredDefault: Bool? = nil) throws(PerceptualError) -> ShortTimeOptions {
    ShortTimeOptions(
      windowLength: try integer("windowLength", atLeast: 2), hop: try integer("hop", atLeast: 1),
      centred: try bool("centred", default: centredDefault))
  }

  /// sampleRate and the attributes of `band`, for a bank of `bins` and `mels`.
  func melBank(bins: Int, mels: Int) throws(PerceptualError) -> MelFilterBankOptions {
    let rate = try number("sampleRate")
    guard rate >= 1e-3, rate <= 1e12 else {
      throw .malformed("attribute sampleRate: 0.001 to 1e12 was expected, found \(rate)")
    }
    guard bins >= 2 else { throw .malformed("attribute bins: at least 2 were expected, found \(bins)") }
    guard mels <= 1 << 16 else { throw .malformed("mels: \(mels) given, at most 65536 are possible") }
    let low = try number("lowFrequency", default: 0)
    let high = try number("highFrequency", default: rate / 2)
    guard low >= 0, low < high, high.isFinite else {
      throw .malformed(
        "attributes lowFrequency \(low) and highFrequency \(high): 0 or more was expected, and low below high")
    }
    // Filters' edges must be numbers apart, also where those of a few hertz lose digits to the scales' constants.
    guard high - low >= 1e-9 * Double(mels + 1) * max(high, 1) else {
      throw .malformed(
        "attributes lowFrequency \(low) and highFrequency \(high): room for \(mels) filters between was expected")
    }
    return MelFilterBankOptions(
      sampleRate: rate, bins: bins, mels: mels, lowFrequency: low, highFrequency: high,
      scale: try choice("scale", default: .htk), norm: try choice("norm", default: MelNorm.none))
  }
}

extension CaseShapes {
  /// Throws unless there is a signal of a frame or more, long enough for the reflection.
  func checkSignal(_ options: ShortTimeOptions) throws(PerceptualError) {
    try checkShape("signal", [nil])
    let samples = count("signal")
    guard samples > options.margin, options.frames(samples: samples) >= 1 else {
      let needed = options.centred ? "more than \(options.margin)" : "at least \(options.windowLength)"
      throw .malformed("input.signal has \(samples) samples, expected \(needed)")
    }
  }
}
