import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct BaselineTests {
  /// Blocks' means keep what is linear within the outermost centres, and the mean everywhere.
  @Test(arguments: [(Baseline.means8, 8), (.means4, 4)]) func blockMeansInterpolate(_ baseline: Baseline, _ side: Int) {
    let (height, width) = (32, 48)
    let ramp = Tensor<Float>(
      (0..<height * width).map { Float($0 / width) / 64 + Float($0 % width) / 128 }, shape: [1, 1, height, width])
    let answer = baseline.answer(ramp)
    for y in side / 2..<height - side / 2 {
      for x in side / 2..<width - side / 2 {
        #expect(abs(answer[y * width + x] - ramp[y * width + x]) < 8 * Float.ulpOfOne)
      }
    }
    let flat = baseline.answer(Tensor<Float>(repeating: 0.375, shape: [2, 1, 16, 16]))
    #expect(flat.elements.allSatisfy { $0 == 0.375 })
    // A block's centre lies between four pixels, whose mean is the block's where its neighbours agree.
    let noisy = noisePictures([1, 1, 16, 16], seed: 2, stream: .noise)
    let mean = noisy.elements.reduce(0, +) / 256
    let kept = baseline.answer(noisy).elements.reduce(0, +) / 256
    #expect(abs(kept - mean) < 0.05)
  }

  @Test func theOthersAreWhatTheySay() {
    let pictures = noisePictures([2, 1, 64, 64], seed: 2, stream: .noise)
    #expect(Baseline.constant.answer(pictures).elements.allSatisfy { $0 == 0.5 })
    let shrunk = Baseline.contrast.answer(pictures)
    #expect(zip(shrunk.elements, pictures.elements).allSatisfy { agree($0, 0.5 + 0.3 * ($1 - 0.5), roundings: 2) })
    let noisy = Baseline.noise.answer(pictures)
    let errors = meanSquaredError(noisy, target: pictures).elements
    // 4096 draws know a variance to 2.2 %.
    for error in errors { #expect(abs(error / 0.0025 - 1) < 4 * 0.022) }
    let isAnother = noisy.elements != Baseline.noise.answer(pictures, seed: 1).elements
    let isSame = noisy.elements == Baseline.noise.answer(pictures).elements
    #expect(isAnother && isSame)
  }
}

@Suite struct EvaluationTests {
  private static let pictures = noisePictures([5, 1, 176, 176], seed: 1, stream: .noise)

  @Test func levelIsTakenOffPictureByPicture() {
    let shifted = Tensor(
      Self.pictures.elements.enumerated().map { $1 + 0.1 * Float($0 / (176 * 176)) }, shape: Self.pictures.shape)
    let evaluation = Evaluation(shifted, target: Self.pictures)
    for (index, scores) in evaluation.clips.enumerated() {
      let offset = 0.1 * Double(index)
      #expect(agree(Float(scores.mse), Float(offset * offset), roundings: 16))
      // A sum and a difference are rounded.
      let rounding = 4 * Double(Float.ulpOfOne)
      #expect(evaluation.withoutMeanError[index].mse <= rounding * rounding)
      #expect(agree(Float(evaluation.withoutMeanError[index].msSSIM), 1, roundings: 8))
    }
  }

  @Test func groupsAreOfNearlyEqualSizeAndDecideBatchStatistics() throws {
    #expect(Autoencoder.groups(of: 195, largest: 64).map(\.count) == [48, 49, 49, 49])
    #expect(Autoencoder.groups(of: 5, largest: 64) == [0..<5])
    let network = try smallNetwork(channels: 4)
    func scores(_ statistics: BatchStatistics, _ group: Int) -> [Scores] {
      Evaluation(network, Self.pictures, statistics: statistics, quantisation: .soft, largestGroup: group).clips
    }
    #expect(scores(.running, 1) == scores(.running, 64))
    #expect(scores(.batch, 1) != scores(.batch, 64))
    #expect(Array(scores(.batch, 3).prefix(2)) != Array(scores(.batch, 5).prefix(2)))
  }

  @Test func hardQuantisationLeavesNothingOffTheCentres() throws {
    let network = try smallNetwork(channels: 4)
    let hard = Evaluation(network, Self.pictures, statistics: .running, quantisation: .hard)
    let soft = Evaluation(network, Self.pictures, statistics: .running, quantisation: .soft)
    #expect(hard.offCentre == [0, 0, 0, 0, 0])
    #expect(soft.offCentre.count == 5 && soft.offCentre.allSatisfy { $0 > 0 && $0 <= 1 })
  }
}

@Suite struct RecordingOverlapTests {
  @Test func findsTheSameFileLinksAndCopies() throws {
    let scratch = ScratchDirectory()
    for name in ["music", "test"] { try scratch.createDirectory(name) }
    for (text, name) in [("one", "music/a.wav"), ("two", "music/b.wav"), ("six", "test/c.wav")] {
      try scratch.write(Array(text.utf8), to: name)
    }
    func find() throws -> [String] {
      try RecordingOverlap.find(
        try AudioFile.list(in: scratch.file("music")), try AudioFile.list(in: scratch.file("test"))
      ).map { FilePath.name(of: $0.0) + " " + FilePath.name(of: $0.1) }
    }
    #expect(try find() == [])
    try scratch.write(Array("two".utf8), to: "test/d.wav")
    #expect(try find() == ["b.wav d.wav"])
    try FileManager.default.createSymbolicLink(
      atPath: scratch.file("test/e.wav"), withDestinationPath: scratch.file("music/a.wav"))
    #expect(try find() == ["a.wav e.wav", "b.wav d.wav"])
    let lists = try (AudioFile.list(in: scratch.file("music")), AudioFile.list(in: scratch.file("test")))
    expectError(.usage, saying: "2 recordings are both") {
      try RecordingOverlap.refuse(training: lists.0, test: lists.1)
    }
  }
}

@Suite struct LearningCurveTests {
  @Test func readsALogAndSkipsWhatIsDamaged() throws {
    let log = """
      {"iteration":1,"loss":0.5,"gradientNorm":2,"seconds":1,"liveLatents":0.9,"offCentreLatents":0.4}
      {"iteration":2,"loss":null,"gradientNorm":1,"seconds":1}
      {"iteration":3,"loss":0.25,"gradi
      {"iteration":4,"loss":0.125,"gradientNorm":0.5,"seconds":1}
      """
    let curves = LearningCurves(log: Array(log.utf8))
    #expect(curves.loss.map(\.x) == [1, 4] && curves.losses == [0.5, 0.125])
    #expect(curves.gradientNorm.map(\.y) == [2, 1, 0.5])
    #expect(curves.liveLatents.map(\.y) == [0.9] && curves.offCentreLatents.map(\.x) == [1])
    let chart = curves.chart(title: "noise, MSE")
    #expect(chart.series.map { $0.points.map(\.y) } == [[1, 0.25], [1, 0.5, 0.25], [0.9], [0.4]])
    #expect(try LearningCurves(contentsOf: "/nowhere/log.jsonl").losses == [])
  }
}
