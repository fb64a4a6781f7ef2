/// Table 1 of arXiv 2312.03455: reconstruction of music by six autoencoders.
public enum PaperTable {
  public struct Row: Sendable {
    public let model: TableModel
    public let mse: Double
    public let nlpd: Double
    public let msSSIM: Double

    /// The paper has no SSIM.
    public var scores: Scores { Scores(mse: mse, nlpd: nlpd, msSSIM: msSSIM, ssim: .nan) }
  }

  public static let rows = [
    Row(model: TableModel("music", .mse), mse: 0.003119, nlpd: 3.738, msSSIM: 0.9593),
    Row(model: TableModel("music", .nlpd), mse: 0.008987, nlpd: 2.962, msSSIM: 0.9658),
    Row(model: TableModel("music", .msSSIM), mse: 0.003528, nlpd: 3.390, msSSIM: 0.9717),
    Row(model: TableModel("noise", .mse), mse: 0.03174, nlpd: 7.504, msSSIM: 0.8419),
    Row(model: TableModel("noise", .nlpd), mse: 0.01124, nlpd: 4.912, msSSIM: 0.8995),
    Row(model: TableModel("noise", .msSSIM), mse: 0.02316, nlpd: 5.999, msSSIM: 0.8682),
  ]

  public static func row(_ model: TableModel) -> Row? { rows.first { $0.model == model } }
}
