import ArgumentParser

@main
struct Perceptual: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perceptual", abstract: "Perceptual losses, the paper's experiment, and the checks that hold them.")
}
