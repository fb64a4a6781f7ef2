import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct MelFilterBankTests {
  static func sample(
    _ label: String, _ rate: Double, _ bins: Int, _ mels: Int, _ more: [String: JSONValue] = [:]
  ) -> Sample {
    Sample(
      label, [:],
      ["sampleRate": .number(rate), "bins": .integer(bins), "mels": .integer(mels)].merging(more) { $1 })
  }

  static let samples = [
    sample("smallest", 8000, 2, 1),
    sample("the paper's", 16_000, 513, 256),
    sample("Slaney's scale and norm", 22_050, 129, 40, ["scale": "slaney", "norm": "slaney"]),
    sample("a band", 16_000, 101, 13, ["lowFrequency": 80.5, "highFrequency": 7600]),
    sample("a band above the bins", 8000, 33, 5, ["lowFrequency": 5000, "highFrequency": 9000]),
    sample("more filters than bins", 8000, 17, 31),
    sample("an odd rate", 11_025, 33, 12, ["scale": "slaney"]),
  ]

  @Test(arguments: samples)
  func agreesWithReference(_ sample: Sample) throws {
    try expectAgreement(MelFilterBank.self, sample, fill: .normals)
  }

  /// Why TorchAudio's inverse fails on it.
  @Test func paperBankIsRankDeficient() {
    let bank: Tensor<Double> = Reference.melFilterBank()
    let empty = (0..<256).filter { m in (0..<513).allSatisfy { bank[$0, m] == 0 } }
    #expect(empty == [0])
    #expect(numericalRank(bank) == 230)
  }

  @Test func filtersAreTriangles() {
    let options = MelFilterBankOptions(bins: 4001, mels: 6)
    let bank: Tensor<Double> = Reference.melFilterBank(options)
    for m in 0..<6 {
      let filter = (0..<4001).map { bank[$0, m] }
      let peak = filter.indices.max { filter[$0] < filter[$1] } ?? 0
      #expect(filter.allSatisfy { $0 >= 0 && $0 <= 1 })
      #expect(filter[peak] > 0.99)
      #expect(zip(filter[..<peak], filter[1...peak]).allSatisfy { $0 <= $1 })
      #expect(zip(filter[peak...].dropLast(), filter[(peak + 1)...]).allSatisfy { $0 >= $1 })
    }
    // Between the first and the last peak two neighbours sum to 1.
    let middle = (0..<4001).filter { bank[$0, 1] == 1 || bank[$0, 2] > 0 }
    for k in middle where bank[k, 5] == 0 {
      #expect(agree((0..<6).reduce(0) { $0 + bank[k, $1] }, 1, roundings: 64))
    }
  }

  /// Slaney's norm gives every filter unit area in hertz.
  @Test func slaneyNormHasUnitArea() {
    let options = MelFilterBankOptions(bins: 8001, mels: 12, scale: .slaney, norm: .slaney)
    let bank: Tensor<Double> = Reference.melFilterBank(options)
    for m in 0..<12 {
      let area = (0..<8001).reduce(0) { $0 + bank[$1, m] }
      #expect(abs(area - 1) < 1e-4, "filter \(m) has area \(area)")
    }
  }
}
