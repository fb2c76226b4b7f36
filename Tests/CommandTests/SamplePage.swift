import Foundation
import KibbleTool
import TestSupport

extension ReportPage {
  /// A page of made up numbers in which every section has something; `text` stands wherever a
  /// text may come from a file.
  static func sample(layers: Int = 8, text: String = "") -> ReportPage {
    var page = ReportPage(
      title: "doge-20m-int4.kibble\(text) against Doge-20M-Instruct", outcome: .failed,
      verdict: "2 of 4 gates failed\(text): the candidate is not what an int8 file is.")
    page.warnings = ["The config CRCs differ\(text): the two are no versions of one model."]
    page.gates = [
      ("max_mean_kld", "exact", false, 0.001, 0.004_911_703_21, false),
      ("min_top1", "exact", true, 0.9, 0.938_476_562_5, true),
      ("max_mean_kld", "fast", false, 0.02, 0.005_023_884_1, true),
      ("max_layer_error", "fast", false, 0.05, nil, false),
    ]
    page.models = ["reference", "candidate"].map { role in
      (
        role, "/home/someone/models/a-folder-with-a-long-name/and-another-one\(text)/\(role)",
        [
          ("type", "int4 (g32), int8 embeddings"), ("size", .bytes(13_118_728)),
          ("bits per weight", .number(4.546_312_7)), ("CRC-32", "8c1f00d2"),
          ("layout", .text("\(layers) layers, hidden 256, 4 heads, vocabulary 32,768\(text)")),
          ("recipe", .text("int4 * ; int8 *embed*\(text)")), ("calibration", "built-in text"),
        ]
      )
    }
    page.statistics = [
      Table(
        columns: ["measure", "exact", "fast"],
        rows: [
          ["positions", .count(8192), .count(8192)],
          [
            "mean KLD", .measured(0.004_911_703, error: 0.000_071_32, unit: "nats"),
            .measured(0.005_023_884, error: 0.000_074_1, unit: "nats"),
          ],
          ["KLD, median", .number(0.002_31), .number(0.002_36)],
          ["KLD, p99.9", .number(0.1312), .number(0.1401)],
          [
            "same top token", .share(0.938_476_5, error: 0.002_65),
            .share(0.937_011_7, error: 0.0027),
          ],
          ["top-10 overlap", .share(0.9571), .notMeasured],
          ["NMSE", .number(3.1e-5), .number(3.312_34e-5)],
        ], note: "Standard errors take positions for independent."),
      Table(
        columns: ["reference's confidence", "positions", "mean KLD"],
        rows: [
          ["under 10%", .count(2311), .measured(0.0081, error: 0.000_14)],
          ["over 90%", .count(877), .measured(0.000_92, error: 0.000_08)],
        ], caption: "KLD by the reference's confidence"),
    ]
    page.candidates = Table(
      columns: ["candidate", "size", "bits", "mean KLD", "top-1", "tokens/s", "gates"],
      rows: [
        [
          .text("doge-20m-int8.kibble\(text)"), .bytes(22_118_728), .number(8.546),
          .measured(0.000_022, error: 0.000_001), .share(0.9951), .number(1204.2), .passed(true),
        ],
        [
          "doge-20m-int4.kibble", .bytes(13_118_728), .number(4.546),
          .measured(0.004_911, error: 0.000_071), .share(0.9385), .number(1517.4), .passed(false),
        ],
      ])
    var random = SplitMix(7)
    func noise() -> Double { .random(in: 0.7...1.4, using: &random) }
    page.divergence = divergence(noise)
    page.logits = logits(noise)
    page.layers = drift(layers, noise)
    page.tensors = tensors(layers, noise, text)
    page.ablation = (
      "tensor",
      (0..<24).map { index in
        let kld = 0.0011 / Double(index + 1) * noise()
        return (
          "model.layers.\(index % layers).self_attn.\(index.isMultiple(of: 3) ? "q" : "down")_proj"
            + ".weight\(text)", kld, kld * 0.08
        )
      }.sorted { $0.1 > $1.1 },
      "The sum of all parts, 0.004530 nats, is 92.23% of the KLD of the whole."
    )
    page.worst = positions(text)
    page.perplexity = Table(
      columns: ["measure", "reference", "exact", "fast"],
      rows: [
        [
          "perplexity", .measured(31.204_13, error: 0.61), .measured(31.377_02, error: 0.62),
          .measured(31.392_11, error: 0.62),
        ],
        [
          "ratio", .notMeasured, .measured(1.005_541, error: 0.000_81),
          .measured(1.006_02, error: 0.000_83),
        ],
      ])
    page.speed = Table(
      columns: ["measure", "reference", "exact", "fast"],
      rows: [
        ["prefill, tokens/s", .number(412.25), .number(431.2), .number(1517.4)],
        ["time", .seconds(19.87), .seconds(19.01), .seconds(5.398)],
        ["peak memory", .notMeasured, .bytes(311_427_072), .notMeasured],
      ])
    page.selfTests = [
      (
        "causality", true, .number(0), .limit(0, isLeast: false),
        "a changed last token moves no earlier logit"
      ),
      ("one thread against many", true, .number(0), .limit(0, isLeast: false), ""),
      (
        "noise floor", true, .number(3.1e-6), .limit(1e-4, isLeast: false),
        "exact mode against float64"
      ),
      (
        "prefill against token by token", false, .number(0.012), .limit(1e-4, isLeast: false),
        "at position 17"
      ),
      ("checksums", nil, .notMeasured, .notMeasured, "a folder of safetensors has none\(text)"),
    ]
    page.environment = [
      ("version", "kibble 0.9.0"), ("machine", "x86-64, 2 cores"), ("isa", "avx2"),
      ("threads", .count(2)), ("input", "built-in text, 8,192 tokens, CRC-32 52ac0031"),
      ("text", .text(text)),
    ]
    page.command =
      "kibble verify Doge-20M doge-20m-int4.kibble --gate 'int8\(text)' --report x.html"
    page.json = "{\n  \"schema\": \"kibble.verify/1\",\n  \"reference\": \"\(text)\"\n}"
    return page
  }

