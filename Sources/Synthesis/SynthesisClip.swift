import PerceptualFiles

extension Synthesis {
  /// A clip as sound: stereo, 48 kHz, 4.208 s.
  public static func render(index: Int, seed: UInt64) -> AudioClip {
    AudioClip(samples: samples(index: index, seed: seed), sampleRate: Int(rate))
  }
}
