import Fast
import Foundation
import PerceptualCHeader
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

/// What `perceptual_model` is. A network keeps working memory: one call at a time has it.
private final class Model {
  private let network: Autoencoder
  private let turn = NSLock()

  init(_ network: Autoencoder) { self.network = network }

  func use<Value>(_ body: (Autoencoder) throws(PerceptualError) -> Value) throws(PerceptualError) -> Value {
    turn.lock()
    defer { turn.unlock() }
    return try body(network)
  }
}

@c @implementation
public func perceptual_model_read(
  _ path: UnsafePointer<CChar>!, _ model: UnsafeMutablePointer<OpaquePointer?>!
) -> Int32 {
  status { () throws(PerceptualError) in
    let place = try given(model, "model")
    place.pointee = handle(Model(try Checkpoint.read(try text(path, "path"))))
  }
}

@c @implementation
public func perceptual_model_free(_ model: OpaquePointer!) { release(model, Model.self) }

@c @implementation
public func perceptual_model_reconstruct(
  _ model: OpaquePointer!, _ pictures: UnsafePointer<Float>!, _ shape: UnsafePointer<Int64>!,
  _ statistics: UnsafePointer<CChar>!, _ quantisation: UnsafePointer<CChar>!, _ threads: Int32,
  _ reconstructions: UnsafeMutablePointer<Float>!
) -> Int32 {
  status { () throws(PerceptualError) in
    let model = try object(model, Model.self, "model")
    let pictures = try given(pictures, "pictures")
    let place = try given(reconstructions, "reconstructions")
    let execution = try execution(threads)
    let statistics: BatchStatistics = try choice(statistics, "statistics")
    let quantisation: Quantisation = try choice(quantisation, "quantisation")
    let shape = try PerceptualC.shape(shape, rank: 4, "pictures")
    let multiple = AutoencoderOptions.sizeMultiple
    if shape[0] < 1 || shape[1] != 1 || shape[2...].contains(where: { $0 < multiple || $0 % multiple != 0 }) {
      throw .usage(
        "pictures: shape \(shape) given, [N, 1, H, W] with sides that are multiples of \(multiple) is needed")
    }
    let count = shape.reduce(1, *)
    if statistics == .batch && count == multiple * multiple {
      throw .usage("pictures: one of \(multiple)x\(multiple) has no batch statistics: give more, or larger ones")
    }
    let input = Tensor(Array(UnsafeBufferPointer(start: pictures, count: count)), shape: shape)
    let output = try model.use { network throws(PerceptualError) in
      let images = statistics == .batch ? shape[0] : min(shape[0], 4)
      // The largest activation and its neighbours.
      try checkMemory(images * shape[2] * shape[3], numbersEach: 4 * network.options.channels, "pictures")
      return try execution.run { () throws(PerceptualError) in
        network.reconstruct(input, statistics: statistics, quantisation: quantisation, largestGroup: shape[0])
      }
    }
    output.copy(to: place)
  }
}

@c @implementation
public func perceptual_model_encode(
  _ model: OpaquePointer!, _ recording: UnsafePointer<CChar>!, _ code: UnsafePointer<CChar>!
) -> Int32 {
  status { () throws(PerceptualError) in
    let model = try object(model, Model.self, "model")
    let (recording, code) = (try text(recording, "recording"), try text(code, "code"))
    let audio = try AudioFile.read(recording)
    let file = try model.use { network throws(PerceptualError) in try network.encode(audio, source: recording) }
    try FileBytes.write(file.bytes(entropyCoded: true), to: code)
  }
}

@c @implementation
public func perceptual_model_decode(
  _ model: OpaquePointer!, _ code: UnsafePointer<CChar>!, _ recording: UnsafePointer<CChar>!
) -> Int32 {
  status { () throws(PerceptualError) in
    let model = try object(model, Model.self, "model")
    let (code, recording) = (try text(code, "code"), try text(recording, "recording"))
    let file = try CodeFile(bytes: try FileBytes.read(code), source: code)
    let audio = try model.use { network throws(PerceptualError) in try network.decode(file, source: code) }
    try AudioFile.write(audio, to: recording)
  }
}
