import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// 4.208 s of a recording: its sound at 16 kHz and its picture.
public struct Clip: Sendable {
  /// The file it was cut from.
  public let file: String
  /// Seconds from the start of the file.
  public let start: Double
  /// Mono, [67328].
  public let signal: Tensor<Float>
  /// [256, 256], and the logarithms that became 0 and 1.
  public let picture: LogScalingOutput<Float>
}

/// Clips of the paper's length cut from recordings.
public struct ClipSet: Sendable {
  public var clips: [Clip]
  /// A sentence for each file that gave no clip.
  public var skipped: [String]

  /// The pictures side by side, [N, 1, 256, 256].
  public var batch: Tensor<Float> {
    Tensor(clips.flatMap(\.picture.image.elements), shape: [clips.count, 1, PaperAudio.mels, 256])
  }

  /// Cuts up to `limit` clips from the files, as evenly as they allow.
  ///
  /// A file of n clips' length gives at most n clips, spread evenly over it, so that clips never overlap. A file that
  /// is shorter than a clip, that cannot be decoded, or a clip that is silent is skipped, with a sentence. Of a long
  /// file only the clips are decoded. The clips are spread over the threads; the result does not depend on their
  /// number. With a `cache`, clips found there are not made again. Throws `.missing` if no clip is left, and what the
  /// cache throws where it cannot be written.
  public static func load(
    _ files: [String], limit: Int, cache: ClipCache? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(PerceptualError) -> ClipSet {
    let frontEnd = AudioFrontEnd()
    var set = ClipSet(clips: [], skipped: [])
    var room: [(file: String, rate: Int, frames: Int, most: Int)] = []
    for file in files {
      do throws(PerceptualError) {
        let information = try AudioFile.information(file)
        let frames = clipFrames(rate: information.sampleRate)
        if let obstacle = frontEnd.obstacle(frames: frames, rate: information.sampleRate) {
          set.skipped.append("\(file): \(obstacle)")
        } else if information.frames < frames {
          let seconds = String(format: "%.2f", Double(information.frames) / Double(information.sampleRate))
          set.skipped.append("\(file): \(seconds) s long, a clip takes \(PaperAudio.clipSeconds) s")
        } else {
          room.append((file, information.sampleRate, information.frames, information.frames / frames))
        }
      } catch  where error.kind != .inputOutput {
        set.skipped.append(error.description)
      }
    }
    let counts = shares(of: limit, among: room.map(\.most))
    var jobs: [(file: String, rate: Int, first: Int, frames: Int)] = []
    for (entry, count) in zip(room, counts) {
      let frames = clipFrames(rate: entry.rate)
      let slack = entry.frames - count * frames
      jobs += (0..<count).map { index in
        (entry.file, entry.rate, index * frames + slack * (2 * index + 1) / (2 * count), frames)
      }
    }
    let execution = Execution.current
    // A few for each thread at a time: progress is told from here, and what is decoded does not pile up.
    let group = 8 * execution.threads
    for start in stride(from: 0, to: jobs.count, by: group) {
      let part = jobs[start..<min(start + group, jobs.count)]
      let results = execution.map(part.count) { index in
        let job = part[start + index]
        return Result { () throws(PerceptualError) -> Clip? in
          if let cache { return try cache.clip(job.file, from: job.first, frames: job.frames, frontEnd) }
          return try ClipSet.cut(job.file, from: job.first, frames: job.frames)
        }
      }
      for (job, result) in zip(part, results) {
        switch result {
        case .success(let clip?): set.clips.append(clip)
        case .success(nil): set.skipped.append("\(job.file): silent at \(Double(job.first) / Double(job.rate)) s")
        case .failure(let error) where error.kind == .cannotCreate || error.kind == .inputOutput:
          // The cache's fault, not a recording's.
          throw error
        case .failure(let error):
          // Once for a file that is damaged throughout.
          if set.skipped.last != error.description { set.skipped.append(error.description) }
        }
      }
      progress(min(start + group, jobs.count), jobs.count)
    }
    if set.clips.isEmpty {
      let reason = set.skipped.first.map { " (\($0))" } ?? ""
      throw .missing("no usable audio among \(files.count) files\(reason): give recordings of at least 4.21 s")
    }
    return set
  }

  /// One clip; nil if it is silent.
  static func cut(_ file: String, from first: Int, frames: Int) throws(PerceptualError) -> Clip? {
    let audio = try AudioFile.read(file, from: first, frames: frames)
    if audio.samples.elements.allSatisfy({ $0 == 0 }) { return nil }
    return clip(audio, file: file, start: Double(first) / Double(audio.sampleRate))
  }

  /// The clip of a piece of audio: mixed to mono, resampled, cut or filled with silence to 67 328 samples.
  public static func clip(_ audio: AudioClip, file: String, start: Double) -> Clip {
    let frontEnd = AudioFrontEnd()
    let signal = frontEnd.mono(audio.samples, rate: audio.sampleRate).cutOrFilled(to: PaperAudio.clipSamples)
    return Clip(file: file, start: start, signal: signal, picture: frontEnd.image(signal))
  }

  /// Frames of a clip at a file's own rate, enough for 67 328 samples after resampling.
  static func clipFrames(rate: Int) -> Int {
    (PaperAudio.clipSamples * rate + PaperAudio.sampleRate - 1) / PaperAudio.sampleRate
  }

  /// Spreads `limit` over files that hold at most `most` each: one each in turn until all are full.
  static func shares(of limit: Int, among most: [Int]) -> [Int] {
    var counts = [Int](repeating: 0, count: most.count)
    var left = limit
    while left > 0, counts.indices.first(where: { counts[$0] < most[$0] }) != nil {
      for index in counts.indices where left > 0 && counts[index] < most[index] {
        counts[index] += 1
        left -= 1
      }
    }
    return counts
  }
}
