import PerceptualCore

/// The mean of a signal's channels: y[t] = (1/C) sum_c x[c, t].
///
/// Shape: [C, T] to [T]. A single channel is kept as it is.
public func downmix(_ signal: Tensor<Float>) -> Tensor<Float> {
  require(signal.rank == 2 && signal.shape[0] > 0, "signal: shape \(signal.shape), expected [channels, samples]")
  let execution = Execution.current
  let (channels, samples) = (signal.shape[0], signal.shape[1])
  return makeTensor([samples]) { mixed in
    signal.withPointer { signal in
      execution.forEachPiece(of: samples) { offset, length in
        let piece = mixed + offset
        piece.update(from: signal + offset, count: length)
        for c in 1..<max(channels, 1) {
          execution.kernels.accumulate(signal + c * samples + offset, piece, count: length)
        }
        if channels > 1 { for t in 0..<length { piece[t] /= Float(channels) } }
      }
    }
  }
}
