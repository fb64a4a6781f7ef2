import Fast
import PerceptualCore
import PerceptualFiles

/// Code and sound are computed by the baseline's inner loops whatever the machine has: rounding differs from one
/// instruction set to the next, a latent halfway between two centres may turn, and Griffin-Lim carries the least
/// difference of two pictures into another choice of phases.
private func reproducibly<Value>(
  _ body: () throws(PerceptualError) -> Value
) throws(PerceptualError) -> Value {
  try Execution(threads: Execution.current.threads, instructionSet: .baseline).run(body)
}

extension Autoencoder {
  /// Audio of any rate and channels as code: mixed to one channel, resampled to 16 kHz, cut into clips
  /// (``CodeLayout``), each clip's picture scaled to its own range, encoded with running statistics and quantised to
  /// the nearest centres.
  ///
  /// Throws `.usage` where the network has more channels or centres than the header can say, `.malformed` where the
  /// audio is empty or too long. The same file for any number of threads and under every instruction set.
  public func encode(_ audio: AudioClip, source: String = "audio") throws(PerceptualError) -> CodeFile {
    try reproducibly { () throws(PerceptualError) in try encoded(audio, source: source) }
  }

  private func encoded(_ audio: AudioClip, source: String) throws(PerceptualError) -> CodeFile {
    guard options.latentChannels <= Int(UInt16.max), options.centres.count <= Int(UInt8.max) else {
      throw .usage(
        "\(options.latentChannels) channels of the latent and \(options.centres.count) centres: a code file has room "
          + "for \(UInt16.max) and \(UInt8.max)")
    }
    let frontEnd = AudioFrontEnd()
    let signal = try frontEnd.signal(audio, source: source)
    guard (1...CodeLayout.mostSamples).contains(signal.count) else {
      throw .malformed(
        "\(source): 1 to \(CodeLayout.mostSamples) samples at 16 kHz were expected, found \(signal.count); "
          + "give another recording")
    }
    if signal.elements.contains(where: { !$0.isFinite }) {
      throw .malformed("\(source): samples that are not finite; clean the recording first")
    }
    let layout = CodeLayout(samples: signal.count, channels: options.latentChannels, centres: options.centres.count)
    let clips = (0..<layout.clips).map { clip in
      let window = layout.window(clip: clip)
      let part = signal.elements.dropFirst(window.first).prefix(window.count)
      let samples = Tensor(Array(part)).cutOrFilled(to: window.count)
      let picture = frontEnd.image(samples)
      let width = layout.width(clip: clip)
      let input = picture.image.columns(width).reshaped([1, 1, picture.image.shape[0], width])
      return CodeFile.Clip(low: picture.low[0], high: picture.high[0], indices: codes(input)[0].map { UInt8($0) })
    }
    return CodeFile(weights: identity, layout: layout, clips: clips)
  }

  /// The picture of each clip, [256, frames], from the code alone. Throws `.malformed` if other weights wrote it.
  public func pictures(
    _ file: CodeFile, source: String = "code"
  ) throws(PerceptualError) -> [LogScalingOutput<Float>] {
    try reproducibly { () throws(PerceptualError) in try decodedPictures(file, source: source) }
  }

  private func decodedPictures(
    _ file: CodeFile, source: String
  ) throws(PerceptualError) -> [LogScalingOutput<Float>] {
    let identity = identity
    guard file.weights == identity, file.layout.channels == options.latentChannels,
      file.layout.centres == options.centres.count
    else {
      throw .malformed(
        "\(source): written with the weights \(hexadecimal(file.weights, digits: 16)), but the checkpoint holds "
          + "\(hexadecimal(identity, digits: 16)): give the checkpoint that encoded it")
    }
    return file.clips.enumerated().map { number, clip in
      let size = file.layout.latentSize(clip: number)
      let answer = decode(clip.indices, rows: size.rows, columns: size.columns)
      return LogScalingOutput(
        image: answer.columns(file.layout.frames(clip: number)), low: Tensor([clip.low]), high: Tensor([clip.high]))
    }
  }

  /// The sound of a code file: mono, 16 kHz, as long as what was encoded. The clips' logarithms are put side by side
  /// and one Griffin-Lim, whose phases start from stream 2 of `seed`, runs over the whole, so that no seam is heard as
  /// a click.
  /// The same samples for any number of threads and under every instruction set.
  public func decode(_ file: CodeFile, seed: UInt64 = 0, source: String = "code") throws(PerceptualError) -> AudioClip {
    try reproducibly { () throws(PerceptualError) in
      let picture = Self.joined(try decodedPictures(file, source: source))
      return AudioFrontEnd().sound(picture, seed: seed, length: file.samples)
    }
  }

  /// Pictures side by side over their common range; a single one as it is.
  static func joined(_ pictures: [LogScalingOutput<Float>]) -> LogScalingOutput<Float> {
    if pictures.count == 1 { return pictures[0] }
    let low = pictures.reduce(Float.infinity) { min($0, $1.low[0]) }
    let high = pictures.reduce(-Float.infinity) { max($0, $1.high[0]) }
    let span = high > low ? high - low : 1
    let rows = pictures.first?.image.shape[0] ?? 0
    let frames = pictures.reduce(0) { $0 + $1.image.shape[1] }
    var image = Tensor<Float>(shape: [rows, frames])
    var first = 0
    for picture in pictures {
      let (scale, shift) = ((picture.high[0] - picture.low[0]) / span, (picture.low[0] - low) / span)
      for row in 0..<rows {
        for column in 0..<picture.image.shape[1] {
          image[row, first + column] = shift + scale * picture.image[row, column]
        }
      }
      first += picture.image.shape[1]
    }
    return LogScalingOutput(image: image, low: Tensor([low]), high: Tensor([high]))
  }

  /// The picture [16 rows, 16 columns] of centres' indices [channels, rows, columns], with running statistics.
  func decode(_ indices: [UInt8], rows: Int, columns: Int) -> Tensor<Float> {
    require(
      indices.count == options.latentChannels * rows * columns,
      "indices: \(indices.count) given, \(options.latentChannels * rows * columns) are needed")
    let multiple = AutoencoderOptions.sizeMultiple
    let pass = inferencePass(images: 1, height: rows * multiple, width: columns * multiple)
    let centres = options.centres.map { Float($0) }
    let latent = indices.map { centres[Int($0)] }
    pass.decode(latent)
    return Tensor(pass.output, shape: [rows * multiple, columns * multiple])
  }
}
