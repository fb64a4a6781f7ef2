import PerceptualConformance
import PerceptualTestSupport
import Testing

/// Finite, or refused with a sentence: whatever the images, whatever the settings, never NaN.
@Suite struct HostileImageTests {
  /// The sides that are tried.
  static let sides: [Side] = [.reference, .referenceFloat, .fast]

  @Test(arguments: sides, hostileMetrics)
  func finiteOrRefused(_ side: Side, _ metric: HostileMetric) {
    #expect(hostilePairs.compactMap { hostileFailure(side, metric, $0) } == [])
  }

  @Test func thereAreEnough() {
    #expect(hostilePairs.count >= 60)
    #expect(Set(hostilePairs.map(\.label)).count == hostilePairs.count)
  }
}
