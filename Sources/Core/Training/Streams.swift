/// Where random numbers come from: Philox4x64-10 with key (seed, stream) and counter (0, 0, index, 0).
///
/// Draw `index` of a stream depends on (seed, stream, index) alone, so resuming needs no state, and NumPy draws the
/// very same numbers: `Generator(Philox(key=[seed, stream], counter=[0, 0, index, 0]))`.
public enum RandomStream: UInt64, Sendable {
  case noise = 0
  case weights = 1
  case phases = 2
  case other = 3
}
