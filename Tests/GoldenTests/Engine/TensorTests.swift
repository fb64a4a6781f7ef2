import PerceptualCore
import PerceptualTestSupport
import Testing

@Suite struct TensorTests {
  @Test func placesAreRowMajor() {
    let counted = (0..<24).map(Float.init)
    #expect(Tensor(counted, shape: [4, 6])[2, 3] == 15)
    #expect(Tensor(counted, shape: [2, 3, 4])[1, 2, 3] == 23)
    var images = Tensor(counted, shape: [2, 1, 3, 4])
    #expect(images[1, 0, 1, 2] == 18)
    images[0, 0, 2, 1] = -1
    #expect(images.elements[9] == -1)
  }

  /// Each of these lies within the elements, so that an unchecked sum of products would find another one.
  @Test func otherRanksAndAxesAreRefused() async {
    let rank = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Float>(repeating: 0, shape: [2, 3, 4])[1, 2]
    }
    #expect(rank.stops(with: "index: [1, 2] is outside of shape [2, 3, 4]"))
    let axis = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Double>(repeating: 0, shape: [2, 3, 4])[0, 1, 4]
    }
    #expect(axis.stops(with: "index: [0, 1, 4] is outside of shape [2, 3, 4]"))
    let negative = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var tensor = Tensor<Float>(repeating: 0, shape: [2, 3, 4, 5])
      tensor[1, 0, -1, 2] = 1
    }
    #expect(negative.stops(with: "index: [1, 0, -1, 2] is outside of shape [2, 3, 4, 5]"))
    let matrix = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Float>(repeating: 0, shape: [2, 3])[0, 3]
    }
    #expect(matrix.stops(with: "index: [0, 3] is outside of shape [2, 3]"))
  }
}
