import Charts
import Testing

@Suite struct ScaleTests {
  @Test func linear() {
    let scale = Scale(.linear, domain: 4...9, start: 100, end: 600)
    #expect(scale.position(of: 4) == 100)
    #expect(scale.position(of: 9) == 600)
    #expect(scale.position(of: 5.5) == 250)
  }

  @Test func logarithmicDownwards() {
    let scale = Scale(.logarithmic, domain: 1e-4...1, start: 500, end: 100)
    #expect(scale.position(of: 1e-4) == 500)
    #expect(scale.position(of: 1) == 100)
    #expect(abs(scale.position(of: 0.01) - 300) < 1e-9)
    #expect(abs(scale.position(of: 0.02) - (300 - 100 * 0.301_029_995_663_981_2)) < 1e-9)
  }

  @Test(arguments: [Scale.Kind.linear, .logarithmic])
  func valuesHaveRoom(_ kind: Scale.Kind) {
    for values in [[1.0, 100], [3.0], [2.0, 2], [1e-200, 1e200], [7.0, 7.000_000_001]] {
      let scale = Scale(kind, around: values, start: 0, end: 100)
      for value in values {
        #expect((4...96).contains(scale.position(of: value)), "\(values) \(scale)")
      }
    }
  }
}

@Suite struct TickTests {
  private func labels(
    _ kind: Scale.Kind, _ domain: ClosedRange<Double>, pixels: Double = 400, spacing: Double = 26
  ) -> [String] {
    Scale(kind, domain: domain, start: 0, end: pixels).ticks(spacing: spacing).map(\.label)
  }

  @Test func linearStepsAreOneTwoOrFive() {
    #expect(labels(.linear, 3.9...8.8, spacing: 70) == ["4", "5", "6", "7", "8"])
    #expect(
      labels(.linear, 3.9...8.8, pixels: 800, spacing: 70)
        == ["4", "4.5", "5", "5.5", "6", "6.5", "7", "7.5", "8", "8.5"])
    #expect(labels(.linear, -1...1, spacing: 100) == ["−1", "−0.5", "0", "0.5", "1"])
    #expect(labels(.linear, 0...1, spacing: 70) == ["0", "0.2", "0.4", "0.6", "0.8", "1"])
    #expect(labels(.linear, 0...45_000, spacing: 90) == ["0", "20000", "40000"])
  }

  @Test func decadesAndTwosAndFives() {
    let scale = Scale(.logarithmic, domain: 1.5e-5...0.02, start: 400, end: 0)
    let ticks = scale.ticks(spacing: 26)
    #expect(
      ticks.map(\.label) == [
        "0.00002", "0.00005", "0.0001", "0.0002", "0.0005", "0.001", "0.002", "0.005", "0.01",
        "0.02",
      ])
    #expect(ticks.filter(\.isMajor).map(\.value) == [1e-4, 1e-3, 1e-2])
    #expect(ticks.map(\.value) == ticks.map(\.value).sorted())
  }

  @Test func minorLabelsNeedRoom() {
    let ticks = Scale(.logarithmic, domain: 1e-5...1, start: 0, end: 300).ticks(spacing: 26)
    #expect(ticks.filter { !$0.label.isEmpty }.map(\.value) == [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1])
    #expect(ticks.count == 16)
  }

  @Test func manyDecadesAreThinnedOut() {
    let wide = labels(.logarithmic, 1e-40...1e40)
    #expect(wide.count > 3 && wide.count <= 16 && wide.contains("1"))
    #expect(wide.contains("1e-30") || wide.contains("1e-36"))
  }

  @Test func lessThanADecadeGetsLinearTicks() {
    #expect(
      labels(.logarithmic, 0.0104...0.0149, spacing: 60)
        == ["0.011", "0.012", "0.013", "0.014"])
  }

  @Test(arguments: [
    (0, 3, "0"), (5, -1, "0.5"), (45, -1, "4.5"), (2, -5, "0.00002"), (12, 3, "12000"),
    (-25, -2, "−0.25"), (2, -9, "2e-9"), (25, -9, "2.5e-8"), (1, 12, "1e12"), (100, -2, "1"),
  ])
  func decimals(_ digits: Int, _ exponent: Int, _ text: String) {
    #expect(decimal(digits, exponent: exponent) == text)
  }
}
