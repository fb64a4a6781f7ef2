import Foundation
import PerceptualTestSupport
import Testing

/// `train --resume` takes from the checkpoint what it is not told.
@Suite struct ResumeCommandTests {
  @Test(arguments: [
    "--data noise --loss mse --batch 2 --size 32 --channels 3 --latent-channels 2 --seed 7 --levels 3 --kernel 2",
    "--data noise --loss nlpd --add-loss mse=2 --nlpd-family tensorflow --batch 1 --size 80 --channels 2 --slope 0.1 "
      + "--decoder nearest --decay cosine --initialisation he --iterations 3 --learning-rate 0.002",
    "--data noise --loss mse --batch 1 --size 32 --channels 32 --precision bf16 --encoder-kernel 2 --last-kernel 1",
  ])
  func settingsComeFromTheCheckpoint(_ settings: String) throws {
    let directory = ScratchDirectory()
    let all = "train \(settings) --threads 1".words
    let counted = settings.contains("--iterations") ? [] : ["--iterations", "3"]
    try perceptual(all + counted + ["--out", "whole"], in: directory, exits: 0)
    // The checkpoint of iteration 1 alone, as after an interruption.
    try perceptual(all + counted + ["--out", "begun", "--checkpoint-every", "1"], in: directory, exits: 0)
    for iteration in [2, 3] { try directory.removeCheckpoint(iteration, of: "begun") }
    try perceptual(["train", "--out", "begun", "--resume", "--threads", "1"] + counted, in: directory, exits: 0)
    let last = "checkpoint-000003.safetensors"
    #expect(
      FileManager.default.contents(atPath: directory.file("begun/\(last)"))
        == FileManager.default.contents(atPath: directory.file("whole/\(last)")))
  }

  @Test func everyContradictionIsNamed() throws {
    let directory = ScratchDirectory()
    let begun = "train --data noise --loss mse --batch 2 --size 32 --channels 2 --iterations 1 --out run".words
    try perceptual(begun, in: directory, exits: 0)
    let other = try perceptual(
      "train --out run --resume --batch 3 --size 48 --slope 0.5 --iterations 2".words, in: directory, exits: 64)
    #expect(other.errorLines.count == 1, "\(other.errors)")
    for sentence in [
      "batch is 2, this run has 3", "size is 32, this run has 48", "slope is 0.01, this run has 0.5", "another --out",
    ] {
      #expect(other.errors.contains(sentence), "\(other.errors)")
    }
    // Where there is no checkpoint the settings must be given.
    try perceptual("train --out nothing --resume".words, in: directory, exits: 64, saying: "--data")
  }
}
