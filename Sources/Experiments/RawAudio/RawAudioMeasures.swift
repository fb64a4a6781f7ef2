import Fast
import Foundation
import PerceptualCore

/// Means over windows [N, 2048] of ``ClipMeasures``; energies are added up before their ratio is taken.
/// The Bark distance is that of ``BarkDistanceOptions/rawAutoencoder``.
func rawAudioMeasures(_ output: Tensor<Float>, target: Tensor<Float>) -> [(name: String, value: Double)] {
  let count = target.shape[0]
  let window = target.shape[1]
  let distances = barkDistance(output, target: target, options: .rawAutoencoder)
  let each = Execution.current.map(count) { n in
    let range = n * window..<(n + 1) * window
    return ClipMeasures(
      Tensor(Array(output.elements[range])), original: Tensor(Array(target.elements[range])),
      barkDistance: Double(distances[n]))
  }
  return ClipMeasures.keys.map { name, measure in
    let values = each.map { $0[keyPath: measure] }
    // Ratios have no mean worth the name: their geometric one, within a millionth and a million.
    let isRatio = name == "highFrequencyEnergyRatio" || name == "onsetSharpness"
    let sum = values.reduce(0) { $0 + (isRatio ? log(min(max($1, 1e-6), 1e6)) : $1) } / Double(count)
    return (name, isRatio ? exp(sum) : sum)
  }
}
