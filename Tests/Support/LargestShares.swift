import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import Synchronization

import class Foundation.ProcessInfo

/// The largest shares of allowances that cross-checks use: where PERCEPTUAL_SHARES names a file, a line of it for each
/// share that is larger than those before, which tools/tolerances reads.
final class LargestShares: Sendable {
  static let shared = ProcessInfo.processInfo.environment["PERCEPTUAL_SHARES"].map { LargestShares(path: $0) }

  private let path: String
  private let shares = Mutex<[ToleranceRow: Double]>([:])

  private init(path: String) { self.path = path }

  func add(_ checked: [CheckedTensor]) throws(PerceptualError) {
    let result = shares.withLock { shares in
      Result { () throws(PerceptualError) in
        for tensor in checked where tensor.comparison.share > shares[ToleranceRow(tensor), default: -1] {
          shares[ToleranceRow(tensor)] = tensor.comparison.share
          try AppendingFile(path).append(ToleranceRow(tensor).line(share: tensor.comparison.share))
        }
      }
    }
    try result.get()
  }
}
