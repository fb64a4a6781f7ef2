import Foundation
import PerceptualFiles

/// A scale of 256 colours for numbers.
///
/// The colours run through OKLab (Ottosson 2020), where equal distances look equal: lightness rises in equal steps, hue
/// and chroma follow control points, and chroma yields where sRGB cannot show it.
public struct ColourMap: Sendable {
  /// For 0 ... 1, first to last.
  public let colours: [Colour]

  /// The colour of `value`, 0 ... 1; beyond is limited, NaN is grey.
  public func callAsFunction(_ value: Float) -> Colour {
    value.isNaN ? Colour(grey: 128) : colours[Int((min(max(value, 0), 1) * 255).rounded())]
  }

  /// For levels: near-black over violet, crimson and orange to pale yellow, lightness strictly rising.
  public static let level = ColourMap(
    lightness: (0.13, 0.97),
    control: [
      (0, 0.03, 285), (0.2, 0.13, 292), (0.4, 0.17, 345), (0.6, 0.18, 395), (0.8, 0.15, 430), (1, 0.07, 465),
    ])

  /// For differences: blue below, near-white at the middle, red above, equally dark at both ends.
  public static let difference = ColourMap(
    colours: (0..<256).map { index in
      let signed = (Double(index) - 127.5) / 127.5
      let strength = abs(signed)
      return OKLab(lightness: 0.97 - 0.5 * strength, chroma: 0.15 * strength, hue: signed < 0 ? 258 : 28).colour
    })

  init(colours: [Colour]) { self.colours = colours }

  /// `control`: place in 0 ... 1, chroma, hue in degrees; in between, straight lines.
  init(lightness: (Double, Double), control: [(Double, Double, Double)]) {
    colours = (0..<256).map { index in
      let place = Double(index) / 255
      var next = 1
      while next < control.count - 1 && control[next].0 < place { next += 1 }
      let (a, b) = (control[next - 1], control[next])
      let share = (place - a.0) / (b.0 - a.0)
      return OKLab(
        lightness: lightness.0 + (lightness.1 - lightness.0) * place, chroma: a.1 + (b.1 - a.1) * share,
        hue: a.2 + (b.2 - a.2) * share
      ).colour
    }
  }
}

/// A colour in OKLab, polar.
struct OKLab {
  /// 0 black, 1 white.
  var lightness: Double
  var chroma: Double
  /// Degrees.
  var hue: Double

  /// In sRGB, with the greatest chroma up to the wanted one that sRGB can show.
  var colour: Colour {
    var least = 0.0
    var most = chroma
    if isShown(most) { least = most }
    while most - least > 1e-4 {
      let middle = (least + most) / 2
      if isShown(middle) { least = middle } else { most = middle }
    }
    let (red, green, blue) = linear(least)
    func encoded(_ value: Double) -> UInt8 {
      let value = min(max(value, 0), 1)
      let curved = value <= 0.0031308 ? 12.92 * value : 1.055 * Foundation.pow(value, 1 / 2.4) - 0.055
      return UInt8((curved * 255).rounded())
    }
    return Colour(red: encoded(red), green: encoded(green), blue: encoded(blue))
  }

  private func isShown(_ chroma: Double) -> Bool {
    let (red, green, blue) = linear(chroma)
    return [red, green, blue].allSatisfy { $0 >= -1e-6 && $0 <= 1 + 1e-6 }
  }

  /// Linear light: OKLab's two matrices, inverted, as published.
  private func linear(_ chroma: Double) -> (red: Double, green: Double, blue: Double) {
    let a = chroma * Foundation.cos(hue * .pi / 180)
    let b = chroma * Foundation.sin(hue * .pi / 180)
    func cubed(_ x: Double) -> Double { x * x * x }
    let l = cubed(lightness + 0.3963377774 * a + 0.2158037573 * b)
    let m = cubed(lightness - 0.1055613458 * a - 0.0638541728 * b)
    let s = cubed(lightness - 0.0894841775 * a - 1.2914855480 * b)
    return (
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s
    )
  }
}
