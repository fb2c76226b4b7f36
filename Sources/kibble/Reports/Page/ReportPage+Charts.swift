import Charts
import ToolSupport

extension ReportPage {
  /// The sections that have charts.
  func drawCharts(_ writer: inout MarkupWriter) {
    if divergence != nil || logits != nil {
      writer.section("Distributions") { writer in
        writer.element("div", ["class": "grid"]) { writer in
          if let divergence { draw(divergence, &writer) }
          if let logits {
            writer.figure(chart(logits), orElse: "No logit lies within the bins.")
          }
        }
      }
    }
    layers?.draw(&writer)
    writer.element("div", ["class": "columns"]) { writer in
      if let tensors {
        writer.section("Tensors", note: tensors.note) { writer in
          writer.figure(chart(tensors), orElse: "All tensors are as in the reference.")
          if !tensors.others.isEmpty { writer.facts(tensors.others) }
        }
      }
      if let ablation {
        writer.section("Ablation", note: ablation.sum) { writer in
          writer.figure(chart(ablation), orElse: "No part causes any divergence.")
        }
      }
    }
  }

  private func draw(_ divergence: Divergence, _ writer: inout MarkupWriter) {
    let edges = divergence.edges
    let series = divergence.series.map { Histogram.Series(name: $0.name, counts: $0.counts) }
    let histogram = Histogram(
      title: "KL divergence by position",
      summary: divergence.series.map { summary($0.name, $0.counts, edges) }
        .joined(separator: " "),
      xTitle: "KLD, nats", yTitle: "positions", edges: edges, series: series)
    let least = NumberFormat.significant(edges.first ?? 0, 2)
    writer.figure(histogram, orElse: "At no position is the KLD \(least) nats or more.")
    guard
      let tail = Histogram.tail(
        title: "The tail", summary: "The share of positions with a KLD of x or more.",
        xTitle: "KLD, nats", yTitle: "share of positions", edges: edges, series: series)
    else { return }
    writer.figure(tail, orElse: "")
  }

  /// How many positions there are, and how many of them lie outside of the edges.
  private func summary(_ name: String, _ counts: [Int], _ edges: [Double]) -> String {
    var text = "\(name): \(NumberFormat.thousands(counts.reduce(0, +))) positions"
    for (count, side, edge) in [
      (counts.first, "below", edges.first), (counts.last, "from", edges.last),
    ] {
      if let count, let edge, count > 0 {
        text +=
          ", \(NumberFormat.thousands(count)) of them \(side) "
          + NumberFormat.significant(edge, 2)
      }
    }
    return text + "."
  }

  private func chart(_ logits: LogitDensity) -> DensityChart? {
    DensityChart(
      title: "Logits, reference against candidate",
      summary: "On the line both are the same. " + logits.note, xTitle: "reference",
      yTitle: "candidate", edges: logits.edges, counts: logits.counts)
  }

  private func chart(_ tensors: TensorErrors) -> HeatMap? {
    HeatMap(
      title: "Relative error of each tensor, in percent",
      summary: "A row for each layer, a column for each kind of tensor.", rows: tensors.layers,
      columns: tensors.kinds, values: tensors.errors, unit: " %"
    ) { NumberFormat.significant($0 * 100, 2) }
  }

  private func chart(_ ablation: Ablation) -> BarChart? {
    let (most, count) = (24, ablation.parts.count)
    let whole = "The mean KLD, in nats, where one \(ablation.unit) alone is quantized"
    return BarChart(
      title: "What each \(ablation.unit) causes",
      summary: count > most
        ? "\(whole): the first \(most) of \(count). The JSON has all." : whole + ".",
      bars: ablation.parts.prefix(most).map { part in
        .init(
          name: part.name, value: part.kld, error: part.standardError ?? 0,
          text: NumberFormat.significant(part.kld, 3))
      })
  }
}
