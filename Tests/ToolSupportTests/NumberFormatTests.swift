import Testing
import ToolSupport

@Suite struct NumberFormatTests {
  @Test(arguments: [
    (0.0, 2, "0.00"), (-0.0, 2, "0.00"), (-0.004, 2, "0.00"), (-0.006, 2, "-0.01"),
    // Ties of the exact binary value go to even; 2.675 lies below its tie.
    (0.125, 2, "0.12"), (0.375, 2, "0.38"), (2.675, 2, "2.67"), (0.5, 0, "0"), (1.5, 0, "2"),
    (9.995, 2, "9.99"), (999.999, 2, "1000.00"), (1e22, 0, "10000000000000000000000"),
    (.infinity, 1, "inf"), (-.infinity, 1, "-inf"), (.nan, 1, "nan"),
  ])
  func fixed(_ value: Double, _ decimals: Int, _ text: String) {
    #expect(NumberFormat.fixed(value, decimals) == text)
  }

  @Test func fixedHoldsTheLargestNumber() {
    let text = NumberFormat.fixed(-Double.greatestFiniteMagnitude, 1000)
    #expect(text.hasPrefix("-17976931348623157"))
    #expect(text.utf8.count == 1 + 309 + 1 + 64)
  }

  @Test(arguments: [
    (0.0145, 2, "1.45e-02"), (-0.0, 1, "0.0e+00"), (6.022e23, 3, "6.022e+23"),
    (9.996, 2, "1.00e+01"),
  ])
  func scientific(_ value: Double, _ decimals: Int, _ text: String) {
    #expect(NumberFormat.scientific(value, decimals) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (9.996, "10.0"), (0.001234, "0.00123"), (0.00001234, "1.23e-05"),
    (-1234.5, "-1234"), (1_234_567.0, "1234567"), (12_345_678.0, "1.23e+07"), (.nan, "nan"),
  ])
  func significant(_ value: Double, _ text: String) {
    #expect(NumberFormat.significant(value, 3) == text)
  }

  @Test(arguments: [
    (0.004_911_703, 0.000_071_32, "0.004912 ± 0.000071"), (1.005_541, 0.0081, "1.0055 ± 0.0081"),
    (31.204, 0.996, "31.2 ± 1.0"), (31_204.4, 613.2, "31204 ± 613"), (0.5, 0, "0.5000 ± 0"),
    (2.2e-9, 1e-10, "2.200e-09 ± 1.0e-10"), (.nan, 0.1, "nan ± 0.10"), (1, .nan, "1.000 ± nan"),
  ])
  func measured(_ value: Double, _ error: Double, _ text: String) {
    #expect(NumberFormat.measured(value, error: error) == text)
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (13_118_728, "13,118,728"), (-1234, "-1,234"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func thousands(_ value: Int, _ text: String) {
    #expect(NumberFormat.thousands(value) == text)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (13_700_000, "13.7 MB"), (999_949, "999.9 kB"),
    (999_960, "1.0 MB"), (3_400_000_000, "3.4 GB"), (5_000_000_000_000_000, "5000.0 TB"),
  ])
  func bytes(_ count: Int, _ text: String) {
    #expect(NumberFormat.bytes(count) == text)
  }

  @Test(arguments: [(0.2, "0 B/s"), (999.7, "1.0 kB/s"), (1.23e9, "1.2 GB/s")])
  func rates(_ rate: Double, _ text: String) {
    #expect(NumberFormat.bytesPerSecond(rate) == text)
  }

  @Test(arguments: [
    (-1.0, "0 s"), (0.0, "0 s"), (0.00085, "850 µs"), (0.0009996, "1.0 ms"), (0.0123, "12.3 ms"),
    (0.99996, "1.00 s"), (1.238, "1.24 s"), (59.996, "1:00"), (125.4, "2:05"), (3723.0, "1:02:03"),
  ])
  func durations(_ seconds: Double, _ text: String) {
    #expect(NumberFormat.duration(seconds: seconds) == text)
  }

  @Test(arguments: [
    (0.4, "0:00"), (7.0, "0:07"), (3599.6, "1:00:00"), (.infinity, "277777777777:46:40"),
  ])
  func clocks(_ seconds: Double, _ text: String) {
    #expect(NumberFormat.clock(seconds: seconds) == text)
  }

  @Test func percent() {
    #expect(NumberFormat.percent(0.99314) == "99.31%")
    #expect(NumberFormat.percent(1, 0) == "100%")
  }
}
