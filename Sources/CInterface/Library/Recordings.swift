import PerceptualCHeader
import PerceptualCore
import PerceptualFiles

@c @implementation
public func perceptual_recording_information(
  _ path: UnsafePointer<CChar>!, _ rate: UnsafeMutablePointer<Int32>!, _ channels: UnsafeMutablePointer<Int32>!,
  _ frames: UnsafeMutablePointer<Int64>!
) -> Int32 {
  status { () throws(PerceptualError) in
    let information = try AudioFile.information(try text(path, "path"))
    rate?.pointee = Int32(clamping: information.sampleRate)
    channels?.pointee = Int32(clamping: information.channels)
    frames?.pointee = Int64(information.frames)
  }
}

@c @implementation
public func perceptual_recording_read(
  _ path: UnsafePointer<CChar>!, _ from: Int64, _ frames: Int64, _ channels: Int32,
  _ samples: UnsafeMutablePointer<Float>!
) -> Int32 {
  status { () throws(PerceptualError) in
    let path = try text(path, "path")
    let place = try given(samples, "samples")
    let information = try AudioFile.information(path)
    if Int(channels) != information.channels {
      throw .usage("channels: \(channels) given, \(path) has \(information.channels)")
    }
    if from < 0 || frames < 1 || from > information.frames || frames > Int64(information.frames) - from {
      throw .usage(
        "frames: \(frames) from \(from) on are wanted, \(path) has \(information.frames); at least 1 is needed")
    }
    let clip = try AudioFile.read(path, from: Int(from), frames: Int(frames))
    if clip.samples.count != Int(frames) * information.channels {
      throw .malformed("\(path): \(frames) frames were expected, found \(clip.frames)")
    }
    clip.samples.copy(to: place)
  }
}

@c @implementation
public func perceptual_recording_write(
  _ path: UnsafePointer<CChar>!, _ samples: UnsafePointer<Float>!, _ channels: Int32, _ frames: Int64, _ rate: Int32
) -> Int32 {
  status { () throws(PerceptualError) in
    let path = try text(path, "path")
    let samples = try given(samples, "samples")
    for (name, number) in [("channels", Int64(channels)), ("frames", frames), ("rate", Int64(rate))] where number < 1 {
      throw .usage("\(name): \(number) given, at least 1 is needed")
    }
    let count = Int64(channels).multipliedReportingOverflow(by: frames)
    if count.overflow || count.partialValue > Int64(AudioFile.largestClip) {
      throw .usage(
        "frames: \(channels) channels of \(frames) given, \(AudioFile.largestClip) samples at most are possible")
    }
    let elements = Array(UnsafeBufferPointer(start: samples, count: Int(count.partialValue)))
    try AudioFile.write(
      AudioClip(samples: Tensor(elements, shape: [Int(channels), Int(frames)]), sampleRate: Int(rate)), to: path)
  }
}
