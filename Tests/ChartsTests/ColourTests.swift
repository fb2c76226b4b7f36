import Charts
import Foundation
import Testing

/// Whether the colours of a page can be told apart from what they stand on.
@Suite struct ColourTests {
  /// The properties by day, and by night.
  private static let schemes: [[String: String]] = {
    let sheet = "\(Ink.styleSheet)"
    return sheet.components(separatedBy: "@media screen").map { part in
      var colours: [String: String] = [:]
      for match in part.matches(of: /--([a-z0-9-]+): (#[0-9a-f]+);/) {
        colours[String(match.1)] = String(match.2)
      }
      return colours
    }
  }()

  /// The relative luminance, as WCAG 2 defines it.
  private func luminance(_ colour: String) throws -> Double {
    let digits = colour.dropFirst()
    let hex = digits.count == 3 ? digits.map { "\($0)\($0)" }.joined() : String(digits)
    let value = try #require(Int(hex, radix: 16))
    let parts = [16, 8, 0].map { shift -> Double in
      let part = Double(value >> shift & 0xFF) / 255
      return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
  }

  private func contrast(_ one: String, _ other: String, in scheme: Int) throws -> Double {
    let colours = Self.schemes[scheme]
    let values = try [one, other].map { try luminance(#require(colours[$0])) + 0.05 }
    return max(values[0], values[1]) / min(values[0], values[1])
  }

  /// So have those of a drawing that is a file of its own, by day and by night.
  @Test(arguments: [Ink.file, .darkFile]) func filesHaveContrast(_ ink: Ink) throws {
    let paper = try luminance(ink.paper) + 0.05
    for text in [ink.text, ink.faintText] + ink.series {
      let value = try luminance(text) + 0.05
      #expect(max(value, paper) / min(value, paper) >= 4.5, "\(text)")
    }
  }

  @Test(arguments: [0, 1]) func textsHaveContrast(_ scheme: Int) throws {
    for text in ["text", "faint-text", "good", "bad", "warning"] {
      for ground in ["paper", "panel"] {
        #expect(try contrast(text, ground, in: scheme) >= 4.5, "\(text) on \(ground)")
      }
    }
    for series in 0..<6 { #expect(try contrast("series-\(series)", "paper", in: scheme) >= 4.5) }
    for step in 0..<8 {
      #expect(try contrast("heat-text-\(step)", "heat-\(step)", in: scheme) >= 4.5, "\(step)")
    }
  }

  @Test(arguments: [0, 1]) func everyStepIsFartherFromThePaper(_ scheme: Int) throws {
    let contrasts = try (0..<8).map { try contrast("heat-\($0)", "paper", in: scheme) }
    for (step, next) in zip(contrasts, contrasts.dropFirst()) { #expect(next > step * 1.15) }
  }
}
