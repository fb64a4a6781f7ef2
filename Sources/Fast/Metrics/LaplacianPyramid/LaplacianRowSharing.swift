/// Whether the rows of one picture are shared among threads, and how they are cut.
struct LaplacianRowSharing {
  let execution: Execution
  let isShared: Bool

  /// Runs `body` with rows that together are 0 ..< `rows`, each once; if shared, on several threads at a time. No row's
  /// result may depend on where the rows are cut.
  func forEach(rows: Int, _ body: (Range<Int>) -> Void) {
    if !isShared {
      body(0..<rows)
      return
    }
    // High enough that what two pieces both need is little, and even, so that halved rows have one owner.
    let each = (max(Self.leastHeight, (rows + execution.threads - 1) / execution.threads) + 3) / 4 * 4
    execution.forEach((rows + each - 1) / each) { piece in
      body(piece * each..<min((piece + 1) * each, rows))
    }
  }

  static let leastHeight = 24
}
