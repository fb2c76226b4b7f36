/// The colours of a drawing.
package struct Ink: Equatable, Sendable {
  package let paper: String
  let border: String
  let strongLine: String
  let weakLine: String
  let axis: String
  package let text: String
  package let faintText: String
  package let series: [String]

  /// Of a drawing that is a file of its own, on white; those of series have a contrast of 4.5 or
  /// more, enough for small text.
  package static let file = Ink(
    paper: "#ffffff", border: "#d0d7de", strongLine: "#d8dee4", weakLine: "#eff2f5",
    axis: "#8c959f", text: "#1f2328", faintText: "#57606a",
    series: ["#0969da", "#bc4c00", "#57606a", "#8250df", "#1a7f37", "#bf3989"])

  /// The same on black, for readers at night.
  package static let darkFile = Ink(
    paper: "#0d1117", border: "#3d444d", strongLine: "#3d444d", weakLine: "#262c34",
    axis: "#6e7681", text: "#e6edf3", faintText: "#9198a1",
    series: ["#58a6ff", "#f0883e", "#9198a1", "#bc8cff", "#3fb950", "#f778ba"])

  /// Of a drawing within a page that has the `styleSheet`.
  static let page = Ink(
    paper: "var(--paper)", border: "var(--strong-line)", strongLine: "var(--strong-line)",
    weakLine: "var(--weak-line)", axis: "var(--faint-text)", text: "var(--text)",
    faintText: "var(--faint-text)", series: (0..<6).map { "var(--series-\($0))" })

  /// How many colours stand for small to large values.
  static let heatSteps = 8

  /// The colour of a step, and that of a text on it.
  static func heat(_ step: Int) -> (fill: String, text: String) {
    ("var(--heat-\(step))", "var(--heat-text-\(step))")
  }

  /// The colours of a page and of its charts, by day and by night; paper is always white.
  ///
  /// All texts have a contrast of 4.5 or more. The heat colours go from the paper's side to the
  /// other one in even steps of lightness, which those see too who don't see the hues.
  package static let styleSheet: StaticString = """
    :root { color-scheme: light dark;
      --paper: #ffffff; --panel: #f6f8fa; --text: #1f2328; --faint-text: #57606a;
      --strong-line: #d0d7de; --weak-line: #eaeef2; --good: #1a7f37; --bad: #cf222e;
      --warning: #9a6700; --series-0: #0969da; --series-1: #bc4c00; --series-2: #57606a;
      --series-3: #8250df; --series-4: #1a7f37; --series-5: #bf3989;
      --heat-0: #f4f1c3; --heat-1: #c1dba9; --heat-2: #88c59c; --heat-3: #45ac9b;
      --heat-4: #088e99; --heat-5: #056d90; --heat-6: #004991; --heat-7: #2a1d7c;
      --heat-text-0: #000; --heat-text-1: #000; --heat-text-2: #000; --heat-text-3: #000;
      --heat-text-4: #000; --heat-text-5: #fff; --heat-text-6: #fff; --heat-text-7: #fff; }
    @media screen and (prefers-color-scheme: dark) { :root {
      --paper: #0d1117; --panel: #161b22; --text: #e6edf3; --faint-text: #9198a1;
      --strong-line: #3d444d; --weak-line: #262c34; --good: #3fb950; --bad: #ff7b72;
      --warning: #d29922; --series-0: #58a6ff; --series-1: #f0883e; --series-2: #9198a1;
      --series-3: #bc8cff; --series-4: #3fb950; --series-5: #f778ba;
      --heat-0: #2b235d; --heat-1: #154186; --heat-2: #02658b; --heat-3: #0b8593;
      --heat-4: #07a796; --heat-5: #43c883; --heat-6: #a8da77; --heat-7: #f0e988;
      --heat-text-0: #fff; --heat-text-1: #fff; --heat-text-2: #fff; --heat-text-3: #000;
      --heat-text-4: #000; --heat-text-5: #000; --heat-text-6: #000; --heat-text-7: #000; } }
    @media print { :root { color-scheme: light; } }

    """
}
