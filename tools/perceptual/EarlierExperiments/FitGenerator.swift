import ArgumentParser
import Fast
import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles
import PerceptualSynthesis

extension ClipLoss: ExpressibleByArgument {}

struct FitGeneratorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit-generator", abstract: "Experiment 004: one clip from one vector of noise.",
    discussion: """
      Trains a small network to turn one fixed vector of noise into a window of 0.743 s of a recording (mono, 11 025 \
      Hz), under each loss by itself, and writes the original, the clip at every checkpoint, a log for each loss, \
      fit-generator.json with the measures of docs/experiments.md and report.html with players, spectrograms and \
      curves. Without AUDIO it takes built-in clips: piano, full mix and drum kit, and speech and a voice over a \
      rhythm where espeak-ng is installed.
      """)

  @Argument(help: ArgumentHelp("Recordings; at least 0.743 s each.", valueName: "audio"))
  var audio: [String] = []
  @Option(help: "The loss to train with; may be repeated. mse and bark by default.")
  var loss: [ClipLoss] = []
  @Option(help: ArgumentHelp("The directory to write to; made if need be.", valueName: "dir"))
  var out: String
  @Option(help: ArgumentHelp("Where the window begins; the middle of the recording by default.", valueName: "seconds"))
  var start: Double?
  @Option(help: ArgumentHelp("Steps of Adam.", valueName: "number"))
  var iterations = 1000
  @Option(help: ArgumentHelp("Iterations between clips that are kept; the last is always kept.", valueName: "number"))
  var checkpointEvery = 250
  @Flag(help: "Also write TensorBoard's event files, of each run in tensorboard/ of --out.")
  var tensorboard = false
  @OptionGroup var seed: SeedOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    if let start, !(start >= 0 && start <= 1e9) {
      throw ValidationError("--start \(start): 0 to 1e9 seconds is needed.")
    }
    try check(start == nil || !audio.isEmpty, "--start places a window in AUDIO: name a recording.")
    try check((1...10_000_000).contains(iterations), "--iterations \(iterations): 1 to 10000000 is needed.")
    try check(checkpointEvery >= 1, "--checkpoint-every \(checkpointEvery): at least 1 is needed.")
  }

  func run() throws {
    try execution.run { try fit() }
  }

  private func fit() throws {
    var sources = try audio.map { try ClipSource(file: $0, start: start) }
    if sources.isEmpty { sources = try builtInSources() }
    var names = Set<String>()
    for source in sources where !names.insert(source.name).inserted {
      throw PerceptualError.usage("\(source.file): two recordings are named \(source.name); rename one of them")
    }
    let losses = ClipLoss.allCases.filter { (loss.isEmpty ? ClipLoss.published : loss).contains($0) }
    try FilePath.createDirectory(out)
    let lock = try DirectoryLock(out)
    defer { withExtendedLifetime(lock) {} }
    var runs: [JSONValue] = []
    var report = ClipReport()
    for source in sources {
      for loss in losses {
        var fit = ClipFit(source, loss: loss, seed: seed.seed)
        fit.iterations = iterations
        fit.checkpointEvery = checkpointEvery
        var progress = Progress("\(source.name), \(loss.rawValue)", total: iterations, unit: "iterations")
        let began = ContinuousClock.now
        let result = try Interruption.awaited { interruption in
          let result = try fit.run(shouldStop: { interruption.signal != nil }) { done, value in
            progress.update(done, loss: value)
          }
          progress.finish()
          try fit.write(result, to: out)
          if tensorboard { try fit.writeEvents(result, to: out) }
          runs.append(fit.json(result))
          try FileBytes.write(Array((JSONValue.array(runs).text + "\n").utf8), to: "\(out)/fit-generator.json")
          if result.wasStopped, let signal = interruption.signal {
            throw Interrupted(signal: signal, saved: "what was finished is in \(out)")
          }
          return result
        }
        report.add(fit, result)
        let seconds = began.duration(to: .now) / .seconds(1)
        printNote("\(source.name), \(loss.rawValue): \(iterations) iterations in \(short(seconds)) s")
      }
    }
    printNote("\(try report.write(to: out)): sounds, pictures, curves")
    let header = ["clip", "loss", "iteration", "value", "highs", "log spectrum", "flatness", "onsets", "STFT", "Bark"]
    try output.print(.array(runs), orLines: aligned([header] + report.rows))
  }

  /// Renders the built-in clips into the output directory and takes their windows.
  private func builtInSources() throws -> [ClipSource] {
    let directory = "\(out)/clips"
    try FilePath.createDirectory(directory)
    var files: [String] = []
    func add(_ name: String, _ clip: AudioClip) throws {
      files.append("\(directory)/\(name).wav")
      try AudioFile.write(clip, to: files[files.count - 1])
    }
    if let voice = try spoken("We put it into practice", speed: 170, in: directory) { try add("speech", voice) }
    for clip in BuiltInClip.allCases { try add(clip.rawValue, clip.render()) }
    if let voice = try spoken("I get it done, I get it right, all day, all night", speed: 260, in: directory) {
      let voice48 = resample(voice.mono.reshaped([1, voice.frames]), from: voice.sampleRate, to: 48_000)
      var rhythm = BuiltInClip.rhythm().samples
      let largest = voice48.elements.reduce(1e-9) { max($0, abs($1)) }
      for i in 0..<min(rhythm.count, voice48.count) { rhythm[i] = 0.5 * rhythm[i] + 0.45 * voice48[i] / largest }
      try add("rhythm-with-voice", AudioClip(samples: rhythm, sampleRate: 48_000))
    } else {
      printNote("espeak-ng is not installed: speech and the voice over a rhythm are left out")
    }
    return try files.map { file in
      // The sentence ends on the sibilant that the experiment speaks of.
      let isSpeech = file.hasSuffix("/speech.wav")
      let length = isSpeech ? try AudioFile.information(file).seconds : 0
      return try ClipSource(file: file, start: isSpeech ? max(0, length - ClipSource.seconds - 0.25) : nil)
    }
  }

  /// A sentence by espeak-ng; nil where it is not installed.
  private func spoken(_ sentence: String, speed: Int, in directory: String) throws -> AudioClip? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let path = "\(directory)/voice.wav"
    process.arguments = ["espeak-ng", "-v", "en-us", "-s", String(speed), "-w", path, sentence]
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return nil }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    defer { FilePath.remove(path) }
    return try AudioFile.read(path)
  }
}
