import Foundation
import TestSupport
import Testing
import kibble

/// The HTML page of a verification.
@Suite struct PageTests {
  /// With `KIBBLE_WRITE_PAGES=FOLDER` the pages are left there, to be looked at in a browser.
  private func keep(_ page: ReportPage, _ name: String) throws {
    guard let folder = ProcessInfo.processInfo.environment["KIBBLE_WRITE_PAGES"] else { return }
    try Data(page.html.utf8).write(to: URL(fileURLWithPath: folder + "/\(name).html"))
  }

  private static let minimal = ReportPage(
    title: "a against b", outcome: .noGates, verdict: "The mean KLD is 0.0049 nats.")

  @Test func everySection() throws {
    let page = ReportPage.sample()
    try keep(page, "sample")
    try keep(.sample(layers: 32), "layers")
    try keep(Self.minimal, "minimal")
    let root = try XMLTree.parse(page.html)
    #expect(
      root.all("h2").map(\.text) == [
        "Gates", "Models", "Candidates", "Statistics", "Distributions", "Layers", "Tensors",
        "Ablation", "Worst positions", "Perplexity", "Speed and memory", "Self-tests",
        "Environment",
      ])
    #expect(root.all("svg").count == 7)
    for svg in root.all("svg") {
      #expect(svg.attributes["role"] == "img" && svg.attributes["aria-label"] != "")
      #expect(svg.children.prefix(2).map(\.name) == ["title", "desc"])
    }
    for table in root.all("table") {
      let columns = table.all("thead")[0].all("th").count
      #expect(table.all("tbody")[0].children.allSatisfy { $0.children.count == columns })
    }
  }
}