  private static func divergence(_ noise: () -> Double) -> Divergence {
    let edges = (0...60).map { 1e-9 * pow(10, Double($0) / 6) }
    func counts(_ shift: Double) -> [Int] {
      (0...61).map { bin in
        let distance = (Double(bin) - shift) / 5
        return Int(700 * exp(-distance * distance) * noise())
      }
    }
    return (edges, [("exact", [17] + counts(38).dropFirst()), ("fast", counts(39))])
  }

  private static func logits(_ noise: () -> Double) -> LogitDensity {
    let edges = (0...48).map { Double($0) * 0.5 - 10 }
    let counts = (0..<48).map { row in
      (0..<48).map { column -> Int in
        let (off, middle) = (Double(row - column), Double(row + column) / 2 - 17)
        return Int(90_000 * exp(-off * off * 1.4 - middle * middle / 70) * noise())
      }
    }
    return (edges, counts, "Exact mode, 3 of 268,435,456 lie outside.")
  }

  private static func drift(_ layers: Int, _ noise: () -> Double) -> Layers {
    var steps: [Layers.Step] = [("embeddings", "", 0.0021, 0.999_998, 53.5, 0.011, 0.0021)]
    for layer in 0..<layers {
      for (part, tick) in [("attention", "\(layer)"), ("the feed-forward", "")] {
        let error = 0.004 * (1 + Double(steps.count) * 0.2) * noise()
        steps.append(
          (
            "layers.\(layer), after \(part)", tick, error, 1 - error * error / 2, 44 - error * 90,
            error * 31, 0.003 * noise()
          ))
      }
    }
    let positions = (0..<32).map { Double($0 * 16 + 8) }
    let series = [0, layers / 2, layers - 1].map { layer in
      (
        "layers.\(layer), after attention",
        positions.map { _ in 0.004 * Double(layer + 1) * noise() }
      )
    }
    return Layers(
      steps: steps,
      firstDivergence: "First divergence: layers.2, after attention, where the error is more than "
        + "4 times that of the median step.", drift: (positions, series))
  }

  private static func tensors(
    _ layers: Int, _ noise: () -> Double, _ text: String
  ) -> TensorErrors {
    let kinds = [
      "q_proj", "k_proj", "v_proj", "dt_proj", "o_proj", "router_gate", "down_embed", "gate_proj",
      "up_proj", "down_proj",
    ]
    let errors = (0..<layers).map { layer in
      kinds.indices.map { kind -> Double? in
        kind == 5 && layer.isMultiple(of: 2) ? nil : (kind < 4 ? 0.0041 : 0.082) * noise()
      }
    }
    return (
      (0..<layers).map(String.init), kinds.map { $0 + text }, errors,
      [("embed_tokens", .number(0.004_12)), ("lm_head", .number(0.004_12))],
      "The Frobenius norm of the difference over that of the reference."
    )
  }

  private static func positions(_ text: String) -> [WorstPosition] {
    let before = [
      "The quick brown fox jumps over the lazy dog, and then it comes back to jump over", "\n\n\t{",
      "日本語の文章は空白なしで続きます。そのため行は", "مرحبا بالعالم هذا نص", "👩‍👩‍👧‍👦 🐕",
      String(repeating: "averylongwordwithoutanyspace", count: 8),
    ]
    return (0..<20).map { index in
      WorstPosition(
        kld: 1.31 / Double(index + 1), sequence: index % 4, position: 17 + index * 31,
        before: before[index % before.count] + text,
        token: [" the", "▁é", "\u{202E}abc", "ه", "\u{301}", "</s>"][index % 6] + text,
        next: index == 3 ? nil : " moon" + text, reference: (" moon" + text, 0.83, 0.0231),
        candidate: ("\n" + text, 0.0012, 0.41))
    }
  }
}
