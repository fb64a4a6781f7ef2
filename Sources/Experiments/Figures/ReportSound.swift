import PerceptualCore
import PerceptualFiles

/// A sound of a report with its spectrogram. Pages hold it as FLAC, under two seconds as WAV, with 14 bits, whose noise
/// lies at -86 dB: a sixth less of FLAC.
public struct ReportSound: Sendable {
  public let sound: AudioClip
  /// [bands, frames] in 0 ... 1 over the length of the sound, row 0 the lowest band.
  public let image: Tensor<Float>

  public init(_ sound: AudioClip, image: Tensor<Float>) {
    require(image.rank == 2 && image.count > 0, "image: shape \(image.shape), [bands, frames] is needed")
    self.sound = sound
    self.image = image
  }

  /// The picture over a player: a pixel a frame, means over bands where there are more than 128.
  var thumbnail: Picture {
    let (bands, frames) = (image.shape[0], image.shape[1])
    let merged = (bands + 127) / 128
    let height = (bands + merged - 1) / merged
    var picture = Picture(width: frames, height: height)
    for row in 0..<height {
      let members = row * merged..<min(bands, (row + 1) * merged)
      for frame in 0..<frames {
        let mean = members.reduce(Float(0)) { $0 + image[$1, frame] } / Float(members.count)
        picture[frame, height - 1 - row] = ColourMap.level(mean)
      }
    }
    return picture
  }

  /// A player. Without the script the browser's own controls stand under the picture.
  func html(_ label: String) throws(PerceptualError) -> String {
    let label = HTMLReport.escaped(label)
    let picture = HTMLReport.dataLink(try PNG.bytes(thumbnail.withSixBits), "image/png")
    let rounded = AudioClip(
      samples: sound.samples.map { ($0 * 0x1p13).rounded() * 0x1p-13 }, sampleRate: sound.sampleRate)
    // Chromium cannot move within a FLAC file of two frames, as those of 8192 samples are.
    let container: AudioContainer = sound.frames < 2 * sound.sampleRate ? .wav : .flac
    let bytes = try AudioFile.bytes(of: rounded, container: container).bytes
    let file = HTMLReport.dataLink(bytes, "audio/\(container.rawValue)")
    return """
      <div class="player"><div class="screen"><img alt="Spectrogram: \(label)" src="\(picture)">\
      <span class="line"></span>\
      <button type="button" aria-pressed="false" aria-label="Play \(label)"></button></div>\
      <audio controls preload="none" aria-label="\(label)" src="\(file)"></audio></div>
      """
  }

  /// Roles are written out, since a narrow window shows the table as a grid.
  static func table(
    columns: [String], rows: [(title: String, clip: String, sounds: [ReportSound?])], caption: String
  ) throws(PerceptualError) -> String {
    let head = columns.map { "<th role=\"columnheader\" scope=\"col\">\(HTMLReport.escaped($0))</th>" }.joined()
    var html = """
      <p class="together"><label><input type="checkbox" class="keeps-place" checked> While a clip plays, another \
      version of it goes on from the same place.</label></p>
      <table class="listening" role="table" style="max-width: \(15 * columns.count)rem">
      <caption>\(HTMLReport.escaped(caption))</caption>
      <thead role="rowgroup"><tr role="row">\(head)</tr></thead>

      """
    for row in rows {
      html += "<tbody role=\"rowgroup\" data-clip=\"\(HTMLReport.escaped(row.clip))\">\n<tr role=\"row\">"
      html += "<th role=\"rowheader\" scope=\"rowgroup\" colspan=\"\(columns.count)\">"
      html += "\(HTMLReport.escaped(row.title))</th></tr>\n<tr role=\"row\">\n"
      for (column, sound) in zip(columns, row.sounds) {
        let player = try sound?.html("\(row.title), \(column)") ?? ""
        let name = sound == nil ? "" : "<span class=\"name\" aria-hidden=\"true\">\(HTMLReport.escaped(column))</span>"
        html += "<td role=\"cell\">\(name)\(player)</td>\n"
      }
      html += "</tr>\n</tbody>\n"
    }
    return html + "</table>\n"
  }
}
