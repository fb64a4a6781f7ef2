/// Table 1 of arXiv 2312.03455: reconstruction of music by six autoencoders.
public enum PaperTable {
  public struct Row: Sendable {
    /// "music" for P(x), "noise" for U(x).
    public let data: String
    public let loss: TrainingLoss
    public let mse: Double
    public let nlpd: Double
    public let msSSIM: Double
  }

  public static let rows = [
    Row(data: "music", loss: .mse, mse: 0.003119, nlpd: 3.738, msSSIM: 0.9593),
    Row(data: "music", loss: .nlpd, mse: 0.008987, nlpd: 2.962, msSSIM: 0.9658),
    Row(data: "music", loss: .msSSIM, mse: 0.003528, nlpd: 3.390, msSSIM: 0.9717),
    Row(data: "noise", loss: .mse, mse: 0.03174, nlpd: 7.504, msSSIM: 0.8419),
    Row(data: "noise", loss: .nlpd, mse: 0.01124, nlpd: 4.912, msSSIM: 0.8995),
    Row(data: "noise", loss: .msSSIM, mse: 0.02316, nlpd: 5.999, msSSIM: 0.8682),
  ]

  /// P(x) or U(x), as the paper writes it.
  public static func symbol(_ data: String) -> String { data == "music" ? "P(x)" : "U(x)" }
}
